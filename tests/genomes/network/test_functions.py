"""The fast hyperbolic tangent equals the library's."""

import math
from typing import Any

import numpy as np
from numba import njit

from genomes.network.functions import tanh


@njit
def _tanh(values: Any) -> Any:
    results = np.empty_like(values)
    for i in range(len(values)):
        results[i] = tanh(values[i])
    return results


def test_tanh_is_the_librarys_to_thirteen_digits() -> None:
    sizes = np.concatenate(
        [
            np.linspace(0.0, 0.04, 20_001),  # around the border between series and exponential
            np.linspace(0.04, 20.0, 20_000),
            np.geomspace(1e-300, 1e300, 2001),
            np.nextafter(0.02, [0.0, 1.0]),
        ]
    )
    values = np.concatenate([sizes, -sizes])
    wanted = np.array([math.tanh(value) for value in values])
    np.testing.assert_allclose(_tanh(values), wanted, rtol=1e-13, atol=0)


def test_tanh_keeps_signed_zero_infinity_and_nan() -> None:
    got = _tanh(np.array([0.0, -0.0, math.inf, -math.inf, math.nan]))
    assert got[:4].tolist() == [0.0, 0.0, 1.0, -1.0]
    assert math.copysign(1.0, got[1]) == -1.0
    assert math.isnan(got[4])
