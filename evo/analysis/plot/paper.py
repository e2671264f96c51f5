"""The paper of a piano roll: names and rows of keys, and the lines of bars and beats."""

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from evo.analysis.plot.style import FAINT, PALE
from evo.music.metre import Metre, bar_steps, half_up
from evo.music.midi.units import note_name
from evo.music.song import Song
from genomes.arrays import BoolArray, IntArray

MAX_FULL_KEYS = 25  # up to two octaves all keys are drawn, above that only the used range
BLACK_KEYS = (1, 3, 6, 8, 10)
WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)


def keys_shown(used: BoolArray) -> tuple[int, int]:
    """Return the range of keys drawn: the first, and one past the last."""
    keys = used.shape[1]
    found = np.flatnonzero(used.any(axis=0))
    if keys <= MAX_FULL_KEYS or not len(found):
        return 0, min(keys, MAX_FULL_KEYS)
    low, high = max(0, int(found[0]) - 1), min(keys, int(found[-1]) + 2)
    missing = max(0, MAX_FULL_KEYS // 2 + 1 - (high - low))
    low = max(0, low - missing // 2)
    return low, min(keys, max(high, low + MAX_FULL_KEYS // 2 + 1))


def draw_keys(axes: Axes, song: Song, low: int, high: int, start: int, stop: int) -> None:
    """Name the keys on the axis, and shade the rows of black ones.

    Args:
        axes: Where to draw.
        song: The song.
        low: First key shown.
        high: One past the last key shown.
        start: First step shown.
        stop: One past the last step shown.
    """
    axes.set_ylim(low, high)
    pitches = {key: song.lowest_note + key for key in range(low, high)}
    few = high - low <= MAX_FULL_KEYS
    for key, pitch in pitches.items():
        if few and pitch % 12 in BLACK_KEYS:
            axes.add_patch(Rectangle((start, key), stop - start, 1, color=FAINT, lw=0, zorder=0))
        elif not few and pitch % 12 == 0:  # many stripes would flicker: a line per octave
            axes.hlines(key, start, stop, color=PALE, linewidth=0.6, zorder=1)
    labelled = WHITE_KEYS if few else (0,)
    ticks = [key for key, pitch in pitches.items() if pitch % 12 in labelled] or [low]
    axes.set_yticks([key + 0.5 for key in ticks], [note_name(pitches[key]) for key in ticks])
    axes.tick_params(axis="y", length=0, pad=2, labelsize=7.5)


def bar_lines(song: Song, start: int, stop: int) -> tuple[IntArray, IntArray]:
    """Return the steps of bar lines, and of beats, from `start` to `stop`.

    A beat is that of the time signature, three of its units in 6/8 and the like.

    Args:
        song: The song.
        start: First step.
        stop: Last step.
    """
    bars, metre = song.bar_starts(), song.metre
    if song.steps == bars[-1] + song.bar:
        bars = np.append(bars, song.steps)  # the last line closes the last bar
    segments = [(metre.first_bar, metre.beats, metre.unit), *metre.changes]
    ends = [first for first, _, _ in segments[1:]] + [song.steps + 1]
    beats: list[int] = []
    for (first, number, unit), end in zip(segments, ends, strict=True):
        units = 3 if Metre(number, unit).is_compound else 1
        beat = bar_steps(units, unit, song.steps_per_beat)
        if not beats:  # the pickup
            beats += [first - half_up(n * beat) for n in range(1, int(first / beat) + 1)]
        beats += [first + half_up(n * beat) for n in range(max(ceil((end - first) / beat), 0))]
    found = np.array(beats, np.int64)
    shown = [lines[(lines >= start) & (lines <= stop)] for lines in (bars, found)]
    return shown[0], np.setdiff1d(shown[1], shown[0])
