"""Random rhythms and lines of keys, the material of counterexamples."""

import numpy as np
from numpy.typing import NDArray

from evo.music.melody import Bar
from genomes.arrays import BoolArray

Random = np.random.Generator
Keys = NDArray[np.int64]  # in order of time


def melody_roll(steps: int, keys: int, onsets: BoolArray, line: Keys) -> BoolArray:
    """Return a roll of one voice: keys of `line` at the onsets.

    Keys beyond the roll wrap around.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        onsets: bool (steps,).
        line: int64, at least as many keys as there are onsets.
    """
    grid = np.zeros((steps, keys), np.bool_)
    steps_with_notes = np.flatnonzero(onsets)
    grid[steps_with_notes, np.mod(line[: len(steps_with_notes)], keys)] = True
    return grid


def every(steps: int, random: Random, bar: Bar) -> BoolArray:
    """Return onsets at a regular distance.

    Args:
        steps: Number of steps.
        random: Draws the distance.
        bar: The bar of the songs.
    """
    onsets = np.zeros(steps, np.bool_)
    first = random.integers(2) * random.integers(3)
    beat, strong = bar.beat, bar.strong
    onsets[first :: int(random.choice([1, beat, beat, 3, strong, strong, bar.steps]))] = True
    return onsets


def _bars_alike(steps: int, random: Random, bar: Bar) -> BoolArray:
    """Return one or two random bars of onsets, repeated."""
    length = bar.steps * int(random.integers(1, 3))
    onsets = random.random(length) < random.uniform(0.2, 0.9)
    onsets[0] = True
    return np.resize(onsets, steps)


def random_rhythm(steps: int, random: Random, bar: Bar) -> BoolArray:
    """Return onsets that are regular, equal in every bar, or random.

    Args:
        steps: Number of steps.
        random: Draws the onsets.
        bar: The bar of the songs.
    """
    kind = random.integers(3)
    if kind == 0:
        return every(steps, random, bar)
    if kind == 1:
        return _bars_alike(steps, random, bar)
    return np.asarray(random.random(steps) < random.uniform(0.1, 0.9))


def walk_line(length: int, keys: int, random: Random) -> Keys:
    """Return the keys of a random walk that reflects at the edges.

    Args:
        length: Number of notes.
        keys: Number of keys.
        random: Draws the walk.
    """
    reach = int(random.choice([1, 2, 2, 3, 5]))
    walk = random.integers(keys) + np.cumsum(random.integers(-reach, reach + 1, size=length))
    period = max(2 * (keys - 1), 1)
    folded: Keys = np.mod(walk, period)
    return np.minimum(folded, period - folded)
