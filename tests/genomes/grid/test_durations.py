"""Grids with two planes: notes are moved with their durations, and stay on their plane."""

import numpy as np
import pytest

from evo.music.planes import connected, notes_of
from evo.music.planes import until_next as connected_until_next
from genomes.grid.cells import GridRates
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import breed_grids, first_grids

STEPS, KEYS, BAR = 32, 9, 8


def rates(mutation: str, voices: int = 2, most: int = 0) -> GridRates:
    even = np.array([0.25, 0.5, 0.75, 1.0])
    chances = np.cumsum([float(kind == mutation) for kind in MUTATIONS])
    return GridRates(
        STEPS, 2 * KEYS, BAR, voices, most, 0.3, 0.3, 0.0, even, 1.0, 0.0, chances, 0.5, planes=2
    )  # fmt: skip


def song(seed: int = 1) -> np.ndarray:
    """Return notes of several steps: bool (steps, 2 * keys)."""
    random = np.random.default_rng(seed)
    onsets = random.random((STEPS, KEYS)) < 0.08
    sounding = connected(onsets, random.random((STEPS, KEYS)) < 0.8)
    return np.hstack([onsets, sounding])


def children(how: GridRates, parent: np.ndarray, count: int = 200) -> np.ndarray:
    parents = np.zeros((count, 2), np.int64)
    rows = breed_grids(
        how, parent.reshape(1, -1), np.empty((1, 0), np.float32), parents, 0, np.uint64(5)
    )
    return rows.reshape(count, STEPS, 2 * KEYS)


def notes(roll: np.ndarray) -> set[tuple[int, int, int]]:
    return set(notes_of(roll[:, :KEYS], connected(roll[:, :KEYS], roll[:, KEYS:])))


@pytest.mark.parametrize(("kind", "moved"), [("pitch", 2), ("time", 0)])
def test_a_moved_onset_takes_its_duration_along(kind: str, moved: int) -> None:
    parent = np.zeros((STEPS, 2 * KEYS), np.bool_)
    parent[8, 4] = parent[8:12, KEYS + 4] = True
    seen = set()
    for child in children(rates(kind), parent):
        if not child[:, :KEYS].any() or (child[:, :KEYS] == parent[:, :KEYS]).all():
            continue  # a cell of the other plane was moved
        ((first, release, key),) = notes(child)
        assert release - first == 4
        assert child[:, KEYS:].sum() == 4
        seen.add((first, release, key)[moved])
    assert len(seen) > 3


def test_a_removed_onset_takes_its_duration_along() -> None:
    parent = song()
    before = notes(parent)
    removed = 0
    for child in children(rates("delete"), parent):
        if child[:, :KEYS].sum() < parent[:, :KEYS].sum():
            removed += 1
            assert len(before - notes(child)) == 1
            np.testing.assert_array_equal(
                connected(child[:, :KEYS], child[:, KEYS:]), child[:, KEYS:]
            )
    assert removed > 20


def test_both_planes_are_transposed_alike_and_nothing_leaves_its_plane() -> None:
    parent = song()
    for child in children(rates("transpose"), parent):
        assert child[:, :KEYS].sum() == parent[:, :KEYS].sum()
        assert child[:, KEYS:].sum() == parent[:, KEYS:].sum()
        assert (child[:, KEYS:] | ~child[:, :KEYS]).all()  # every onset sounds


def test_notes_of_a_reversed_phrase_begin_before_they_sound() -> None:
    parent = np.zeros((STEPS, 2 * KEYS), np.bool_)
    for first, release, key in ((0, 3, 1), (3, 8, 1), (2, 7, 4)):
        parent[first, key] = parent[first:release, KEYS + key] = True
    reversed_bar = {(5, 8, 1), (0, 5, 1), (1, 6, 4)}
    assert any(notes(child) == reversed_bar for child in children(rates("retrograde"), parent))


def test_random_notes_sound_and_are_no_more_than_allowed() -> None:
    how = rates("replace", voices=3, most=3)
    grids = first_grids(how, 20, np.uint64(1)).reshape(20, STEPS, 2, KEYS)
    assert grids.any(axis=(0, 1, 3)).all()
    assert grids.sum(axis=3).max() == 3


@pytest.mark.parametrize("kind", MUTATIONS)
def test_every_edit_changes_a_grid_of_two_planes(kind: str) -> None:
    parent = song(2)
    changed = (children(rates(kind), parent) != parent).any(axis=(1, 2))
    assert changed.mean() > 0.1


def legato(seed: int) -> np.ndarray:
    """Return a melody whose notes last until the next onset, but for one that rings on."""
    random = np.random.default_rng(seed)
    roll = np.zeros((STEPS, 2 * KEYS), np.bool_)
    at = np.sort(random.choice(np.arange(STEPS), 12, replace=False))
    for first, last in zip(at, [*at[1:], STEPS], strict=True):
        key = random.integers(KEYS)
        roll[first, key] = roll[first : min(last, first + BAR), KEYS + key] = True
    return roll


def until_next(roll: np.ndarray) -> np.ndarray:
    return connected_until_next(roll[:, :KEYS], BAR)


@pytest.mark.parametrize("kind", ["pitch", "time", "add", "delete", "replace", "echo"])
def test_where_lengths_are_edited_notes_go_on_to_last_until_the_next(kind: str) -> None:
    how = rates(kind, voices=1, most=1)
    how = how._replace(mutations=np.where(how.mutations > 0, 1.0 - 1e-12, 0.0))
    how.mutations[MUTATIONS.index("length") :] = 1.0
    if kind == "echo":
        how.mutations[MUTATIONS.index("length")] = 1e-12
    parent = legato(3)
    np.testing.assert_array_equal(until_next(parent), parent[:, KEYS:])
    changed = 0
    for child in children(how, parent):
        changed += not np.array_equal(child, parent)
        np.testing.assert_array_equal(
            connected(child[:, :KEYS], child[:, KEYS:]), until_next(child)
        )
    assert changed > 50


def test_lengths_are_edited_note_by_note_and_by_phrases() -> None:
    parent = legato(4)
    parent[:, KEYS:] = parent[:, :KEYS]  # all of one step
    how = rates("length", voices=1, most=1)
    counts = [len(notes(child) - notes(parent)) for child in children(how, parent)]
    assert {0, 1} < set(counts)
    assert max(counts) > 5
    for child in children(how, parent):
        np.testing.assert_array_equal(child[:, :KEYS], parent[:, :KEYS])
    onsets = parent[:, :KEYS]
    alone = rates("length")._replace(keys=KEYS, planes=1)
    rows = breed_grids(
        alone, onsets.reshape(1, -1), np.empty((1, 0), np.float32), np.zeros((20, 2), np.int64), 0,
        np.uint64(5),
    )  # fmt: skip
    assert (rows == onsets.reshape(1, -1)).all()


def test_first_grids_have_notes_that_last_until_the_next_where_lengths_are_edited() -> None:
    for rows in first_grids(rates("length", voices=1, most=1), 20, np.uint64(1)):
        roll = rows.reshape(STEPS, 2 * KEYS)
        np.testing.assert_array_equal(connected(roll[:, :KEYS], roll[:, KEYS:]), until_next(roll))
