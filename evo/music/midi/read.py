"""MIDI files to notes, with one kind of error for everything that can be wrong.

Reading goes in two steps, because mido trusts what it reads: first `evo.music.midi.scan` checks
the bytes and returns a clean copy of the events that a song is made of; then mido parses that
copy, and the note-ons are paired with their note-offs, track by track.

Time is in ticks, `ticks_per_beat` of them in a quarter note. Percussion (channel 10) is left out.
A note-on of velocity 0 is a note-off. A note-off ends the oldest sounding note of its track,
channel and pitch; a note never released ends with its track.

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
from numpy.typing import NDArray

from evo.core.errors import MidiError
from evo.music.files import AnyPath, user_file
from evo.music.midi.scan import MidiDamageError, scan
from evo.music.midi.units import DEFAULT_TEMPO, MICROSECONDS

MAX_BYTES = 4_000_000
PERCUSSION = 9  # channel 10 to a musician
# What mido raises for an event that it cannot read.
UNPARSABLE = (ArithmeticError, EOFError, LookupError, OSError, TypeError, ValueError, struct.error)


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

    @property
    def tempo(self) -> float:
        """The earliest tempo in beats per minute, 120 without any."""
        return MICROSECONDS / (self.tempos[0][1] if self.tempos else DEFAULT_TEMPO)


def read_notes(path: AnyPath) -> MidiNotes:
    """Read the notes of a MIDI file of format 0, 1 or 2, all tracks together.

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
        tempo=piece.tempo,
        end_tick=piece.end_tick,
    )


def read_piece(path: AnyPath) -> MidiPiece:
    """Read a MIDI file with its parts, tempos and metres; the notes are as `read_notes` has them.

    Raises:
        MidiError: as `read_notes`, except that a file may be without notes.
    """
    midi = _parse(path)
    tracks = _Tracks()
    for number, track in enumerate(midi.tracks):
        tracks.read(number, track)
    if any(microseconds == 0 for _, microseconds in tracks.tempos):
        raise MidiError(path, "damaged: a tempo of zero microseconds a beat")
    return MidiPiece(
        notes=np.array(sorted(tracks.notes), dtype=np.int64).reshape(-1, 4),
        parts=tracks.named_parts(),
        percussion=tracks.percussion,
        tempos=tuple(sorted(tracks.tempos, key=lambda event: event[0])),
        metres=tuple(sorted(tracks.metres, key=lambda event: event[0])),
        ticks_per_beat=midi.ticks_per_beat,
        end_tick=tracks.end_tick,
    )


class _Tracks:
    """What was read of the tracks so far; see `MidiPiece`."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, int, int, int]] = []
        self.tempos: list[tuple[int, int]] = []
        self.metres: list[tuple[int, int, int]] = []
        self.percussion = self.end_tick = 0
        # The number of each part and its programs, None where its track has named none.
        self._parts: dict[tuple[int, int], tuple[int, set[int | None]]] = {}
        self._changes: list[tuple[int, int, int]] = []  # (tick, channel, program) in any track

    def read(self, number: int, track: Any) -> None:
        """Read all messages of a track."""
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

    def named_parts(self) -> tuple[Part, ...]:
        """Return the parts; one that names no program has what another track gave its channel."""
        elsewhere = {
            channel: program for _, channel, program in sorted(self._changes, reverse=True)
        }
        parts = []
        for (number, channel), (_, programs) in self._parts.items():
            known = {elsewhere.get(channel, 0) if one is None else one for one in programs}
            parts.append(Part(number, channel, tuple(sorted(known))))
        return tuple(parts)


def _parse(path: AnyPath) -> Any:
    """Return the file as mido reads it, once the scan has found nothing wrong."""
    import mido

    data = _read_bytes(path)
    try:
        clean = scan(data)
    except MidiDamageError as damage:
        raise MidiError(path, str(damage)) from None
    try:
        return mido.MidiFile(file=io.BytesIO(clean))
    except (*UNPARSABLE, mido.KeySignatureError) as error:
        reason = f"damaged: an event cannot be parsed ({type(error).__name__}: {error})"
        raise MidiError(path, reason) from None


def _read_bytes(path: AnyPath) -> bytes:
    """Return the bytes of a regular file of bounded size; a pipe or a device would never end."""
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
