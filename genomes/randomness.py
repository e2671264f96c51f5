"""Random numbers inside kernels: a counter-based stream per individual.

A stream is one 64-bit counter, and each number is a hash of the counter (SplitMix64: Steele, Lea &
Flood, "Fast splittable pseudorandom number generators", 2014). The start is a hash of the
individual's index and the generation's key. An individual's numbers therefore depend only on these
two. No generator objects are created.
"""

import math

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Codes, FloatArray
from genomes.kernels import device, inlined

Stream = NDArray[np.uint64]  # (1,), counts up

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_S60 = np.uint64(60)
_UNIT = 1.0 / (1 << 53)
_LAYER, _SIGN = np.uint64(255), np.uint64(256)


@device
def mix(z: np.uint64) -> np.uint64:
    """Return a 64-bit hash of `z`."""
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@device
def start_stream(stream: Stream, key: np.uint64, individual: int) -> None:
    """Set a stream to its start for an individual.

    Args:
        stream: Uint64 (1,), written to.
        key: Key of the generation.
        individual: Index of the individual.
    """
    stream[0] = mix(key + mix(np.uint64(individual) + _GOLDEN))


@device
def uniform(stream: Stream) -> float:
    """Return a float64 in [0, 1)."""
    stream[0] += _GOLDEN
    return float(mix(stream[0]) >> _S11) * _UNIT


@device
def below(stream: Stream, count: int) -> int:
    """Return a whole number from 0 to `count` - 1.

    Args:
        stream: Uint64 (1,).
        count: At least 1.
    """
    return int(uniform(stream) * count)


@device
def draw_coins(stream: Stream, coins: Codes, count: int) -> None:
    """Draw numbers from 0 to 15, as `below(stream, 16)` does one by one.

    Args:
        stream: Uint64 (1,).
        coins: Uint8 (any,), of which the first are written.
        count: How many to draw.
    """
    counter = stream[0]
    for i in range(count):  # the 4 highest bits of each hash, with vector instructions
        coins[i] = mix(counter + np.uint64(i + 1) * _GOLDEN) >> _S60
    stream[0] = counter + np.uint64(count) * _GOLDEN


@inlined
def uniform_at(counter: np.uint64) -> float:
    """Return the float64 in [0, 1) of a stream at `counter`."""
    return float(mix(counter) >> _S11) * _UNIT


@inlined
def after(counter: np.uint64) -> np.uint64:
    """Return the counter of the next number of a stream."""
    return counter + _GOLDEN


@device
def sounding_chance(activation: float, temperature: float) -> float:
    """Return the probability that a key sounds, at least 1e-26.

    Args:
        activation: Activation of the key.
        temperature: Sampling temperature, above 0.

    Returns:
        sigmoid(activation / temperature).
    """
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, activation / temperature))))


def _ziggurat() -> tuple[FloatArray, FloatArray]:
    """Return right edges and heights of 256 equal areas under the normal density.

    The lowest layer includes the tail, so its edge is that of a box of the same area.
    """
    edges = np.empty(257)
    area = _TAIL * math.exp(-0.5 * _TAIL**2)
    area += math.sqrt(math.pi / 2) * math.erfc(_TAIL / math.sqrt(2))
    edges[0], edges[1] = area * math.exp(0.5 * _TAIL**2), _TAIL
    for layer in range(2, 256):
        below_edge = math.exp(-0.5 * edges[layer - 1] ** 2)
        edges[layer] = math.sqrt(-2.0 * math.log(area / edges[layer - 1] + below_edge))
    edges[256] = 0.0
    return edges, np.exp(-0.5 * edges**2)


_TAIL = 3.6541528853610088
_EDGES, _HEIGHTS = _ziggurat()


@inlined
def quick_normal(word: np.uint64) -> float:
    """Return the normal number of a hash in 99 of 100 cases, or NaN: `normal` needs more hashes."""
    layer = int(word & _LAYER)
    x = float(word >> _S11) * _UNIT * _EDGES[layer]
    signed = -x if word & _SIGN else x
    return signed if x < _EDGES[layer + 1] else math.nan


@device
def normal(stream: Stream) -> float:
    """Return a standard normal number by the ziggurat of Marsaglia & Tsang (2000).

    It nearly always needs one hash and one comparison.
    """
    while True:
        stream[0] += _GOLDEN
        word = mix(stream[0])
        layer = int(word & _LAYER)
        # The 8 low bits choose the layer, the next one the sign, 53 others the position.
        x = float(word >> _S11) * _UNIT * _EDGES[layer]
        sign = -1.0 if word & _SIGN else 1.0
        if x < _EDGES[layer + 1]:
            return float(sign * x)
        if layer == 0:
            while True:  # the tail (Marsaglia 1964)
                far = -math.log(1.0 - uniform(stream)) / _TAIL
                if -2.0 * math.log(1.0 - uniform(stream)) > far * far:
                    return float(sign * (_TAIL + far))
        low, high = _HEIGHTS[layer], _HEIGHTS[layer + 1]
        if low + uniform(stream) * (high - low) < math.exp(-0.5 * x * x):
            return float(sign * x)
