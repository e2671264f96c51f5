"""Statistics of runs: compared with published numbers, brute force and scipy."""

from itertools import combinations
from math import inf, isnan, nan

import numpy as np
import pytest

from evo.analysis import statistics
from evo.analysis.statistics import expected_running_time, fisher_exact, mann_whitney, wilson


@pytest.mark.parametrize(("successes", "runs", "low", "high"), [
    (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634),
    (15, 20, 0.5313, 0.8881), (1, 1, 0.2065, 1.0),
])  # fmt: skip
def test_wilsons_interval_is_that_of_the_tables(
    successes: int, runs: int, low: float, high: float
) -> None:
    assert wilson(successes, runs) == pytest.approx((low, high), abs=5e-5)


def test_statistics_of_no_runs_are_the_least_informative_values() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert expected_running_time([100.0, 100.0], 0) == inf
    assert isnan(mann_whitney([], [1.0]))
    assert fisher_exact((0, 0), (0, 5)) == 1.0


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(3, 2)
    with pytest.raises(ValueError, match="successes"):
        fisher_exact((3, 2), (0, 1))
    with pytest.raises(ValueError, match="nan"):
        mann_whitney([nan], [1.0])
    with pytest.raises(ValueError, match="bigger"):
        mann_whitney([2.0], [1.0], "bigger")


def test_runs_without_success_count_whole_in_the_expected_running_time() -> None:
    assert expected_running_time([50.0, 150.0, 1000.0, 1000.0], 2) == 1100.0


def by_counting(ours: list[float], theirs: list[float], alternative: str) -> float:
    """Return the p-value by trying every way to divide the values."""
    values = np.array([*ours, *theirs])
    pairs = (values[:, None] > values) + 0.5 * (values[:, None] == values)

    def u(chosen: tuple[int, ...]) -> float:
        others = [place for place in range(len(values)) if place not in chosen]
        return float(pairs[np.ix_(chosen, others)].sum())

    found = u(tuple(range(len(ours))))
    all_of_them = [u(chosen) for chosen in combinations(range(len(values)), len(ours))]
    low = float(np.mean([one <= found for one in all_of_them]))
    high = float(np.mean([one >= found for one in all_of_them]))
    tails = {"less": low, "greater": high, "two-sided": min(1.0, 2 * min(low, high))}
    return tails[alternative]


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_mann_whitney_is_the_permutation_test_of_the_ranks(alternative: str) -> None:
    random = np.random.default_rng(1)
    for ours, theirs in ((1, 1), (3, 5), (5, 3), (4, 4), (6, 2)):
        for ties in (3, 100):
            one = random.integers(ties, size=ours).astype(float).tolist()
            two = (random.integers(ties, size=theirs) + 0.0).tolist()
            two[0] = inf
            wanted = by_counting(one, two, alternative)
            assert mann_whitney(one, two, alternative) == pytest.approx(wanted, abs=1e-12)


def test_ten_runs_that_are_all_better_are_significant() -> None:
    """1 of the 184,756 ways to divide twenty values in two."""
    better, worse = list(range(10, 20)), list(range(10))
    assert mann_whitney(better, worse, "greater") == pytest.approx(1 / 184_756)
    assert mann_whitney(worse, better, "greater") == 1.0
    assert mann_whitney(better, worse) == pytest.approx(2 / 184_756)


def test_values_that_are_all_alike_differ_in_nothing() -> None:
    for count in (4, 80):
        for alternative in ("greater", "less", "two-sided"):
            assert mann_whitney([1.0] * count, [1.0] * count, alternative) == 1.0


@pytest.mark.parametrize("ties", [5, 10_000])
def test_many_values_are_judged_by_nearly_the_same_normal_distribution(
    ties: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(2)
    ours = random.integers(ties, size=40) + ties / 10
    theirs = random.integers(ties, size=55).astype(float)
    for alternative in ("greater", "less", "two-sided"):
        monkeypatch.setattr(statistics, "MAX_EXACT", 1000)
        exact = mann_whitney(ours.tolist(), theirs.tolist(), alternative)
        monkeypatch.setattr(statistics, "MAX_EXACT", 0)
        normal = mann_whitney(ours.tolist(), theirs.tolist(), alternative)
        assert normal == pytest.approx(exact, rel=0.05)


def test_fishers_exact_test_gives_the_published_probabilities() -> None:
    assert fisher_exact((3, 4), (1, 4)) == pytest.approx(0.4857, abs=1e-4)
    assert fisher_exact((4, 4), (0, 4)) == pytest.approx(2 / 70)
    assert fisher_exact((10, 10), (0, 10)) == pytest.approx(2 / 184_756)
    assert fisher_exact((0, 10), (10, 10)) == pytest.approx(2 / 184_756)
    assert fisher_exact((2, 4), (2, 4)) == 1.0


def test_both_tests_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not needed, and not installed")
    random = np.random.default_rng(3)
    for _ in range(20):
        ours, theirs = random.random(9), random.random(12) + 0.2
        for alternative in ("greater", "less", "two-sided"):
            known = stats.mannwhitneyu(ours, theirs, alternative=alternative, method="exact")
            assert mann_whitney(ours, theirs, alternative) == pytest.approx(known.pvalue)
        many, others = random.integers(9, size=70), random.integers(11, size=60)
        for alternative in ("greater", "less", "two-sided"):
            known = stats.mannwhitneyu(many, others, alternative=alternative, method="asymptotic")
            assert mann_whitney(many, others, alternative) == pytest.approx(known.pvalue)
        k, n, other, m = 3, 10, int(random.integers(13)), 12
        table = [[k, n - k], [other, m - other]]
        assert fisher_exact((k, n), (other, m)) == pytest.approx(stats.fisher_exact(table).pvalue)
