"""Measures of structure: what comes again in a song, and how its phrases are made.

Each is a function of a song to a number, nan where it is not defined. See
`evo.music.measures.corpus` for the whole list and its sources.
"""

from __future__ import annotations

from math import nan

import numpy as np

from evo.music.measures.bars import blocks, form, sounding
from evo.music.measures.numbers import share
from evo.music.measures.roll import Roll
from evo.music.melody import IntArray
from genomes.arrays import BoolArray
from genomes.kernels import kernel

PHRASE_BARS = 4
NGRAM = 4  # tokens
MOST_COMPARED = 256  # bars or phrases of a song, evenly spaced: a sample of a very long one


def self_repetition(roll: Roll) -> float:
    """Return the share of tokens in runs of four (`NGRAM`) that come twice or more, in any key."""
    if len(roll.tokens) < NGRAM:
        return 0.0 if len(roll.tokens) else nan
    windows = np.lib.stride_tricks.sliding_window_view(roll.tokens, NGRAM)
    _, number, count = np.unique(windows, axis=0, return_inverse=True, return_counts=True)
    covered = np.zeros(len(roll.tokens), np.bool_)
    for start in np.flatnonzero(count[number.ravel()] > 1):
        covered[start : start + NGRAM] = True
    return share(covered)


def repeated_bars(roll: Roll) -> float:
    """Return the share of bars that are exactly as an earlier one, silent ones left out."""
    bars = roll.sounding_bars
    return 1 - len({bar.tobytes() for bar in bars}) / len(bars) if len(bars) else nan


def bar_similarity(roll: Roll) -> float:
    """Return the common notes of two bars (`common_notes`), mean over all pairs that sound."""
    return _mean_similarity(roll.sounding_bars)


def phrase_similarity(roll: Roll) -> float:
    """Return the common notes of two phrases of four bars, mean over all pairs that sound."""
    return _mean_similarity(sounding(blocks(roll.grid, PHRASE_BARS * roll.bar)))


def distinct_phrases(roll: Roll) -> float:
    """Return the number of letters in the form of four phrases: AABA has two (`form`)."""
    return float(len(set(form(roll.grid, roll.bar)) - {"-"}))


def phrase_ends(roll: Roll) -> float:
    """Return the share of phrases of four bars that end in a long wait.

    A wait in the last bar is long from two beats on, if it is at least one and a half times the
    song's mean wait. A last bar without onset counts, too.
    """
    if not len(roll.steps):
        return nan
    long = max(2.0 * roll.beat, 1.5 * float(roll.waits.mean()))
    ends = range(PHRASE_BARS * roll.bar, len(roll.bars) * roll.bar + 1, PHRASE_BARS * roll.bar)
    if not ends:
        return nan
    rests = 0
    for end in ends:
        inside = (roll.steps >= end - roll.bar) & (roll.steps < end)
        rests += not inside.any() or roll.waits[inside].max() >= long
    return rests / len(ends)


def novelty_rate(roll: Roll) -> float:
    """Return the Lempel-Ziv complexity of the tokens, per token.

    It says how little the melody can be compressed: the number of pieces into which the tokens are
    parsed from left to right, each the shortest that did not come before (Lempel & Ziv 1976;
    counted as by Kaspar & Schuster 1987), divided by the number of tokens. That is near 0 for
    endless repetition, and 1 when nothing ever returns.
    """
    return lempel_ziv(roll.tokens) / len(roll.tokens) if len(roll.tokens) else nan


@kernel
def lempel_ziv(symbols: IntArray) -> int:
    """Return the number of pieces into which Lempel & Ziv (1976) parse a sequence.

    A piece is the shortest that does not occur in what comes before its last symbol; only the last
    piece of all may. An empty sequence has none. Kaspar & Schuster (1987) count 6 for
    0001101001000101.

    Args:
        symbols: int64 (n,).
    """
    pieces, start = 0, 0
    while start < len(symbols):
        known = 0  # of the symbols from here on, the most that also begin earlier
        for place in range(start):
            length = 0
            while (
                start + length < len(symbols) and symbols[place + length] == symbols[start + length]
            ):
                length += 1
            known = max(known, length)
        pieces += 1
        start += known + 1
    return pieces


def zipf_slope(roll: Roll) -> float:
    """Return the slope of the tokens in Zipf's diagram: log frequency over log rank.

    The least-squares line through all ranks; 0 when all tokens are as frequent, -1 by Zipf's law,
    steeper when few make up most of the melody (Manaris et al. 2005). nan for fewer than two
    different tokens.
    """
    counts = np.sort(np.unique(roll.tokens, return_counts=True)[1])[::-1]
    if len(counts) < 2:
        return nan
    x, y = np.log(np.arange(1, len(counts) + 1)), np.log(counts)
    centred = x - x.mean()
    return float(centred @ (y - y.mean()) / (centred @ centred)) + 0.0


def _mean_similarity(parts: BoolArray) -> float:
    """Return the common notes of two parts of a song, mean over all pairs; nan of one.

    The coefficient of `evo.music.measures.bars.common_notes`, for parts of which none is silent.
    """
    some = parts[:: -(-len(parts) // MOST_COMPARED) or 1]
    if len(some) < 2:
        return nan
    flat = some.reshape(len(some), -1).astype(np.float64)
    notes = flat.sum(axis=1)
    alike = 2 * (flat @ flat.T) / (notes[:, None] + notes)
    return float(alike[np.triu_indices(len(some), 1)].mean())
