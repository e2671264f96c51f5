"""Measure a song's notes, key and melodic moves.

Each function maps a song to a number, or to nan if undefined. See `evo.music.measures.corpus`
for the list and its sources.
"""

from __future__ import annotations

from math import nan

import numpy as np

from evo.music.measures.numbers import entropy, entropy_of, longest_run, mean, share
from evo.music.measures.roll import Roll
from genomes.arrays import IntArray

LEAP = 3  # semitones: smaller moves are steps

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)  # natural minor has the same notes
HARMONIC_MINOR_SCALE = (0, 2, 3, 5, 7, 8, 11)


def onset_density(roll: Roll) -> float:
    """Return the number of steps with an onset, per eighth note of the song."""
    return len(roll.steps) * roll.quarter / max(2 * len(roll.grid), 1)


def polyphony(roll: Roll) -> float:
    """Return the share of steps with several onsets among those with any."""
    return share(roll.grid[roll.steps].sum(axis=1) > 1)


def distinct_keys(roll: Roll) -> float:
    """Return the number of keys that the song uses."""
    return float(roll.grid.any(axis=0).sum())


def pitch_range(roll: Roll) -> float:
    """Return the semitones between the lowest and highest key; 0 for silence."""
    used = np.flatnonzero(roll.grid.any(axis=0))
    return float(np.ptp(used)) if len(used) else 0.0


def pitch_class_entropy(roll: Roll) -> float:
    """Return the Shannon entropy of pitch classes; at most log2(12) = 3.58."""
    return entropy(roll.pitch_classes)


def scale_consistency(roll: Roll) -> float:
    """Return the share of notes in the best major or harmonic minor scale."""
    total = int(roll.pitch_classes.sum())
    if not total:
        return nan
    scales = (MAJOR_SCALE, HARMONIC_MINOR_SCALE)
    inside = (
        int(roll.pitch_classes[(np.array(scale) + tonic) % 12].sum())
        for scale in scales
        for tonic in range(12)
    )
    return max(inside) / total


def key_clarity(roll: Roll) -> float:
    """Return the clarity of the best major or minor key, from -1 to 1; see `Roll.key`."""
    return roll.key[1]


def ends_on_tonic(roll: Roll) -> float:
    """Return 1 if the melody ends on the tonic of the best key (see `best_key`), else 0."""
    if not len(roll.keys):
        return nan
    return float((int(roll.keys[-1]) + roll.lowest_note) % 12 == roll.key[0])


def mean_interval(roll: Roll) -> float:
    """Return the mean size of the melody's intervals, in semitones."""
    return mean(np.abs(roll.intervals))


def largest_interval(roll: Roll) -> float:
    """Return the size of the melody's largest interval, in semitones."""
    return float(np.abs(roll.intervals).max()) if len(roll.intervals) else nan


def interval_entropy(roll: Roll) -> float:
    """Return the Shannon entropy of the melody's intervals, up and down apart, in bits."""
    return entropy_of(roll.intervals)


def repeated_notes(roll: Roll) -> float:
    """Return the share of moves that stay on the same key."""
    return share(roll.intervals == 0)


def stepwise_motion(roll: Roll) -> float:
    """Return the share of moves by one or two semitones."""
    sizes = np.abs(roll.intervals)
    return share((sizes > 0) & (sizes < LEAP))


def leaps(roll: Roll) -> float:
    """Return the share of moves by a third (three semitones) or more."""
    return share(np.abs(roll.intervals) >= LEAP)


def longest_repeat(roll: Roll) -> float:
    """Return the longest run of notes on one key; 0 for silence."""
    return float(longest_run(roll.intervals == 0) + 1) if len(roll.keys) else 0.0


def rising_motion(roll: Roll) -> float:
    """Return the share of upward moves among moves up and down."""
    moves = roll.intervals[roll.intervals != 0]
    return share(moves > 0)


def arc_length(roll: Roll) -> float:
    """Return the mean number of moves between turns, where the melody changes direction.

    Repeated notes do not count.
    """
    moves = roll.intervals[roll.intervals != 0]
    return len(moves) / (_turns(moves) + 1) if len(moves) else nan


def arc_height(roll: Roll) -> float:
    """Return the mean semitones between turns, where the melody changes direction."""
    moves = roll.intervals[roll.intervals != 0]
    return float(np.abs(moves).sum()) / (_turns(moves) + 1) if len(moves) else nan


def _turns(moves: IntArray) -> int:
    """Count the changes of direction."""
    return int((np.sign(moves[1:]) != np.sign(moves[:-1])).sum())
