"""Addressed noise: a function of seed, generation and individual.

Row i of a generation is drawn from the stream addressed by (seed, generation, i). With the mean and
the deviations, this makes an individual again at any time (`noise_of`), in a worker or in a
restored engine. There is no generator state to save, and a checkpoint needs no population.

Antithetic noise comes in pairs: individual 2k has the noise of stream k, and individual 2k + 1 its
negation. An offset in both scores of a pair then cancels in the gradient.

Memory order: a float32 array (streams, weights), one row per stream. Sums over individuals are
computed row by row in float64. A matrix product would depend on the number of threads, and would
need a second copy of the array.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from evo.core.seeds import Role, stream
from genomes.arrays import FloatArray, Indices, Singles


@dataclass(frozen=True, eq=False)
class Noise:
    """The standard normal noise of a generation's n individuals."""

    drawn: Singles  # (streams, weights)
    antithetic: bool = False

    @classmethod
    def draw(
        cls, seed: int, generation: int, individuals: int, weights: int, antithetic: bool
    ) -> Self:
        """Draw the noise of a generation.

        Args:
            seed: Random seed of the run.
            generation: The generation.
            individuals: Number of individuals; even with antithetic noise.
            weights: Number of weights per individual.
            antithetic: Draw pairs of opposite noise.

        Raises:
            ValueError: If the number of individuals is odd with antithetic noise.
        """
        if antithetic and individuals % 2:
            raise ValueError(f"antithetic pairs need an even number, got {individuals}")
        drawn = np.empty((individuals // 2 if antithetic else individuals, weights), np.float32)
        for index, row in enumerate(drawn):
            _fill(row, seed, generation, index)
        return cls(drawn, antithetic)

    def __len__(self) -> int:
        return len(self.drawn) * (2 if self.antithetic else 1)

    def rows(self) -> Iterator[Singles]:
        """Yield the noise of every individual, float32 (weights,) each."""
        for row in self.drawn:
            yield row
            if self.antithetic:
                yield -row

    def weighted(self, shares: FloatArray) -> FloatArray:
        """Return the sum over individuals of share times noise.

        Args:
            shares: float64 (n,), a factor per individual.

        Returns:
            float64 (weights,).
        """
        if self.antithetic:
            shares = shares[0::2] - shares[1::2]
        return self._sum(shares, 1)

    def at(self, indices: Indices) -> Self:
        """Return the noise of some weights, by their indices."""
        return type(self)(self.drawn[:, indices], self.antithetic)

    def weighted_squares(self, shares: FloatArray) -> FloatArray:
        """Return the sum over individuals of share times squared noise.

        Args:
            shares: float64 (n,), a factor per individual.

        Returns:
            float64 (weights,).
        """
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
) -> Singles:
    """Return the noise of one individual, as in `Noise.draw`.

    Args:
        seed: Random seed of the run.
        generation: The generation.
        individual: Index of the individual.
        weights: Number of weights.
        antithetic: Whether individuals come in pairs of opposite noise.

    Returns:
        float32 (weights,).
    """
    row = np.empty(weights, np.float32)
    _fill(row, seed, generation, individual // 2 if antithetic else individual)
    return -row if antithetic and individual % 2 else row


def _fill(row: Singles, seed: int, generation: int, index: int) -> None:
    stream(seed, Role.BREED, generation, index).standard_normal(out=row, dtype=np.float32)
