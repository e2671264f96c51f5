"""The two planes of a piano roll: onsets, and sounding keys.

Both are bool (steps, keys). A note is an onset and the sounding steps from there to its release. A
new onset of a key ends the old note of that key, so that repeated notes stay apart. The *roll* that
performers play has the onsets only, or both planes side by side: (steps, 2 * keys).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from genomes.arrays import BoolArray, IntArray

Note = tuple[int, int, int]  # first step, release step, key


def planes_of(
    notes: Sequence[Note] | IntArray, steps: int, keys: int
) -> tuple[BoolArray, BoolArray]:
    """Return the planes of notes.

    Args:
        notes: (first step, release step, key) in any order, or int64 (notes, 3), with first <
            steps. A release after the end is cut. Of notes that begin together on a key, the
            longest counts.
        steps: Length of the planes.
        keys: Number of keys.

    Returns:
        Onsets and sounding, bool (steps, keys).
    """
    onsets = np.zeros((steps, keys), np.bool_)
    # Presses less releases, summed over time: the cost does not grow with the notes' lengths.
    down = np.zeros((steps + 1, keys), np.int8)
    rows = np.asarray(notes, np.int64).reshape(-1, 3)
    if not len(rows):
        return onsets, onsets.copy()
    first, last, key = rows[np.lexsort((rows[:, 1], rows[:, 0], rows[:, 2]))].T
    follows = np.append(key[1:] == key[:-1], False)
    following = np.append(first[1:], steps)
    together = follows & (following == first)  # the last of these is the longest
    first, last, key, follows, following = (
        part[~together] for part in (first, last, key, follows, following)
    )
    last = np.minimum(np.where(follows, np.minimum(last, following), last), steps)
    onsets[first, key] = True
    np.add.at(down, (first, key), 1)
    np.subtract.at(down, (last, key), 1)
    return onsets, np.cumsum(down[:-1], axis=0, dtype=np.int8) > 0


def notes_of(onsets: BoolArray, sounding: BoolArray) -> list[Note]:
    """Return the notes of the planes, sorted by first step and key.

    Args:
        onsets: bool (steps, keys).
        sounding: bool (steps, keys), True at every onset.
    """
    keys, first = np.nonzero(onsets.T)
    # A note ends where its key is silent, or begins again; each key's column ends with an end.
    ends = ~sounding | onsets
    ends = np.vstack([ends, np.ones((1, onsets.shape[1]), np.bool_)])
    columns, rows = np.nonzero(ends.T)
    places = columns * (len(onsets) + 1) + rows
    after = np.searchsorted(places, keys * (len(onsets) + 1) + first, side="right")
    last = rows[after]
    return sorted(zip(first.tolist(), last.tolist(), keys.tolist(), strict=True))


def is_connected(onsets: BoolArray, sounding: BoolArray) -> bool:
    """Return whether every onset sounds, and what sounds began with an onset.

    Args:
        onsets: bool (steps, keys).
        sounding: bool (steps, keys).
    """
    begins = sounding & ~onsets
    begins[1:] &= ~sounding[:-1]
    return not begins.any() and not (onsets & ~sounding).any()


def connected(onsets: BoolArray, sounding: BoolArray) -> BoolArray:
    """Return the sounding plane without what no onset began, and with every onset.

    Args:
        onsets: bool (steps, keys).
        sounding: bool (steps, keys), of any content.
    """
    steps = np.arange(len(onsets))[:, None]
    held = sounding | onsets
    began = np.maximum.accumulate(np.where(onsets, steps, -1), axis=0)
    silent = np.maximum.accumulate(np.where(held, -1, steps), axis=0)
    plane: BoolArray = held & (began > silent)
    return plane


def until_next(onsets: BoolArray, longest: int) -> BoolArray:
    """Return the sounding plane where notes last until the next onset of any key.

    Args:
        onsets: bool (steps, keys).
        longest: Maximum length of a note, in steps.
    """
    steps = len(onsets)
    any_key = np.flatnonzero(onsets.any(axis=1))
    lasting = np.minimum(np.diff(any_key, append=steps), max(longest, 1))
    plane = np.zeros_like(onsets)
    for step, length in zip(any_key.tolist(), lasting.tolist(), strict=True):
        plane[step : step + length] = onsets[step]
    return plane


def split(roll: BoolArray, keys: int) -> tuple[BoolArray, BoolArray | None]:
    """Return the onsets of a roll, and its sounding plane if it has one.

    Args:
        roll: bool (steps, keys) or (steps, 2 * keys).
        keys: Number of keys.

    Raises:
        ValueError: If the roll has another shape.
    """
    if roll.ndim == 2 and roll.shape[1] == keys:
        return roll, None
    if roll.ndim == 2 and roll.shape[1] == 2 * keys:
        return roll[:, :keys], roll[:, keys:]
    raise ValueError(f"roll: expected (steps, {keys}) or (steps, {2 * keys}), got {roll.shape}")


def checked_plane(argument: str, values: ArrayLike) -> BoolArray:
    """Return a read-only copy of a plane.

    Args:
        argument: Its name, for the message.
        values: The plane.

    Raises:
        ValueError: if it is not bool (steps, keys).
    """
    plane = np.array(values, order="C")
    if plane.dtype != np.bool_ or plane.ndim != 2:
        raise ValueError(
            f"{argument}: expected a bool array (steps, keys), got {plane.dtype} {plane.shape}"
        )
    plane.flags.writeable = False
    return plane
