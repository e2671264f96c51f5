"""The random numbers of kernels are those of SplitMix64, never overlap, and have their moments.

The samples are fixed by their addresses, so a statistical test here passes always or never.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from numba import njit

from genomes.randomness import below, normal, start_stream, uniform

GOLDEN = 0x9E3779B97F4A7C15
TAIL = 3.6541528853610088  # where the ziggurat's lowest layer ends
COUNT = 4_000_000


@njit
def _starts(key: Any, individuals: int) -> Any:
    stream, starts = np.zeros(1, np.uint64), np.empty(individuals, np.uint64)
    for individual in range(individuals):
        start_stream(stream, key, individual)
        starts[individual] = stream[0]
    return starts


@njit
def _uniforms(start: Any, count: int) -> Any:
    stream, numbers = np.full(1, start), np.empty(count)
    for i in range(count):
        numbers[i] = uniform(stream)
    return numbers


@njit
def _normals(start: Any, count: int) -> Any:
    stream, numbers = np.full(1, start), np.empty(count)
    for i in range(count):
        numbers[i] = normal(stream)
    return numbers


@njit
def _tail(start: Any, count: int) -> Any:
    stream, numbers, found = np.full(1, start), np.empty(count), 0
    for _ in range(count):
        size = abs(normal(stream))
        if size > TAIL:
            numbers[found] = size
            found += 1
    return numbers[:found]


@njit
def _places(start: Any, end: int, count: int) -> Any:
    stream, numbers = np.full(1, start), np.empty(count, np.int64)
    for i in range(count):
        numbers[i] = below(stream, end)
    return numbers


def starts(key: int, individuals: int) -> Any:
    return _starts(np.uint64(key), individuals)


@cache
def uniforms() -> Any:
    return _uniforms(starts(3, 6)[5], COUNT)


@cache
def normals() -> Any:
    return _normals(starts(7, 3)[2], COUNT)


def assert_near(mean: float, wanted: float, variance: float, count: int = COUNT) -> None:
    """Check that a mean of `count` numbers lies within 5 standard errors."""
    assert abs(mean - wanted) < 5 * math.sqrt(variance / count)


def assert_share(hits: Any, share: float) -> None:
    assert_near(float(np.mean(hits)), share, share * (1 - share), np.size(hits))


def test_the_numbers_are_those_of_splitmix64() -> None:
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    got = _uniforms(np.uint64(1234567), 5) * 2**53
    assert got.tolist() == [word >> 11 for word in published]


def test_the_same_address_gives_the_same_numbers() -> None:
    assert starts(11, 50).tolist() == starts(11, 50).tolist()
    # Whoever else there is.
    assert starts(11, 50).tolist() == starts(11, 500)[:50].tolist()
    first, again = (_normals(starts(11, 8)[7], 1000).tolist() for _ in range(2))
    assert first == again


def test_streams_of_all_individuals_and_keys_lie_far_apart() -> None:
    """All streams walk the same circle of 2**64 counts; none begins soon after another."""
    keys = [*range(40), 1 << 62, (1 << 63) - 1, 0xDEADBEEF]
    walked = np.concatenate([starts(key, 2500) for key in keys])
    back = np.uint64(pow(GOLDEN, -1, 1 << 64))
    places = np.sort(walked * back)
    gaps = np.diff(places, append=places[0])  # the last one goes around
    assert gaps.min() > 100_000


def test_streams_next_to_each_other_are_not_correlated() -> None:
    beginnings = [*starts(5, 20), *starts(6, 20)]
    drawn = np.array([_uniforms(start, 5000) for start in beginnings])
    correlations = np.corrcoef(drawn)[np.triu_indices(len(drawn), 1)]
    assert np.abs(correlations).max() < 5 / math.sqrt(5000)


def test_uniform_numbers_lie_in_0_to_1_evenly() -> None:
    numbers = uniforms()
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    assert_near(numbers.mean(), 1 / 2, 1 / 12)
    assert_near(((numbers - 0.5) ** 2).mean(), 1 / 12, 1 / 80 - 1 / 144)
    assert_near((numbers[1:] * numbers[:-1]).mean() - 1 / 4, 0.0, 1 / 9)
    for edge in (0.001, 0.1, 0.3, 0.5, 0.9, 0.999):
        assert_share(numbers < edge, edge)
    # Bits from the highest to the lowest but few.
    for bit in (1, 2, 8, 30, 48, 53):
        assert_share((numbers * 2**bit).astype(np.int64) & 1, 0.5)


@pytest.mark.parametrize("end", [1, 2, 7, 1000])
def test_whole_numbers_below_an_end_are_equally_likely(end: int) -> None:
    counts = np.bincount(_places(starts(2, 2)[1], end, 200_000), minlength=end)
    assert len(counts) == end
    spread = math.sqrt(200_000 / end * (1 - 1 / end))
    assert (np.abs(counts - 200_000 / end) <= 5 * spread).all()


def test_normal_numbers_have_the_moments_of_the_normal_distribution() -> None:
    numbers = normals()
    assert_near(numbers.mean(), 0, 1)
    assert_near((numbers**2).mean(), 1, 2)
    assert_near((numbers**3).mean(), 0, 15)
    assert_near((numbers**4).mean(), 3, 96)
    assert_near((numbers[1:] * numbers[:-1]).mean(), 0, 1)
    # Sizes, too, do not depend on the one before.
    assert_near((numbers[1:] ** 2 * numbers[:-1] ** 2).mean(), 1, 8)


@pytest.mark.parametrize(
    "point", [0.0, 0.01, 0.1, 0.2151, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.4, 3.6, TAIL, 3.8, 4.2, 4.8]
)
def test_normal_numbers_have_its_distribution_function_in_the_tail_too(point: float) -> None:
    above = math.erfc(point / math.sqrt(2)) / 2
    assert_share(normals() > point, above)
    assert_share(normals() < -point, above)


def test_the_tail_falls_off_as_it_should() -> None:
    """How much of the tail lies beyond its numbers is uniform between 0 and 1."""
    count = 40_000_000
    numbers = _tail(starts(8, 1)[0], count)
    beyond = math.erfc(TAIL / math.sqrt(2))
    assert_near(len(numbers) / count, beyond, beyond, count)
    shares = np.array([math.erfc(number / math.sqrt(2)) for number in numbers]) / beyond
    assert_near(shares.mean(), 1 / 2, 1 / 12, len(shares))
    for share in (0.01, 0.1, 0.5, 0.9):
        assert_share(shares < share, share)
