"""Processes that are forked from the tests' own process, which has imported everything.

A new interpreter imports numpy, numba and matplotlib, which takes more time than most tests' work.
Where a test needs a process (which ends by a signal, or writes to a full disk) and not a new
interpreter, it forks one.
"""

import atexit
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

IGNORED = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


class Forked:
    """A running process, with what tests use of `subprocess.Popen`.

    Attributes:
        pid: Number of the process.
        returncode: As that of `subprocess`; None while the process runs.
    """

    def __init__(self, pid: int, output: Any, errors: Any) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._files = (output, errors)

    def poll(self) -> int | None:
        """Return the exit code if the process has ended."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float = 120.0) -> int:
        """Return the exit code when the process has ended."""
        last = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > last:
                self.kill()
                raise subprocess.TimeoutExpired("a forked process", timeout)
            time.sleep(0.002)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float = 120.0) -> tuple[str, str]:
        """Return all output and all errors, when the process has ended."""
        self.wait(timeout)
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read().decode())
        return texts[0], texts[1]

    def send_signal(self, number: int) -> None:
        """Send a signal, if the process has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process as the system would."""
        self.send_signal(signal.SIGKILL)


def begin_forked(
    work: Callable[[], Any],
    *,
    stdout: Any = None,
    stderr: Any = None,
    session: bool = False,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Forked:
    """Fork a process that does some work and ends, and return it.

    Args:
        work: Called in the process; a SystemExit of it is the exit code.
        stdout: File for the output; by default it is kept for `communicate`.
        stderr: File for the errors, or `subprocess.STDOUT`; by default they are kept.
        session: Whether to start a new session.
        cwd: Working directory, if another.
        env: All environment variables, if others.
    """
    kept = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
    output = stdout or kept[0]
    errors = output if stderr is subprocess.STDOUT else stderr or kept[1]
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid:
        return Forked(pid, *kept)
    code = 99
    try:
        if session:
            os.setsid()
        if cwd is not None:
            os.chdir(cwd)
        _begin_anew(output.fileno(), errors.fileno(), env)
        code = _exit_code(work)
    finally:
        _leave(code)


def run_forked(work: Callable[[], Any], **options: Any) -> "subprocess.CompletedProcess[str]":
    """Do some work in a forked process, and return it when it has ended; see `begin_forked`."""
    process = begin_forked(work, **options)
    output, errors = process.communicate()
    assert process.returncode is not None
    return subprocess.CompletedProcess([], process.returncode, output, errors)


def command(*arguments: object) -> Callable[[], None]:
    """Return the work of the command `evo` with these arguments."""

    def work() -> None:
        from evo.cli.main import main

        sys.argv = ["evo", *map(str, arguments)]
        main()

    return work


def _begin_anew(output: int, errors: int, env: Mapping[str, str] | None) -> None:
    """Bring signals, streams, warnings and variables into the state of a new interpreter."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    process: Any = sys  # type information has its streams as constants
    process.stdin = _stream(0, "r", "strict")
    process.stdout = process.__stdout__ = _stream(1, "w", "strict")
    process.stderr = process.__stderr__ = _stream(2, "w", "backslashreplace")
    if env is not None:
        os.environ.clear()
        os.environ.update(env)
    atexit._clear()
    logging.getLogger().handlers.clear()
    warnings.resetwarnings()
    for kind in IGNORED:
        warnings.simplefilter("ignore", kind)
    warnings.showwarning = _show_warning


def _stream(number: int, mode: str, errors: str) -> Any:
    """Return a text file as Python opens them at its start."""
    buffering = 1 if number == 2 else -1
    return open(number, mode, buffering, "utf-8", errors, closefd=False)


def _show_warning(
    message: Any, kind: Any, name: str, line: int, file: Any = None, text: Any = None
) -> None:
    sys.stderr.write(warnings.formatwarning(message, kind, name, line, text))


def _exit_code(work: Callable[[], Any]) -> int:
    try:
        work()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - this process shall not go on as its parent would
        traceback.print_exc()
        return 1
    return 0


def _leave(code: int) -> NoReturn:
    """End the process as an interpreter ends."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError as error:
        print(f"Exception ignored in the standard output: {error!r}", file=sys.stderr)
        code = 120
    os._exit(code)
