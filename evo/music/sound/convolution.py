"""Filter long sounds by impulse responses, in blocks (overlap-add)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from genomes.arrays import FloatArray, Singles


@dataclass(frozen=True)
class Response:
    """An impulse response.

    Attributes:
        samples: Float64 (length,).
    """

    samples: FloatArray

    @classmethod
    def of_frequencies(
        cls, response: Callable[[FloatArray], np.ndarray], length: int, rate: int
    ) -> Response:
        """Return the impulse response of a response to frequencies.

        Args:
            response: Returns the complex response to frequencies in Hz.
            length: Samples after which the filter has decayed.
            rate: Samples per second.
        """
        size = 1 << (2 * length - 1).bit_length()
        spectrum = response(np.linspace(0.0, rate / 2, size // 2 + 1))
        return cls(np.fft.irfft(spectrum, size)[:length])


def convolve(
    samples: Singles, response: Response, multiple: int = 1
) -> Iterator[tuple[int, Singles]]:
    """Yield (start, filtered samples) of one block after the other.

    The result is as long as the samples; what the filter adds after their end is cut. A block may
    be overwritten once the next one has been yielded.

    Args:
        samples: Float32 (n,).
        response: The filter.
        multiple: Samples of which a block has a multiple.
    """
    length = len(response.samples)
    size = 4 << (length + multiple - 1).bit_length()
    block = (size - length + 1) // multiple * multiple
    spectrum = np.fft.rfft(response.samples, size).astype(np.complex64)
    rest = np.zeros(size - block, np.float32)
    for start in range(0, len(samples), block):
        part = samples[start : start + block]
        found = np.asarray(np.fft.irfft(np.fft.rfft(part, size) * spectrum, size), np.float32)
        found[: len(rest)] += rest
        rest = np.zeros_like(rest)
        rest[: size - block] = found[block:]
        yield start, found[: len(part)]
