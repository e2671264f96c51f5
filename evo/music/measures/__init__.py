"""What musicians would look at: how a song is made, what is usual, what is known already.

corpus       all measures of a song, what is usual in a corpus, where a song is unusual
pitch        measures of notes, key and melodic moves
rhythm       measures of when notes begin
structure    measures of what comes again
similarity   runs of notes that songs share; duplicates and families; the variety of many
suffixes     how shared runs are found
bars         bars and phrases, and the form they make
roll         a song as the measures read it
numbers      shares, means and entropies
report       what `evo songs measure` prints

For reporting: no search climbs these measures themselves. A brief (`evo.fitness.critic.briefs`)
holds a piece to numbers of which some say much the same, and to the longest run that is known.
"""

from evo.music.measures.corpus import Corpus, Measures, Range, corpus_range, measure, outside

__all__ = ["Corpus", "Measures", "Range", "corpus_range", "measure", "outside"]
