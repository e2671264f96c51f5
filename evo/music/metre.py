"""Metres and keys: where the bars of a song begin, and its key signature.

Positions and lengths are in steps. A step is a fraction of a quarter note, whatever the metre's
own unit is.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from evo.core.errors import InputError
from genomes.arrays import IntArray

MAX_BEATS = 255  # MIDI stores a byte
UNITS = (1, 2, 4, 8, 16, 32, 64)
_LETTERS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")


class Key(NamedTuple):
    """A key signature.

    Attributes:
        fifths: number of sharps, -7 to 7; flats are negative.
        minor: whether the key is the minor one of this signature.
    """

    fifths: int
    minor: bool = False

    @property
    def name(self) -> str:
        """The key's name as MIDI writes it: "G", "F#m", "Bb"."""
        return _MINOR[self.fifths] if self.minor else _LETTERS[self.fifths + 7]

    @property
    def words(self) -> str:
        """The key's name in words: "G major", "F# minor"."""
        return f"{self.name.removesuffix('m')} {'minor' if self.minor else 'major'}"


_MINOR = {
    fifths: name + "m"
    for fifths, name in enumerate(
        ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#"), -7
    )
}


def is_key(fifths: int) -> bool:
    """Return whether a key signature has this number of sharps."""
    return -7 <= fifths <= 7


def is_time_signature(beats: int, unit: int) -> bool:
    """Return whether a time signature can be read and written.

    Args:
        beats: Beats per bar, the upper number.
        unit: The note that is a beat, the lower number.
    """
    return 1 <= beats <= MAX_BEATS and unit in UNITS


def metre_of(text: str) -> Metre:
    """Return the metre of a time signature: "3/4".

    Raises:
        InputError: If the text is none.
    """
    beats, _, unit = text.strip().partition("/")
    numbers = beats.isdecimal() and unit.isdecimal() and len(text) < 9
    if numbers and is_time_signature(int(beats), int(unit)):
        return Metre(int(beats), int(unit))
    raise InputError(f"metre must be a time signature such as 3/4 or 6/8, got {text!r}")


def bar_steps(beats: int, unit: int, steps_per_beat: int) -> Fraction:
    """Return the steps of a bar.

    Args:
        beats: Beats per bar.
        unit: The note that is a beat: 4 is a quarter note.
        steps_per_beat: Steps per quarter note.
    """
    return Fraction(4 * beats * steps_per_beat, unit)


def half_up(number: Fraction) -> int:
    """Round to the nearest integer, halves up."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


@dataclass(frozen=True)
class Metre:
    """The time signature of a song, its changes, and the first bar line.

    Attributes:
        beats: Beats per bar, the upper number of the time signature.
        unit: The note that is a beat, the lower number: a power of two up to 64.
        first_bar: First step of the first full bar. Before it are rests and the pickup.
        changes: (step, beats, unit) of later time signatures, sorted. Each begins a new bar.

    Raises:
        ValueError: If there is no such metre.
    """

    beats: int = 4
    unit: int = 4
    first_bar: int = 0
    changes: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        for beats, unit in ((self.beats, self.unit), *(change[1:] for change in self.changes)):
            if not is_time_signature(beats, unit):
                raise ValueError(
                    f"metre: expected 1 to {MAX_BEATS} beats of a unit of "
                    f"{', '.join(map(str, UNITS))}, got {beats}/{unit}"
                )
        if self.first_bar < 0:
            raise ValueError(f"first_bar: expected a step from 0, got {self.first_bar}")
        steps = [self.first_bar, *(step for step, _, _ in self.changes)]
        if any(later <= earlier for earlier, later in pairwise(steps)):
            raise ValueError(
                f"changes: expected increasing steps after {self.first_bar}, got {steps[1:]}"
            )

    def __str__(self) -> str:
        """Return the time signatures, each once: "3/4", "2/4 and 3/4"."""
        all_of = [(self.beats, self.unit), *(change[1:] for change in self.changes)]
        return " and ".join(f"{beats}/{unit}" for beats, unit in dict.fromkeys(all_of))

    def bar(self, steps_per_beat: int) -> Fraction:
        """Return the steps of a bar of the first time signature.

        Args:
            steps_per_beat: Steps per quarter note.
        """
        return bar_steps(self.beats, self.unit, steps_per_beat)

    @property
    def is_compound(self) -> bool:
        """Whether three units are a felt beat, as in 6/8, 9/8 and 12/8."""
        return self.unit >= 8 and self.beats > 3 and self.beats % 3 == 0

    def bar_starts(self, steps: int, steps_per_beat: int) -> IntArray:
        """Return the first step of every full bar.

        A bar line between two steps is rounded half up.

        Args:
            steps: Length of the song.
            steps_per_beat: Steps per quarter note.

        Returns:
            int64 (bars,), increasing, all below `steps`.
        """
        segments = [(self.first_bar, self.beats, self.unit), *self.changes]
        ends = [start for start, _, _ in segments[1:]] + [steps]
        starts: list[int] = []
        for (start, beats, unit), end in zip(segments, ends, strict=True):
            bar = bar_steps(beats, unit, steps_per_beat)
            count = max(-(-(min(end, steps) - start) // bar), 0)
            starts += [start + half_up(number * bar) for number in range(count)]
        found: IntArray = np.unique(np.array(starts, np.int64))
        return found[found < steps]

    def whole_bars(self, steps: int, steps_per_beat: int) -> int:
        """Return the length in whole bars that holds a number of steps.

        Args:
            steps: Steps to hold.
            steps_per_beat: Steps per quarter note.
        """
        segments = [(self.first_bar, self.beats, self.unit), *self.changes]
        start, beats, unit = [part for part in segments if part[0] < steps or part is segments[0]][
            -1
        ]
        bar = bar_steps(beats, unit, steps_per_beat)
        return start + half_up(max(-(-(steps - start) // bar), 0) * bar)

    def signatures(self, steps_per_beat: int) -> list[tuple[int, int, int]]:
        """Return the time signatures as a file writes them: (step, beats, unit).

        A first bar that is shorter than the others has a time signature of its own. If none has its
        length, the usual signature is written at its beginning and again at its end.

        Args:
            steps_per_beat: Steps per quarter note.
        """
        usual = (self.beats, self.unit)
        start = self.first_bar
        if not 0 < start < self.bar(steps_per_beat):
            return [(0, *usual), *self.changes]
        first = usual
        for unit in (unit for unit in UNITS if self.unit <= unit <= 32):
            beats = Fraction(start * unit, 4 * steps_per_beat)
            if beats.denominator == 1:
                first = (int(beats), unit)
                break
        return [(0, *first), (start, *usual), *self.changes]
