"""Absurd settings of a run are refused at once, in one line that names them, before it begins."""

from pathlib import Path
from typing import Any

import pytest

import evo
from evo.core.errors import InputError
from evo.core.registry import experiment
from evo.music.song_finder import SongFinder
from evo.runs.configure import changes_of, configuration

NO_OPTIONS: dict[str, Any] = dict.fromkeys(
    ("config", "genome", "engine", "neat_config", "seed", "population", "song", "generations",
     "time_limit", "target", "workers")
)  # fmt: skip
MILLION, BILLION = "1,000,000", "1,000,000,000"

# Experiment, engine, settings, and what is said of them.
ABSURD = [
    ("xor", "neat", "neat.DefaultGenome.num_hidden=1e9",
     "neat.DefaultGenome.num_hidden must be a whole number from 0 to 100,000, got '1e9'"),
    ("xor", "neat", "neat.NEAT.pop_size=1e10",
     f"neat.NEAT.pop_size must be a whole number from 2 to {MILLION}, got '1e10'"),
    ("xor", "neat", "neat.DefaultReproduction.elitism=-3",
     f"neat.DefaultReproduction.elitism must be a whole number from 0 to {MILLION}, got '-3'"),
    ("xor", "neat", "neat.DefaultReproduction.survival_threshold=nan",
     "neat.DefaultReproduction.survival_threshold must be a number from 0 to 1, got 'nan'"),
    ("xor", "neat", "neat.DefaultGenome.weight_init_mean=inf",
     "neat.DefaultGenome.weight_init_mean must be a number from -1e+12 to 1e+12, got 'inf'"),
    ("xor", "neat", "neat.DefaultGenome.activation_options=random",
     "neat.DefaultGenome: activation 'random' is not one of "),
    ("xor", "neat", "neat.DefaultGenome.activation_default=sigmod",
     "neat.DefaultGenome: activation 'sigmod' is not one of "),
    ("xor", "neat", "neat.DefaultGenome.initial_connection=partial nan",
     "neat.DefaultGenome: initial_connection must be one of unconnected, "),
    ("xor", "neat", "neat.DefaultGenome.feed_forward=2",
     "neat.DefaultGenome.feed_forward must be true or false, got '2'"),
    ("xor", "neat", "neat.DefaultGenom.num_hidden=1",
     "there is no setting 'neat.DefaultGenom'; did you mean neat.DefaultGenome? [neat] has NEAT, "),
    ("xor", "neat", "neat.NEAT.popsize=1",
     "there is no setting 'neat.NEAT.popsize'; did you mean neat.NEAT.pop_size? [neat.NEAT] has "),
    ("xor", "neat", "neat.NEAT=5", "neat.NEAT is a table of settings, not a value"),
    ("xor", "neat-python", "neat-python.NEAT.pop_size=1e10",
     f"neat-python.NEAT.pop_size must be a whole number from 2 to {MILLION}, got '1e10'"),
    ("memorize", "ga", "ga.grid.voices=1e9",
     "ga.grid.voices must be a whole number from 0 to 128, got '1e9'"),
    ("memorize", "ga", "ga.mutation.edits=1e300",
     "ga.mutation.edits must be a number from 1 to 65,536, got '1e300'"),
    ("memorize", "ga", "ga.grid.density=0.9 0.1",
     "ga.grid: density must have the lower number first, got (0.9, 0.1)"),
    ("memorize", "ga", "ga.mutation.pitch=1e308",
     f"ga.mutation.pitch must be a number from 0 to {BILLION}, got '1e308'"),
    ("memorize", "random-grid", "random-grid.population.size=1e12",
     f"random-grid.population.size must be a whole number from 1 to {MILLION}, got '1e12'"),
    ("memorize", "one-plus-one-grid", "one-plus-one-grid.search.offspring=0",
     "one-plus-one-grid.search.offspring must be a whole number from 1 to 1,048,576, got '0'"),
    ("memorize", "ga", "memorize.keys=1e9",
     "memorize.keys must be a whole number from 1 to 128 or auto, got '1e9'"),
    ("memorize", "ga", "memorize.mode=perfrm",
     "memorize.mode must be one of follow, likelihood, perform, empty, got 'perfrm'"),
    ("memorize", "ga", "memorise.keys=5",
     "there is no setting 'memorise'; did you mean memorize? a configuration has run, stop, "),
    ("memorize", "ga", "workers.count=100000",
     "workers.count must be a whole number from 1 to 1,024, got '100000'"),
    ("memorize", "ga", "workers.timeout=-1",
     f"workers.timeout must be a number from 0 to {BILLION}, got '-1'"),
    ("memorize", "ga", "stop.max_failures=2",
     "stop.max_failures must be a number from 0 to 1, got '2'"),
    ("memorize", "ga", "stop.generation=2",
     "there is no setting 'stop.generation'; did you mean stop.generations? [stop] has target, "),
    ("memorize", "es", "es.population.size=7",
     "es: population.size must be even, as openai has antithetic pairs, got 7"),
    ("memorize", "es", "es.strategy.sigma=-1",
     f"es.strategy.sigma must be a number above 0 to {MILLION}, got '-1'"),
    ("memorize", "deap-grid", "deap-grid.population.size=1e12",
     "deap-grid.population.size must be a whole number from 2 to 100,000, got '1e12'"),
    ("memorize", "deap-grid", "deap-grid.algorithm.cxpb=nan",
     "deap-grid.algorithm.cxpb must be a number from 0 to 1, got 'nan'"),
    ("memorize", "deap-grid", "deap-grid.algorithm.mu=51",
     "deap-grid: algorithm.mu must be at most population.size, 50, got 51"),
    ("memorize", "deap-history-user", "deap-history-user.mutate.sigma=-1",
     f"deap-history-user.mutate.sigma must be a number from 0 to {MILLION}, got '-1'"),
    ("memorize", "neat", "network.lags=0",
     "network.lags must be "),
]  # fmt: skip
# Each of these can be, but not all at once.
TOGETHER = [
    ("xor", "neat", ("neat.NEAT.pop_size=1e6", "neat.DefaultGenome.num_hidden=100000"),
     "neat: a first population of NEAT.pop_size = 1000000 networks with "
     "DefaultGenome.num_hidden = 100000 has 400,003,000,000 genes, more than the 200,000,000 "
     "that fit in memory"),
    ("critic", "ga", ("ga.population.size=1e6", "critic.steps=65536"),
     "ga: population.size x grid.steps x grid.keys is 851,968,000,000, more than the "
     "4,000,000,000 that fit in memory"),
    ("critic", "deap-grid",
     ("deap-grid.population.size=1e4", "critic.steps=65536"),
     "deap-grid: population.size x genes is 8,519,680,000, more than the 100,000,000 that fit "
     "in memory"),
    ("copy", "deap-history-user",
     ("deap-history-user.population.size=1e5", "deap-history-user.network.layers=64"),
     "deap-history-user: population.size x genes is "),
    ("copy", "es", ("es.population.size=1e6", "es.network.layers=64"),
     "es: population.size x weights is "),
]  # fmt: skip


