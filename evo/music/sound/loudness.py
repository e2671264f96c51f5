"""Loudness in LUFS, and a limiter of peaks.

Loudness is that of ITU-R BS.1770-4. The sound is filtered as the ear weights frequencies (K), and
its power is measured in blocks of 400 ms, every 100 ms. Blocks below -70 LUFS are left out, and
then those 10 LU below the mean of the others. The filters are two biquads. Here they are applied
by their impulse response, as NumPy has no recursive filters; after `RINGING` it is below -90 dB.

The limiter turns the sound down around each peak above `CEILING`. The gain falls before the peak
and rises after it, by a smooth curve, so that nothing is distorted and nothing clicks.
"""

from __future__ import annotations

import numpy as np

from evo.music.sound.convolution import Response, convolve
from genomes.arrays import FloatArray, Singles

CEILING = 0.89  # a decibel below full scale
RINGING = 0.1  # seconds
_HOP = 0.1  # seconds
_HOPS = 4  # of a block
_ABSOLUTE, _RELATIVE = -70.0, -10.0
_BLOCK = 64  # samples that share one gain
_AHEAD = 0.02  # seconds during which the gain falls before a peak


def weighting(frequencies: FloatArray, rate: int) -> FloatArray:
    """Return the gain of the K-weighting, as a factor.

    Args:
        frequencies: Float64 (n,), in Hz.
        rate: Samples per second.
    """
    found: FloatArray = np.abs(_response(frequencies, rate))
    return found


def _response(frequencies: FloatArray, rate: int) -> np.ndarray:
    """Return the complex response of the K-weighting."""
    z = np.exp(-2j * np.pi * frequencies / rate)
    total = np.ones(len(z), np.complex128)
    for b, a in (_shelf(rate), _high_pass(rate)):
        total *= np.polyval(b[::-1], z) / np.polyval(a[::-1], z)
    return total


def _shelf(rate: int) -> tuple[list[float], list[float]]:
    """Return the coefficients of the first filter, which stands for the head."""
    k = np.tan(np.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = [high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k]
    return [x / a0 for x in b], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def _high_pass(rate: int) -> tuple[list[float], list[float]]:
    """Return the coefficients of the second filter."""
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def loudness(samples: Singles, rate: int) -> float:
    """Return the loudness in LUFS; -inf for silence.

    A sound shorter than a block is measured as if silence followed.

    Args:
        samples: Float32 (samples, channels).
        rate: Samples per second.
    """
    hop = round(_HOP * rate)
    count = max(-(-len(samples) // hop), _HOPS)
    power = np.zeros(count)
    response = Response.of_frequencies(lambda f: _response(f, rate), round(RINGING * rate), rate)
    for channel in samples.T:
        for start, filtered in convolve(channel, response, hop):
            squares = np.zeros(-(-len(filtered) // hop) * hop)
            squares[: len(filtered)] = np.square(filtered, dtype=np.float64)
            sums = squares.reshape(-1, hop).sum(axis=1)
            power[start // hop : start // hop + len(sums)] += sums
    blocks = np.convolve(power, np.ones(_HOPS), "valid") / (_HOPS * hop)
    blocks = blocks[_lufs(blocks) > _ABSOLUTE]
    if not len(blocks):
        return -np.inf
    gate = float(_lufs(blocks.mean())) + _RELATIVE
    return float(_lufs(blocks[_lufs(blocks) > gate].mean()))


def _lufs(power: FloatArray) -> FloatArray:
    """Return the loudness of a mean power, which may be 0."""
    with np.errstate(divide="ignore"):
        found: FloatArray = 10 * np.log10(power) - 0.691
    return found


def limit(samples: Singles, rate: int) -> None:
    """Keep samples within `CEILING`, in place.

    Args:
        samples: Float32 (samples, channels).
        rate: Samples per second.
    """
    count = -(-len(samples) // _BLOCK)
    peaks = np.zeros(count, np.float32)
    for first in range(0, count, 4096):
        part = np.abs(samples[first * _BLOCK : (first + 4096) * _BLOCK]).max(axis=1)
        whole = np.zeros(-(-len(part) // _BLOCK) * _BLOCK, np.float32)
        whole[: len(part)] = part
        peaks[first : first + 4096] = whole.reshape(-1, _BLOCK).max(axis=1)
    if peaks.max(initial=0.0) <= CEILING:
        return
    needed = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
    # The least gain of the neighbourhood, then its weighted mean: nowhere above what is needed.
    reach = max(round(_AHEAD * rate / _BLOCK), 1) + 1
    around = np.pad(needed, 2 * reach, constant_values=1.0)
    least = np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 1).min(axis=1)
    window = np.hanning(2 * reach + 1)
    gains = np.convolve(least, window / window.sum(), "valid")
    # From the middle of one block to the next the gain is a line.
    middles = (np.arange(count) + 0.5) * _BLOCK
    for start in range(0, len(samples), 1 << 18):
        part = samples[start : start + (1 << 18)]
        part *= np.interp(np.arange(start, start + len(part)), middles, gains).astype(np.float32)[
            :, None
        ]
    np.clip(samples, -CEILING, CEILING, out=samples)
