"""Read notes from MIDI files; every failure is a `MidiError`.

mido trusts its input. So `evo.music.midi.scan` first checks the bytes and returns a clean copy
with only the events a song needs. mido then parses that copy. Note-ons are paired with their
note-offs per track.

Time is in ticks, `ticks_per_beat` per quarter note. Percussion (channel 10) is left out. A note-on
of velocity 0 is a note-off. A note-off ends the oldest sounding note of its track, channel and
pitch. A note without a note-off ends with its track.

Reference: Standard MIDI Files 1.0, MIDI Manufacturers Association, RP-001 (1996).
"""

from __future__ import annotations

import io
import os
import stat
import struct
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.midi.scan import MidiDamageError, Scan, scan
from evo.music.midi.units import DEFAULT_TEMPO, MICROSECONDS
from genomes.arrays import IntArray

MAX_BYTES = 4_000_000
PERCUSSION = 9  # zero-based; musicians count it as channel 10
# Raised by mido for events it cannot parse.
UNPARSABLE = (ArithmeticError, EOFError, LookupError, OSError, TypeError, ValueError, struct.error)


@dataclass(frozen=True, eq=False)
class MidiNotes:
    """The notes of a MIDI file.

    Attributes:
        notes: int64 (notes, 3), sorted rows (onset_tick, end_tick, pitch).
        ticks_per_beat: ticks per quarter note.
        tempo: beats per minute, from the earliest tempo event; 120 without any.
        end_tick: last tick of the longest track.
    """

    notes: IntArray
    ticks_per_beat: int
    tempo: float
    end_tick: int


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


@dataclass(frozen=True, eq=False)
class MidiPiece:
    """A MIDI file with its parts, tempos and metres.

    Attributes:
        notes: int64 (notes, 4), sorted rows (onset_tick, end_tick, pitch, part) without percussion.
            May be empty.
        parts: the parts; `notes[:, 3]` indexes them.
        percussion: number of notes on channel 10.
        tempos: (tick, microseconds per beat) sorted by tick; may be empty.
        metres: (tick, numerator, denominator) sorted by tick; may be empty.
        ticks_per_beat: ticks per quarter note.
        end_tick: last tick of the longest track.
        keys: (tick, fifths, minor) of the key signatures, sorted by tick; fifths count sharps.
        mark: payload of the event with which `Song.save` marks its files, or None.
    """

    notes: IntArray
    parts: tuple[Part, ...]
    percussion: int
    tempos: tuple[tuple[int, int], ...]
    metres: tuple[tuple[int, int, int], ...]
    ticks_per_beat: int
    end_tick: int
    keys: tuple[tuple[int, int, bool], ...] = ()
    mark: bytes | None = None

    @property
    def tempo(self) -> float:
        """Earliest tempo in beats per minute; 120 without any."""
        return MICROSECONDS / (self.tempos[0][1] if self.tempos else DEFAULT_TEMPO)


def read_notes(path: AnyPath) -> MidiNotes:
    """Read the notes of a MIDI file of format 0, 1 or 2, tracks merged.

    Raises:
        MidiError: if the file is missing, irregular, damaged, too large, timed in SMPTE frames, or
            has no notes.
    """
    piece = read_piece(path)
    if not len(piece.notes):
        raise MidiError(path, "no notes but percussion" if piece.percussion else "no notes")
    rows = piece.notes[:, :3]
    return MidiNotes(
        notes=rows[np.lexsort(rows.T[::-1])],
        ticks_per_beat=piece.ticks_per_beat,
        tempo=piece.tempo,
        end_tick=piece.end_tick,
    )


