"""Bars and two-bar patterns that pairs of pieces share, by which pieces of one source are alike.

What counts is defined in `genomes.grid.patterns`: a bar of at least three notes with equal onsets,
and two sounding bars of at least four notes with equal onsets up to transposition.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from evo.music.measures.bars import bar_of, blocks, from_bar_line
from evo.music.song import Song
from genomes.arrays import BoolArray
from genomes.grid.patterns import MIN_NOTES, MIN_PATTERN


def patterns_of(song: Song | BoolArray) -> tuple[set[bytes], set[bytes]]:
    """Return the different bars of a song, and its different patterns of two bars.

    Args:
        song: A song, or a bool grid (steps, keys) of bars of 8 steps.
    """
    bar, lowest = bar_of(song), song.lowest_note if isinstance(song, Song) else 0
    notes = [
        np.argwhere(block) + np.array([0, lowest])
        for block in blocks(from_bar_line(song, bar), bar)
    ]
    bars = {one.tobytes() for one in notes if len(one) >= MIN_NOTES}
    patterns = set()
    for one, two in pairwise(notes):
        both = np.concatenate([one, two + np.array([bar, 0])])
        if len(one) and len(two) and len(both) >= MIN_PATTERN:
            patterns.add((both - np.array([0, both[0, 1]])).tobytes())
    return bars, patterns


def shares_of_pairs(songs: Sequence[Song | BoolArray]) -> tuple[float, float]:
    """Return the share of pairs with a bar in common, and of those with a two-bar pattern.

    Args:
        songs: Songs, or bool grids (steps, keys), of one resolution. Fewer than two share nothing.
    """
    pairs = list(combinations([patterns_of(song) for song in songs], 2))
    bars, patterns = (
        sum(not one[kind].isdisjoint(other[kind]) for one, other in pairs) / max(len(pairs), 1)
        for kind in range(2)
    )
    return bars, patterns
