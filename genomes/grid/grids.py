"""Note grids: individuals that are pieces of music themselves.

A grid is a piano roll. As a performer it plays its own notes regardless of its inputs, and is
silent past its end. Operators therefore work on bars, transpositions and phrases
(`genomes.grid.operators`).

Memory order: one bool array (n, steps, keys) for the whole batch. An individual is a contiguous
block, and so is each of its bars.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Arrays, BoolArray, Indices, Singles, checked_array, checked_field
from genomes.base import (
    Streams,
    check_roll,
    draw_chances,
    prompted,
    selected,
    short_repr,
    unchecked,
)
from genomes.individual import Individuals
from genomes.player import Player
from genomes.sampling import PLAIN, Sampling, sample_rows


@dataclass(frozen=True, eq=False)
class Grids(Individuals):
    """A batch of n note grids with equal steps and keys.

    Raises:
        GenomeError: If the array has another dtype or number of axes.
    """

    settings_type: ClassVar[Any] = None
    fixed_length: ClassVar[bool] = True

    notes: BoolArray  # (n, steps, keys), True where a note begins

    def __post_init__(self) -> None:
        notes = checked_array("notes", self.notes, np.bool_, ("n", "steps", "keys"))
        vars(self).update(notes=notes)

    @classmethod
    def player_of(cls, settings: None, keys: int) -> None:
        """See `Performers.player_of`; a grid has no inputs.

        Args:
            settings: None.
            keys: Keys of the instrument.
        """

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: steps and keys.

        Args:
            keys: Keys of the instrument.
            steps: Steps of a piece.
            player: Ignored.
        """
        return steps, keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`; a grid's MIDI file is complete."""
        return {}

    def improvising(self) -> Self:
        """See `Performers.improvising`; a grid cannot."""
        raise ValueError("is a note grid, which has no input and cannot improvise")

    def __len__(self) -> int:
        return len(self.notes)

    def __repr__(self) -> str:
        return short_repr(self, grid=len(self), step=self.steps, key=self.keys)

    @property
    def steps(self) -> int:
        """Steps of each grid."""
        return int(self.notes.shape[1])

    @property
    def keys(self) -> int:
        """Keys of the instrument."""
        return int(self.notes.shape[2])

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`; +1 for a note of the grid, -1 otherwise."""
        check_roll(grid, self.keys)
        activations = np.full((len(self), len(grid), self.keys), -1.0, np.float32)
        own = min(len(grid), self.steps)
        activations[:, :own][self.notes[:, :own]] = 1.0
        return activations

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """See `Performers.perform`; the prompt is followed by the grid's later rows.

        Args:
            prompt: See `Performers.perform`.
            steps: Steps to play.
            streams: See `Performers.perform`.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`; a note has the activation 1, and silence -1.

        Returns:
            Bool (n, steps, keys).
        """
        prompt_steps, played = prompted(prompt, steps, len(self), self.keys)
        own = max(prompt_steps, min(steps, self.steps))
        played[:, prompt_steps:own] = self.notes[:, prompt_steps:own]
        if temperature > 0.0:
            chances = draw_chances(streams, temperature, len(self), steps, self.keys)
            activations = np.where(played, 1.0, -1.0)
            sample_rows(activations, temperature, sampling, chances, prompt_steps, played)
        return played

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        return unchecked(type(self), notes=self.notes[selected(len(self), indices)])

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`."""
        return {"notes": self.notes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`.

        Args:
            arrays: The array `notes`.
            trusted: Ignored, as the check is cheap.
        """
        return cls(checked_field(arrays, "notes", np.bool_, ("n", "steps", "keys")))
