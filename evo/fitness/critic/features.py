"""Features of a piano roll: numbers that describe it as a melody.

A roll is read as its melody (`evo.music.melody`), in the bars of its metre. The features come in
groups, each written by one function of `evo.fitness.critic.feature_groups`:

    density     onsets, chords, silence before and after
    metre       positions of onsets in the bar, and durations
    intervals   steps, leaps, direction, repetition, alternation
    pitch       range, key, scale, position of the tonic
    bars        number of different bars; likeness of bars 1, 2, 4 and 8 bars apart
    form        likeness of the four quarters to each other; endings of phrases
    surprise    surprise of each note to models of short contexts (`evo.fitness.critic.contexts`)

The songs of files have four groups more, by `evo.fitness.critic.detail_groups`:

    degrees     time on each degree of the scale, and downbeats on it
    places      durations, triads and moves on downbeats, on beats, and between beats
    phrases     endings of phrases of 2, 4 and 8 bars, and how different they are
    figures     bars that return in rhythm, shape, moves or notes; figures of 3 to 9 notes

Likenesses of bars separate a tune from its shuffled bars and from a loop. Surprise separates it
from random walks and noise. Every feature is finite for every roll, silence included.
"""

from itertools import combinations

import numpy as np

from evo.fitness.critic.contexts import COMMON_TIME, Bars, Contexts, bar_rhythms
from evo.fitness.critic.detail_groups import (
    FIGURES,
    PHRASES,
    write_degrees,
    write_figures,
    write_phrases,
    write_places,
)
from evo.fitness.critic.feature_groups import (
    write_bars,
    write_density,
    write_form,
    write_intervals,
    write_metre,
    write_pitch,
)
from evo.fitness.critic.surprise import write_surprise
from evo.music.melody import KEY_PROFILES, find_key, read_notes
from genomes.arrays import BoolArray, FloatArray, IntArray, for_kernels
from genomes.kernels import kernel

INTERVAL_BINS = ("0", "1", "2", "3", "4", "5", "6-7", "8+")
MIN_BARS = 4
LAGS = (1, 2, 4, 8)
QUARTERS = tuple(combinations("ABCD", 2))
PLACES = ("downbeats", "beats", "between beats")
DETAILS: dict[str, tuple[str, ...]] = {
    "degrees": (
        *(f"degree {degree}" for degree in range(12)),
        *(f"degree {degree} on downbeats" for degree in range(12)),
    ),
    "places": (
        *(f"{kind} on {place}" for kind in ("duration", "triad", "interval", "repetition", "rise")
          for place in PLACES),
        "notes over bar lines", "notes over beats", "bars with a downbeat", "height of downbeats",
    ),
    "phrases": (
        *(f"{kind} of {bars} bars" for bars in PHRASES for kind in (
            "last note", "long last notes", "tonic at the end", "dominant at the end",
            "last note on a downbeat", "place of the last note", "interval to the end",
            "fall to the end", "interval over the end",
        )),
        "notes in the last bar", "last interval", "leading to the last note",
        *(f"spread of {kind} of {bars} bars" for bars in PHRASES
          for kind in ("highest keys", "lowest keys", "notes")),
    ),
    "figures": (
        "different shapes", "different moves", "sequences",
        *(f"same {kind} {lag} apart" for lag in LAGS
          for kind in ("rhythm", "shape", "moves", "notes")),
        *(f"{kind} of {length}" for length in FIGURES
          for kind in ("different figures", "commonest figure")),
    ),
}  # fmt: skip
MODELS = ("interval", "intervals", "duration", "degree", "rhythm", "bar")


def groups_of(bars: Bars) -> dict[str, tuple[str, ...]]:
    """Return the names of the features of rolls in these bars, by group."""
    details = DETAILS if bars.detailed else {}
    return _usual_groups(bars) | details


