"""The fitness-weighted mean, a baseline strategy of the original research.

The next mean is the average of the individuals, weighted by their scores above the worst:

    mean += sigma x sum of w x noise,    w = (score - worst) / sum of (score - worst)

Scores count by value, not by rank: one outlier dominates, and adding a constant changes nothing.
Failed individuals have weight 0. Equal scores give equal weights. Sigma shrinks by `sigma_decay`
per generation.
"""

import numpy as np

from evo.engines.es.noise import Noise
from evo.engines.es.strategy import Credit, Strategy, norm
from genomes.arrays import FloatArray


class WeightedMean(Strategy):
    """See the module's docstring."""

    def __init__(
        self, mean: FloatArray, sigma: float, individuals: int, *, sigma_decay: float = 0.99
    ) -> None:
        super().__init__(mean, sigma, individuals)
        self.sigma_decay = sigma_decay

    def _update(self, noise: Noise, scores: FloatArray, credit: Credit | None) -> None:
        step = noise.weighted(score_weights(scores))
        self.gradient_norm = norm(step)
        self.mean = self.mean + self.sigma * step
        self.sigma *= self.sigma_decay


def score_weights(scores: FloatArray) -> FloatArray:
    """Return the weight of every individual in the mean.

    Args:
        scores: (n,), at least one of them finite.

    Returns:
        float64 (n,), from 0, sum 1.
    """
    finite = np.isfinite(scores)
    good = scores[finite]
    # Halve before subtracting: the difference of the largest numbers would overflow.
    above = np.zeros(len(scores))
    above[finite] = good / 2 - good.min() / 2
    highest = above.max()
    weights = above / highest if highest > 0.0 else finite.astype(np.float64)
    shares: FloatArray = weights / weights.sum()
    return shares
