"""Every operator gives one of the children that a readable twin allows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.errors import GenomeError
from genomes.grid.cells import GridRates
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import CROSSOVERS, breed_grids, cross_grids, first_grids

STEPS, KEYS, BAR = 18, 5, 4  # four bars and half a one
BARS = STEPS // BAR


def chances(kinds: tuple[str, ...], *chosen: str) -> np.ndarray:
    weights = np.array([float(kind in chosen) for kind in kinds])
    cumulated = np.cumsum(weights) / weights.sum()
    cumulated[np.flatnonzero(weights)[-1] :] = 1.0
    return cumulated


def rates(
    *mutations: str,
    crossover: str = "uniform",
    crossed: float = 0.0,
    mutated: float = 1.0,
    another: float = 0.0,
    voices: int = 1,
    most: int = 0,
    variation: float = 0.0,
    density: tuple[float, float] = (0.4, 0.4),
    shape: tuple[int, int, int] = (STEPS, KEYS, BAR),
) -> GridRates:
    return GridRates(
        *shape, voices, most, *density, crossed, chances(CROSSOVERS, crossover), mutated, another,
        chances(MUTATIONS, *(mutations or ("pitch",))), variation,
    )  # fmt: skip


def bred(
    how: GridRates, pool: np.ndarray, parents: np.ndarray, key: int = 7, copies: int = 0,
    cases: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    cases = np.empty((len(pool), 0), np.float32) if cases is None else cases.astype(np.float32)
    rows = breed_grids(how, pool.reshape(len(pool), -1), cases, parents, copies, np.uint64(key))
    return rows.reshape(len(parents), how.steps, how.keys)


def grids(count: int, density: float = 0.15, seed: int = 0) -> np.ndarray:
    """Return random grids with a free key at every step."""
    notes = np.random.default_rng(seed).random((count, STEPS, KEYS)) < density
    notes[notes.all(axis=2), 2] = False
    return notes


def mutants(kind: str, pool: np.ndarray, **how: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of a grid and its child by one edit."""
    parents = np.repeat(np.arange(len(pool))[:, None], 2, axis=1)
    yield from zip(pool, bred(rates(kind, **how), pool, parents), strict=True)  # type: ignore[arg-type]


def phrases() -> Iterator[slice]:
    for bars in (1, 2, 4):
        for first in range(BARS - bars + 1):
            yield slice(first * BAR, (first + bars) * BAR)


def two_phrases() -> Iterator[tuple[slice, slice]]:
    for one in phrases():
        for other in phrases():
            same = one.stop - one.start == other.stop - other.start
            if same and (one.stop <= other.start or other.stop <= one.start):
                yield one, other


def changed(grid: np.ndarray, part: slice, rows: np.ndarray) -> np.ndarray:
    child = grid.copy()
    child[part] = rows
    return child


def transposed(rows: np.ndarray) -> Iterator[np.ndarray]:
    keys = np.flatnonzero(rows.any(axis=0))
    if len(keys):
        for by in range(-keys[0], KEYS - keys[-1]):
            if by:
                yield np.roll(rows, by, axis=1)


def is_among(child: np.ndarray, possible: Iterator[np.ndarray]) -> bool:
    return any(np.array_equal(child, one) for one in possible)


# Single notes


def test_pitch_moves_one_note_to_a_free_key_of_its_step() -> None:
    moved = 0
    for grid, child in mutants("pitch", grids(400)):
        assert child.sum() == grid.sum()
        steps = np.flatnonzero((child != grid).any(axis=1))
        assert len(steps) <= 1
        assert (child != grid).sum() in (0, 2)
        moved += len(steps)
    assert moved > 300


def test_time_moves_one_note_to_a_free_step_at_most_a_bar_away() -> None:
    distances = set()
    for grid, child in mutants("time", grids(600)):
        gone, come = np.argwhere(grid & ~child), np.argwhere(child & ~grid)
        assert len(gone) == len(come) <= 1
        if len(gone):
            assert gone[0, 1] == come[0, 1]
            distances.add(int(come[0, 0] - gone[0, 0]))
    assert distances == {*range(-BAR, 0), *range(1, BAR + 1)}


def test_add_and_delete_change_one_cell() -> None:
    for grid, child in mutants("add", grids(200)):
        assert (child & ~grid).sum() == 1
        assert (child >= grid).all()
    for grid, child in mutants("delete", grids(200)):
        assert (grid & ~child).sum() == 1
        assert (child <= grid).all()


