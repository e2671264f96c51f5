"""Extract a song's melody: the line of highest notes, its tokens and its key.

The melody has the highest key of every step with an onset. A *token* describes the move from one
melody note to the next: the interval in semitones, and the wait (inter-onset interval) in steps.
Tokens do not depend on the key, so equal tokens are the same tune in any key. L tokens in a row
span L + 1 notes. A tune in doubled note values has other tokens.

The key is the best of 24 by correlation between a key profile and the duration of each pitch
class (Krumhansl, "Cognitive Foundations of Musical Pitch", 1990). The profiles are those of
Temperley ("The Cognition of Basic Musical Structures", 2001). They find the tonic of all embedded
tunes; the profiles of Krumhansl & Kessler (1982) miss a third.

Functions that whole populations need exist twice: in NumPy, and for kernels (`read_notes`,
`write_tokens`, `find_key`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray, IntArray
from genomes.kernels import device

INTERVALS = 256  # exceeds the 255 possible intervals, from -127 to 127

# Fit of each degree (semitones above the tonic) to a major and to a minor key.
KEY_PROFILES = np.array(
    [
        [5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0],
        [5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0],
    ]
)


class Bar(NamedTuple):
    """A bar in steps; the default is 4/4 in eighths.

    Attributes:
        steps: steps of the bar.
        beat: steps of a beat: three eighths in 6/8, 9/8 and 12/8, else at most a quarter note.
        strong: steps between strong beats: two beats in bars of four or eight, else the bar.
    """

    steps: int = 8
    beat: int = 2
    strong: int = 4

    @classmethod
    def of(cls, beats: int, unit: int, steps_per_beat: int) -> Bar:
        """Return the bar of a time signature.

        Args:
            beats: numerator of the time signature.
            unit: denominator of the time signature.
            steps_per_beat: steps per quarter note.

        Raises:
            ValueError: if the bar is not of whole steps.
        """
        note = Fraction(4 * steps_per_beat, unit)
        steps = beats * note
        if steps.denominator > 1:
            raise ValueError(
                f"bar: {beats}/{unit} is {float(steps):g} steps of {steps_per_beat} a quarter note"
            )
        is_compound = unit >= 8 and beats > 3 and beats % 3 == 0
        beat = 3 * note if is_compound else min(note, Fraction(steps_per_beat))
        if beat.denominator > 1:
            beat = note if note.denominator == 1 else steps
        is_even = steps % beat == 0 and steps / beat in (4, 8)
        return cls(int(steps), int(beat), int(2 * beat if is_even else steps))

    @classmethod
    def of_song(cls, song: Song | ArrayLike) -> Bar:
        """Return the bar of a song's first time signature; of a grid, 4/4 in eighths.

        A bar that is not of whole steps is rounded, with one beat.

        Args:
            song: a song, or a bool grid (steps, keys).
        """
        if not isinstance(song, Song):
            return cls()
        try:
            return cls.of(song.metre.beats, song.metre.unit, song.steps_per_beat)
        except ValueError:
            return cls(song.bar, song.bar, song.bar)

    def in_quarters(self, steps_per_beat: int) -> tuple[Fraction, Fraction]:
        """Return the lengths of bar and beat in quarter notes: what songs of a metre share.

        Args:
            steps_per_beat: steps per quarter note.
        """
        return Fraction(self.steps, steps_per_beat), Fraction(self.beat, steps_per_beat)

    @property
    def is_duple(self) -> bool:
        """Whether the bar has 1, 2, 4 or 8 beats that halve, so that tunes can be half as fast."""
        beats = self.steps // self.beat
        return self.steps % self.beat == 0 and beats & (beats - 1) == 0 and self.beat % 3 != 0


def onsets(song: Song | ArrayLike) -> BoolArray:
    """Return the onsets of a song or grid.

    A grid is returned unchanged.

    Args:
        song: a song, or a bool grid (steps, keys).

    Returns:
        Bool (steps, keys).

    Raises:
        ValueError: if a grid is not bool (steps, keys) of at most 128 keys.
    """
    if isinstance(song, Song):
        return song.onsets
    grid: BoolArray = np.asarray(song)
    if grid.dtype != np.bool_ or grid.ndim != 2 or grid.shape[1] > 128:
        raise ValueError(
            f"song: expected a bool grid (steps, up to 128 keys), got {grid.dtype} {grid.shape}"
        )
    return grid


def attacks(grids: BoolArray) -> BoolArray:
    """Reduce bool (..., steps, keys) to bool (..., steps): any onset per step."""
    any_key: BoolArray = np.logical_or.reduce(grids, axis=-1)
    return any_key


def melody(grid: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the steps with an onset, and the highest key of each.

    Args:
        grid: bool (steps, keys), the onsets.

    Returns:
        Two int64 (notes,): steps and keys.
    """
    steps = np.flatnonzero(attacks(grid))
    if not len(steps):
        return steps, steps
    return steps, grid.shape[1] - 1 - np.argmax(grid[steps, ::-1], axis=1)


