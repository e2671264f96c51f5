"""The champion of a noisy fitness is good, and not merely lucky."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays
from noisy_fitness import Failing, Noisy

from evo.core.settings import changed
from evo.engines import Engine
from evo.engines.ga.engine import GridGA
from evo.engines.ga.settings import GridSettings
from evo.runs.loop import Progress, generations
from evo.runs.noisy import TRIALS
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial

SIZE = 20


def engine(**population: Any) -> Engine[Any]:
    settings = GridGA.of_shape(GridSettings(), 16, 13)
    return GridGA(changed(settings, {"population": {"size": SIZE, **population}}), seed=2)


def run(fitness: Any, bred: Engine[Any], evaluator: Any = None) -> Iterator[dict[str, Any]]:
    return generations(bred, fitness, evaluator or Serial(0, 64), Progress())


@pytest.mark.parametrize("common", [False, True])
def test_a_champions_score_approaches_its_real_one(common: bool) -> None:
    """Where nothing but luck differs, too: the best of 20 draws is 1.9 deviations above it."""
    fitness, bred = Noisy(50.0, common), engine()
    errors = []
    for _, record in zip(range(80), run(fitness, bred), strict=False):
        errors.append(record["champion"] - record["figures"]["notes"])
    assert abs(np.mean(errors[40:])) < 25.0
    assert bred.champion is not None
    assert bred.champion.evaluations >= TRIALS


def test_a_champion_is_replaced_only_by_one_that_stays_better() -> None:
    """Without noise worth speaking of, the champion is the best so far."""
    bred = engine()
    best = -np.inf
    for _, record in zip(range(30), run(Noisy(1e-9), bred), strict=False):
        best = max(best, round(record["best"]))
        assert round(record["champion"]) == best


def test_the_champion_of_a_fitness_without_noise_is_evaluated_once() -> None:
    bred = engine()
    found = list(zip(range(5), run(Noisy(50.0, reusable=True), bred), strict=False))
    assert found[-1][1]["evaluations"] == 5 * SIZE
    assert found[-1][1]["champion"] == max(record["best"] for _, record in found)


def test_the_trials_are_counted_and_are_few() -> None:
    records = run(Noisy(50.0), engine())
    counts = [next(records)["evaluations"] for _ in range(40)]
    assert counts[0] == SIZE + TRIALS
    extra = np.diff(counts) - SIZE
    assert (extra >= 1).all()
    assert (extra <= 1 + TRIALS).all()


def test_failed_trials_leave_the_champion_as_it_is() -> None:
    bred = engine()
    records = run(Failing(50.0), bred)
    first = next(records)
    assert first["champion"] == first["best"]
    assert [next(records)["champion_generation"] for _ in range(5)] == [0] * 5


def test_a_resumed_run_has_the_same_champions() -> None:
    whole = engine()
    records = [record for _, record in zip(range(12), run(Noisy(50.0), whole), strict=False)]
    part = engine()
    for _ in zip(range(5), run(Noisy(50.0), part), strict=False):
        pass
    again = GridGA.restore(part.settings, part.state(), seed=2)
    more = [record for _, record in zip(range(7), run(Noisy(50.0), again), strict=False)]
    for name in ("champion", "champion_generation", "best"):
        assert [one[name] for one in more] == [one[name] for one in records[5:]]
    assert again.champion is not None
    assert whole.champion is not None
    assert same_arrays(again.champion.performers.to_arrays(), whole.champion.performers.to_arrays())


def test_workers_choose_the_same_champions() -> None:
    alone = [r["champion"] for _, r in zip(range(4), run(Noisy(50.0), engine()), strict=False)]
    with Pool(2, 0, 64) as pool:
        both = run(Noisy(50.0), engine(), pool)
        assert [r["champion"] for _, r in zip(range(4), both, strict=False)] == alone
