"""Addressed noise: the noise of an individual is a function of where it stands, never kept.

Row i of a generation is drawn from the stream addressed by (seed, generation, i) alone. Whoever
knows the mean, the deviations and the address can make an individual again (`noise_of`), be it a
worker, or an engine that was restored; no generator has a state to keep, and a checkpoint needs no
population.

Antithetic noise comes in pairs: individual 2k has the noise of stream k, individual 2k + 1 its
negation, so that whatever a fitness says of both alike cancels in the gradient.

Memory order: a float32 array (streams, weights), one row a stream. Sums over individuals are made
row by row in float64, in the order of the rows: a matrix product would depend on the number of
threads, and would need the whole array a second time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evo.core.seeds import Role, stream
from genomes.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Noise:
    """The standard normal noise of a generation's n individuals."""

    drawn: NDArray[np.float32]  # (streams, weights)
    antithetic: bool = False

    @classmethod
    def draw(
        cls, seed: int, generation: int, individuals: int, weights: int, antithetic: bool
    ) -> Self:
        """The noise at an address; antithetic noise needs an even number of individuals."""
        if antithetic and individuals % 2:
            raise ValueError(f"antithetic pairs need an even number, got {individuals}")
        drawn = np.empty((individuals // 2 if antithetic else individuals, weights), np.float32)
        for place, row in enumerate(drawn):
            _fill(row, seed, generation, place)
        return cls(drawn, antithetic)

    def __len__(self) -> int:
        return len(self.drawn) * (2 if self.antithetic else 1)

    def rows(self) -> Iterator[NDArray[np.float32]]:
        """The noise of every individual, (weights,) each."""
        for row in self.drawn:
            yield row
            if self.antithetic:
                yield -row

    def weighted(self, shares: FloatArray) -> FloatArray:
        """The sum over individuals of share times noise: float64 (weights,); `shares` is (n,)."""
        if self.antithetic:
            shares = shares[0::2] - shares[1::2]
        return self._sum(shares, 1)

    def at(self, places: NDArray[np.int64]) -> Self:
        """The same noise of some weights alone, in this order."""
        return type(self)(self.drawn[:, places], self.antithetic)

    def weighted_squares(self, shares: FloatArray) -> FloatArray:
        """The sum over individuals of share times squared noise: float64 (weights,)."""
        if self.antithetic:
            shares = shares[0::2] + shares[1::2]
        return self._sum(shares, 2)

    def _sum(self, shares: FloatArray, power: int) -> FloatArray:
        if len(shares) != len(self.drawn):
            raise ValueError(f"{len(shares)} shares came for {len(self.drawn)} rows of noise")
        total = np.zeros(self.drawn.shape[1])
        term = np.empty_like(total)
        for share, row in zip(shares, self.drawn, strict=True):
            if share:
                np.multiply(row, share, out=term, dtype=np.float64)
                if power == 2:
                    term *= row
                total += term
        return total


def noise_of(
    seed: int, generation: int, individual: int, weights: int, antithetic: bool
) -> NDArray[np.float32]:
    """The noise of one individual, as `Noise.draw` has it in its row."""
    row = np.empty(weights, np.float32)
    _fill(row, seed, generation, individual // 2 if antithetic else individual)
    return -row if antithetic and individual % 2 else row


def _fill(row: NDArray[np.float32], seed: int, generation: int, place: int) -> None:
    stream(seed, Role.BREED, generation, place).standard_normal(out=row, dtype=np.float32)
