"""Evaluation on a cluster, beyond the contract in `test_workers.py`."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from breeding import joined, network
from click.testing import CliRunner
from disturbing import session_of
from judges import Failing, Hanging, Judge, Learning, Loading, Noisy, Refusing
from running import (
    Watcher,
    begin_interpreter,
    configured,
    outcome,
    resume,
    start,
    wait_for_generations,
)

from evo.cli.main import main
from evo.core.errors import InputError, RunInterruptedError, WorkersLostError
from evo.core.interrupt import Interrupted, Interrupts
from evo.core.scores import Scores, Status
from evo.runs import session
from evo.workers.cluster.address import Address, is_external, parse_address
from evo.workers.failures import crashed, too_late
from evo.workers.serial import Serial
from genomes.network.networks import Networks

SEED, CHUNK = 21, 7

# A scheduler and a worker in one process, without encryption, on this machine. The argument is the
# kind of worker.
CLUSTER = """
import asyncio
import sys
from distributed import Scheduler, Worker

class Older(Worker):
    def versions(self, packages=None):
        found = super().versions(packages=packages)
        found["packages"]["kuznechik"] = "0.0.7"
        return found

async def serve(kind):
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address=":0") as scheduler:
        async with kind(scheduler.address, nthreads=1):
            print(scheduler.address, flush=True)
            await scheduler.finished()

