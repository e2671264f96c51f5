"""Fitness functions for neat-python's genomes run unchanged."""

import math
import random
from pathlib import Path
from typing import Any

import dill
import neat
import numpy as np
import pytest
from neat_files import text_of, xor
from user_functions import eval_genomes

from evo.core.errors import TooManyFailuresError
from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals, Role
from evo.core.settings import changed
from evo.engines.neat.config_file import load
from evo.engines.neat.engine import Neat
from evo.engines.neat.settings import NeatSettings
from evo.engines.neat_python.config import build_config
from evo.fitness.eval_genomes import EvalGenomes
from evo.runs.loop import Progress, generations
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial
from genomes.network.networks import Networks


def settings_of_xor(folder: Path, population: int) -> NeatSettings:
    sections = xor()
    sections["NEAT"]["pop_size"] = str(population)
    path = folder / "xor.ini"
    path.write_text(text_of(sections))
    plain = {"Selection": {"complexity": "none", "adaptive_rates": False}}
    return changed(load(path, NeatSettings()).settings, plain)


@pytest.fixture
def settings(tmp_path: Path) -> NeatSettings:
    return settings_of_xor(tmp_path, 60)


def streams(count: int, generation: int = 0) -> Individuals:
    return Individuals(5, Role.EVALUATE, generation, range(count))


def scored(function: Any, settings: NeatSettings) -> Scores:
    networks = Neat(settings, seed=3).ask()
    return EvalGenomes(function, build_config(settings)).evaluate(networks, streams(60))


def test_a_run_solves_xor_and_its_champion_is_a_genome_again(tmp_path: Path) -> None:
    settings = settings_of_xor(tmp_path, 150)
    config = build_config(settings)
    engine, fitness = Neat(settings, seed=6), EvalGenomes(eval_genomes, config)
    for record in generations(engine, fitness, Serial(6, 150), Progress()):
        if record["best"] >= 3.9:
            break
        assert record["generation"] < 200
    champion = engine.champion
    assert champion is not None
    (genome,) = neat_genomes(champion.performers, config)
    eval_genomes([(1, genome)], config)
    assert genome.fitness == pytest.approx(champion.score, abs=1e-9)


def neat_genomes(networks: Any, config: Any) -> list[Any]:
    from genomes.network.neat_python import to_neat_python

    return to_neat_python(networks, config.genome_config)


def test_the_function_gets_numbered_genomes_and_a_real_configuration(
    settings: NeatSettings,
) -> None:
    seen = []

    def note(genomes: Any, config: Any) -> None:
        seen.append((type(config), config.pop_size, config.genome_config.num_inputs))
        seen.append([(key, type(genome), genome.key, genome.fitness) for key, genome in genomes])
        for _, genome in genomes:
            genome.fitness = np.float32(genome.key)

    scores = scored(note, settings)
    assert seen[0] == (neat.Config, 60, 2)
    assert seen[1] == [(key, neat.DefaultGenome, key, None) for key in range(1, 61)]
    assert scores.total.tolist() == list(range(1, 61))


def test_a_function_that_ranks_gets_the_whole_population_at_once(settings: NeatSettings) -> None:
    sizes = []

    def rank(genomes: Any, config: Any) -> None:
        sizes.append(len(genomes))
        for place, (_, genome) in enumerate(genomes):
            genome.fitness = float(place)

    loop = generations(
        Neat(settings, seed=1), EvalGenomes(rank, build_config(settings)), Serial(1, 60), Progress()
    )
    for _ in range(3):
        assert next(loop)["best"] == 59
    assert sizes == [60] * 3


@pytest.mark.parametrize(("value", "reason"), [
    (None, "rate left the fitness of genome 3 at None"),
    ("much", "rate set the fitness of genome 3 to 'much', which is no number"),
    ([1.0], "rate set the fitness of genome 3 to [1.0], which is no number"),
])  # fmt: skip
def test_a_genome_without_a_fitness_fails_alone_in_one_line(
    settings: NeatSettings, value: Any, reason: str
) -> None:
    def rate(genomes: Any, config: Any) -> None:
        for key, genome in genomes:
            genome.fitness = value if key == 3 else 1

    scores = scored(rate, settings)
    assert scores.reasons == {2: reason}
    assert scores.total[2] == -math.inf
    assert scores.status[2] == Status.ERROR
    assert scores.ok.sum() == 59


def test_a_fitness_that_is_not_finite_fails(settings: NeatSettings) -> None:
    def rate(genomes: Any, config: Any) -> None:
        for key, genome in genomes:
            genome.fitness = math.nan if key == 3 else 1

    scores = scored(rate, settings)
    assert list(scores.reasons) == [2]
    assert scores.status[2] == Status.NAN


def test_a_function_that_raises_ends_the_run_in_one_line_with_its_place(
    settings: NeatSettings,
) -> None:
    calls = []

    def broken(genomes: Any, config: Any) -> None:
        calls.append(len(genomes))
        raise KeyError("angle")

    fitness = EvalGenomes(broken, build_config(settings))
    loop = generations(Neat(settings, seed=1), fitness, Serial(1, 60), Progress(), 0.5)
    with pytest.raises(TooManyFailuresError, match="broken raised KeyError: 'angle'") as caught:
        next(loop)
    assert "test_eval_genomes.py, line" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert calls == [60]  # and not every genome by itself


def test_global_random_numbers_are_the_run_s(settings: NeatSettings) -> None:
    def chance(genomes: Any, config: Any) -> None:
        for _, genome in genomes:
            genome.fitness = random.random() + np.random.rand()

    random.seed(8)
    before = random.getstate()
    first, second = scored(chance, settings), scored(chance, settings)
    assert random.getstate() == before
    assert first.total.tolist() == second.total.tolist()
    assert len(set(first.total.tolist())) == 60
    fitness = EvalGenomes(chance, build_config(settings), noisy=True)
    other = fitness.evaluate(Neat(settings, seed=3).ask(), streams(60, generation=1))
    assert not fitness.reusable
    assert other.total.tolist() != first.total.tolist()


def test_worker_processes_give_the_same_scores(settings: NeatSettings) -> None:
    fitness = EvalGenomes(eval_genomes, build_config(settings))
    networks = Neat(settings, seed=3).ask()
    here = Serial(1, 60).evaluate(fitness, networks, 0)
    with Pool(2, 1, 16) as pool:
        there = pool.evaluate(fitness, networks, 0)
    assert here.total.tolist() == there.total.tolist()
    assert here.ok.all()


def test_it_is_pickled_with_the_function_s_name(settings: NeatSettings) -> None:
    fitness = EvalGenomes(eval_genomes, build_config(settings))
    copy = dill.loads(dill.dumps(fitness))  # noqa: S301
    assert copy.name == "eval_genomes"
    assert copy.reusable
    assert copy.evaluate(Neat(settings, seed=3).ask(), streams(60)).ok.all()


def test_other_genome_kinds_are_refused(settings: NeatSettings) -> None:
    fitness = EvalGenomes(eval_genomes, build_config(settings))
    with pytest.raises(TypeError, match="needs networks, not list"):
        fitness.evaluate([1], streams(1))  # type: ignore[arg-type]
    assert isinstance(Neat(settings, seed=3).ask(), Networks)
