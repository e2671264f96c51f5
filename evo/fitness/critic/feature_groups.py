"""The features of a roll, group by group.

Each function writes one group into its part of the row; `evo.fitness.critic.surprise` has the last
group. The names of the features, in the order in
which they are written, are in `evo.fitness.critic.features`.

`step`, `key` and `top` are int64 (steps,), `rhythm` is int64 (bars,), and `row` is float64. `bar`
is the number of steps of a bar.
"""

import numpy as np

from evo.fitness.critic.contexts import duration_class, interval_class
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device


@device
def write_density(grid: BoolArray, step: Indices, count: int, bar: int, row: FloatArray) -> None:
    """Write onsets, chords and silence.

    Args:
        grid: bool (steps, keys).
        step: Steps of the notes.
        count: Number of notes.
        bar: Steps of a bar.
        row: Written.
    """
    steps = grid.shape[0]
    chords, sounding = 0, 0
    for i in range(count):
        keys = 0
        for k in range(grid.shape[1]):
            keys += grid[step[i], k]
        sounding += keys
        chords += keys > 1
    row[0] = count / steps
    row[1] = chords / count
    row[2] = np.log2(sounding / count)
    row[3] = min(step[0] / bar, 1.0)
    row[4] = min((steps - 1 - step[count - 1]) / bar, 2.0)


@device
def _entropy(counts: FloatArray) -> float:
    """Return the entropy of a histogram, in bits."""
    whole = counts.sum()
    bits = 0.0
    if whole > 0:
        for c in counts:
            if c > 0:
                bits -= c / whole * np.log2(c / whole)
    return bits


@device
def write_metre(step: Indices, count: int, bar: int, longest: int, row: FloatArray) -> None:
    """Write positions of onsets, and durations.

    Args:
        step: Steps of the notes.
        count: Number of notes.
        bar: Steps of a bar.
        longest: Longest duration of its own class.
        row: Written.
    """
    at = 0
    for i in range(count):
        row[at + step[i] % bar] += 1.0 / count
    at += bar
    if count < 2:
        return
    durations = np.zeros(longest + 1)
    changes, maximum = 0, 1
    for i in range(1, count):
        durations[duration_class(step[i] - step[i - 1], len(durations))] += 1
        maximum = max(maximum, step[i] - step[i - 1])
        if i > 1:
            changes += step[i] - step[i - 1] != step[i - 1] - step[i - 2]
    for d in range(len(durations)):
        row[at + d] = durations[d] / (count - 1)
    at += len(durations)
    row[at] = _entropy(durations)
    row[at + 1] = changes / max(count - 2, 1)
    row[at + 2] = np.log2(maximum)


@device
def _interval_bin(size: int) -> int:
    if size <= 5:
        return size
    return 6 if size <= 7 else 7


@device
def write_intervals(key: Indices, count: int, row: FloatArray) -> None:
    """Write intervals, direction and repetition.

    Args:
        key: Keys of the notes.
        count: Number of notes.
        row: Written.
    """
    at = 0
    if count < 2:
        return
    histogram = np.zeros(25)
    turns, moves, leaps, reversed_leaps, alternating = 0, 0, 0, 0, 0
    repeated, longest_repeated, swing, longest_swing, way, longest_way = 1, 1, 0, 0, 0, 0
    before, largest, size = 0, 0, 0.0
    for i in range(1, count):
        interval = key[i] - key[i - 1]
        histogram[interval_class(interval)] += 1
        bin_ = _interval_bin(abs(interval))
        slot = bin_ if interval >= 0 else bin_ + 7
        row[at + slot] += 1.0 / (count - 1)
        size += abs(interval)
        largest = max(largest, abs(interval))
        repeated = repeated + 1 if interval == 0 else 1
        longest_repeated = max(longest_repeated, repeated)
        if interval != 0:
            if before != 0:
                moves += 1
                turns += (interval > 0) != (before > 0)
            way = way + 1 if before != 0 and (interval > 0) == (before > 0) else 1
            longest_way = max(longest_way, way)
            before = interval
        if i > 1:
            last = key[i - 1] - key[i - 2]
            if abs(last) >= 5:
                leaps += 1
                reversed_leaps += last * interval < 0
            if interval != 0 and key[i] == key[i - 2]:
                alternating += 1
                swing += 1
                longest_swing = max(longest_swing, swing)
            else:
                swing = 0
    at += 15
    row[at] = size / (count - 1)
    row[at + 1] = _entropy(histogram)
    row[at + 2] = turns / max(moves, 1)
    row[at + 3] = reversed_leaps / leaps if leaps > 0 else 0.5
    row[at + 4] = np.log2(longest_repeated)
    row[at + 5] = alternating / max(count - 2, 1)
    row[at + 6] = np.log2(1 + longest_swing)
    row[at + 7] = np.log2(1 + longest_way)
    row[at + 8] = min(largest, 12) / 12


