"""What songs are made of: melody and tokens, bars and phrases.

A song's melody is the highest key of every onset. A *token* is the way from one note of it to the
next: the interval in semitones, and the steps between the two onsets (the wait, or inter-onset
interval). Tokens say nothing of the key a melody is in, so that equal tokens are the same tune in
any key; L tokens in a row are L + 1 notes. (A tune in notes of twice the length has other tokens.)

The form of a song is the letters of its phrases: AABA has the same phrase three times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evo.music.song import Song

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

BAR = 8  # steps: 4/4 in eighths
PHRASES = 4  # of a song, for its form
SAME_PHRASE = 0.65  # from this share of common notes on, two phrases have the same letter

INTERVALS = 256  # of a token: more than the 255 there are, from -127 to 127


def onsets(song: Song | ArrayLike) -> BoolArray:
    """Where notes begin, bool (steps, keys): a grid as it is, the rises of a song of held notes.

    Raises:
        ValueError: for anything but a bool array (steps, keys) of at most 128 keys.
    """
    if isinstance(song, Song):
        held = song.grid
        if song.hold:
            return held & ~np.vstack([np.zeros_like(held[:1]), held[:-1]])
        return held
    grid: BoolArray = np.asarray(song)
    if grid.dtype != np.bool_ or grid.ndim != 2 or grid.shape[1] > 128:
        raise ValueError(
            f"song: expected a bool grid (steps, up to 128 keys), got {grid.dtype} {grid.shape}"
        )
    return grid


def attacks(grids: BoolArray) -> BoolArray:
    """Where any note begins: bool (..., steps) of bool (..., steps, keys)."""
    any_key: BoolArray = np.logical_or.reduce(grids, axis=-1)
    return any_key


def melody(grid: BoolArray) -> tuple[IntArray, IntArray]:
    """Steps with an onset, and the highest key of each: two int64 (notes,)."""
    steps = np.flatnonzero(attacks(grid))
    if not len(steps):
        return steps, steps
    return steps, grid.shape[1] - 1 - np.argmax(grid[steps, ::-1], axis=1)


def tokens(song: Song | ArrayLike) -> IntArray:
    """The melody as tokens: int64 (notes - 1,), all above 0; see `intervals` and `waits`."""
    steps, keys = melody(onsets(song))
    codes: IntArray = (np.diff(keys) + INTERVALS // 2) + np.diff(steps) * INTERVALS
    return codes


def intervals(codes: IntArray) -> IntArray:
    """Semitones from each note to the next, up positive, of tokens: int64, as many."""
    return codes % INTERVALS - INTERVALS // 2


def waits(codes: IntArray) -> IntArray:
    """Steps from each note to the next (inter-onset intervals) of tokens: int64, as many."""
    return codes // INTERVALS


def common_notes(a: BoolArray, b: BoolArray) -> float:
    """How alike two parts of a song are, 0 to 1: their common onsets, as a share of the mean count.

    That is the coefficient of Dice (1945), `2 |a & b| / (|a| + |b|)`; two silent parts are alike.

    Args:
        a, b: bool, of the same shape (steps, keys).
    """
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def form(song: Song | ArrayLike, bar: int = BAR, phrases: int = PHRASES) -> str:
    """The letters of a song's phrases: AABA, ABAC ...; a silent phrase is a "-".

    The song is cut into phrases of as many whole bars each (four bars of a song of 16); a last one
    may be shorter and is filled up with silence. A phrase takes the letter of the first phrase
    before it with which it has at least 65 % (`SAME_PHRASE`) of the notes in common, at the same
    step and key (see `common_notes`). So a phrase keeps its letter with another last bar, where a
    musician would write A', and a phrase moved by a tone has another letter.

    Args:
        bar: steps in a bar.
        phrases: how many; a song of fewer bars has fewer.
    """
    parts = blocks(onsets(song), bar * -(-_bars(song, bar) // at_least_one("phrases", phrases)))
    letters, models = "", list[BoolArray]()
    for phrase in parts:
        if not phrase.any():
            letters += "-"
            continue
        alike = (i for i, model in enumerate(models) if common_notes(phrase, model) >= SAME_PHRASE)
        index = next(alike, len(models))
        if index == len(models):
            models.append(phrase)
        letters += chr(ord("A") + index) if index < 26 else "?"
    return letters


def blocks(grid: BoolArray, size: int) -> BoolArray:
    """A grid cut into parts of `size` steps: bool (n, size, keys), the last filled with silence."""
    count = -(-len(grid) // at_least_one("size", size))
    padded = np.zeros((count * size, grid.shape[1]), np.bool_)
    padded[: len(grid)] = grid
    return padded.reshape(count, size, grid.shape[1])


def bar_rhythms(song: Song | ArrayLike, bar: int = BAR) -> set[bytes]:
    """The different rhythms of a song's bars: where notes begin. A silent bar has none."""
    rhythms = attacks(blocks(onsets(song), bar))
    return {one.tobytes() for one in rhythms if np.any(one)}


def at_least_one(argument: str, value: int) -> int:
    """The value of an argument; ValueError below 1."""
    if value < 1:
        raise ValueError(f"{argument}: expected at least 1, got {value}")
    return value


def _bars(song: Song | ArrayLike, bar: int) -> int:
    return max(1, -(-len(onsets(song)) // at_least_one("bar", bar)))
