"""Random search and the (1+1) EA, beyond the contract in `test_engines.py`."""

from typing import Any

import numpy as np
import pytest
from breeding import same_arrays, settings_of

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.registry import BASELINES, EXPERIMENTS, GENOMES, experiment
from evo.core.scores import Scores, Status
from evo.core.settings import changed, tables
from evo.engines import base_of, default_engine, engine_class, genome_of
from evo.engines.es.operators import HistoryUserOperators
from evo.engines.es.settings import StrategySettings
from evo.engines.neat.operators import MAX_EDITS, NetworkOperators
from evo.engines.neat.settings import NeatSettings
from evo.music.song_finder import SongFinder
from evo.runs.configure import configuration
from genomes.network.assembly.from_network import parts_of_network
from genomes.network.networks import Networks
from genomes.player import Player

PLAYER = Player(keys=3, lags=(1, 2))
BY_GENOME = pytest.mark.parametrize("genome", GENOMES)
SMALL: dict[str, dict[str, dict[str, Any]]] = {
    "network": {},
    "grid": {"grid": {"steps": 24, "bar": 4}},
    "history-user": {"network": {"inputs": 0, "layers": [4], "history": 6}},
    "formula": {},
    "reader": {},
    "program": {},
}


def engine_of(baseline: str, genome: str, offspring: int = 1, **tables: Any) -> Any:
    kind = engine_class(f"{baseline}-{genome}")
    settings = settings_of(kind, PLAYER, offspring, SMALL[genome], tables)
    return kind(settings, seed=7, player=PLAYER)


def tell(engine: Any, *totals: float) -> None:
    engine.tell(Scores.of(np.array(totals)))


