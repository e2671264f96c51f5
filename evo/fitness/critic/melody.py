"""A piano roll read as a melody, for kernels: its notes, their classes, its key.

The melody is the highest key of every step that sounds. A bar has `BAR` steps.
"""

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import device, kernel

Places = NDArray[np.int64]

BAR = 8
INTERVALS = 25  # -12 .. 12 semitones; larger ones count as these
DURATIONS = 10  # inter-onset intervals 1 .. 9 steps, and longer
RHYTHMS = 256  # bar rhythms: bit p is an onset at position p
DEGREES = 12  # semitones above the tonic

# Temperley, "The Cognition of Basic Musical Structures" (2001): how well each degree fits a major
# and a minor key. With notes weighted by the time to the next they name the tonic of all embedded
# tunes; the profiles of Krumhansl & Kessler (1982) miss a third.
KEY_PROFILES = np.array(
    [
        [5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0],
        [5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0],
    ]
)


@device
def read_notes(grid: BoolArray, step: Places, key: Places) -> int:
    """Write onsets' steps and highest keys into `step` and `key`; returns how many there are."""
    count = 0
    for t in range(grid.shape[0]):
        for k in range(grid.shape[1] - 1, -1, -1):
            if grid[t, k]:
                step[count] = t
                key[count] = k
                count += 1
                break
    return count


@device
def interval_class(interval: int) -> int:
    """0 .. INTERVALS - 1."""
    return min(max(interval, -12), 12) + 12


@device
def duration_class(steps: int) -> int:
    """0 .. DURATIONS - 1."""
    return min(steps, DURATIONS) - 1


@device
def find_key(
    step: Places, key: Places, count: int, steps: int, profiles: FloatArray, fits: FloatArray
) -> tuple[int, int]:
    """The key whose profile fits the notes best, as (mode, tonic); fits (2, 12) are correlations.

    Every note counts for as long as the next is waited for, the last one to the end of the roll.
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


@device
def bar_rhythms(step: Places, count: int, rhythm: Places) -> None:
    """Write the bits of every bar's onsets into `rhythm` (bars,)."""
    rhythm[:] = 0
    for i in range(count):
        bar = step[i] // BAR
        if bar < len(rhythm):
            rhythm[bar] |= 1 << (step[i] % BAR)


@kernel
def _count(
    grids: BoolArray,
    profiles: FloatArray,
    interval: FloatArray,
    duration: FloatArray,
    bar: FloatArray,
    degree: FloatArray,
) -> None:
    steps = grids.shape[1]
    step, key = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    fits = np.zeros((2, 12))
    rhythm = np.zeros(max(steps // BAR, 1), np.int64)
    for n in range(grids.shape[0]):
        count = read_notes(grids[n], step, key)
        if count == 0:
            continue
        mode, tonic = find_key(step, key, count, steps, profiles, fits)
        bar_rhythms(step, count, rhythm)
        for b in range(1, len(rhythm)):
            bar[rhythm[b - 1], rhythm[b]] += 1
        bar[0, rhythm[0]] += 1
        for i in range(1, count):
            degree[mode, (key[i - 1] - tonic) % 12, (key[i] - tonic) % 12] += 1
            if i >= 3:
                a = interval_class(key[i - 2] - key[i - 3])
                b = interval_class(key[i - 1] - key[i - 2])
                interval[a, b, interval_class(key[i] - key[i - 1])] += 1
            if i >= 2:
                before = duration_class(step[i - 1] - step[i - 2])
                duration[step[i - 1] % BAR, before, duration_class(step[i] - step[i - 1])] += 1


def count_contexts(
    grids: BoolArray,
    interval: FloatArray,
    duration: FloatArray,
    bar: FloatArray,
    degree: FloatArray,
) -> None:
    """Add what follows what in bool (n, steps, keys) rolls to the counts."""
    # For arrays that cannot be written to, numba would compile the kernel once more.
    rolls = np.require(grids, requirements=["C", "W"])
    _count(rolls, KEY_PROFILES, interval, duration, bar, degree)