def test_every_note_is_as_likely_to_be_deleted() -> None:
    for notes in (3, 60):  # found by counting, found by luck
        grid = np.zeros((1, STEPS * KEYS), np.bool_)
        grid[0, np.random.default_rng(2).permutation(STEPS * KEYS)[:notes]] = True
        grid = grid.reshape(1, STEPS, KEYS)
        children = bred(rates("delete"), grid, np.zeros((6000, 2), np.int64))
        times = (grid & ~children).sum(axis=0)[grid[0]]
        assert times.sum() == 6000
        assert abs(times / (6000 / notes) - 1).max() < 0.5


def test_replace_changes_one_step_to_new_notes_or_none() -> None:
    silent = 0
    for grid, child in mutants("replace", grids(500, 0.5)):
        steps = np.flatnonzero((child != grid).any(axis=1))
        assert len(steps) <= 1
        for step in steps:
            assert child[step].sum() <= 1
            silent += not child[step].any()
    assert 200 < silent < 400


@pytest.mark.parametrize("kind", MUTATIONS)
def test_edits_do_nothing_to_silence_and_fullness_that_they_cannot(kind: str) -> None:
    for pool in (np.zeros((50, STEPS, KEYS), np.bool_), np.ones((50, STEPS, KEYS), np.bool_)):
        for grid, child in mutants(kind, pool):
            if kind not in ("add", "delete", "replace", "echo"):
                np.testing.assert_array_equal(child, grid)


# Phrases


def test_transpose_moves_a_phrase_or_all_as_far_as_it_fits() -> None:
    whole = 0
    for grid, child in mutants("transpose", grids(300, 0.08)):
        if np.array_equal(child, grid):  # a phrase of silence, or one that fills all keys
            continue
        everything = slice(0, STEPS)
        whole += is_among(child, (changed(grid, everything, r) for r in transposed(grid)))
        assert is_among(
            child,
            (
                changed(grid, part, rows)
                for part in [*phrases(), everything]
                for rows in transposed(grid[part])
            ),
        )
    assert whole > 20


def test_repeat_copies_a_phrase_over_another() -> None:
    seen = 0
    for grid, child in mutants("repeat", grids(300)):
        possible = (changed(grid, other, grid[one]) for one, other in two_phrases())
        assert is_among(child, possible)
        seen += not np.array_equal(child, grid)
    assert seen > 250


def test_a_varied_repetition_is_the_copy_transposed_or_with_an_edit_a_bar() -> None:
    exact = moved = 0
    for grid, child in mutants("repeat", grids(300, 0.08), variation=1.0):
        edited = False
        for one, other in two_phrases():
            copy = changed(grid, other, grid[one])
            if is_among(child, (changed(grid, other, r) for r in transposed(grid[one]))):
                moved += 1
                break
            if np.array_equal(np.delete(child, other, axis=0), np.delete(grid, other, axis=0)):
                steps = np.flatnonzero((child != copy).any(axis=1))
                edited |= len(steps) <= (other.stop - other.start) // BAR
                exact += len(steps) == 0
        else:
            assert edited
    assert moved > 80
    assert exact < 100  # silence cannot be transposed, a note in the way not moved


def test_retrograde_plays_a_phrase_backwards() -> None:
    for grid, child in mutants("retrograde", grids(200)):
        assert is_among(child, (changed(grid, part, grid[part][::-1]) for part in phrases()))


def test_shift_turns_a_phrase_in_time_at_most_a_bar_either_way() -> None:
    for grid, child in mutants("shift", grids(200)):
        assert is_among(
            child,
            (
                changed(grid, part, np.roll(grid[part], sign * by, axis=0))
                for part in phrases()
                for by in range(1, BAR + 1)
                for sign in (-1, 1)
            ),
        )


def test_swap_exchanges_two_phrases() -> None:
    for grid, child in mutants("swap", grids(200)):
        possible = []
        for one, other in two_phrases():
            possible.append(changed(changed(grid, one, grid[other]), other, grid[one]))
        assert is_among(child, iter(possible))


# Crossover


def pairs(kind: str, count: int = 300) -> Iterator[tuple[np.ndarray, list[int]]]:
    """Yield children, with the parent of each bar: 0 or 1."""
    pool = np.zeros((2, STEPS, KEYS), np.bool_)
    pool[1] = True
    parents = np.tile([0, 1], (count, 1))
    for child in bred(rates(crossover=kind, crossed=1.0, mutated=0.0), pool, parents):
        bars = [child[start : start + BAR] for start in range(0, STEPS, BAR)]
        assert all(bar.all() or not bar.any() for bar in bars)  # cut at bar lines only
        yield child, [int(bar.all()) for bar in bars]