def population(engine: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = engine.ask().to_arrays()
    return arrays


def parent(engine: Any) -> Any:
    """Return the parent's arrays in a checkpoint; None without a parent."""
    kept = engine.state().part("breeder")
    return kept.part("parent").arrays if "parent" in kept.values else None


def configured(name: str, **given: Any) -> Config:
    """Return the configuration of a new run with these options."""
    names = (
        "config", "genome", "engine", "neat_config", "seed", "population", "song", "generations",
        "time_limit", "target", "workers",
    )  # fmt: skip
    options = dict.fromkeys(names) | {"settings": ()} | given
    return configuration(experiment(name), options, SongFinder())


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_has_them_with_the_settings_of_the_kinds_engine(
    name: str, baseline: str
) -> None:
    for genome in filter(experiment(name).supports, GENOMES):
        config = configured(name, genome=genome, engine=baseline)
        engine = config.run.engine
        assert (genome_of(engine), base_of(engine)) == (genome, default_engine(genome))
        bred = configured(name, genome=genome)
        assert bred.run.engine == default_engine(genome)
        for table, items in tables(bred.engine).items():
            assert tables(config.engine)[table] == items
        assert (config.workers, config.task) == (bred.workers, bred.task)
        assert (config.genome, config.genome_name) == (bred.genome, bred.genome_name)
        if baseline == "random":
            assert (config.stop, config.checkpoints) == (bred.stop, bred.checkpoints)
        config = configured(name, genome=genome, engine=baseline, population=12)
        engine_class(engine)(config.engine, seed=1)


def test_the_one_plus_one_has_as_many_evaluations_and_checkpoints_as_its_base() -> None:
    config = experiment("memorize").config("one-plus-one-grid")
    assert config.stop.generations == 0
    assert config.stop.evaluations == 300 * 50
    assert tables(config.checkpoints) == {"every": 10 * 50, "keep_every": 100 * 50}


@pytest.mark.parametrize("given", [
    {"population": 96}, {"settings": ("one-plus-one-network.search.offspring=96",)},
])  # fmt: skip
def test_more_offspring_make_fewer_generations_of_as_many_evaluations(given: Any) -> None:
    config = configured("guess", engine="one-plus-one", **given)
    assert config.engine.search.offspring == 96
    assert config.stop.evaluations == 300 * 96
    assert config.stop.stagnation == 100
    assert tables(config.checkpoints) == {"every": 10, "keep_every": 100}
    config = configured("guess", engine="one-plus-one", population=7)
    assert config.stop.stagnation == -(-100 * 96 // 7)
    settings = (*given.get("settings", ()), "stop.stagnation=3")
    config = configured("guess", engine="one-plus-one", settings=settings)
    assert config.stop.stagnation == 3


def test_a_baseline_has_the_experiments_genome_where_none_is_given() -> None:
    for name, genome in (("critic", "grid"), ("memorize", "network"), ("copy", "history-user")):
        assert configured(name, engine="random").run.engine == f"random-{genome}"
    with pytest.raises(InputError, match="grid"):
        configured("xor", engine="random", genome="grid")


@BY_GENOME
def test_random_search_takes_no_notice_of_scores(genome: str) -> None:
    one, other = (engine_of("random", genome, 4) for _ in range(2))
    for generation in range(3):
        assert same_arrays(population(one), population(other))
        tell(one, *range(4))
        tell(other, *[generation] * 4)


@BY_GENOME
def test_the_parent_is_replaced_unless_its_mutant_is_worse(genome: str) -> None:
    engine = engine_of("one-plus-one", genome)
    first = population(engine)
    tell(engine, 1.0)
    assert same_arrays(parent(engine), first)
    others = 0
    for score, replaces in ((0.5, False), (1.0, True), (np.nan, False), (2.0, True), (1.9, False)):
        before, mutant = parent(engine), population(engine)
        others += not same_arrays(before, mutant)  # the edits of a grid may undo each other
        tell(engine, score)
        assert same_arrays(parent(engine), mutant if replaces else before)
    assert others >= 3


@BY_GENOME
def test_of_several_mutants_the_best_replaces(genome: str) -> None:
    engine = engine_of("one-plus-one", genome, 5)
    tell(engine, 0.0, 3.0, 1.0, np.nan, 2.0)
    best = engine.ask().take([3]).to_arrays()
    tell(engine, 3.0, 2.0, 1.0, 4.0, 3.5)
    assert same_arrays(parent(engine), best)


@BY_GENOME
def test_while_nobody_was_scored_others_are_drawn(genome: str) -> None:
    engine = engine_of("one-plus-one", genome)
    before = population(engine)
    engine.tell(Scores.failed(1, Status.ERROR, "no"))
    assert parent(engine) is None
    assert not same_arrays(population(engine), before)


def test_mutations_follow_the_rule_of_one_success_in_five() -> None:
    engine = engine_of("one-plus-one", "history-user")
    tell(engine, 0.0)
    assert engine.statistics() == {"strength": 1.0}
    for score in (1.0, 1.0, 0.0, np.nan, 0.5):  # one is better, four are not
        tell(engine, score)
    assert engine.statistics()["strength"] == pytest.approx(1.0)
    tell(engine, 5.0)
    assert engine.statistics()["strength"] == pytest.approx(1.5)


def test_strength_is_what_weights_are_mutated_by() -> None:
    network = {"keys": 3, "inputs": 3}
    settings = changed(StrategySettings(), {"network": network, "strategy": {"sigma": 0.2}})
    operators = HistoryUserOperators(settings, PLAYER)
    parent = operators.first(1, np.random.default_rng(1))
    for strength in (1.0, 0.01):
        mutants = operators.mutants(parent, 20, np.random.default_rng(2), strength)
        away = mutants.weights - parent.weights
        assert away.std() == pytest.approx(0.2 * strength, rel=0.02)


def by_output() -> NetworkOperators:
    shape = {"num_inputs": PLAYER.inputs, "num_outputs": PLAYER.keys}
    changes = {"DefaultGenome": shape, "Modules": {"by_output": "True"}}
    return NetworkOperators(changed(NeatSettings(), changes), PLAYER)


def modules(networks: Networks) -> list[Any]:
    """Return each output's bias, weights and units."""
    parts = parts_of_network(networks)
    found = []
    for output in range(networks.outputs):
        units = slice(*parts.unit_offsets[output : output + 2])
        columns = (parts.unit_weight[units], parts.conditions[units], parts.weight[output])
        found.append([float(parts.bias[output]), *(column.tolist() for column in columns)])
    return found


def test_random_assemblies_of_modules_are_of_all_sizes() -> None:
    networks = by_output().first(60, np.random.default_rng(3))
    sizes = networks.sizes()[:, 1]
    assert sizes.min() <= 2
    assert sizes.max() > MAX_EDITS
    assert len(np.unique(sizes)) > 8


def test_a_mutant_of_modules_has_an_edit_at_one_output() -> None:
    operators, random = by_output(), np.random.default_rng(4)
    parent = operators.first(30, random).take([29])
    changed = []
    for _ in range(40):
        mutants = operators.mutants(parent, 12, random, 1.0)
        before = modules(parent)
        for place in range(len(mutants)):
            now = modules(mutants.take([place]))
            changed.append(sum(one != other for one, other in zip(before, now, strict=True)))
        parent = mutants.take([11])
    assert len(np.unique(parent.node_id)) == len(parent.node_id)
    assert max(changed) == 1
    assert np.mean(changed) > 0.5  # some edits find nothing to change
