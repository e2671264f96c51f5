"""The processes of a batch's runs: forks of one launcher, or a new process for each run.

Importing everything takes longer than a small run. So a launcher (`evo.runs.batch_launcher`)
imports it once, and forks a process for each run. A fork is a copy: nothing that a run changes in
its process reaches another run, and a crash ends that process alone. Without forks that end with
their parent (`evo.core.platform.can_fork`), each run has a new process
(`evo.runs.batch_worker`).
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO, NamedTuple, Protocol

from evo.core.platform import can_fork

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PAUSE = 0.02  # seconds between polls of the processes
_GRACE = 3.5  # seconds for interrupted runs to write their checkpoints


class Ended(NamedTuple):
    """How the process of a run ended.

    Attributes:
        seed: The run's seed.
        code: Exit code; minus the number of the signal that ended it.
        printed: The lines printed for the user.
        error: The last line of standard error, or "".
    """

    seed: int
    code: int
    printed: list[str]
    error: str


class Processes(Protocol):
    """The processes of a batch's runs."""

    @property
    def working(self) -> list[int]:
        """Seeds of the runs whose processes have not ended."""

    def begin(self, seed: int) -> None:
        """Begin the run of a seed.

        Raises:
            OSError: If the system cannot start a process.
        """

    def ended(self) -> list[Ended]:
        """Return the processes that have ended since the last call, after a short wait.

        Raises:
            OSError: If the system could not start one of them.
        """

    def stop(self) -> None:
        """Interrupt all processes, and kill those that exceed the grace period."""


def processes_of(folder: os.PathLike[str], given: str) -> Processes:
    """Return the processes of a batch; none has begun.

    Args:
        folder: The batch's folder.
        given: Options of this command that are not stored, as JSON.
    """
    kind = ForkedProcesses if can_fork() else NewProcesses
    return kind(os.fspath(folder), given)


def _lines(file: BinaryIO) -> list[str]:
    """Return the lines of a process's output."""
    file.seek(0)
    return file.read().decode(errors="replace").splitlines()


def last_line(file: BinaryIO) -> str:
    """Return the last line of a process's standard error that is not empty, or ""."""
    file.seek(0)
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def outcome(seed: int, code: int, messages: BinaryIO, errors: BinaryIO) -> Ended:
    """Return how the process of a run ended.

    Args:
        seed: The run's seed.
        code: Exit code.
        messages: Its standard output.
        errors: Its standard error.
    """
    return Ended(seed, code, _lines(messages), last_line(errors))


def _python(module: str, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start a Python process in a new session: Ctrl-C in a terminal reaches only the batch."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE, start_new_session=True,
        env=dict.fromkeys(THREAD_VARIABLES, "1") | dict(os.environ), **options,
    )  # fmt: skip


class _NewProcess:
    """The process of one run."""

    def __init__(self, folder: str, seed: int, given: str) -> None:
        with ExitStack() as stack:
            self.seed = seed
            self._errors = stack.enter_context(tempfile.TemporaryFile())
            self._messages = stack.enter_context(tempfile.TemporaryFile())
            self.popen = _python(
                "evo.runs.batch_worker", folder, str(seed), given,
                stdout=self._messages, stderr=self._errors,
            )  # fmt: skip
            self._files = stack.pop_all()

    def close(self) -> Ended:
        """Return how it ended, and close its files."""
        assert self.popen.stdin is not None
        self.popen.stdin.close()
        with self._files:
            return outcome(self.seed, self.popen.returncode, self._messages, self._errors)


class NewProcesses:
    """A new process for each run; see `Processes`."""

    def __init__(self, folder: str, given: str) -> None:
        self._folder, self._given = folder, given
        self._processes: list[_NewProcess] = []

    @property
    def working(self) -> list[int]:
        """Seeds of the runs whose processes have not ended."""
        return [process.seed for process in self._processes]

    def begin(self, seed: int) -> None:
        """Begin the run of a seed."""
        self._processes.append(_NewProcess(self._folder, seed, self._given))

    def ended(self) -> list[Ended]:
        """Return the processes that have ended since the last call."""
        found = [one for one in self._processes if one.popen.poll() is not None]
        if not found:
            time.sleep(_PAUSE)
        self._processes = [one for one in self._processes if one not in found]
        return [process.close() for process in found]

    def stop(self) -> None:
        """Interrupt all processes, and kill those that exceed the grace period."""
        for process in self._processes:
            if process.popen.poll() is None:
                process.popen.terminate()
        deadline = time.monotonic() + _GRACE
        while self._processes:
            process = self._processes.pop()
            try:
                process.popen.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:  # it resumes from its last checkpoint
                process.popen.kill()
                process.popen.wait()
            process.close()


