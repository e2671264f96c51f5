"""The notes of a song as a pianist plays them: times in seconds, and velocities by the metre.

The first beat of a bar is the loudest, then the middle of a bar of an even number of beats, then
the other beats, then the notes between them. In 6/8, 9/8 and 12/8 a beat has three eighths. A
pickup counts backwards from the first bar line. The highest note of a chord is a little louder
than the others, as the melody is mostly there.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from evo.music.metre import Metre, bar_steps
from genomes.arrays import FloatArray, IntArray

# Velocities, in 0..1, by the place of a note in its bar.
DOWNBEAT, MIDDLE, BEAT, BETWEEN = 0.80, 0.70, 0.64, 0.55
MELODY = 0.05  # added to the highest note of a chord


class Score(Protocol):
    """The part of a song that sound needs."""

    @property
    def duration(self) -> float:
        """Length in seconds."""

    @property
    def steps_per_beat(self) -> int:
        """Steps per quarter note."""

    @property
    def metre(self) -> Metre:
        """The metre."""

    @property
    def program(self) -> int:
        """The MIDI program, 0 to 127."""

    def seconds(self) -> FloatArray:
        """Return the time of every step and of the end, in seconds."""

    def notes(self) -> list[tuple[int, int, int]]:
        """Return the notes as (first step, step of the release, MIDI note)."""


@dataclass(frozen=True)
class Performance:
    """Notes to be played, ordered by their starts.

    Attributes:
        starts: Float64 (n,), seconds.
        ends: Float64 (n,), seconds of the releases.
        notes: Int64 (n,), MIDI notes.
        velocities: Float64 (n,), in 0..1.
        duration: Length in seconds, of which the last may be silent.
        program: MIDI program, 0 to 127.
    """

    starts: FloatArray
    ends: FloatArray
    notes: IntArray
    velocities: FloatArray
    duration: float
    program: int = 0

    def repeated(self, times: int) -> Performance:
        """Return the notes played several times, one after the other.

        Args:
            times: How often, at least 1.
        """
        shifts = np.repeat(np.arange(times) * self.duration, len(self.notes))
        return Performance(
            np.tile(self.starts, times) + shifts,
            np.tile(self.ends, times) + shifts,
            np.tile(self.notes, times),
            np.tile(self.velocities, times),
            self.duration * times,
            self.program,
        )


def performed(score: Score) -> Performance:
    """Return the notes of a song in seconds, with velocities."""
    notes = np.array(score.notes(), np.int64).reshape(-1, 3)
    seconds = score.seconds()
    first, release, pitch = notes.T
    velocities = np.array(
        [velocity(score.metre, score.steps_per_beat, step) for step in first.tolist()]
    )
    last = np.diff(first, append=-1) != 0  # notes are sorted: the highest of a chord is its last
    return Performance(
        seconds[first],
        seconds[release],
        pitch,
        np.where(last, velocities + MELODY, velocities),
        float(seconds[-1]),
        score.program,
    )


def velocity(metre: Metre, steps_per_beat: int, step: int) -> float:
    """Return the velocity of a note by its place in the bar, in 0..1.

    Args:
        metre: The metre of the song.
        steps_per_beat: Steps per quarter note.
        step: The step on which the note starts.
    """
    segments = [(metre.first_bar, metre.beats, metre.unit), *metre.changes]
    start, beats, unit = [part for part in segments if part[0] <= step or part is segments[0]][-1]
    bar = bar_steps(beats, unit, steps_per_beat)
    compound = Metre(beats, unit).is_compound
    beat = bar / Fraction(beats, 3) if compound else bar / beats
    place = (step - start) % bar
    # A bar line between two steps is rounded half up, as `Metre.bar_starts` does.
    if _is_at(place, Fraction(0)) or _is_at(place, bar):
        return DOWNBEAT
    number = beats // 3 if compound else beats
    if number % 2 == 0 and _is_at(place, bar / 2):
        return MIDDLE
    return BEAT if _is_at(place % beat, Fraction(0)) or _is_at(place % beat, beat) else BETWEEN


def _is_at(place: Fraction, line: Fraction) -> bool:
    """Return whether a line, rounded half up to a step, is at a place."""
    return Fraction(-1, 2) < place - line <= Fraction(1, 2)
