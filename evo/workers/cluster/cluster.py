"""The evaluator on a Dask cluster, of several machines or of processes on this one.

`evo.workers.scheduling` assigns batches, detects hanging workers and finds the individuals that
cause failures. Dask only transports data and restarts workers. Every batch is sent to one worker,
by its address, so it is known which batch a dead or hanging worker had. The cluster drops scores
as soon as they are fetched. The fitness is sent to a worker once, and again after every change.

Dask's messages are pickles of the performers' arrays and of the fitness. See
`evo.workers.cluster.address` for the security of that. No file contains a pickle.

Scores are those of any other evaluator, bit for bit, if the workers have the same versions of
Python, numpy and numba.
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
from evo.core.seeds import Role
from evo.fitness.base import Fitness
from evo.workers.carried import carried
from evo.workers.clock import Clock
from evo.workers.cluster.address import Address
from evo.workers.cluster.connection import Connection
from evo.workers.cluster.local import prepare_forks
from evo.workers.cluster.loop import EventLoop
from evo.workers.cluster.task import NotLoadedError, load_fitness, score_content
from evo.workers.evaluation import StreamAddress
from evo.workers.failures import (
    UnreadableError,
    described,
    is_machine_fault,
    unloadable,
    unsendable,
)
from evo.workers.pace import Link
from evo.workers.scheduling import Scheduler
from genomes.base import Performers

# Messages over a network are slow, with varying delays; workers may differ in speed.
_LINK = Link(batch_seconds=1.0, grace=5.0, slack=20.0)
# Seconds.
_POLL = 0.2  # between two updates of the list of workers
_NO_WORKER = 60.0  # without any worker until the evaluation stops
_MESSAGE_DELAY = 3.0  # without a first worker until the user gets a message
# Maximum number of times per generation that a cluster may drop a worker's batches.
_DROPS = 5
# Dask does not report how a process ended.
_UNKNOWN = "an unknown cause"

Task = asyncio.Task[tuple[Scores, float]]


class Cluster:
    """An evaluator on a Dask cluster; use it as a context manager.

    Args:
        address: The address of the cluster.
        seed: Seed of the run.
        chunk_size: Maximum number of individuals scored at once.
        timeout: Time limit per individual in seconds, 0 for none.
        show_message: Shows one line to the user.

    Raises:
        InputError: On entering, if it cannot connect or no worker becomes available.
    """

    def __init__(
        self,
        address: Address,
        seed: int,
        chunk_size: int,
        *,
        timeout: float = 60.0,
        show_message: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._seed, self._chunk_size, self._show_message = seed, chunk_size, show_message
        self._connection = Connection(address, show_message)
        self._scheduler: Scheduler[str] = Scheduler(_LINK, timeout)
        self._clock = Clock()
        # The pickled fitness, and its future per worker that has it.
        self._fitness = b""
        self._sent: dict[str, Any] = {}
        # The unfinished batches of each worker, in the order of sending.
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

    def evaluate(
        self,
        fitness: Fitness,
        performers: Performers,
        generation: int,
        role: Role = Role.EVALUATE,
    ) -> Scores:
        """Score a population; see `evo.workers.base.Evaluator`.

        Args:
            fitness: The fitness function.
            performers: The n individuals.
            generation: The generation number.
            role: The use of the random streams, part of their address.

        Returns:
            n scores, in the order of `performers`.

        Raises:
            WorkersLostError: If the scheduler or all workers are lost, or machines keep failing.
        """
        return self._loop.call(self._evaluate(fitness, performers, (self._seed, role, generation)))

    async def _first_worker(self) -> None:
        """Wait for the first worker; raise InputError after `_NO_WORKER` seconds."""
        began = time.monotonic()
        waiting = False
        while not await self._connection.workers():
            if time.monotonic() - began > _NO_WORKER:
                raise InputError(
                    f"cluster {self._connection.address}: no usable worker within {_NO_WORKER:g} s"
                )
            if not waiting and time.monotonic() - began > _MESSAGE_DELAY:
                self._show_message(f"cluster {self._connection.address}: waiting for a worker ...")
                waiting = True
            await asyncio.sleep(_POLL / 4)

    async def _evaluate(
        self, fitness: Fitness, performers: Performers, address: tuple[int, Role, int]
    ) -> Scores:
        self._take_fitness(fitness)
        self._scheduler.begin(len(performers), (type(fitness), type(performers)))
        self._had_worker = self._clock.tick()
        drops = 0
        try:
            while not self._scheduler.is_done:
                await self._look()
                for assignment in self._scheduler.assign(self._clock.tick()):
                    name, batch = assignment.worker, assignment.batch
                    work = self._score(name, performers, (*address, batch))
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
            # The results of this evaluation must not reach the next one.
            for name in list(self._tasks):
                self._cancel(name)
            self._scheduler.forget_workers()
            raise
        return self._scheduler.scores()

    def _take_fitness(self, fitness: Fitness) -> None:
        try:
            content = dumps(carried(fitness))
        except Exception as error:  # pickling a user's object may raise anything
            raise unsendable(error) from error
        if content != self._fitness:
            self._fitness = content
            self._forget(*self._sent)

    def _forget(self, *names: str) -> None:
        """Release the fitness at these workers."""
        for name in names:
            future = self._sent.pop(name, None)
            if future is not None:
                future.release()

    def _cancel(self, name: str) -> None:
        """Remove a worker and cancel its tasks."""
        for task in self._tasks.pop(name):
            task.cancel()
        self._forget(name)
        self._waited.pop(name, None)
        self._looked = -_POLL

    async def _look(self) -> None:
        """Update the list of workers, at most every `_POLL` seconds."""
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
        self, name: str, performers: Performers, address: StreamAddress
    ) -> tuple[Scores, float]:
        """Score a batch on a worker; return its scores and the seconds that it took there."""
        client = self._connection.client
        # Unique keys, because Dask would share one result between equal calls.
        pinned = {"workers": [name], "allow_other_workers": False, "pure": False}
        if name not in self._sent:
            key = f"evo-fitness-{uuid.uuid4()}"
            self._sent[name] = client.submit(load_fitness, self._fitness, key=key, **pinned)
        arrays = performers.take(address[-1]).to_arrays()
        future = client.submit(
            score_content, self._sent[name], dumps((type(performers), arrays)),
            address, self._chunk_size,
            key=f"evo-batch-{uuid.uuid4()}", **pinned,
        )  # fmt: skip
        try:
            result: tuple[Scores, float] = await future
            return result
        finally:
            future.release()

    def _take_done(self, name: str) -> int:
        """Process a worker's finished batches; return 1 if the cluster dropped them, else 0."""
        while (tasks := self._tasks.get(name)) and tasks[0].done():
            if self._take(name, tasks.popleft()):
                self._cancel(name)
                self._scheduler.dropped(name)
                return 1
        return 0

    def _processor_wait(self, name: str) -> float:
        """Return the seconds a local worker waited for a processor since the last call."""
        process = self._connection.process(name)
        waited = 0.0 if process is None else processor_wait(process)
        before, self._waited[name] = self._waited.get(name, 0.0), waited
        return max(0.0, waited - before)

    def _take(self, name: str, task: Task) -> bool:
        """Process the result of a batch; return whether the cluster dropped it."""
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
        except Exception as error:  # noqa: BLE001 - transport and pickling may raise anything
            if is_machine_fault(error):
                self._cancel(name)
                self._scheduler.faulted(name, str(error), now)
                self._restart(name)
            elif isinstance(error, OSError):
                # The scheduler has dropped the batch, or is lost, which `_look` will detect.
                return True
            else:
                self._scheduler.unreadable(name, described(error), now)
        else:
            self._scheduler.scored(name, scores, seconds, now)
            self._processor_wait(name)  # reset it, as the next batch begins now
        return False

    def _restart(self, name: str) -> None:
        """Restart a worker in the background."""

        async def restart() -> None:
            await self._connection.restart(name)
            self._looked = -_POLL
            self._restarting.discard(name)

        self._restarting.add(name)
        task = asyncio.create_task(restart())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
