"""Songs at another pitch, tempo or length, or of another instrument."""

from __future__ import annotations

import operator
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from evo.core.errors import InputError
from evo.music.metre import Key
from evo.music.midi.units import tempo_to_microseconds
from genomes.arrays import BoolArray

if TYPE_CHECKING:
    from evo.music.song import Song

AnySong = TypeVar("AnySong", bound="Song")


def changed(
    song: AnySong, *, tempo: float | None = None, transpose: int = 0, program: int | None = None
) -> AnySong:
    """Return a song at another tempo or pitch, or of another instrument.

    Args:
        song: The song.
        tempo: Quarter notes per minute at the beginning; later tempos keep their ratio to it.
        transpose: Semitones up. The song gets the keys that it needs.
        program: MIDI program, 0 to 127.

    Raises:
        InputError: If MIDI has no such tempo, note or program.
    """
    if tempo is not None:
        song = _at_tempo(song, tempo)
    if transpose:
        song = _at_pitch(song, transpose)
    if program is not None:
        if not 0 <= program <= 127:
            raise InputError(f"program: expected 0 to 127, got {program}")
        song = replace(song, program=program)
    return song


def _at_tempo(song: AnySong, tempo: float) -> AnySong:
    ratio = tempo / song.tempo
    changes = tuple((step, value * ratio) for step, value in song.tempo_changes)
    for value in (tempo, *(value for _, value in changes)):
        try:
            if not isfinite(value) or value <= 0:
                raise ValueError
            tempo_to_microseconds(value)
        except ValueError:
            raise InputError(
                f"tempo: expected 3.6 to 60,000,000 quarter notes per minute, got {value:g}"
            ) from None
    return replace(song, tempo=tempo, tempo_changes=changes)


def _at_pitch(song: AnySong, semitones: int) -> AnySong:
    used = np.flatnonzero(song.onsets.any(axis=0))
    lowest = song.lowest_note + int(used[0]) if len(used) else 0
    highest = song.lowest_note + int(used[-1]) if len(used) else 0
    if not -lowest <= semitones <= 127 - highest:
        raise InputError(
            f"transpose: expected {-lowest} to {127 - highest} to stay within the notes of MIDI, "
            f"got {semitones}"
        )

    def shifted(key: Key) -> Key:
        # A semitone up is seven fifths up. The nearest signature has at most six sharps or flats.
        fifths = (key.fifths + 7 * semitones + 5) % 12 - 5
        return key if semitones % 12 == 0 else key._replace(fifths=fifths)

    # Keys that leave the range of MIDI have no notes.
    start = song.lowest_note + semitones
    kept = slice(max(-start, 0), song.keys - max(start + song.keys - 128, 0))
    if not len(used):
        start, kept = song.lowest_note, slice(None)
    return replace(
        song,
        onsets=song.onsets[:, kept],
        sounding=song.sounding[:, kept],
        lowest_note=max(start, 0),
        key=None if song.key is None else shifted(song.key),
        key_changes=tuple((step, shifted(key)) for step, key in song.key_changes),
    )


def transposed(song: AnySong, semitones: int) -> AnySong:
    """Transpose a song on the same keys.

    Args:
        song: The song.
        semitones: Positive is up.

    Raises:
        ValueError: if a note would leave the keys.
    """
    semitones = operator.index(semitones)
    lowest, highest = shifts(song)
    if not lowest <= semitones <= highest:
        raise ValueError(
            f"semitones: expected {lowest} to {highest} to stay on the keys, got {semitones}"
        )
    # The keys that wrap around have no notes.
    onsets, sounding = (np.roll(plane, semitones, axis=1) for plane in (song.onsets, song.sounding))
    return replace(song, onsets=onsets, sounding=sounding)


def shifts(song: Song) -> tuple[int, int]:
    """Return the lowest (at most 0) and highest transposition that fit the keys."""
    used = np.flatnonzero(song.onsets.any(axis=0))
    return (-int(used[0]), song.keys - 1 - int(used[-1])) if len(used) else (0, 0)


def whole_bars(song: Song, minimum: int) -> tuple[BoolArray, BoolArray]:
    """Return onsets and sounding plane of a song in whole bars, with all of its notes.

    Args:
        song: The song.
        minimum: Minimum length, in steps.
    """
    sounding = np.flatnonzero(song.sounding.any(axis=1))
    needed = max(int(sounding[-1]) + 1 if len(sounding) else 1, minimum)
    steps = song.metre.whole_bars(needed, song.steps_per_beat)
    silence = np.zeros((max(0, steps - song.steps), song.keys), dtype=np.bool_)
    onsets, sounds = (
        np.concatenate([plane[:steps], silence]) for plane in (song.onsets, song.sounding)
    )
    return onsets, sounds
