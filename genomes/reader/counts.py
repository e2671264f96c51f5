"""Count what follows each context in songs, and turn counts into probabilities.

A `Table` has the different contexts of all kinds, sorted by kind and number. What followed context
i is `symbol[offsets[i]]` to `symbol[offsets[i + 1]]`, with its numbers in `counted`.

The probability of symbol x after a context that was seen n times, followed by u different symbols,
is (count of x + k * p(x)) / (n + k). Here k is the maximum of u and 2, and p are the frequencies of
all symbols (Witten & Bell, "The zero-frequency problem", 1991). A song that was itself counted is
left out of its own counts.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from genomes.arrays import FloatArray, Indices, Singles
from genomes.kernels import device, kernel
from genomes.reader.contexts import CONTEXTS, FIRST_INTERVAL, song_contexts
from genomes.vectors import LANES

_LOWEST = np.float32(-100)
LEVELS = 4  # of evidence for a context: none, up to 2, up to 9, more


class Table(NamedTuple):
    """Counts of what followed each context; see the module's docstring.

    Attributes:
        kinds: Int64 (CONTEXTS + 1,), the contexts of each kind.
        contexts: Int64 (contexts,), rising within a kind.
        offsets: Int64 (contexts + 1,).
        symbol: Int64 (entries,), the symbol, or the interval from the last key plus `rest` - 1;
            then the rest is 2 * `rest` - 1.
        counted: Float64 (entries,).
    """

    kinds: Indices
    contexts: Indices
    offsets: Indices
    symbol: Indices
    counted: FloatArray


def count_songs(songs: Sequence[Indices], rest: int, bar: int) -> Table:
    """Return the counts of some melodies.

    Args:
        songs: Int64 (steps,) each: keys, and `rest`.
        rest: The symbol of a rest, the number of keys.
        bar: Steps of a bar.
    """
    read = [song_contexts(symbols, rest, bar) for symbols in songs]
    none = np.zeros((0, CONTEXTS), np.int64)
    contexts = np.concatenate([none, *(rows for rows, _ in read)])
    symbols = np.concatenate([none[:, 0], *songs])
    keys = np.concatenate([none[:, 0], *(last for _, last in read)])
    intervals = np.where(symbols == rest, 2 * rest - 1, symbols - keys + rest - 1)
    kind = np.repeat(np.arange(CONTEXTS), len(symbols))
    followed = np.where(
        np.arange(CONTEXTS)[:, None] < FIRST_INTERVAL, symbols[None], intervals[None]
    ).ravel()
    rows = np.stack([kind, contexts.T.ravel(), followed], axis=1)
    order = np.lexsort([rows[:, 2], rows[:, 1], rows[:, 0]])
    rows = rows[order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    entries = np.flatnonzero(new)
    count = np.diff(np.append(entries, len(rows))).astype(np.float64)
    rows = rows[entries]
    first = np.ones(len(rows), np.bool_)
    first[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    begins = np.flatnonzero(first)
    kinds = np.searchsorted(rows[begins, 0], np.arange(CONTEXTS + 1))
    offsets = np.append(begins, len(rows)).astype(np.int64)
    return Table(
        kinds.astype(np.int64),
        np.ascontiguousarray(rows[begins, 1]),
        offsets,
        np.ascontiguousarray(rows[:, 2]),
        count,
    )


@device
def padded(outputs: int) -> int:
    """Return a number of outputs as whole vectors."""
    return (outputs + LANES - 1) // LANES * LANES


@device
def _find(table: Table, kind: int, context: int) -> int:
    """Return the index of a context, or -1."""
    low, high = table.kinds[kind], table.kinds[kind + 1]
    while low < high:
        middle = (low + high) // 2
        if table.contexts[middle] < context:
            low = middle + 1
        else:
            high = middle
    if low < table.kinds[kind + 1] and table.contexts[low] == context:
        return int(low)
    return -1


@device
def _add(table: Table, kind: int, context: int, times: float, counts: FloatArray) -> None:
    """Add what followed a context to the counts of all symbols, some times."""
    found = _find(table, kind, context)
    if found >= 0:
        for entry in range(table.offsets[found], table.offsets[found + 1]):
            counts[table.symbol[entry]] += times * table.counted[entry]


@device
def _chances(
    table: Table, own: Table, copies: float, kind: int, context: int, least: float,
    general: FloatArray, counts: FloatArray,
) -> float:  # fmt: skip
    """Write the probabilities after a context into `counts`; return how often it was seen."""
    size = len(general)
    counts[:size] = 0.0
    _add(table, kind, context, 1.0, counts)
    if copies > 0.0:
        _add(own, kind, context, -copies, counts)
    seen, different = 0.0, 0.0
    for symbol in range(size):
        seen += counts[symbol]
        different += counts[symbol] > 0.0
    doubt = max(different, least)
    for symbol in range(size):
        counts[symbol] = (counts[symbol] + doubt * general[symbol]) / (seen + doubt)
    return seen


class Frequencies(NamedTuple):
    """Frequencies of symbols and of intervals, and working memory.

    Attributes:
        symbols: Float64 (rest + 1,).
        intervals: Float64 (2 * rest,).
        counts: Float64 (2 * rest,), scratch.
    """

    symbols: FloatArray
    intervals: FloatArray
    counts: FloatArray


@device
def general_frequencies(table: Table, own: Table, copies: float, rest: int) -> Frequencies:
    """Return the frequencies of all symbols and intervals.

    Args:
        table: Counts of all songs.
        own: Counts of the song that is read.
        copies: How many of the counted songs are this one.
        rest: The symbol of a rest.
    """
    size = max(2 * rest, rest + 1)
    symbols, intervals = np.full(rest + 1, 1.0 / (rest + 1)), np.full(2 * rest, 0.5 / rest)
    counts = np.zeros(size)
    _chances(table, own, copies, 0, 0, 1.0, symbols, counts)
    symbols[:] = counts[: rest + 1]
    _chances(table, own, copies, FIRST_INTERVAL, 0, 1.0, intervals, counts)
    intervals[:] = counts[: 2 * rest]
    return Frequencies(symbols, intervals, counts)


@device
def write_logarithms(
    table: Table, own: Table, copies: float, general: Frequencies, contexts: Indices, key: int,
    logarithms: Singles, evidence: Indices,
) -> None:  # fmt: skip
    """Write the logarithms of the probabilities after each context of a step.

    Args:
        table: Counts of all songs.
        own: Counts of the song that is read.
        copies: How many of the counted songs are this one.
        general: Frequencies.
        contexts: Int64 (CONTEXTS,) of the step.
        key: The last key before it.
        logarithms: Float32 (CONTEXTS * padded outputs,), -100 after the outputs; written to.
        evidence: Int64 (CONTEXTS,), from 0 to LEVELS - 1, written to.
    """
    rest, counts = len(general.symbols) - 1, general.counts
    wide = padded(rest + 1)
    logarithms[:] = _LOWEST
    for kind in range(CONTEXTS):
        by_interval = kind >= FIRST_INTERVAL
        frequencies = general.intervals if by_interval else general.symbols
        seen = _chances(table, own, copies, kind, contexts[kind], 2.0, frequencies, counts)
        evidence[kind] = int(seen > 0.5) + int(seen > 2.5) + int(seen > 9.5)
        first = rest - 1 - key if by_interval else 0
        total = 1.0
        if by_interval:
            total = counts[2 * rest - 1]
            for symbol in range(rest):
                total += counts[first + symbol]
        for symbol in range(rest):
            logarithms[kind * wide + symbol] = math.log(max(counts[first + symbol] / total, 1e-6))
        silent = counts[2 * rest - 1] if by_interval else counts[rest]
        logarithms[kind * wide + rest] = math.log(max(silent / total, 1e-6))


@kernel
def song_logarithms(
    table: Table, own: Table, copies: float, contexts: Indices, keys: Indices, rest: int
) -> tuple[Singles, Indices, FloatArray]:
    """Return what is counted of the contexts of a song.

    Args:
        table: Counts of all songs.
        own: Counts of the song.
        copies: How many of the counted songs are this one.
        contexts: Int64 (steps, CONTEXTS).
        keys: Int64 (steps,), the last key before each step.
        rest: The symbol of a rest.

    Returns:
        Float32 (steps, CONTEXTS * padded outputs), int64 (steps, CONTEXTS), see
        `write_logarithms`; and the frequencies of the symbols, float64 (rest + 1,).
    """
    steps = len(keys)
    logarithms = np.zeros((steps, CONTEXTS * padded(rest + 1)), np.float32)
    evidence = np.zeros((steps, CONTEXTS), np.int64)
    general = general_frequencies(table, own, copies, rest)
    for step in range(steps):
        write_logarithms(
            table, own, copies, general, contexts[step], keys[step], logarithms[step],
            evidence[step],
        )  # fmt: skip
    return logarithms, evidence, general.symbols
