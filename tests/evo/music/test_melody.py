"""A song as a melody: its line, its tokens and its key, in NumPy and in kernels alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from rolls import few, held, roll, small, tokens_twin

from evo.music.melody import (
    KEY_PROFILES,
    Bar,
    best_key,
    find_key,
    intervals,
    melody,
    onsets,
    read_notes,
    tokens,
    waits,
    write_tokens,
)
from evo.music.metre import Metre
from evo.music.song import Song
from evo.music.tunes import tune, tune_names


def test_tokens_are_interval_and_wait() -> None:
    codes = tokens(roll(0, None, 4, 2, None, None, 2))
    assert intervals(codes).tolist() == [4, -2, 0]
    assert waits(codes).tolist() == [2, 1, 3]


@pytest.mark.parametrize("keys", [[], [5], [None, None], [None, 5]])
def test_fewer_than_two_notes_have_no_token(keys) -> None:
    assert tokens(roll(*keys)).shape == (0,)


def test_the_melody_of_chords_is_on_top() -> None:
    chords = roll(4, 5)
    chords[:, 0] = True
    assert tokens(chords).tolist() == tokens(roll(4, 5)).tolist()


def test_tokens_span_the_widest_leap_and_the_longest_wait() -> None:
    grid = np.zeros((60_000, 128), np.bool_)
    grid[0, 127] = grid[59_998, 0] = grid[59_999, 127] = True
    codes = tokens(grid)
    assert intervals(codes).tolist() == [-127, 127]
    assert waits(codes).tolist() == [59_998, 1]


def test_held_notes_count_where_they_begin() -> None:
    grid = roll(3, 3, 3, 5, 5)
    assert onsets(held(grid)).tolist() == roll(3, None, None, 5, None).tolist()
    assert onsets(Song(grid)).tolist() == grid.tolist()


@few
@given(small)
def test_tokens_are_those_of_the_twin(grid) -> None:
    codes = tokens(grid)
    pairs = zip(intervals(codes).tolist(), waits(codes).tolist(), strict=True)
    assert list(pairs) == tokens_twin(grid)


@pytest.mark.parametrize("bad", [np.zeros((3, 3)), np.zeros(3, bool), np.zeros((3, 129), bool)])
def test_what_is_no_roll_is_refused(bad) -> None:
    with pytest.raises(ValueError, match="song: expected a bool grid"):
        tokens(bad)


@few
@given(small)
def test_kernels_read_the_same_notes_and_tokens(grid) -> None:
    step, key = np.zeros(len(grid), np.int64), np.zeros(len(grid), np.int64)
    codes = np.zeros(len(grid), np.int64)
    count = read_notes.py_func(grid, step, key)
    assert [step[:count].tolist(), key[:count].tolist()] == [one.tolist() for one in melody(grid)]
    length = write_tokens.py_func(step, key, count, codes)
    assert codes[:length].tolist() == tokens(grid).tolist()


@pytest.mark.parametrize("name", tune_names())
def test_kernels_find_the_same_key(name) -> None:
    grid = tune(name).onsets
    step, key = melody(grid)
    fits = np.zeros((2, 12))
    mode, tonic = find_key.py_func(step, key, len(step), len(grid), KEY_PROFILES, fits)
    weights = np.bincount(key % 12, np.diff(step, append=len(grid)), minlength=12)
    assert best_key(weights) == (tonic, pytest.approx(fits[mode, tonic], abs=1e-12))


@pytest.mark.parametrize(("signature", "steps_per_beat", "bar"), [
    ((4, 4), 2, (8, 2, 4)),
    ((2, 2), 2, (8, 2, 4)),
    ((2, 4), 2, (4, 2, 4)),
    ((3, 4), 2, (6, 2, 6)),
    ((6, 8), 2, (6, 3, 6)),
    ((9, 8), 2, (9, 3, 9)),
    ((12, 8), 2, (12, 3, 6)),
    ((6, 8), 4, (12, 6, 12)),
    ((6, 8), 1, (3, 3, 3)),
    ((3, 8), 2, (3, 1, 3)),
])  # fmt: skip
def test_a_bar_has_the_beats_that_are_felt(
    signature: tuple[int, int], steps_per_beat: int, bar: tuple[int, int, int]
) -> None:
    assert Bar.of(*signature, steps_per_beat) == bar


def test_a_bar_is_of_whole_steps() -> None:
    with pytest.raises(ValueError, match=r"bar: 3/8 is 1.5 steps of 1 a quarter note"):
        Bar.of(3, 8, 1)
    assert Bar.of_song(Song(np.zeros((9, 1), np.bool_), metre=Metre(3, 8), steps_per_beat=1)) == (
        2, 2, 2,
    )  # fmt: skip
