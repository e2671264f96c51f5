"""Give an OGG file a fixed serial number, so that the same sound is the same bytes.

An encoder chooses the serial number of a stream at random and writes it into every page, whose
header has a checksum (RFC 3533). The checksum is linear without a start value: that of a page with
changed bytes is the old one, exclusive-or that of the changes in an otherwise empty page.
"""

import struct

from evo.core.errors import InputError

_POLYNOMIAL = 0x04C11DB7
_HEADER = struct.Struct(
    "<4sBBqIIIB"
)  # magic, version, flags, position, serial, page, CRC, segments
_SERIAL, _CHECKSUM = 14, 22  # positions in the header


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (_POLYNOMIAL if value & 1 << 31 else 0)
        rows.append(value & 0xFFFFFFFF)
    return tuple(rows)


_TABLE = _table()


def with_serial(content: bytes, serial: int = 1) -> bytes:
    """Return an OGG file with another serial number of its one stream.

    Args:
        content: The file.
        serial: The new number, 0 to 2**32 - 1.

    Raises:
        InputError: If the content is no OGG file.
    """
    changed, start = bytearray(content), 0
    while start < len(content):
        try:
            magic, *_, old, _, checksum, segments = _HEADER.unpack_from(content, start)
            lengths = content[start + _HEADER.size : start + _HEADER.size + segments]
        except struct.error:
            magic = b""
        if magic != b"OggS":
            raise InputError("the sound is no OGG file")
        length = _HEADER.size + segments + sum(lengths)
        change = _checksum(struct.pack("<I", old ^ serial), length - _SERIAL - 4)
        struct.pack_into("<I", changed, start + _SERIAL, serial)
        struct.pack_into("<I", changed, start + _CHECKSUM, checksum ^ change)
        start += length
    return bytes(changed)


def _checksum(begin: bytes, zeros: int) -> int:
    """Return the checksum of some bytes with zeros after them."""
    value = 0
    for byte in begin:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    for _ in range(zeros):
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24]
    return value
