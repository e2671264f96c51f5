"""Find the events of a MIDI file, and check every byte on the way.

`scan` walks over the events once in Python, and only records their positions. NumPy then decodes
all events together. A file of 100 kB takes about 10 ms.

Every length is checked against the bytes present, and every number has at most four bytes. The
number of events is limited. Refused is what would make the notes a guess. Accepted are odd files
that other readers accept too:

- fewer tracks than the header announces, and any bytes after the last track;
- a track that announces more bytes than there are, if its end-of-track event is there;
- events after the end of a track, which are ignored;
- running status that survives a meta event, and real-time messages;
- meta events that are too short or out of range, which are dropped.

Reference: Standard MIDI Files 1.0, MIDI Manufacturers Association, RP-001 (1996).
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from genomes.arrays import IntArray

ByteArray = npt.NDArray[np.uint8]

MAX_EVENTS = 300_000  # events per file, of any kind
MAX_MESSAGES, META_COST = MAX_EVENTS, 2  # used by evo.music.midi.write
MAX_METAS = 50_000  # of these, the meta events that are used
MAX_TRACKS = 4_096
PADDING = 16  # bytes

NAME, END, TEMPO, METRE, KEY, SPECIFIC = 0x03, 0x2F, 0x51, 0x58, 0x59, 0x7F  # meta events
META_LENGTHS = {NAME: 0, END: 0, TEMPO: 3, METRE: 2, KEY: 2, SPECIFIC: 0}  # bytes needed

META, EXCLUSIVE, ESCAPE = 0xFF, 0xF0, 0xF7  # statuses followed by a length
# Data bytes of the other system messages. Real-time messages do not end a running status.
SYSTEM_SIZES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0}
REAL_TIME = (0xF8, 0xFA, 0xFB, 0xFC, 0xFE)
# Data bytes of a channel event, by its status.
SIZES = bytes(1 if 0xC0 <= status < 0xE0 else 2 for status in range(256))


class MidiDamageError(Exception):
    """Raised for bytes that are no MIDI file; the caller adds the path."""


class Meta(NamedTuple):
    """A meta event: its track and tick, its kind and its payload."""

    track: int
    tick: int
    kind: int
    payload: bytes


@dataclass(frozen=True, eq=False)
class Events:
    """The events of a file, in its order.

    Attributes:
        form: format of the file, 0 to 2.
        division: ticks per beat, or timing in SMPTE frames if bit 15 is set.
        track: int64 (events,), index of the track of each channel event.
        tick: int64 (events,), time since the beginning of the track.
        status: uint8 (events,), kind and channel.
        data: uint8 (events, 2), the data bytes; the second is undefined for one-byte events.
        metas: the meta events in `META_LENGTHS`, long enough.
        ends: int64 (tracks,), last tick of each track.
    """

    form: int
    division: int
    track: IntArray
    tick: IntArray
    status: ByteArray
    data: ByteArray
    metas: tuple[Meta, ...]
    ends: IntArray


class _Places:
    """Positions of the events of a file.

    Attributes:
        data: the file, with a few bytes more, so that an event cut by its end can be read first.
        events: position after the delta time, per event.
        others: index of each event that is no channel event.
        ends: position after each of these.
        metas: (index, kind, start and end of the payload) of meta events in use.
        firsts: index of the first event of each track.
        bodies: position of each track.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data + bytes(PADDING)
        self.events, self.others, self.ends = array("i"), array("i"), array("i")
        self.metas: list[tuple[int, int, int, int]] = []
        self.firsts: list[int] = []
        self.bodies: list[int] = []


