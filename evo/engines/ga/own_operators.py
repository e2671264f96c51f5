"""A user's own crossover and mutation of note grids, called for many grids at once.

    mate(one, other, random)   returns the children of pairs of grids
    mutate(grids, random)      returns mutated grids

Grids are bool arrays (n, steps, keys), which may be changed in place, and so are the results. Draw
from `random`, a `numpy.random.Generator` with an address of its own in every generation. Then a
resumed run draws the same. The global functions of `random` and `numpy.random` are seeded as well.

The engine's operator is used where there is no own one. `crossover.rate` and `mutation.rate` keep
their meaning. Limits such as `grid.most_voices` are left to the functions.
"""

from typing import Any

import numpy as np

from evo.core.errors import BreedingError
from evo.core.seeds import Role, global_random, stream
from evo.engines.operators import drawn_key
from evo.engines.own_functions import Functions, call, in_words, label
from genomes.arrays import BoolArray, Indices, Singles
from genomes.grid.cells import GridRates
from genomes.grid.operators import breed_grids, cross_grids

NAMES = ("mate", "mutate")
# Addresses of the streams; 0 and 1 choose parents and breed without own functions.
_CHANCES, _MATE, _MUTATE = 2, 3, 4


class OwnOperators:
    """The operators of one generation."""

    def __init__(self, functions: Functions, rates: GridRates, seed: int, generation: int) -> None:
        self._functions, self._rates = functions, rates
        self._seed, self._generation = seed, generation

    def bred(self, pool: BoolArray, cases: Singles, parents: Indices, copies: int) -> BoolArray:
        """Return children of parents in a pool.

        Args:
            pool: Bool (p, steps * keys).
            cases: Float32 (p, m), scores for credit.
            parents: Int64 (children, at least 2), indices in the pool.
            copies: The first `copies` children are copies of their first parents.

        Returns:
            Bool (children, steps, keys).

        Raises:
            BreedingError: If a function raises, or returns something else than grids.
        """
        rates, count = self._rates, len(parents)
        chances = self._stream(_CHANCES).random((2, count))
        bred = np.arange(count) >= copies
        crossed = bred & (chances[0] < rates.crossover)
        mutated = bred & (~crossed | (chances[1] < rates.mutation))
        children = self._grids(pool[parents[:, 0]])
        with global_random(self._seed, Role.BREED, self._generation):
            if crossed.any():
                children[crossed] = self._crossed(pool, cases, parents[crossed])
            if mutated.any():
                children[mutated] = self._mutated(children[mutated])
        return children

    def _crossed(self, pool: BoolArray, cases: Singles, parents: Indices) -> BoolArray:
        random = self._stream(_MATE)
        if "mate" not in self._functions:
            return self._grids(cross_grids(self._rates, pool, cases, parents, drawn_key(random)))
        one, other = (self._grids(pool[parents[:, index]]) for index in (0, 1))
        return self._made("mate", one.shape, one, other, random)

    def _mutated(self, grids: BoolArray) -> BoolArray:
        random = self._stream(_MUTATE)
        if "mutate" in self._functions:
            return self._made("mutate", grids.shape, grids, random)
        rates = self._rates._replace(crossover=0.0)  # uncrossed children are mutated
        itself = np.repeat(np.arange(len(grids))[:, None], 2, axis=1)
        no_cases = np.empty((len(grids), 0), np.float32)
        rows = grids.reshape(len(grids), -1)
        return self._grids(breed_grids(rates, rows, no_cases, itself, 0, drawn_key(random)))

    def _made(self, role: str, shape: tuple[int, ...], *arguments: Any) -> BoolArray:
        """Return the grids made by a function, checked."""
        function = self._functions[role]
        made = call(role, function, *arguments)
        if not isinstance(made, np.ndarray):
            raise BreedingError(
                f"{label(role, function)} returned {in_words(made)} instead of an array {shape}"
            )
        if made.shape != shape:
            raise BreedingError(
                f"{label(role, function)} returned an array {made.shape} instead of {shape}"
            )
        if made.dtype != np.bool_ and (
            made.dtype.kind not in "iuf" or not ((made == 0) | (made == 1)).all()
        ):
            raise BreedingError(
                f"{label(role, function)} returned {made.dtype} with other values than False and "
                "True, or 0 and 1"
            )
        return made.astype(np.bool_)

    def _stream(self, use: int) -> np.random.Generator:
        return stream(self._seed, Role.BREED, self._generation, use)

    def _grids(self, rows: BoolArray) -> BoolArray:
        return rows.reshape(len(rows), self._rates.steps, self._rates.keys)
