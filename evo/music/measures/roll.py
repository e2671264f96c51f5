"""Prepare a song for measuring: notes, melody, bars and key, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from evo.music.measures.bars import blocks, from_bar_line, phrase_start, sounding
from evo.music.melody import (
    Bar,
    best_key,
    intervals,
    melody,
    onsets,
    tokens,
)
from evo.music.song import Song
from genomes.arrays import BoolArray, IntArray


@dataclass(frozen=True, eq=False)
class Roll:
    """A song prepared for measuring.

    Attributes:
        grid: onsets, bool (steps, keys).
        lowest_note: MIDI note of key 0.
        quarter: steps per quarter note.
        metre: the bar, with its beats.
        barred: onsets from a bar line on, with rests before the pickup; by default `grid`.
        begin: step at which the first phrase begins, with its pickup.
    """

    grid: BoolArray
    lowest_note: int = 60
    quarter: int = 2
    metre: Bar = Bar()  # noqa: RUF009  # immutable
    barred: BoolArray | None = None
    begin: int = 0

    @classmethod
    def of(cls, song: Song | ArrayLike) -> Roll:
        """Prepare a song or a bool grid (steps, keys).

        The steps of a grid are taken as eighth notes, and its lowest key as C4.
        """
        grid = onsets(song)
        if isinstance(song, Song):
            metre = Bar.of_song(song)
            barred = from_bar_line(song, metre.steps)
            begin = phrase_start(song)
            return cls(grid, song.lowest_note, song.steps_per_beat, metre, barred, begin)
        return cls(grid)

    @property
    def bar(self) -> int:
        """Steps per bar."""
        return self.metre.steps

    @property
    def beat(self) -> int:
        """Steps per beat."""
        return self.metre.beat

    @property
    def from_bar_line(self) -> BoolArray:
        """Onsets from a bar line on: bool (steps, keys)."""
        return self.grid if self.barred is None else self.barred

    @cached_property
    def places(self) -> IntArray:
        """Steps with an onset, counted from a bar line: int64 (notes,)."""
        return melody(self.from_bar_line)[0]

    @cached_property
    def phrase(self) -> BoolArray:
        """Onsets from the first phrase on, bool (steps, keys)."""
        return self.grid[self.begin :]

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
        """Tokens of the melody (`evo.music.melody.tokens`): int64 (notes - 1,)."""
        return tokens(self.grid)

    @cached_property
    def intervals(self) -> IntArray:
        """Semitones from each note to the next, up positive: int64 (notes - 1,)."""
        return intervals(self.tokens)

    @cached_property
    def waits(self) -> IntArray:
        """Steps from each onset to the next, or to the song's end: int64 (notes,)."""
        return np.diff(self.steps, append=len(self.grid))

    @cached_property
    def bars(self) -> BoolArray:
        """Onsets per bar, bool (bars, steps per bar, keys); the last bar is padded with silence."""
        return blocks(self.from_bar_line, self.bar)

    @cached_property
    def sounding_bars(self) -> BoolArray:
        """The `bars` that have an onset."""
        return sounding(self.bars)

    @cached_property
    def pitch_classes(self) -> IntArray:
        """Number of notes per pitch class from C to B, chords included: int64 (12,)."""
        keys = np.nonzero(self.grid)[1]
        return np.bincount((keys + self.lowest_note) % 12, minlength=12)

    @cached_property
    def key(self) -> tuple[int, float]:
        """Tonic of the best of the 24 major and minor keys, and the key's clarity.

        The tonic is a pitch class from 0 (C) to 11. Clarity is the correlation, from -1 to 1, of
        the song's pitch classes with the key's profile. Each note is weighted by its wait, the
        steps until the next onset. See `evo.music.melody.best_key`.
        """
        notes, keys = np.nonzero(self.grid[self.steps])
        return best_key(
            np.bincount((keys + self.lowest_note) % 12, self.waits[notes], minlength=12)
        )