def refused(name: str, engine: str, settings: tuple[str, ...]) -> str:
    given = NO_OPTIONS | {"engine": engine, "settings": settings}
    with pytest.raises(InputError) as caught:
        configuration(experiment(name), given, SongFinder())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("name", "engine", "setting", "said"), ABSURD, ids=lambda value: value)
def test_an_absurd_setting_is_refused_in_one_line(
    name: str, engine: str, setting: str, said: str
) -> None:
    message = refused(name, engine, (setting,))
    # What ends in a list of names is compared up to there.
    assert message.startswith(said) if said.endswith(" ") else message == said


@pytest.mark.parametrize(("name", "engine", "settings", "said"), TOGETHER)
def test_settings_that_take_more_memory_than_there_is_are_refused_in_one_line(
    name: str, engine: str, settings: tuple[str, ...], said: str
) -> None:
    message = refused(name, engine, settings)
    assert message.startswith(said) if said.endswith(" ") else message == said


def test_of_an_absurd_run_nothing_is_left(tmp_path: Path) -> None:
    out = tmp_path / "run"
    for changes in ({"workers": {"count": 100_000}}, {"neat": {"NEAT": {"pop_size": 10**10}}}):
        with pytest.raises(InputError, match=r"must be a whole number from"):
            evo.run("xor", engine="neat", changes=changes, out=out)
    assert not out.exists()


def test_a_resume_refuses_absurd_changes_and_goes_on_without(tmp_path: Path) -> None:
    out, small = tmp_path / "run", {"NEAT": {"pop_size": 10}}
    changes = {"neat": small, "stop": {"solved": False}}
    evo.run("xor", engine="neat", seed=1, generations=1, changes=changes, out=out)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    for text, said in (
        ("workers.count=100000", r"^workers\.count must be a whole number from 1 to 1,024"),
        ("stop.generations=-1", r"^stop\.generations must be a whole number from 0"),
        ("stop.target=nan", r"^stop\.target must be a number or empty, got 'nan'$"),
        ("checkpoints.evry=2", r"did you mean checkpoints\.every\?"),
    ):
        changes = changes_of(NO_OPTIONS | {"settings": (text,)})
        with pytest.raises(InputError, match=said):
            evo.resume(out, changes=changes)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert evo.resume(out, generations=2).result["generations"] == 2
