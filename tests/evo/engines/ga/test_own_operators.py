"""A user's own crossover and mutation in the genetic algorithm."""

import random as global_random
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.engines import engine_class

GA = engine_class("ga")
SETTINGS: dict[str, Any] = {
    "grid": {"steps": 8, "keys": 3, "bar": 4},
    "population": {"size": 12, "elitism": 2},
}


def flipping(grids: Any, random: Any) -> Any:
    return grids ^ (random.random(grids.shape) < 0.1)


def mixing(one: Any, other: Any, random: Any) -> Any:
    return np.where(random.random(one.shape[:2])[..., None] < 0.5, one, other)


def new(functions: Any = None, **tables: Any) -> Any:
    return GA(SETTINGS | tables, seed=2, functions=functions)


def climb(engine: Any, generations: int = 4) -> Any:
    for _ in range(generations):
        notes = engine.ask().notes
        engine.tell(Scores.of(notes.sum(axis=(1, 2)), notes.sum(axis=2)))
    return engine.ask().notes


@pytest.mark.parametrize("functions", [
    {"mutate": flipping}, {"mate": mixing}, {"mutate": flipping, "mate": mixing},
])  # fmt: skip
@pytest.mark.parametrize("credit", [0.0, 3.0])
def test_a_restored_engine_with_functions_goes_on_identically(
    functions: Any, credit: float
) -> None:
    tables = {"crossover": {"credit": credit}}
    wanted = climb(new(functions, **tables), 6)
    engine = new(functions, **tables)
    climb(engine, 3)
    restored = GA.restore(engine.settings, engine.state(), seed=2, functions=functions)
    np.testing.assert_array_equal(climb(restored, 3), wanted)
    assert same_arrays(restored.state().arrays, climb_state(functions, tables))
    assert not np.array_equal(climb(new(**tables), 6), wanted)


def climb_state(functions: Any, tables: Any) -> Any:
    engine = new(functions, **tables)
    climb(engine, 6)
    return engine.state().arrays


def test_functions_get_the_chosen_shares_in_one_call_per_generation() -> None:
    calls: list[Any] = []

    def mate(one: Any, other: Any, random: Any) -> Any:
        calls.append(("mate", len(one), one.dtype, one.shape[1:]))
        assert one.shape == other.shape
        return one

    def mutate(grids: Any, random: Any) -> Any:
        calls.append(("mutate", len(grids), grids.dtype, grids.shape[1:]))
        grids[:] = False  # in place
        return grids

    own = {"mate": mate, "mutate": mutate}
    engine = new(own, crossover={"rate": 1.0}, mutation={"rate": 0.0})
    climb(engine, 1)
    assert calls == [("mate", 10, np.bool_, (8, 3))]
    calls.clear()
    engine = new(own, crossover={"rate": 0.0})
    first = engine.ask().notes.copy()
    notes = climb(engine, 1)
    assert calls == [("mutate", 10, np.bool_, (8, 3))]
    np.testing.assert_array_equal(engine.ask().notes[2:], np.zeros((10, 8, 3), np.bool_))
    assert {row.tobytes() for row in notes[:2]} < {row.tobytes() for row in first}


def test_own_mutation_alone_keeps_our_crossover_and_no_mutation_of_ours() -> None:
    engine = new({"mutate": lambda grids, random: grids}, crossover={"rate": 1.0})
    before = engine.ask().notes
    bars = {bar.tobytes() for bar in before.reshape(-1, 4, 3)}
    after = climb(engine, 1)
    assert {bar.tobytes() for bar in after.reshape(-1, 4, 3)} <= bars
    whole = {grid.tobytes() for grid in before}
    assert any(grid.tobytes() not in whole for grid in after)


def test_the_global_generators_are_addressed_too() -> None:
    def mutate(grids: Any, random: Any) -> Any:
        grids[:, global_random.randrange(8), np.random.randint(3)] ^= True
        return grids

    wanted = climb(new({"mutate": mutate}))
    before = global_random.getstate()
    np.testing.assert_array_equal(climb(new({"mutate": mutate})), wanted)
    assert global_random.getstate() == before


@pytest.mark.parametrize(("result", "message"), [
    (lambda grids: None, "returned None instead of an array (10, 8, 3)"),
    (lambda grids: grids.tolist(), "returned a list of 10 instead of an array (10, 8, 3)"),
    (lambda grids: grids[1:], "returned an array (9, 8, 3) instead of (10, 8, 3)"),
    (lambda grids: grids + 1.5, "returned float64 with other values than False and True, or 0 and"),
    (lambda grids: grids.astype(object), "returned object with other values than False and True"),
    (lambda grids: grids / 0 @ 3, "raised "),
])  # fmt: skip
@pytest.mark.parametrize("role", ["mate", "mutate"])
def test_a_wrong_function_is_named_with_its_result(role: str, result: Any, message: str) -> None:
    def mine(grids: Any, *others: Any) -> Any:
        with np.errstate(all="ignore"):
            return result(grids)

    engine = new({role: mine}, crossover={"rate": float(role == "mate")})
    with pytest.raises(BreedingError) as caught:
        climb(engine, 1)
    assert str(caught.value).startswith(f"{role} (mine) {message}")
    assert "\n" not in str(caught.value)


def test_zeros_and_ones_are_taken_for_notes() -> None:
    engine = new({"mutate": lambda grids, random: grids.astype(int)})
    assert climb(engine).dtype == np.bool_
