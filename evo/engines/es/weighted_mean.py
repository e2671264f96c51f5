"""The fitness-weighted mean: the naive strategy of the original research, kept as the baseline.

The next mean is the average of the individuals, each weighted by how much better its score is than
the worst:

    mean += sigma x sum of w x noise,    w = (score - worst) / sum of (score - worst)

Scores count by their size, not by their rank: one outlier takes all, and a constant added changes
nothing. Failed individuals have no weight; where all are alike, all have the same. Sigma shrinks by
`sigma_decay` a generation.
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
    """The weight of every individual in the mean: (n,), from 0, summing to 1.

    At least one score must be finite.
    """
    finite = np.isfinite(scores)
    good = scores[finite]
    # Halved before they are subtracted: the difference of the largest numbers overflows.
    above = np.zeros(len(scores))
    above[finite] = good / 2 - good.min() / 2
    most = above.max()
    weights = above / most if most > 0.0 else finite.astype(np.float64)
    shares: FloatArray = weights / weights.sum()
    return shares
