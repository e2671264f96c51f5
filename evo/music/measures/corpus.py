"""What musicians look at in a song, as numbers: to report, not to breed by.

`MEASURES` lists them, each with its unit, its meaning and its function; `measure` gives them all
for a song, `corpus_range` what is usual among many songs, `outside` where a song is unusual. None
says whether a song is good, and a song bred to please them need not be one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evo.music.measures import measures as of
from evo.music.measures.roll import Roll
from evo.music.measures.similarity import RUN, KnownSongs, families
from evo.music.melody import IntArray
from evo.music.song import Song

Measures = dict[str, float]
Ranges = dict[str, "Range"]


class Measure(NamedTuple):
    """One number of a song."""

    name: str
    unit: str
    meaning: str
    function: Callable[[Roll], float]


MEASURES = (
    Measure("onset_density", "share", "steps with an onset", of.onset_density),
    Measure("polyphony", "share", "onsets of several keys", of.polyphony),
    Measure("distinct_keys", "keys", "different keys that sound", of.distinct_keys),
    Measure("pitch_range", "semitones", "lowest key to highest", of.pitch_range),
    Measure("pitch_class_entropy", "bits", "variety of pitch classes", of.pitch_class_entropy),
    Measure("scale_consistency", "share", "notes in the best of 24 scales", of.scale_consistency),
    Measure("key_clarity", "-1 to 1", "fit to the best of 24 keys", of.key_clarity),
    Measure("ends_on_tonic", "0 or 1", "the last note is that key's tonic", of.ends_on_tonic),
    Measure("mean_interval", "semitones", "mean distance of notes", of.mean_interval),
    Measure("largest_interval", "semitones", "largest distance of notes", of.largest_interval),
    Measure("interval_entropy", "bits", "variety of intervals", of.interval_entropy),
    Measure("repeated_notes", "share", "moves that stay on the key", of.repeated_notes),
    Measure("stepwise_motion", "share", "moves by 1 or 2 semitones", of.stepwise_motion),
    Measure("leaps", "share", "moves by 3 semitones or more", of.leaps),
    Measure("longest_repeat", "notes", "most notes on one key in a row", of.longest_repeat),
    Measure("rising_motion", "share", "moves up, of all up and down", of.rising_motion),
    Measure("arc_length", "moves", "from turn to turn of the melody", of.arc_length),
    Measure("arc_height", "semitones", "from turn to turn of it", of.arc_height),
    Measure("wait_entropy", "bits", "variety of waits from note to note", of.wait_entropy),
    Measure("shortest_wait", "beats", "shortest wait from note to note", of.shortest_wait),
    Measure("longest_wait", "beats", "longest wait from note to note", of.longest_wait),
    Measure("longest_silence", "beats", "longest time without an onset", of.longest_silence),
    Measure("wait_contrast", "nPVI", "contrast of neighbouring waits", of.wait_contrast),
    Measure("on_strong_beats", "share", "onsets on beats 1 and 3", of.on_strong_beats),
    Measure("off_beat", "share", "onsets between the beats", of.off_beat),
    Measure("syncopation", "share", "those held over the next beat", of.syncopation),
    Measure("bar_rhythms", "rhythms", "different rhythms of a bar", of.bar_rhythms),
    Measure("rhythm_variety", "a bar", "different rhythms, of the bars", of.rhythm_variety),
    Measure("groove_consistency", "share", "steps as in the bar before", of.groove_consistency),
    Measure("self_repetition", "share", "tokens in repeated runs of 4", of.self_repetition),
    Measure("repeated_bars", "share", "bars exactly as an earlier one", of.repeated_bars),
    Measure("bar_similarity", "share", "common notes of two bars", of.bar_similarity),
    Measure("phrase_similarity", "share", "common notes of two phrases", of.phrase_similarity),
    Measure("distinct_phrases", "letters", "of the form, AABA has 2", of.distinct_phrases),
    Measure("phrase_ends", "share", "phrases that end in a long wait", of.phrase_ends),
    Measure("novelty_rate", "a token", "Lempel-Ziv pieces of the melody", of.novelty_rate),
    Measure("zipf_slope", "slope", "of the tokens, -1 by Zipf's law", of.zipf_slope),
)
# Given by `measure` when it is told which songs are known.
KNOWN_MEASURES = (
    ("known_run", "tokens", "longest run of a known song"),
    ("known_share", "share", "tokens in known runs of 4"),
)
# Unit and meaning of every measure, by name.
MEANINGS = {one.name: (one.unit, one.meaning) for one in MEASURES} | {
    name: (unit, meaning) for name, unit, meaning in KNOWN_MEASURES
}


def measure(song: Song | ArrayLike, known: KnownSongs | None = None, without: int = -1) -> Measures:
    """All measures of a song, by name, in the order of `MEASURES`.

    Args:
        song: a song, or a bool grid (steps, keys).
        known: songs to compare to; then `KNOWN_MEASURES` come last.
        without: the group of known songs that is left out, the song's own.

    Returns:
        Numbers, or nan for what is not defined for a song: of silence all but counts, durations
        and densities (which are 0, a duration the song's); of a single note all that needs two.
    """
    roll = Roll.of(song)
    measures = {one.name: float(one.function(roll)) for one in MEASURES}
    if known is not None:
        runs, _, shares = known.compare(roll.grid[None], RUN, [without])
        measures |= {"known_run": float(runs[0]), "known_share": float(shares[0])}
    return measures


class Range(NamedTuple):
    """What is usual in a corpus: at most 1 % of its songs are below `low`, 1 % above `high`."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: ArrayLike) -> Range:
        """The 1st, 50th and 99th percentile of the values that are not nan; nan of none.

        `low` and `high` are values that occur, the next outwards: of fewer than 101 songs they are
        the smallest and the largest.
        """
        numbers = np.asarray(values, np.float64)
        numbers = numbers[~np.isnan(numbers)]
        if not len(numbers):
            return cls(nan, nan, nan)
        low = np.percentile(numbers, 1, method="lower")
        high = np.percentile(numbers, 99, method="higher")
        return cls(float(low), float(np.median(numbers)), float(high))

    def holds(self, value: float) -> bool:
        """Whether a value is usual; nan is not, unless it is all there is."""
        if isnan(value) or isnan(self.low):
            return isnan(value) and isnan(self.low)
        slack = 1e-9 * max(1.0, abs(self.low), abs(self.high))
        return self.low - slack <= value <= self.high + slack


class Corpus(NamedTuple):
    """A corpus that was measured."""

    measures: list[Measures]  # of every song, compared to the songs of all other families
    families: IntArray  # int64 (songs,), see `evo.music.measures.similarity.families`
    known: KnownSongs  # its songs, whose groups are the families

    @classmethod
    def of(cls, songs: Sequence[Song | ArrayLike]) -> Corpus:
        """Measure songs. A song's own duplicates do not count among those known."""
        groups = families(songs)
        known = KnownSongs.of(songs, groups=groups)
        pairs = zip(songs, groups.tolist(), strict=True)
        return cls([measure(song, known, group) for song, group in pairs], groups, known)

    def ranges(self, without: int = -1) -> Ranges:
        """What is usual for each measure, among the songs of all families but one."""
        return ranges_of(
            [one for one, family in zip(self.measures, self.families, strict=True)
             if family != without]
        )  # fmt: skip


def corpus_range(songs: Sequence[Song | ArrayLike]) -> Ranges:
    """What is usual for each measure among songs, see `Range`.

    The runs shared with known songs are those each song shares with the songs of all other
    families (`evo.music.measures.similarity.families`), so that a song's own duplicates do not
    count.
    """
    return Corpus.of(songs).ranges()


def ranges_of(measures: Sequence[Measures]) -> Ranges:
    """What is usual for each measure among songs that were measured."""
    names = measures[0] if measures else {}
    return {name: Range.of([one[name] for one in measures]) for name in names}


def outside(measures: Measures, ranges: Ranges) -> list[str]:
    """The measures that are not usual in a corpus; those that it does not have are not judged.

    To have less in common with known songs than they have with each other is not unusual.
    """
    novel = {name for name, _, _ in KNOWN_MEASURES}
    return [
        name
        for name, value in measures.items()
        if name in ranges
        and not ranges[name].holds(value)
        and not (name in novel and value < ranges[name].low)
    ]
