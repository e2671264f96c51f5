"""Read notes from MIDI files; every failure is a `MidiError`.

`evo.music.midi.scan` finds the events of a file, and `evo.music.midi.pairing` their notes. Here
they become a piece: notes, parts, tempos and signatures.

Time is in ticks, `ticks_per_beat` per quarter note. A part is the notes of one track on one
channel. Percussion (channel 10) is left out. A file of format 2 holds several pieces, one per
track: one of them must be chosen. A file timed in SMPTE frames is converted to beats, at its tempo.

Users count tracks, channels and parts from 1.

Reference: Standard MIDI Files 1.0, MIDI Manufacturers Association, RP-001 (1996).
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import itemgetter
from typing import Any

import numpy as np

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.midi.parts import NOTE_ON, PERCUSSION, Part, describe_parts, notes_and_parts
from evo.music.midi.reading import MARK
from evo.music.midi.scan import (
    KEY,
    METRE,
    SPECIFIC,
    TEMPO,
    Events,
    Meta,
    MidiDamageError,
    scan,
)
from evo.music.midi.units import DEFAULT_TEMPO, MICROSECONDS
from genomes.arrays import IntArray

MAX_BYTES = 4_000_000
MAX_MARK = 256  # bytes
MAX_TICK = 1 << 62
FRAMES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1_001), 30: Fraction(30)}
SMPTE = 0x8000  # the bit of a division in frames
SEVERAL_PIECES = 2  # the format
FINEST_UNIT = 7  # of a metre: a 128th, as a power of two
MAX_SHOWN = 6  # parts named in a message


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
        MidiError: if the file is missing, irregular, damaged, too large or has no notes, or holds
            several pieces.
    """
    piece = read_piece(path)
    if not len(piece.notes):
        raise MidiError(path, "no notes but percussion" if piece.percussion else "no notes")
    return MidiNotes(
        notes=piece.notes[:, :3],
        ticks_per_beat=piece.ticks_per_beat,
        tempo=piece.tempo,
        end_tick=piece.end_tick,
    )


def read_piece(
    path: AnyPath,
    *,
    tracks: Collection[int] | None = None,
    channels: Collection[int] | None = None,
    parts: Collection[int] | None = None,
) -> MidiPiece:
    """Read a MIDI file with its parts, tempos and metres.

    Args:
        path: MIDI file.
        tracks: numbers of the tracks to read, from 1; by default all.
        channels: numbers of the channels to read, from 1; by default all.
        parts: numbers of the parts to read, from 1, as `list_parts` counts them; by default all.

    Raises:
        MidiError: as `read_notes`, but a file without notes is allowed. Also if no notes were
            chosen.
    """
    with _naming(path):
        events = scan(_read_bytes(path))
        notes, found = notes_and_parts(events)
        chosen = [
            number
            for number, part in enumerate(found)
            if (tracks is None or part.track + 1 in tracks)
            and (channels is None or part.channel + 1 in channels)
            and (parts is None or number + 1 in parts)
        ]
        if found and not chosen:
            there = _shown("; ", describe_parts(notes, found))
            raise MidiError(path, f"no notes in what was chosen; there is {there}")
        sources = {found[number].track for number in chosen}
        if events.form == SEVERAL_PIECES and len(sources) > 1:
            numbers = _shown(", ", [str(track + 1) for track in sorted(sources)])
            raise MidiError(path, f"several pieces (format 2): choose one, --track {numbers}")
        return _piece(events, notes, found, chosen)


def list_parts(path: AnyPath) -> list[str]:
    """Describe the parts of a MIDI file, in one line each.

    Returns:
        Lines such as "part 1: track 2, channel 1, Melody, program 1 (piano), 91 notes, G4 to G5".

    Raises:
        MidiError: if the file cannot be read.
    """
    with _naming(path):
        return describe_parts(*notes_and_parts(scan(_read_bytes(path))))


@contextmanager
def _naming(path: AnyPath) -> Iterator[None]:
    """Add the path to an error."""
    try:
        yield
    except MidiDamageError as damage:
        raise MidiError(path, str(damage)) from None