@device
def in_triad(key: int, mode: int, tonic: int) -> bool:
    """Return whether a key is in the tonic triad.

    Args:
        key: The key.
        mode: 0 for major, 1 for minor.
        tonic: Tonic of the key.
    """
    degree = (key - tonic) % 12
    return degree == 0 or degree == 7 or degree == (4 if mode == 0 else 3)


@device
def write_pitch(
    step: Indices, key: Indices, count: int, mode: int, tonic: int,
    fits: FloatArray, strong_beat: int, row: FloatArray,
) -> None:  # fmt: skip
    """Write the features of a melody's range, key and scale.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        count: Number of notes.
        mode: 0 for major, 1 for minor.
        tonic: Tonic of the key.
        fits: float64 (2, 12), correlation with every major and minor key.
        strong_beat: Steps between strong beats.
        row: Written: the features of this group.
    """
    at = 0
    pitches = np.zeros(128)
    lowest, highest = key[0], key[0]
    strong, strong_home, weak, weak_home = 0, 0, 0, 0
    for i in range(count):
        pitches[min(key[i], 127)] += 1
        lowest, highest = min(lowest, key[i]), max(highest, key[i])
        home = in_triad(key[i], mode, tonic)
        if step[i] % strong_beat == 0:
            strong += 1
            strong_home += home
        else:
            weak += 1
            weak_home += home
    best, second = -1.0, -1.0
    for m in range(2):
        for t in range(12):
            if fits[m, t] > best:
                second, best = best, fits[m, t]
            elif fits[m, t] > second:
                second = fits[m, t]
    within = 0.0
    for start in range(12):
        inside = 0
        for k in range(128):
            degree = (k - start) % 12
            # The diatonic degrees: 0 2 4 5 7 9 11.
            if (0b101010110101 >> degree) & 1:
                inside += int(pitches[k])
        within = max(within, inside / count)
    last = key[count - 1]
    row[at] = (pitches > 0).sum() / 12
    row[at + 1] = (highest - lowest) / 12
    row[at + 2] = _entropy(pitches)
    row[at + 3] = best
    row[at + 4] = best - second
    row[at + 5] = mode
    row[at + 6] = within
    row[at + 7] = strong_home / strong if strong > 0 else 0.5
    row[at + 8] = weak_home / weak if weak > 0 else 0.5
    row[at + 9] = (last - tonic) % 12 == 0
    row[at + 10] = in_triad(last, mode, tonic)
    row[at + 11] = in_triad(key[0], mode, tonic)
    row[at + 12] = (last - lowest) / max(highest - lowest, 1)


@device
def _likeness(top: Indices, a: int, b: int, length: int) -> tuple[float, float, float]:
    """Return the likeness (0 to 1) of two passages: rhythm, notes, shape.

    Of the steps where either sounds: the share where both do, the share with the same key, and the
    share with the most common distance between their keys (transposition).
    """
    either, both, same = 0, 0, 0
    distances = np.zeros(25)
    for t in range(length):
        first, second = top[a + t], top[b + t]
        if first >= 0 or second >= 0:
            either += 1
            if first >= 0 and second >= 0:
                both += 1
                same += first == second
                distances[interval_class(second - first)] += 1
    if either == 0:
        return 1.0, 1.0, 1.0
    return both / either, same / either, distances.max() / either


