"""Addressed randomness: every random stream is a function of its use.

A stream is addressed by (run seed, role, generation, individual) through the spawn keys of
`numpy.random.SeedSequence`. No stream is shared between uses. So a run that is resumed, split over
workers or evaluated in another order draws the same numbers.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, overload

import numpy as np

MAX_SEED = (1 << 63) - 1


class Role(IntEnum):
    """The purpose of a random stream; its number is part of the seed, so never renumber."""

    INITIALISE = 1
    BREED = 2
    EVALUATE = 3
    PLAY = 4
    TRAIN = 5
    REASSESS = 6


def stream(seed: int, role: Role, generation: int = 0, individual: int = 0) -> np.random.Generator:
    """Return the random generator at an address.

    Args:
        seed: Random seed of the run, from 0.
        role: Use of the stream.
        generation: The generation, from 0.
        individual: Index of the individual, from 0.
    """
    address = np.random.SeedSequence(seed, spawn_key=(int(role), generation, individual))
    return np.random.Generator(np.random.PCG64(address))


class Individuals(Sequence[np.random.Generator]):
    """The streams of some individuals of a generation, made on demand.

    Each access to an individual's stream returns it from its start.
    """

    def __init__(self, seed: int, role: Role, generation: int, individuals: Sequence[int]) -> None:
        self._seed, self._role, self._generation = seed, role, generation
        self._individuals = individuals

    def __len__(self) -> int:
        return len(self._individuals)

    @property
    def common(self) -> np.random.Generator:
        """The stream of the whole generation, the same in every batch."""
        address = np.random.SeedSequence(
            self._seed, spawn_key=(int(self._role), self._generation, 0, 1)
        )
        return np.random.Generator(np.random.PCG64(address))

    @overload
    def __getitem__(self, index: int) -> np.random.Generator: ...
    @overload
    def __getitem__(self, index: slice) -> "Individuals": ...
    def __getitem__(self, index: int | slice) -> "np.random.Generator | Individuals":
        if isinstance(index, slice):
            part = self._individuals[index]
            return Individuals(self._seed, self._role, self._generation, part)
        return stream(self._seed, self._role, self._generation, self._individuals[index])


@contextmanager
def global_random(seed: int, role: Role, generation: int = 0) -> Iterator[None]:
    """Seed the global states of `random` and `numpy.random` from an address while inside.

    neat-python, DEAP and users' operators draw from them. Both states are restored afterwards, also
    after an exception.

    Args:
        seed: Random seed of the run.
        role: Use of the stream.
        generation: The generation.
    """
    words = np.random.SeedSequence(seed, spawn_key=(int(role), generation)).generate_state(16)
    # Both are Mersenne twisters: seeded with the same words, they would draw the same numbers.
    with seeded_generators(int.from_bytes(words[:8].tobytes(), "little"), words[8:]):
        yield


@contextmanager
def seeded_generators(seed: int, numpy_seed: Any) -> Iterator[None]:
    """Seed the global generators of `random` and `numpy.random` while inside.

    Args:
        seed: Seed of `random`.
        numpy_seed: Seed of `numpy.random`: a number below 2**32, or uint32 (any,).
    """
    before, numpy_before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(numpy_seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)