def test_one_point_takes_all_from_a_bar_line_on() -> None:
    seen = {tuple(bars) for _, bars in pairs("one_point")}
    assert seen == {tuple([0] * cut + [1] * (5 - cut)) for cut in range(1, 5)}


def test_two_points_take_the_bars_between() -> None:
    seen = {tuple(bars) for _, bars in pairs("two_points", 1000)}
    assert seen == {
        tuple([0] * a + [1] * (b - a) + [0] * (5 - b))
        for a in range(5)
        for b in range(a + 1, 6)
        if b - a < 5
    }


def test_uniform_takes_every_bar_by_a_coin() -> None:
    shares = np.mean([bars for _, bars in pairs("uniform", 1000)], axis=0)
    assert abs(shares - 0.5).max() < 0.08


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_credit_takes_every_step_from_the_parent_that_is_better_there(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 5))
    judged = data.draw(st.integers(0, STEPS))
    pool = grids(6, 0.4, data.draw(st.integers(0, 9)))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    cases = random.integers(0, 3, (6, judged)).astype(np.float32)
    cases[random.random(6) < 0.2] = -np.inf
    parents = random.integers(0, 6, (8, count))
    how = rates("delete", crossover="credit", crossed=1.0, mutated=0.0)
    for child, family in zip(bred(how, pool, parents, cases=cases), parents, strict=True):
        wanted = pool[family[0]].copy()
        for case in range(judged):
            # The first of the best: an earlier parent is kept where a later is no better.
            best = family[np.argmax(cases[family, case])]
            wanted[STEPS - judged + case] = pool[best][STEPS - judged + case]
        if np.array_equal(wanted, pool[family[0]]):
            assert (child ^ wanted).sum() <= 1  # perhaps nothing was taken: then it is mutated
        else:
            np.testing.assert_array_equal(child, wanted)


# A generation


@pytest.mark.parametrize("kind", CROSSOVERS)
def test_crossover_alone_takes_whole_steps_of_the_parents_at_the_same_time(kind: str) -> None:
    pool = grids(9)
    cases = np.random.default_rng(4).random((9, STEPS)).astype(np.float32)
    parents = np.random.default_rng(5).integers(9, size=(200, 2))
    rows = cross_grids(
        rates("add", crossover=kind), pool.reshape(9, -1), cases, parents, np.uint64(3)
    )
    children = rows.reshape(200, STEPS, KEYS)
    one, other = ((children == pool[parents[:, index]]).all(axis=2) for index in (0, 1))
    assert (one | other).all()
    assert not one.all(axis=1).all()
    same = parents[:, 0] == parents[:, 1]
    assert one[same].all()
    if kind == "credit":
        better = cases[parents[:, 1]] > cases[parents[:, 0]]
        assert (np.where(better, other, one)).all()


def test_copies_are_copies_and_the_others_are_not() -> None:
    pool = grids(10)
    parents = np.stack([np.arange(10), np.arange(10)], axis=1)
    children = bred(rates("delete", mutated=0.0), pool, parents, copies=4)
    np.testing.assert_array_equal(children[:4], pool[:4])
    assert (children[4:] != pool[4:]).any(axis=(1, 2)).all()  # what is not crossed is mutated


def test_a_child_depends_on_its_parents_its_place_and_the_key_alone() -> None:
    pool = grids(20)
    parents = np.random.default_rng(3).integers(0, 20, (40, 2))
    how = rates(*MUTATIONS, crossed=0.7, another=0.5, variation=0.5)
    whole = bred(how, pool, parents)
    np.testing.assert_array_equal(bred(how, pool, parents[:13]), whole[:13])
    others = parents.copy()
    others[20:] = 0
    np.testing.assert_array_equal(bred(how, pool, others)[:20], whole[:20])
    assert (bred(how, pool, parents, key=8) != whole).any(axis=(1, 2)).mean() > 0.9


def test_edits_are_as_many_as_said_on_average() -> None:
    silence = np.zeros((1, STEPS, KEYS), np.bool_)
    for edits in (1.0, 3.0):
        how = rates("add", another=1 - 1 / edits)
        notes = bred(how, silence, np.zeros((4000, 2), np.int64)).sum(axis=(1, 2))
        assert notes.min() == 1
        assert abs(notes.mean() - edits) < 0.15


