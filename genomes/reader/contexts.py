"""Short contexts of a step of a melody: what was played just before, and the position in the bar.

Learned songs are counted by them (`genomes.reader.corpus`). Some predict the symbol itself. Others
predict the interval from the last key, so that what was learned in one key holds in all.

    age        steps since the last onset, at most 9
    degree     the last key in the major key that fits the past best, by the profile of Krumhansl &
               Kessler (1982)
    bar        the position in the bar; half, in half a bar
"""

import numpy as np

from genomes.arrays import FloatArray, Indices
from genomes.kernels import device, kernel

# What predicts the symbol, then what predicts the interval; the first of each is all steps.
BY_SYMBOL = (
    "all", "bar", "last symbol", "last symbol, bar", "key, age", "key, age, bar", "2 symbols",
    "2 keys, age, half", "3 keys, age", "3 symbols", "4 symbols", "6 symbols", "8 onsets, bar",
    "4 onsets, bar", "number of the bar", "symbol a bar ago, last symbol",
    "symbol 4 bars ago, last symbol", "place in 8 bars",
)  # fmt: skip
BY_INTERVAL = (
    "all", "age, bar", "interval, age, half", "interval, 2 ages", "2 intervals, age",
    "3 intervals, age", "degree, age, half", "degree, interval, age", "degree, place in 4 bars",
    "degree, place in 8 bars",
)  # fmt: skip
CONTEXTS = len(BY_SYMBOL) + len(BY_INTERVAL)
FIRST_INTERVAL = len(BY_SYMBOL)

_KEYS, _OLDEST, _NONE = 4, 9, 1000
_BASE = 1009
_PROFILE = np.array([5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4.0])
_PROFILE = (_PROFILE - _PROFILE.mean()) / _PROFILE.std()


@device
def _join(first: int, second: int) -> int:
    """Return a number for a pair; of up to six small ones without collisions."""
    return first * _BASE + second + 1


@device
def _tonic(degrees: FloatArray) -> int:
    """Return the pitch class of the tonic that fits best; 12 if too little was played."""
    total, best, found = 0.0, 0.0, 12
    for count in degrees:
        total += count
    if total <= 3.0:
        return found
    for tonic in range(12):
        fit = 0.0
        for degree in range(12):
            fit += degrees[(degree + tonic) % 12] * _PROFILE[degree]
        if found == 12 or fit > best:
            best, found = fit, tonic
    return found


@device
def write_contexts(
    symbols: Indices, step: int, rest: int, bar: int, degrees: FloatArray, row: Indices
) -> int:
    """Write the contexts of a step, and return the last key before it.

    Args:
        symbols: Int64 (steps,), known before `step`: keys, and `rest`.
        step: The step to predict.
        rest: The symbol of a rest, the number of keys.
        bar: Steps of a bar.
        degrees: Float64 (12,), onsets of each pitch class before the step.
        row: Int64 (CONTEXTS,), written to.

    Returns:
        The last key; the middle key if there is none.
    """
    keys, ages = np.full(_KEYS, rest + 1), np.full(_KEYS, _NONE)
    found, before = 0, step - 1
    while before >= 0 and found < _KEYS:
        if symbols[before] != rest:
            keys[found], ages[found] = symbols[before], step - before
            found += 1
        before -= 1
    last = np.full(6, rest + 1)
    for ago in range(1, min(step, 6) + 1):
        last[ago - 1] = symbols[step - ago]
    place, half = step % bar, step % max(bar // 2, 1)
    age = min(ages[0], _OLDEST)
    second_age = min(ages[1] - ages[0], _OLDEST)
    rhythm = short = 0
    for ago in range(1, 9):
        struck = 2 if step < ago else int(symbols[step - ago] != rest)
        rhythm = rhythm * 3 + struck
        if ago == 4:
            short = rhythm
    row[0] = 0
    row[1] = place
    row[2] = last[0]
    row[3] = _join(last[0], place)
    row[4] = _join(keys[0], age)
    row[5] = _join(row[4], place)
    row[6] = _join(last[0], last[1])
    row[7] = _join(_join(_join(keys[0], keys[1]), age), half)
    row[8] = _join(_join(_join(keys[0], keys[1]), keys[2]), age)
    row[9] = _join(row[6], last[2])
    row[10] = _join(row[9], last[3])
    row[11] = _join(_join(row[10], last[4]), last[5])
    row[12] = _join(rhythm, place)
    row[13] = _join(short, place)
    row[14] = step // bar
    far, further = rest + 1, rest + 1
    if step >= bar:
        far = symbols[step - bar]
    if step >= 4 * bar:
        further = symbols[step - 4 * bar]
    row[15] = _join(far, last[0])
    row[16] = _join(further, last[0])
    interval = keys[0] - keys[1] + rest if found > 1 else _NONE
    second = keys[1] - keys[2] + rest if found > 2 else _NONE
    third = keys[2] - keys[3] + rest if found > 3 else _NONE
    tonic = _tonic(degrees)
    degree = (keys[0] - tonic) % 12 if found > 0 else 13
    row[17] = step % (8 * bar)
    row[18] = 0
    row[19] = _join(age, place)
    row[20] = _join(_join(interval, age), half)
    row[21] = _join(_join(interval, age), second_age)
    row[22] = _join(_join(interval, second), age)
    row[23] = _join(_join(_join(interval, second), third), age)
    row[24] = _join(_join(degree, age), half)
    row[25] = _join(_join(degree, interval), age)
    row[26] = _join(degree, step % (4 * bar))
    row[27] = _join(degree, step % (8 * bar))
    return int(keys[0]) if found > 0 else rest // 2


@kernel
def song_contexts(symbols: Indices, rest: int, bar: int) -> tuple[Indices, Indices]:
    """Return the contexts of every step of a melody, and the last key before each.

    Args:
        symbols: Int64 (steps,): keys, and `rest`.
        rest: The symbol of a rest, the number of keys.
        bar: Steps of a bar.

    Returns:
        Int64 (steps, CONTEXTS), and int64 (steps,).
    """
    contexts = np.zeros((len(symbols), CONTEXTS), np.int64)
    keys = np.zeros(len(symbols), np.int64)
    degrees = np.zeros(12)
    for step in range(len(symbols)):
        keys[step] = write_contexts(symbols, step, rest, bar, degrees, contexts[step])
        if symbols[step] != rest:
            degrees[symbols[step] % 12] += 1.0
    return contexts, keys
