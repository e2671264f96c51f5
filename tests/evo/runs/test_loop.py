"""The loop evaluates the champion of a noisy fitness again, and no other."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.scores import Scores
from evo.core.seeds import Individuals
from evo.core.settings import changed
from evo.engines import Engine
from evo.engines.ga.engine import GridGA
from evo.engines.ga.settings import GridSettings
from evo.runs.loop import Progress, generations
from evo.workers.serial import Serial

SIZE = 10
LUCK = 1000.0


class Lucky:
    """The number of notes, and luck that the test hands out."""

    def __init__(self, reusable: bool) -> None:
        self.reusable = reusable
        self.luck = LUCK
        self.fails = False

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        if self.fails and len(performers) == 1:
            return Scores.of(np.full(1, np.nan))
        return Scores.of(self.notes(performers) + self.luck)

    def notes(self, performers: Any) -> Any:
        return performers.notes.sum(axis=(1, 2)).astype(np.float64)

    def figures(self, performers: Any) -> dict[str, Any]:
        return {"solved": False, "notes": float(self.notes(performers)[0])}


def engine() -> Engine[Any]:
    settings = GridGA.of_shape(GridSettings(), 16, 13)
    return GridGA(changed(settings, {"population": {"size": SIZE, "elitism": 0}}), seed=2)


def run(fitness: Any, bred: Engine[Any]) -> Iterator[dict[str, Any]]:
    return generations(bred, fitness, Serial(0, 64), Progress())


def test_a_champion_that_was_lucky_once_has_the_mean_of_its_scores() -> None:
    fitness, bred = Lucky(reusable=False), engine()
    records = run(fitness, bred)
    first = next(records)
    notes = first["champion"] - LUCK
    fitness.luck = 0.0
    for count in range(2, 6):
        record = next(records)
        assert record["champion_generation"] == 0
        assert record["champion"] == pytest.approx(notes + LUCK / count)
    assert bred.champion is not None
    assert bred.champion.evaluations == 5


def test_a_champion_that_was_lucky_once_is_replaced() -> None:
    fitness, bred = Lucky(reusable=False), engine()
    records = run(fitness, bred)
    next(records)
    fitness.luck = 0.0
    found = [next(records) for _ in range(60)]
    assert found[-1]["champion_generation"] > 0
    assert found[-1]["champion"] < 16 * 13


def test_the_champion_of_a_fitness_without_noise_is_evaluated_once() -> None:
    fitness, bred = Lucky(reusable=True), engine()
    records = run(fitness, bred)
    first = next(records)
    fitness.luck = 0.0
    found = [next(records) for _ in range(5)][-1]
    assert found["champion"] == first["champion"]
    assert found["evaluations"] == 6 * SIZE


def test_the_evaluations_of_the_champion_are_counted() -> None:
    records = run(Lucky(reusable=False), engine())
    assert [next(records)["evaluations"] for _ in range(3)] == [10, 21, 32]


def test_a_champion_that_fails_when_it_is_evaluated_again_is_replaced() -> None:
    fitness, bred = Lucky(reusable=False), engine()
    records = run(fitness, bred)
    next(records)
    fitness.luck, fitness.fails = 0.0, True
    record = next(records)
    assert record["champion_generation"] == 1
    assert record["champion"] == record["best"]


def test_a_resumed_engine_knows_how_often_its_champion_was_evaluated() -> None:
    fitness, bred = Lucky(reusable=False), engine()
    records = run(fitness, bred)
    next(records)
    fitness.luck = 0.0
    for _ in range(2):
        next(records)
    again = GridGA.restore(bred.settings, bred.state(), seed=2)
    assert again.champion is not None
    assert bred.champion is not None
    assert again.champion.evaluations == bred.champion.evaluations == 3
    assert again.champion.score == bred.champion.score
    assert same_arrays(again.champion.performers.to_arrays(), bred.champion.performers.to_arrays())
