"""Statistics of few runs: success intervals, expected running time, and tests.

- Success of k in n runs: the score interval of Wilson ("Probable inference, the law of succession,
  and statistical inference", 1927). It stays within 0 and 1 for few runs.
- Expected running time (Hansen, Auger, Ros, Mersmann, Tusar & Brockhoff, "COCO: a platform for
  comparing continuous optimizers in a black-box setting", 2021): the cost of all runs, divided by
  the number of successes. It estimates the cost of restarting until a success.
- Rank test of two groups: Mann & Whitney ("On a test of whether one of two random variables is
  stochastically larger than the other", 1947). It uses the exact permutation distribution with
  ties. For many values it uses the normal approximation, corrected for ties and continuity.
- Test of two success counts: Fisher's exact test.
"""

from collections.abc import Sequence
from math import comb, erfc, inf, isnan, nan, sqrt

import numpy as np

from genomes.arrays import FloatArray, IntArray

# Values of both groups; above this the exact test is slow and the normal one close enough.
MAX_EXACT = 100
_HALF_WIDTH = 1.959963984540054  # normal quantile of a 95 % interval


def wilson(successes: int, runs: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a success rate; (0, 1) without runs.

    Args:
        successes: number of successful runs.
        runs: number of runs.

    Raises:
        ValueError: if `successes` is not in 0 to `runs`.
    """
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
    """Return the expected cost per success; inf without successes.

    Args:
        spent: cost of every run, up to success or in total.
        successes: number of successful runs.
    """
    return sum(spent) / successes if successes else inf


def mann_whitney(
    ours: Sequence[float], theirs: Sequence[float], alternative: str = "two-sided"
) -> float:
    """Return the p-value of the Mann-Whitney U test.

    Args:
        ours: numbers of one group; infinite values are ranked like others.
        theirs: numbers of the other group.
        alternative: "greater" (ours tend to be greater), "less" or "two-sided".

    Returns:
        The p-value; nan if a group is empty.

    Raises:
        ValueError: if the alternative is unknown or a value is nan.
    """
    if alternative not in ("greater", "less", "two-sided"):
        raise ValueError(f"alternative must be greater, less or two-sided, got {alternative!r}")
    values = np.array([*ours, *theirs], np.float64)
    if any(map(isnan, values)):
        raise ValueError("ours and theirs must not contain nan")
    if not len(ours) or not len(theirs):
        return nan
    doubled = _doubled_ranks(values)
    size = min(len(ours), len(theirs))
    # The rank sum of the smaller group is equivalent, and faster.
    mine = doubled[: len(ours)] if len(ours) == size else doubled[len(ours) :]
    if len(values) <= MAX_EXACT:
        low, high = _exact_tails(doubled, size, int(mine.sum()))
    else:
        low, high = _normal_tails(doubled, size, int(mine.sum()))
    if len(ours) != size:  # their rank sum is low if ours is high
        low, high = high, low
    if alternative == "two-sided":
        return min(1.0, 2 * min(low, high))
    return high if alternative == "greater" else low


def _doubled_ranks(values: FloatArray) -> IntArray:
    """Return twice the rank of every value from 1; ties get their mean rank."""
    _, index, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks: IntArray = (2 * ends - count + 1)[index]
    return ranks


def _exact_tails(ranks: IntArray, size: int, total: int) -> tuple[float, float]:
    """Return the exact probabilities of a rank sum <= and >= `total`."""
    # ways[k, s]: number of subsets of k ranks so far with sum s.
    ways = np.zeros((size + 1, int(ranks.sum()) + 1))
    ways[0, 0] = 1.0
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    chances = ways[size] / comb(len(ranks), size)
    return float(min(1.0, chances[: total + 1].sum())), float(min(1.0, chances[total:].sum()))


def _normal_tails(ranks: IntArray, size: int, total: int) -> tuple[float, float]:
    """Return the tail probabilities by the normal approximation."""
    n = len(ranks)
    spread = sqrt(size * (n - size) / (n - 1) * float(ranks.var()))
    if not spread:
        return 1.0, 1.0
    away = total - size * float(ranks.mean())
    half = 1.0  # continuity correction: half a rank, doubled
    return _below((away + half) / spread), _below((half - away) / spread)


def _below(z: float) -> float:
    return 0.5 * erfc(-z / sqrt(2))


def fisher_exact(ours: tuple[int, int], theirs: tuple[int, int]) -> float:
    """Return the two-sided p-value of Fisher's exact test.

    It sums the probabilities of all tables with these margins that are at most as likely as this
    one.

    Args:
        ours: (successes, runs) of one group.
        theirs: (successes, runs) of the other group.

    Raises:
        ValueError: if successes are not in 0 to the runs.
    """
    (k, n), (other, m) = ours, theirs
    if not (0 <= k <= n and 0 <= other <= m):
        raise ValueError(f"successes must be from 0 to the runs, got {ours} and {theirs}")
    together = k + other
    ways = [comb(n, i) * comb(m, together - i) for i in range(together + 1)]
    return sum(way for way in ways if way <= ways[k]) / comb(n + m, together)
