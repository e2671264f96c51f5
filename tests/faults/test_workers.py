"""Failing workers change no scores, and no process stays behind.

Longer, with timings: `python benchmarks/workers.py kill poison`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import multiprocess
import numpy as np
import pytest
from breeding import joined, network
from judges import Failing, Judge, Learning, Loading, Noisy, Refusing, Slow, Tired
from running import configured, pictureless, resume, start

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores, Status
from evo.runs import session
from evo.workers import starts
from evo.workers.failures import crashed, too_late
from evo.workers.pace import Pace
from evo.workers.pool import process as processes
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial
from genomes.network.networks import Networks

SEED, CHUNK = 21, 12
HELPERS = Path(__file__).parents[1] / "helpers"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, SEED, CHUNK, timeout=1.0) as made:
        yield made


def numbered(count: int = 48) -> Networks:
    """Return networks: individual i has the weight i."""
    return joined([network(1, 1, [(-1, 0, float(i))]) for i in range(count)])


def same(one: Scores, other: Scores) -> bool:
    return one.total.tobytes() == other.total.tobytes() and one.reasons == other.reasons


def is_gone(number: int, seconds: float = 60.0) -> bool:
    """Return whether a process ends within some seconds (a zombie has ended)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def run_script(text: str, *, stdin: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run a script in its own process group.

    It comes from standard input or `-c`.
    """
    command = [sys.executable, "-"] if stdin else [sys.executable, "-c", text]
    return subprocess.run(
        command, input=text if stdin else None, capture_output=True, text=True,
        start_new_session=True, timeout=60, env=pictureless(),
    )  # fmt: skip


# Individuals that are to blame


def test_whoever_kills_hangs_raises_or_has_no_number_fails_alone_and_is_classified(
    pool: Pool,
) -> None:
    fitness = Failing(dies=(5.0,), killed=(30.0,), spins=(17.0,), raises=(18.0,), nan=(44.0,),
                      infinite=(45.0,))  # fmt: skip
    scores = pool.evaluate(fitness, numbered(), 0)
    assert {i: Status(scores.status[i]) for i in np.flatnonzero(~scores.ok).tolist()} == {
        5: Status.CRASH, 30: Status.CRASH, 17: Status.TIMEOUT, 18: Status.ERROR,
        44: Status.NAN, 45: Status.NAN,
    }  # fmt: skip
    assert scores.total[scores.ok].tolist() == [
        i for i in range(48) if i not in (5, 30, 17, 18, 44, 45)
    ]
    assert np.isneginf(scores.total[~scores.ok]).all()
    assert scores.reasons[5] == scores.reasons[30] == crashed().reasons[0]
    assert scores.reasons[17] == too_late(1.0).reasons[0]
    assert scores.reasons[18] == "RuntimeError: cannot judge 18.0"
    # The pool is whole again.
    assert same(pool.evaluate(Noisy(), numbered(), 3), Serial(SEED, CHUNK).evaluate(
        Noisy(), numbered(), 3))  # fmt: skip


def test_two_that_hang_in_one_chunk_are_both_found(pool: Pool) -> None:
    scores = pool.evaluate(Failing(hangs=(13.0, 14.0)), numbered(), 0)
    assert np.flatnonzero(scores.status == Status.TIMEOUT).tolist() == [13, 14]
    assert scores.ok.sum() == 46


def test_one_worker_alone_finds_who_is_to_blame_too() -> None:
    with Pool(1, SEED, CHUNK, timeout=1.0) as alone:
        scores = alone.evaluate(Failing(dies=(1.0,), hangs=(3.0,)), numbered(6), 0)
    assert scores.failures() == {"timeout": 1, "crash": 1}
    assert scores.total[[0, 2, 4, 5]].tolist() == [0, 2, 4, 5]


def test_without_a_timeout_nobody_is_too_slow() -> None:
    with Pool(1, SEED, CHUNK, timeout=0.0) as patient:
        patient.evaluate(Slow(0.0), numbered(), 0)
        # Far longer than anything before gave reason to expect.
        assert patient.evaluate(Slow(0.9), numbered(2), 0).ok.all()


def test_who_is_slow_but_within_the_limit_is_suspected_and_not_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Pace, "allowance", lambda pace, size: 0.3)
    with Pool(1, SEED, CHUNK, timeout=30.0) as patient:
        patient.evaluate(Slow(0.0), numbered(), 0)  # it learns to expect nothing like it
        before = patient.processes
        scores = patient.evaluate(Slow(1.0), numbered(), 0)
        assert patient.processes != before
    assert scores.ok.all()
    assert scores.total.tolist() == list(range(48))


# Kernels that have to be loaded or compiled first


def test_loading_kernels_for_longer_than_the_limit_of_an_individual_fails_nobody() -> None:
    with Pool(3, SEED, CHUNK, timeout=0.5) as pool:
        scores = pool.evaluate(Loading(1.0), numbered(40), 0)
    assert scores.failures() == {}
    assert scores.total.tolist() == list(range(40))


def test_who_hangs_is_found_although_every_worker_loads_kernels_for_longer_than_the_limit() -> None:
    class LoadingAndHanging(Loading):
        def evaluate(self, performers: Any, streams: Any) -> Scores:
            scores = super().evaluate(performers, streams)
            while 7.0 in scores.total:
                time.sleep(1)
            return scores

    with Pool(2, SEED, CHUNK, timeout=0.5) as pool:
        scores = pool.evaluate(LoadingAndHanging(1.0), numbered(40), 0)
    assert scores.failures() == {"timeout": 1}
    assert scores.reasons == {7: too_late(0.5).reasons[0]}


# Workers that are lost without anybody's fault


def test_killing_workers_at_random_changes_nothing() -> None:
    wanted = Serial(SEED, CHUNK).evaluate(Noisy(), numbered(), 2)
    chance = np.random.default_rng(1)
    with Pool(2, SEED, CHUNK) as pool:
        pool.evaluate(Noisy(), numbered(2), 0)
        kills = 0

        def strike() -> None:
            nonlocal kills
            while kills < 5:
                time.sleep(chance.uniform(0.0, 0.4))
                try:
                    os.kill(int(chance.choice(pool.processes)), signal.SIGKILL)
                    kills += 1
                except (ProcessLookupError, ValueError):  # it has ended already, or all have
                    continue

        striker = threading.Thread(target=strike)
        striker.start()
        while striker.is_alive():
            assert same(pool.evaluate(Tired(), numbered(), 2), wanted)
        striker.join()
        assert same(pool.evaluate(Tired(), numbered(), 2), wanted)
    assert kills == 5


def test_a_worker_that_was_killed_while_idle_is_replaced_without_a_loss(pool: Pool) -> None:
    pool.evaluate(Judge(), numbered(), 0)
    number = pool.processes[0]
    os.kill(number, signal.SIGKILL)
    assert is_gone(number)
    assert pool.evaluate(Judge(), numbered(), 0).total.tolist() == list(range(48))
    assert number not in pool.processes


def test_an_evaluation_that_was_broken_off_leaves_nothing_to_the_next(pool: Pool) -> None:
    pool.evaluate(Judge(), numbered(2), 0)
    alarm = signal.signal(signal.SIGALRM, _break_off)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            pool.evaluate(Tired(), numbered(), 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, alarm)
    assert pool.evaluate(Learning(3.0), numbered(), 0).total.tolist() == list(range(3, 51))


def _break_off(*_: Any) -> None:
    raise KeyboardInterrupt


# Workers that cannot work at all


def test_a_fitness_that_no_worker_can_load_is_told_in_one_line_as_the_worker_says_it(
    pool: Pool,
) -> None:
    with pytest.raises(WorkersLostError) as told:
        pool.evaluate(Refusing(), numbered(), 0)
    assert str(told.value) == (
        "the fitness cannot be loaded in a worker process: ImportError: no such thing here; "
        "put its modules where Python finds them, or define it in the script itself"
    )
    assert pool.evaluate(Judge(), numbered(2), 0).total.tolist() == [0, 1]


def test_a_fitness_that_cannot_be_sent_is_told_in_one_line(pool: Pool) -> None:
    fitness = Learning(0.0)
    fitness.bonus = (i for i in range(3))  # type: ignore[assignment]
    with pytest.raises(WorkersLostError, match="the fitness cannot be sent to worker processes: "):
        pool.evaluate(fitness, numbered(), 0)


def test_processes_that_end_before_they_begin_are_given_up_after_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "TARGET", "os:_exit")  # with the pipe for a code: it fails
    monkeypatch.setattr(starts, "FAILED_STARTS", 3)
    with (
        Pool(1, SEED, CHUNK) as pool,
        pytest.raises(WorkersLostError, match="at least 3 worker processes in a row"),
    ):
        pool.evaluate(Judge(), numbered(), 0)


def test_processes_that_cannot_be_started_are_given_up_after_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(processes, "start_child", fail)
    monkeypatch.setattr(starts, "FAILED_STARTS", 3)
    with (
        Pool(1, SEED, CHUNK) as pool,
        pytest.raises(WorkersLostError, match="Resource temporarily unavailable"),
    ):
        pool.evaluate(Judge(), numbered(), 0)


def test_workers_that_all_die_before_anybody_is_scored_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evo.workers.scheduling.HOPELESS", 2)
    fitness = Failing(dies=tuple(range(48)))
    with (
        Pool(2, SEED, CHUNK) as pool,
        pytest.raises(WorkersLostError, match="the last with exit code 7"),
    ):
        pool.evaluate(fitness, numbered(), 0)


def test_a_run_whose_workers_are_lost_stops_in_one_line_and_can_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(workers={"count": 2}, stop={"generations": 6}, checkpoints={"every": 2})

    class Losing(Serial):
        def evaluate(self, fitness: Any, performers: Any, generation: int) -> Scores:
            if generation == 3:
                raise WorkersLostError("they are gone")
            return super().evaluate(fitness, performers, generation)

    def losing(workers: int, *arguments: Any) -> Losing:
        return Losing(*arguments[:2])

    alone = config.changed({"workers": {"count": 1}})
    wanted = start(tmp_path / "wanted", alone)
    with monkeypatch.context() as patch:
        patch.setattr(session, "Pool", losing)
        result = start(tmp_path / "lost", config)
    assert (result["status"], result["reason"]) == ("stopped", "they are gone")
    assert result["lost"]
    assert resume(tmp_path / "lost", workers={"count": 1})["digest"] == wanted["digest"]


def test_the_timeout_of_a_run_reaches_its_pool_and_may_change_at_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def noted(workers: int, seed: int, chunk_size: int, timeout: float) -> Serial:
        seen.append((workers, timeout))
        return Serial(seed, chunk_size)

    monkeypatch.setattr(session, "Pool", noted)
    config = configured(workers={"count": 2, "timeout": 9.0}, stop={"generations": 1})
    start(tmp_path / "run", config)
    resume(tmp_path / "run", workers={"timeout": 7}, stop={"generations": 2})
    assert seen == [(2, 9.0), (2, 7.0)]
    with pytest.raises(
        ValueError, match=r"workers\.timeout must be a number from 0 to 1,000,000,000, got -1"
    ):
        resume(tmp_path / "run", workers={"timeout": -1})


def test_a_run_from_before_there_was_a_timeout_goes_on_with_the_default(tmp_path: Path) -> None:
    start(tmp_path / "run", configured(stop={"generations": 2}))
    file = tmp_path / "run" / "config.toml"
    text = file.read_text()
    assert "timeout = 60.0\n" in text
    file.write_text(text.replace("timeout = 60.0\n", ""))
    result = resume(tmp_path / "run", stop={"generations": 3})
    assert (result["status"], result["generations"]) == ("finished", 3)
    assert "timeout = 60.0\n" in file.read_text()


# No process stays behind

_POOL = "from evo.workers.pool.pool import Pool\npool = Pool(1, 0, 8).__enter__()\n"


def test_the_processes_of_a_pool_are_gone_after_it_also_after_an_exception() -> None:
    before = set(multiprocess.active_children())
    started: list[int] = []

    def fail_inside() -> None:
        with Pool(2, SEED, CHUNK) as pool:
            started.extend(pool.processes)
            assert len(set(multiprocess.active_children()) - before) == 2
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert len(started) == 2
    assert all(is_gone(number, 0.1) for number in started)
    assert set(multiprocess.active_children()) == before


@pytest.mark.parametrize("ending", [
    "pass", "raise ValueError", "import sys; sys.exit(3)", "del pool",
    "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
])  # fmt: skip
def test_a_program_that_ends_without_leaving_its_pool_leaves_no_process(ending: str) -> None:
    ended = run_script(_POOL + f"print(*pool.processes, flush=True)\n{ending}\n")
    numbers = [int(number) for number in ended.stdout.split()]
    assert len(numbers) == 1
    assert is_gone(numbers[0])


@pytest.mark.parametrize("hanging", ["time.sleep(1000)", "sum(range(10**12))"])
def test_workers_go_with_a_parent_that_was_killed_whatever_they_are_doing(hanging: str) -> None:
    script = (
        "import os, threading, time\n"
        + _POOL
        + "class Hanging:\n"
        + "    def evaluate(self, performers, streams):\n"
        + "        print(os.getpid(), flush=True)\n"
        + f"        {hanging}\n"
        + "from genomes.grid.grids import Grids\n"
        + "import numpy as np\n"
        + "pool.evaluate(Hanging(), Grids(np.zeros((2, 4, 3), bool)), 0)\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert program.stdout is not None
    number = int(program.stdout.readline())
    program.kill()
    program.wait()
    program.stdout.close()
    assert is_gone(number)


def test_workers_that_are_still_being_started_go_with_their_parent() -> None:
    script = (
        "import sys\n"
        f"sys.path.append({str(HELPERS)!r})\n"
        "from evo.workers.pool import process\n"
        "process.TARGET = 'slow_import:work'\n" + _POOL + "import time\n" + "time.sleep(1000)\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert program.stdout is not None
    number = int(program.stdout.readline())  # it has begun to import
    program.kill()
    program.wait()
    program.stdout.close()
    assert is_gone(number)


def test_a_worker_whose_parent_was_gone_before_it_began_ends_before_it_imports_anything() -> None:
    script = (
        "import sys\n"
        f"sys.path.append({str(HELPERS)!r})\n"
        "from evo.core.platform import end_with_parent\n"
        "end_with_parent(1)\n"
        "import slow_import\n"
    )
    ended = run_script(script)
    assert (ended.returncode, ended.stdout) == (1, "")


def test_a_signal_to_the_whole_group_does_not_reach_the_workers() -> None:
    script = (
        "import os, signal, time\n"
        "from evo.core.interrupt import Interrupts\n"
        "from evo.workers.pool.pool import Pool\n"
        "with Interrupts() as interrupts, Pool(2, 0, 8) as pool:\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "    time.sleep(0.5)\n"
        "    for number in pool.processes:\n"
        "        os.kill(number, 0)\n"
        "    print(len(pool.processes), interrupts.received.name)\n"
    )
    ended = run_script(script)
    assert (ended.stdout, ended.stderr) == ("2 SIGINT\n", "")


# Files of the user's own beside the run


@pytest.mark.parametrize("where", [("--workers", "2"), ("--cluster", "local:2")])
def test_a_file_that_is_called_like_a_module_does_no_harm_to_workers(
    tmp_path: Path, where: tuple[str, str]
) -> None:
    """As the installed command does, whose own path does not begin with the current folder."""
    if where[0] == "--cluster":
        pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    command = tmp_path / "bin" / "evo"
    command.parent.mkdir()
    command.write_text("from evo.cli.main import main\nif __name__ == '__main__':\n    main()\n")
    folder = tmp_path / "my music"
    folder.mkdir()
    for name in ("random", "queue", "tempfile", "selectors", "signal", "socket"):
        (folder / f"{name}.py").write_text("raise RuntimeError('this is mine')\n")
    ended = subprocess.run(
        [sys.executable, str(command), "run", "xor", "--population", "20", "--generations", "2",
         "--set", "stop.solved=false", *where, "--out", "run"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
        env=pictureless(),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
    assert "this is mine" not in ended.stdout


def test_modules_of_the_current_folder_are_found_in_workers_but_not_in_place_of_others(
    tmp_path: Path,
) -> None:
    """As in a notebook, whose path begins with the current folder."""
    (tmp_path / "my_fitness.py").write_text(
        "from evo.fitness.xor import Xor\nclass Mine(Xor):\n    pass\n"
    )
    (tmp_path / "statistics.py").write_text("raise RuntimeError('this is mine')\n")
    script = (
        "import statistics, sys\n"
        "sys.path.insert(0, '')\n"
        "from my_fitness import Mine\n"
        "from evo.workers.pool.pool import Pool\n"
        f"sys.path.append({str(HELPERS)!r})\n"
        "from breeding import network\n"
        "with Pool(1, 0, 8) as pool:\n"
        "    scores = pool.evaluate(Mine(), network(2, 1, [(-1, 0, 1.0)]), 0)\n"
        "    print(scores.failures())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("{}\n", "")


# Scripts and notebooks

_UNGUARDED = """
import numpy as np
from evo.core.scores import Scores
from evo.workers.pool.pool import Pool
from genomes.grid.grids import Grids

print("once")
bonus = 0.5

def count(grids):
    return grids.notes.sum(axis=(1, 2))

class Loud:
    reusable = True
    def evaluate(self, performers, streams):
        return Scores.of(count(performers) + bonus)

cells = np.arange(24).reshape(2, 4, 3) % 5 == 0
with Pool(2, 0, 8) as pool:
    print(pool.evaluate(Loud(), Grids(cells), 0).total.tolist())
    bonus = 1.5
    print(pool.evaluate(Loud(), Grids(cells), 0).total.tolist())
"""


@pytest.mark.parametrize("way", ["file", "standard input"])
def test_a_script_without_a_guard_scores_by_a_fitness_of_its_own(way: str, tmp_path: Path) -> None:
    if way == "file":
        (tmp_path / "script.py").write_text(_UNGUARDED)
        ended = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    else:
        ended = run_script(_UNGUARDED, stdin=True)
    assert (ended.stdout, ended.stderr) == ("once\n[3.5, 2.5]\n[4.5, 3.5]\n", "")


def test_a_script_without_a_guard_may_start_a_run_with_workers(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        f"sys.path.append({str(HELPERS)!r})\n"
        "from pathlib import Path\n"
        "from running import configured, start\n"
        "print('once')\n"
        "config = configured(workers={'count': 2}, stop={'generations': 2})\n"
        f"print(start(Path({str(tmp_path / 'run')!r}), config)['status'])\n"
    )
    ended = run_script(script)
    assert (ended.stdout, ended.stderr) == ("once\nfinished\n", "")
