"""Bars and phrases: what they have in common, and the form of a song.

The form of a song is the letters of its phrases: AABA has the same phrase three times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evo.music.melody import BAR, attacks, onsets
from evo.music.song import Song
from genomes.arrays import BoolArray

PHRASES = 4  # of a song, for its form
SAME_PHRASE = 0.65  # from this share of common notes on, two phrases have the same letter


def blocks(grid: BoolArray, size: int) -> BoolArray:
    """Cut a grid into blocks of `size` steps.

    Returns:
        Bool (n, size, keys), the last block filled up with silence.
    """
    count = -(-len(grid) // size)
    padded = np.zeros((count * size, grid.shape[1]), np.bool_)
    padded[: len(grid)] = grid
    return padded.reshape(count, size, grid.shape[1])


def sounding(parts: BoolArray) -> BoolArray:
    """Return those of bool (n, steps, keys) that are not silent."""
    return parts[np.flatnonzero(parts.any(axis=(1, 2)))]


def common_notes(a: BoolArray, b: BoolArray) -> float:
    """Return the common onsets of two parts of a song, as a share of their mean count.

    That is the coefficient of Dice (1945), `2 |a & b| / (|a| + |b|)`; two silent parts are alike.

    Args:
        a, b: bool, of the same shape (steps, keys).
    """
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def form(song: Song | ArrayLike, bar: int = BAR, phrases: int = PHRASES) -> str:
    """Return the letters of a song's phrases: AABA, ABAC ...; a silent phrase is a "-".

    The song is cut into phrases of as many whole bars each (four bars of a song of 16); a last one
    may be shorter and is filled up with silence. A phrase takes the letter of the first phrase
    before it with which it has at least 65 % (`SAME_PHRASE`) of the notes in common, at the same
    step and key (see `common_notes`). So a phrase keeps its letter with another last bar, where a
    musician would write A', and a phrase moved by a tone has another letter.

    Args:
        song: a song, or a bool grid (steps, keys).
        bar: steps in a bar.
        phrases: how many; a song of fewer bars has fewer.
    """
    grid = onsets(song)
    bars = max(1, -(-len(grid) // bar))
    letters, models = "", list[BoolArray]()
    for phrase in blocks(grid, bar * -(-bars // phrases)):
        if not phrase.any():
            letters += "-"
            continue
        alike = (i for i, model in enumerate(models) if common_notes(phrase, model) >= SAME_PHRASE)
        index = next(alike, len(models))
        if index == len(models):
            models.append(phrase)
        letters += chr(ord("A") + index) if index < 26 else "?"
    return letters


def rhythms_of(song: Song | ArrayLike, bar: int = BAR) -> set[bytes]:
    """Return the different rhythms of a song's bars: where notes begin. A silent bar has none."""
    rhythms = attacks(blocks(onsets(song), bar))
    return {one.tobytes() for one in rhythms if np.any(one)}
