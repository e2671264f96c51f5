"""A piece as one symbol per step, the input of predictors.

    0           the rest
    k + 1       a note begins, of key k
    keys + 1    the note is held

So a predictor that guesses the next symbol guesses which key comes, when, and how long it lasts. Of
several keys that begin at once only the highest counts: a listener follows it as the melody.

The notes of a piece have three viewpoints, each a sequence of its own (Conklin & Witten, "Multiple
viewpoint systems for music prediction", 1995): the key, the length, and the rest that follows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray

Symbols = NDArray[np.int64]

REST = 0


# Lengths of notes and rests from this number of steps on are the same symbol.
LONGEST = 8


class Notes(NamedTuple):
    """The notes of some pieces, a row per piece, of at least one column; filled up with 0."""

    start: Symbols  # (n, notes), first step of each; the number of steps where there is no note
    key: Symbols  # (n, notes), from 0
    length: Symbols  # (n, notes), in steps, at most LONGEST
    rest: Symbols  # (n, notes), steps of the rest that follows, at most LONGEST


def alphabet_of(keys: int) -> int:
    """Return the number of symbols of an instrument: a rest, the keys, and the hold."""
    return keys + 2


def symbols_of(rolls: BoolArray) -> Symbols:
    """Return the symbols of rolls.

    Args:
        rolls: bool (..., steps, 2 * keys): the onsets, and then the keys that sound.

    Returns:
        int64 (..., steps), below `alphabet_of(keys)`.
    """
    keys = rolls.shape[-1] // 2
    onsets, sounding = rolls[..., :keys], rolls[..., keys:]
    begins = onsets.any(axis=-1)
    highest = keys - 1 - np.argmax(onsets[..., ::-1], axis=-1)
    steps = np.arange(rolls.shape[-2])
    began = np.maximum.accumulate(np.where(begins, steps, -1), axis=-1)
    key = np.take_along_axis(highest, np.maximum(began, 0), axis=-1)
    held = begins | np.take_along_axis(sounding, key[..., None], axis=-1)[..., 0]
    ended = np.maximum.accumulate(np.where(held, -1, steps), axis=-1)
    lasting = np.where(began > ended, keys + 1, REST)
    return np.where(begins, highest + 1, lasting).astype(np.int64)


def rolls_of(symbols: Symbols, keys: int) -> BoolArray:
    """Return the rolls with these symbols, at most one key per step.

    Args:
        symbols: int64 (..., steps).
        keys: Number of keys.

    Returns:
        bool (..., steps, 2 * keys).
    """
    onset, sound = onset_and_sound(symbols, keys)
    steps = np.arange(symbols.shape[-1])
    began = np.maximum.accumulate(np.where(onset, steps, 0), axis=-1)
    last = np.take_along_axis(symbols, began, axis=-1)
    every = np.arange(1, keys + 1)
    planes = (symbols[..., None] == every, sound[..., None] & (last[..., None] == every))
    return np.concatenate(planes, axis=-1)


def onset_and_sound(symbols: Symbols, keys: int) -> tuple[BoolArray, BoolArray]:
    """Return at which steps a note begins, and at which one sounds: bool (..., steps) each.

    Args:
        symbols: int64 (..., steps).
        keys: Number of keys.
    """
    steps = np.arange(symbols.shape[-1])
    onset = (symbols > REST) & (symbols <= keys)
    began = np.maximum.accumulate(np.where(onset, steps, -1), axis=-1)
    rested = np.maximum.accumulate(np.where(symbols == REST, steps, -1), axis=-1)
    return onset, began > rested


def notes_of(symbols: Symbols, keys: int) -> Notes:
    """Return the notes of pieces.

    The last note of a piece may be cut off by its end, and is left out.

    Args:
        symbols: int64 (n, steps).
        keys: Number of keys.
    """
    onset, sound = onset_and_sound(symbols, keys)
    count = np.maximum(onset.sum(axis=1) - 1, 0)
    shape = (len(symbols), int(count.max(initial=1)))
    start = np.full(shape, symbols.shape[1])
    key, length, rest = (np.zeros(shape, np.int64) for _ in range(3))
    for i, n in enumerate(count):
        if n:
            starts = np.flatnonzero(onset[i])
            sounding = np.add.reduceat(sound[i].astype(np.int64), starts)[:n]
            start[i, :n] = starts[:n]
            key[i, :n] = symbols[i, starts[:n]] - 1
            length[i, :n] = np.minimum(sounding, LONGEST)
            rest[i, :n] = np.minimum(np.diff(starts) - sounding, LONGEST)
    return Notes(start, key, length, rest)
