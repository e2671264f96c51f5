"""Features of a piano roll: numbers that describe it as a melody.

A roll is read as its melody (`evo.music.melody`), in bars of 8 steps. The features come in groups,
each written by one function of `evo.fitness.critic.feature_groups`:

    density     onsets, chords, silence before and after
    metre       positions of onsets in the bar, and durations
    intervals   steps, leaps, direction, repetition, alternation
    pitch       range, key, scale, position of the tonic
    bars        number of different bars; likeness of bars 1, 2, 4 and 8 bars apart
    form        likeness of the four quarters to each other; endings of phrases
    surprise    surprise of each note to models of short contexts (`evo.fitness.critic.contexts`)

Likenesses of bars separate a tune from its shuffled bars and from a loop. Surprise separates it
from random walks and noise. Every feature is finite for every roll, silence included.
"""

from itertools import combinations

import numpy as np

from evo.fitness.critic.contexts import Contexts, bar_rhythms
from evo.fitness.critic.feature_groups import (
    write_bars,
    write_density,
    write_form,
    write_intervals,
    write_metre,
    write_pitch,
    write_surprise,
)
from evo.music.melody import BAR, KEY_PROFILES, find_key, read_notes
from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import kernel

INTERVAL_BINS = ("0", "1", "2", "3", "4", "5", "6-7", "8+")
MIN_STEPS = 4 * BAR
LAGS = (1, 2, 4, 8)
QUARTERS = tuple(combinations("ABCD", 2))
MODELS = ("interval", "intervals", "duration", "degree", "rhythm", "bar")

GROUPS: dict[str, tuple[str, ...]] = {
    "density": ("onsets", "chords", "keys an onset", "silence before", "silence after"),
    "metre": (
        *(f"onsets at {position}" for position in range(BAR)),
        *(f"duration {steps}" for steps in (1, 2, 3, 4, 5, 6, 7, 8, "longer")),
        "duration entropy",
        "duration changes",
        "longest duration",
    ),
    "intervals": (
        "interval 0",
        *(f"interval {sign}{size}" for sign in "+-" for size in INTERVAL_BINS[1:]),
        "interval size",
        "interval entropy",
        "turns",
        "leaps reversed",
        "longest repetition",
        "alternation",
        "longest alternation",
        "longest run of one direction",
        "largest interval",
    ),
    "pitch": (
        "keys", "range", "pitch entropy", "fit of the key", "gap to the next key", "minor",
        "in the scale", "tonic triad on strong beats", "tonic triad on weak beats",
        "ends on the tonic", "ends in the triad", "begins in the triad", "height of the end",
    ),
    "bars": (
        "bar rhythms", "bars", "empty bars", "commonest rhythm",
        *(f"{kind} {lag} apart" for lag in LAGS for kind in ("rhythm", "notes", "shape")),
    ),
    "form": (
        *(f"{kind} of {a} and {b}" for a, b in QUARTERS for kind in ("notes", "rhythm")),
        *(f"onsets in bar {bar}" for bar in range(1, 5)),
        "last note of a quarter",
        "last note",
        "place of the last note",
        "quarters end in the triad",
        "repeated threes",
        "repeated fives",
    ),
    "surprise": tuple(f"{kind} {model}" for model in MODELS for kind in ("mean", "spread")),
}  # fmt: skip
NAMES = tuple(name for names in GROUPS.values() for name in names)
_STARTS = tuple(int(n) for n in np.cumsum([0, *(len(names) for names in GROUPS.values())]))
_METRE, _INTERVALS, _PITCH, _BARS, _FORM, _SURPRISE = _STARTS[1:-1]


def roll_features(grids: BoolArray, contexts: Contexts) -> FloatArray:
    """Return the features of rolls.

    Args:
        grids: bool (n, steps, keys), of at least 4 bars of 8 steps.
        contexts: One or m contexts; only the surprise depends on them.

    Returns:
        float64 (n, len(NAMES)), or (m, n, len(NAMES)) with m contexts together.

    Raises:
        ValueError: If the rolls are too short, or of another dtype or shape.
    """
    fits = grids.ndim == 3 and grids.shape[1] >= MIN_STEPS and grids.shape[2] >= 1
    if grids.dtype != np.bool_ or not fits:
        raise ValueError(
            f"rolls must be bool (n, at least {MIN_STEPS} steps, keys), "
            f"got {grids.dtype} {grids.shape}"
        )
    is_single = contexts.rhythm.ndim == 1
    several = Contexts(*(array[None] for array in contexts)) if is_single else contexts
    rows = np.zeros((len(several.rhythm), len(grids), len(NAMES)))
    # For read-only arrays numba would compile the kernel again.
    _describe(np.require(grids, requirements=["C", "W"]), KEY_PROFILES, several, rows)
    return rows[0] if is_single else rows


@kernel
def _describe(grids: BoolArray, profiles: FloatArray, contexts: Contexts, rows: FloatArray) -> None:
    models = rows.shape[0]
    steps = grids.shape[1]
    step, key = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    top = np.zeros(steps, np.int64)
    rhythm = np.zeros(steps // BAR, np.int64)
    fits = np.zeros((2, 12))
    for n in range(grids.shape[0]):
        row = rows[0, n]
        count = read_notes(grids[n], step, key)
        if count == 0:
            rows[:, n, 3] = 1.0
            rows[:, n, 4] = 2.0
            continue
        mode, tonic = find_key(step, key, count, steps, profiles, fits)
        bar_rhythms(step, count, rhythm)
        top[:] = -1
        for i in range(count):
            top[step[i]] = key[i]
        write_density(grids[n], step, count, row)
        write_metre(step, count, row[_METRE:])
        write_intervals(key, count, row[_INTERVALS:])
        write_pitch(step, key, count, mode, tonic, fits, row[_PITCH:])
        write_bars(top, rhythm, row[_BARS:])
        write_form(step, key, top, count, mode, tonic, row[_FORM:])
        for model in range(1, models):
            rows[model, n] = row
        for model in range(models):
            surprise = rows[model, n, _SURPRISE:]
            write_surprise(step, key, rhythm, count, mode, tonic, contexts, model, surprise)
