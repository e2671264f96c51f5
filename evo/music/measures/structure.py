"""Measure repetition in a song, and the structure of its phrases.

Each function maps a song to a number, or to nan if undefined. See `evo.music.measures.corpus`
for the list and its sources.
"""

from __future__ import annotations

from math import nan

import numpy as np

from evo.music.measures.bars import blocks, form, sounding
from evo.music.measures.numbers import share
from evo.music.measures.roll import Roll
from genomes.arrays import BoolArray, IntArray
from genomes.kernels import kernel

PHRASE_BARS = 4
NGRAM = 4  # tokens
MAX_COMPARED = 256  # maximum bars or phrases compared, evenly spaced


def self_repetition(roll: Roll) -> float:
    """Return the share of tokens in runs of four (`NGRAM`) that repeat, in any key."""
    if len(roll.tokens) < NGRAM:
        return 0.0 if len(roll.tokens) else nan
    windows = np.lib.stride_tricks.sliding_window_view(roll.tokens, NGRAM)
    _, number, count = np.unique(windows, axis=0, return_inverse=True, return_counts=True)
    covered = np.zeros(len(roll.tokens), np.bool_)
    for start in np.flatnonzero(count[number.ravel()] > 1):
        covered[start : start + NGRAM] = True
    return share(covered)


def repeated_bars(roll: Roll) -> float:
    """Return the share of bars equal to an earlier one, without silent bars."""
    bars = roll.sounding_bars
    return 1 - len({bar.tobytes() for bar in bars}) / len(bars) if len(bars) else nan


def bar_similarity(roll: Roll) -> float:
    """Return the mean share of common notes over all pairs of sounding bars."""
    return _mean_similarity(roll.sounding_bars)


def phrase_similarity(roll: Roll) -> float:
    """Return the mean share of common notes over pairs of four-bar phrases.

    Silent phrases are left out.
    """
    return _mean_similarity(sounding(blocks(roll.phrase, PHRASE_BARS * roll.bar)))


def distinct_phrases(roll: Roll) -> float:
    """Return the number of letters in the form (`form`): AABA has two."""
    return float(len(set(form(roll.phrase, roll.bar)) - {"-"}))


def phrase_ends(roll: Roll) -> float:
    """Return the share of four-bar phrases that end in a long wait.

    A wait in the last bar is long if it is at least two beats, and at least one and a half times
    the song's mean wait. A last bar without onset counts as well.
    """
    if not len(roll.steps):
        return nan
    long = max(2.0 * roll.beat, 1.5 * float(roll.waits.mean()))
    size, steps = PHRASE_BARS * roll.bar, roll.steps - roll.begin
    ends = range(size, -(-len(roll.phrase) // roll.bar) * roll.bar + 1, size)
    if not ends:
        return nan
    rests = 0
    for end in ends:
        inside = (steps >= end - roll.bar) & (steps < end)
        rests += not inside.any() or roll.waits[inside].max() >= long
    return rests / len(ends)


def novelty_rate(roll: Roll) -> float:
    """Return the Lempel-Ziv complexity of the tokens, per token.

    The tokens are parsed from left to right into pieces. Each piece is the shortest that did not
    occur before (Lempel & Ziv 1976; counted as by Kaspar & Schuster 1987). The number of pieces is
    divided by the number of tokens. It is near 0 for endless repetition, and 1 without any
    repetition.
    """
    return lempel_ziv(roll.tokens) / len(roll.tokens) if len(roll.tokens) else nan


@kernel
def lempel_ziv(symbols: IntArray) -> int:
    """Count the pieces in the parsing of Lempel & Ziv (1976).

    A piece is the shortest that does not occur before its last symbol; only the final piece may. An
    empty sequence has none. Kaspar & Schuster (1987) count 6 for 0001101001000101.

    Args:
        symbols: int64 (n,).
    """
    pieces, start = 0, 0
    while start < len(symbols):
        longest = 0  # length of the longest earlier match of the symbols from `start`
        for earlier in range(start):
            length = 0
            while (
                start + length < len(symbols)
                and symbols[earlier + length] == symbols[start + length]
            ):
                length += 1
            longest = max(longest, length)
        pieces += 1
        start += longest + 1
    return pieces


def zipf_slope(roll: Roll) -> float:
    """Return the slope of the tokens' Zipf plot: log frequency over log rank.

    This is the least-squares line through all ranks. The slope is 0 for equal frequencies and -1 by
    Zipf's law. It is steeper if few tokens dominate (Manaris et al. 2005). It is nan for fewer than
    two distinct tokens.
    """
    counts = np.sort(np.unique(roll.tokens, return_counts=True)[1])[::-1]
    if len(counts) < 2:
        return nan
    x, y = np.log(np.arange(1, len(counts) + 1)), np.log(counts)
    centred = x - x.mean()
    return float(centred @ (y - y.mean()) / (centred @ centred)) + 0.0


def _mean_similarity(parts: BoolArray) -> float:
    """Return the mean of `common_notes` over all pairs of parts; nan for one part.

    No part may be silent.
    """
    sample = parts[:: -(-len(parts) // MAX_COMPARED) or 1]
    if len(sample) < 2:
        return nan
    flat = sample.reshape(len(sample), -1).astype(np.float64)
    notes = flat.sum(axis=1)
    alike = 2 * (flat @ flat.T) / (notes[:, None] + notes)
    return float(alike[np.triu_indices(len(sample), 1)].mean())
