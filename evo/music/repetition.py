"""Find the distances at which a song repeats itself, by autocorrelation.

The autocorrelation at distance d is a share of the notes from step d on: those that also began
d steps earlier on the same key. Repeated phrases give narrow peaks at their distances. Beat and
scale give broad low hills.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.music.melody import onsets
from evo.music.song import Song
from genomes.arrays import FloatArray, IntArray

# Steps on either side of a repeat distance that must have a lower share.
_NEIGHBOURS = 2
# Minimum share of a repeat distance, relative to the song's highest and to its mean.
_OF_HIGHEST, _OF_MEAN = 0.5, 2.0


def autocorrelation(song: Song, longest: int) -> FloatArray:
    """Return the share of notes that also began d steps earlier.

    Only notes from step d on count, so a song played twice has 1 at its length. The share is 0
    where there are no notes.

    Args:
        song: the song.
        longest: maximum distance, in steps.

    Returns:
        float64 (longest,), distance d at index d - 1.
    """
    notes, repeated = _notes(song, longest)
    from_step = np.append(notes[::-1].cumsum()[::-1], 0)  # notes from each step on
    steps = np.minimum(np.arange(1, longest + 1), song.steps)
    shares: FloatArray = repeated.sum(axis=0) / np.maximum(from_step[steps], 1)
    return shares


def repeat_shares(song: Song, longest: int, starts: IntArray) -> FloatArray:
    """Return, per section of a song, the share of notes that repeat one d steps earlier.

    A note repeats another on the same key, which may be in the section or before it. All notes of
    the section count, also those in the first d steps of the song, which can repeat nothing.

    Args:
        song: the song.
        longest: maximum distance, in steps.
        starts: int64 (sections,), the first step of each section.

    Returns:
        float64 (sections, longest), distance d in column d - 1.
    """
    notes, repeated = _notes(song, longest)
    section_notes = np.maximum(np.add.reduceat(notes, starts), 1)
    shares: FloatArray = np.add.reduceat(repeated, starts, axis=0) / section_notes[:, None]
    return shares


def _notes(song: Song, longest: int) -> tuple[IntArray, IntArray]:
    """Count the onsets per step, and those repeated at 1 to `longest` steps."""
    begins = onsets(song)
    repeated = np.zeros((song.steps, longest), np.int64)
    for distance in range(1, min(longest, song.steps - 1) + 1):
        repeated[distance:, distance - 1] = (begins[distance:] & begins[:-distance]).sum(axis=1)
    return begins.sum(axis=1), repeated


def repeat_distances(song: Song, longest: int) -> IntArray:
    """Return the distances at which the song repeats itself, peaks of its autocorrelation.

    A repeat distance is at least a bar of the first time signature. Its autocorrelation is higher
    than at the two distances on either side. It is at least half the maximum over all distances of
    at least a bar, and at least twice their mean.

    Args:
        song: the song.
        longest: maximum distance, in steps.

    Returns:
        int64 (distances,), in steps, increasing.
    """
    shares = autocorrelation(song, longest + _NEIGHBOURS)
    bar = song.bar
    if longest < bar:
        return np.empty(0, np.int64)
    minimum = max(_OF_HIGHEST * shares[bar - 1 : longest].max(), _OF_MEAN * shares[:longest].mean())
    found = [
        distance
        for distance in range(bar, longest + 1)
        if shares[distance - 1] >= minimum and _is_peak(shares, distance - 1)
    ]
    return np.array(found, np.int64)


def _is_peak(shares: FloatArray, index: int) -> bool:
    beside = np.delete(shares[index - _NEIGHBOURS : index + _NEIGHBOURS + 1], _NEIGHBOURS)
    return bool(shares[index] > beside.max())


def peak_distances(weights: NDArray[np.floating[Any]], distances: IntArray, bar: int) -> IntArray:
    """Return the distance with the highest total read weight per bar.

    Args:
        weights: (steps, distances), the read weight of each step at each distance.
        distances: int64 (distances,), in steps.
        bar: steps per bar; the last bar may be shorter.

    Returns:
        int64 (bars,).
    """
    starts = np.arange(0, len(weights), bar)
    if not len(starts):
        return np.empty(0, np.int64)
    sums = np.add.reduceat(weights.astype(np.float64), starts, axis=0)
    found: IntArray = distances[sums.argmax(axis=1)]
    return found
