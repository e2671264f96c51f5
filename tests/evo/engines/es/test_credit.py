"""Evolution strategies with scores per output: ranking, and which score moves which weight."""

from typing import Any

import numpy as np
import pytest

from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals, Role
from evo.engines.es.engine import EvolutionStrategy
from evo.engines.es.noise import Noise
from evo.engines.es.openai import OpenAI
from evo.engines.es.strategy import Credit
from evo.fitness.memorization import Memorization
from evo.music.tunes import tune
from genomes.history_user.networks import ARCHITECTURES, HistoryUsers, Shape

SIZE = 8


def engine(by_output: bool, kind: str = "openai", architecture: str = "united") -> Any:
    network = {"architecture": architecture, "layers": [2], "last": 2, "history": 3}
    changes = {
        "population": {"size": SIZE},
        "strategy": {"kind": kind, "by_output": by_output},
        "network": {"keys": 3, "inputs": 3} | network,
    }
    return EvolutionStrategy(changes, seed=1)


def some_scores(seed: int = 1) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    return random.normal(size=SIZE), random.normal(size=(SIZE, 3))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_weight_of_an_output_changes_that_output_alone(architecture: Any) -> None:
    shape = Shape(3, layers=(4,), lags=(1, 2, 5), architecture=architecture, last=4)
    random = np.random.default_rng(2)
    before = HistoryUsers.initial(shape, random, 1)
    heard = random.random((1, 2, 12, 3), np.float32)
    said = before.forward(heard)
    places = shape.indices_by_output
    assert len(places) == (3 if architecture in ("united", "lstm", "content") else 0)
    for output, own in enumerate(places):
        assert len(own) == 4 + 1  # the units that it hears and its bias
        weights = before.weights.copy()
        weights[:, own] += np.float32(0.5)
        changed = (HistoryUsers(shape, weights).forward(heard) != said).any(axis=(0, 1, 2))
        assert changed.tolist() == [key == output for key in range(3)]


def test_each_output_moves_its_own_weights_and_the_sum_all_others() -> None:
    noise = Noise.draw(7, 0, SIZE, 6, True)
    total, own = some_scores()
    places = np.array([[0, 3], [5, 1]])
    whole = OpenAI(np.zeros(6), 0.1, SIZE, weight_decay=0.0)
    whole.update(noise, total, Credit(own[:, :2], places))
    for judged, columns in ((total, [2, 4]), (own[:, 0], [0, 3]), (own[:, 1], [5, 1])):
        alone = OpenAI(np.zeros(6), 0.1, SIZE, weight_decay=0.0)
        alone.update(noise, judged)
        assert np.array_equal(whole.mean[columns], alone.mean[columns])


@pytest.mark.parametrize("kind", ["openai", "snes", "sep-cma", "weighted-mean"])
def test_individuals_are_ranked_by_the_sum_over_outputs(kind: str) -> None:
    total, own = some_scores()
    one, other = engine(True, kind, "plain"), engine(False, kind, "plain")
    one.tell(Scores.of(total, None, own))
    other.tell(Scores.of(own.sum(axis=1)))
    assert np.array_equal(one.ask().weights, other.ask().weights)
    assert one.champion.score == total.max()  # which is still by the totals


def test_a_fitness_without_scores_by_output_is_ranked_by_totals() -> None:
    total, _ = some_scores()
    one, other = engine(True), engine(False)
    for some in (one, other):
        some.tell(Scores.of(total))
    assert np.array_equal(one.ask().weights, other.ask().weights)


def test_failures_are_last_in_every_output() -> None:
    total, own = some_scores()
    worst = own.copy()
    worst[2] = own.min(axis=0) - 1.0
    failed = np.where(np.arange(SIZE) == 2, Status.TIMEOUT, Status.OK).astype(np.uint8)
    lost = Scores(total, None, failed, {2: "late"}, own)
    one, other = engine(True), engine(True)
    one.tell(lost)
    other.tell(Scores.of(total, None, worst))
    assert np.array_equal(one.ask().weights, other.ask().weights)


def test_the_squared_hinge_learns_more_of_a_tune_than_the_totals() -> None:
    fitness = Memorization([tune("vo-pole-bereza-stoyala")])
    followed = {}
    for by_output in (True, False):
        network = {"architecture": "united", "layers": [8], "last": 8, "lags": [7, 15, 31]}
        changes = {
            "population": {"size": 16, "evaluate_mean": True},
            "strategy": {"by_output": by_output},
            "openai": {"weight_decay": 0.0},
            "network": {"keys": 13, "inputs": 13} | network,
        }
        some = EvolutionStrategy(changes, seed=1)
        for _ in range(150):
            performers = some.ask()
            streams = Individuals(1, Role.EVALUATE, 0, range(len(performers)))
            some.tell(fitness.evaluate(performers, streams))
        followed[by_output] = fitness.figures(some.ask().take([0]))["follow_correct"]
    assert followed[True] > followed[False]
