"""Models of short contexts: probabilities of notes after the notes before them.

The probabilities are counts in some songs. Every context is smoothed by the next shorter one, whose
prediction counts as `SMOOTHING` more observations (MacKay & Peto, "A hierarchical Dirichlet
language model", 1995). A song must not be scored by counts that include it. So its own counts are
subtracted (`Counts.plus` with -1), and known songs are as surprising as new ones.

Contexts and their predictions:

    interval    the next interval, after one; `intervals`, after two
    duration    the time to the next onset, by the position in the bar and the time before
    bar         the rhythm of a bar, by that of the bar before; `rhythm`, without context
    degree      the next scale degree, by this one and the mode
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo.music.melody import BAR, KEY_PROFILES, find_key, read_notes
from genomes.arrays import BoolArray, FloatArray, IntArray
from genomes.kernels import device, kernel

# Classes of events. INTERVALS are -12 .. 12 semitones; larger ones are clipped.
INTERVALS = 25
DURATIONS = 10  # inter-onset intervals 1 .. 9 steps, and longer
RHYTHMS = 256  # bar rhythms: bit p is an onset at position p
DEGREES = 12  # semitones above the tonic

SMOOTHING = 2.0  # observations that a shorter context counts for


class Counts(NamedTuple):
    """Counts of events by context; float64 arrays that add and subtract."""

    interval: FloatArray  # (INTERVALS, INTERVALS, INTERVALS): two before, before, next
    duration: FloatArray  # (BAR, DURATIONS, DURATIONS): position, before, next
    bar: FloatArray  # (RHYTHMS, RHYTHMS): bar before, bar
    degree: FloatArray  # (2, DEGREES, DEGREES): mode, before, next

    @classmethod
    def of(cls, grids: BoolArray) -> "Counts":
        """Return the counts of rolls together.

        Args:
            grids: bool (n, steps, keys).
        """
        counts = cls.none()
        # For read-only arrays numba would compile the kernel again.
        _count(np.require(grids, requirements=["C", "W"]), KEY_PROFILES, *counts)
        return counts

    @classmethod
    def none(cls) -> "Counts":
        """Return zero counts."""
        return cls(
            np.zeros((INTERVALS, INTERVALS, INTERVALS)),
            np.zeros((BAR, DURATIONS, DURATIONS)),
            np.zeros((RHYTHMS, RHYTHMS)),
            np.zeros((2, DEGREES, DEGREES)),
        )

    def plus(self, other: "Counts", times: float = 1.0) -> "Counts":
        """Return the sum of these and the other counts.

        Args:
            other: Counts to add.
            times: Factor of the other counts.
        """
        return Counts(*(mine + times * theirs for mine, theirs in zip(self, other, strict=True)))


class Contexts(NamedTuple):
    """The surprise (-log2 of the probability, in bits) of every event in every context.

    The last axis is the event, and the axes before it are its context. All arrays are float64. A
    stack of several `Contexts` has an additional first axis.
    """

    interval: FloatArray  # (INTERVALS, INTERVALS), after one interval
    intervals: FloatArray  # (INTERVALS, INTERVALS, INTERVALS), after two
    duration: FloatArray  # (BAR, DURATIONS, DURATIONS)
    rhythm: FloatArray  # (RHYTHMS,), of a bar by itself
    bar: FloatArray  # (RHYTHMS, RHYTHMS), of a bar by the one before
    degree: FloatArray  # (2, DEGREES, DEGREES)

    @classmethod
    def of(cls, counts: Counts) -> "Contexts":
        """Return the surprise of every event by these counts."""
        none = smoothed(counts.interval.sum(axis=(0, 1)), np.full(INTERVALS, 1 / INTERVALS))
        first_order = smoothed(counts.interval.sum(axis=0), none)
        second_order = smoothed(counts.interval, first_order)
        length = smoothed(counts.duration.sum(axis=(0, 1)), np.full(DURATIONS, 1 / DURATIONS))
        position = smoothed(counts.duration.sum(axis=1), length)
        duration = smoothed(counts.duration, position[:, None, :])
        # A new bar rhythm is more probable if its onsets are at common positions.
        onsets = (np.arange(RHYTHMS)[:, None] >> np.arange(BAR)) & 1
        often = counts.bar.sum(axis=0)
        share = (often @ onsets + 0.5) / (often.sum() + 1.0)
        independent = np.where(onsets, share, 1 - share).prod(axis=1)
        rhythm = smoothed(often, independent / independent.sum(), 8.0)
        bar = smoothed(counts.bar, rhythm)
        degree_alone = smoothed(counts.degree.sum(axis=1), np.full(DEGREES, 1 / DEGREES))
        degree = smoothed(counts.degree, degree_alone[:, None, :])
        chances = (first_order, second_order, duration, rhythm, bar, degree)
        return cls(*(-np.log2(p) for p in chances))

    @classmethod
    def together(cls, several: Sequence["Contexts"]) -> "Contexts":
        """Return several contexts as one, along a new first axis."""
        return cls(*(np.stack(arrays) for arrays in zip(*several, strict=True)))


def smoothed(counts: FloatArray, shorter: FloatArray, weight: float = SMOOTHING) -> FloatArray:
    """Return counts mixed with the probabilities of a shorter context.

    Args:
        counts: (..., events).
        shorter: Probabilities, broadcast to the shape of the counts.
        weight: Number of observations that the shorter context counts for.

    Returns:
        Probabilities along the last axis, float64.
    """
    whole = counts.sum(axis=-1, keepdims=True)
    mixed: FloatArray = (counts + weight * shorter) / (whole + weight)
    return mixed


@device
def interval_class(interval: int) -> int:
    """Return the index of an interval in semitones; beyond an octave as an octave."""
    return min(max(interval, -12), 12) + 12


@device
def duration_class(steps: int) -> int:
    """Return the index of a duration in steps; beyond DURATIONS steps as DURATIONS."""
    return min(steps, DURATIONS) - 1


@device
def bar_rhythms(step: IntArray, count: int, rhythm: IntArray) -> None:
    """Write the rhythm of every bar: bit p is set if a note begins at step p of the bar.

    Args:
        step: int64 (steps,), steps of the notes.
        count: Number of notes.
        rhythm: int64 (bars,), written.
    """
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
    """Add the events in rolls, bool (n, steps, keys), to the counts."""
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
