"""The processes of a pool: started, ended and replaced as the scheduler wants it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import multiprocess
import multiprocess.util

from evo.core.platform import processor_wait
from evo.core.processes import start_child
from evo.workers.pool.channel import PoolChannel

# What a worker process does with its pipe.
TARGET = "evo.workers.pool.worker:work"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Let processes started inside have one BLAS thread, unless the user wants it otherwise."""
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
        channel: Messages to and from it.
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
        """Send the pickled fitness, if it is not the one that the worker has."""
        if self._fitness != fitness:
            self.channel.send(("fitness", fitness))
            self._fitness = fitness

    def processor_wait(self) -> float:
        """Return for how many seconds the process had no processor, since this was last asked."""
        waited = processor_wait(self.process.pid)
        new, self._waited = waited - self._waited, waited
        return max(0.0, new)

    def end(self, wait: float = 0.0) -> int | None:
        """Kill it, unless it ends by itself within `wait` seconds; return its exit code."""
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
    """The worker processes of a pool, which end with this process.

    Attributes:
        members: Those that run, in the order in which they were started.
    """

    def __init__(self) -> None:
        self.members: list[WorkerProcess] = []
        # Whatever way this process ends, but by a signal: multiprocess ends daemons by SIGTERM,
        # from which they are shielded, and would then wait for them for ever.
        self._finalizer = multiprocess.util.Finalize(
            self, _end_all, args=(self.members,), exitpriority=10
        )

    def start(self) -> WorkerProcess:
        """Start a process. Raises OSError if the system has no room for one."""
        worker = WorkerProcess()
        self.members.append(worker)
        return worker

    def end(self, worker: WorkerProcess, wait: float = 0.0) -> int | None:
        """End a process, or what is left of it; return its exit code."""
        self.members.remove(worker)
        return worker.end(wait)

    def end_all(self) -> None:
        """End all processes."""
        _end_all(self.members)


def _end_all(members: list[WorkerProcess]) -> None:
    while members:
        members.pop().end()
