"""Find the parts of a MIDI file: the notes of one track on one channel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evo.music.midi.pairing import pair
from evo.music.midi.scan import NAME, Events
from evo.music.midi.units import note_name, program_name
from genomes.arrays import BoolArray, IntArray

CHANNELS = 16
PERCUSSION = 9  # zero-based; musicians count it as channel 10
NOTE_ON, PROGRAM = 0x90, 0xC0
MAX_TRACK_NAME = 120  # characters


class Part(NamedTuple):
    """The notes of one track on one channel.

    Attributes:
        track: Index of the track.
        channel: Channel, from 0.
        programs: Its MIDI programs (instruments), 0 to 127; 0 is a grand piano.
        name: Name of the track, at most 120 bytes of the file's.
    """

    track: int
    channel: int
    programs: tuple[int, ...]
    name: str = ""


def notes_and_parts(events: Events) -> tuple[IntArray, tuple[Part, ...]]:
    """Return the notes and parts of a file, as in `MidiPiece`, in ticks of the file."""
    kind, owner = events.status & 0xF0, events.track * CHANNELS + (events.status & 0x0F)
    pitched = owner % CHANNELS != PERCUSSION
    on = (kind == NOTE_ON) & (events.data[:, 1] > 0) & pitched
    used = np.flatnonzero((kind <= NOTE_ON) & pitched)
    starts, ends = pair(
        owner[used] * 128 + events.data[used, 0], events.tick[used], on[used],
        events.ends[events.track[used]],
    )  # fmt: skip
    starts = used[starts]
    owners, part = np.unique(owner[starts], return_inverse=True)
    first = np.full(len(owners), len(owner))
    np.minimum.at(first, part, starts)
    in_order = np.argsort(first)  # by their first notes in the file
    part = np.argsort(in_order)[part]
    rows = np.stack([events.tick[starts], ends, events.data[starts, 0], part], axis=1)
    return rows[np.lexsort(rows.T[::-1])], _parts(events, owners[in_order].tolist(), owner, on)


def describe_parts(notes: IntArray, parts: tuple[Part, ...]) -> list[str]:
    """Describe parts, in one line each; see `evo.music.midi.read.list_parts`.

    Args:
        notes: as in `MidiPiece`.
        parts: their parts.
    """
    lines = []
    for number, part in enumerate(parts):
        pitches = notes[notes[:, 3] == number, 2]
        named = f", {part.name}" if part.name else ""
        lines.append(
            f"part {number + 1}: track {part.track + 1}, channel {part.channel + 1}{named}, "
            f"{', '.join(map(program_name, part.programs))}, "
            f"{len(pitches):,} note{'s' if len(pitches) != 1 else ''}, "
            f"{note_name(int(pitches.min()))} to {note_name(int(pitches.max()))}"
        )
    return lines


def _parts(events: Events, owners: list[int], owner: IntArray, on: BoolArray) -> tuple[Part, ...]:
    """Return the parts with their programs and names.

    A part without a program takes the one that another track sets first on its channel.

    Args:
        events: events of the file.
        owners: 16 * track + channel of each part.
        owner: int64 (events,), the same of each event.
        on: bool (events,), whether the event is a note-on that counts.
    """
    change = (events.status & 0xF0) == PROGRAM
    used = np.flatnonzero(on | change)
    used = used[np.argsort(owner[used], kind="stable")]
    # The program in force at each event: that of the last change of its track and channel.
    begins = np.diff(owner[used], prepend=-1) != 0
    source = np.maximum.accumulate(np.where(change[used] | begins, np.arange(len(used)), 0))
    program = np.where(change[used], events.data[used, 0].astype(np.int64), -1)[source]
    pairs = np.unique(owner[used][on[used]] * 256 + program[on[used]] + 1)
    programs: dict[int, set[int]] = {number: set() for number in owners}
    by_channel: dict[int, int] = {}
    changes = np.flatnonzero(change)
    for index in changes[np.lexsort((events.data[changes, 0], events.tick[changes]))].tolist():
        by_channel.setdefault(int(events.status[index]) & 0x0F, int(events.data[index, 0]))
    for number, known in np.stack([pairs // 256, pairs % 256 - 1], axis=1).tolist():
        default = by_channel.get(number % CHANNELS, 0)
        programs[number].add(known if known >= 0 else default)
    names: dict[int, str] = {}
    for meta in events.metas:
        if meta.kind == NAME:
            names.setdefault(meta.track, _text(meta.payload))
    return tuple(
        Part(
            number // CHANNELS,
            number % CHANNELS,
            tuple(sorted(programs[number])),
            names.get(number // CHANNELS, ""),
        )
        for number in owners
    )


def _text(payload: bytes) -> str:
    """Decode a name: UTF-8, or else Latin-1; without characters that cannot be printed."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = payload.decode("latin-1")
    return "".join(filter(str.isprintable, text[:MAX_TRACK_NAME])).strip()
