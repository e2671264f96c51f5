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

A bar's rhythm is a number with a bit per step, and its event is the index of that number in
`Bars.rhythms`. In bars of up to 8 steps these are all numbers. In longer bars they are the most
common ones of the songs, and all other rhythms are one event.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo.music.melody import KEY_PROFILES, Bar, find_key, read_notes
from genomes.arrays import BoolArray, FloatArray, IntArray, for_kernels
from genomes.kernels import device, kernel

# Classes of events. INTERVALS are -12 .. 12 semitones; larger ones are clipped.
INTERVALS = 25
DEGREES = 12  # semitones above the tonic

SMOOTHING = 2.0  # observations that a shorter context counts for
MAX_STEPS = 60  # of a bar: its rhythm is an int64
_ALL_RHYTHMS = 8  # steps of a bar whose rhythms are all events
_MAX_RHYTHMS = 255  # events among the rhythms of longer bars


class Bars(NamedTuple):
    """The bars that rolls are read in, as kernels need them; see `evo.music.melody.Bar`.

    Attributes:
        steps: Steps of a bar, at most `MAX_STEPS`.
        beat: Steps of a beat.
        strong: Steps between strong beats.
        lead: Steps before the first full bar: a bar with the pickup at its end, or 0.
        detailed: 1 if rolls have the features of `evo.fitness.critic.detail_groups`, too, else 0.
        rhythms: int64 (r,), increasing: the rhythms that are events of their own; bit p is an
            onset at position p.
    """

    steps: int
    beat: int
    strong: int
    lead: int
    detailed: int
    rhythms: IntArray

    @classmethod
    def of(cls, bar: Bar, songs: BoolArray, lead: int = 0, detailed: int = 0) -> "Bars":
        """Return the bars of songs.

        Args:
            bar: The bar of all songs.
            songs: bool (n, steps, keys), from a bar line on.
            lead: Steps before the first full bar, 0 or a bar.
            detailed: Whether rolls have all features, 0 or 1.

        Raises:
            ValueError: If the bar is too long.
        """
        if bar.steps <= _ALL_RHYTHMS:
            return cls(*bar, lead, detailed, np.arange(1 << bar.steps))
        if bar.steps > MAX_STEPS:
            raise ValueError(f"a bar has {bar.steps} steps, more than {MAX_STEPS}")
        bars = songs.shape[1] // bar.steps
        onsets = songs[:, : bars * bar.steps].any(axis=2).reshape(-1, bar.steps)
        found, often = np.unique(onsets @ (1 << np.arange(bar.steps)), return_counts=True)
        common = np.argsort(-often, kind="stable")[:_MAX_RHYTHMS]
        return cls(*bar, lead, detailed, np.unique(np.append(found[common], 0)))

    @property
    def bar(self) -> Bar:
        """The bar without its rhythms."""
        return Bar(self.steps, self.beat, self.strong)

    @property
    def longest(self) -> int:
        """The longest duration of its own class, in steps; at least 8."""
        return max(self.steps, 8)

    @property
    def durations(self) -> int:
        """Classes of durations: 1 step to one more than `longest`, and longer."""
        return self.longest + 2

    @property
    def events(self) -> int:
        """Classes of bar rhythms: the `rhythms`, and any other if these are not all."""
        return len(self.rhythms) + (self.steps > _ALL_RHYTHMS)


COMMON_TIME = Bars(*Bar(), 0, 0, np.arange(256))  # 4/4 in eighths


