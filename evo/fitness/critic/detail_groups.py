"""More groups of features, for the songs of files: degrees, places, phrases and figures.

Each function writes one group into its part of the row, as in `evo.fitness.critic.feature_groups`.
Critics of the embedded tunes do not use them.
"""

import numpy as np

from evo.fitness.critic.feature_groups import in_triad, is_same_figure
from genomes.arrays import FloatArray, Indices
from genomes.kernels import device

DOWNBEAT, BEAT, BETWEEN = range(3)  # classes of places in a bar
PHRASES = (2, 4, 8)  # bars of a phrase
FIGURES = (2, 3, 5, 8)  # notes after the first of a figure


@device
def place_of(step: int, bar: int, beat: int) -> int:
    """Return the class of a step's place in its bar.

    Args:
        step: The step.
        bar: Steps of a bar.
        beat: Steps of a beat.
    """
    position = step % bar
    if position == 0:
        return DOWNBEAT
    return BEAT if position % beat == 0 else BETWEEN


@device
def write_degrees(
    step: Indices, key: Indices, count: int, steps: int, tonic: int, bar: int, row: FloatArray
) -> None:
    """Write the share of time on each degree, and the share of downbeats on it.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        count: Number of notes.
        steps: Steps of the roll.
        tonic: Tonic of the key.
        bar: Steps of a bar.
        row: Written.
    """
    downbeats = 0
    for i in range(count):
        downbeats += step[i] % bar == 0
    for i in range(count):
        following = step[i + 1] if i + 1 < count else steps
        degree = (key[i] - tonic) % 12
        row[degree] += (following - step[i]) / max(steps - step[0], 1)
        if step[i] % bar == 0:
            row[12 + degree] += 1 / downbeats


