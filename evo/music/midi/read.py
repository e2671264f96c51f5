"""MIDI files: notes in, notes out, and one kind of error for everything that can be wrong.

Reading goes in two steps, because mido trusts what it reads: first `evo.music.midi.scan` checks
the bytes and hands on a clean copy of the events that a song is made of; then mido parses that
copy, and the note-ons are paired with their note-offs, track by track.

Time is in ticks, `ticks_per_beat` of them in a quarter note; a pitch is a MIDI note number,
60 being the middle C.

Reference: Standard MIDI Files 1.0, MIDI Manufacturers Association, RP-001 (1996).
"""

from __future__ import annotations

import io
import os
import stat
import struct
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import MidiError
from evo.music.midi.scan import MAX_MESSAGES, META_COST, MidiDamageError, scan

MAX_BYTES = 4_000_000
MAX_DELTA = (1 << 28) - 1  # the largest variable-length number, four bytes
MICROSECONDS = 60_000_000  # a minute; MIDI stores a tempo as microseconds a beat, in 24 bits
MAX_MICROSECONDS = (1 << 24) - 1
PERCUSSION = 9  # channel 10 to a musician

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, eq=False)
class MidiNotes:
    """The notes of a MIDI file.

    Attributes:
        notes: int64 array (notes, 3), rows (onset_tick, end_tick, pitch) sorted in this order.
        ticks_per_beat: ticks in a quarter note.
        tempo: beats per minute; the earliest tempo event of the file, 120 without any.
        end_tick: where the longest track ends.
    """

    notes: NDArray[np.int64]
    ticks_per_beat: int
    tempo: float
    end_tick: int


class Part(NamedTuple):
    """The notes of one track on one channel; program numbers are 0 to 127, 0 a grand piano."""

    track: int
    channel: int
    programs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class MidiPiece:
    """A MIDI file as a musician would ask about it: who plays what, how fast, in which metre.

    Attributes:
        notes: int64 array (notes, 4), rows (onset_tick, end_tick, pitch, part) sorted in this
            order; percussion is left out, and there may be none.
        parts: whose notes these are; `notes[:, 3]` counts into it.
        percussion: how many notes channel 10 plays.
        tempos: (tick, microseconds a beat) in the order of ticks; empty when the file has none.
        metres: (tick, numerator, denominator) in the order of ticks; empty when it has none.
        ticks_per_beat: ticks in a quarter note.
        end_tick: where the longest track ends.
    """

    notes: NDArray[np.int64]
    parts: tuple[Part, ...]
    percussion: int
    tempos: tuple[tuple[int, int], ...]
    metres: tuple[tuple[int, int, int], ...]
    ticks_per_beat: int
    end_tick: int


def note_name(pitch: int) -> str:
    """The name of a MIDI note number: 60 is "C4", 61 is "C#4"."""
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"


