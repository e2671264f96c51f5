"""Random numbers inside kernels: a counter-based stream for every individual.

A stream is one 64-bit word that counts up, and each number is a hash of the count (SplitMix64:
Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014). Streams of different
individuals start at hashes of their places under the generation's key, so that an individual's
numbers depend on nothing but its address, and no generator objects are made for thousands of them.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Stream = NDArray[np.uint64]  # (1,), counts up

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / (1 << 53)


@njit(cache=True)
def mix(z: np.uint64) -> np.uint64:
    """A hash of 64 bits."""
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@njit(cache=True)
def start_stream(stream: Stream, key: np.uint64, individual: int) -> None:
    """Set a stream to the start of individual's numbers under `key`, a uint64."""
    stream[0] = mix(key + mix(np.uint64(individual) + _GOLDEN))


@njit(cache=True)
def uniform(stream: Stream) -> float:
    """A number in [0, 1)."""
    stream[0] += _GOLDEN
    return float(mix(stream[0]) >> _S11) * _UNIT


@njit(cache=True)
def below(stream: Stream, count: int) -> int:
    """A whole number from 0 to count - 1."""
    return int(uniform(stream) * count)


@njit(cache=True)
def normal(stream: Stream) -> float:
    """A number of the standard normal distribution (Box & Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(stream)))
    return radius * math.cos(2.0 * math.pi * uniform(stream))