@device
def write_places(
    step: Indices, key: Indices, count: int, steps: int, mode: int, tonic: int, bar: int,
    beat: int, row: FloatArray,
) -> None:  # fmt: skip
    """Write durations, triads and moves on downbeats, on other beats, and between beats.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        count: Number of notes.
        steps: Steps of the roll.
        mode: 0 for major, 1 for minor.
        tonic: Tonic of the key.
        bar: Steps of a bar.
        beat: Steps of a beat.
        row: Written.
    """
    notes, moves, ways = np.zeros(3), np.zeros(3), np.zeros(3)
    over_bar, over_beat, height, downbeat_height = 0, 0, 0.0, 0.0
    for i in range(count):
        place = place_of(step[i], bar, beat)
        wait = min((step[i + 1] if i + 1 < count else steps) - step[i], 2 * bar)
        notes[place] += 1
        row[place] += wait / bar
        row[3 + place] += in_triad(key[i], mode, tonic)
        over_bar += step[i] % bar + wait > bar
        over_beat += place == BETWEEN and step[i] % beat + wait > beat
        height += key[i] / count
        if place == DOWNBEAT:
            downbeat_height += key[i]
        if i > 0:
            size = min(abs(key[i] - key[i - 1]), 12)
            moves[place] += 1
            row[6 + place] += size / 12
            row[9 + place] += size == 0
            if size > 0:
                ways[place] += 1
                row[12 + place] += key[i] > key[i - 1]
    for place in range(3):
        row[place] /= max(notes[place], 1)
        row[3 + place] = row[3 + place] / notes[place] if notes[place] > 0 else 0.5
        row[6 + place] /= max(moves[place], 1)
        row[9 + place] /= max(moves[place], 1)
        row[12 + place] = row[12 + place] / ways[place] if ways[place] > 0 else 0.5
    row[15] = over_bar / count
    row[16] = over_beat / max(notes[BETWEEN], 1)
    row[17] = notes[DOWNBEAT] / max(steps // bar, 1)
    if notes[DOWNBEAT] > 0:
        row[18] = (downbeat_height / notes[DOWNBEAT] - height) / 12


@device
def _write_spread(
    step: Indices, key: Indices, count: int, steps: int, first: int, size: int, row: FloatArray
) -> None:
    """Write how different phrases are in highest and lowest key, and in number of notes."""
    phrases = max((steps - first) // size, 1)
    figures = np.zeros((3, phrases))
    figures[1] = 127
    for i in range(count):
        phrase = (step[i] - first) // size
        if phrase < phrases:
            figures[0, phrase] = max(figures[0, phrase], key[i])
            figures[1, phrase] = min(figures[1, phrase], key[i])
            figures[2, phrase] += 1
    used = figures[2] > 0
    for kind in range(3):
        values = figures[kind][used] if kind < 2 else figures[kind]
        if len(values) > 0:
            row[kind] = values.std() / 12 if kind < 2 else values.std() / max(values.mean(), 1)


@device
def write_phrases(
    step: Indices, key: Indices, count: int, steps: int, tonic: int, bar: int, lead: int,
    row: FloatArray,
) -> None:  # fmt: skip
    """Write ends and differences of phrases of 2, 4 and 8 bars, and the end of the roll.

    A phrase begins with its pickup. Its goal is its last note but those of the next pickup.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        count: Number of notes.
        steps: Steps of the roll.
        tonic: Tonic of the key.
        bar: Steps of a bar.
        lead: Steps before the first full bar.
        row: Written.
    """
    first = min(step[0], lead)
    usual = (steps - step[0]) / count
    for kind in range(3):
        size = (2 << kind) * bar
        at, ends, within = 9 * kind, 0, 0
        for i in range(count):
            following = step[i + 1] if i + 1 < count else steps
            if (step[i] - first) // size == (following - first) // size and i + 1 < count:
                continue
            ends += 1
            wait = min(following - step[i], 2 * bar)
            degree = (key[i] - tonic) % 12
            row[at] += wait / bar
            row[at + 1] += wait >= 1.5 * usual
            row[at + 2] += degree == 0
            row[at + 3] += degree == 7
            row[at + 4] += step[i] % bar == 0
            row[at + 5] += (step[i] % bar) / bar
            if i > 0:
                row[at + 6] += min(abs(key[i] - key[i - 1]), 12) / 12
                row[at + 7] += key[i] < key[i - 1]
            if i + 1 < count:
                within += 1
                row[at + 8] += min(abs(key[i + 1] - key[i]), 12) / 12
        for number in range(8):
            row[at + number] /= max(ends, 1)
        row[at + 8] /= max(within, 1)
        _write_spread(step, key, count, steps, first, size, row[30 + 3 * kind :])
    last_bar = 0
    for i in range(count):
        last_bar += step[i] - first >= steps - lead - bar
    row[27] = last_bar / bar
    if count > 1:
        row[28] = min(max(key[count - 1] - key[count - 2], -12), 12) / 12
        row[29] = ((key[count - 2] - tonic) % 12) in (2, 7, 11)


@device
def _same(top: Indices, a: int, b: int, bar: int) -> tuple[bool, bool, bool, bool]:
    """Return whether two bars have the same rhythm, and also shape, moves, and notes."""
    rhythm, shape, moves, notes = True, True, True, True
    before_a, before_b = -1, -1
    for t in range(bar):
        first, second = top[a + t], top[b + t]
        if (first >= 0) != (second >= 0):
            return False, False, False, False
        if first < 0:
            continue
        notes = notes and first == second
        if before_a >= 0:
            one, other = first - before_a, second - before_b
            moves = moves and one == other
            shape = shape and np.sign(one) == np.sign(other)
        before_a, before_b = first, second
    return rhythm, shape, moves, notes


@device
def write_figures(
    step: Indices, key: Indices, top: Indices, count: int, bar: int, lead: int, row: FloatArray
) -> None:
    """Write how bars return in rhythm, shape, moves and notes, and how figures return.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        top: Key at every step, -1 for none.
        count: Number of notes.
        bar: Steps of a bar.
        lead: Steps before the first full bar.
        row: Written.
    """
    bars = (len(top) - lead) // bar
    sequences = 0
    for b in range(bars):
        fresh_shape, fresh_moves = True, True
        for earlier in range(b):
            _, shape, moves, notes = _same(top, lead + earlier * bar, lead + b * bar, bar)
            fresh_shape = fresh_shape and not shape
            fresh_moves = fresh_moves and not moves
            if earlier == b - 1:
                sequences += shape and not notes
        row[0] += fresh_shape / bars
        row[1] += fresh_moves / bars
    row[2] = sequences / max(bars - 1, 1)
    for power in range(4):
        lag = 1 << power
        for b in range(bars - lag):
            same = _same(top, lead + b * bar, lead + (b + lag) * bar, bar)
            for kind in range(4):
                row[3 + 4 * power + kind] += same[kind] / (bars - lag)
    for index in range(4):
        _write_figure(step, key, count, (2, 3, 5, 8)[index], row[19 + 2 * index :])


@device
def _write_figure(step: Indices, key: Indices, count: int, length: int, row: FloatArray) -> None:
    """Write the share of different figures, and the share of the most common one."""
    runs = count - length
    if runs < 1:
        return
    seen = np.zeros(runs, np.int64)
    fresh, most = 0, 0
    for i in range(runs):
        found = -1
        for j in range(i):
            if seen[j] == 0:  # as an earlier figure
                continue
            if is_same_figure(step, key, i, j, length):
                found = j
                break
        if found < 0:
            found = i
            fresh += 1
        seen[found] += 1
        most = max(most, seen[found])
    row[0] = fresh / runs
    row[1] = most / runs