class Counts(NamedTuple):
    """Counts of events by context; float64 arrays that add and subtract.

    The classes of durations and rhythms are those of `Bars`.
    """

    interval: FloatArray  # (INTERVALS, INTERVALS, INTERVALS): two before, before, next
    duration: FloatArray  # (steps of a bar, durations, durations): position, before, next
    bar: FloatArray  # (rhythms, rhythms): bar before, bar
    degree: FloatArray  # (2, DEGREES, DEGREES): mode, before, next

    @classmethod
    def of(cls, grids: BoolArray, bars: Bars = COMMON_TIME) -> "Counts":
        """Return the counts of rolls together.

        Args:
            grids: bool (n, steps, keys).
            bars: Their bars.
        """
        counts = cls.none(bars)
        # For read-only arrays numba would compile the kernel again.
        _count(for_kernels(grids), KEY_PROFILES, bars, *counts)
        return counts

    @classmethod
    def none(cls, bars: Bars = COMMON_TIME) -> "Counts":
        """Return zero counts for rolls in these bars."""
        return cls(
            np.zeros((INTERVALS, INTERVALS, INTERVALS)),
            np.zeros((bars.steps, bars.durations, bars.durations)),
            np.zeros((bars.events, bars.events)),
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
    duration: FloatArray  # (steps of a bar, durations, durations)
    rhythm: FloatArray  # (rhythms,), of a bar by itself
    bar: FloatArray  # (rhythms, rhythms), of a bar by the one before
    degree: FloatArray  # (2, DEGREES, DEGREES)

    @classmethod
    def of(cls, counts: Counts, bars: Bars = COMMON_TIME) -> "Contexts":
        """Return the surprise of every event.

        Args:
            counts: Counts of rolls in these bars.
            bars: The bars.
        """
        none = smoothed(counts.interval.sum(axis=(0, 1)), np.full(INTERVALS, 1 / INTERVALS))
        first_order = smoothed(counts.interval.sum(axis=0), none)
        second_order = smoothed(counts.interval, first_order)
        length = smoothed(
            counts.duration.sum(axis=(0, 1)), np.full(bars.durations, 1 / bars.durations)
        )
        position = smoothed(counts.duration.sum(axis=1), length)
        duration = smoothed(counts.duration, position[:, None, :])
        # A new bar rhythm is more probable if its onsets are at common positions.
        onsets = (bars.rhythms[:, None] >> np.arange(bars.steps)) & 1
        often = counts.bar.sum(axis=0)
        known = often[: len(bars.rhythms)]
        share = (known @ onsets + 0.5) / (known.sum() + 1.0)
        independent = np.where(onsets, share, 1 - share).prod(axis=1)
        if bars.events > len(bars.rhythms):  # any other rhythm
            independent = np.append(independent, max(1 - independent.sum(), 1e-3))
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
def duration_class(steps: int, classes: int) -> int:
    """Return the index of a duration in steps.

    Args:
        steps: The duration.
        classes: Number of classes; the last is of all longer durations.
    """
    return min(steps, classes) - 1


@device
def bar_rhythms(step: IntArray, count: int, bars: Bars, rhythm: IntArray) -> None:
    """Write the rhythm of every bar, as its index in `bars.rhythms`, or their number.

    Args:
        step: int64 (steps,), steps of the notes.
        count: Number of notes.
        bars: The bars.
        rhythm: int64 (bars,), written.
    """
    rhythm[:] = 0
    for i in range(count):
        bar = step[i] // bars.steps
        if bar < len(rhythm):
            rhythm[bar] |= 1 << (step[i] % bars.steps)
    for bar in range(len(rhythm)):
        index = np.searchsorted(bars.rhythms, rhythm[bar])
        known = index < len(bars.rhythms) and bars.rhythms[index] == rhythm[bar]
        rhythm[bar] = index if known else len(bars.rhythms)


@kernel
def _count(
    grids: BoolArray,
    profiles: FloatArray,
    bars: Bars,
    interval: FloatArray,
    duration: FloatArray,
    bar: FloatArray,
    degree: FloatArray,
) -> None:
    """Add the events in rolls, bool (n, steps, keys), to the counts."""
    steps = grids.shape[1]
    step, key = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    fits = np.zeros((2, 12))
    rhythm = np.zeros(max(steps // bars.steps, 1), np.int64)
    classes = duration.shape[1]
    for n in range(grids.shape[0]):
        count = read_notes(grids[n], step, key)
        if count == 0:
            continue
        mode, tonic = find_key(step, key, count, steps, profiles, fits)
        bar_rhythms(step, count, bars, rhythm)
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
                before = duration_class(step[i - 1] - step[i - 2], classes)
                after = duration_class(step[i] - step[i - 1], classes)
                duration[step[i - 1] % bars.steps, before, after] += 1
