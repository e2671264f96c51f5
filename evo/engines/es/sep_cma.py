"""Separable CMA-ES: covariance matrix adaptation of the diagonal alone.

The algorithm is that of Ros & Hansen (2008). Time and memory grow with the number of weights n, not
with its square. Without the entries off the diagonal, the scales are learnt some n times faster.
One update:

1. Recombine the better half with weights w that fall with the logarithm of the rank:
   mean += deviations x shift, shift = sum of w x noise.
2. Step-size path: p_sigma sums the last shifts. If it is longer than under random selection, the
   steps point the same way, and sigma grows. If it is shorter, they cancel, and sigma shrinks
   (cumulative step-size adaptation).
3. The scale of a weight grows where the path p_c and the better individuals lie further out than
   under random selection. It shrinks where the worse ones do (active update, Jastrebski & Arnold
   2006): scale *= 2^(1/2 x (c1 (p_c^2 - 1) + cmu sum of w (noise^2 - 1))).

Constants and the exponential form of step 3 are those of pycma 4.5 with its option
`CMA_diagonal=True` (Hansen et al., github.com/CMA-ES/pycma), from 6 individuals on. With fewer,
pycma mirrors some individuals. The constants assume independent noise: antithetic pairs would
cancel in the path, and sigma would shrink without a reason.

Individuals with equal scores share weights, which changes the effective number of parents. The
shift is therefore normalised by the shared weights, so that sigma does not drift on a plateau.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from evo.core.state import Count, State
from evo.engines.es.noise import Noise
from evo.engines.es.strategy import Credit, Strategy, norm, shaped
from genomes.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Constants:
    """The strategy parameters, by their names in the literature."""

    weights: FloatArray  # (individuals,) by rank; the positive sum to 1, the negative counterweigh
    mueff: float  # variance-effective number of parents
    cs: float  # rate of the step-size path
    damping: float  # of sigma
    cc: float  # rate of the covariance path
    c1: float  # rate of the covariance path's update (rank one)
    cmu: float  # rate of the individuals' update (rank mu)
    expected_length: float  # of a standard normal vector

    @classmethod
    def of(cls, n: int, individuals: int) -> Self:
        """Return the constants of a search.

        Args:
            n: Number of weights.
            individuals: Individuals per generation.
        """
        raw = math.log((individuals + 1) / 2) - np.log(np.arange(1, individuals + 1))
        positive, negative = np.maximum(raw, 0.0), np.maximum(-raw, 0.0)
        mueff = positive.sum() ** 2 / np.square(positive).sum()
        mueff_negative = negative.sum() ** 2 / np.square(negative).sum()

        c1 = 1.0 / (n + 2.0 * math.sqrt(n) + mueff / n)
        cmu = (0.25 + mueff + 1.0 / mueff - 2.0) / (n + 4.0 * math.sqrt(n) + mueff / 2.0)
        cmu = min(1.0 - c1, cmu)
        cc = (1.0 + 1.0 / n + mueff / n) / (math.sqrt(n) + 1.0 / n + 2.0 * mueff / n)
        cs = min(0.5, (mueff + 2.0) / (n + mueff + 3.0))
        # Many parents in few dimensions make shifts permanently long: damp sigma more.
        inner = max(1.0, 3.0 * (1.0 - 0.5 ** (n / 9.0)))
        excess = inner * math.sqrt((mueff - 1.0) / (n + 1.0)) - 1.0
        damping = 1.0 + 2.0 * max(0.0, excess) + cs

        # Keeps the scales constant under random selection, within the limit of the effective
        # number of negative weights.
        counterweight = min(1.0 + c1 / cmu, 1.0 + 2.0 * mueff_negative / (mueff + 2.0))
        weights = positive / positive.sum() - counterweight * negative / negative.sum()
        length = math.sqrt(2.0) * math.exp(math.lgamma((n + 1) / 2) - math.lgamma(n / 2))
        return cls(weights, float(mueff), cs, damping, cc, c1, cmu, length)


class SepCMA(Strategy):
    """See the module's docstring."""

    def __init__(self, mean: FloatArray, sigma: float, individuals: int) -> None:
        super().__init__(mean, sigma, individuals)
        self.constants = Constants.of(len(self.mean), individuals)
        self.scales = np.ones(len(self.mean))
        self.sigma_path = np.zeros(len(self.mean))
        self.scale_path = np.zeros(len(self.mean))
        self.updates = 0

    @property
    def deviations(self) -> FloatArray:
        """See `Strategy.deviations`."""
        deviations: FloatArray = self.sigma * self.scales
        return deviations

    def _update(self, noise: Noise, scores: FloatArray, credit: Credit | None) -> None:
        c, n = self.constants, len(self.mean)
        self.updates += 1
        parents = shaped(scores, np.maximum(c.weights, 0.0))
        shift = noise.weighted(parents)
        self.gradient_norm = norm(shift)
        self.mean = self.mean + self.deviations * shift

        # Unit variance under random selection.
        shift *= 1.0 / math.sqrt(np.square(parents).sum())
        self.sigma_path = (1.0 - c.cs) * self.sigma_path + math.sqrt(c.cs * (2.0 - c.cs)) * shift
        length = norm(self.sigma_path)
        # While sigma is far too small, only the step-size path takes the shifts.
        begun = 1.0 - (1.0 - c.cs) ** (2 * self.updates)
        stalls = length**2 / begun / n - 1.0 >= 1.0 + 4.0 / (n + 1.0)
        self.scale_path = (1.0 - c.cc) * self.scale_path
        if not stalls:
            self.scale_path = self.scale_path + math.sqrt(c.cc * (2.0 - c.cc)) * shift
        # A stalled path loses variance; its rate compensates.
        c1 = c.c1 * (1.0 - c.cc * (2.0 - c.cc)) if stalls else c.c1

        shares = c.cmu * shaped(scores, c.weights)
        growth = c1 * (np.square(self.scale_path) - 1.0)
        growth += noise.weighted_squares(shares) - shares.sum()
        self.scales = self.scales * np.exp(math.log(2.0) / 2.0 * growth)
        self.sigma *= math.exp(min(1.0, c.cs / c.damping * (length / c.expected_length - 1.0)))

    def state(self) -> State:
        """See `Strategy.state`."""
        arrays = {
            "scales": self.scales,
            "sigma_path": self.sigma_path,
            "scale_path": self.scale_path,
        }
        return super().state() | State(arrays, {"updates": self.updates})

    def restore(self, state: State) -> None:
        """See `Strategy.restore`."""
        super().restore(state)
        self.scales = state.array("scales", np.float64, self.mean.shape)
        self.sigma_path = state.array("sigma_path", np.float64, self.mean.shape)
        self.scale_path = state.array("scale_path", np.float64, self.mean.shape)
        self.updates = state.value("updates", Count)
