"""Check the bytes of a MIDI file in one pass before mido parses them.

mido trusts its input. It would spend a minute on one endless number, and load a file of 40,000
tracks as an empty one. `scan` checks every length against the bytes present, limits every number
to four bytes, and checks every event against the format. It also limits the number of events.

It returns a clean copy with only the events a song needs: notes, program changes, tempos and
signatures. Texts, controllers and system exclusive data are dropped, and their delta times kept.

Reference: Standard MIDI Files 1.0, MIDI Manufacturers Association, RP-001 (1996).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MAX_EVENTS = 300_000  # events per file, of any kind
MAX_MESSAGES = 80_000  # of these, parsed by mido at 6 to 9 microseconds each
META_COST = 2  # mido takes as long for a meta event as for two notes
MAX_TRACKS = 32_767  # mido reads a signed number

META_LENGTHS = {0x51: 3, 0x58: 4}  # bytes of a tempo and a time signature; shorter ones are dropped
NAME, KEY, SPECIFIC = 0x03, 0x59, 0x7F  # meta events that are read here
MARK = b"}kuznechik"  # begins the sequencer-specific event of a saved song
MAX_MARK = 256  # bytes
MAX_TRACK_NAME = 120  # bytes
META, EXCLUSIVE, ESCAPE = 0xFF, 0xF0, 0xF7  # statuses followed by a length


class MidiDamageError(Exception):
    """Raised for bytes that are no MIDI file; the caller adds the path."""


class Scan(NamedTuple):
    """The result of a scan.

    Attributes:
        clean: a copy of the file with only the events that mido parses.
        keys: (tick, fifths, minor) of every key signature, in the order of the file.
        names: name per track that has one.
        mark: payload of the first event of a saved song, or None.
    """

    clean: bytes
    keys: tuple[tuple[int, int, bool], ...]
    names: dict[int, str]
    mark: bytes | None


def scan(data: bytes) -> Scan:
    """Check a whole file, and return a clean copy and what mido would not read.

    Args:
        data: the bytes of the file.

    Raises:
        MidiDamageError: if the file breaks the format or exceeds a limit.
    """
    form, tracks, division, position = _header(data)
    clean = [struct.pack(">4sLHHH", b"MThd", 6, form, tracks, division)]
    count = _Count()
    other = _Other()
    # RP-001: skip chunks of other kinds, and anything after the last track.
    while len(clean) <= tracks:
        if position + 8 > len(data):
            raise MidiDamageError(
                f"truncated: the header announces {tracks} tracks, "
                f"the file ends at byte {len(data)} after {len(clean) - 1}"
            )
        kind, size = struct.unpack_from(">4sL", data, position)
        position += 8
        if size > len(data) - position:
            raise MidiDamageError(
                f"truncated: the chunk at byte {position - 8} announces {size} bytes, "
                f"{len(data) - position} are left"
            )
        if kind == b"MTrk":
            try:
                kept = _scan_track(data[position : position + size], count, len(clean) - 1, other)
            except MidiDamageError as damage:
                where = f"(track {len(clean)}, at byte {position})"
                raise MidiDamageError(f"{damage} {where}") from None
            clean.append(struct.pack(">4sL", b"MTrk", len(kept)) + kept)
        position += size
    return Scan(b"".join(clean), tuple(other.keys), other.names, other.mark)


def _header(data: bytes) -> tuple[int, int, int, int]:
    """Return format, number of tracks, division and end of the header."""
    if not data:
        raise MidiDamageError("the file is empty")
    if data[:4] != b"MThd":
        raise MidiDamageError("not a MIDI file: it does not begin with MThd")
    if len(data) < 14:
        raise MidiDamageError(f"truncated: the header needs 14 bytes, the file holds {len(data)}")
    size, form, tracks, division = struct.unpack_from(">LHHH", data, 4)
    if size < 6 or size > len(data) - 8:
        raise MidiDamageError(f"damaged: the header announces a length of {size} bytes")
    if form > 2:
        raise MidiDamageError(f"damaged: format {form}, expected 0, 1 or 2")
    if division & 0x8000:
        raise MidiDamageError(
            "timed in SMPTE frames: only files timed in ticks per beat can be read"
        )
    if division == 0:
        raise MidiDamageError("damaged: zero ticks per beat")
    if not 1 <= tracks <= MAX_TRACKS:
        raise MidiDamageError(f"{tracks} tracks: expected 1 to {MAX_TRACKS:,}")
    return form, tracks, division, 8 + size


class _Other:
    """Accumulator for meta events that mido does not parse."""

    def __init__(self) -> None:
        self.keys: list[tuple[int, int, bool]] = []
        self.names: dict[int, str] = {}
        self.mark: bytes | None = None

    def read(self, track: int, tick: int, kind: int, payload: bytes) -> None:
        """Keep a key signature, a track's first name, or the mark of a saved song."""
        if kind == KEY and len(payload) >= 2:
            fifths, minor = struct.unpack_from(">bB", payload)
            if -7 <= fifths <= 7 and minor <= 1:
                self.keys.append((tick, fifths, bool(minor)))
        elif kind == NAME:
            name = payload[:MAX_TRACK_NAME].decode("utf-8", errors="replace").strip()
            self.names.setdefault(track, name)
        elif kind == SPECIFIC and self.mark is None and payload.startswith(MARK):
            self.mark = payload if len(payload) <= MAX_MARK else None