@device
def read_notes(grid: BoolArray, step: IntArray, key: IntArray) -> int:
    """Write the arrays of `melody` into buffers, and return the number of notes.

    Args:
        grid: bool (steps, keys), the onsets.
        step: int64 (steps,), overwritten with the step of each note.
        key: int64 (steps,), overwritten with the key of each note.
    """
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

    `intervals` and `waits` decode them.
    """
    steps, keys = melody(onsets(song))
    codes: IntArray = (np.diff(keys) + INTERVALS // 2) + np.diff(steps) * INTERVALS
    return codes


@device
def write_tokens(step: IntArray, key: IntArray, count: int, codes: IntArray) -> int:
    """Write the tokens of notes into a buffer, and return their number.

    Args:
        step: int64, the step of each note.
        key: int64, the key of each note.
        count: number of notes.
        codes: int64, overwritten with the tokens.
    """
    for i in range(1, count):
        interval = key[i] - key[i - 1]
        codes[i - 1] = interval + INTERVALS // 2 + (step[i] - step[i - 1]) * INTERVALS
    return max(count - 1, 0)


def intervals(codes: IntArray) -> IntArray:
    """Decode the semitones of tokens, up positive: int64, same shape."""
    return codes % INTERVALS - INTERVALS // 2


def waits(codes: IntArray) -> IntArray:
    """Decode the steps between onsets of tokens: int64, same shape."""
    return codes // INTERVALS


def best_key(weights: ArrayLike) -> tuple[int, float]:
    """Return the tonic of the best key, and the key's correlation with the notes.

    The best of the 24 major and minor keys is that with the highest correlation.

    Args:
        weights: float (12,), total duration of each of C, C#, ... B.

    Returns:
        The pitch class of the tonic, 0 to 11, and the correlation. Equal weights give 0 and 0,
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
    fit, tonic = max(fits, key=lambda pair: pair[0])  # ties: the first
    return tonic, fit


@device
def find_key(
    step: IntArray, key: IntArray, count: int, steps: int, profiles: FloatArray, fits: FloatArray
) -> tuple[int, int]:
    """Return the best key of the notes as (mode, tonic); mode 0 is major.

    A note's weight is the time to the next onset; for the last note, to the end of the roll.

    Args:
        step: int64, the step of each note, as written by `read_notes`.
        key: int64, the key of each note.
        count: number of notes.
        steps: length of the roll.
        profiles: `KEY_PROFILES`, as an argument because kernels need it so.
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


def chord_share(songs: Sequence[Song]) -> float:
    """Return the share of chords among the steps at which notes begin."""
    together = np.concatenate([song.onsets.sum(axis=1) for song in songs])
    return float((together > 1).sum() / max((together > 0).sum(), 1))
