"""Descriptive measures of a piece of symbols: period, runs, complexity."""

from typing import Any

import numpy as np

from evo.fitness.guessing.symbols import REST, Symbols, notes_of, onset_and_sound
from genomes.arrays import Indices
from genomes.kernels import kernel

MAX_PERIOD = 64
PERIOD_STEPS = 128  # last steps, in which a period must hold
SHUFFLES = 20


def period_of(symbols: Symbols) -> int:
    """Return the smallest period p of a piece, 0 without one.

    The last `PERIOD_STEPS` steps must have x[t] = x[t - p], with both in the piece, and p is at
    most `MAX_PERIOD`.

    Args:
        symbols: int64 (steps,).
    """
    steps = len(symbols)
    first = max(steps - PERIOD_STEPS, 0)
    for period in range(1, min(MAX_PERIOD, steps // 2) + 1):
        begin = max(first, period)
        if np.array_equal(symbols[begin:], symbols[begin - period : steps - period]):
            return period
    return 0


def longest_run(symbols: Symbols) -> int:
    """Return the length of the longest run of one symbol.

    Args:
        symbols: int64 (steps,).
    """
    if not len(symbols):
        return 0
    changes = np.flatnonzero(np.diff(symbols)) + 1
    return int(np.diff(np.concatenate([[0], changes, [len(symbols)]])).max())


@kernel
def count_words(symbols: Symbols) -> int:
    """Count the words of `complexity_of` (Kaspar & Schuster, 1987)."""
    steps = len(symbols)
    if steps < 2:
        return steps
    words, begin, start, length, longest = 1, 1, 0, 1, 1
    while True:
        if symbols[start + length - 1] == symbols[begin + length - 1]:
            length += 1
            if begin + length > steps:
                return words + 1
            continue
        longest = max(longest, length)
        start += 1
        if start == begin:  # found nowhere before: the word ends here
            words += 1
            begin += longest
            if begin + 1 > steps:
                return words
            start, longest = 0, 1
        length = 1


def complexity_of(symbols: Symbols) -> int:
    """Return the Lempel-Ziv complexity (1976): the number of words of a piece.

    A word is the shortest part that did not occur before, overlaps allowed. A constant piece has 2
    words.

    Args:
        symbols: int64 (steps,).
    """
    return int(count_words(np.ascontiguousarray(symbols, np.int64)))


def complexity_ratio(symbols: Symbols, random: np.random.Generator) -> float:
    """Return the complexity relative to shuffled copies of the piece: 1 for noise.

    Args:
        symbols: int64 (steps,).
        random: Draws the shuffles.

    Returns:
        The ratio; 0 for a constant piece, which shuffling does not change.
    """
    if len(np.unique(symbols)) < 2:
        return 0.0
    shuffled = [complexity_of(random.permutation(symbols)) for _ in range(SHUFFLES)]
    return complexity_of(symbols) / float(np.mean(shuffled))


def measures(symbols: Symbols, keys: int, random: np.random.Generator) -> dict[str, Any]:
    """Return the measures of a piece as JSON values.

    Args:
        symbols: int64 (steps,), see `evo.fitness.guessing.symbols`.
        keys: Number of keys.
        random: Draws the shuffles.

    Returns:
        period          see `period_of`
        keys            number of different keys that sound
        durations       number of different lengths of notes in the last `PERIOD_STEPS`
        rests           share of rests in the last `PERIOD_STEPS`
        longest_run     longest run of one symbol: repeated notes, rests, or holds
        complexity, complexity_ratio
                        see `complexity_of` and `complexity_ratio`
    """
    different: Indices = np.unique(symbols)
    notes, begin = notes_of(symbols[None], keys), len(symbols) - PERIOD_STEPS
    sound = onset_and_sound(symbols, keys)[1]
    return {
        "period": period_of(symbols),
        "keys": int(((different > REST) & (different <= keys)).sum()),
        "durations": len(np.unique(notes.length[(notes.start >= begin) & (notes.length > 0)])),
        "rests": round(1.0 - float(sound[-PERIOD_STEPS:].mean()), 3),
        "longest_run": longest_run(symbols),
        "complexity": complexity_of(symbols),
        "complexity_ratio": round(complexity_ratio(symbols, random), 3),
    }
