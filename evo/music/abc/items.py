"""The content of a voice in written order: sounds, bar lines, endings, parts and overlays."""

from fractions import Fraction
from typing import NamedTuple


class State(NamedTuple):
    """What is in force where a sound is written.

    Attributes:
        fifths: accidentals of the key signature, sharps positive.
        minor: whether the key is minor.
        metre: beats and unit, or None for free metre.
        tempo: quarter notes per minute, or None if not given.
    """

    fifths: int
    minor: bool
    metre: tuple[int, int] | None
    tempo: float | None


class Head(NamedTuple):
    """A note of a sound: MIDI pitch, length in whole notes, whether tied to the next sound."""

    pitch: int
    length: Fraction
    tied: bool


class Sound(NamedTuple):
    """A note, a chord, or a rest (no heads); the length is in whole notes."""

    line: int
    length: Fraction
    heads: tuple[Head, ...]
    state: State


class Bar(NamedTuple):
    """A bar line: how often the music before it is repeated, and whether a repeat begins."""

    line: int
    repeats: int
    starts: bool
    double: bool


class Ending(NamedTuple):
    """The begin of a variant ending, with the passes that it is for."""

    line: int
    passes: frozenset[int]


class Part(NamedTuple):
    """The begin of a part, `P:` in the body."""

    line: int
    label: str


class Overlay(NamedTuple):
    """The sign `&`: what follows sounds together with the bar so far."""

    line: int


Item = Sound | Bar | Ending | Part | Overlay
