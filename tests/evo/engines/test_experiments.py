"""Every engine works with every experiment of its genome kind, including new engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evo
from evo.core import registry
from evo.core.config import Config
from evo.core.settings import Changes, known, tables
from evo.engines import base_of, engine_class, engine_names, genome_of
from evo.experiment import Experiment, Music, player_of
from evo.music.song_finder import SongFinder
from evo.runs.configure import deep_update

FIND = SongFinder()
# Copies of engines under other names, of which nothing outside the registry can know.
COPIES = {f"{name}2": name for name in registry.ENGINES}


def fitting(engines: list[str]) -> list[tuple[str, str]]:
    """Return every experiment with each of these engines that supports it."""
    return [
        (name, engine)
        for name in registry.EXPERIMENTS
        for engine in engines
        if registry.experiment(name).supports(genome_of(COPIES.get(engine, engine)))
    ]


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, original in COPIES.items():
        monkeypatch.setitem(registry.ENGINES, name, registry.ENGINES[original])
    yield
    engine_class.cache_clear()


def shaped(name: str, engine: str) -> tuple[Experiment, Config]:
    chosen: Experiment = registry.experiment(name)
    config = chosen.config(engine)
    if chosen.follow_up is not None:
        config = chosen.config(engine, chosen.follow_up(config, FIND), config.engine)
    return chosen, chosen.with_shape(config, FIND)


def built(chosen: Experiment, config: Config) -> Any:
    """Return the engine of a configuration, as a run makes it."""
    shape = chosen.shape(config, FIND)
    player = player_of(config, shape.keys) if isinstance(shape, Music) else None
    return engine_class(config.run.engine)(config.engine, seed=1, player=player)


@pytest.mark.parametrize(("name", "engine"), fitting(engine_names()))
def test_every_engine_has_settings_for_every_experiment_of_its_genome_kind(
    name: str, engine: str
) -> None:
    chosen, config = shaped(name, engine)
    assert (config.run.experiment, config.run.engine) == (name, engine)
    assert isinstance(config.engine, engine_class(engine).settings_type)
    assert isinstance(config.task, chosen.settings_type)
    made = built(chosen, config)
    assert made.settings == config.engine
    # All of it can be written down, and is the same again.
    again = chosen.config(engine).changed(config.tables())
    assert again == config
    assert again.hash() == config.hash()


@pytest.mark.parametrize(("name", "engine"), fitting([*COPIES]))
@pytest.mark.usefixtures("copies")
def test_a_new_engine_has_settings_for_every_experiment_of_its_genome_kind(
    name: str, engine: str
) -> None:
    chosen, config = shaped(name, engine)
    assert config.run.engine == engine == base_of(engine)
    made = built(chosen, config)
    assert type(made) is engine_class(COPIES[engine])
    # What an experiment presets for a genome kind is preset for a new engine of it, too.
    for changes in (chosen.presets.get(one, {}) for one in ("", genome_of(engine))):
        for field, preset in changes.items():
            table = tables(getattr(config, field))
            assert deep_update(table, known(getattr(config, field), preset)) == table


# What makes a run short.
QUICK: dict[str, Changes] = {
    "neat2": {"NEAT": {"pop_size": 8}},
    "neat-python2": {"NEAT": {"pop_size": 8}},
    "ga2": {"population": {"size": 8}},
    "es2": {"population": {"size": 8}, "network": {"layers": [2], "last": 2}},
    "deap-grid2": {"population": {"size": 8}},
    "anneal2": {"population": {"size": 8}, "annealing": {"edits": 1000}},
    "deap-formula2": {"population": {"size": 8}, "formula": {"rules": 8}},
    "deap-history-user2": {"population": {"size": 8}, "network": {"layers": [2], "last": 2}},
}


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        *fitting(["ga2"]), ("xor", "neat2"), ("xor", "neat-python2"), ("memorize", "neat2"),
        ("copy", "es2"), ("memorize", "es2"), ("memorize", "deap-grid2"), ("guess", "deap-grid2"),
        ("memorize", "deap-history-user2"), ("memorize", "anneal2"), ("guess", "deap-formula2"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("copies", "undrawn")
def test_a_run_of_a_new_engine_finishes_and_can_be_resumed(
    name: str, engine: str, critics: Path, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {engine: QUICK[engine], "stop": {"solved": False}}
    if name == "critic":
        changes["critic"] = {"critics": str(critics), "pieces": 3}
    out = tmp_path / "run"
    result = evo.run(name, engine=engine, seed=1, generations=2, changes=changes, out=out).result
    assert (result["status"], result["generations"]) == ("finished", 2)
    run = evo.load_run(out)
    assert (run.config.run.engine, run.experiment.name) == (engine, name)
    result = evo.resume(out, generations=3).result
    assert (result["status"], result["generations"]) == ("finished", 3)
