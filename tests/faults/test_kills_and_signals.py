"""Runs that are killed, stopped or started twice at once end as undisturbed ones.

`benchmarks/faults.py kill`, `signals` and `twice` run longer, and print timings.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from batches import scripted_runs
from disturbing import (
    ENGINES,
    check_checkpoints,
    go_on,
    killed_any_time,
    killed_in_save,
    outcome,
    session_of,
    small,
    start,
)
from failing_disk import exit_code, in_child
from running import Killed, Watcher, begin_interpreter, resume, wait_for_generations

from evo.core import interrupt
from evo.core.errors import RunError
from evo.runs import batch, session
from evo.runs.directory import Run

BY_ENGINE = pytest.mark.parametrize("engine", ENGINES)
OFTEN: dict[str, Any] = {"stop": {"generations": 5}, "checkpoints": {"every": 1}}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the outcome of an undisturbed run, by engine."""
    ends = {}
    for engine in ENGINES:
        path = tmp_path_factory.mktemp("undisturbed") / "run"
        ends[engine] = outcome(path, start(path, small(engine, **OFTEN)))
    return ends


@BY_ENGINE
def test_a_run_killed_in_the_middle_of_saving_is_the_same_run(
    tmp_path: Path, wanted: dict[str, Any], engine: str
) -> None:
    chance = random.Random(ENGINES.index(engine))
    killed = 0
    for number in range(3):
        path = tmp_path / f"{number}"
        killed += killed_in_save(path, small(engine, **OFTEN), chance)
        check_checkpoints(path)
        assert outcome(path, go_on(path, small(engine, **OFTEN))) == wanted[engine]
    assert killed == 3


@BY_ENGINE
def test_a_run_killed_at_any_instant_is_the_same_run(
    tmp_path: Path, wanted: dict[str, Any], engine: str
) -> None:
    chance = random.Random(9 + ENGINES.index(engine))
    for number in range(3):
        path = tmp_path / f"{number}"
        for _ in range(2):
            killed_any_time(path, small(engine, **OFTEN), chance.uniform(0.0, 0.3))
        check_checkpoints(path)
        assert outcome(path, go_on(path, small(engine, **OFTEN))) == wanted[engine]


@BY_ENGINE
def test_saving_seldom_often_or_never_changed_at_a_resume_is_the_same_run(
    tmp_path: Path, wanted: dict[str, Any], engine: str
) -> None:
    for every, then in ((1, 7), (7, 0), (0, 1)):
        path = tmp_path / f"{every}"
        config = small(engine, stop={"generations": 5}, checkpoints={"every": every})
        with pytest.raises(Killed):
            start(path, config, Watcher(kill_after=3))
        result = resume(path, checkpoints={"every": then})
        assert outcome(path, result) == wanted[engine]


def test_of_two_resumes_the_second_is_refused_until_the_first_is_killed(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    ready, tell = os.pipe()

    def hold() -> int:
        class Holding(Watcher):
            def record(self, record: dict[str, Any]) -> None:
                os.write(tell, b"x")
                signal.pause()

        start(path, small("neat", **OFTEN), Holding())
        return 0

    holder = in_child(hold)
    os.read(ready, 1)
    try:
        with pytest.raises(RunError, match="another process is at work on this run"):
            resume(path)
    finally:
        os.kill(holder, signal.SIGKILL)
        exit_code(holder)
        os.close(ready)
        os.close(tell)
    assert outcome(path, resume(path)) == wanted["neat"]


# Signals

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("number", CODES)
def test_a_signal_ends_a_run_of_two_workers_and_all_its_processes(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "run"
    process = begin_interpreter(
        "run", "xor", "--population", "20", "--generations", "100000", "--workers", "2",
        "--set", "stop.solved=false", "--out", str(path), patient=True,
    )  # fmt: skip
    wait_for_generations(process, path, 3)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == CODES[number]
    assert f"evo resume {path}" in output
    assert check_checkpoints(path) > 0
    # Its helpers see that they are alone, and go.
    deadline = time.monotonic() + 60
    while session_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert session_of(process.pid) == []


def slow(instant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow down a function that a signal must interrupt."""
    from evo.fitness.xor import Xor

    monkeypatch.setattr(interrupt, "GRACE", 0.2)

    def signalled(*arguments: Any, **options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)

    if instant == "compiling":
        monkeypatch.setattr(session.precompile, "is_needed", lambda *given: True)
        monkeypatch.setattr(session.precompile, "compile_kernels", signalled)
    elif instant == "a generation":
        monkeypatch.setattr(Xor, "evaluate", signalled)
    else:
        monkeypatch.setattr(session, "replace_folder", signalled)  # of the champion


@pytest.mark.parametrize("instant", ["compiling", "a generation", "the end"])
def test_a_signal_during_something_long_ends_the_run_in_the_middle_of_it(
    tmp_path: Path, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        slow(instant, patch)
        result = start(path, small("neat", **OFTEN))
    assert (result["status"], result["signal"]) == ("stopped", signal.SIGTERM)
    assert "stopped by SIGTERM" in result["reason"]
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    check_checkpoints(path)
    assert outcome(path, resume(path)) == wanted["neat"]


def test_a_signal_that_comes_with_the_last_generation_is_told_by_the_exit_code(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    class Late(Watcher):
        def record(self, record: dict[str, Any]) -> None:
            if record["generation"] == 4:
                os.kill(os.getpid(), signal.SIGINT)

    path = tmp_path / "run"
    result = start(path, small("neat", **OFTEN), Late())
    assert result.pop("signal") == signal.SIGINT
    assert outcome(path, result) == wanted["neat"]


def test_a_signal_before_the_first_generation_leaves_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run"

    def prepare(folder: Path) -> None:
        (folder / "songs").mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run.create(path, small("neat", **OFTEN).tables(), ["evo"], prepare)
    assert not path.exists()
    assert start(path, small("neat", **OFTEN))["status"] == "finished"


def test_a_signal_whose_exception_is_lost_ends_the_process_all_the_same() -> None:
    """As in the middle of an import, where libraries catch everything."""
    script = (
        "import os, signal, time\n"
        "from evo.cli import errors\n"
        "later = errors.call_later\n"
        "errors.call_later = lambda seconds, function: later(0.1, function)\n"
        "errors.end_on_signals()\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "except SystemExit:\n"
        "    pass\n"
        "time.sleep(60)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 143


def test_a_batch_waits_for_runs_that_take_longer_to_end_than_the_grace_of_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only run's process just signals this one, and ends slowly on request."""
    script = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.6), sys.exit(0)))\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(60)\n"
    )
    begun = scripted_runs(monkeypatch.setattr, lambda seed: script)
    monkeypatch.setattr(interrupt, "GRACE", 0.2)
    with batch.Batch.create(tmp_path / "all", small("neat").tables(), [0]) as one:
        summary = one.carry_out(1, lambda seed, words: None)
    assert summary.stopped_by == signal.SIGTERM
    assert [process.returncode for process in begun] == [0]
