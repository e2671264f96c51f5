"""The learned songs of readers, and what is known of any song before the weights.

The songs are stored with the readers, so that a champion is whole: the counts of its prior follow
from them. A song that is read and is among them is left out of its own counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import (
    Arrays,
    BoolArray,
    FloatArray,
    Indices,
    are_offsets,
    checked_array,
    checked_field,
    offsets_of,
)
from genomes.errors import GenomeError
from genomes.reader.contexts import song_contexts
from genomes.reader.counts import Table, count_songs, song_logarithms
from genomes.reader.forms import Forms, forms_of
from genomes.reader.pairs import compare_steps, step_symbols
from genomes.reader.player import FREQUENCIES, IN_CONTEXT, ReaderPlayer
from genomes.reader.reading import Song

LARGEST = 1 << 28  # cells of all songs
_KEPT = 1 << 28  # bytes of known songs


@dataclass(frozen=True, eq=False)
class Corpus:
    """Learned songs, of readers of one player.

    Attributes:
        player: What is read.
        rolls: Bool (steps of all songs, channels).
        offsets: Int64 (songs + 1,), the first step of each song, and the number of steps.

    Raises:
        GenomeError: If the arrays do not describe songs.
    """

    player: ReaderPlayer
    rolls: BoolArray
    offsets: Indices
    _known: dict[bytes, Song] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        rolls = checked_array("songs", self.rolls, np.bool_, ("steps", self.player.keys))
        offsets = checked_array("song_offsets", self.offsets, np.int64, ("songs + 1",))
        if not are_offsets(offsets, len(rolls)):
            raise GenomeError(f"song_offsets must rise from 0 to all {len(rolls)} steps")
        vars(self).update(rolls=rolls, offsets=offsets)

    @classmethod
    def of(cls, player: ReaderPlayer, songs: Sequence[BoolArray] = ()) -> Self:
        """Return a corpus of songs.

        Args:
            player: What is read.
            songs: Bool (steps, channels) each.

        Raises:
            GenomeError: If a song has other channels, or the songs are too large.
        """
        wrong = [song.shape for song in songs if song.shape[1:] != (player.keys,)]
        if wrong:
            raise GenomeError(f"songs must have {player.keys} channels, got {wrong[0]}")
        steps = [len(song) for song in songs]
        if sum(steps) * player.keys > LARGEST:
            raise GenomeError(f"songs must have at most {LARGEST:,} cells to be learned")
        none = np.zeros((0, player.keys), np.bool_)
        return cls(player, np.concatenate([none, *songs]), offsets_of(steps))

    @property
    def songs(self) -> list[BoolArray]:
        """The learned songs, bool (steps, channels) each."""
        return [self.rolls[first:end] for first, end in pairwise(self.offsets.tolist())]

    @cached_property
    def copies(self) -> dict[bytes, int]:
        """How many of the songs are equal to each."""
        found: dict[bytes, int] = {}
        for song in self.songs:
            found[song.tobytes()] = found.get(song.tobytes(), 0) + 1
        return found

    @cached_property
    def table(self) -> Table:
        """Counts of all songs; nothing, if the prior is not counted in melodies."""
        counted = self.player.melody and self.player.layout.prior in (FREQUENCIES, IN_CONTEXT)
        return self._table_of(self.songs if counted else [])

    @cached_property
    def forms(self) -> Forms:
        """The forms of all songs, if melodies are played by them."""
        songs = self.songs if self.player.melody and self.player.forms else []
        symbols = [step_symbols(np.ascontiguousarray(song), True) for song in songs]
        return forms_of(symbols, self.player.keys, self.player.bar)

    def _table_of(self, songs: Sequence[BoolArray]) -> Table:
        symbols = [step_symbols(np.ascontiguousarray(song), True) for song in songs]
        return count_songs(symbols, self.player.keys, self.player.bar)

    def after(self, roll: BoolArray | None = None) -> FloatArray:
        """Return what is expected after channels that were silent, or on: float64 (2, outputs).

        Args:
            roll: A song that is left out of the counts; None for none.
        """
        player = self.player
        if player.layout.prior not in (FREQUENCIES, IN_CONTEXT):
            return np.full((2, player.outputs), 1.0 / (player.keys + 1))
        if player.melody:
            general = self._known_parts(np.zeros((1, player.keys), np.bool_), None)[2]
            return np.tile(general, (2, 1))
        songs = self.songs
        if roll is not None:
            songs = [song for song in songs if not np.array_equal(song, roll)]
        seen, on = np.zeros((2, player.keys)), np.zeros((2, player.keys))
        for song in songs:
            before = np.zeros_like(song)
            before[1:] = song[:-1]
            for state, chosen in enumerate((~before, before)):
                seen[state] += chosen.sum(axis=0)
                on[state] += (chosen & song).sum(axis=0)
        general = (on.sum(axis=0) + 1.0 / (player.keys + 1)) / (seen.sum(axis=0) + 1.0)
        found: FloatArray = (on + 2.0 * general) / (seen + 2.0)
        return found

    def known(self, roll: BoolArray) -> Song:
        """Return what is known of a song, which is computed once.

        Args:
            roll: Bool (steps, channels).
        """
        name = roll.tobytes()
        if name not in self._known:
            made = self._read(np.ascontiguousarray(roll))
            size = sum(array.nbytes for array in made)
            if sum(array.nbytes for song in self._known.values() for array in song) + size > _KEPT:
                self._known.clear()
            self._known[name] = made
        return self._known[name]

    def _read(self, roll: BoolArray) -> Song:
        player = self.player
        symbols = step_symbols(roll, player.melody)
        reach = min(player.reach, max(len(roll) - 1, 1))
        rest = player.keys if player.melody else 0
        pairs = compare_steps(symbols, rest, reach, player.transposed)
        rows = np.zeros((0, 0))
        if not player.melody:
            _, first = np.unique(symbols, return_index=True)
            rows = np.zeros((int(symbols.max(initial=0)) + 1, player.keys))
            rows[symbols[first]] = roll[first]
        logarithms, evidence = np.zeros((1, 1), np.float32), np.zeros((1, 1), np.int64)
        if player.melody:
            expected = np.full((1, player.outputs), 1.0 / player.outputs)
            if player.layout.prior in (FREQUENCIES, IN_CONTEXT):
                logarithms, evidence, general = self._known_parts(roll, roll)
                expected = general[None]
        else:
            before = np.zeros_like(roll)
            before[1:] = roll[:-1]
            after = self.after(roll)
            expected = np.where(before, after[1], after[0])
        return Song(symbols, *pairs, rows, expected, logarithms, evidence)

    def _known_parts(self, roll: BoolArray, without: BoolArray | None) -> Any:
        """Return logarithms, evidence and frequencies of a melody."""
        player = self.player
        copies = self.copies.get(without.tobytes(), 0) if without is not None else 0
        own = self._table_of([without] if copies and without is not None else [])
        symbols = step_symbols(roll, True)
        contexts, keys = song_contexts(symbols, player.keys, player.bar)
        return song_logarithms(self.table, own, float(copies), contexts, keys, player.keys)

    def to_arrays(self) -> Arrays:
        """Return the songs as arrays, for those of a batch."""
        return {"songs": self.rolls, "song_offsets": self.offsets}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], player: ReaderPlayer) -> Self:
        """Return the corpus of `to_arrays`.

        Args:
            arrays: The arrays of a batch.
            player: What is read.

        Raises:
            GenomeError: If they describe none.
        """
        rolls = checked_field(arrays, "songs", np.bool_, ("steps", player.keys))
        if rolls.size > LARGEST:
            raise GenomeError(f"songs must have at most {LARGEST:,} cells, got {rolls.size:,}")
        return cls(player, rolls, checked_field(arrays, "song_offsets", np.int64, ("songs + 1",)))
