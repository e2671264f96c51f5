"""The processes of a pool: start and end them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import multiprocess
import multiprocess.util

from evo.core.platform import processor_wait
from evo.core.processes import start_child
from evo.workers.pool.channel import PoolChannel

# The function that a worker process runs with its pipe.
TARGET = "evo.workers.pool.worker:work"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Give processes started inside one BLAS thread, unless the user has set a number."""
    missing = [variable for variable in _THREADS if variable not in os.environ]
    os.environ.update(dict.fromkeys(missing, "1"))
    try:
        yield
    finally:
        for variable in missing:
            del os.environ[variable]


class WorkerProcess:
    """A worker process and the pool's end of its pipe.

    Attributes:
        process: The `multiprocess` process.
        channel: Sends and receives messages.

    Raises:
        OSError: On creation, if the system cannot start a process.
    """

    def __init__(self) -> None:
        pipe, theirs = multiprocess.get_context("spawn").Pipe()
        try:
            with _one_blas_thread():
                self.process = start_child(TARGET, theirs)
        except OSError:
            pipe.close()
            raise
        finally:
            theirs.close()
        self.channel = PoolChannel(pipe)
        self._fitness: bytes | None = None
        self._waited = 0.0

    def send_fitness(self, fitness: bytes) -> None:
        """Send the pickled fitness, unless the worker has it already."""
        if self._fitness != fitness:
            self.channel.send(("fitness", fitness))
            self._fitness = fitness

    def processor_wait(self) -> float:
        """Return the seconds the process waited for a processor since the last call."""
        waited = processor_wait(self.process.pid)
        new, self._waited = waited - self._waited, waited
        return max(0.0, new)

    def end(self, wait: float = 0.0) -> int | None:
        """Kill it, unless it ends by itself within `wait` seconds; return its exit code or None."""
        self.channel.close()
        if wait:
            self.process.join(wait)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join(5.0)
        code: int | None = self.process.exitcode
        if code is not None:
            self.process.close()
        return code


class ProcessPool:
    """The worker processes of a pool; they end with this process.

    Attributes:
        members: The running processes, in the order of starting.
    """

    def __init__(self) -> None:
        self.members: list[WorkerProcess] = []
        # Workers block SIGTERM, by which multiprocess ends daemons at exit; it would then wait for
        # them forever. So they are ended before that.
        self._finalizer = multiprocess.util.Finalize(
            self, _end_all, args=(self.members,), exitpriority=10
        )

    def start(self) -> WorkerProcess:
        """Start a process.

        Raises:
            OSError: If the system cannot start one.
        """
        worker = WorkerProcess()
        self.members.append(worker)
        return worker

    def end(self, worker: WorkerProcess, wait: float = 0.0) -> int | None:
        """End a process.

        Args:
            worker: The process.
            wait: Seconds to wait for its own end before killing it.

        Returns:
            Its exit code, None if it cannot be ended.
        """
        self.members.remove(worker)
        return worker.end(wait)

    def end_all(self) -> None:
        """End all processes."""
        _end_all(self.members)


def _end_all(members: list[WorkerProcess]) -> None:
    while members:
        members.pop().end()
