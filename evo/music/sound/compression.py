"""FLAC, OGG and MP3, by soundfile (libsndfile), an extra.

libsndfile numbers an OGG stream at random. It is numbered 1 here, so that the same sound is the
same bytes: the number stands in every page, with a checksum of the page.
"""

from __future__ import annotations

import importlib
import io
import zlib
from functools import cache
from typing import Any

import numpy as np

from evo.core.errors import InputError
from genomes.arrays import Singles

# Names of libsndfile by format: of the container, and of what is in it.
COMPRESSED = {
    "ogg": ("OGG", "VORBIS"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
_BLOCK = 1 << 14  # samples; libsndfile has a limited stack
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SERIAL = (1).to_bytes(4, "little")


@cache
def soundfile() -> Any:
    """Return the module soundfile, or None where it is not installed or lacks its library."""
    try:
        return importlib.import_module("soundfile")
    except (ImportError, OSError):
        return None


def compressed(samples: Singles, rate: int, kind: str, compression: float | None = None) -> bytes:
    """Return the content of a compressed file.

    Args:
        samples: Float32 (samples, channels) in -1..1.
        rate: Samples per second.
        kind: A name of `COMPRESSED`.
        compression: From 0 to 1, the smallest file; None for libsndfile's own choice.

    Raises:
        InputError: If soundfile is not installed, or cannot write this format.
    """
    library = soundfile()
    if library is None:
        raise InputError(
            f"{kind} files are written by soundfile, which is not installed. "
            "Run: pip install 'kuznechik[sound]'. WAV needs nothing"
        )
    container, coding = COMPRESSED[kind]
    buffer = io.BytesIO()
    try:
        with library.SoundFile(
            buffer, "w", rate, samples.shape[1], coding, format=container,
            compression_level=compression,
        ) as file:  # fmt: skip
            for start in range(0, len(samples), _BLOCK):
                part = samples[start : start + _BLOCK]
                # Other formats store numbers of their own.
                whole = np.rint(part * np.float32(32767.0)).astype(np.int16)
                file.write(whole if kind == "flac" else part)
    except (library.LibsndfileError, ValueError) as error:  # ValueError: it has no such format
        raise InputError(f"{kind}: soundfile cannot write it: {error}") from None
    content = buffer.getvalue()
    return _numbered(content) if kind == "ogg" else content


def _numbered(content: bytes) -> bytes:
    """Return an OGG file with the stream number 1 (RFC 3533, section 6)."""
    pages, start = [], 0
    while start < len(content):
        segments = content[start + 26]
        header = start + 27 + segments
        end = header + sum(content[start + 27 : header])
        page = bytearray(content[start:end])
        page[14:18] = _SERIAL
        page[22:26] = bytes(4)
        page[22:26] = _checksum(bytes(page))
        pages.append(bytes(page))
        start = end
    return b"".join(pages)


def _checksum(page: bytes) -> bytes:
    """Return the checksum of an OGG page: that of zlib, with the bits of all bytes mirrored."""
    mirrored = zlib.crc32(page.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return mirrored.to_bytes(4, "big").translate(_MIRROR)