def test_nothing_ever_bred_has_more_voices_than_may_sound() -> None:
    how = rates(*MUTATIONS, crossed=0.5, another=0.7, voices=2, most=2, variation=0.7,
                density=(0.3, 0.9))  # fmt: skip
    pool = first_grids(how, 60, np.uint64(1)).reshape(60, STEPS, KEYS)
    random = np.random.default_rng(0)
    for generation in range(30):
        assert pool.sum(axis=2).max() == 2
        pool = bred(how, pool, random.integers(0, 60, (60, 2)), key=generation)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 1), (3, 2, 3), (8, 1, 4), (9, 3, 2)], ids=str)
def test_the_smallest_grids_can_be_bred(shape: tuple[int, int, int]) -> None:
    for kind in CROSSOVERS:
        how = rates(
            *MUTATIONS, crossover=kind, crossed=0.5, another=0.8, variation=0.5, shape=shape
        )
        pool = first_grids(how, 20, np.uint64(1)).reshape(20, *shape[:2])
        parents = np.random.default_rng(0).integers(0, 20, (200, 2))
        assert bred(how, pool, parents).shape == (200, *shape[:2])


def test_first_grids_have_the_voices_and_densities_asked_for() -> None:
    melodies = first_grids(rates(density=(0.1, 0.7)), 400, np.uint64(3)).reshape(400, STEPS, KEYS)
    assert melodies.sum(axis=2).max() == 1
    shares = melodies.any(axis=2).mean(axis=1)
    assert abs(shares.mean() - 0.4) < 0.05
    assert shares.std() > 0.15  # each has its own density
    noise = first_grids(rates(voices=0, density=(0.5, 0.5)), 100, np.uint64(3))
    assert abs(noise.mean() - 0.5) < 0.02
    assert len(np.unique(noise, axis=0)) == 100


@pytest.mark.parametrize(("changes", "words"), [
    ({"parents": np.array([[0, 9]])}, "parents"),
    ({"parents": np.array([[-1, 0]])}, "parents"),
    ({"parents": np.array([[0, 2**62]])}, "parents"),
    ({"parents": np.array([[0]])}, "parents"),
    ({"cases": np.zeros((8, 4), np.float32)}, "cases"),
    ({"cases": np.zeros((9, 17), np.float32)}, "cases"),
    ({"pool": np.zeros((9, 47), np.bool_)}, "pool"),
    ({"rates": {"keys": 0}}, "rates"),
    ({"rates": {"bar": 0}}, "rates"),
    ({"rates": {"bar": 17}}, "rates"),
    ({"rates": {"mutations": np.empty(0)}}, "rates"),
])  # fmt: skip
def test_what_would_lead_a_kernel_beside_its_arrays_is_refused(
    changes: dict[str, Any], words: str
) -> None:
    evenly = np.linspace(0.1, 1.0, 10)
    quarters = np.linspace(0.25, 1.0, 4)
    how = GridRates(16, 3, 4, 1, 0, 0.1, 0.5, 1.0, quarters, 0.5, 0.5, evenly, 0.5)
    how = how._replace(**changes.get("rates", {}))
    pool = changes.get("pool", np.zeros((9, 48), np.bool_))
    cases = changes.get("cases", np.zeros((9, 16), np.float32))
    parents = changes.get("parents", np.array([[0, 8]]))
    with pytest.raises(GenomeError, match=words):
        breed_grids(how, pool, cases, parents, 0, np.uint64(1))
    with pytest.raises(GenomeError, match=words):
        cross_grids(how, pool, cases, parents, np.uint64(1))
    if "rates" in changes:
        with pytest.raises(GenomeError, match=words):
            first_grids(how, 2, np.uint64(1))


def test_an_echo_edits_every_bar_that_was_equal() -> None:
    one = np.random.default_rng(0).random((BAR, KEYS)) < 0.2
    rest = np.zeros((STEPS - BARS * BAR, KEYS), np.bool_)
    pool = np.tile(np.concatenate([np.tile(one, (BARS, 1)), rest]), (200, 1, 1))
    alike = 0
    for grid, child in mutants("echo", pool):
        parts = child[: BARS * BAR].reshape(BARS, BAR, KEYS)
        different = {part.tobytes() for part in parts}
        assert len(different) <= 2  # two if a note moved to a neighbouring bar
        alike += len(different) == 1 and not np.array_equal(child, grid)
    assert alike > 80
