"""Descriptive musical measures, corpus ranges and similarity search.

corpus       all measures of a song, corpus ranges, and values outside them
pitch        measures of notes, key and melodic moves
rhythm       measures of onset times
structure    measures of repetition and form, with Lempel-Ziv complexity (`novelty_rate`)
similarity   runs of notes that songs share; duplicates, families of tunes, and variety
suffixes     search for shared runs
bars         bars and phrases, and the form of a song
roll         a song prepared for measuring
numbers      shares, means and entropies
report       output of `evo songs measure`

These measures are for reporting, and no search optimises them directly. A brief
(`evo.fitness.critic.briefs`) uses numbers that overlap with some of them, and the longest known
run.
"""

from evo.music.measures.corpus import (
    Corpus,
    Measures,
    Range,
    corpus_range,
    measure,
    outside,
    plain_ranges,
)

__all__ = ["Corpus", "Measures", "Range", "corpus_range", "measure", "outside", "plain_ranges"]
