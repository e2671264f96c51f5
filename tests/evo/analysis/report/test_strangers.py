"""Reports of run directories from strangers: no run spoils the others, and no link is followed."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import evo, finished_run

from evo.analysis.report import write_report
from evo.analysis.report.watching import LogTail, RunWatch
from evo.core.errors import InputError
from evo.music.tunes import tune

HUGE = 10**400


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    given = ("--song", "ode-to-joy", "--genome", "grid", "--generations", "1")
    assert evo("run", "memorize", *given, "--out", path).exit_code == 0
    return path


def rewrite(path: Path, **entries: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_numbers_of_hundreds_of_digits_spoil_no_report(run: Path) -> None:
    rewrite(run / "result.json", strange=HUGE)
    (run / "pieces").mkdir()
    tune("ode-to-joy").save(run / "pieces" / "piece-01.mid")
    record = {"name": "piece-01", "score": HUGE, "measures": {"polyphony": HUGE}}
    pieces = {
        "records": [record],
        "ranges": {"polyphony": dict.fromkeys(("low", "median", "high"), HUGE)},
    }
    (run / "pieces" / "pieces.json").write_text(json.dumps(pieces))
    assert "piece-01" in write_report([run]).read_text()
    watch = RunWatch(run, 1)
    watch.changes()
    assert watch.report(music=True).number == 1
    rewrite(run / "result.json", best_fitness=HUGE)
    assert "out of range" in write_report([run]).read_text()


@pytest.mark.parametrize("folder", ["champion", "pieces"])
def test_a_linked_folder_is_not_followed(run: Path, tmp_path: Path, folder: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    if folder == "champion":
        (run / folder).rename(elsewhere)
    else:
        elsewhere.mkdir()
    tune("bingo").save(elsewhere / "secret.mid")
    (elsewhere / "pieces.json").write_text('{"records": [{"name": "secret"}]}')
    (run / folder).symlink_to(elsewhere)
    text = write_report([run]).read_text()
    assert f"{folder}: is a link, which is not followed" in text
    assert "data-sound" not in text or folder == "pieces"
    assert ">secret<" not in text


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished_run(tmp_path, "run", "xor", "--generations", "1")
    target = tmp_path / "mine.html"
    target.write_text("the old one")

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evo.core.files.write_synced", full)
    with pytest.raises(InputError, match="No space left"):
        write_report([run], target)
    assert target.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tmp")] == []


def test_a_log_line_without_end_is_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evo.analysis.report.watching._MAX_READ", 64)
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"x" * 200)
    tail = LogTail(log)
    for _ in range(4):
        tail.grown()
    assert tail._end >= 192
