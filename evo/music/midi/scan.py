"""The check that stands before mido: the bytes of a MIDI file, walked once.

mido trusts what it reads: it would spend a minute on one endless number and load a file of 40,000
tracks as an empty one. `scan` holds every length against what is really there, every number
against four bytes and every event against the grammar of the format, and it counts. What it hands
on is a clean copy of the file with the events that a song is made of: notes, changes of program,
tempo and signatures. Texts, controllers and system exclusive data are dropped, their delta times
kept.

Reference: Standard MIDI Files 1.0, MIDI Manufacturers Association, RP-001 (1996).
"""

from __future__ import annotations

import struct

MAX_EVENTS = 300_000  # events in a file, whatever they are
MAX_MESSAGES = 80_000  # of these, the ones that mido parses: 6 to 9 microseconds each
META_COST = 2  # a meta event takes mido as long as two notes
MAX_TRACKS = 32_767  # mido reads the number as a signed one

# Meta events that mido parses, by the bytes they need: tempo, SMPTE offset, time and key signature
META_LENGTHS = {0x51: 3, 0x54: 5, 0x58: 4, 0x59: 2}


class MidiDamageError(Exception):
    """What the scan found wrong; who knows the path adds it."""


def scan(data: bytes) -> bytes:
    """Check a whole file and return a clean copy of it, with what a song is made of only."""
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

    clean = [struct.pack(">4sLHHH", b"MThd", 6, form, tracks, division)]
    position = 8 + size
    events = messages = 0
    # Chunks of other kinds are skipped, and so is what follows the last track: RP-001 asks for it.
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
            body = data[position : position + size]
            try:
                kept, events, messages = _scan_track(body, events, messages)
            except MidiDamageError as damage:
                raise MidiDamageError(
                    f"{damage} (track {len(clean)}, at byte {position})"
                ) from None
            clean.append(struct.pack(">4sL", b"MTrk", len(kept)) + kept)
        position += size
    return b"".join(clean)


def _scan_track(body: bytes, events: int, messages: int) -> tuple[bytes, int, int]:
    """Check one track's events; return the ones to parse and both counts, carried on.

    Running status outlives a meta event, against the letter of the format: many programs write
    it so, and mido reads it so.
    """
    kept = bytearray()
    messages += META_COST  # the end of the track
    position = running = wait = 0  # wait: ticks since the last event kept
    start = 0  # of the current event
    programs: dict[int, int] = {}  # in force, by the status that sets them
    size = len(body)
    try:
        while position < size:
            start = position
            delta = body[position]
            position += 1
            if delta >= 0x80:
                delta, position = _number(body, start)
            wait += delta
            status = body[position]
            if status >= 0x80:
                position += 1
            elif running:
                status = running
            else:
                raise MidiDamageError(
                    f"damaged: data without a status in the event at offset {start}"
                )
            events += 1
            if events > MAX_EVENTS:
                raise MidiDamageError(f"too large: more than {MAX_EVENTS:,} events")

            if status < 0xF0:
                running = status
                first = position
                position += 1 if 0xC0 <= status < 0xE0 else 2
                # Of a one-byte event this reads the one byte twice.
                if body[first] > 0x7F or body[position - 1] > 0x7F:
                    raise MidiDamageError(f"damaged: data above 127 in the event at offset {start}")
                if 0xC0 <= status < 0xD0 and programs.get(status) != body[first]:
                    programs[status] = body[first]
                elif status >= 0xA0:
                    continue
                event = b"%c%b" % (status, body[first:position])
            elif status in (0xFF, 0xF0, 0xF7):
                kind = -1  # an exclusive event; it ends running status
                if status == 0xFF:
                    kind = body[position]
                    position += 1
                else:
                    running = 0
                length, payload = _number(body, position)
                position = payload + length
                if position > size:
                    raise IndexError
                if kind not in META_LENGTHS:
                    continue
                needed = META_LENGTHS[kind]
                if length < needed:
                    raise MidiDamageError(
                        f"damaged: a meta event of type {kind:#04x} with {length} of {needed} "
                        f"bytes at offset {start}"
                    )
                event = b"\xff%c%c%b" % (kind, needed, body[payload : payload + needed])
            else:
                raise MidiDamageError(
                    f"damaged: status {status:#04x} in the event at offset {start}"
                )

            messages += 1 if status < 0xF0 else META_COST
            if wait < 0x80:
                kept.append(wait)
            else:
                kept += _encoded(wait)
            kept += event
            wait = 0
            if messages > MAX_MESSAGES:
                break
    except IndexError:
        raise MidiDamageError(f"damaged: the event at offset {start} runs past its track") from None
    if messages > MAX_MESSAGES:
        raise MidiDamageError(
            f"too large: more than {MAX_MESSAGES // 2:,} notes, programs, tempos and tracks"
        )
    kept += _encoded(wait) + b"\xff\x2f\x00"
    return bytes(kept), events, messages


def _number(body: bytes, position: int) -> tuple[int, int]:
    """Decode the variable-length number at `position`: its value, and where the next byte is."""
    value = 0
    for offset in range(4):
        byte = body[position + offset]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + offset + 1
    raise MidiDamageError(f"damaged: a number of more than four bytes at offset {position}")


def _encoded(value: int) -> bytes:
    """A variable-length number, of as many bytes as it takes: waits add up past four."""
    encoded = [value & 0x7F]
    while value := value >> 7:
        encoded.append(value & 0x7F | 0x80)
    return bytes(reversed(encoded))
