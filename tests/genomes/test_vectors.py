"""Vectors compute in every lane what NumPy does."""

import numpy as np
import pytest

from genomes.kernels import kernel
from genomes.vectors import LANES, fused, larger, load, minus, number, plus, spread, store, times


@kernel
def _combined(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Apply every operation once, to the second row of every array."""
    x, y = load(a, LANES), load(b, LANES)
    factor = spread(number(b, 3))
    total = plus(times(x, factor), larger(minus(x, y), y))
    store(total, out, LANES)


@kernel
def _fused_rows(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    store(fused(load(a, 0), load(b, 0), spread(number(a, 5))), out, 0)
    for lane in range(LANES):
        out[1, lane] = fused(a[1, lane], b[1, lane], a[0, 5])


def rows(dtype: type) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    return tuple(random.standard_normal((3, LANES)).astype(dtype) for _ in range(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_lane_is_rounded_as_one_number_and_no_other_is_touched(dtype: type) -> None:
    a, b = rows(dtype)
    a[1, 4], b[1, 5] = np.nan, np.inf
    out = np.full((3, LANES), dtype(7))
    _combined(a, b, out)
    x, y = a[1], b[1]
    np.testing.assert_array_equal(out[1], x * b[0, 3] + np.where(y > x - y, y, x - y))
    assert (out[0] == 7).all()
    assert (out[2] == 7).all()


def test_fused_numbers_are_rounded_once_in_vectors_and_alone() -> None:
    a, b = rows(np.float32)
    out = np.zeros((3, LANES), np.float32)
    _fused_rows(a, b, out)
    exact = a[:2].astype(np.longdouble) * b[:2] + np.longdouble(a[0, 5])
    np.testing.assert_array_equal(out[:2], exact.astype(np.float32))
