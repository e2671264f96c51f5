"""The contract of evolution strategies: a search distribution that follows the scores.

Usage:

    strategy = SomeStrategy(mean, sigma, individuals, **its_own_settings)
    noise = Noise.draw(seed, generation, individuals, len(mean), strategy.antithetic)
    rows = list(strategy.points(noise))
    strategy.update(noise, scores)          # higher is better, -inf for a failure

A strategy holds the mean and the deviations of independent normal weights, and its own memory
(moments, paths), all float64. An individual is mean + deviations x noise. A strategy updates from
the noise and the scores alone, and draws nothing itself.

Rank shaping: the best individual gets the first of a falling list of utilities, the next the
second, and so on. Equal scores share the average of theirs, so the order of the population has no
effect. Scores are only compared. Failed individuals share the last rank.
"""

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evo.core.errors import BreedingError
from evo.core.state import Positive, State
from evo.engines.es.noise import Noise
from genomes.arrays import FloatArray, Indices


@dataclass(frozen=True)
class Credit:
    """Scores per output, and the weights that lead to one output alone."""

    scores: FloatArray  # (individuals, outputs), higher is better, -inf for failures
    indices: Indices  # (outputs, weights per output); columns of the noise


class Strategy(ABC):
    """A search distribution over flat vectors; see the module's docstring."""

    antithetic = False  # whether individuals come in pairs of opposite noise

    def __init__(self, mean: FloatArray, sigma: float, individuals: int) -> None:
        """Start at a mean.

        Args:
            mean: float64 (weights,).
            sigma: Standard deviation of every weight.
            individuals: Individuals per generation.

        Raises:
            ValueError: If there are too few individuals, or an odd number with antithetic noise.
        """
        if individuals < 2 or (self.antithetic and individuals % 2):
            minimum = "an even number, 2" if self.antithetic else "2"
            raise ValueError(f"individuals must be at least {minimum}, got {individuals}")
        self.mean = np.asarray(mean, np.float64)
        self.sigma = float(sigma)
        self.individuals = individuals
        # Norm of the last step's direction, in units of the strategy.
        self.gradient_norm = 0.0

    @property
    def deviations(self) -> FloatArray:
        """The deviation of every weight: (weights,), or (1,) if all are equal."""
        return np.array([self.sigma])

    def points(self, noise: Noise) -> Iterator[FloatArray]:
        """Yield the individuals of this noise, float64 (weights,) each."""
        deviations = self.deviations
        for row in noise.rows():
            yield self.mean + deviations * row

    def update(self, noise: Noise, scores: FloatArray, credit: Credit | None = None) -> None:
        """Move towards the noise with high scores.

        If all individuals failed, nothing changes.

        Args:
            noise: The noise of the individuals.
            scores: float64 (individuals,); a number that is not finite is a failure.
            credit: Scores for some weights alone. Only OpenAI-ES uses them.

        Raises:
            ValueError: If the number of scores is not the number of individuals.
            BreedingError: If the search diverges.
        """
        if len(scores) != len(noise):
            raise ValueError(f"{len(scores)} scores came for {len(noise)} rows of noise")
        finite = np.isfinite(scores)
        if finite.any():
            with np.errstate(over="ignore", invalid="ignore"):
                self._update(noise, np.where(finite, scores, -np.inf), credit)
            if self.has_diverged:
                raise BreedingError(
                    "es: the search has diverged, its mean or its deviations are not finite; "
                    "choose a smaller es.strategy.sigma or learning rate"
                )

    @property
    def has_diverged(self) -> bool:
        """Whether mean or deviations are not finite."""
        return not (np.isfinite(self.mean).all() and np.isfinite(self.deviations).all())

    @abstractmethod
    def _update(self, noise: Noise, scores: FloatArray, credit: Credit | None) -> None:
        """Replace mean and deviations, never in place, because states share them."""

    def state(self) -> State:
        """Return everything that the next generation depends on."""
        values = {"sigma": self.sigma, "gradient_norm": self.gradient_norm}
        return State({"mean": self.mean}, values)

    def restore(self, state: State) -> None:
        """Take the state of a strategy with the same settings.

        Raises:
            ValueError: If the state does not fit.
        """
        self.mean = state.array("mean", np.float64, self.mean.shape)
        self.sigma = state.value("sigma", Positive)
        self.gradient_norm = state.value("gradient_norm", Positive)


def norm(vector: FloatArray) -> float:
    """Return the Euclidean norm, independent of the number of threads.

    It is the largest float if the sum overflows or is nan.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = float(np.sqrt(np.square(vector).sum()))
    return found if math.isfinite(found) else sys.float_info.max


def shaped(scores: FloatArray, utilities: FloatArray) -> FloatArray:
    """Return the utility of every individual; equal scores share the average.

    Args:
        scores: (n,), higher is better.
        utilities: (n,), by rank, best first.

    Returns:
        float64 (n,); the sum is that of the utilities.
    """
    _, index, count = np.unique(-scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    sums = np.add.reduceat(utilities, ends - count)
    averages: FloatArray = (sums / count)[index]
    return averages


def centred_ranks(scores: FloatArray) -> FloatArray:
    """Return ranks from 1/2 (best) to -1/2 (worst), evenly spaced.

    Args:
        scores: (n,), higher is better.

    Returns:
        float64 (n,), sum 0.
    """
    return shaped(scores, np.linspace(0.5, -0.5, len(scores)))
