"""Evaluation on a Dask cluster: machines that a scheduler gathers, or processes on this one.

`evo.workers.scheduling` decides which batch goes to which worker, when a worker hangs and whose
fault it is; Dask restarts workers and moves bytes. Every batch is sent to one worker, by its
address: so it is known what a worker was doing when it died or hung. Scores are fetched as they
come and forgotten by the cluster. The fitness is sent to a worker once, and again when it changed.

What travels are the arrays of the performers and the fitness, in Dask's own pickles on the wire.
No file holds a pickle, but whoever reaches the scheduler can have any code carried out: see
`evo.workers.cluster.address` for the rule about TLS that follows.

Scores are those of any other evaluator, bit for bit, as long as the workers have the same versions
of Python, numpy and numba.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Self

from distributed import KilledWorker
from distributed.client import FutureCancelledError, FuturesCancelledError
from distributed.protocol.pickle import dumps

from evo.core.errors import InputError
from evo.core.platform import processor_wait
from evo.core.scores import Scores
from evo.fitness.base import Fitness
from evo.workers.clock import Clock
from evo.workers.cluster.address import Address
from evo.workers.cluster.connection import Connection
from evo.workers.cluster.local import prepare_forks
from evo.workers.cluster.loop import EventLoop
from evo.workers.cluster.task import NotLoadedError, load_fitness, score_content
from evo.workers.failures import (
    UnreadableError,
    described,
    is_machine_fault,
    unloadable,
    unsendable,
)
from evo.workers.limits import Link
from evo.workers.scheduling import Scheduler
from genomes.base import Performers

# Messages take long and do not always take the same time; workers may differ in speed.
_LINK = Link(batch_seconds=1.0, grace=5.0, slack=20.0)
# Seconds.
_POLL = 0.2  # between two looks at which workers there are
_NO_WORKER = 60.0  # for which a cluster may be without any
_SAY_WAITING = 3.0
# How often in a generation a cluster may drop all that it was given.
_DROPS = 5
# Dask does not tell how a process ended.
_UNKNOWN = "an unknown cause"

Task = asyncio.Task[tuple[Scores, float]]


class Cluster:
    """An evaluator on a Dask cluster; use it as a context manager.

    Args:
        address: Where the cluster is.
        seed: The seed of the run.
        chunk_size: The most individuals that are scored at once.
        timeout: How many seconds the evaluation of one individual may take, 0 for any time.
        say: Shows a line to the user.

    Raises:
        InputError: On entering, if there is no such cluster.
    """

    def __init__(
        self,
        address: Address,
        seed: int,
        chunk_size: int,
        *,
        timeout: float = 60.0,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._seed, self._chunk_size, self._say = seed, chunk_size, say
        self._connection = Connection(address, say)
        self._scheduler: Scheduler[str] = Scheduler(_LINK, timeout)
        self._clock = Clock()
        # The fitness as it was last sent, and its future by worker.
        self._fitness = b""
        self._sent: dict[str, Any] = {}
        # What each worker has been sent, in that order.
        self._tasks: dict[str, deque[Task]] = {}
        self._waited: dict[str, float] = {}
        self._looked = self._had_worker = 0.0
        self._restarting: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        if self._connection.address.workers:
            prepare_forks()
        self._loop = EventLoop()
        try:
            self._loop.call(self._connection.open())
            self._loop.call(self._first_worker())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._loop.call(self._connection.close())
        finally:
            self._loop.end()

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """See `evo.workers.base.Evaluator`; raises WorkersLostError."""
        return self._loop.call(self._evaluate(fitness, performers, generation))

    async def _first_worker(self) -> None:
        """Wait until there is a worker. Raises InputError if none comes."""
        began = time.monotonic()
        waiting = False
        while not await self._connection.workers():
            if time.monotonic() - began > _NO_WORKER:
                raise InputError(
                    f"cluster {self._connection.address}: no worker that can be used came for "
                    f"{_NO_WORKER:g} s"
                )
            if not waiting and time.monotonic() - began > _SAY_WAITING:
                self._say(f"cluster {self._connection.address}: waiting for a worker ...")
                waiting = True
            await asyncio.sleep(_POLL / 4)

    async def _evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        self._take_fitness(fitness)
        self._scheduler.begin(len(performers), (type(fitness), type(performers)))
        self._had_worker = self._clock.tick()
        drops = 0
        try:
            while not self._scheduler.is_done:
                await self._look()
                for assignment in self._scheduler.assign(self._clock.tick()):
                    name, batch = assignment.worker, assignment.batch
                    work = self._score(name, performers, generation, batch)
                    self._tasks[name].append(asyncio.create_task(work))
                first = [tasks[0] for tasks in self._tasks.values() if tasks]
                if first:
                    await asyncio.wait(first, timeout=_POLL, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(_POLL / 4)
                self._clock.tick()
                for name in list(self._tasks):
                    drops += self._take_done(name)
                for name in self._scheduler.overdue(self._clock.now, self._processor_wait):
                    self._cancel(name)
                    self._restart(name)
                if drops > _DROPS:
                    raise self._connection.lost()
        except BaseException:
            # The next evaluation must not be given the answers to this one.
            for name in list(self._tasks):
                self._cancel(name)
            self._scheduler.forget_workers()
            raise
        return self._scheduler.scores()

    def _take_fitness(self, fitness: Fitness) -> None:
        try:
            content = dumps(fitness)
        except Exception as error:  # an object that is not made to travel may raise anything
            raise unsendable(error) from error
        if content != self._fitness:
            self._fitness = content
            self._forget(*self._sent)

    def _forget(self, *names: str) -> None:
        """Let go of the fitness at these workers."""
        for name in names:
            future = self._sent.pop(name, None)
            if future is not None:
                future.release()

    def _cancel(self, name: str) -> None:
        """Forget a worker, and what it was sent."""
        for task in self._tasks.pop(name):
            task.cancel()
        self._forget(name)
        self._waited.pop(name, None)
        self._looked = -_POLL

    async def _look(self) -> None:
        """See which workers there are, from time to time."""
        now = self._clock.now
        if self._tasks and now - self._looked < _POLL:
            return
        found = set(await self._connection.workers())
        self._looked = now = self._clock.tick()
        for name in set(self._tasks) - found:
            self._cancel(name)
            self._scheduler.died(name, _UNKNOWN, now)
        for name in found - set(self._tasks) - self._restarting:
            self._tasks[name] = deque()
            self._scheduler.add(name, now, is_ready=True)
        if found:
            self._had_worker = now
        elif now - self._had_worker > _NO_WORKER:
            raise self._connection.without_workers(_NO_WORKER)

    async def _score(
        self, name: str, performers: Performers, generation: int, batch: range
    ) -> tuple[Scores, float]:
        """Have a worker score a batch; return its scores, and the seconds it took there."""
        client = self._connection.client
        # A key of our own each: Dask would give equal calls one result.
        here = {"workers": [name], "allow_other_workers": False, "pure": False}
        if name not in self._sent:
            key = f"evo-fitness-{uuid.uuid4()}"
            self._sent[name] = client.submit(load_fitness, self._fitness, key=key, **here)
        arrays = performers.take(list(batch)).to_arrays()
        future = client.submit(
            score_content, self._sent[name], dumps((type(performers), arrays)),
            (self._seed, generation, batch), self._chunk_size,
            key=f"evo-batch-{uuid.uuid4()}", **here,
        )  # fmt: skip
        try:
            result: tuple[Scores, float] = await future
            return result
        finally:
            future.release()

    def _take_done(self, name: str) -> int:
        """Take what came back from a worker; return how often the cluster dropped its batches."""
        while (tasks := self._tasks.get(name)) and tasks[0].done():
            if self._take(name, tasks.popleft()):
                self._cancel(name)
                self._scheduler.dropped(name)
                return 1
        return 0

    def _processor_wait(self, name: str) -> float:
        """Return for how many seconds a local worker had no processor, since last asked."""
        process = self._connection.process(name)
        waited = 0.0 if process is None else processor_wait(process)
        before, self._waited[name] = self._waited.get(name, 0.0), waited
        return max(0.0, waited - before)

    def _take(self, name: str, task: Task) -> bool:
        """Take what became of a batch; return whether the cluster dropped it."""
        now = self._clock.now
        try:
            scores, seconds = task.result()
        except KilledWorker:
            self._cancel(name)
            self._scheduler.died(name, _UNKNOWN, now)
        except NotLoadedError as error:
            raise unloadable(str(error)) from None
        except UnreadableError as error:
            self._scheduler.unreadable(name, str(error), now)
        except (FutureCancelledError, FuturesCancelledError):
            return True
        except Exception as error:  # noqa: BLE001 - whatever happens to a batch on its way
            if is_machine_fault(error):
                self._cancel(name)
                self._scheduler.faulted(name, str(error), now)
                self._restart(name)
            elif isinstance(error, OSError):
                # The scheduler is gone, which the next look finds, or it forgot what it was given.
                return True
            else:
                self._scheduler.unreadable(name, described(error), now)
        else:
            self._scheduler.scored(name, scores, seconds, now)
            self._processor_wait(name)  # whatever it was before, the next batch begins now
        return False

    def _restart(self, name: str) -> None:
        """Restart a worker while the others go on."""

        async def restart() -> None:
            await self._connection.restart(name)
            self._looked = -_POLL
            self._restarting.discard(name)

        self._restarting.add(name)
        task = asyncio.create_task(restart())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
