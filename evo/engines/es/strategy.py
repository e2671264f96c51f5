"""What all evolution strategies share: a search distribution that moves towards what scores well.

How it is used:

    strategy = SomeStrategy(mean, sigma, individuals, **its_own_settings)
    noise = Noise.draw(seed, generation, individuals, len(mean), strategy.antithetic)
    rows = list(strategy.points(noise))
    strategy.update(noise, scores)          # higher is better, -inf for a failure

A strategy is the mean and the deviations of a normal distribution of independent weights, and
whatever it remembers of its path (moments, paths), all float64. An individual is mean + deviations
x noise; strategies never see individuals again but their noise, and never draw anything.

Rank shaping: where a strategy ranks, the best individual has the first of a falling list of
utilities and so on, and individuals that are alike have the average of theirs, so that no order in
the population matters. Scores are thus only compared, and a failed individual is one that shares
the last place.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo.core.state import Positive, State
from evo.engines.es.noise import Noise
from genomes.arrays import FloatArray


@dataclass(frozen=True)
class Credit:
    """Scores of single outputs, and the weights that lead to one of them alone."""

    scores: FloatArray  # (individuals, outputs), higher is better, -inf for failures
    places: NDArray[np.int64]  # (outputs, weights of one); columns of the noise


class Strategy(ABC):
    """A search distribution over flat vectors; see the module's docstring."""

    antithetic = False  # whether individuals come in pairs of opposite noise

    def __init__(self, mean: FloatArray, sigma: float, individuals: int) -> None:
        """A distribution around `mean` (weights,) with the deviation `sigma` of every weight."""
        if individuals < 2 or (self.antithetic and individuals % 2):
            wanted = "an even number, 2" if self.antithetic else "2"
            raise ValueError(f"individuals must be at least {wanted}, got {individuals}")
        self.mean = np.asarray(mean, np.float64)
        self.sigma = float(sigma)
        self.individuals = individuals
        # Length of the last step's direction, in units of the strategy's own.
        self.gradient_norm = 0.0

    @property
    def deviations(self) -> FloatArray:
        """The deviation of every weight: (weights,), or (1,) where all are alike."""
        return np.array([self.sigma])

    def points(self, noise: Noise) -> Iterator[FloatArray]:
        """The individuals of this noise, one after the other: float64 (weights,) each."""
        deviations = self.deviations
        for row in noise.rows():
            yield self.mean + deviations * row

    def update(self, noise: Noise, scores: FloatArray, credit: Credit | None = None) -> None:
        """Move towards the noise that scored well; `scores` is (individuals,), -inf for failures.

        What is not finite is a failure. A generation of which nobody was scored changes nothing.
        `credit` is for strategies that can judge some weights by scores of their own (OpenAI-ES);
        the others go by `scores` alone.
        """
        if len(scores) != len(noise):
            raise ValueError(f"{len(scores)} scores came for {len(noise)} rows of noise")
        finite = np.isfinite(scores)
        if finite.any():
            self._update(noise, np.where(finite, scores, -np.inf), credit)

    @abstractmethod
    def _update(self, noise: Noise, scores: FloatArray, credit: Credit | None) -> None:
        """Replace mean and deviations (never in place: states share them)."""

    def state(self) -> State:
        """Everything the next generation depends on."""
        values = {"sigma": self.sigma, "gradient_norm": self.gradient_norm}
        return State({"mean": self.mean}, values)

    def restore(self, state: State) -> None:
        """Take the state of a strategy that was made with the same settings."""
        self.mean = state.array("mean", np.float64, self.mean.shape)
        self.sigma = state.value("sigma", Positive)
        self.gradient_norm = state.value("gradient_norm", Positive)


def norm(vector: FloatArray) -> float:
    """The Euclidean length, by a sum that does not depend on the number of threads."""
    return float(np.sqrt(np.square(vector).sum()))


def shaped(scores: FloatArray, utilities: FloatArray) -> FloatArray:
    """The utility of every individual: the first for the best, averages for those alike.

    `scores` and `utilities` are (n,); the sum over all stays what it was.
    """
    _, place, count = np.unique(-scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    sums = np.add.reduceat(utilities, ends - count)
    averages: FloatArray = (sums / count)[place]
    return averages


def centred_ranks(scores: FloatArray) -> FloatArray:
    """Ranks from 1/2 for the best to -1/2 for the worst, evenly spaced: (n,), their sum is 0."""
    return shaped(scores, np.linspace(0.5, -0.5, len(scores)))
