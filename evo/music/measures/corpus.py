"""Measure songs with numbers known to musicians; for reporting, not as a fitness.

`MEASURES` lists each measure with its function, unit and meaning. `measure` computes them for a
song, `corpus_range` the usual range among songs, and `outside` the unusual ones of a song. None
measures quality, and optimising them need not give a good song.

All measures use a song's onsets, because a grid has no note lengths. The melody has the highest
key of every onset. An undefined measure is nan and never an error, such as an interval of one note.

Sources: the pitch, interval and rhythm statistics of jSymbolic (McKay, "Automatic Music
Classification with jMIR", 2010) and of mgeval (Yang & Lerch, "On the evaluation of generative
models in music", 2018); the polyphony, scale and groove consistency of MusPy (Dong et al. 2020).
The docstring of any other measure names its source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isnan, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

import evo.music.measures.pitch as pitch
import evo.music.measures.rhythm as rhythm
import evo.music.measures.structure as structure
from evo.music.measures.roll import Roll
from evo.music.measures.similarity import GRID_STEPS, KnownSongs, families
from evo.music.melody import Bar
from evo.music.song import Song
from genomes.arrays import IntArray

MIN_ALIKE = 8  # songs of a metre that have ranges of their own
MetreKind = tuple[Fraction, Fraction]  # quarter notes per bar, and per beat
Measures = dict[str, float]
Ranges = dict[str, "Range"]


class Measure(NamedTuple):
    """A measure of a song.

    Attributes:
        function: Returns the number of a song, nan if undefined.
        unit: Unit of the number.
        meaning: Meaning in words, for the report.
    """

    function: Callable[[Roll], float]
    unit: str
    meaning: str

    @property
    def name(self) -> str:
        """Name of the measure, as of its function."""
        return self.function.__name__


MEASURES = (
    Measure(pitch.onset_density, "an eighth", "steps with an onset"),
    Measure(pitch.polyphony, "share", "onsets of several keys"),
    Measure(pitch.distinct_keys, "keys", "different keys that sound"),
    Measure(pitch.pitch_range, "semitones", "lowest key to highest"),
    Measure(pitch.pitch_class_entropy, "bits", "variety of pitch classes"),
    Measure(pitch.scale_consistency, "share", "notes in the best of 24 scales"),
    Measure(pitch.key_clarity, "-1 to 1", "fit to the best of 24 keys"),
    Measure(pitch.ends_on_tonic, "0 or 1", "the last note is that key's tonic"),
    Measure(pitch.mean_interval, "semitones", "mean distance of notes"),
    Measure(pitch.largest_interval, "semitones", "largest distance of notes"),
    Measure(pitch.interval_entropy, "bits", "variety of intervals"),
    Measure(pitch.repeated_notes, "share", "moves that stay on the key"),
    Measure(pitch.stepwise_motion, "share", "moves by 1 or 2 semitones"),
    Measure(pitch.leaps, "share", "moves by 3 semitones or more"),
    Measure(pitch.longest_repeat, "notes", "most notes on one key in a row"),
    Measure(pitch.rising_motion, "share", "moves up, of all up and down"),
    Measure(pitch.arc_length, "moves", "from turn to turn of the melody"),
    Measure(pitch.arc_height, "semitones", "from turn to turn of it"),
    Measure(rhythm.wait_entropy, "bits", "variety of waits from note to note"),
    Measure(rhythm.shortest_wait, "beats", "shortest wait from note to note"),
    Measure(rhythm.longest_wait, "beats", "longest wait from note to note"),
    Measure(rhythm.longest_silence, "beats", "longest time without an onset"),
    Measure(rhythm.wait_contrast, "nPVI", "contrast of neighbouring waits"),
    Measure(rhythm.on_strong_beats, "share", "onsets on beat 1, of 4/4 and 3"),
    Measure(rhythm.off_beat, "share", "onsets between the beats"),
    Measure(rhythm.syncopation, "share", "those held over the next beat"),
    Measure(rhythm.bar_rhythms, "rhythms", "different rhythms of a bar"),
    Measure(rhythm.rhythm_variety, "a bar", "different rhythms, of the bars"),
    Measure(rhythm.groove_consistency, "share", "eighths as in the bar before"),
    Measure(structure.self_repetition, "share", "tokens in repeated runs of 4"),
    Measure(structure.repeated_bars, "share", "bars exactly as an earlier one"),
    Measure(structure.bar_similarity, "share", "common notes of two bars"),
    Measure(structure.phrase_similarity, "share", "common notes of two phrases"),
    Measure(structure.distinct_phrases, "letters", "of the form, AABA has 2"),
    Measure(structure.phrase_ends, "share", "phrases that end in a long wait"),
    Measure(structure.novelty_rate, "a token", "Lempel-Ziv pieces of the melody"),
    Measure(structure.zipf_slope, "slope", "of the tokens, -1 by Zipf's law"),
)
# Added by `measure` if known songs are given.
KNOWN_MEASURES = (
    ("known_run", "tokens", "longest run of a known song"),
    ("known_share", "share", "tokens in known runs of 4"),
)
# Unit and meaning of every measure, by name.
MEANINGS = {each.name: (each.unit, each.meaning) for each in MEASURES} | {
    name: (unit, meaning) for name, unit, meaning in KNOWN_MEASURES
}


def measure(song: Song | ArrayLike, known: KnownSongs | None = None, without: int = -1) -> Measures:
    """Compute all measures of a song, by name, in the order of `MEASURES`.

    Args:
        song: a song, or a bool grid (steps, keys).
        known: songs to compare with; adds `KNOWN_MEASURES` at the end.
        without: the group of known songs to ignore, such as the song's own.

    Returns:
        Numbers; nan if undefined. For silence, only counts, densities (0) and durations (the
        song's) are defined. For a single note, measures of two notes are nan.
    """
    roll = Roll.of(song)
    measures = {each.name: float(each.function(roll)) for each in MEASURES}
    if known is not None:
        runs, _, shares = known.compare_song(song, without)
        measures |= {"known_run": float(runs[0]), "known_share": float(shares[0])}
    return measures


class Range(NamedTuple):
    """The usual range in a corpus: 1 % of its songs at most are below, 1 % above."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: ArrayLike) -> Range:
        """Compute the 1st, 50th and 99th percentile, ignoring nan.

        `low` and `high` are occurring values, rounded outwards. Below 101 songs they are the
        minimum and the maximum. All three are nan without values.
        """
        numbers = np.asarray(values, np.float64)
        numbers = numbers[~np.isnan(numbers)]
        if not len(numbers):
            return cls(nan, nan, nan)
        low = np.percentile(numbers, 1, method="lower")
        high = np.percentile(numbers, 99, method="higher")
        return cls(float(low), float(np.median(numbers)), float(high))

    def holds(self, value: float) -> bool:
        """Return whether a value is in the range; nan only if the range is nan."""
        if isnan(value) or isnan(self.low):
            return isnan(value) and isnan(self.low)
        slack = 1e-9 * max(1.0, abs(self.low), abs(self.high))
        return self.low - slack <= value <= self.high + slack


def metre_of(song: Song | ArrayLike) -> MetreKind:
    """Return a song's quarter notes per bar and per beat; a grid is in 4/4."""
    resolution = song.steps_per_beat if isinstance(song, Song) else GRID_STEPS
    return Bar.of_song(song).in_quarters(resolution)


class Corpus(NamedTuple):
    """A corpus of songs with their measures, to compare other songs with."""

    measures: list[Measures]  # per song, compared with the songs of other families
    families: IntArray  # int64 (songs,), see `evo.music.measures.similarity.families`
    known: KnownSongs  # the songs, grouped by family
    metres: tuple[MetreKind, ...]  # of each song, see `metre_of`

    @classmethod
    def of(cls, songs: Sequence[Song | ArrayLike]) -> Corpus:
        """Measure every song of a corpus, compared with the songs of other families only."""
        groups = families(songs)
        known = KnownSongs.of(songs, groups=groups)
        pairs = zip(songs, groups.tolist(), strict=True)
        measures = [measure(song, known, group) for song, group in pairs]
        return cls(measures, groups, known, tuple(metre_of(song) for song in songs))

    def ranges(self, without: int = -1, metre: MetreKind | None = None) -> Ranges:
        """Return the usual range of each measure.

        Args:
            without: a family to ignore; -1 for none.
            metre: the metre of the songs; None, or a metre of fewer than `MIN_ALIKE` songs, for
                all.
        """
        return ranges_of([self.measures[index] for index in self.alike(without, metre)])

    def alike(self, without: int = -1, metre: MetreKind | None = None) -> list[int]:
        """Return the indices of the songs that `ranges` uses.

        Args:
            without: a family to ignore; -1 for none.
            metre: the metre of the songs; see `ranges`.
        """
        others = [index for index, family in enumerate(self.families) if family != without]
        same = [index for index in others if self.metres[index] == metre]
        return same if len(same) >= MIN_ALIKE else others


def corpus_range(songs: Sequence[Song | ArrayLike]) -> Ranges:
    """Return the usual range of each measure among songs; see `Range`.

    Shared runs are counted with songs of other families only, so a song's own duplicates do not
    matter (`evo.music.measures.similarity.families`).
    """
    return Corpus.of(songs).ranges()


def ranges_of(measures: Sequence[Measures]) -> Ranges:
    """Return the usual range of each measure among measured songs."""
    names = measures[0] if measures else {}
    return {name: Range.of([figures[name] for figures in measures]) for name in names}


def plain_ranges(ranges: Ranges) -> dict[str, dict[str, float | None]]:
    """Return ranges as JSON values: low, median and high by measure, None if undefined."""
    return {
        name: {part: None if isnan(value) else value for part, value in usual._asdict().items()}
        for name, usual in ranges.items()
    }


def outside(measures: Measures, ranges: Ranges) -> list[str]:
    """List the measures outside their range in a corpus.

    Sharing less with known songs than usual is allowed.

    Args:
        measures: the measures of a song.
        ranges: the ranges of the corpus; other measures are ignored.
    """
    novel = {name for name, _, _ in KNOWN_MEASURES}
    return [
        name
        for name, value in measures.items()
        if name in ranges
        and not ranges[name].holds(value)
        and not (name in novel and value < ranges[name].low)
    ]