def read_piece(path: AnyPath) -> MidiPiece:
    """Read a MIDI file with its parts, tempos and metres.

    Raises:
        MidiError: as `read_notes`, but a file without notes is allowed.
    """
    scanned, midi = _parse(path)
    tracks = _Tracks()
    for number, track in enumerate(midi.tracks):
        tracks.read(number, track)
    if any(microseconds == 0 for _, microseconds in tracks.tempos):
        raise MidiError(path, "damaged: a tempo of zero microseconds a beat")
    return MidiPiece(
        notes=np.array(sorted(tracks.notes), dtype=np.int64).reshape(-1, 4),
        parts=tracks.named_parts(scanned.names),
        percussion=tracks.percussion,
        tempos=tuple(sorted(tracks.tempos, key=lambda event: event[0])),
        metres=tuple(sorted(tracks.metres, key=lambda event: event[0])),
        ticks_per_beat=midi.ticks_per_beat,
        end_tick=tracks.end_tick,
        keys=tuple(sorted(scanned.keys, key=lambda event: event[0])),
        mark=scanned.mark,
    )


class _Tracks:
    """Accumulator for the tracks of one file; see `MidiPiece`."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, int, int, int]] = []
        self.tempos: list[tuple[int, int]] = []
        self.metres: list[tuple[int, int, int]] = []
        self.percussion = self.end_tick = 0
        # Index and programs per (track, channel); None before the track sets a program.
        self._parts: dict[tuple[int, int], tuple[int, set[int | None]]] = {}
        self._changes: list[tuple[int, int, int]] = []  # (tick, channel, program) in any track

    def read(self, number: int, track: Any) -> None:
        """Read all messages of a track.

        Args:
            number: index of the track.
            track: its messages, as mido returns them.
        """
        tick = 0
        sounding: defaultdict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
        program: dict[int, int] = {}
        for message in track:
            tick += message.time
            kind = message.type
            if kind == "note_on" and message.velocity > 0:
                channel = message.channel
                if channel == PERCUSSION:
                    self.percussion += 1
                    continue
                part, programs = self._parts.setdefault(
                    (number, channel), (len(self._parts), set())
                )
                programs.add(program.get(channel))
                sounding[channel, message.note].append((tick, part))
            elif kind in ("note_on", "note_off"):
                onsets = sounding[message.channel, message.note]
                if onsets:
                    onset, part = onsets.popleft()
                    self.notes.append((onset, tick, message.note, part))
            elif kind == "program_change":
                program[message.channel] = message.program
                self._changes.append((tick, message.channel, message.program))
            elif kind == "set_tempo":
                self.tempos.append((tick, message.tempo))
            elif kind == "time_signature":
                self.metres.append((tick, message.numerator, message.denominator))
        for (_, pitch), onsets in sounding.items():
            self.notes += ((onset, tick, pitch, part) for onset, part in onsets)
        self.end_tick = max(self.end_tick, tick)

    def named_parts(self, names: dict[int, str]) -> tuple[Part, ...]:
        """Return the parts with their programs and names.

        A part without a program takes the one that another track sets on its channel.
        """
        channel_programs = {
            channel: program for _, channel, program in sorted(self._changes, reverse=True)
        }
        parts = []
        for (number, channel), (_, programs) in self._parts.items():
            known = {
                channel_programs.get(channel, 0) if program is None else program
                for program in programs
            }
            parts.append(Part(number, channel, tuple(sorted(known)), names.get(number, "")))
        return tuple(parts)


def _parse(path: AnyPath) -> tuple[Scan, Any]:
    """Scan the file, then parse the clean copy with mido."""
    import mido

    data = _read_bytes(path)
    try:
        scanned = scan(data)
    except MidiDamageError as damage:
        raise MidiError(path, str(damage)) from None
    try:
        return scanned, mido.MidiFile(file=io.BytesIO(scanned.clean))
    except UNPARSABLE as error:
        reason = f"damaged: an event cannot be parsed ({type(error).__name__}: {error})"
        raise MidiError(path, reason) from None


def _read_bytes(path: AnyPath) -> bytes:
    """Read a regular file of bounded size; a pipe or device could be endless."""
    with user_file(path, "cannot be read", MidiError):
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise MidiError(path, "a directory, not a MIDI file")
        if not stat.S_ISREG(mode):
            raise MidiError(path, "not a regular file")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise MidiError(path, f"too large: more than {MAX_BYTES:,} bytes")
    return data
