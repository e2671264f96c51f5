"""The exponential function of kernels is the C library's."""

import math

import numpy as np

from genomes.exponential import exp
from genomes.kernels import kernel


@kernel
def powers(values: np.ndarray) -> np.ndarray:
    results = np.empty_like(values)
    for i in range(len(values)):
        results[i] = exp(values[i])
    return results


def test_it_is_the_librarys_within_one_unit_in_the_last_place() -> None:
    random = np.random.default_rng(1)
    values = np.concatenate(
        [
            random.uniform(-700.0, 700.0, 20_000),
            random.normal(size=20_000),
            random.choice([-1.0, 1.0], 2000) * np.geomspace(1e-300, 1.0, 2000),
            [0.0, -0.0],
        ]
    )
    wanted = np.array([math.exp(value) for value in values])
    np.testing.assert_array_max_ulp(powers(values), wanted, maxulp=1)


def test_nan_stays_nan() -> None:
    assert math.isnan(powers(np.array([math.nan]))[0])
