"""Differences between operating systems, with fallbacks.

Linux has everything. macOS lacks `prctl` and the statistics of `/proc`: workers end when the pipe
from their parent does, and time spent waiting for a processor counts. Windows also lacks signal
masks, alarms, `flock` and pipes that can be polled: evaluation is serial (`check_pool_support`).
"""

import ctypes
import errno
import importlib
import importlib.util
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from glob import glob
from typing import Any

from evo.core.errors import InputError

# Each is None where the system lacks it.
_prctl: Any = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_sigmask: Any = getattr(signal, "pthread_sigmask", None)
_setitimer: Any = getattr(signal, "setitimer", None)
_poll: Any = getattr(select, "poll", None)
_readv: Any = getattr(os, "readv", None)
_sysconf: Any = getattr(os, "sysconf", None)
_fcntl: Any = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None

_PR_SET_PDEATHSIG = 1  # from linux/prctl.h
_UNKNOWN_MEMORY = 1 << 40

# Signals that ask a process to end; job schedulers send SIGUSR1 some time before they kill.
ENDING_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
    if hasattr(signal, name)
)

# What the operating system answers when the machine has run out of something, or is broken.
_MACHINE_ERRORS = {
    getattr(errno, name, 0)
    for name in (
        "ENOSPC", "EDQUOT", "EIO", "EROFS", "ESTALE", "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS",
    )
} - {0}  # fmt: skip


def is_machine_error(error: BaseException) -> bool:
    """Return whether an exception says that the machine lacks something or is broken."""
    return isinstance(error, OSError) and error.errno in _MACHINE_ERRORS


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block the signals that end a process, also in processes started inside."""
    if _sigmask is None:
        yield
        return
    before = _sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        yield
    finally:
        _sigmask(signal.SIG_SETMASK, before)


def call_later(seconds: float, function: Callable[[], None]) -> Callable[[], None]:
    """Call a function in the main thread after some seconds.

    Args:
        seconds: Delay.
        function: It may raise, to interrupt the main thread.

    Returns:
        A function that cancels the call.
    """
    if _setitimer is None:
        return _interrupt_later(seconds, function)
    before = signal.signal(signal.SIGALRM, lambda *_: function())
    _setitimer(signal.ITIMER_REAL, seconds)

    def cancel() -> None:
        _setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)

    return cancel


def _interrupt_later(seconds: float, function: Callable[[], None]) -> Callable[[], None]:
    """Do the same as `call_later` without alarms, by a thread and SIGINT."""
    is_due = threading.Event()
    before: Any = signal.getsignal(signal.SIGINT)

    def handle(number: int, frame: Any) -> None:
        if is_due.is_set():
            function()
        elif callable(before):
            before(number, frame)

    def ring() -> None:
        is_due.set()
        if hasattr(signal, "pthread_kill"):  # also wakes the main thread up
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, handle)
    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()

    def cancel() -> None:
        timer.cancel()
        signal.signal(signal.SIGINT, before)

    return cancel


def kill_with_parent(parent: int | None = None) -> bool:
    """Ask the kernel to kill this process when its parent ends.

    The thread that started this process counts as the parent.

    Args:
        parent: Process id of the parent, if it may have ended already; None if it has not.

    Returns:
        Whether the system can do this.
    """
    if _prctl is None:
        return False
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)
    return True


def can_fork() -> bool:
    """Return whether a process can be forked that is killed when its parent ends.

    Only Linux has both. On macOS a fork may call no library of the system.
    """
    return _prctl is not None and hasattr(os, "fork")


def end_with_parent(parent: int) -> None:
    """End this process, started by `multiprocess`, when its parent ends.

    Without support by the kernel, a thread waits for the end of the pipe from the parent.

    Args:
        parent: Process id of the parent, which may have ended already.
    """
    if kill_with_parent(parent):
        return
    import multiprocess.connection  # slow to import, and only workers need it

    sentinel = multiprocess.parent_process().sentinel

    def watch() -> None:
        multiprocess.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def check_pool_support() -> None:
    """Check that worker processes can be used.

    Raises:
        InputError: On systems without the pipes that they need.
    """
    if sys.platform == "win32":
        raise InputError("worker processes need pipes that Windows lacks; use one worker")


def wait_for_files(
    readable: Collection[int], writable: Collection[int], seconds: float
) -> set[int]:
    """Wait until a file can be read or written, or ends.

    Args:
        readable: Descriptors to wait on until there is something to read.
        writable: Descriptors to wait on until there is room to write.
        seconds: Maximum wait.

    Returns:
        The descriptors that are ready, empty after the maximum wait.
    """
    if _poll is None:
        return {file for ready in select.select(readable, writable, (), seconds) for file in ready}
    poll = _poll()
    for descriptor in readable:
        poll.register(descriptor, select.POLLIN)
    for descriptor in writable:
        poll.register(descriptor, select.POLLOUT | (select.POLLIN if descriptor in readable else 0))
    return {descriptor for descriptor, _ in poll.poll(seconds * 1000)}


def read_into(descriptor: int, buffer: memoryview) -> int:
    """Read available bytes into a buffer.

    Args:
        descriptor: The file.
        buffer: Its length is the maximum number of bytes.

    Returns:
        Number of bytes read.
    """
    if _readv is not None:
        return int(_readv(descriptor, [buffer]))
    found = os.read(descriptor, len(buffer))
    buffer[: len(found)] = found
    return len(found)


def is_locked(descriptor: int) -> bool:
    """Return whether another process holds the lock of a file.

    Args:
        descriptor: The file, open for reading.

    Returns:
        Whether it is locked; False where the system or the file system has no locks.
    """
    if _fcntl is None:
        return False
    try:
        _fcntl.flock(descriptor, _fcntl.LOCK_SH | _fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    _fcntl.flock(descriptor, _fcntl.LOCK_UN)
    return False


def processor_wait(process: int | None = None) -> float:
    """Return how long a process has waited for a processor.

    Args:
        process: A process number, for all its threads; None for this thread.

    Returns:
        Seconds since its start; 0 on systems without this statistic.
    """
    pattern = (
        "/proc/thread-self/schedstat" if process is None else f"/proc/{process}/task/*/schedstat"
    )
    total = 0
    for name in glob(pattern):
        try:
            with open(name, "rb") as file:
                total += int(file.read().split()[1])
        except (OSError, IndexError, ValueError):  # the thread has just ended
            continue
    return total / 1e9


def total_memory() -> int:
    """Return the machine's memory in bytes, very large if unknown."""
    if _sysconf is None:
        return _UNKNOWN_MEMORY
    try:
        return int(_sysconf("SC_PHYS_PAGES") * _sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError):
        return _UNKNOWN_MEMORY
