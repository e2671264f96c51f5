"""Note grids: individuals that are pieces of music themselves.

A grid is a piano roll, and as a performer it says its own note at every step, whatever it hears;
past its own end it is silent. What is bred is what sounds, so that an operator can think in bars,
transpositions and phrases (`genomes.grid.operators`).

Memory order: one bool array (n, steps, keys) for the whole batch, an individual's steps one after
the other. A bar is therefore one block of memory, and so is an individual.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Arrays, BoolArray, Indices, Singles
from genomes.base import (
    Streams,
    check_roll,
    draw_chances,
    field,
    fitting,
    prompted,
    selected,
    unchecked,
)
from genomes.player import Player


@dataclass(frozen=True, eq=False)
class Grids:
    """A batch of n note grids of the same steps and keys; GenomeError for other arrays."""

    settings_type: ClassVar[Any] = None
    fixed_length: ClassVar[bool] = True

    notes: BoolArray  # (n, steps, keys), True where a note begins

    def __post_init__(self) -> None:
        notes = fitting("notes", self.notes, np.bool_, ("n", "steps", "keys"))
        vars(self).update(notes=notes)

    @classmethod
    def player_of(cls, settings: None, keys: int) -> None:
        """See `Performers.player_of`; a grid has no inputs."""

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: steps and keys."""
        return steps, keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`; a grid's music says everything."""
        return {}

    def improvising(self) -> Self:
        """See `Performers.improvising`; a grid cannot."""
        raise ValueError("is a note grid, which hears nothing that it could leave its song for")

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def steps(self) -> int:
        """How long each grid is."""
        return int(self.notes.shape[1])

    @property
    def keys(self) -> int:
        """How many keys its instrument has."""
        return int(self.notes.shape[2])

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`; +1 where a grid has a note and -1 elsewhere.

        Raises ValueError for a song of another number of keys.
        """
        check_roll(grid, self.keys)
        said = np.full((len(self), len(grid), self.keys), -1.0, np.float32)
        own = min(len(grid), self.steps)
        said[:, :own][self.notes[:, :own]] = 1.0
        return said

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
    ) -> BoolArray:
        """See `Performers.perform`; after the prompt come the grid's own rows from there on."""
        prompt_steps, played = prompted(prompt, steps, len(self), self.keys)
        own = max(prompt_steps, min(steps, self.steps))
        played[:, prompt_steps:own] = self.notes[:, prompt_steps:own]
        if temperature > 0.0:
            chances = draw_chances(streams, temperature, len(self), steps, self.keys)
            sounding = 1.0 / (1.0 + math.exp(-min(60.0, 1.0 / temperature)))
            drawn = chances < np.where(played, sounding, 1.0 - sounding)
            played[:, prompt_steps:] = drawn[:, prompt_steps:]
        return played

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        return unchecked(type(self), notes=self.notes[selected(len(self), indices)])

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`."""
        return {"notes": self.notes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`."""
        return cls(field(arrays, "notes", np.bool_, ("n", "steps", "keys")))
