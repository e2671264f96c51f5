"""Count the notes of each moment, and how far two hands must reach for them.

A moment is a time at which notes begin. Notes that begin within the tolerance of the rhythmic grid
belong to one moment, as in a spread chord. A key that several parts play counts once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evo.music.screening.timing import TOLERANCE
from genomes.arrays import IntArray


@dataclass(frozen=True, eq=False)
class Texture:
    """Figures per moment of a piece; all arrays are int64 (moments,).

    Attributes:
        chord: number of keys struck.
        span: semitones that the wider of two hands must reach for them.
        at_once: number of keys that sound.
    """

    chord: IntArray
    span: IntArray
    at_once: IntArray


def texture_of(notes: IntArray, ticks_per_beat: int) -> Texture:
    """Return the texture of a piece.

    Args:
        notes: int64 (notes, 3 or more), at least one, sorted rows (onset_tick, end_tick, pitch).
        ticks_per_beat: ticks per quarter note.
    """
    tolerance = TOLERANCE * ticks_per_beat
    begins = np.diff(notes[:, 0], prepend=notes[0, 0] - ticks_per_beat) > tolerance
    first = np.flatnonzero(begins)  # note of each moment
    struck = np.unique(np.stack([np.cumsum(begins) - 1, notes[:, 2]], axis=1), axis=0)
    start = np.flatnonzero(np.diff(struck[:, 0], prepend=-1))
    chord = np.diff(start, append=len(struck))
    starts, ends = _sounding(notes)
    # Keys that have begun by the last onset of the moment, and do not end before or soon after it.
    until = notes[np.append(first[1:], len(notes)) - 1, 0]
    begun = np.searchsorted(starts, until, side="right")
    ended = np.searchsorted(np.sort(ends), until + tolerance, side="right")
    # Short notes of the moment itself may have ended by then.
    at_once = np.maximum(begun - np.minimum(begun, ended), chord)
    return Texture(chord, _spans(struck[:, 1], start, chord), at_once)


def _sounding(notes: IntArray) -> tuple[IntArray, IntArray]:
    """Return when keys begin to sound, sorted, and when they end.

    A new onset ends the old note of its key.
    """
    order = np.lexsort((-notes[:, 1], notes[:, 0], notes[:, 2]))
    onset, end, pitch = notes[order, :3].T
    again = (np.diff(pitch, prepend=-1) == 0) & (np.diff(onset, prepend=-1) == 0)
    onset, end, pitch = onset[~again], end[~again], pitch[~again]
    follows = np.append(np.diff(pitch) == 0, False)
    end = np.where(follows, np.minimum(end, np.append(onset[1:], 0)), end)
    by_onset = np.argsort(onset, kind="stable")
    return onset[by_onset], end[by_onset]


def _spans(pitch: IntArray, start: IntArray, count: IntArray) -> IntArray:
    """Return the smallest span with which two hands reach each chord.

    The left hand takes the lowest keys, and the right hand the others. Every division is tried.

    Args:
        pitch: int64 (keys,), sorted within each chord.
        start: int64 (chords,), index of the lowest key of each chord.
        count: int64 (chords,), number of its keys.
    """
    lowest = np.repeat(pitch[start], count)
    highest = np.repeat(pitch[start + count - 1], count)
    # A division after each key; after the highest, one hand takes all.
    right = highest - np.append(pitch[1:], 0)
    right[start + count - 1] = 0
    wider: IntArray = np.minimum.reduceat(np.maximum(pitch - lowest, right), start)
    return wider
