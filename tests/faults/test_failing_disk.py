"""Any failing file operation loses nothing saved, and the run ends the same.

`benchmarks/faults.py disk` tries every operation. Here a sample is tried, with a different offset
per fault.
"""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from disturbing import FailingDisk, disturbed, outcome, small, start
from failing_disk import BROKEN, CAUSES, DEATH, FULL
from running import Killed, Watcher, resume

from evo.cli.main import main

CONFIG: dict[str, Any] = {"stop": {"generations": 3}, "checkpoints": {"every": 1}}
FAULTS = (FULL, BROKEN, DEATH)
STRIDE = 12


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the outcome of an undisturbed run, and its file operations."""
    path = tmp_path_factory.mktemp("undisturbed") / "run"
    with FailingDisk(path, 0, FULL) as disk:
        result = start(path, small("neat", **CONFIG))
    return outcome(path, result), disk.done


@pytest.mark.parametrize("fault", FAULTS)
def test_whichever_operation_fails_a_run_goes_on_to_the_same_end(
    tmp_path: Path, wanted: Any, fault: str
) -> None:
    expected, operations = wanted
    assert operations > 100
    for n in range(1 + FAULTS.index(fault) * STRIDE // 3, operations + 1, STRIDE):
        path = tmp_path / f"{n}"
        failed, found = disturbed(path, small("neat", **CONFIG), n, fault)
        assert failed
        assert found == expected, f"operation {n}"


@pytest.mark.parametrize("fault", FAULTS)
def test_whichever_operation_fails_a_resume_goes_on_to_the_same_end(
    tmp_path: Path, wanted: Any, fault: str
) -> None:
    killed = tmp_path / "killed"
    with pytest.raises(Killed):
        start(killed, small("neat", **CONFIG), Watcher(kill_after=2))
    tried = 0
    for n in range(1 + FAULTS.index(fault) * STRIDE // 3, wanted[1], STRIDE):
        path = tmp_path / f"{n}"
        shutil.copytree(killed, path)
        failed, found = disturbed(path, small("neat", **CONFIG), n, fault, begun=True)
        assert found == wanted[0], f"operation {n}"
        if not failed:
            break
        tried += 1
    assert tried > 3


def test_a_disk_that_fills_up_while_a_record_is_written_leaves_a_log_to_go_on_with(
    tmp_path: Path, wanted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line is in the log then, after a whole checkpoint."""
    path = tmp_path / "run"
    from evo.core.errors import RunInterruptedError
    from evo.runs.log import Log

    append = Log.append

    def failing(log: Log, record: dict[str, Any]) -> None:
        if record["generation"] == 2:
            with (path / "log.jsonl").open("ab") as file:
                file.write(b'{"generation": 2, "eval')
            raise OSError(28, CAUSES[FULL], str(path / "log.jsonl"))
        append(log, record)

    with monkeypatch.context() as patch:
        patch.setattr(Log, "append", failing)
        with pytest.raises(
            RunInterruptedError, match=r"log\.jsonl: No space left on device; the run was"
        ):
            start(path, small("neat", **CONFIG))
    assert (path / "log.jsonl").read_bytes().endswith(b"eval")
    assert outcome(path, resume(path)) == wanted[0]


@pytest.mark.parametrize("fault", [FULL, BROKEN])
def test_the_command_says_in_one_line_what_failed_and_exits_with_1(
    tmp_path: Path, fault: str
) -> None:
    path = tmp_path / "run"
    command = ["run", "xor", "--population", "20", "--generations", "3", "--out", str(path)]
    for n in (2, 9, 30):
        with FailingDisk(path, n, fault):
            ended = CliRunner().invoke(main, command)
        assert ended.exit_code == 1
        (line,) = [one for one in ended.output.splitlines() if one.startswith("evo: ")]
        assert line.startswith(f"evo: {path}")
        assert CAUSES[fault] in line
        assert "Traceback" not in ended.output
        shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_lock_that_the_disk_refuses_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The lock is a library's: how it uses the disk is its own, so it fails as a whole."""
    path = tmp_path / "run"

    class Refused:
        def __init__(self, lock: Path) -> None:
            self.lock = lock

        def acquire(self, **options: Any) -> None:
            raise OSError(number, os.strerror(number), str(self.lock))

    monkeypatch.setattr("evo.runs.directory.FileLock", Refused)
    ended = CliRunner().invoke(main, ["run", "xor", "--generations", "3", "--out", str(path)])
    assert ended.exit_code == 1
    (line,) = ended.output.splitlines()
    assert line.startswith(f"evo: {path}")
    assert os.strerror(number) in line
