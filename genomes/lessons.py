"""What players should play next, as examples that an engine can breed by.

A fitness that knows what should be played hands it out as `Taught`. A player without memory reads
the past of each step through a window, for example the keys at some lags. `Lessons` are the
different windows and what should be played after each. An engine that breeds by lessons compares
thousands of small changes between two evaluations, and the fitness still scores its population.

If two windows are equal and their continuations differ, no player without memory can be right
after both. The most frequent continuation is wanted then, the first of several. `achievable` is
the number of steps that are right if all lessons are.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from genomes.arrays import BoolArray, Indices, checked_array
from genomes.errors import GenomeError


class Taught(NamedTuple):
    """Rolls that should be played.

    Attributes:
        rolls: bool (steps, channels) each.
        prompt_steps: First steps of each, which are given.
        bar: Steps of a bar; 0 if bars differ.
    """

    rolls: tuple[BoolArray, ...]
    prompt_steps: int
    bar: int = 0


def checked_taught(taught: Any) -> Taught:
    """Return what is taught, after a check.

    Raises:
        GenomeError: If there is nothing to play, or rolls do not fit each other.
    """
    if not isinstance(taught, tuple) or len(taught) not in (2, 3):
        raise GenomeError("give Taught(rolls, prompt_steps)")
    rolls, prompt_steps, bar = Taught(*taught)
    if not isinstance(rolls, list | tuple) or not rolls:
        raise GenomeError("rolls must be a list of one or more arrays")
    for roll in rolls:
        checked_array("a roll", roll, np.bool_, ("steps", rolls[0].shape[-1]))
    shortest = min(map(len, rolls))
    for name, number, most in (("prompt_steps", prompt_steps, shortest - 1), ("bar", bar, 1 << 24)):
        if not isinstance(number, int | np.integer) or not 0 <= number <= most:
            raise GenomeError(f"{name} must be a whole number from 0 to {most}, got {number!r}")
    return Taught(tuple(rolls), int(prompt_steps), int(bar))


@dataclass(frozen=True, eq=False)
class Lessons:
    """Different windows and what should be played after them.

    Attributes:
        inputs: bool or int8 (inputs, rows).
        wanted: bool (outputs, rows).
        counts: int64 (rows,), steps that are right if the row is.
        steps: Steps in all, also those that cannot be right.
    """

    inputs: Any
    wanted: BoolArray
    counts: Indices
    steps: int

    @classmethod
    def of(cls, windows: Any, wanted: BoolArray) -> Self:
        """Return the lessons of some steps.

        Args:
            windows: bool or int8 (inputs, steps), what is read before each step.
            wanted: bool (outputs, steps), what should be played then.
        """
        read, steps = _classes(windows)
        played, _ = _classes(wanted)
        # The most frequent pair of each window; of equally frequent ones the first.
        pairs, first, counts = np.unique(
            np.stack([read, played]), axis=1, return_index=True, return_counts=True
        )
        order = np.lexsort([first, -counts, pairs[0]])
        chosen = order[np.unique(pairs[0][order], return_index=True)[1]]
        chosen = chosen[np.argsort(first[chosen])]
        rows = first[chosen]
        return cls(
            np.ascontiguousarray(windows[:, rows]),
            np.ascontiguousarray(wanted[:, rows]),
            counts[chosen].astype(np.int64),
            steps,
        )

    @property
    def achievable(self) -> int:
        """Number of steps that are right if all lessons are."""
        return int(self.counts.sum())

    def right(self, played: BoolArray) -> int:
        """Return the number of steps that are right.

        Args:
            played: bool (outputs, rows).
        """
        return int(self.counts[(played == self.wanted).all(axis=0)].sum())


def _classes(columns: Any) -> tuple[Indices, int]:
    """Return a number per column, equal for equal columns, and the count of columns."""
    count = columns.shape[1]
    rows = np.packbits(columns.T, axis=1) if columns.dtype == np.bool_ else columns.T
    if not rows.shape[1]:
        return np.zeros(count, np.int64), count
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1])))
    _, number = np.unique(whole[:, 0], return_inverse=True)
    return number.astype(np.int64), count
