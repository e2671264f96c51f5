"""Find the first full bar of a piece whose file does not tell it.

A melody often begins with a pickup: less than a bar before the first bar line. A file shows it as
rests at the beginning of its first bar, and then bars count from the file's start.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from evo.music.metre import half_up
from genomes.arrays import BoolArray


def found_pickup(onsets: BoolArray, bar: Fraction) -> int:
    """Return the first step of the first full bar.

    Args:
        onsets: bool (steps, keys).
        bar: Steps per bar.
    """
    first = int(np.flatnonzero(onsets.any(axis=1))[0])
    bars = Fraction(first) / bar
    return half_up(ceil(bars) * bar) if bars.denominator > 1 else 0
