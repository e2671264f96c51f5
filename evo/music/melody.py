"""A song read as a melody: its line of highest notes, the tokens of that line, and its key.

The melody of a piano roll is the highest key of every step with an onset. A *token* is the way
from one note of it to the next: the interval in semitones, and the steps between the two onsets
(the wait, or inter-onset interval). Tokens say nothing of the key a melody is in, so that equal
tokens are the same tune in any key; L tokens in a row are L + 1 notes. (A tune in notes of twice
the length has other tokens.)

The key is the one of 24 whose profile has the highest correlation with how long each pitch class
sounds (Krumhansl, "Cognitive Foundations of Musical Pitch", 1990), here with the profiles of
Temperley ("The Cognition of Basic Musical Structures", 2001). They give the tonic of all embedded
tunes; the profiles of Krumhansl & Kessler (1982) miss a third.

What whole populations need stands here twice: in NumPy, and as functions for kernels (`read_notes`,
`write_tokens`, `find_key`).
"""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import device

IntArray = NDArray[np.int64]

BEATS_A_BAR = 4
BAR = 8  # steps: 4/4 in eighths
INTERVALS = 256  # of a token: more than the 255 there are, from -127 to 127

# How well each degree, in semitones above the tonic, fits a major and a minor key.
KEY_PROFILES = np.array(
    [
        [5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0],
        [5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0],
    ]
)


def onsets(song: Song | ArrayLike) -> BoolArray:
    """Return where notes begin: a grid as it is, the rises of a song of held notes.

    Args:
        song: a song, or a bool grid (steps, keys).

    Returns:
        Bool (steps, keys).

    Raises:
        ValueError: for anything but a bool array (steps, keys) of at most 128 keys.
    """
    if isinstance(song, Song):
        held = song.grid
        if song.hold:
            return held & ~np.vstack([np.zeros_like(held[:1]), held[:-1]])
        return held
    grid: BoolArray = np.asarray(song)
    if grid.dtype != np.bool_ or grid.ndim != 2 or grid.shape[1] > 128:
        raise ValueError(
            f"song: expected a bool grid (steps, up to 128 keys), got {grid.dtype} {grid.shape}"
        )
    return grid


def attacks(grids: BoolArray) -> BoolArray:
    """Return where any note begins: bool (..., steps) of bool (..., steps, keys)."""
    any_key: BoolArray = np.logical_or.reduce(grids, axis=-1)
    return any_key


def melody(grid: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the steps with an onset, and the highest key of each: two int64 (notes,)."""
    steps = np.flatnonzero(attacks(grid))
    if not len(steps):
        return steps, steps
    return steps, grid.shape[1] - 1 - np.argmax(grid[steps, ::-1], axis=1)


@device
def read_notes(grid: BoolArray, step: IntArray, key: IntArray) -> int:
    """Write what `melody` returns into `step` and `key`, and return how many notes there are."""
    count = 0
    for t in range(grid.shape[0]):
        for k in range(grid.shape[1] - 1, -1, -1):
            if grid[t, k]:
                step[count] = t
                key[count] = k
                count += 1
                break
    return count


def tokens(song: Song | ArrayLike) -> IntArray:
    """Return the melody as tokens: int64 (notes - 1,), all above 0.

    See `intervals` and `waits` for what is in them.
    """
    steps, keys = melody(onsets(song))
    codes: IntArray = (np.diff(keys) + INTERVALS // 2) + np.diff(steps) * INTERVALS
    return codes


@device
def write_tokens(step: IntArray, key: IntArray, count: int, codes: IntArray) -> int:
    """Write the tokens of `count` notes into `codes`, and return how many there are."""
    for i in range(1, count):
        interval = key[i] - key[i - 1]
        codes[i - 1] = interval + INTERVALS // 2 + (step[i] - step[i - 1]) * INTERVALS
    return max(count - 1, 0)


def intervals(codes: IntArray) -> IntArray:
    """Return the semitones from each note to the next, up positive, of tokens: int64, as many."""
    return codes % INTERVALS - INTERVALS // 2


def waits(codes: IntArray) -> IntArray:
    """Return the steps from each note to the next, of tokens: int64, as many."""
    return codes // INTERVALS


def best_key(weights: ArrayLike) -> tuple[int, float]:
    """Return the key that fits the pitch classes best, and how well.

    Args:
        weights: float (12,), how long each of C, C#, ... B sounds.

    Returns:
        The pitch class of the tonic, 0 to 11, and the correlation. Of equal weights 0 and 0, of
        silence 0 and nan.
    """
    counts = np.asarray(weights, np.float64)
    if counts.max() == counts.min():
        return 0, 0.0 if counts.any() else nan
    fits = [
        (float(np.corrcoef(counts, np.roll(profile, tonic))[0, 1]), tonic)
        for profile in KEY_PROFILES
        for tonic in range(12)
    ]
    fit, tonic = max(fits, key=lambda one: one[0])  # the first of equals
    return tonic, fit


@device
def find_key(
    step: IntArray, key: IntArray, count: int, steps: int, profiles: FloatArray, fits: FloatArray
) -> tuple[int, int]:
    """Return the key whose profile fits the notes best, as (mode, tonic); 0 is major.

    Every note counts for as long as the next is waited for, the last one to the end of the roll.

    Args:
        step, key: the first `count` are the notes, as `read_notes` writes them.
        count: number of notes.
        steps: length of the roll.
        profiles: `KEY_PROFILES`; kernels take it as an argument.
        fits: float64 (2, 12), overwritten with the correlation of every key.
    """
    shares = np.zeros(12)
    for i in range(count):
        following = step[i + 1] if i + 1 < count else steps
        shares[key[i] % 12] += following - step[i]
    mean = shares.mean()
    spread = np.sqrt(((shares - mean) ** 2).sum())
    best_mode, best_tonic, best = 0, 0, -2.0
    for mode in range(2):
        level = profiles[mode].mean()
        width = np.sqrt(((profiles[mode] - level) ** 2).sum())
        for tonic in range(12):
            product = 0.0
            for degree in range(12):
                product += (shares[(tonic + degree) % 12] - mean) * (profiles[mode, degree] - level)
            fit = product / (spread * width) if spread > 0 else 0.0
            fits[mode, tonic] = fit
            if fit > best:
                best_mode, best_tonic, best = mode, tonic, fit
    return best_mode, best_tonic