class _Count:
    """Running totals of events read and of the parse cost of messages kept."""

    def __init__(self) -> None:
        self.events = self.messages = 0

    def event(self) -> None:
        self.events += 1
        if self.events > MAX_EVENTS:
            raise MidiDamageError(f"too large: more than {MAX_EVENTS:,} events")

    def message(self, cost: int) -> None:
        self.messages += cost
        if self.messages > MAX_MESSAGES:
            raise MidiDamageError(
                f"too large: more than {MAX_MESSAGES // 2:,} notes, programs, tempos and tracks"
            )


def _scan_track(body: bytes, count: _Count, track: int, other: _Other) -> bytes:
    """Check one track's events and return those to parse.

    Running status survives a meta event. The format forbids it, but many programs write it so and
    mido accepts it.
    """
    kept = bytearray()
    count.message(META_COST)  # the end of the track
    position = running = 0
    tick = 0
    wait = 0  # ticks since the last event kept
    start = 0  # of the current event
    programs: dict[int, int] = {}  # in force, by the status that sets them
    try:
        while position < len(body):
            start = position
            delta, position = _number(body, start)
            wait += delta
            tick += delta
            status = body[position]
            if status >= 0x80:
                position += 1
            elif running:
                status = running
            else:
                raise MidiDamageError(
                    f"damaged: data without a status in the event at offset {start}"
                )
            count.event()
            if status < 0xF0:
                running = status
                event, position = _channel_event(body, start, position, status, programs)
            elif status in (META, EXCLUSIVE, ESCAPE):
                running = running if status == META else 0
                kind, payload, position = _long_event(body, position, status)
                needed = META_LENGTHS.get(kind, len(payload) + 1)
                event = b""
                if len(payload) >= needed:
                    event = b"\xff%c%c%b" % (kind, needed, payload[:needed])
                elif kind in (NAME, KEY, SPECIFIC):
                    other.read(track, tick, kind, payload)
            else:
                raise MidiDamageError(
                    f"damaged: status {status:#04x} in the event at offset {start}"
                )
            if event:
                count.message(1 if status < 0xF0 else META_COST)
                kept += _encoded(wait) + event
                wait = 0
    except IndexError:
        raise MidiDamageError(f"damaged: the event at offset {start} runs past its track") from None
    kept += _encoded(wait) + b"\xff\x2f\x00"
    return bytes(kept)


def _channel_event(
    body: bytes, start: int, position: int, status: int, programs: dict[int, int]
) -> tuple[bytes, int]:
    """Return the bytes of a channel event, empty if dropped, and the position after it."""
    end = position + (1 if 0xC0 <= status < 0xE0 else 2)
    # For a one-byte event, both tests read the same byte.
    if body[position] > 0x7F or body[end - 1] > 0x7F:
        raise MidiDamageError(f"damaged: data above 127 in the event at offset {start}")
    if 0xC0 <= status < 0xD0 and programs.get(status) != body[position]:
        programs[status] = body[position]
    elif status >= 0xA0:
        return b"", end
    return b"%c%b" % (status, body[position:end]), end


def _long_event(body: bytes, position: int, status: int) -> tuple[int, bytes, int]:
    """Return the kind of a meta event (-1 of an exclusive one), its payload and its end."""
    kind = -1
    if status == META:
        kind = body[position]
        position += 1
    length, payload = _number(body, position)
    end = payload + length
    if end > len(body):
        raise IndexError
    return kind, body[payload:end], end


def _number(body: bytes, position: int) -> tuple[int, int]:
    """Return the variable-length number at `position` and the next position."""
    value = body[position]
    if value < 0x80:
        return value, position + 1
    value &= 0x7F
    for offset in range(1, 4):
        byte = body[position + offset]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + offset + 1
    raise MidiDamageError(f"damaged: a number of more than four bytes at offset {position}")


def _encoded(value: int) -> bytes:
    """Encode a variable-length number; summed delta times may exceed four bytes."""
    if value < 0x80:
        return b"%c" % value
    encoded = [value & 0x7F]
    while value := value >> 7:
        encoded.append(value & 0x7F | 0x80)
    return bytes(reversed(encoded))
