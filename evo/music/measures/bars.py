"""Compare bars and phrases, and derive the form of a song.

The form has a letter per phrase: AABA has the same phrase three times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evo.music.melody import attacks, onsets
from evo.music.song import Song
from genomes.arrays import BoolArray

PHRASES = 4  # phrases per song in its form
SAME_PHRASE = 0.65  # minimum share of common notes for the same letter


def blocks(grid: BoolArray, size: int) -> BoolArray:
    """Cut a grid into blocks.

    Args:
        grid: bool (steps, keys).
        size: steps per block.

    Returns:
        Bool (n, size, keys), with the last block filled up with silence.
    """
    count = -(-len(grid) // size)
    padded = np.zeros((count * size, grid.shape[1]), np.bool_)
    padded[: len(grid)] = grid
    return padded.reshape(count, size, grid.shape[1])


def sounding(parts: BoolArray) -> BoolArray:
    """Return the blocks of bool (n, steps, keys) that are not silent."""
    return parts[np.flatnonzero(parts.any(axis=(1, 2)))]


def common_notes(a: BoolArray, b: BoolArray) -> float:
    """Return the share of onsets common to two parts of a song.

    This is the coefficient of Dice (1945), `2 |a & b| / (|a| + |b|)`; 1 for two silent parts.

    Args:
        a: bool (steps, keys).
        b: bool (steps, keys).
    """
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def bar_of(song: Song | ArrayLike) -> int:
    """Return the steps per bar of a song; 8 for a grid, which is read as 4/4 in eighths."""
    return song.bar if isinstance(song, Song) else 8


def phrase_start(song: Song | ArrayLike) -> int:
    """Return the step at which a song's first phrase begins: its pickup, or first bar line."""
    return song.metre.first_bar - song.pickup if isinstance(song, Song) else 0


def from_bar_line(song: Song | ArrayLike, bar: int) -> BoolArray:
    """Return the onsets from a bar line on: rests fill up the bar of the pickup.

    Args:
        song: a song, or a bool grid (steps, keys).
        bar: steps per bar.
    """
    grid = onsets(song)
    before = -(song.metre.first_bar if isinstance(song, Song) else 0) % bar
    return np.vstack([np.zeros((before, grid.shape[1]), np.bool_), grid]) if before else grid


def form(song: Song | ArrayLike, bar: int | None = None, phrases: int = PHRASES) -> str:
    """Return the form of a song: a letter per phrase, such as AABA.

    The song is cut into phrases of equally many whole bars (four in a song of 16 bars). They
    begin with the pickup, or at the first bar line. The last phrase may be shorter, and is then
    filled up with silence. A phrase takes the letter of the earliest phrase with at least 65 %
    (`SAME_PHRASE`) common notes (`common_notes`). So a phrase with another last bar, A' to a
    musician, keeps its letter. A transposed phrase gets a new one.

    Args:
        song: a song, or a bool grid (steps, keys).
        bar: steps per bar; by default the song's, or 8 for a grid.
        phrases: number of phrases; fewer if there are fewer bars.

    Returns:
        The letters; "-" for a silent phrase.
    """
    bar, grid = bar or bar_of(song), onsets(song)[phrase_start(song) :]
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


def rhythms_of(song: Song | ArrayLike, bar: int | None = None) -> set[bytes]:
    """Return the distinct rhythms of a song's bars, without silent bars.

    Args:
        song: a song, or a bool grid (steps, keys).
        bar: steps per bar; by default the song's, or 8 for a grid.

    Returns:
        Each rhythm as the bytes of a bool array (bar,) of onsets.
    """
    bar = bar or bar_of(song)
    rhythms = attacks(blocks(from_bar_line(song, bar), bar))
    return {rhythm.tobytes() for rhythm in rhythms if np.any(rhythm)}
