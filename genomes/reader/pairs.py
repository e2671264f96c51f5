"""Compare every step of a song with all earlier ones.

The step to predict is t, and s = t - distance is a step that could be read. Only what is known
before t counts: the match of s ends at s - 1, and that of t at t - 1.

    length     how many symbols before t equal those before s, one by one
    rhythm     how many steps before t and s both have an onset, or both have none
    agreement  of the last 16 pairs of steps at this distance, the share with equal onsets among
               those with an onset in either; less if there are fewer than 16
    moved      as length, for melodies that are transposed by the interval between the last keys

The classes of the first three make one `code` per pair, so that its weight is one look-up. The
numbers of a distance are updated from step to step: all pairs of a song cost time O(steps^2), and
one more step in closed loop costs O(steps).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, Indices
from genomes.kernels import device, kernel

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # matched symbols, at least
RHYTHMS = (2, 4, 8, 16)  # matched rhythm, at least
MOVED = (1, 2, 3, 4, 6, 8, 12, 16)  # matched symbols of a transposed melody, at least
WINDOW = 16  # steps of the agreement
LEVELS = 33  # of the agreement, from 0 to 1
CODES = (len(LENGTHS) + 1) * (len(RHYTHMS) + 1) * LEVELS

Shorts = NDArray[np.int16]
Bytes = NDArray[np.uint8]

_LENGTHS, _RHYTHMS, _MOVED = (np.array(table, np.int64) for table in (LENGTHS, RHYTHMS, MOVED))


class Matching(NamedTuple):
    """The running numbers per distance: int64 (reach + 1,) each, index 0 is not used.

    Attributes:
        length: Matched symbols.
        rhythm: Matched rhythm.
        hits: Equal onsets in the window.
        onsets: Steps of the window with an onset in either.
        moved: Matched symbols of a transposed melody.
        interval: The interval of this match, in semitones.
    """

    length: Indices
    rhythm: Indices
    hits: Indices
    onsets: Indices
    moved: Indices
    interval: Indices


@device
def new_matching(reach: int) -> Matching:
    """Return the running numbers before the first step."""
    size = reach + 1
    return Matching(
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
    )


@device
def match_step(symbols: Indices, rest: int, step: int, reach: int, keep: Matching) -> None:
    """Take a step that has become known.

    Args:
        symbols: Int64 (steps,), known up to `step`.
        rest: The symbol of a rest.
        step: The new step.
        reach: Maximum distance.
        keep: The running numbers, written to.
    """
    own = symbols[step]
    for distance in range(1, min(step, reach) + 1):
        other = symbols[step - distance]
        equal, either = own == other, own != rest or other != rest
        both = own != rest and other != rest
        keep.length[distance] = keep.length[distance] + 1 if equal else 0
        keep.rhythm[distance] = keep.rhythm[distance] + 1 if both or not either else 0
        keep.hits[distance] += equal and both
        keep.onsets[distance] += either
        if step - WINDOW - distance >= 0:
            own_then, other_then = symbols[step - WINDOW], symbols[step - WINDOW - distance]
            keep.hits[distance] -= own_then == other_then and own_then != rest
            keep.onsets[distance] -= own_then != rest or other_then != rest
        if both:
            interval = own - other
            goes_on = interval == keep.interval[distance]
            keep.moved[distance] = keep.moved[distance] + 1 if goes_on else 1
            keep.interval[distance] = interval
        elif either:
            keep.moved[distance] = 0
        elif keep.moved[distance] > 0:
            keep.moved[distance] += 1


@device
def _class(value: int, limits: Indices) -> int:
    """Return how many of the rising limits a value reaches."""
    found = 0
    while found < len(limits) and value >= limits[found]:
        found += 1
    return found


@device
def code_of(keep: Matching, step: int, distance: int) -> int:
    """Return the code of a pair.

    Args:
        keep: The running numbers, with all steps before `step`.
        step: The step to predict.
        distance: From it to the step that is read.
    """
    window = min(step - distance, WINDOW)
    level = 0
    if keep.onsets[distance] > 0:
        share = keep.hits[distance] / keep.onsets[distance] * window / WINDOW
        level = int(share * (LEVELS - 1) + 0.5)
    length, rhythm = (
        _class(keep.length[distance], _LENGTHS),
        _class(keep.rhythm[distance], _RHYTHMS),
    )
    return (length * (len(_RHYTHMS) + 1) + rhythm) * LEVELS + level


@device
def moved_class(keep: Matching, distance: int) -> int:
    """Return the class of a transposed match; 0 if none, or if the interval is 0."""
    return _class(keep.moved[distance], _MOVED) if keep.interval[distance] != 0 else 0


@kernel
def compare_steps(
    symbols: Indices, rest: int, reach: int, transposed: bool
) -> tuple[Shorts, Bytes, Shorts]:
    """Return the codes of all pairs of a song.

    Args:
        symbols: Int64 (steps,), a number per step, equal for equal steps; keys, if transposed.
        rest: The symbol of a rest.
        reach: Maximum distance.
        transposed: Whether to compare transposed melodies.

    Returns:
        Codes, int16 (steps, reach); and classes of transposed matches, uint8, and their intervals,
        int16, of the same shape, or empty. Column d - 1 is distance d.
    """
    steps = len(symbols)
    codes = np.zeros((steps, reach), np.int16)
    shape = (steps, reach) if transposed else (0, 0)
    moved, intervals = np.zeros(shape, np.uint8), np.zeros(shape, np.int16)
    keep = new_matching(reach)
    for step in range(steps):
        for distance in range(1, min(step, reach) + 1):
            codes[step, distance - 1] = code_of(keep, step, distance)
            if transposed:
                moved[step, distance - 1] = moved_class(keep, distance)
                intervals[step, distance - 1] = keep.interval[distance]
        match_step(symbols, rest, step, reach, keep)
    return codes, moved, intervals


@kernel
def step_symbols(roll: BoolArray, melody: bool) -> Indices:
    """Return a symbol for every step of a roll.

    Args:
        roll: Bool (steps, channels).
        melody: Whether the symbol is the highest key; the rest is the number of channels. Otherwise
            equal steps have equal numbers, and 0 is a silent step.

    Returns:
        Int64 (steps,).
    """
    symbols = np.empty(len(roll), np.int64)
    count = 1
    for step in range(len(roll)):
        count = write_symbol(roll, melody, step, count, symbols)
    return symbols


@device
def write_symbol(roll: BoolArray, melody: bool, step: int, count: int, symbols: Indices) -> int:
    """Write the symbol of a step, and return the next new number.

    Args:
        roll: Bool (steps, channels).
        melody: See `step_symbols`.
        step: The step.
        count: The next new number.
        symbols: Int64 (steps,), those of earlier steps; written to.
    """
    channels = roll.shape[1]
    highest = channels - 1
    while highest >= 0 and not roll[step, highest]:
        highest -= 1
    if melody:
        symbols[step] = highest if highest >= 0 else channels
        return count
    if highest < 0:
        symbols[step] = 0
        return count
    for before in range(step - 1, -1, -1):
        same = True
        for channel in range(channels):
            if roll[before, channel] != roll[step, channel]:
                same = False
                break
        if same:
            symbols[step] = symbols[before]
            return count
    symbols[step] = count
    return count + 1
