"""SNES: separable natural evolution strategies (Schaul, Glasmachers & Schmidhuber 2011).

The distribution follows the natural gradient of the expected utility, separately for every weight:

    mean       += learning_rate x deviations x sum of u x noise
    deviations *= exp(sigma_rate / 2 x sum of u x (noise^2 - 1))

The utilities u fall with the logarithm of the rank over the better half, are equal below, and sum
to 0. The deviation of a weight grows if the better individuals lie far from the mean, and shrinks
if they lie close to it.

"High dimensions and heavy tails for natural evolution strategies", GECCO 2011; the defaults are
those of its table 1.
"""

import math

import numpy as np

from evo.core.state import State
from evo.engines.es.noise import Noise
from evo.engines.es.strategy import Credit, Strategy, norm, shaped
from genomes.arrays import FloatArray


class SNES(Strategy):
    """See the module's docstring."""

    def __init__(
        self,
        mean: FloatArray,
        sigma: float,
        individuals: int,
        *,
        learning_rate: float = 1.0,
        sigma_rate: float = 0.0,
        antithetic: bool = False,
    ) -> None:
        """Start at a mean.

        Args:
            mean: float64 (weights,).
            sigma: Initial standard deviation of every weight.
            individuals: Individuals per generation.
            learning_rate: Of the mean; 1 is the natural step.
            sigma_rate: Of the deviations; 0 for (3 + ln weights) / (5 sqrt(weights)).
            antithetic: Draw individuals in pairs of opposite noise.
        """
        self.antithetic = antithetic
        super().__init__(mean, sigma, individuals)
        self.learning_rate = learning_rate
        self.sigma_rate = sigma_rate or default_sigma_rate(len(self.mean))
        self.utilities = utilities(individuals)
        self._deviations = np.full(len(self.mean), self.sigma)

    @property
    def deviations(self) -> FloatArray:
        """See `Strategy.deviations`."""
        return self._deviations

    def _update(self, noise: Noise, scores: FloatArray, credit: Credit | None) -> None:
        shares = shaped(scores, self.utilities)
        gradient = noise.weighted(shares)
        # The utilities sum to 0, so the 1 of (noise^2 - 1) cancels.
        growth = noise.weighted_squares(shares)
        self.gradient_norm = norm(gradient)
        self.mean = self.mean + self.learning_rate * self._deviations * gradient
        self._deviations = self._deviations * np.exp(0.5 * self.sigma_rate * growth)

    def state(self) -> State:
        """See `Strategy.state`."""
        return super().state() | State({"deviations": self._deviations})

    def restore(self, state: State) -> None:
        """See `Strategy.restore`."""
        super().restore(state)
        self._deviations = state.array("deviations", np.float64, self.mean.shape)


def utilities(individuals: int) -> FloatArray:
    """Return the utilities by rank, best first: float64 (individuals,), sum 0."""
    raw = np.log(individuals / 2 + 1) - np.log(np.arange(1, individuals + 1))
    positive = np.maximum(raw, 0.0)
    shares: FloatArray = positive / positive.sum() - 1.0 / individuals
    return shares


def default_sigma_rate(weights: int) -> float:
    """Return the default learning rate of the deviations for some weights."""
    return (3.0 + math.log(weights)) / (5.0 * math.sqrt(weights))
