"""Find the first full bar of a piece whose file does not tell it.

A melody often begins with a pickup: less than a bar before the first bar line. A file may show it
as rests at the beginning of its first bar, and then bars count from the file's start. Else the
piece begins with a note, and the first bar line is looked for among the onsets of half a bar. A bar
line is where most bars have an onset, where the longest notes begin, and which few notes are held
over; the middle of a bar is where onsets are next in number (Lerdahl & Jackendoff, "A Generative
Theory of Tonal Music", 1983, metrical preference rules 3 to 5).

The weights were fitted to 479 folk tunes with known pickups. `benchmarks/notes.md` has the shares
found.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from evo.music.metre import half_up
from genomes.arrays import BoolArray, IntArray

# Weights of: bars with an onset on their first step, length of these notes relative to all, no
# pickup, length of the pickup in bars, notes held over bar lines, bars with an onset in the middle.
_WEIGHTS = np.array([6.6, 4.9, -2.8, -10.9, -3.9, 1.9])
_OF_BARS = [0, 1, 4, 5]  # the weights of what bars are like
_MARGIN = 0.05  # by which bars must fit better than without a pickup
_MIN_BARS = 4  # with fewer bars, nothing is found


def found_pickup(onsets: BoolArray, bar: Fraction) -> int:
    """Return the first step of the first full bar.

    Args:
        onsets: bool (steps, keys), with at least one onset.
        bar: Steps per bar.
    """
    steps = np.flatnonzero(onsets.any(axis=1))
    first = int(steps[0])
    if first > 0:
        bars = Fraction(first) / bar
        return half_up(ceil(bars) * bar) if bars.denominator > 1 else 0
    if bar.denominator > 1 or steps[-1] < _MIN_BARS * bar:
        return 0
    candidates = steps[2 * steps < int(bar)]
    evidence = np.array([_evidence(steps, int(bar), pickup) for pickup in candidates.tolist()])
    # How well bars fit, whatever the length of the pickup. An even texture fits everywhere.
    fit = evidence[:, _OF_BARS] @ _WEIGHTS[_OF_BARS]
    better = fit > fit[0] + _MARGIN
    better[0] = True
    return int(candidates[int(np.argmax(np.where(better, evidence @ _WEIGHTS, -np.inf)))])


def _evidence(steps: IntArray, bar: int, pickup: int) -> list[float]:
    """Return what speaks for a pickup, in the order of the weights.

    Args:
        steps: int64 (onsets,), the steps with an onset.
        bar: Steps per bar.
        pickup: Step of the first bar line.
    """
    position = (steps - pickup) % bar
    lengths = np.minimum(np.diff(steps, append=steps[-1] + bar), bar)
    ends = steps + lengths - pickup
    bars = max((int(steps[-1]) - pickup) // bar + 1, 1)
    down = position == 0
    held_over = (ends // bar != (steps - pickup) // bar) & (ends % bar != 0)
    return [
        down.sum() / bars,
        lengths[down].mean() / lengths.mean() if down.any() else 0.0,
        float(pickup == 0),
        pickup / bar,
        held_over.sum() / bars,
        (position == bar // 2).sum() / bars,
    ]
