"""Find the resolution of a piece: the coarsest grid that keeps every onset.

The candidates are `RESOLUTIONS` steps per beat. One fits if every onset is within a tolerance of a
step, and onsets of different times stay on different steps. The tolerance is 1 / 128 of a beat, or
half a tick, as files round triplets to ticks.

Some files are regular on another beat than the one they declare: every onset is a multiple of a
number of ticks that does not divide the beat. `other_beat` finds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd
from typing import TypeVar

import numpy as np

from genomes.arrays import BoolArray, IntArray

RESOLUTIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
Ticks = TypeVar("Ticks", int, IntArray)
TOLERANCE = 128  # parts of a beat
_MIN_ONSETS = 4  # with fewer, any beat would be regular


def distinct(numbers: IntArray) -> IntArray:
    """Return the different numbers, increasing; faster than np.unique, which hashes."""
    ordered = np.sort(numbers)
    found: IntArray = ordered[np.diff(ordered, prepend=ordered[:1] - 1) > 0]
    return found


def steps_of(ticks: Ticks, steps_per_beat: int, ticks_per_beat: int) -> Ticks:
    """Return the nearest step of each tick, halves up.

    Args:
        ticks: int64 of any shape; or one integer of any size, as a late tick times a fine
            resolution may exceed 64 bits.
        steps_per_beat: Steps per quarter note.
        ticks_per_beat: Ticks per quarter note.
    """
    return (2 * ticks * steps_per_beat + ticks_per_beat) // (2 * ticks_per_beat)


def in_place(ticks: IntArray, steps_per_beat: int, ticks_per_beat: int) -> BoolArray:
    """Return which ticks are on a step, within the tolerance.

    Args:
        ticks: int64, any shape.
        steps_per_beat: Steps per quarter note.
        ticks_per_beat: Ticks per quarter note.
    """
    steps = steps_of(ticks, steps_per_beat, ticks_per_beat)
    # In units of 1 / steps_per_beat ticks, so that nothing is rounded.
    off = np.abs(ticks * steps_per_beat - steps * ticks_per_beat)
    tolerance = max(steps_per_beat, 2 * steps_per_beat * ticks_per_beat // TOLERANCE)
    near: BoolArray = 2 * off <= tolerance
    return near


def fits(ticks: IntArray, steps_per_beat: int, ticks_per_beat: int) -> bool:
    """Return whether a resolution keeps every onset distinct and in place.

    Args:
        ticks: int64 (onsets,), increasing, each once.
        steps_per_beat: Steps per quarter note.
        ticks_per_beat: Ticks per quarter note.
    """
    if not in_place(ticks, steps_per_beat, ticks_per_beat).all():
        return False
    steps = steps_of(ticks, steps_per_beat, ticks_per_beat)
    return bool((np.diff(steps) > 0).all())


def fitting(ticks: IntArray, ticks_per_beat: int, bars: Iterable[int] = ()) -> int | None:
    """Return the coarsest resolution that keeps every onset, or None.

    Args:
        ticks: int64 (onsets,), increasing, each once.
        ticks_per_beat: Ticks per quarter note.
        bars: Denominators of the lengths of bars in quarter notes, so that bars are whole steps.
    """
    for steps_per_beat in RESOLUTIONS:
        whole = all(steps_per_beat % denominator == 0 for denominator in bars)
        if whole and fits(ticks, steps_per_beat, ticks_per_beat):
            return steps_per_beat
    return None


def least_loss(ticks: IntArray, keys: IntArray, ticks_per_beat: int) -> int:
    """Return the coarsest of the resolutions that lose the fewest onsets.

    Args:
        ticks: int64 (notes,), the onset of each note.
        keys: int64 (notes,), the key of each note.
        ticks_per_beat: Ticks per quarter note.
    """
    kept = {
        steps: len(distinct(steps_of(ticks, steps, ticks_per_beat) * 128 + keys))
        for steps in RESOLUTIONS
    }
    return max(kept, key=lambda steps: (kept[steps], -steps))


def other_beat(ticks: IntArray, ticks_per_beat: int) -> int | None:
    """Return the ticks of a beat on which a piece is regular, or None.

    The onsets are multiples of a tatum. The beat is the tatum times a power of two, nearest to the
    declared beat.

    Args:
        ticks: int64 (onsets,), increasing, each once.
        ticks_per_beat: Ticks per quarter note, as declared.
    """
    if len(ticks) < _MIN_ONSETS:
        return None
    tatum = gcd(*ticks.tolist())
    if tatum * max(RESOLUTIONS) < ticks_per_beat:
        return None  # so small that live recordings have it
    beats = [tatum << shift for shift in range(16) if tatum << shift <= 32_767]
    if not beats:
        return None
    nearest = min(beats, key=lambda beat: max(beat, ticks_per_beat) / min(beat, ticks_per_beat))
    return nearest if fitting(ticks, nearest) else None
