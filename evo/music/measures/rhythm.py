"""Measures of rhythm: when notes begin.

A wait is the time from one onset to the next (inter-onset interval), for the last note to the end
of the song. A bar has four beats, a beat the song's `steps_per_beat` steps.

Each is a function of a song to a number, nan where it is not defined. See
`evo.music.measures.corpus` for the whole list and its sources.
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
    """Return the longest time without an onset, in beats: before, between or after the notes."""
    return longest_run(~attacks(roll.grid)) / roll.beat


def wait_contrast(roll: Roll) -> float:
    """Return the nPVI of the waits: 0 of even notes, 67 if one is twice the other.

    The normalised pairwise variability index says how much neighbouring waits a and b differ: 100
    times the mean of |a - b| / ((a + b) / 2) (Grabe & Low 2002; of melodies, Patel & Daniele 2003).
    """
    a, b = roll.waits[:-2], roll.waits[1:-1]
    return 200 * mean(np.abs(a - b) / (a + b))


def on_strong_beats(roll: Roll) -> float:
    """Return the share of onsets on the first or the third beat of a bar."""
    return share(roll.steps % (2 * roll.beat) == 0)


def off_beat(roll: Roll) -> float:
    """Return the share of onsets between the beats."""
    return share(roll.steps % roll.beat != 0)


def syncopation(roll: Roll) -> float:
    """Return the share of onsets that begin between beats and are held over the next one."""
    between = roll.steps % roll.beat != 0
    following = -(-roll.steps // roll.beat) * roll.beat
    held = ~np.isin(following, roll.steps) & (following < len(roll.grid))
    return share(between & held)


def bar_rhythms(roll: Roll) -> float:
    """Return the number of different rhythms of a bar, silent ones left out."""
    return float(len(rhythms_of(roll.grid, roll.bar)))


def rhythm_variety(roll: Roll) -> float:
    """Return the different rhythms of a bar, per bar that sounds."""
    bars = len(roll.sounding_bars)
    return bar_rhythms(roll) / bars if bars else nan


def groove_consistency(roll: Roll) -> float:
    """Return the share of steps with the rhythm of the bar before; nan of one bar."""
    rhythms = attacks(roll.bars)
    return share(rhythms[1:] == rhythms[:-1]) if len(roll.steps) else nan
