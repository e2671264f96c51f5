"""`evo run copy`: reproducible runs that learn where to read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from evo.experiments.copy_task import EXPERIMENT, VARIABLE, shape
from running import Killed, Watcher, configured, outcome, resume, start

from evo.cli.main import main
from evo.core.config import Config
from evo.core.errors import InputError
from evo.music.song_finder import SongFinder
from evo.runs.configure import deep_update, setting

# A network of one small LSTM that reads 12 steps back at most, of three keys.
SMALL = {"network": {"layers": [4], "history": 12}}
SETTINGS = (
    "es.network.layers=4", "es.network.history=12", "copy.keys=3", "copy.delays=8",
    "stop.generations=3",
)  # fmt: skip


def small(delays: Sequence[int] = (8,), **tables: Any) -> Config:
    """Return the configuration of a short run."""
    given = {
        "es": SMALL,
        "copy": {"keys": 3, "delays": list(delays), "sequences": 2},
        "run": {"seed": 5, "chunk_size": 7},
        "checkpoints": {"every": 2},
    }
    return configured("copy", "es", **deep_update(given, tables))


def refused(*arguments: object) -> str:
    """Return the one-line error of a wrong command."""
    result = CliRunner().invoke(main, ["run", "copy", *[str(one) for one in arguments]])
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.usefixtures("undrawn")
def test_same_run_with_one_worker_or_two_and_after_a_kill(tmp_path: Path) -> None:
    config = small([4, 9])
    wanted = outcome(tmp_path / "one", start(tmp_path / "one", config))
    two = start(tmp_path / "two", config.changed({"workers": {"count": 2}}))
    assert outcome(tmp_path / "two", two) == wanted
    with pytest.raises(Killed):
        start(tmp_path / "killed", config, Watcher(kill_after=5))
    watcher = Watcher()
    again = resume(tmp_path / "killed", watcher)
    assert outcome(tmp_path / "killed", again) == wanted
    assert watcher.first == 4


def test_a_small_network_learns_to_read_where_the_answer_stands(tmp_path: Path) -> None:
    stop = {"solved": True, "generations": 200}
    population = {"size": 32}
    result = start(tmp_path / "run", small(stop=stop, es={"population": population}))
    assert result["solved"]
    assert result["reason"] == "solved"
    assert result["loss"] <= 0.0015
    assert result["read_lags"] == [8]
    assert result["read_entropy"] < 0.1


def test_what_the_command_line_sets_is_what_the_run_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = [part for text in SETTINGS for part in ("--set", text)]
    command = ["run", "copy", "--seed", "3", "--out", "run", *settings]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    left = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (left["seed"], left["generations"], left["evaluations"]) == (3, 3, 109)
    assert {"loss", "read_lags", "read_entropy"} <= set(left)
    assert (tmp_path / "run" / "champion" / "arrays.npz").exists()


def test_the_settings_for_several_delays_are_settings() -> None:
    changes: dict[str, Any] = {}
    for text in VARIABLE:
        changes = deep_update(changes, setting(text))
    config = EXPERIMENT.config("es").changed(changes)
    assert config.task.delays == (16, 32, 48, 64)
    assert config.task.fitness().inputs == 17
    assert shape(config, SongFinder()) == (17, 13)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"delays": [0]},
            "copy.delays must be a list, each a whole number from 1 to 65,536, got [0]",
        ),
        ({"delays": [8, 8]}, "copy: delays must be different whole numbers from 1, got [8, 8]"),
        ({"delays": [4, 8, 9]}, "copy: sequences must be at least 3, one a delay, got 2"),
        ({"marker_every": 0}, "copy.marker_every must be a whole number from 1 to 65,536, got 0"),
        ({"keys": 0}, "copy.keys must be a whole number from 1 to 4,096, got 0"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_leaves_nothing(
    tmp_path: Path, table: dict[str, Any], words: str
) -> None:
    config = small()
    with pytest.raises(InputError) as got:
        start(tmp_path / "run", config.changed({"copy": table}))
    assert str(got.value) == words
    assert not (tmp_path / "run").exists()


def test_the_command_line_refuses_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "delays must be different whole numbers" in refused("--set", "copy.delays=8,8")
    assert "copy is a task for the genome history-user" in refused("--genome", "grid")
    assert list(tmp_path.iterdir()) == []
