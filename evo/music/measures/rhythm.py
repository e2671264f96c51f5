"""Measure the rhythm of a song: its onset times.

A wait is the time from one onset to the next (inter-onset interval), for the last note to the end
of the song. A bar has four beats of `steps_per_beat` steps.

Each function maps a song to a number, or to nan if undefined. See `evo.music.measures.corpus`
for the list and its sources.
"""

from __future__ import annotations

from math import nan

import numpy as np

from evo.music.measures.bars import rhythms_of
from evo.music.measures.numbers import entropy_of, longest_run, mean, share
from evo.music.measures.roll import Roll
from evo.music.melody import attacks


def wait_entropy(roll: Roll) -> float:
    """Return the Shannon entropy of the waits between notes."""
    return entropy_of(roll.waits[:-1])


def shortest_wait(roll: Roll) -> float:
    """Return the shortest wait between notes, in beats."""
    return float(roll.waits[:-1].min()) / roll.beat if len(roll.waits) > 1 else nan


def longest_wait(roll: Roll) -> float:
    """Return the longest wait between notes, in beats."""
    return float(roll.waits[:-1].max()) / roll.beat if len(roll.waits) > 1 else nan


def longest_silence(roll: Roll) -> float:
    """Return the longest time without an onset anywhere in the song, in beats."""
    return longest_run(~attacks(roll.grid)) / roll.beat


def wait_contrast(roll: Roll) -> float:
    """Return the nPVI of the waits: 0 if even, 67 if alternating 2 to 1.

    The normalised pairwise variability index is 100 times the mean of |a - b| / ((a + b) / 2) over
    neighbouring waits a and b (Grabe & Low 2002; for melodies, Patel & Daniele 2003).
    """
    a, b = roll.waits[:-2], roll.waits[1:-1]
    return 200 * mean(np.abs(a - b) / (a + b))


def on_strong_beats(roll: Roll) -> float:
    """Return the share of onsets on the first or third beat of a bar."""
    return share(roll.steps % (2 * roll.beat) == 0)


def off_beat(roll: Roll) -> float:
    """Return the share of onsets between the beats."""
    return share(roll.steps % roll.beat != 0)


def syncopation(roll: Roll) -> float:
    """Return the share of off-beat onsets held over the next beat."""
    between = roll.steps % roll.beat != 0
    following = -(-roll.steps // roll.beat) * roll.beat
    held = ~np.isin(following, roll.steps) & (following < len(roll.grid))
    return share(between & held)


def bar_rhythms(roll: Roll) -> float:
    """Return the number of distinct bar rhythms, without silent bars."""
    return float(len(rhythms_of(roll.grid, roll.bar)))


def rhythm_variety(roll: Roll) -> float:
    """Return the number of distinct bar rhythms per sounding bar."""
    bars = len(roll.sounding_bars)
    return bar_rhythms(roll) / bars if bars else nan


def groove_consistency(roll: Roll) -> float:
    """Return the share of steps equal to the previous bar's; nan for one bar."""
    rhythms = attacks(roll.bars)
    return share(rhythms[1:] == rhythms[:-1]) if len(roll.steps) else nan
