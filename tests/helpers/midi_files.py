"""MIDI files with one fault each, and their faultless neighbours, written by mido.

A voice is a list of notes (onset, length, pitch) in beats. `FAULTY` and `INNOCENT` map names to the
arguments of `write_piece`: the melody of 16 bars below with one change.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import mido

Note = tuple[float, float, int]

BEATS = 64


class Voice(NamedTuple):
    """The notes of one track on one channel; without a program, no program change."""

    notes: Sequence[Note]
    channel: int = 0
    program: int | None = 0


def melody(seed: int = 1, step: float = 0.5, beats: float = BEATS, root: int = 60) -> list[Note]:
    """Return a melody on a grid of `step`, varied by the seed.

    Its notes lie in the octave above `root`.
    """
    chance = random.Random(seed)
    notes: list[Note] = []
    place = 0.0
    while place < beats:
        length = step * chance.choice((1, 1, 2, 2, 4))
        notes.append((place, length, root + chance.choice((0, 2, 4, 5, 7, 9, 11, 12))))
        place += length
    return notes


def write_piece(
    path: Path,
    *voices: Voice,
    tempos: Iterable[tuple[float, float]] = ((0, 120),),
    metres: Iterable[tuple[float, int, int]] = ((0, 4, 4),),
    ticks_per_beat: int = 480,
    one_track: bool = False,
    end: float = 0.0,
) -> None:
    """Write voices as a MIDI file.

    Tempos are in beats per minute; all positions and the end are in beats.
    """
    leading: list[tuple[int, int, Any]] = []
    for beat, tempo in tempos:
        event = mido.MetaMessage("set_tempo", tempo=round(60e6 / tempo))
        leading.append((round(beat * ticks_per_beat), 0, event))
    for beat, numerator, denominator in metres:
        event = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        leading.append((round(beat * ticks_per_beat), 0, event))
    leading.append((round(end * ticks_per_beat), 3, mido.MetaMessage("text", text="")))
    tracks = [leading]
    for notes, channel, program in voices:
        events: list[tuple[int, int, Any]] = []
        if program is not None:
            change = mido.Message("program_change", channel=channel, program=program)
            events.append((0, 0, change))
        for onset, length, pitch in notes:
            on, off = round(onset * ticks_per_beat), round((onset + length) * ticks_per_beat)
            event = mido.Message("note_on", channel=channel, note=pitch, velocity=80)
            events.append((on, 2, event))
            event = mido.Message("note_off", channel=channel, note=pitch)
            events.append((max(off, on + 1), 1, event))
        if one_track:
            leading += events
        else:
            tracks.append(events)
    midi = mido.MidiFile(type=0 if one_track else 1, ticks_per_beat=ticks_per_beat)
    for events in tracks:
        track = mido.MidiTrack()
        now = 0
        for tick, _, message in sorted(events, key=lambda event: event[:2]):
            track.append(message.copy(time=tick - now))
            now = tick
        midi.tracks.append(track)
    midi.save(path)


def moved(notes: Iterable[Note], beats: float = 0.0, semitones: int = 0) -> list[Note]:
    """Return the notes later and higher."""
    return [(onset + beats, length, pitch + semitones) for onset, length, pitch in notes]


def jittered(notes: Iterable[Note], beats: float, seed: int = 0) -> list[Note]:
    """Return the notes with normal timing errors, as a human plays them.

    `beats` is the standard deviation.
    """
    chance = random.Random(seed)
    return [(max(0.0, on + chance.gauss(0, beats)), length, pitch) for on, length, pitch in notes]


def swung(notes: Iterable[Note], second: float, step: float = 0.5) -> list[Note]:
    """Delay every second step to `second` of a pair (0.5: even)."""

    def place(onset: float) -> float:
        return onset + (2 * second - 1) * step if round(onset / step) % 2 else onset

    return [(place(onset), length, pitch) for onset, length, pitch in notes]


def graced(notes: list[Note], every: int) -> list[Note]:
    """Add grace notes of 1/16 beat before every n-th note."""
    grace = [(on - 1 / 16, 1 / 16, min(pitch + 1, 72)) for on, _, pitch in notes[every::every]]
    return sorted([*notes, *grace])


def wavering(every: float, until: float = BEATS, seed: int = 0) -> list[tuple[float, float]]:
    """Return fluctuating tempos: a new one at regular intervals in beats."""
    chance = random.Random(seed)
    changes = int(until / every)
    return [(place * every, 120 * chance.uniform(0.9, 1.1)) for place in range(changes)]


def ritardando(first: float, last: float, every: float = 0.5) -> list[tuple[float, float]]:
    """Return tempos from 116 down, in steps of 4."""
    return [(first + n * every, 116 - 4 * n) for n in range(int((last - first) / every))]


M = melody()
TRIPLETS = melody(step=1 / 3)
CHANCE = random.Random(7)
FREE = sorted(CHANCE.uniform(0, BEATS) for _ in range(80))
LIVE = [(place, 0.3, 60 + CHANCE.randrange(13)) for place in FREE]
RUN = [(place / 6, 1 / 6, 60 + CHANCE.randrange(13)) for place in range(6 * BEATS)]
CHORDS = [(4 * bar, 4, 48 + note) for bar in range(16) for note in (0, 4, 7)]

Writer = Callable[[Path], None]


def _piece(*voices: Voice | list[Note], **options: Any) -> Writer:
    given = [voice if isinstance(voice, Voice) else Voice(voice) for voice in voices]
    return lambda path: write_piece(path, *given, **options)


# The kind of fault, and how to write a file with it.
FAULTY: dict[str, tuple[str, Writer]] = {
    "with drums": ("not-piano", _piece(M, Voice(M[:20], channel=9, program=None))),
    "for a violin": ("not-piano", _piece(Voice(M, program=40))),
    "for piano and flute": ("not-piano", _piece(M, Voice(M[:9], channel=1, program=73))),
    "whose program another track gives": (
        "not-piano", _piece(Voice(M, program=None), Voice([], program=40))),
    "a live recording": ("off-grid", _piece(LIVE)),
    "a live recording of eighths": ("off-grid", _piece(jittered(M, 0.05))),
    "a live recording of low resolution": ("off-grid", _piece(LIVE, ticks_per_beat=96)),
    "a tempo for every beat": ("tempo", _piece(M, tempos=wavering(1))),
    "a tempo for every bar": ("tempo", _piece(M, tempos=wavering(4))),
    "a tempo that drifts": (
        "tempo", _piece(M, tempos=[(beat, 100 + beat / 2) for beat in range(BEATS)])),
    "another metre in the middle": ("metre", _piece(M, metres=((0, 4, 4), (32, 3, 4)))),
    "metres that come and go": (
        "metre", _piece(M, metres=[(12 * n, *((4, 4), (3, 4))[n % 2]) for n in range(5)])),
    "a metre of 5/4": ("metre", _piece(M, metres=((0, 5, 4),))),
    "a metre of 7/8": ("metre", _piece(M, metres=((0, 7, 8),))),
    "over three octaves": ("complex", _piece(sorted(M[::2] + moved(M[1::2], semitones=25)))),
    "chords of six": ("complex", _piece(
        sorted(M + [(8 * at, 1, 60 + 2 * n) for at in range(8) for n in range(6)]))),
    "six notes held at once": ("complex", _piece(
        M, *([(8 * bar + n / 2, 6, 60 + 2 * n) for bar in range(8)] for n in range(6)))),
    "six notes a beat": ("complex", _piece(RUN)),
    "five notes": ("short", _piece([(8.0 * n, 1, 60 + n) for n in range(5)])),
    "two bars": ("short", _piece(melody(step=0.25, beats=6))),
    "half an hour": ("long", _piece(melody(beats=3_600))),
    "an hour of silence at its end": ("long", _piece(M, end=7_200)),
    "no notes": ("empty", _piece([])),
    "nothing but drums": ("empty", _piece(Voice(M, channel=9, program=None))),
}  # fmt: skip

INNOCENT: dict[str, Writer] = {
    "eighths": _piece(M),
    "sixteenths": _piece(melody(2, step=0.25)),
    "triplets": _piece(TRIPLETS),
    "eighths and a few triplets": _piece(
        [note for note in M if note[0] < 32] + [note for note in TRIPLETS if note[0] >= 32]),
    "sixteenths, then triplets": _piece(
        melody(3, step=0.25, beats=32) + moved(melody(4, step=1 / 3, beats=32), 32)),
    "light swing": _piece(swung(melody(5), 0.57)),
    "swing": _piece(swung(melody(6), 0.62)),
    "triplet swing": _piece(swung(melody(7), 2 / 3)),
    "swung sixteenths": _piece(swung(melody(8, step=0.25), 0.6, step=0.25)),
    "played swing": _piece(jittered(swung(melody(9), 0.64), 0.01)),
    "a grace note every fourth note": _piece(graced(melody(10), 4)),
    "all of it late by a little": _piece(moved(melody(11), 0.06)),
    "quantised and made human": _piece(jittered(melody(12), 0.012)),
    "one tempo change at the double bar": _piece(melody(13), tempos=((0, 120), (32, 90))),
    "a final ritardando": _piece(melody(14), tempos=[(0, 120), *ritardando(58, 64)]),
    "a long final ritardando": _piece(melody(15), tempos=[(0, 120), *ritardando(48, 64, 1)]),
    "a ritardando in the middle": _piece(
        melody(16), tempos=[(0, 120), *ritardando(28, 32), (32, 120), *ritardando(60, 64)]),
    "three tempos and the same one again": _piece(
        melody(17), tempos=((0, 120), (0, 120), (16, 90), (32, 90), (32, 120), (48, 100))),
    "no tempo and no metre": _piece(melody(18), tempos=(), metres=()),
    "an upbeat bar": _piece(moved(melody(19), 1), metres=((0, 1, 4), (1, 4, 4))),
    "an upbeat bar and the last one": _piece(
        melody(20), metres=((0, 1, 4), (1, 4, 4), (61, 3, 4))),
    "4/4, 4/4 again and alla breve": _piece(
        melody(21), metres=((0, 4, 4), (16, 4, 4), (32, 2, 2))),
    "three-four": _piece(melody(22), metres=((0, 3, 4),)),
    "six-eight": _piece(melody(23, step=0.5), metres=((0, 6, 8),)),
    "another metre after the last note": _piece(
        melody(24), metres=((0, 4, 4), (80, 3, 4)), end=88),
    "one melody on three tracks": _piece(melody(33), melody(33), melody(33)[:9]),
    "on three channels of one track": _piece(
        melody(34), Voice(melody(34)[:9], 1), Voice(melody(34)[9:18], 2), one_track=True),
    "four voices on four tracks": _piece(
        *(Voice(moved(melody(35, step=1)[:30], semitones=down)) for down in (0, 4, 7, 12))),
    "a tempo that changes by a few beats a minute": _piece(
        melody(36), tempos=[(beat, 120 + (beat * 7) % 5 - 2) for beat in range(BEATS)]),
    "one odd bar": _piece(melody(37), metres=((0, 4, 4), (16, 5, 4), (21, 4, 4))),
    "another beat": _piece([(on * 32 / 30, length, key) for on, length, key in melody(38)]),
    "two hands on two tracks": _piece(
        melody(25, root=60), [(4 * bar, 4, 60) for bar in range(16)]),
    "a harpsichord": _piece(Voice(melody(26), program=6)),
    "triads": _piece(sorted(melody(27, step=1) + [(8 * n, 1, 60) for n in range(8)])),
    "a bar of silence before it": _piece(moved(melody(28), 4)),
    "low resolution": _piece(melody(29, step=0.25), ticks_per_beat=24),
    "a resolution that triplets do not divide": _piece(
        melody(30, step=1 / 3), ticks_per_beat=100),
    "high resolution": _piece(melody(31), ticks_per_beat=15_360),
    "a slow tempo in sixteenths": _piece(melody(32, step=0.25), tempos=((0, 40),)),
}  # fmt: skip


def _bytes(content: bytes) -> Writer:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def _cut(share: float) -> Writer:
    def write(path: Path) -> None:
        INNOCENT["eighths"](path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(share * len(whole))])

    return write


def _broken(content: bytes, position: int) -> Writer:
    def write(path: Path) -> None:
        INNOCENT["eighths"](path)
        whole = path.read_bytes()
        path.write_bytes(whole[:position] + content + whole[position + len(content) :])

    return write


_TRACK = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk"
DAMAGED: dict[str, Writer] = {
    "nothing": lambda path: path.touch(),
    "a text": _bytes(b"Twinkle, twinkle, little star\n"),
    "half a header": _bytes(b"MThd\0\0\0\6\0"),
    "a header alone": _bytes(b"MThd\0\0\0\6\0\0\0\1\1\xe0"),
    "a track cut short": _cut(0.5),
    "the last byte missing": _cut(0.999),
    "no ticks": _broken(b"\0\0", 12),
    "SMPTE frames of no known rate": _broken(b"\x9d\x50", 12),
    "format 9": _broken(b"\0\x09", 8),
    "a track of absurd length": _bytes(_TRACK + b"\xff\xff\xff\xff\0\x90<@\x60<\0"),
    "a pitch above 127": _bytes(_TRACK + b"\0\0\0\x0c\0\x90\x90@\x60<\0\0\xff\x2f\0"),
    "a status of nothing": _bytes(_TRACK + b"\0\0\0\4\0\xf4\0\0"),
    "a megabyte of one number": _bytes(_TRACK + b"\0\x10\0\0" + b"\xff" * (1 << 20)),
    "two megabytes of notes": _bytes(
        _TRACK + b"\0\x1e\x84\x80\0\x90<@" + b"\0<@" * 666_665 + b"\0"
    ),
    "a file without an end": _bytes(b"MThd\0\0\0\6\0\0\0\1\1\xe0" + bytes(5_000_000)),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "a link to nowhere": lambda path: path.symlink_to(path.parent / "nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
}


def odd_tree(folder: Path, write: Callable[[Path], object]) -> list[str]:
    """Write MIDI files below a folder, among links, a pipe and folders that are none.

    Args:
        folder: An empty folder.
        write: Writes a MIDI file.

    Returns:
        The names of the MIDI files, unsorted.
    """
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "folder.mid").mkdir()
    (folder / "deep" / "round").symlink_to(folder, target_is_directory=True)
    (folder / "itself.mid").symlink_to(folder / "itself.mid")
    (folder / "nowhere.mid").symlink_to(folder / "missing")
    os.mkfifo(folder / "pipe.mid")
    names = ["deep/B.MID", "deep/deeper/c.midi", "folder.mid/d.Mid", "a.mid"]
    for name in names:
        write(folder / name)
    (folder / "notes.txt").write_text("no song")
    return names
