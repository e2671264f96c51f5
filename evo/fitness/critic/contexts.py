"""Models of short contexts: how likely a note is after the ones before it, as songs have it.

Counts of what followed what in some songs, smoothed by mixing every context with the shorter one:
what the shorter one expects counts as `SMOOTHING` observations more (MacKay & Peto, "A hierarchical
Dirichlet language model", 1995). A song must not be judged by counts that hold it: its own are
taken away again (`Counts.plus` with -1), so that a known song surprises no less than a new one.

Contexts and what they predict:

    interval    the next interval, after one; `intervals`, after two
    duration    the time to the next onset, by the position in the bar and the time before
    bar         the rhythm of a bar, by that of the bar before; `rhythm`, by itself
    degree      the next scale degree, by this one and the mode
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.music.melody import BAR, KEY_PROFILES, IntArray, find_key, read_notes
from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import device, kernel

# Classes of events. INTERVALS are -12 .. 12 semitones; larger ones count as these.
INTERVALS = 25
DURATIONS = 10  # inter-onset intervals 1 .. 9 steps, and longer
RHYTHMS = 256  # bar rhythms: bit p is an onset at position p
DEGREES = 12  # semitones above the tonic

SMOOTHING = 2.0  # how many observations a shorter context counts for


class Counts(NamedTuple):
    """What followed what; float64 arrays, which add and subtract."""

    interval: FloatArray  # (INTERVALS, INTERVALS, INTERVALS): two before, before, next
    duration: FloatArray  # (BAR, DURATIONS, DURATIONS): position, before, next
    bar: FloatArray  # (RHYTHMS, RHYTHMS): bar before, bar
    degree: FloatArray  # (2, DEGREES, DEGREES): mode, before, next

    @classmethod
    def of(cls, grids: BoolArray) -> "Counts":
        """The counts of bool (n, steps, keys) rolls together."""
        counts = cls.none()
        # For arrays that cannot be written to, numba would compile the kernel once more.
        _count(np.require(grids, requirements=["C", "W"]), KEY_PROFILES, *counts)
        return counts

    @classmethod
    def none(cls) -> "Counts":
        """No counts at all."""
        return cls(
            np.zeros((INTERVALS, INTERVALS, INTERVALS)),
            np.zeros((BAR, DURATIONS, DURATIONS)),
            np.zeros((RHYTHMS, RHYTHMS)),
            np.zeros((2, DEGREES, DEGREES)),
        )

    def plus(self, other: "Counts", times: float = 1.0) -> "Counts":
        """These and `times` the other counts."""
        return Counts(*(one + times * two for one, two in zip(self, other, strict=True)))


class Contexts(NamedTuple):
    """Surprise in bits, -log2 of the probability, by context; float64 arrays.

    Several together have one axis more, the first.
    """

    interval: FloatArray  # (INTERVALS, INTERVALS), after one interval
    intervals: FloatArray  # (INTERVALS, INTERVALS, INTERVALS), after two
    duration: FloatArray  # (BAR, DURATIONS, DURATIONS)
    rhythm: FloatArray  # (RHYTHMS,), of a bar by itself
    bar: FloatArray  # (RHYTHMS, RHYTHMS), of a bar by the one before
    degree: FloatArray  # (2, DEGREES, DEGREES)

    @classmethod
    def of(cls, counts: Counts) -> "Contexts":
        """The surprise that these counts make of every event."""
        none = smoothed(counts.interval.sum(axis=(0, 1)), np.full(INTERVALS, 1 / INTERVALS))
        one = smoothed(counts.interval.sum(axis=0), none)
        two = smoothed(counts.interval, one)
        length = smoothed(counts.duration.sum(axis=(0, 1)), np.full(DURATIONS, 1 / DURATIONS))
        position = smoothed(counts.duration.sum(axis=1), length)
        duration = smoothed(counts.duration, position[:, None, :])
        # A bar that no song has is the likelier the fewer onsets it has off the usual places.
        onsets = (np.arange(RHYTHMS)[:, None] >> np.arange(BAR)) & 1
        often = counts.bar.sum(axis=0)
        share = (often @ onsets + 0.5) / (often.sum() + 1.0)
        independent = np.where(onsets, share, 1 - share).prod(axis=1)
        rhythm = smoothed(often, independent / independent.sum(), 8.0)
        bar = smoothed(counts.bar, rhythm)
        degree_alone = smoothed(counts.degree.sum(axis=1), np.full(DEGREES, 1 / DEGREES))
        degree = smoothed(counts.degree, degree_alone[:, None, :])
        return cls(*(-np.log2(p) for p in (one, two, duration, rhythm, bar, degree)))

    @classmethod
    def together(cls, several: Sequence["Contexts"]) -> "Contexts":
        """Several contexts as one, along a new first axis."""
        return cls(*(np.stack(arrays) for arrays in zip(*several, strict=True)))


def smoothed(
    counts: FloatArray, shorter: FloatArray, weight: float = SMOOTHING
) -> NDArray[np.float64]:
    """Probabilities along the last axis: counts mixed with a shorter context's probabilities."""
    whole = counts.sum(axis=-1, keepdims=True)
    mixed: NDArray[np.float64] = (counts + weight * shorter) / (whole + weight)
    return mixed


@device
def interval_class(interval: int) -> int:
    """Return the class of an interval in semitones, 0 .. INTERVALS - 1."""
    return min(max(interval, -12), 12) + 12


@device
def duration_class(steps: int) -> int:
    """Return the class of a duration in steps, 0 .. DURATIONS - 1."""
    return min(steps, DURATIONS) - 1


@device
def bar_rhythms(step: IntArray, count: int, rhythm: IntArray) -> None:
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
    """Add what follows what in bool (n, steps, keys) rolls to the counts; see `Counts`."""
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
