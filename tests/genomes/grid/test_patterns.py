"""Shared bars and two-bar patterns are counted as a plain comparison counts them."""

from itertools import pairwise

import numpy as np
import pytest

from genomes.arrays import BoolArray
from genomes.errors import GenomeError
from genomes.grid.cells import GridRates
from genomes.grid.patterns import MIN_NOTES, MIN_PATTERN, shared_patterns

STEPS, KEYS, BAR = 34, 6, 8


def rates(planes: int = 1) -> GridRates:
    even = np.array([0.25, 0.5, 0.75, 1.0])
    return GridRates(
        STEPS, planes * KEYS, BAR, 1, 1, 0.3, 0.3, 0.0, even, 1.0, 0.0, np.ones(13), 0.5, planes
    )


def patterns(grid: BoolArray) -> list[tuple[int, object]]:
    """Return every pattern of a grid (steps, keys) that counts, with repetitions."""
    bars = [np.argwhere(grid[at : at + BAR]) for at in range(0, STEPS - BAR + 1, BAR)]
    found: list[tuple[int, object]] = [(1, bar.tobytes()) for bar in bars if len(bar) >= MIN_NOTES]
    for one, two in pairwise(bars):
        both = np.concatenate([one, two + np.array([BAR, 0])])
        if len(one) and len(two) and len(both) >= MIN_PATTERN:
            found.append((2, (both - np.array([0, both[0, 1]])).tobytes()))
    return found


@pytest.mark.parametrize("planes", [1, 2])
def test_patterns_of_earlier_islands_are_counted(planes: int) -> None:
    random = np.random.default_rng(1)
    bars = random.random((6, BAR, KEYS)) < 0.08
    bars[1] = np.roll(bars[0], 1, axis=1)  # in another key
    onsets = np.zeros((60, STEPS, KEYS), np.bool_)
    onsets[:, : 4 * BAR] = bars[random.integers(6, size=(60, 4))].reshape(60, 4 * BAR, KEYS)
    grids = onsets if planes == 1 else np.concatenate([onsets, ~onsets], axis=2)
    rows = np.ascontiguousarray(grids).reshape(60, -1)
    belongs = np.arange(60) % 4
    for later in (False, True):
        counts = shared_patterns(rates(planes), rows, belongs, rows[:4], later)
        for grid, island, count in zip(onsets, belongs, counts, strict=True):
            others = [k for k in range(4) if k < island or (later and k > island)]
            known = {one for k in others for one in patterns(onsets[k])}
            assert count == sum(one in known for one in patterns(grid))
        assert counts.max() > 3
        assert (counts[belongs == 0] == 0).all() != later


def test_arrays_that_do_not_fit_are_refused() -> None:
    rows = np.zeros((2, STEPS * KEYS), np.bool_)
    with pytest.raises(GenomeError, match="best must be"):
        shared_patterns(rates(), rows, np.zeros(2, np.int64), rows[:, 1:].copy(), False)
    with pytest.raises(GenomeError, match="an island for each grid"):
        shared_patterns(rates(), rows, np.zeros(1, np.int64), rows, False)
