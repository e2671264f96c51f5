"""`evo runs` lists the runs in a folder, and changes nothing."""

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from disturbing import undrawn
from running import Killed, Watcher, configured, start

from evo.cli.main import main
from evo.core.errors import RunError
from evo.runs.directory import Run
from evo.runs.listing import is_at_work, summaries


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run, and a nested killed one."""
    folder = tmp_path_factory.mktemp("made") / "runs"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch.setattr)
        start(folder / "whole", configured())
    config = configured(run={"seed": 7}, checkpoints={"every": 2})
    with pytest.raises(Killed):
        start(folder / "batch" / "seed7", config, Watcher(kill_after=5))
    (folder / "pictures").mkdir()
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "runs")
    return tmp_path / "runs"


def state_of(folder: Path) -> list[Any]:
    return sorted((one, one.lstat().st_mtime_ns, one.lstat().st_size) for one in folder.rglob("*"))


def listed(*arguments: str) -> str:
    ended = CliRunner().invoke(main, ["runs", *arguments])
    assert ended.exit_code == 0
    return ended.output


def test_runs_are_found_one_level_down_too_and_other_folders_left_out(folder: Path) -> None:
    before = state_of(folder)
    killed, whole = summaries(folder)
    assert (killed.path, whole.path) == (folder / "batch" / "seed7", folder / "whole")
    assert (whole.status, whole.experiment, whole.genome, whole.engine) == (
        "finished", "xor", "network", "neat",
    )  # fmt: skip
    assert (whole.seed, whole.generation, whole.next_command) == (5, 12, "")
    assert whole.best == json.loads((folder / "whole" / "result.json").read_text())["best_fitness"]
    assert (killed.status, killed.seed, killed.generation) == ("interrupted", 7, 5)
    assert killed.next_command == f"evo resume {killed.path}"
    assert state_of(folder) == before
    assert [one.path for one in summaries(folder / "whole")] == [folder / "whole"]


def test_the_seeds_of_a_batch_are_listed_and_not_its_folder(folder: Path) -> None:
    for name in (".lock", "batch.toml"):
        (folder / "batch" / name).touch()
    assert [one.path.name for one in summaries(folder)] == ["seed7", "whole"]
    assert [one.path.name for one in summaries(folder / "batch")] == ["seed7"]


def test_the_age_is_that_of_the_last_change(folder: Path) -> None:
    for name in ("config.toml", "run.json", "log.jsonl", "checkpoints", "result.json"):
        os.utime(folder / "whole" / name, (1e9, 1e9))
    os.utime(folder / "whole" / "log.jsonl", (2e9, 2e9))
    assert summaries(folder)[1].age == 0.0
    os.utime(folder / "whole" / "log.jsonl", (1.5e9, 1.5e9))
    assert summaries(folder)[1].age > 2e8


def test_a_run_is_running_while_somebody_has_its_lock_and_no_longer(folder: Path) -> None:
    path = folder / "batch" / "seed7"
    assert not is_at_work(path)
    with Run.open(path):
        assert is_at_work(path)
        assert summaries(folder)[0].status == "running"
        assert summaries(folder)[0].next_command == ""
    assert summaries(folder)[0].status == "interrupted"


def test_looking_all_the_time_keeps_nobody_from_a_run(folder: Path) -> None:
    path = folder / "batch" / "seed7"
    done = threading.Event()
    looks = [0, 0]

    def look(place: int) -> None:
        while not done.is_set():
            is_at_work(path)
            looks[place] += 1

    onlookers = [threading.Thread(target=look, args=(place,)) for place in range(2)]
    opened = 0
    for one in onlookers:
        one.start()
    try:
        for _ in range(20):
            with Run.open(path):
                opened += 1
    finally:
        done.set()
        for one in onlookers:
            one.join()
    assert opened == 20
    assert min(looks) > 0


def test_a_run_that_is_still_being_prepared_is_running(tmp_path: Path) -> None:
    seen = []

    def prepare(path: Path) -> None:
        seen.extend(summaries(tmp_path))

    with Run.create(tmp_path / "run", configured().tables(), ["evo"], prepare):
        pass
    (one,) = seen
    assert (one.path, one.status) == (tmp_path / "run", "running")


@pytest.mark.parametrize(("file", "content", "why"), [
    ("config.toml", b"[run", "config.toml: is no TOML"),
    ("config.toml", b"a = " + b"[" * 100_000, "config.toml"),
    ("config.toml", b"[run]\nengine = 5\nexperiment = 1\nseed = 0\n", "names no experiment"),
    ("config.toml", b"run = 3\n", "names no experiment"),
    ("config.toml", b"[run]\nengine = [1]\nexperiment = 'xor'\nseed = 0\n", "no known engine"),
    ("config.toml", None, "ended before it began"),
    ("run.json", b"{", "run.json: is no JSON object"),
    ("run.json", b"[" * 100_000, "run.json"),
    ("run.json", b'{"status": "asleep"}', "run.json names no status"),
    ("log.jsonl", b"nonsense\n", "the last line of log.jsonl is no record"),
    ("log.jsonl", b"[" * 100_000 + b"\n", "the last line of log.jsonl is no record"),
    ("log.jsonl", None, "log.jsonl is missing"),
], ids=str)  # fmt: skip
def test_a_damaged_run_is_listed_with_the_reason(
    folder: Path, file: str, content: bytes | None, why: str
) -> None:
    path = folder / "whole" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    one = summaries(folder)[1]
    assert one.status == "damaged"
    assert why in one.note
    assert "\n" not in one.note
    assert why in listed(str(folder))


@pytest.mark.parametrize("file", ["config.toml", "run.json", "log.jsonl"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path, file: str) -> None:
    (folder / "whole" / file).unlink()
    os.mkfifo(folder / "whole" / file)
    one = summaries(folder)[1]
    assert (one.status, one.note) == ("damaged", f"{file}: is no regular file")


def test_damaged_checkpoints_are_told_and_whether_any_is_left(folder: Path) -> None:
    path = folder / "batch" / "seed7"
    newest, *older = sorted((path / "checkpoints").iterdir(), reverse=True)
    arrays = (newest / "arrays.npz").read_bytes()
    (newest / "arrays.npz").write_bytes(arrays[:-1])
    assert f"arrays.npz is not {len(arrays)} bytes long" in summaries(folder)[0].note
    (newest / "MANIFEST.json").write_bytes(b"{}")
    one = summaries(folder)[0]
    assert one.status == "interrupted"
    assert f"checkpoint {newest.name} is damaged" in one.note
    for folder_of in older:
        (folder_of / "MANIFEST.json").unlink()
    one = summaries(folder)[0]
    assert one.status == "damaged"
    assert "no checkpoint is left; start over with --anew" in one.note


def test_the_command_lists_and_says_how_to_go_on(folder: Path) -> None:
    output = listed(str(folder))
    header, killed, whole, *rest = output.splitlines()
    assert header.split() == [
        "run", "experiment", "bred", "by", "seed", "status", "generation", "best", "changed",
    ]  # fmt: skip
    assert killed.split()[:6] == ["batch/seed7", "xor", "network/neat", "7", "interrupted", "5"]
    assert whole.split()[:6] == ["whole", "xor", "network/neat", "5", "finished", "12"]
    path = folder / "batch" / "seed7"
    assert rest == ["resume interrupted runs with:", f"  evo resume {path}"]


def test_scripts_get_json(folder: Path) -> None:
    found = [json.loads(line) for line in listed(str(folder), "--json").splitlines()]
    assert [one["status"] for one in found] == ["interrupted", "finished"]
    assert found[0]["resume"] == f"evo resume {folder / 'batch' / 'seed7'}"


def test_a_folder_without_runs_says_so_and_one_that_is_none_is_an_error(tmp_path: Path) -> None:
    assert listed(str(tmp_path)) == f"there are no runs in {tmp_path}\n"
    with pytest.raises(RunError, match="No such file"):
        summaries(tmp_path / "missing")
    ended = CliRunner().invoke(main, ["runs", str(tmp_path / "missing")])
    assert ended.exit_code == 2
