"""How to read a file on a grid: keys, resolution, length and beat, given or automatic."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Literal, SupportsIndex

AUTO: Literal["auto"] = "auto"
Auto = Literal["auto"]
MAX_STEPS = 65_536
MAX_STEPS_PER_BEAT = 32_767
MARK = b"}kuznechik"  # of saved songs; 0x7D is MIDI's manufacturer for private use


def usual_lowest_note(keys: int) -> int:
    """Return the default MIDI note of key 0: 60, 21 or 0.

    It is 60 below 69 keys, 21 (as on the piano) from 69 keys, and 0 from 108 keys.
    """
    return next(note for note in (60, 21, 0) if note + keys <= 128)


def lowest_note_for(low: int, high: int, keys: int) -> int:
    """Return the MIDI note of key 0 that is nearest to the usual one and holds all notes.

    Args:
        low: Lowest MIDI note.
        high: Highest MIDI note, less than `keys` above it.
        keys: Number of keys.
    """
    return min(max(usual_lowest_note(keys), high - keys + 1), low)


@dataclass(frozen=True)
class Reading:
    """How to read a file.

    Attributes:
        keys: Number of keys, or "auto" for the range of the notes.
        lowest_note: MIDI note of key 0. Notes outside the keys are then transposed. None: the
            usual one, or the nearest that holds the notes at their own pitch.
        steps_per_beat: Steps per quarter note, or "auto" for the coarsest that keeps all onsets.
        steps: Length to cut or fill up to; None for the file's own.
        beat_ticks: Ticks of a beat, if not as the file declares; None to find it.
        tracks: Tracks to read, from 1; None for all.
        channels: Channels to read, 1 to 16; None for all.
        parts: Parts to read, from 1, as `evo songs parts` counts them; None for all.

    Raises:
        ValueError: If a number is out of range.
    """

    keys: int | Auto = AUTO
    lowest_note: int | None = None
    steps_per_beat: int | Auto = AUTO
    steps: int | None = None
    beat_ticks: int | None = None
    tracks: tuple[int, ...] | None = None
    channels: tuple[int, ...] | None = None
    parts: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        keys = 1 if self.keys == AUTO else integer("keys", self.keys, 1, 128)
        if self.lowest_note is not None:
            integer("lowest_note", self.lowest_note, 0, 128 - keys)
        if self.steps_per_beat != AUTO:
            integer("steps_per_beat", self.steps_per_beat, 1, MAX_STEPS_PER_BEAT)
        if self.steps is not None:
            integer("steps", self.steps, 1, MAX_STEPS)
        if self.beat_ticks is not None:
            integer("beat_ticks", self.beat_ticks, 1, MAX_STEPS_PER_BEAT)


def integer(argument: str, value: SupportsIndex, lowest: int, highest: int) -> int:
    """Return an integer argument within its limits.

    Args:
        argument: Its name, for the message.
        value: The value.
        lowest: Minimum.
        highest: Maximum.

    Raises:
        ValueError: If it is not an integer, or out of range.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{argument}: expected an integer, got {value!r}") from None
    if not lowest <= number <= highest:
        raise ValueError(f"{argument}: expected {lowest:,} to {highest:,}, got {number:,}")
    return number