def _usual_groups(bars: Bars) -> dict[str, tuple[str, ...]]:
    return {
        "density": ("onsets", "chords", "keys an onset", "silence before", "silence after"),
        "metre": (
            *(f"onsets at {position}" for position in range(bars.steps)),
            *(f"duration {steps}" for steps in (*range(1, bars.longest + 1), "longer")),
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


def names_of(bars: Bars) -> tuple[str, ...]:
    """Return the names of the features of rolls in these bars."""
    return tuple(name for names in groups_of(bars).values() for name in names)


GROUPS = groups_of(COMMON_TIME)
NAMES = names_of(COMMON_TIME)


def roll_features(grids: BoolArray, contexts: Contexts, bars: Bars = COMMON_TIME) -> FloatArray:
    """Return the features of rolls.

    Args:
        grids: bool (n, steps, keys), of at least 4 bars.
        contexts: One or m contexts; only the surprise depends on them.
        bars: The bars of the rolls and contexts.

    Returns:
        float64 (n, features), or (m, n, features) with m contexts together; `names_of` names them.

    Raises:
        ValueError: If the rolls are too short, or of another dtype or shape.
    """
    shortest = bars.lead + MIN_BARS * bars.steps
    fits = grids.ndim == 3 and grids.shape[1] >= shortest and grids.shape[2] >= 1
    if grids.dtype != np.bool_ or not fits:
        raise ValueError(
            f"rolls must be bool (n, at least {shortest} steps, keys), "
            f"got {grids.dtype} {grids.shape}"
        )
    is_single = contexts.rhythm.ndim == 1
    several = Contexts(*(array[None] for array in contexts)) if is_single else contexts
    sizes = [len(names) for names in groups_of(bars).values()]
    starts = np.cumsum([0, *sizes])
    rows = np.zeros((len(several.rhythm), len(grids), starts[-1]))
    # For read-only arrays numba would compile the kernel again.
    writable = for_kernels(grids)
    _describe(writable, KEY_PROFILES, several, bars, bars.longest, bars.events, starts, rows)
    return rows[0] if is_single else rows


@kernel
def _describe(
    grids: BoolArray,
    profiles: FloatArray,
    contexts: Contexts,
    bars: Bars,
    longest: int,
    events: int,
    starts: IntArray,
    rows: FloatArray,
) -> None:
    models = rows.shape[0]
    steps, bar = grids.shape[1], bars.steps
    metre, intervals, pitch, form_bars, form, surprises = starts[1:7]
    step, key = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    top = np.zeros(steps, np.int64)
    rhythm = np.zeros(steps // bar, np.int64)
    fits = np.zeros((2, 12))
    for n in range(grids.shape[0]):
        row = rows[0, n]
        count = read_notes(grids[n], step, key)
        if count == 0:
            rows[:, n, 3] = 1.0
            rows[:, n, 4] = 2.0
            continue
        mode, tonic = find_key(step, key, count, steps, profiles, fits)
        bar_rhythms(step, count, bars, rhythm)
        top[:] = -1
        for i in range(count):
            top[step[i]] = key[i]
        write_density(grids[n], step, count, bar, row)
        write_metre(step, count, bar, longest, row[metre:])
        write_intervals(key, count, row[intervals:])
        write_pitch(step, key, count, mode, tonic, fits, bars.strong, row[pitch:])
        write_bars(top, rhythm, bar, events, row[form_bars:])
        write_form(step, key, top, count, mode, tonic, bar, bars.lead, row[form:])
        if bars.detailed:
            write_degrees(step, key, count, steps, tonic, bar, row[starts[7] :])
            write_places(step, key, count, steps, mode, tonic, bar, bars.beat, row[starts[8] :])
            write_phrases(step, key, count, steps, tonic, bar, bars.lead, row[starts[9] :])
            write_figures(step, key, top, count, bar, bars.lead, row[starts[10] :])
        for model in range(1, models):
            rows[model, n] = row
        for model in range(models):
            surprise = rows[model, n, surprises:]
            write_surprise(step, key, rhythm, count, mode, tonic, contexts, bar, model, surprise)
