"""Sound in mu-law: 8 bits per sample, with 13 to 14 bits of range (ITU-T G.711).

A magnitude is stored as its power of two (the segment, 3 bits) and 4 bits of the rest, so that
quiet and loud sounds have the same relative error. Every browser plays it in a WAV file (format 7).
"""

import struct

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Singles

BIAS = 132  # added to the magnitude, so that every magnitude has a segment
LARGEST = 32_635  # largest magnitude of 16 bits that can be encoded
FORMAT = 7  # of mu-law in a WAV file


def encode(samples: Singles) -> NDArray[np.uint8]:
    """Return the samples in mu-law, one byte each.

    Args:
        samples: float32 (any,) in -1..1.
    """
    whole = np.rint(samples * np.float32(32767.0)).astype(np.int32)
    magnitude = np.minimum(np.abs(whole), LARGEST) + BIAS
    # The position of the highest bit, exactly: frexp takes no logarithm.
    segment = np.frexp(magnitude.astype(np.float64))[1] - 8
    rest = (magnitude >> (segment + 3)) & 0x0F
    sign = np.where(whole < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | (segment << 4) | rest)).astype(np.uint8)
    return codes


def decode(codes: NDArray[np.uint8]) -> Singles:
    """Return the samples of `encode`, float32 in -1..1.

    Args:
        codes: uint8 (any,).
    """
    bits = ~codes.astype(np.int32)
    magnitude = ((((bits & 0x0F) << 3) + BIAS) << ((bits >> 4) & 0x07)) - BIAS
    return (np.where(bits & 0x80, -magnitude, magnitude) / 32767.0).astype(np.float32)


def mu_law_wav(samples: Singles, rate: int) -> bytes:
    """Return a WAV file: mono, mu-law.

    Args:
        samples: float32 (any,) in -1..1.
        rate: samples per second.
    """
    data = encode(samples).tobytes()
    header = struct.pack("<HHIIHHH", FORMAT, 1, rate, rate, 1, 8, 0)
    chunks = (b"fmt ", header), (b"fact", struct.pack("<I", len(data))), (b"data", data)
    body = b"WAVE" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