def scan(data: bytes) -> Events:
    """Check a whole file and return its events.

    Args:
        data: the bytes of the file.

    Raises:
        MidiDamageError: if the file breaks the format or exceeds a limit.
    """
    form, tracks, division, position = _header(data)
    places = _Places(data)
    # RP-001: skip chunks of other kinds, and anything after the last track.
    while len(places.bodies) < (tracks or MAX_TRACKS + 1) and position + 8 <= len(data):
        kind, size = struct.unpack_from(">4sL", data, position)
        position += 8
        position = _read_track(places, position, size) if kind == b"MTrk" else position + size
    found = len(places.bodies)
    if not found or (found < tracks and data[position : position + 4] == b"MTrk"):
        raise MidiDamageError(
            f"truncated: the header announces {tracks} tracks, "
            f"the file ends at byte {len(data)} after {found}"
        )
    return _decoded(places, form, division)


def _header(data: bytes) -> tuple[int, int, int, int]:
    """Return format, announced number of tracks, division and end of the header."""
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
    if division == 0:
        raise MidiDamageError("damaged: zero ticks per beat")
    return form, tracks, division, 8 + size


def _read_track(places: _Places, body: int, size: int) -> int:
    """Add the events of a track, and return the position after it.

    Args:
        places: the events found so far.
        body: position of the track.
        size: its length as announced.
    """
    left = len(places.data) - PADDING - body
    if len(places.bodies) == MAX_TRACKS:
        raise MidiDamageError(f"too large: more than {MAX_TRACKS:,} tracks")
    places.firsts.append(len(places.events))
    places.bodies.append(body)
    damage: MidiDamageError | None = None
    ended = False
    try:
        ended = _walk(places, body, body + min(size, left))
    except MidiDamageError as error:
        damage = error
    if size > left and not ended:
        raise MidiDamageError(
            f"truncated: the chunk at byte {body - 8} announces {size} bytes, {left} are left"
        )
    if len(places.events) > MAX_EVENTS:
        raise MidiDamageError(f"too large: more than {MAX_EVENTS:,} events")
    if len(places.metas) > MAX_METAS:
        raise MidiDamageError(f"too large: more than {MAX_METAS:,} tempos, signatures and names")
    if damage is not None:
        raise MidiDamageError(f"{damage} {_track_of(places, len(places.bodies) - 1)}")
    return body + size if size <= left else places.ends[-1]


def _track_of(places: _Places, track: int) -> str:
    return f"(track {track + 1}, at byte {places.bodies[track]})"


def _walk(places: _Places, body: int, end: int) -> bool:
    """Record the positions of a track's events; return whether an end-of-track event came.

    Reading a file takes most of its time in this loop, so it calls nothing for channel events.

    Args:
        places: the events found so far.
        body: position of the track.
        end: position after it.
    """
    data, sizes, add = places.data, SIZES, places.events.append
    position, size = body, 0  # size of the data under running status, 0 without
    while position < end:
        start = position
        if data[position] > 0x7F:
            position += 1
            if data[position] > 0x7F:
                position = _number(data, start, body)[1] - 1
        position += 1
        add(position)
        status = data[position]
        if 0x80 <= status < 0xF0:
            size = sizes[status]
            position += size + 1
        elif status < 0x80 and size:
            position += size
        else:
            where = f"in the event at offset {start - body}"
            position, kept = _other(places, position, body, where)
            if kept == END and position <= end:
                return True
            size = size if kept else 0
        if position > end:
            raise MidiDamageError(
                f"damaged: the event at offset {start - body} runs past its track"
            )
    return False