def read_notes(path: str | os.PathLike[str]) -> MidiNotes:
    """Read the notes of a MIDI file of format 0, 1 or 2, all tracks together.

    Percussion (channel 10) is left out. A note-on of velocity 0 is a note-off. A note-off ends the
    oldest sounding note of its track, channel and pitch; a note never released ends with its track.

    Raises:
        MidiError: for a file that is missing, no regular file, damaged, too large, timed in
            SMPTE frames, or without any note.
    """
    piece = read_piece(path)
    if not len(piece.notes):
        raise MidiError(path, "no notes but percussion" if piece.percussion else "no notes")
    rows = piece.notes[:, :3]
    return MidiNotes(
        notes=rows[np.lexsort(rows.T[::-1])],
        ticks_per_beat=piece.ticks_per_beat,
        tempo=MICROSECONDS / (piece.tempos[0][1] if piece.tempos else MICROSECONDS // 120),
        end_tick=piece.end_tick,
    )


def read_piece(path: str | os.PathLike[str]) -> MidiPiece:
    """Read a MIDI file with its parts, tempos and metres; the notes are as `read_notes` has them.

    Raises:
        MidiError: as `read_notes`, except that a file may be without notes.
    """
    midi = _parse(path)
    notes: list[tuple[int, int, int, int]] = []
    tempos: list[tuple[int, int]] = []
    metres: list[tuple[int, int, int]] = []
    changes: list[tuple[int, int, int]] = []  # (tick, channel, program) in any track
    parts: dict[tuple[int, int], tuple[int, set[int | None]]] = {}
    percussion = 0
    end_tick = 0
    for number, track in enumerate(midi.tracks):
        tick = 0
        sounding: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
        program: dict[int, int] = {}
        for message in track:
            tick += message.time
            if message.type in ("note_on", "note_off"):
                channel, pitch = message.channel, message.note
                onsets = sounding[channel, pitch]
                if channel == PERCUSSION:
                    percussion += message.type == "note_on" and message.velocity > 0
                elif message.type == "note_on" and message.velocity > 0:
                    part = parts.setdefault((number, channel), (len(parts), set()))
                    part[1].add(program.get(channel))
                    onsets.append(tick)
                elif onsets:
                    notes.append((onsets.popleft(), tick, pitch, parts[number, channel][0]))
            elif message.type == "program_change":
                program[message.channel] = message.program
                changes.append((tick, message.channel, message.program))
            elif message.type == "set_tempo":
                tempos.append((tick, message.tempo))
            elif message.type == "time_signature":
                metres.append((tick, message.numerator, message.denominator))
        for (channel, pitch), onsets in sounding.items():
            notes.extend((onset, tick, pitch, parts[number, channel][0]) for onset in onsets)
        end_tick = max(end_tick, tick)

    if any(microseconds == 0 for _, microseconds in tempos):
        raise MidiError(path, "damaged: a tempo of zero microseconds a beat")
    notes.sort()
    # A track that names no program has the one that another track gave to its channel.
    elsewhere = {channel: program for _, channel, program in sorted(changes, reverse=True)}
    named = []
    for (number, channel), (_, programs) in parts.items():
        known = {elsewhere.get(channel, 0) if one is None else one for one in programs}
        named.append(Part(number, channel, tuple(sorted(known))))
    return MidiPiece(
        notes=np.array(notes, dtype=np.int64).reshape(len(notes), 4),
        parts=tuple(named),
        percussion=percussion,
        tempos=tuple(sorted(tempos, key=lambda event: event[0])),
        metres=tuple(sorted(metres, key=lambda event: event[0])),
        ticks_per_beat=midi.ticks_per_beat,
        end_tick=end_tick,
    )


def _parse(path: str | os.PathLike[str]) -> Any:
    """The file as mido reads it, once the scan has found nothing wrong."""
    import mido

    data = _read_bytes(path)
    try:
        clean = scan(data)
    except MidiDamageError as damage:
        raise MidiError(path, str(damage)) from None
    try:
        return mido.MidiFile(file=io.BytesIO(clean))
    except (
        EOFError,
        IndexError,
        KeyError,
        OSError,
        OverflowError,
        TypeError,
        ValueError,
        struct.error,
        mido.KeySignatureError,
    ) as error:
        reason = f"damaged: an event cannot be parsed ({type(error).__name__}: {error})"
        raise MidiError(path, reason) from None


def midi_bytes(
    notes: Iterable[tuple[int, int, int]],
    *,
    ticks_per_beat: int,
    end_tick: int,
    tempo: float = 120.0,
    name: str = "",
) -> bytes:
    """Notes as a MIDI file of format 0. The same notes give the same bytes.

    Args:
        notes: (onset_tick, end_tick, pitch) of each, with 0 <= onset < end.
        ticks_per_beat: 1 to 32,767.
        end_tick: where the track ends, later when a note does.
        tempo: beats per minute, about 3.6 to 60,000,000.
        name: the track's name; empty for none.

    Raises:
        ValueError: for notes, a resolution or a tempo that MIDI cannot hold, and for more notes
            than `read_notes` would read again.
    """
    import mido

    if not 1 <= ticks_per_beat <= 32_767:
        raise ValueError(f"ticks_per_beat: expected 1 to 32,767, got {ticks_per_beat}")
    events: list[tuple[int, int, int]] = []  # (tick, 0 off or 1 on, pitch): offs come first
    for onset, end, pitch in notes:
        if not (0 <= onset < end and 0 <= pitch <= 127):
            raise ValueError(
                "notes: expected 0 <= onset < end and a pitch of 0 to 127, "
                f"got onset {onset}, end {end}, pitch {pitch}"
            )
        events += (onset, 1, pitch), (end, 0, pitch)
    if len(events) + 2 * META_COST > MAX_MESSAGES:  # with the tempo and the end of the track
        raise ValueError(f"too large: {len(events) // 2:,} notes, a file could not be read")
    events.sort()

    track = mido.MidiTrack()
    if name:
        track.append(mido.MetaMessage("track_name", name=name, time=0))
    track.append(mido.MetaMessage("set_tempo", tempo=tempo_to_microseconds(tempo), time=0))
    now = 0
    for tick, on, pitch in events:
        kind, velocity = ("note_on", 80) if on else ("note_off", 64)
        track.append(mido.Message(kind, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - now)))
    if max(message.time for message in track) > MAX_DELTA:
        raise ValueError(f"notes: expected at most {MAX_DELTA} ticks between two events")
    # Names need more than the Latin letters that mido writes unless told otherwise.
    midi = mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat, tracks=[track], charset="utf-8")
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a MIDI file's bytes; raises MidiError in one line when that cannot be done."""
    try:
        with open(path, "wb") as file:
            file.write(content)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise MidiError(path, f"cannot be written: {_cause(error)}") from None


def tempo_to_microseconds(tempo: float) -> int:
    """Microseconds a beat, as MIDI stores them, of a tempo in beats per minute.

    Raises:
        ValueError: for a tempo that does not fit 24 bits.
    """
    microseconds = round(MICROSECONDS / tempo) if 1.0 <= tempo <= MICROSECONDS else 0
    if not 1 <= microseconds <= MAX_MICROSECONDS:
        raise ValueError(f"tempo: expected about 3.6 to 60,000,000 beats a minute, got {tempo}")
    return microseconds


def _cause(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file of bounded size; a pipe or a device would never end."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise MidiError(path, "a directory, not a MIDI file")
        if not stat.S_ISREG(mode):
            raise MidiError(path, "not a regular file")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise MidiError(path, f"cannot be read: {_cause(error)}") from None
    if len(data) > MAX_BYTES:
        raise MidiError(path, f"too large: more than {MAX_BYTES:,} bytes")
    return data