class _Launcher:
    """The launcher's process, and the pipes to it."""

    def __init__(self, folder: str, given: str) -> None:
        with ExitStack() as stack:
            self._errors = stack.enter_context(tempfile.TemporaryFile())
            # Nothing is written to this pipe. The runs see its end when this process is dead.
            inherited, self._life = os.pipe()
            stack.callback(os.close, self._life)
            try:
                self.popen = _python(
                    "evo.runs.batch_launcher", folder, given, str(inherited),
                    stdout=subprocess.PIPE, stderr=self._errors, pass_fds=[inherited],
                )  # fmt: skip
            finally:
                os.close(inherited)
            stack.callback(self._end)
            self._files = stack.pop_all()
        self._rest = b""

    def send(self, *message: Any) -> None:
        """Send a message; one to a dead launcher is lost."""
        assert self.popen.stdin is not None
        with suppress(BrokenPipeError):
            self.popen.stdin.write(json.dumps(message).encode() + b"\n")
            self.popen.stdin.flush()

    def receive(self, seconds: float) -> list[Any] | None:
        """Return the messages that have come, after some seconds at most; None at the end."""
        assert self.popen.stdout is not None
        file = self.popen.stdout.fileno()
        if not select.select([file], [], [], max(0.0, seconds))[0]:
            return []
        content = os.read(file, 1 << 20)
        *lines, self._rest = (self._rest + content).split(b"\n")
        return [json.loads(line) for line in lines] if content else None

    def close(self, is_killed: bool = False) -> tuple[int, str]:
        """Let it end after its runs, or kill it with them.

        Returns:
            Its exit code, and the last line of its standard error.
        """
        if is_killed:
            self.popen.kill()
        self._end()
        text = last_line(self._errors)
        self._files.close()
        return self.popen.returncode, text

    def _end(self) -> None:
        for file in (self.popen.stdin, self.popen.stdout):
            assert file is not None
            with suppress(BrokenPipeError):
                file.close()
        self.popen.wait()


class ForkedProcesses:
    """Forks of a launcher, one for each run; see `Processes`.

    If the launcher dies, its forks die with it. The next run gets a new launcher.
    """

    def __init__(self, folder: str, given: str) -> None:
        self._folder, self._given = folder, given
        self._launcher: _Launcher | None = None
        self._working: list[int] = []

    @property
    def working(self) -> list[int]:
        """Seeds of the runs whose processes have not ended."""
        return list(self._working)

    def begin(self, seed: int) -> None:
        """Begin the run of a seed."""
        if self._launcher is None:
            self._launcher = _Launcher(self._folder, self._given)
        self._launcher.send("begin", seed)
        self._working.append(seed)

    def ended(self) -> list[Ended]:
        """Return the processes that have ended since the last call."""
        return self._received(_PAUSE)

    def _received(self, seconds: float) -> list[Ended]:
        if self._launcher is None:
            return []
        messages = self._launcher.receive(seconds)
        if messages is None:
            code, text = self._launcher.close()
            self._launcher = None
            found = [Ended(seed, code, [], text) for seed in self._working]
            self._working = []
            return found
        found = []
        for seed, code, *texts in messages:
            self._working.remove(seed)
            if not texts:  # the number of an error
                raise OSError(code, os.strerror(code))
            found.append(Ended(seed, code, *texts))
        return found

    def stop(self) -> None:
        """Interrupt all processes, and kill those that exceed the grace period."""
        if self._launcher is None:
            return
        self._launcher.send("interrupt")
        deadline = time.monotonic() + _GRACE
        while self._working and time.monotonic() < deadline:
            with suppress(OSError):  # a process that could not be started has ended, too
                self._received(deadline - time.monotonic())
        if self._launcher is not None:
            # Killed runs resume from their last checkpoints.
            self._launcher.close(is_killed=bool(self._working))
        self._launcher, self._working = None, []
