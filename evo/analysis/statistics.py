"""What can be said of a few runs: success with an interval, expected running time, and tests.

- Success: k of n runs, with the score interval of Wilson ("Probable inference, the law of
  succession, and statistical inference", 1927), which stays within 0 and 1 for few runs.
- Expected running time (Hansen, Auger, Ros, Mersmann, Tusar & Brockhoff, "COCO: a platform for
  comparing continuous optimizers in a black-box setting", 2021): what all runs have spent, those
  without success whole, divided by the successes. It is what restarts until a success would cost.
- Two groups: the rank test of Mann & Whitney ("On a test of whether one of two random variables is
  stochastically larger than the other", 1947), by the exact permutation distribution of the ranks
  they have, ties included, and for many values by the normal approximation with the correction for
  ties and for continuity; and Fisher's exact test of the numbers of successes.
"""

from collections.abc import Sequence
from math import comb, erfc, inf, isnan, nan, sqrt

import numpy as np
from numpy.typing import NDArray

# Together; the exact distribution of more values takes long, and the normal one is near enough.
MOST_EXACT = 100
_HALF_WIDTH = 1.959963984540054  # normal quantile of a 95 % interval


def wilson(successes: int, runs: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a success rate; (0, 1) where there were no runs."""
    if not 0 <= successes <= runs:
        raise ValueError(f"successes must be from 0 to {runs}, got {successes}")
    if not runs:
        return 0.0, 1.0
    square = _HALF_WIDTH**2
    rate = successes / runs
    middle = (rate + square / (2 * runs)) / (1 + square / runs)
    spread = _HALF_WIDTH * sqrt(rate * (1 - rate) / runs + square / (4 * runs**2))
    spread /= 1 + square / runs
    low = 0.0 if successes == 0 else middle - spread
    return low, 1.0 if successes == runs else middle + spread


def expected_running_time(spent: Sequence[float], successes: int) -> float:
    """What a success costs: `spent` is of every run, up to its success or whole; inf for none."""
    return sum(spent) / successes if successes else inf


def mann_whitney(
    ours: Sequence[float], theirs: Sequence[float], alternative: str = "two-sided"
) -> float:
    """The p-value of ours being like theirs, against the alternative.

    The alternatives are "greater" (ours tend to be), "less" and "two-sided"; infinite values are
    ranked like others. nan where one of the groups is empty.
    """
    if alternative not in ("greater", "less", "two-sided"):
        raise ValueError(f"alternative must be greater, less or two-sided, got {alternative!r}")
    values = np.array([*ours, *theirs], np.float64)
    if any(map(isnan, values)):
        raise ValueError("ours and theirs must be numbers, and there is a nan")
    if not len(ours) or not len(theirs):
        return nan
    doubled = _doubled_ranks(values)
    few = min(len(ours), len(theirs))
    # The sum of the smaller group's ranks says as much.
    mine = doubled[: len(ours)] if len(ours) == few else doubled[len(ours) :]
    if len(values) <= MOST_EXACT:
        low, high = _exact_tails(doubled, few, int(mine.sum()))
    else:
        low, high = _normal_tails(doubled, few, int(mine.sum()))
    if len(ours) != few:  # many of theirs are low where few of ours are high
        low, high = high, low
    if alternative == "two-sided":
        return min(1.0, 2 * min(low, high))
    return high if alternative == "greater" else low


def _doubled_ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Twice the rank of every value from 1, values that are alike having the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks: NDArray[np.int64] = (2 * ends - count + 1)[place]
    return ranks


def _exact_tails(ranks: NDArray[np.int64], few: int, total: int) -> tuple[float, float]:
    """Chances of a sum of `few` of the ranks of at most, and of at least, `total`."""
    # ways[k, s]: how many choices of k of the ranks so far have the sum s.
    ways = np.zeros((few + 1, int(ranks.sum()) + 1))
    ways[0, 0] = 1.0
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    chances = ways[few] / comb(len(ranks), few)
    return float(min(1.0, chances[: total + 1].sum())), float(min(1.0, chances[total:].sum()))


def _normal_tails(ranks: NDArray[np.int64], few: int, total: int) -> tuple[float, float]:
    """The same of the normal distribution with the ranks' mean and variance."""
    n = len(ranks)
    spread = sqrt(few * (n - few) / (n - 1) * float(ranks.var()))
    if not spread:
        return 1.0, 1.0
    away = total - few * float(ranks.mean())
    one = 1.0  # half a rank, doubled
    return _below((away + one) / spread), _below((one - away) / spread)


def _below(z: float) -> float:
    return 0.5 * erfc(-z / sqrt(2))


def fisher_exact(ours: tuple[int, int], theirs: tuple[int, int]) -> float:
    """The two-sided p-value of the same success rate; each is (successes, runs).

    The sum of the chances of all tables, with these sums, that are no likelier than this one.
    """
    (k, n), (other, m) = ours, theirs
    if not (0 <= k <= n and 0 <= other <= m):
        raise ValueError(f"successes must be from 0 to the runs, got {ours} and {theirs}")
    together = k + other
    ways = [comb(n, one) * comb(m, together - one) for one in range(together + 1)]
    return sum(way for way in ways if way <= ways[k]) / comb(n + m, together)
