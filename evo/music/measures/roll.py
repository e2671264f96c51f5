"""A song as the measures read it: notes, melody, bars and key, found once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evo.music.measures.parts import BoolArray, IntArray, blocks, intervals, melody, onsets, tokens
from evo.music.song import Song

BEATS_A_BAR = 4
# How well each pitch class fits a key, from the tonic up (Temperley, "The Cognition of Basic
# Musical Structures", 2001). `best_key` finds the tonic of every embedded tune by them.
MAJOR_PROFILE = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
MINOR_PROFILE = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)


@dataclass(frozen=True, eq=False)
class Roll:
    """A song as the measures read it.

    Attributes:
        grid: where notes begin, bool (steps, keys).
        lowest_note: MIDI note of key 0.
        beat: steps in a beat.
    """

    grid: BoolArray
    lowest_note: int = 60
    beat: int = 2

    @classmethod
    def of(cls, song: Song | ArrayLike) -> Roll:
        """Read a song, or a bool grid (steps, keys) as one of eighths, whose lowest key is a C."""
        grid = onsets(song)
        if isinstance(song, Song):
            return cls(grid, song.lowest_note, song.steps_per_beat)
        return cls(grid)

    @property
    def bar(self) -> int:
        """Steps in a bar."""
        return BEATS_A_BAR * self.beat

    @cached_property
    def steps(self) -> IntArray:
        """Steps with an onset: int64 (notes,)."""
        return melody(self.grid)[0]

    @cached_property
    def keys(self) -> IntArray:
        """The key of each note of the melody: int64 (notes,)."""
        return melody(self.grid)[1]

    @cached_property
    def tokens(self) -> IntArray:
        """See `evo.music.measures.parts.tokens`: int64 (notes - 1,)."""
        return tokens(self.grid)

    @cached_property
    def intervals(self) -> IntArray:
        """Semitones from each note to the next, up positive: int64 (notes - 1,)."""
        return intervals(self.tokens)

    @cached_property
    def waits(self) -> IntArray:
        """Steps from each onset to the next, or to the end: int64 (notes,)."""
        return np.diff(self.steps, append=len(self.grid))

    @cached_property
    def bars(self) -> BoolArray:
        """Bool (bars, steps, keys); the last bar is filled up with silence."""
        return blocks(self.grid, self.bar)

    @cached_property
    def sounding_bars(self) -> BoolArray:
        """The bars that are not silent."""
        return sounding(self.bars)

    @cached_property
    def pitch_classes(self) -> IntArray:
        """How many notes there are of each of C, C#, ... B, in chords too: int64 (12,)."""
        keys = np.nonzero(self.grid)[1]
        return np.bincount((keys + self.lowest_note) % 12, minlength=12)

    @cached_property
    def key(self) -> tuple[int, float]:
        """The pitch class of the tonic, and how clear the key is; see `best_key`."""
        notes, keys = np.nonzero(self.grid[self.steps])
        return best_key(
            np.bincount((keys + self.lowest_note) % 12, self.waits[notes], minlength=12)
        )


def best_key(weights: ArrayLike) -> tuple[int, float]:
    """The key that fits the pitch classes best, and how well.

    The key is the one of 24 whose profile has the highest correlation with the weights (Krumhansl,
    "Cognitive Foundations of Musical Pitch", 1990), here with the profiles of Temperley (2001).

    Args:
        weights: float (12,), how long each of C, C#, ... B sounds.

    Returns:
        The pitch class of the tonic, 0 to 11, and the correlation. Of equal weights 0 and 0, of
        silence 0 and nan.
    """
    counts = np.asarray(weights, np.float64)
    if counts.max() == counts.min():
        return 0, 0.0 if counts.any() else nan
    fits = [
        (float(np.corrcoef(counts, np.roll(profile, tonic))[0, 1]), tonic)
        for profile in (MAJOR_PROFILE, MINOR_PROFILE)
        for tonic in range(12)
    ]
    fit, tonic = max(fits, key=lambda one: one[0])  # the first of equals
    return tonic, fit


def sounding(parts: BoolArray) -> BoolArray:
    """Those of bool (n, steps, keys) that are not silent."""
    return parts[np.flatnonzero(parts.any(axis=(1, 2)))]