@device
def write_bars(top: Indices, rhythm: Indices, bar: int, events: int, row: FloatArray) -> None:
    """Write the features of how different and how alike bars are.

    Args:
        top: Key at every step, -1 for none.
        rhythm: Event of every bar's rhythm; 0 is silence.
        bar: Steps of a bar.
        events: Number of different events.
        row: Written.
    """
    at = 0
    bars = len(rhythm)
    seen = np.zeros(events)
    empty, fresh = 0, 0
    for b in range(bars):
        seen[rhythm[b]] += 1
        empty += rhythm[b] == 0
        new = True
        for earlier in range(b):
            if rhythm[earlier] == rhythm[b]:
                _, same, _ = _likeness(top, earlier * bar, b * bar, bar)
                new = new and same < 1.0
        fresh += new
    row[at] = (seen > 0).sum() / bars
    row[at + 1] = fresh / bars
    row[at + 2] = empty / bars
    row[at + 3] = seen.max() / bars
    at += 4
    for power in range(4):
        lag = 1 << power
        if lag < bars:
            for b in range(bars - lag):
                likeness = _likeness(top, b * bar, (b + lag) * bar, bar)
                for kind in range(3):
                    row[at + 3 * power + kind] += likeness[kind] / (bars - lag)


@device
def write_form(
    step: Indices, key: Indices, top: Indices, count: int, mode: int, tonic: int, bar: int,
    lead: int, row: FloatArray,
) -> None:  # fmt: skip
    """Write the likeness of quarters, and endings.

    A quarter begins with its pickup, as early before the bar line as the first note is.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        top: Key at every step, -1 for none.
        count: Number of notes.
        mode: 0 for major, 1 for minor.
        tonic: Tonic of the key.
        bar: Steps of a bar.
        lead: Steps before the first full bar.
        row: Written.
    """
    at = 0
    bars = (len(top) - lead) // bar
    quarter = bars // 4 * bar
    first = min(step[0], lead)
    index = 0
    for a in range(4):
        for b in range(a + 1, 4):
            rhythm, notes, _ = _likeness(top, first + a * quarter, first + b * quarter, quarter)
            row[at + 2 * index] = notes
            row[at + 2 * index + 1] = rhythm
            index += 1
    at += 12
    steps = len(top)
    for i in range(count):
        row[at + (step[i] - lead) // bar % 4] += 4.0 / bars
    at += 4
    ends, home, length = 0, 0, 0.0
    for i in range(count):
        following = step[i + 1] if i + 1 < count else steps
        # Is it the last note of a quarter?
        last = i + 1 == count
        if last or (following - first) // quarter > (step[i] - first) // quarter:
            ends += 1
            length += min(following - step[i], 2 * bar) / bar
            home += in_triad(key[i], mode, tonic)
    row[at] = length / ends
    row[at + 1] = min(steps - step[count - 1], 2 * bar) / bar
    row[at + 2] = (step[count - 1] % bar) / bar
    row[at + 3] = home / ends
    row[at + 4] = _repeated(step, key, count, 3)
    row[at + 5] = _repeated(step, key, count, 5)


@device
def is_same_figure(step: Indices, key: Indices, i: int, j: int, length: int) -> bool:
    """Return whether `length` moves from two notes have equal intervals and waits.

    Args:
        step: The step of each note.
        key: The key of each note.
        i: Index of the first note of one figure.
        j: Index of the first note of the other.
        length: Number of moves.
    """
    for k in range(length):
        if (
            key[i + k + 1] - key[i + k] != key[j + k + 1] - key[j + k]
            or step[i + k + 1] - step[i + k] != step[j + k + 1] - step[j + k]
        ):
            return False
    return True


@device
def _repeated(step: Indices, key: Indices, count: int, length: int) -> float:
    """Return the share of runs of `length` notes that recur, in any key."""
    runs = count - length
    if runs < 2:
        return 0.0
    repeated = 0
    for i in range(1, runs):
        for j in range(i):
            if is_same_figure(step, key, i, j, length):
                repeated += 1
                break
    return repeated / (runs - 1)