def _other(places: _Places, position: int, body: int, where: str) -> tuple[int, int]:
    """Record an event that is no channel event.

    Args:
        places: the events found so far; the last one is this.
        position: position of its status.
        body: position of the track.
        where: the place, for messages.

    Returns:
        Position after the event, and: 0 if it ends a running status, else a number that is END for
        an end-of-track event.
    """
    data = places.data
    status, kind, kept = data[position], 0, 0
    position += 1
    if status == META:
        kind, kept = data[position], data[position] or 1
        position += 1
    if status in (META, EXCLUSIVE, ESCAPE):
        length, position = _number(data, position, body)
        if kind in META_LENGTHS and status == META and length >= META_LENGTHS[kind]:
            event = (len(places.events) - 1, kind, position, position + length)
            places.metas.append(event)
        position += length
    elif status in REAL_TIME:
        kept = 1
    elif status in SYSTEM_SIZES:
        position += SYSTEM_SIZES[status]
    elif status < 0x80:
        raise MidiDamageError(f"damaged: data without a status {where}")
    else:
        raise MidiDamageError(f"damaged: status {status:#04x} {where}")
    places.others.append(len(places.events) - 1)
    places.ends.append(position)
    return position, kept


def _number(data: bytes, position: int, body: int) -> tuple[int, int]:
    """Return the variable-length number at `position` and the next position.

    Args:
        data: the file.
        position: position of the number.
        body: position of the track, for messages.
    """
    value = 0
    for end in range(position, position + 4):
        byte = data[end]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, end + 1
    raise MidiDamageError(f"damaged: a number of more than four bytes at offset {position - body}")


def _decoded(places: _Places, form: int, division: int) -> Events:
    """Decode all events from their positions.

    Args:
        places: the events found.
        form: format of the file.
        division: its division.
    """
    data = np.frombuffer(places.data, np.uint8)
    position = np.array(places.events, np.int64)
    firsts = np.array(places.firsts, np.int64)
    others = np.array(places.others, np.int64)
    count = len(position)
    track = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=count))
    status = data[position]
    has_status = status > 0x7F
    # Running status: that of the last channel event that has one. `_walk` checked that there is.
    channel = has_status & (status < 0xF0)
    own = np.maximum.accumulate(np.where(channel, np.arange(count), 0))
    status = np.where(has_status, status, status[own])
    begin = position + has_status  # of the data
    size = np.frombuffer(SIZES, np.uint8)[status]
    end = begin + size
    end[others] = places.ends
    start = np.concatenate([[0], end[:-1]])
    filled = firsts < np.append(firsts[1:], count)  # tracks with an event
    start[firsts[filled]] = np.array(places.bodies)[filled]
    delta = _delta_times(data, start, position)
    elapsed = np.cumsum(delta)
    before = np.zeros(len(firsts), np.int64)  # a track begins at tick 0
    before[filled] = (elapsed - delta)[firsts[filled]]
    tick = elapsed - before[track]
    ends = np.zeros(len(firsts), np.int64)
    np.maximum.at(ends, track, tick)
    kept = np.ones(count, np.bool_)
    kept[others] = False
    values = np.stack([data[begin], data[np.where(size == 2, begin + 1, begin)]], axis=1)
    wrong = np.flatnonzero(kept & (values > 0x7F).any(axis=1))
    if len(wrong):
        number = track[wrong[0]]
        where = f"{start[wrong[0]] - places.bodies[number]} {_track_of(places, number)}"
        raise MidiDamageError(f"damaged: data above 127 in the event at offset {where}")
    return Events(
        form=form,
        division=division,
        track=track[kept],
        tick=tick[kept],
        status=status[kept],
        data=values[kept],
        metas=tuple(
            Meta(int(track[index]), int(tick[index]), kind, places.data[start:stop])
            for index, kind, start, stop in places.metas
        ),
        ends=ends,
    )


def _delta_times(data: ByteArray, start: IntArray, end: IntArray) -> IntArray:
    """Decode variable-length numbers of one to four bytes.

    Args:
        data: uint8, the file.
        start: int64 (numbers,), position of each number.
        end: int64 (numbers,), position after it.
    """
    size = end - start
    delta = data[end - 1].astype(np.int64)
    for byte in range(2, 5):
        longer = np.flatnonzero(size >= byte)
        if not len(longer):
            break
        more = data[end[longer] - byte].astype(np.int64) & 0x7F
        delta[longer] += more << 7 * (byte - 1)
    return delta
