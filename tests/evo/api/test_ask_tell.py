"""Engines by hand: ask, tell, stop."""

from typing import Any

import numpy as np
import pytest

import evo
from evo.core.errors import InputError

MADE: list[tuple[str, dict[str, Any]]] = [
    ("neat", {"inputs": 3, "outputs": 2}),
    ("neat", {"keys": 5}),
    ("neat-python", {"inputs": 3, "outputs": 2}),
    ("es", {"inputs": 5, "outputs": 5}),
    ("es", {"keys": 5}),
    ("ga", {"keys": 5, "steps": 12}),
    ("random-grid", {"keys": 5, "steps": 12}),
    ("deap", {"keys": 5, "steps": 12}),
    ("deap", {"inputs": 5, "outputs": 5}),
]


@pytest.mark.parametrize(("name", "shape"), MADE, ids=range(len(MADE)))
def test_every_engine_is_asked_and_told_plain_numbers(name: str, shape: dict[str, Any]) -> None:
    engine = evo.engine(name, seed=1, generations=3, **shape)
    best = -np.inf
    while not engine.stop():
        population = engine.ask()
        again = engine.ask().to_arrays()
        assert all(np.array_equal(again[k], v) for k, v in population.to_arrays().items())
        scores = np.random.default_rng(engine.generation).random(len(population))
        best = max(best, scores.max())
        engine.tell(scores.tolist())
    assert engine.stop() == "3 generations done"
    assert engine.generation == 3
    assert engine.evaluations == 3 * len(population)
    assert engine.champion is not None
    assert engine.champion.score == best


def test_an_engine_stops_at_its_limits() -> None:
    engine = evo.engine("ga", keys=5, population=10, target=0.5, evaluations=100)
    engine.ask()
    engine.tell(np.zeros(10))
    assert engine.stop() == ""
    engine.ask()
    engine.tell(np.full(10, 0.5))
    assert engine.stop() == "best fitness reached the target 0.5"
    engine = evo.engine("ga", keys=5, population=10, evaluations=10)
    engine.ask()
    engine.tell(np.zeros(10))
    assert engine.stop() == "10 evaluations done"


def test_a_score_of_nan_is_a_failure() -> None:
    engine = evo.engine("ga", keys=5, population=4)
    engine.ask()
    engine.tell([np.nan, np.inf, 1.0, -1.0])
    assert engine.champion is not None
    assert engine.champion.score == 1.0


def test_goals_select_the_front() -> None:
    changes = {"population": {"survival": "plus"}, "selection": {"kind": "nsga2"}}
    engine = evo.engine("ga", keys=5, steps=12, population=20, changes=changes)
    for _ in range(3):
        notes = engine.ask().notes  # type: ignore[attr-defined]
        engine.tell(np.stack([notes[:, :, :2].sum((1, 2)), notes[:, :, 3:].sum((1, 2))], 1))
    found = engine.breeder.front()
    assert found is not None
    assert found[0].shape == (len(found[1]), 2)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("nea", {"keys": 5}, "did you mean neat?"),
    ("neat", {}, "needs inputs and outputs, or keys"),
    ("neat", {"inputs": 3}, "needs inputs and outputs, or keys"),
    ("neat", {"inputs": 3, "keys": 5}, "not both"),
    ("neat", {"keys": 5, "seeds": 3}, "there is no option 'seeds'; did you mean seed?"),
    ("neat", {"keys": 5, "changes": {"NEAT": {"popsize": 3}}}, "neat.NEAT.popsize"),
    ("neat", {"keys": 5, "population": 1}, "population must be a whole number from 2"),
]


@pytest.mark.parametrize(("name", "options", "message"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_engine_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        evo.engine(name, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros(3), "tell needs 10 scores, one per individual, got 3"),
        ("abc", "tell needs numbers, got str"),
        (None, "tell needs"),
        (np.zeros((10, 2, 2)), "tell needs (n,) or (n, goals) numbers, got (10, 2, 2)"),
    ],
    ids=range(4),
)
def test_wrong_scores_are_refused(scores: Any, message: str) -> None:
    engine = evo.engine("ga", keys=5, population=10)
    engine.ask()
    with pytest.raises(InputError) as caught:
        engine.tell(scores)
    assert message in str(caught.value)
    assert engine.generation == 0


@pytest.mark.parametrize(("name", "shape"), MADE, ids=range(len(MADE)))
def test_a_population_is_iterated(name: str, shape: dict[str, Any]) -> None:
    engine = evo.engine(name, seed=1, **shape)
    population = engine.ask()
    every = list(population)
    assert len(every) == len(population)
    if "keys" in shape:
        songs = [one.perform(np.zeros((0, 5), np.bool_), 12) for one in population]
        assert np.array_equal(songs, population.perform(np.zeros((0, 5), np.bool_), 12))
    elif name.startswith("neat"):
        row = np.linspace(0, 1, shape["inputs"])
        wanted = population.activate(row[None])[:, 0]  # type: ignore[attr-defined]
        assert np.array_equal([one.activate(row) for one in every], wanted)


def test_scores_are_told_once_per_population() -> None:
    engine = evo.engine("neat", inputs=2, outputs=1, population=10)
    for _ in range(2):
        with pytest.raises(InputError, match="ask first"):
            engine.tell([1.0] * 10)
        engine.tell([float(network.activate([0, 1])[0]) for network in engine.ask()])
    with pytest.raises(InputError, match="ask first"):
        engine.tell([1.0] * 10)
    assert engine.generation == 2
