"""`log.csv` has every generation once, with the columns of `Run.log.columns()`."""

import csv
import os
from pathlib import Path

import pytest
from disturbing import undrawn
from running import Killed, Watcher, configured, resume, start

from evo.analysis.tables import columns
from evo.runs.description import read_log
from evo.runs.loggers import LoggedRun
from evo.runs.loggers.csv_file import CsvLogger


@pytest.fixture(autouse=True)
def _no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    undrawn(monkeypatch.setattr)


def table_of(path: Path) -> list[dict[str, str]]:
    with open(path / "log.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check(path: Path, count: int) -> None:
    """Check that the table has what the log has."""
    rows, whole = table_of(path), columns(list(read_log(path / "log.jsonl")))
    assert len(rows) == count == len(whole["best"])
    plain = {name for name, values in whole.items() if not isinstance(values[0], list | dict)}
    assert {"best", "figures.solved", "engine.species"} <= set(rows[0]) == plain
    for name in plain:
        values = [("" if value is None else str(value)) for value in whole[name]]
        assert [row[name] for row in rows] == values


def test_a_run_is_a_table(tmp_path: Path) -> None:
    start(tmp_path / "run", configured(), loggers=[CsvLogger()])
    check(tmp_path / "run", 12)


def test_a_killed_run_continues_its_table_without_being_told(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(Killed):
        start(path, configured(checkpoints={"every": 3}), Watcher(kill_after=8), [CsvLogger()])
    assert len(table_of(path)) >= 7
    resume(path)
    check(path, 12)
    resume(path, stop={"generations": 15})
    check(path, 15)


def test_a_run_without_a_table_gets_one_of_all_generations(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start(path, configured(stop={"generations": 3}))
    assert not (path / "log.csv").exists()
    resume(path, loggers=[CsvLogger()])
    check(path, 3)


def test_new_columns_are_added_to_what_is_written(tmp_path: Path) -> None:
    logger = CsvLogger()
    logger.begin(LoggedRun(tmp_path, {}))
    assert (tmp_path / "log.csv").read_bytes() == b""
    first = {"generation": 0, "best": None, "quartiles": None, "failures": {}, "figures": {"a": 1}}
    second = {
        "generation": 1, "best": 0.5, "quartiles": [1.0, 2.0, 3.0], "failures": {"nan": 2},
        "figures": {"a": 2, "list": [1], "words": 'a "b", c\nd'}, "failure": "it is NaN",
    }  # fmt: skip
    for record in (first, second, first | {"generation": 2}):
        logger.record(record)
    logger.end({})
    rows = table_of(tmp_path)
    assert [row["failures.nan"] for row in rows] == ["0", "2", "0"]
    assert [row["best"] for row in rows] == ["", "0.5", ""]
    assert [row["median"] for row in rows] == ["", "2.0", ""]
    assert rows[1]["figures.words"] == 'a "b", c\nd'
    assert "figures.list" not in rows[1]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_nothing_is_written_through_a_link_or_pipe(tmp_path: Path, kind: str) -> None:
    path, victim = tmp_path / "run", tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    start(path, configured(stop={"generations": 2}))
    if kind == "link":
        (path / "log.csv").symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(path / "log.csv")
    else:
        (path / "log.csv").mkdir()
    watcher = Watcher()
    result = resume(path, watcher, stop={"generations": 4})
    assert (result["status"], result["generations"]) == ("finished", 4)
    assert victim.read_text(encoding="utf-8") == "mine"
    if kind == "folder":
        assert "the logger CsvLogger failed and is left out" in "".join(watcher.messages)
    else:
        assert len(table_of(path)) == 4
