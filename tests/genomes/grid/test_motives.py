"""Motives are restated exactly, within the scale, or by their rhythm alone."""

import numpy as np
import pytest

from genomes.arrays import BoolArray
from genomes.grid.cells import GridRates
from genomes.grid.motives import moved_by_degrees
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import breed_grids

KEYS, BAR = 13, 8


def children(parent: BoolArray, count: int = 400, bar: int = BAR) -> BoolArray:
    steps, keys = parent.shape
    even = np.array([0.25, 0.5, 0.75, 1.0])
    chances = np.cumsum([float(kind == "restate") for kind in MUTATIONS])
    rates = GridRates(
        steps, keys, bar, 1, 1, 0.3, 0.3, 0.0, even, 1.0, 0.0, chances, 0.5, keys // KEYS
    )
    parents = np.zeros((count, 2), np.int64)
    cases = np.empty((1, 0), np.float32)
    rows = breed_grids(rates, parent.reshape(1, -1), cases, parents, 0, np.uint64(5))
    return rows.reshape(count, steps, keys)


def line(*bars: tuple[tuple[int, int], ...]) -> BoolArray:
    """Return a roll of bars of notes (step, key)."""
    roll = np.zeros((len(bars) * BAR, KEYS), np.bool_)
    for index, bar in enumerate(bars):
        for step, key in bar:
            roll[index * BAR + step, key] = True
    return roll


A = ((0, 0), (2, 2), (4, 4), (6, 0))  # do re mi do
B = ((0, 7), (1, 9), (2, 7), (3, 5), (4, 4), (6, 0))
C = ((0, 4), (2, 5), (4, 7))


def bars_of(roll: BoolArray) -> list[tuple[tuple[int, int], ...]]:
    return [
        tuple((int(step), int(key)) for step, key in np.argwhere(bar))
        for bar in roll.reshape(-1, BAR, roll.shape[1])
    ]


def test_degrees_of_the_scale_and_keys_between_them() -> None:
    moved = moved_by_degrees.py_func if hasattr(moved_by_degrees, "py_func") else moved_by_degrees
    assert [moved(key, 1, 0) for key in (0, 2, 4, 5, 7, 9, 11)] == [2, 4, 5, 7, 9, 11, 12]
    assert [moved(key, -2, 0) for key in (0, 4, 12)] == [-3, 0, 9]
    assert moved(6, 1, 0) == 8  # a raised fourth becomes a raised fifth
    assert [moved(key, 1, 7) for key in (7, 6, 0)] == [9, 7, 2]  # in G


def test_bars_return_exactly_or_as_sequences_in_the_scale() -> None:
    found = {bar for child in children(line(A, B, A, B)) for bar in bars_of(child)}
    assert {A, B} < found
    second = ((0, 2), (2, 4), (4, 5), (6, 2))  # re mi fa re
    assert second in found
    fits = {key for bar in found for _, key in bar}
    assert fits <= {0, 2, 4, 5, 7, 9, 11, 12}


def test_a_rhythm_takes_the_keys_that_were_there() -> None:
    found = {bars_of(child)[1] for child in children(line(A, B))}
    assert ((0, 7), (2, 9), (4, 5), (6, 4)) in found  # four of six keys, spread evenly
    assert {step for bar in found for step, _ in bar} <= set(range(BAR))


def test_half_bars_are_motives_too() -> None:
    found = {bars_of(child)[2] for child in children(line(A, B, C))}
    assert ((0, 0), (2, 2), (4, 7)) in found


def test_equal_bars_are_replaced_together_or_one_alone() -> None:
    shapes = {tuple(bar == A for bar in bars_of(child)) for child in children(line(A, B, A, C, A))}
    assert (False, False, False, False, False) in shapes
    assert (False, False, True, False, True) in shapes


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_short_silent_and_odd_grids_are_left_in_shape(bars: int) -> None:
    for parent in (line(*(A,) * bars), np.zeros((bars * BAR, KEYS), np.bool_)):
        for bar in (BAR, 7, bars * BAR):
            found = children(parent, 60, bar)
            assert (found.sum(axis=2) <= 1).all()
            assert found.any() == parent.any()


def test_what_sounds_is_restated_with_its_onsets() -> None:
    onsets = line(A, B, A, C)
    parent = np.hstack([onsets, onsets | np.roll(onsets, 1, axis=0)])
    found = children(parent)
    assert len(np.unique(found, axis=0)) > 20
    assert (found[:, :, KEYS:] | ~found[:, :, :KEYS]).all()
