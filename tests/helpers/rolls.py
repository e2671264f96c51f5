"""Small piano rolls, and melodies by their definition."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evo.music.song import Song

few = settings(max_examples=80, derandomize=True, database=None, deadline=None)
# Few keys and steps: random rolls that share runs.
small = st.integers(0, 14).flatmap(lambda steps: arrays(np.bool_, (steps, 3)))


def roll(*keys: int | None, keyboard: int = 13) -> np.ndarray:
    """Return a melody of one key per step; None is silence."""
    grid = np.zeros((len(keys), keyboard), np.bool_)
    for step, key in enumerate(keys):
        if key is not None:
            grid[step, key] = True
    return grid


def tokens_twin(grid: np.ndarray) -> list[tuple[int, int]]:
    """Return the (interval, wait) from note to note, computed plainly."""
    notes = [(step, max(np.flatnonzero(row))) for step, row in enumerate(grid) if row.any()]
    return [(b[1] - a[1], b[0] - a[0]) for a, b in pairwise(notes)]


def held(grid: np.ndarray, **options: Any) -> Song:
    """Return the song in which every run of True steps of a key is one note.

    Args:
        grid: bool (steps, keys).
        options: Other arguments of Song.
    """
    before = np.vstack([np.zeros_like(grid[:1]), grid[:-1]])
    return Song(grid & ~before, sounding=grid, **options)


def song_of(
    *notes: tuple[int, int], steps: int = 16, keys: int = 13, hold: bool = False, **options: Any
) -> Song:
    """Return the song of some notes.

    Args:
        notes: (step, key).
        steps: Length.
        keys: Number of keys.
        hold: Whether neighbouring steps of a key are one note.
        options: Other arguments of Song.
    """
    grid = np.zeros((steps, keys), dtype=bool)
    for step, key in notes:
        grid[step, key] = True
    return held(grid, **options) if hold else Song(grid, **options)