asyncio.run(serve({"worker": Worker, "older": Older}[sys.argv[1]]))
"""


def numbered(count: int = 24) -> Networks:
    """Return networks: individual i has the weight i."""
    return joined([network(1, 1, [(-1, 0, float(i))]) for i in range(count)])


def same(one: Scores, other: Scores) -> bool:
    return one.total.tobytes() == other.total.tobytes() and one.reasons == other.reasons


def evo(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(main, arguments)
    return ended.exit_code, ended.output


# Addresses


@pytest.mark.parametrize(("text", "wanted"), [
    ("local:4", Address(workers=4)),
    ("tls://music.example:8786", Address(url="tls://music.example:8786")),
    ("tcp://127.0.0.1:8786", Address(url="tcp://127.0.0.1:8786")),
    ("tcp://[::1]:8786", Address(url="tcp://[::1]:8786")),
    ("localhost:8786", Address(url="tcp://localhost:8786")),
])  # fmt: skip
def test_an_address_is_local_workers_or_a_scheduler(text: str, wanted: Address) -> None:
    assert parse_address(text) == wanted


@pytest.mark.parametrize("text", [
    "tcp://10.0.0.7:8786", "10.0.0.7:8786", "tcp://music.example:8786", "tcp://0.0.0.0:8786",
    "tcp://127.0.0.1.example:8786", "tcp://[fe80::1]:8786", "tcp://localhost.example:8786",
])  # fmt: skip
def test_a_scheduler_elsewhere_without_tls_is_refused_unless_that_is_wanted(text: str) -> None:
    with pytest.raises(ValueError, match=r"without TLS, anyone .* tls://.* or give --insecure"):
        parse_address(text)
    assert parse_address(text, insecure=True).url.endswith(text.removeprefix("tcp://"))


@pytest.mark.parametrize("text", [
    "local", "local:", "local:0", "local:-1", "local:two", "local:1001", "inproc://1", "ws://a:1",
    "tls://music.example", "tls://:8786", "tls://a:b", "tls://a:99999", "tls://a:1/x",
    "tls://127.0.0.1:1@a:8786", "tcp://", "8786", "tls://a:0",
])  # fmt: skip
def test_what_is_no_address_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"write local:4, tls://HOST:8786 or tcp://"):
        parse_address(text, insecure=True)


@pytest.mark.parametrize(("text", "wanted"), [
    ("", False), ("local:4", False), ("local:none", False), ("tls://music.example:8786", True),
    ("tcp://127.0.0.1:8786", True), ("localhost:8786", True), ("tcp://10.0.0.7:8786", True),
    ("inproc://1", True), ("localhost", True), (" local:4", True), ("LOCAL:4", True),
])  # fmt: skip
def test_who_would_be_connected_to_is_told_from_what_is_started_here(
    text: str, wanted: bool
) -> None:
    assert is_external(text) is wanted


@pytest.mark.parametrize(("options", "said"), [
    (("--cluster", "tcp://10.0.0.7:8786"), "--insecure"),
    (("--cluster", "local:none"), "write local:4"),
    (("--cluster", "local:2", "--workers", "4"), "leave one of --workers and --cluster out"),
    (("--cluster", "loca:2"), "write local:4"),
    (("--set", "workers.cluster=10.0.0.7:1"), "--insecure"),
])  # fmt: skip
def test_a_wrong_cluster_is_refused_in_one_line_and_leaves_nothing(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    code, output = evo("run", "xor", "--out", str(tmp_path / "run"), *options)
    assert (code, output.count("\n")) == (2, 1)
    assert said in output
    assert not (tmp_path / "run").exists()


def test_without_dask_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evo.workers.cluster.address.find_spec", lambda name: None)
    code, output = evo("run", "xor", "--out", str(tmp_path / "run"), "--cluster", "local:2")
    assert (code, output.count("\n")) == (2, 1)
    assert "pip install 'kuznechik[cluster]'" in output


# On two local workers


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(1200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_workers_that_die_cost_the_culprits_their_score_and_nobody_else(
    local_cluster: Any,
) -> None:
    judge = Failing(dies=(1.0,), raises=(5.0,), nan=(6.0,))
    scores = local_cluster.evaluate(judge, numbered(), 0)
    assert scores.failures() == {"nan": 1, "error": 1, "crash": 1}
    assert scores.status[[1, 5, 6]].tolist() == [Status.CRASH, Status.ERROR, Status.NAN]
    assert scores.reasons[1] == crashed().reasons[0]
    others = [i for i in range(24) if i not in (1, 5, 6)]
    assert scores.total[others].tolist() == others
    again = local_cluster.evaluate(Noisy(), numbered(), 3)
    assert same(again, Serial(SEED, CHUNK).evaluate(Noisy(), numbered(), 3))


def test_who_hangs_is_ended_and_failed_as_late_and_nobody_else(
    local_cluster: Any,
) -> None:
    local_cluster.evaluate(Judge(), numbered(), 0)
    scores = local_cluster.evaluate(Hanging(13.0), numbered(), 0)
    assert scores.failures() == {"timeout": 1}
    assert scores.reasons == {13: too_late(1.0).reasons[0]}
    assert scores.total[scores.ok].tolist() == [i for i in range(24) if i != 13]


def test_a_fitness_that_does_not_load_or_travel_is_told_in_one_line(local_cluster: Any) -> None:
    with pytest.raises(WorkersLostError, match="loaded in a worker process: ImportError: no such"):
        local_cluster.evaluate(Refusing(), numbered(), 0)
    fitness = Learning(0.0)
    fitness.bonus = (i for i in range(3))  # type: ignore[assignment]
    with pytest.raises(WorkersLostError, match="the fitness cannot be sent to worker processes: "):
        local_cluster.evaluate(fitness, numbered(), 0)
    assert local_cluster.evaluate(Judge(), numbered(), 0).ok.all()


def test_a_worker_killed_from_outside_is_replaced_without_a_loss(
    local_cluster: Any, cluster_parts: Any
) -> None:
    nannies = cluster_parts.local.nannies
    for generation in range(3):
        os.kill(next(nanny.pid for nanny in nannies if nanny.pid is not None), signal.SIGKILL)
        scores = local_cluster.evaluate(Noisy(), numbered(), generation)
        assert same(scores, Serial(SEED, CHUNK).evaluate(Noisy(), numbered(), generation))


def test_nothing_grows_with_the_generations(local_cluster: Any, cluster_parts: Any) -> None:
    fitness = Learning(0.0)
    for generation in range(10):
        fitness.bonus = float(generation)
        local_cluster.evaluate(fitness, numbered(), generation)
    # What is left is the fitness, at each of two workers.
    assert eventually(lambda: len(cluster_parts.client.futures) <= 2)
    assert eventually(lambda: len(cluster_parts.local.scheduler.tasks) <= 2)


def test_loading_kernels_for_longer_than_the_limit_of_an_individual_fails_nobody(
    local_cluster: Any,
) -> None:
    scores = local_cluster.evaluate(Loading(2.0), numbered(), 0)
    assert scores.failures() == {}
    assert scores.total.tolist() == list(range(24))


def test_a_local_cluster_listens_on_this_machine_alone_and_serves_no_pages(
    local_cluster: Any, cluster_parts: Any
) -> None:
    psutil = pytest.importorskip("psutil")
    local_cluster.evaluate(Judge(), numbered(), 0)
    here = psutil.Process()
    listening = [
        (process.pid, one.laddr)
        for process in (here, *here.children(recursive=True))
        if process.status() != psutil.STATUS_ZOMBIE
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for _, address in listening} <= {"127.0.0.1"}
    # The scheduler and, with each worker, its nanny: each the one port that Dask talks through.
    local = cluster_parts.local
    known = {int(local.scheduler.address.rpartition(":")[2])}
    known |= {int(nanny.address.rpartition(":")[2]) for nanny in local.nannies}
    known |= {int(name.rpartition(":")[2]) for name in local.scheduler.workers}
    assert {address.port for _, address in listening} == known


def test_local_workers_go_with_a_parent_that_was_killed_even_if_they_hang() -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    script = (
        "import os, sys\n"
        f"sys.path.append({str(Path(__file__).parents[2] / 'helpers')!r})\n"
        "from breeding import network\n"
        "from evo.workers.cluster.address import Address\n"
        "from evo.workers.cluster.cluster import Cluster\n"
        "class Hanging:\n"
        "    def evaluate(self, performers, streams):\n"
        "        print(os.getpid(), flush=True)\n"
        "        sum(range(10**12))\n"
        "with Cluster(Address(workers=1), 0, 8) as cluster:\n"
        "    cluster.evaluate(Hanging(), network(2, 1, [(-1, 0, 1.0)]), 0)\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert program.stdout is not None
    number = int(program.stdout.readline())
    others = set(session_of(program.pid))
    program.kill()
    program.wait()
    program.stdout.close()
    assert number in others
    assert eventually(lambda: not session_of(program.pid))


def test_a_signal_ends_a_run_on_a_local_cluster_and_all_its_processes(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    path = tmp_path / "run"
    process = begin_interpreter(
        "run", "xor", "--population", "20", "--generations", "100000", "--cluster", "local:2",
        "--set", "stop.solved=false", "--out", str(path),
    )  # fmt: skip
    wait_for_generations(process, path, 3)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in output) == (130, False)
    assert eventually(lambda: not session_of(process.pid))


def test_local_workers_that_cannot_be_ended_well_are_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    import clusters
    from distributed import Nanny

    from evo.workers.cluster.cluster import Cluster

    async def close(nanny: Nanny, **options: Any) -> None:
        await asyncio.sleep(1000)

    ours = Cluster(Address(workers=2), SEED, CHUNK)
    with clusters.started(ours) as parts:
        ours.evaluate(Judge(), numbered(), 0)
        workers = [nanny.pid for nanny in parts.local.nannies]
        (folder,) = {
            one
            for nanny in parts.local.nannies
            for one in Path(nanny.local_directory).parents
            if one.name.startswith("evo-cluster-")
        }
        assert folder.is_dir()
        monkeypatch.setattr(Nanny, "close", close)
    assert len(workers) == 2
    for number in workers:
        assert eventually(lambda number=number: not is_alive(number))
    assert not folder.exists()


def is_alive(number: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_server_of_forks_is_tied_to_its_parent_and_passes_on_what_its_parent_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from evo.workers.cluster import forkserver

    tied: list[Any] = []
    monkeypatch.setattr(forkserver, "kill_with_parent", tied.append)
    monkeypatch.setattr(os, "register_at_fork", lambda **given: tied.append(given))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    forkserver.tie(f'[{os.getppid()}, {{"PYTHONSAFEPATH": null}}]')
    assert tied == [os.getppid(), {"after_in_child": forkserver.kill_with_parent}]
    assert "PYTHONSAFEPATH" not in os.environ


def test_a_generation_that_takes_long_can_be_left(local_cluster: Any, cluster_parts: Any) -> None:
    with Interrupts():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            local_cluster.evaluate(Hanging(3.0), numbered(), 0)
    # What it was at is still at it: it is restarted, as at the end of a run.
    for nanny in cluster_parts.local.nannies:
        os.kill(nanny.pid, signal.SIGKILL)
    assert local_cluster.evaluate(Judge(), numbered(), 0).ok.all()


# A scheduler that runs already


@pytest.fixture(params=["worker"])
def elsewhere(request: pytest.FixtureRequest) -> "Iterator[tuple[str, subprocess.Popen[str]]]":
    """Yield the address and the process of a scheduler with one worker."""
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER, request.param],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield process.stdout.readline().strip(), process
    process.kill()
    process.wait()


class Ending(Watcher):
    """Kills a process after some generations."""

    def __init__(self, process: "subprocess.Popen[str]", after: int) -> None:
        super().__init__()
        self._process, self._after = process, after

    def record(self, record: dict[str, Any]) -> None:
        super().record(record)
        if len(self.records) == self._after:
            self._process.kill()


def test_a_run_whose_scheduler_goes_away_says_so_and_goes_on_without_a_difference(
    tmp_path: Path,
    elsewhere: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import clusters

    address, process = elsewhere
    wanted = outcome(tmp_path / "alone", start(tmp_path / "alone", configured()))
    path = tmp_path / "lost"
    with caplog.at_level(logging.DEBUG):
        result = start(path, configured(workers={"cluster": address}), Ending(process, 4))
    assert (result["status"], result["generations"], result["lost"]) == ("stopped", 4, True)
    assert result["reason"].startswith(f"the scheduler of cluster {address} is gone")
    assert "\n" not in result["reason"]
    assert not [record for record in caplog.records if record.name.startswith("distributed")]
    # It is not there at the resume either, which changes nothing; then it goes on without.
    clusters.answer_within(monkeypatch.setattr, 0.5)
    with pytest.raises(ValueError, match="no scheduler answers there"):
        resume(path, workers={"cluster": address})
    watcher = Watcher()
    assert outcome(path, resume(path, watcher)) == wanted
    assert "a cluster evaluated this run until now; it resumes without" in watcher.messages[0]


@pytest.mark.parametrize("elsewhere", ["older"], indirect=True)
def test_a_worker_of_another_version_is_not_used_and_named(
    elsewhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import clusters

    from evo.workers.cluster import cluster

    address, _ = elsewhere
    clock = clusters.clock_of(monkeypatch.setattr, cluster)
    said: list[str] = []

    def show_message(text: str) -> None:
        said.append(text)
        clock.ahead = 61.0  # no other worker is waited for

    with (
        pytest.raises(ValueError, match="no usable worker within"),
        cluster.Cluster(parse_address(address), SEED, CHUNK, show_message=show_message),
    ):
        pass
    assert len(said) == 1
    assert "is not used, it has kuznechik 0.0.7, this machine has" in said[0]


@pytest.mark.parametrize(("changes", "problem"), [
    ({}, None),
    ({"packages": {"kuznechik": None}}, "has no kuznechik; run there: pip install"),
    ({"packages": {}}, "has no kuznechik"),
    ({"packages": {"kuznechik": "9.0"}}, "has kuznechik 9.0, this machine has"),
    ({"host": {"python": "3.8.1.final.0"}}, "has Python 3.8, this machine has"),
])  # fmt: skip
def test_who_has_not_the_same_versions_is_told_what_is_missing(
    changes: dict[str, Any], problem: str | None
) -> None:
    versions = pytest.importorskip("distributed.versions", reason="the extra is not installed")
    from evo.workers.cluster.connection import version_problem

    found = version_problem(versions.get_versions(packages=["kuznechik"]) | changes)
    assert found is None if problem is None else (found or "").startswith(problem)


def test_tls_without_certificates_is_said_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    arguments = ("--cluster", "tls://127.0.0.1:1", "--out", str(tmp_path / "run"))
    code, output = evo("run", "xor", *arguments)
    assert (code, output.count("\n")) == (2, 1)
    assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in output
    assert not (tmp_path / "run").exists()


# A run whose evaluator gives up


@pytest.mark.parametrize("error", [Interrupted(), WorkersLostError("gone")])
def test_a_generation_that_was_given_up_is_evaluated_at_the_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    class GivingUp(Serial):
        def evaluate(self, fitness: Any, performers: Any, generation: int) -> Scores:
            if generation == 7:
                os.kill(os.getpid(), signal.SIGINT)
                raise error
            return super().evaluate(fitness, performers, generation)

    wanted = outcome(tmp_path / "alone", start(tmp_path / "alone", configured()))
    path = tmp_path / "left"
    with monkeypatch.context() as patch:
        patch.setattr(session, "Serial", GivingUp)
        result = start(path, configured())
    assert (result["status"], result["generations"]) == ("stopped", 7)
    watcher = Watcher()
    assert outcome(path, resume(path, watcher)) == wanted
    assert watcher.first == 7


def test_a_resume_whose_cluster_is_not_there_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start(path, configured(stop={"generations": 3}))

    def content() -> dict[Path, bytes]:
        return {one: one.read_bytes() for one in path.rglob("*") if one.is_file()}

    before = content()
    with pytest.raises((InputError, ValueError)):
        resume(path, stop={"generations": 12}, workers={"cluster": "tls://127.0.0.1:1"})
    assert content() == before
    # Nothing is left to breed: the cluster is not asked for.
    assert resume(path, workers={"cluster": "tls://127.0.0.1:1"})["status"] == "finished"


class Lost(Serial):
    """Workers that are lost while they are entered, or left."""

    entering = True

    def __enter__(self) -> "Lost":
        if self.entering:
            raise WorkersLostError("nobody came")
        return self

    def __exit__(self, *exception: object) -> None:
        raise WorkersLostError("gone before they were left")


def test_workers_lost_before_and_after_all_generations_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "Serial", Lost)
    path = tmp_path / "run"
    with pytest.raises(RunInterruptedError, match=r"^nobody came. Run: evo resume ") as told:
        start(path, configured())
    assert "\n" not in str(told.value)
    monkeypatch.setattr(Lost, "entering", False)
    assert resume(path)["status"] == "finished"
