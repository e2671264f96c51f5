"""Everything works on operating systems that lack some functions."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from platforms import PARTS, reload_without

from evo.core import interrupt, platform
from evo.core.errors import InputError
from evo.core.interrupt import Interrupted, Interrupts


@pytest.fixture(params=[None, *PARTS], ids=["nothing", *PARTS])
def hidden(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Yield the part that this operating system lacks, or None."""
    if request.param is not None:
        reload_without(request.param)
    yield request.param
    reload_without()


def test_signals_are_blocked_inside_and_as_before_outside(hidden: str | None) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with platform.signals_blocked():
        inside = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        assert hidden == "pthread_sigmask" or inside >= set(platform.ENDING_SIGNALS)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_a_call_comes_later_and_breaks_off_what_goes_on_unless_it_is_cancelled(
    hidden: str | None,
) -> None:
    def fail() -> None:
        raise KeyError

    before = signal.getsignal(signal.SIGINT)
    cancel = platform.call_later(0.05, fail)
    with pytest.raises(KeyError):
        time.sleep(60)
    cancel()
    platform.call_later(0.05, fail)()
    time.sleep(0.2)
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


@pytest.mark.parametrize("number", platform.ENDING_SIGNALS)
def test_after_a_signal_what_takes_too_long_is_broken_off(
    hidden: str | None, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(interrupt, "GRACE", 0.05)
    ignored = signal.getsignal(number) is signal.SIG_IGN  # SIGHUP, where the tests run under nohup
    if ignored:
        signal.signal(number, signal.SIG_DFL)
    before = [signal.getsignal(one) for one in platform.ENDING_SIGNALS]
    interrupts = Interrupts()

    def work() -> None:
        with interrupts:
            signal.raise_signal(number)
            time.sleep(60)

    with pytest.raises(Interrupted):
        work()
    assert interrupts.received == number
    assert [signal.getsignal(one) for one in platform.ENDING_SIGNALS] == before
    if ignored:
        signal.signal(number, signal.SIG_IGN)


def test_under_nohup_a_closed_terminal_ends_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGHUP)
        assert interrupts.received is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_there_are_no_signals_and_no_harm() -> None:
    script = (
        "import threading\n"
        "from evo.core.interrupt import Interrupts\n"
        "def work():\n"
        "    with Interrupts() as interrupts:\n"
        "        print(interrupts.received)\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("None\n", "")


def test_a_file_is_waited_for_until_it_can_be_read_or_written(hidden: str | None) -> None:
    reading, writing = os.pipe()
    try:
        assert platform.wait_for_files([reading], [], 0.01) == set()
        assert platform.wait_for_files([reading], [writing], 60.0) == {writing}
        os.write(writing, b"some words")
        assert platform.wait_for_files([reading], [writing], 60.0) == {reading, writing}
        buffer = bytearray(20)
        assert platform.read_into(reading, memoryview(buffer)) == 10
        assert bytes(buffer) == b"some words" + bytes(10)
        os.close(writing)
        writing = -1
        assert platform.wait_for_files([reading], [], 60.0) == {reading}
        assert platform.read_into(reading, memoryview(buffer)) == 0
    finally:
        for descriptor in (reading, writing):
            if descriptor >= 0:
                os.close(descriptor)


def test_another_process_is_seen_to_hold_a_lock_where_the_system_tells(
    hidden: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "lock"
    with path.open("w") as holder, path.open() as looker:
        assert not platform.is_locked(looker.fileno())
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert platform.is_locked(looker.fileno()) is (hidden != "fcntl")
        fcntl.flock(holder, fcntl.LOCK_UN)
        assert not platform.is_locked(looker.fileno())
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the look left no lock behind


def test_memory_and_waiting_are_told_or_taken_for_none(hidden: str | None) -> None:
    assert platform.total_memory() > 1 << 28
    assert platform.processor_wait() >= 0
    assert platform.processor_wait(os.getpid()) >= platform.processor_wait()
    assert platform.processor_wait(2**22 + 1) == 0  # no such process


_SCRIPT = """
import os
import sys
import time
sys.path.append({helpers!r})
from platforms import PARTS, reload_without
reload_without(*PARTS)
from breeding import joined, network
from judges import Failing
from evo.workers.pool import process
from evo.workers.pool.pool import Pool
process.TARGET = "platform_hidden:work"
performers = joined([network(1, 1, [(-1, 0, float(i))]) for i in range(24)])
with Pool(2, 0, 8, timeout=0.5) as pool:
    scores = pool.evaluate(Failing(dies=(3.0,), raises=(5.0,), hangs=(9.0,)), performers, 0)
    print(sorted(scores.failures().items()), int(scores.ok.sum()), flush=True)
    print(*pool.processes, flush=True)
    if {is_killed!r}:
        os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_pool_works_without_all_of_it_and_leaves_no_process(is_killed: bool) -> None:
    helpers = str(Path(__file__).parents[2] / "helpers")
    script = _SCRIPT.format(helpers=helpers, is_killed=is_killed)
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, start_new_session=True,
        check=False,
    )  # fmt: skip
    scores, numbers = ended.stdout.splitlines()
    assert scores == "[('crash', 1), ('error', 1), ('timeout', 1)] 21"
    assert ended.returncode == (-9 if is_killed else 0)
    for number in numbers.split():
        while Path(f"/proc/{number}").exists():
            time.sleep(0.02)


def test_on_windows_a_pool_says_in_one_line_that_it_cannot_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from evo.workers.pool.pool import Pool

    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(InputError, match="use one worker") as told:
        Pool(2, 0, 8)
    assert "\n" not in str(told.value)


def test_a_process_is_killed_with_its_parent_and_ends_at_once_if_that_is_gone() -> None:
    script = (
        "import ctypes, os\n"
        "from evo.core.platform import kill_with_parent\n"
        "assert kill_with_parent(os.getppid())\n"
        "number = ctypes.c_int()\n"
        "ctypes.CDLL(None).prctl(2, ctypes.byref(number))  # PR_GET_PDEATHSIG\n"
        "print(number.value, flush=True)\n"
        "kill_with_parent(2**22 + 1)\n"
        "print('not reached')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == (f"{int(signal.SIGKILL)}\n", "")
    assert ended.returncode == 1
