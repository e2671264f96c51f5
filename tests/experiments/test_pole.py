"""`evo run pole`: presets of the three tasks, reproducible runs, and solutions."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from evo.experiments.pole import EXPERIMENT, describe
from running import Killed, Watcher, configured, outcome, resume, start

from evo.cli.main import main
from evo.core.config import Config
from evo.core.errors import InputError


def small(engine: str = "neat", velocities: bool = True, **task: Any) -> Config:
    """Return the configuration of a short run."""
    table = {"velocities": velocities, "steps": 2000, "short_steps": 200} | task
    stop = {"generations": 4}
    return configured("pole", engine, pole=table, stop=stop, run={"chunk_size": 7})


@pytest.mark.parametrize("engine", ["neat", "neat-python"])
def test_presets_follow_the_task(engine: str) -> None:
    shapes = {(1, True): 4, (2, True): 6, (1, False): 2, (2, False): 3}
    for (poles, velocities), inputs in shapes.items():
        genome = small(engine, velocities, poles=poles).engine.DefaultGenome
        assert (genome.num_inputs, genome.num_outputs) == (inputs, 1)
        assert genome.feed_forward is velocities
        assert genome.activation_options == (genome.activation_default,) == ("tanh",)
    assert small(engine, output="sigmoid").engine.DefaultGenome.activation_default == "sigmoid"


def test_populations_are_those_of_the_paper() -> None:
    config = EXPERIMENT.config("neat")
    assert config.engine.NEAT.pop_size == 150
    without = config.changed({"pole": {"velocities": False}})
    more = EXPERIMENT.follow_up(without, lambda *names: [])  # type: ignore[misc]
    assert EXPERIMENT.config("neat", more).engine.NEAT.pop_size == 1000


@pytest.mark.parametrize("velocities", [True, False])
@pytest.mark.usefixtures("undrawn")
def test_same_run_with_one_worker_or_two_and_after_a_kill(velocities: bool, tmp_path: Path) -> None:
    config = small(velocities=velocities).changed({"checkpoints": {"every": 2}})
    wanted = outcome(tmp_path / "one", start(tmp_path / "one", config))
    two = start(tmp_path / "two", config.changed({"workers": {"count": 2}}))
    assert outcome(tmp_path / "two", two) == wanted
    with pytest.raises(Killed):
        start(tmp_path / "killed", config, Watcher(kill_after=3))
    assert outcome(tmp_path / "killed", resume(tmp_path / "killed")) == wanted


@pytest.mark.parametrize(
    ("task", "population"), [({"poles": 1}, 50), ({}, 150), ({"velocities": False}, 500)]
)
@pytest.mark.usefixtures("undrawn")
def test_every_task_is_learned(task: dict[str, Any], population: int, tmp_path: Path) -> None:
    size = {"NEAT": {"pop_size": population}}
    stop = {"solved": True, "generations": 60}
    config = configured("pole", pole={"steps": 10_000, **task}, neat=size, stop=stop)
    result = start(tmp_path / "run", config)
    assert result["reason"] == "solved"
    assert result["steps_balanced"] == 10_000
    assert result.get("generalised", 625) >= 200


def test_a_champion_in_words() -> None:
    assert describe({"steps_balanced": 1234}) == ["1,234 steps"]
    assert describe({"steps_balanced": 100_000, "generalised": 286}) == [
        "100,000 steps",
        "286 of 625 starts",
    ]


def test_a_run_from_the_command_line_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["run", "pole", "--seed", "3", "--out", "run", "--population", "20"]
    command += ["--generations", "2", "--set", "pole.velocities=false"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "0 of 625 starts" in result.output
    assert (tmp_path / "run" / "champion" / "network.json").exists()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"poles": 3}, "pole.poles must be a whole number from 1 to 2, got 3"),
        ({"short_steps": 50}, "pole: steps and short_steps must be above 100, got 100000 and 50"),
        ({"output": "relu"}, "pole.output must be"),
    ],
)
def test_impossible_settings_are_refused_in_one_line(table: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        EXPERIMENT.config("neat").changed({"pole": table})
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