def _shown(separator: str, items: list[str]) -> str:
    """Join the first few items."""
    return separator.join([*items[:MAX_SHOWN], *["..."][: len(items) > MAX_SHOWN]])


def _piece(
    events: Events, notes: IntArray, found: tuple[Part, ...], chosen: list[int]
) -> MidiPiece:
    """Return the chosen parts as a piece.

    Args:
        events: events of the file.
        notes: all its notes.
        found: all its parts.
        chosen: indices of the parts to return, sorted.
    """
    sources = {found[number].track for number in chosen}
    metas = events.metas
    if events.form == SEVERAL_PIECES:  # each with tempos and signatures of its own
        metas = tuple(meta for meta in metas if meta.track in sources)
    whole = len(chosen) == len(found)
    if whole and (events.form != SEVERAL_PIECES or not found):
        sources = set(range(len(events.ends)))
    index = np.full(len(found), -1)
    index[chosen] = np.arange(len(chosen))
    part = index[notes[:, 3]]
    drums = (events.status == NOTE_ON + PERCUSSION) & (events.data[:, 1] > 0)
    piece = MidiPiece(
        notes=np.column_stack([notes[:, :3], part])[part >= 0],
        parts=tuple(found[number] for number in chosen),
        percussion=int(drums.sum()) if whole else 0,
        ticks_per_beat=events.division,
        end_tick=int(max(events.ends[list(sources)])),
        **_signatures(metas),
    )
    return _in_beats(piece) if events.division & SMPTE else piece


def _signatures(metas: Iterable[Meta]) -> dict[str, Any]:
    """Return the fields of a piece that come from meta events; odd events are left out."""
    tempos: list[tuple[int, ...]] = []
    metres: list[tuple[int, ...]] = []
    keys: list[tuple[int, ...]] = []
    mark: bytes | None = None
    for _, tick, kind, payload in metas:
        if kind == TEMPO and any(payload[:3]):
            tempos.append((tick, int.from_bytes(payload[:3])))
        elif kind == METRE and payload[0] and payload[1] <= FINEST_UNIT:
            metres.append((tick, payload[0], 1 << payload[1]))
        elif kind == KEY:
            fifths, minor = struct.unpack_from(">bB", payload)
            if abs(fifths) <= 7 and minor <= 1:
                keys.append((tick, fifths, bool(minor)))
        elif kind == SPECIFIC and payload.startswith(MARK) and len(payload) <= MAX_MARK:
            mark = mark or payload
    lists = {"tempos": tempos, "metres": metres, "keys": keys}
    ordered = {name: tuple(sorted(found, key=itemgetter(0))) for name, found in lists.items()}
    return {**ordered, "mark": mark}


def _in_beats(piece: MidiPiece) -> MidiPiece:
    """Return a piece timed in SMPTE frames as one timed in ticks per beat.

    Its tempo says how long a beat is. With several tempos, beats would not be evenly spaced.

    Raises:
        MidiDamageError: if there are several tempos, or no such frame rate.
    """
    frames, subframes = 256 - (piece.ticks_per_beat >> 8), piece.ticks_per_beat & 0xFF
    if frames not in FRAMES or not subframes:
        raise MidiDamageError(f"damaged: {subframes} ticks in each of {frames} frames a second")
    lengths = {microseconds for _, microseconds in piece.tempos} or {DEFAULT_TEMPO}
    if len(lengths) > 1:
        raise MidiDamageError(
            f"timed in SMPTE frames with {len(lengths)} tempos: save it with ticks per beat"
        )
    beat = FRAMES[frames] * subframes * lengths.pop() / 1_000_000  # in ticks
    factor = beat.denominator
    if piece.end_tick * factor > MAX_TICK:
        raise MidiDamageError("too large: its time does not fit 64 bits")
    notes = piece.notes.copy()
    notes[:, :2] *= factor
    return replace(
        piece,
        notes=notes,
        tempos=tuple((tick * factor, value) for tick, value in piece.tempos),
        metres=tuple((tick * factor, beats, unit) for tick, beats, unit in piece.metres),
        keys=tuple((tick * factor, fifths, minor) for tick, fifths, minor in piece.keys),
        ticks_per_beat=beat.numerator,
        end_tick=piece.end_tick * factor,
    )


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
