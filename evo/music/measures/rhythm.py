"""Measure the rhythm of a song: its onset times.

A wait is the time from one onset to the next (inter-onset interval), for the last note to the end
of the song. Bars and beats are those of the metre; a beat of 6/8 is three eighths.

Each function maps a song to a number, or to nan if undefined. See `evo.music.measures.corpus`
for the list and its sources.
"""

from __future__ import annotations

from math import nan

import numpy as np

from evo.music.measures.bars import rhythms_of
from evo.music.measures.numbers import entropy_of, mean, share
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
    """Return the longest time without an onset anywhere in the song, in beats.

    An onset takes an eighth note.
    """
    if not len(roll.steps):
        return len(roll.grid) / roll.beat
    between = float(roll.waits.max()) - roll.quarter / 2
    return max(float(roll.steps[0]), between, 0.0) / roll.beat


def wait_contrast(roll: Roll) -> float:
    """Return the nPVI of the waits: 0 if even, 67 if alternating 2 to 1.

    The normalised pairwise variability index is 100 times the mean of |a - b| / ((a + b) / 2) over
    neighbouring waits a and b (Grabe & Low 2002; for melodies, Patel & Daniele 2003).
    """
    a, b = roll.waits[:-2], roll.waits[1:-1]
    return 200 * mean(np.abs(a - b) / (a + b))


def on_strong_beats(roll: Roll) -> float:
    """Return the share of onsets on strong beats: the first of a bar, of 4/4 also the third."""
    return share(roll.places % roll.metre.strong == 0)


def off_beat(roll: Roll) -> float:
    """Return the share of onsets between the beats."""
    return share(roll.places % roll.beat != 0)


def syncopation(roll: Roll) -> float:
    """Return the share of off-beat onsets held over the next beat."""
    between = roll.places % roll.beat != 0
    following = -(-roll.places // roll.beat) * roll.beat
    held = ~np.isin(following, roll.places) & (following < len(roll.from_bar_line))
    return share(between & held)


def bar_rhythms(roll: Roll) -> float:
    """Return the number of distinct bar rhythms, without silent bars."""
    return float(len(rhythms_of(roll.from_bar_line, roll.bar)))


def rhythm_variety(roll: Roll) -> float:
    """Return the number of distinct bar rhythms per sounding bar."""
    bars = len(roll.sounding_bars)
    return bar_rhythms(roll) / bars if bars else nan


def groove_consistency(roll: Roll) -> float:
    """Return the share of eighths with or without onset as in the previous bar; nan for one bar.

    A bar that is not of whole eighths is compared step by step.
    """
    rhythms = attacks(roll.bars)
    eighths, rest = divmod(2 * roll.bar, roll.quarter)
    if roll.quarter != 2 and not rest:
        cells = np.zeros((len(rhythms), eighths), np.bool_)
        bars, steps = np.nonzero(rhythms)
        cells[bars, 2 * steps // roll.quarter] = True
        rhythms = cells
    return share(rhythms[1:] == rhythms[:-1]) if len(roll.steps) else nan
