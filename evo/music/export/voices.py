"""Divide the notes of a song into staves and voices.

Two kinds of music are told apart. *Part music*, as a chorale, has up to four notes at once, and
nearly always as many: each note belongs to one of as many voices, by its pitch. In other music
notes with the same onset and release on a staff are a chord, and the chords are divided into the
fewest voices without overlap: each goes to the free voice whose last chord is nearest in pitch.

Music with notes at once and a wide range has two staves: voices of a mean pitch from middle C on
are on the upper, or in other music the notes from middle C.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np

from evo.core.errors import InputError

MIDDLE_C = 60
_BASS, _TREBLE = 55, 64  # with notes at once both below and above, there are two staves
_MAX_VOICES = 16
_MAX_PARTS = 4
_FULL = 0.75  # share of its voices that sound in part music, on average

Note = tuple[int, int, int]  # first step, release step, MIDI pitch


@dataclass(frozen=True)
class Chord:
    """Notes with the same onset and release, in steps; pitches ascending."""

    first: int
    release: int
    pitches: tuple[int, ...]


Voice = list[Chord]


@dataclass(frozen=True)
class Staff:
    """A staff: its clef ("treble" or "bass") and its voices, the highest first."""

    clef: str
    voices: list[Voice]


def staves_of(notes: list[Note]) -> list[Staff]:
    """Return the staves of notes, from the top.

    Args:
        notes: sorted (first step, release step, MIDI pitch).

    Raises:
        InputError: if there are too many voices.
    """
    if not notes:
        return [Staff("treble", [[]])]
    pitches = [pitch for _, _, pitch in notes]
    counts = _counts(notes)
    most = int(counts.max())
    is_wide = most > 1 and min(pitches) < _BASS and max(pitches) > _TREBLE
    if 1 < most <= _MAX_PARTS and counts[counts > 0].mean() >= _FULL * most:
        parts = _parts(notes, most)
        upper = [part for part in parts if _height(part) >= MIDDLE_C]
        lower = [part for part in parts if _height(part) < MIDDLE_C]
    else:
        upper = _chords([note for note in notes if note[2] >= MIDDLE_C or not is_wide])
        lower = _chords([note for note in notes if note[2] < MIDDLE_C and is_wide])
    if is_wide and upper and lower:
        return [Staff("treble", upper), Staff("bass", lower)]
    clef = "treble" if sum(pitches) / len(pitches) >= MIDDLE_C - 2 else "bass"
    return [Staff(clef, upper + lower)]


def _counts(notes: list[Note]) -> np.ndarray:
    """Return how many notes sound at each step: int64 (steps,)."""
    changes = np.zeros(max(release for _, release, _ in notes) + 1, np.int64)
    for first, release, _ in notes:
        changes[first] += 1
        changes[release] -= 1
    return np.cumsum(changes)


def _height(voice: Voice) -> float:
    return sum(chord.pitches[-1] for chord in voice) / len(voice)


def _chords(notes: list[Note]) -> list[Voice]:
    """Return the chords of notes in the fewest voices, the highest voice first."""
    grouped: dict[tuple[int, int], list[int]] = {}
    for first, release, pitch in notes:
        grouped.setdefault((first, release), []).append(pitch)
    chords = [Chord(*times, tuple(sorted(pitches))) for times, pitches in grouped.items()]
    voices: list[Voice] = []
    for chord in sorted(chords, key=lambda chord: (chord.first, -chord.pitches[-1])):
        top = chord.pitches[-1]
        free = [voice for voice in voices if voice[-1].release <= chord.first]
        if free:
            min(free, key=lambda voice: abs(voice[-1].pitches[-1] - top)).append(chord)
        else:
            voices.append([chord])
    if len(voices) > _MAX_VOICES:
        raise InputError(f"{len(voices)} voices at once; a sheet has at most {_MAX_VOICES}")
    return sorted(voices, key=_height, reverse=True)


def _parts(notes: list[Note], count: int) -> list[Voice]:
    """Return part music in its voices, the highest first.

    Notes that begin together go to free voices in the order of pitch, by the smallest leaps. The
    voices are found twice: their mean pitches are where they start from the second time.

    Args:
        notes: sorted (first step, release step, MIDI pitch), at most `count` at once.
        count: number of voices, at least 2.
    """
    high, low = max(note[2] for note in notes), min(note[2] for note in notes)
    start = [high - (high - low) * index / (count - 1) for index in range(count)]
    voices = _led(notes, start)
    voices = _led(notes, [_height(v) if v else at for v, at in zip(voices, start, strict=True)])
    return [voice for voice in voices if voice]


def _led(notes: list[Note], heights: list[float]) -> list[Voice]:
    """Return the voices of notes that start from these pitches."""
    voices: list[Voice] = [[] for _ in heights]
    last = list(heights)
    for first, group in groupby(notes, key=lambda note: note[0]):
        new = sorted(group, key=lambda note: -note[2])
        free = [n for n, voice in enumerate(voices) if not voice or voice[-1].release <= first]
        chosen = _smallest_leaps([pitch for _, _, pitch in new], [last[number] for number in free])
        for note, place in zip(new, chosen, strict=True):
            number = free[place]
            voices[number].append(Chord(note[0], note[1], (note[2],)))
            last[number] = note[2]
    return voices


def _smallest_leaps(pitches: list[int], heights: list[float]) -> list[int]:
    """Return increasing indices of heights for the pitches, with the least sum of distances.

    Args:
        pitches: descending.
        heights: at least as many.
    """

    @cache
    def best(pitch: int, place: int) -> tuple[float, tuple[int, ...]]:
        if pitch == len(pitches):
            return 0.0, ()
        if len(heights) - place < len(pitches) - pitch:
            return float("inf"), ()
        cost, rest = best(pitch + 1, place + 1)
        here = abs(pitches[pitch] - heights[place]) + cost, (place, *rest)
        return min(here, best(pitch, place + 1))

    return list(best(0, 0)[1])
