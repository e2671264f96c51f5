"""Worker processes as the pool that owns them sees them: started, watched, ended, replaced."""

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import multiprocess
import multiprocess.util

from evo.core.errors import WorkersLostError
from evo.core.interrupt import start_shielded
from evo.workers.pool.channel import PoolChannel
from evo.workers.pool.worker import work

# So many processes in a row may end before they are ready. One that was killed (SIGKILL) counts as
# a tenth: somebody else did that, and on a busy machine few may live long enough to be ready.
FAILED_STARTS = 10
KILLED = 0.1
# A process may take so many seconds until it is ready.
START_LIMIT = 60.0
# After a process that ended before it was ready the next is started so many seconds later, after
# two in a row twice as many, and so on up to the second number.
FIRST_DELAY, LONGEST_DELAY = 0.1, 2.0
# A loop that waits for at most a second and comes round later than this was stopped on the way.
STOPPED = 3.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Clock:
    """Seconds in which this process was awake: what it sleeps (Ctrl-Z) is on nobody's account."""

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self.now = 0.0

    def tick(self) -> None:
        """Bring `now` up to date; to be called at least once a second while anything runs."""
        seen = time.monotonic()
        passed = seen - self._seen
        self.now += passed if passed < STOPPED else 0.0
        self._seen = seen


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Let processes started in here have one BLAS thread, where the user has not said otherwise."""
    missing = [variable for variable in _THREADS if variable not in os.environ]
    os.environ.update(dict.fromkeys(missing, "1"))
    try:
        yield
    finally:
        for variable in missing:
            del os.environ[variable]


class Worker:
    """A worker process, and what it was given."""

    def __init__(self, now: float) -> None:
        context = multiprocess.get_context("spawn")
        pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs,), daemon=True)
        try:
            with _one_blas_thread():
                start_shielded(self.process)
        except OSError:
            pipe.close()
            raise
        finally:
            theirs.close()
        self.channel = PoolChannel(pipe)
        self.started = now
        self.fitness: bytes | None = None  # what it was sent last
        self.is_ready = False
        self.is_fresh = True  # it has scored nothing yet: the first piece may take longer
        self.pieces: deque[range] = deque()  # the first is at work since `since`
        self.since = 0.0

    def send_fitness(self, fitness: bytes) -> None:
        """Send the pickled fitness, if it is not the one that the worker has."""
        if self.fitness != fitness:
            self.channel.send(("fitness", fitness))
            self.fitness = fitness

    def give(self, piece: range, content: tuple[object, ...], now: float) -> None:
        """Let it score a piece after those that it has."""
        if not self.pieces:
            self.since = now
        self.pieces.append(piece)
        self.channel.send(("piece", *content))

    def end(self, wait: float = 0.0) -> int | None:
        """Kill it, unless it ends by itself within `wait` seconds; returns its exit code."""
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


class Crew:
    """The processes of a pool: `count` of them, and after the first loss one more in reserve.

    A process needs about a second to start. The reserve is there so that nobody waits for it where
    processes are lost again and again; where none is ever lost, it costs nothing.
    """

    def __init__(self, count: int) -> None:
        self._wanted = self.count = count
        self.members: list[Worker] = []
        self._failed_starts = 0.0
        self.next_start = 0.0
        # Whatever way this process ends, but by a signal: multiprocess ends daemons by SIGTERM,
        # from which they are shielded, and would then wait for them for ever.
        self._finalizer = multiprocess.util.Finalize(
            self, _end_all, args=(self.members,), exitpriority=10
        )

    @property
    def is_complete(self) -> bool:
        """Whether nobody has to be started."""
        return len(self.members) >= self._wanted

    def fill(self, now: float) -> None:
        """Start whoever is missing, unless it is too soon after a start that failed."""
        while not self.is_complete and now >= self.next_start:
            try:
                self.members.append(Worker(now))
            except OSError as error:
                self.count_failed_start(str(error), now)

    def count_failed_start(self, how: str, now: float, weight: float = 1.0) -> None:
        """A process ended before it was ready; WorkersLostError after too many in a row."""
        self._failed_starts += weight
        if self._failed_starts >= FAILED_STARTS:
            raise WorkersLostError(
                f"at least {FAILED_STARTS} worker processes in a row ended before they could "
                f"begin, the last with {how}; what it said, if anything, stands above"
            )
        self.next_start = now + min(FIRST_DELAY * 2 ** (self._failed_starts - 1), LONGEST_DELAY)

    def note_ready(self, worker: Worker) -> None:
        """A process has started as it should."""
        worker.is_ready = True
        self._failed_starts = 0.0

    def dismiss(self, worker: Worker, wait: float = 0.0) -> int | None:
        """End a worker, or what is left of it; returns its exit code."""
        self.members.remove(worker)
        self._wanted = self.count + 1
        return worker.end(wait)

    def end(self) -> None:
        """End everybody."""
        _end_all(self.members)
        self._wanted = self.count


def _end_all(members: list[Worker]) -> None:
    while members:
        members.pop().end()
