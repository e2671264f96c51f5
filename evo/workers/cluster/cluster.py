"""Evaluation on a Dask cluster: machines that a scheduler gathers, or processes on this one.

Every worker gets one part of the population at a time (`evo.workers.scheduling`), by its address:
so it is known who was doing what when a worker dies or hangs. A part's scores are fetched as they
come and forgotten by the cluster; the fitness is sent to a worker once, and again when it changed.
Dask restarts workers and moves bytes; whose fault a death is, and for how long a worker may be
silent, is decided here.

What travels are the arrays of the performers and the fitness, in Dask's own pickles on the wire.
No file holds a pickle, but whoever reaches the scheduler can have any code carried out: see
`evo.workers.cluster.address` for the rule about TLS that follows.

Scores are those of any other evaluator, bit for bit, as long as the workers have the same versions
of Python, numpy and numba.
"""

import asyncio
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from distributed import KilledWorker
from distributed.client import FutureCancelledError, FuturesCancelledError
from distributed.protocol.pickle import dumps

from evo.core.scores import Scores, Status
from evo.fitness.base import Fitness
from evo.workers.chunk import borders
from evo.workers.cluster.address import Address
from evo.workers.cluster.connection import Connection, EventLoop
from evo.workers.cluster.task import NotLoaded, load_fitness, score_part
from evo.workers.reasons import unloadable, unsendable
from evo.workers.scheduling import Part, Parts, individuals, size
from genomes.base import Performers

# Seconds.
_POLL = 0.2  # between two looks at which workers there are
_NO_WORKER = 60.0  # for which a cluster may be without any
_COLD = 30.0  # that a worker's first part may take longer, to load or compile kernels
# How many times longer than its individuals took so far a part may take: with one individual's
# limit on top, and without, but then at least so many seconds.
_SLACK, _LONG_SLACK, _LEAST = 4.0, 20.0, 5.0
_SAY_WAITING = 3.0
# Parts that a worker has at once: the next lies ready when one is done.
_DEPTH = 2
# How often in a generation a cluster may drop all that it was given.
_DROPS = 5


@dataclass
class _Errand:
    """A part that a worker has: what it is at, or what it will be at next."""

    address: str
    part: Part
    task: asyncio.Task[tuple[Scores, float]]
    began: float  # when it was sent, or the one before it came back


class Cluster:
    """An evaluator on a Dask cluster; use it as a context manager.

    `timeout` is the limit for one individual in seconds, 0 for any time. `say` shows a line to the
    user. Entering raises ValueError in one line if there is no such cluster; `evaluate` raises
    WorkersLost if it goes away.
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
        self._seed, self._chunk_size, self._timeout = seed, chunk_size, timeout or math.inf
        self._say = say
        self._connection = Connection(address, say)
        # Fitness: as it was last sent, and its future by worker.
        self._fitness: bytes = b""
        self._sent: dict[str, Any] = {}
        self._addresses: list[str] = []
        self._looked = self._had_worker = 0.0
        # Workers that have scored something and those being restarted.
        self._warm: set[str] = set()
        self._restarting: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        # The largest part that was scored. Seconds: an individual, lately; the longest first part
        # of a worker.
        self._largest = 1
        self._pace: float | None = None
        self._longest_first: float | None = None

    def __enter__(self) -> Self:
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
        """See `evo.workers.Evaluator`."""
        return self._loop.call(self._evaluate(fitness, performers, generation))

    async def _first_worker(self) -> None:
        """Wait until there is a worker; ValueError if none comes."""
        began = time.monotonic()
        waiting = False
        while not await self._connection.workers():
            if time.monotonic() - began > _NO_WORKER:
                raise ValueError(
                    f"cluster {self._connection.address}: no worker that can be used came for "
                    f"{_NO_WORKER:g} s"
                )
            if not waiting and time.monotonic() - began > _SAY_WAITING:
                self._say(f"cluster {self._connection.address}: waiting for a worker ...")
                waiting = True
            await asyncio.sleep(_POLL / 4)

    async def _evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        try:
            content = dumps(fitness)
        except Exception as error:  # an object that is not made to travel may raise anything
            raise unsendable(error) from error
        self._take_fitness(content)
        parts = Parts(borders(len(performers), self._chunk_size))
        # What each worker has, in the order in which it was sent.
        errands: dict[str, list[_Errand]] = {}
        self._had_worker = time.monotonic()
        drops = 0
        try:
            while not parts.done:
                await self._look()
                for depth in range(_DEPTH):
                    for address in self._addresses:
                        mine = errands.setdefault(address, [])
                        # The next only to who has shown that it can work.
                        idle = not mine or (address in self._warm and len(mine) == depth)
                        if not idle or address in self._restarting:
                            continue
                        part = parts.take(len(self._addresses), self._pace, self._largest)
                        if part is None:
                            break
                        work = self._score(address, performers, generation, part)
                        task = asyncio.create_task(work)
                        mine.append(_Errand(address, part, task, time.monotonic()))
                tasks = [errand.task for mine in errands.values() for errand in mine]
                if tasks:
                    await asyncio.wait(tasks, timeout=_POLL, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(_POLL / 4)
                for mine in errands.values():
                    drops += self._take_done(mine, parts)
                    self._take_back(mine, parts)
                if drops > _DROPS:
                    raise self._connection.lost()
        finally:
            for mine in errands.values():
                for errand in mine:
                    errand.task.cancel()
        return parts.join()

    def _take_fitness(self, content: bytes) -> None:
        if content != self._fitness:
            self._fitness = content
            self._forget(list(self._sent))

    def _forget(self, addresses: list[str]) -> None:
        """Let go of the fitness at these workers."""
        for address in addresses:
            future = self._sent.pop(address, None)
            if future is not None:
                future.release()

    async def _look(self) -> None:
        """See which workers there are, from time to time."""
        now = time.monotonic()
        if self._addresses and now - self._looked < _POLL:
            return
        self._addresses = await self._connection.workers()
        self._looked = now
        self._forget([address for address in self._sent if address not in self._addresses])
        self._warm &= set(self._addresses)
        if self._addresses:
            self._had_worker = now
        elif now - self._had_worker > _NO_WORKER:
            raise self._connection.without_workers(_NO_WORKER)

    async def _score(
        self, address: str, performers: Performers, generation: int, part: Part
    ) -> tuple[Scores, float]:
        """Have a worker score a part; its scores, and the seconds it took there."""
        client = self._connection.client
        # A key of our own each: Dask would give equal calls one result.
        here = {"workers": [address], "allow_other_workers": False, "pure": False}
        if address not in self._sent:
            key = f"evo-fitness-{uuid.uuid4()}"
            self._sent[address] = client.submit(load_fitness, self._fitness, key=key, **here)
        batch = performers.take(individuals(part))
        content = dumps((type(performers), batch.to_arrays()))
        future = client.submit(
            score_part, self._sent[address], content, self._seed, generation, part,
            key=f"evo-part-{uuid.uuid4()}", **here,
        )  # fmt: skip
        try:
            result: tuple[Scores, float] = await future
            return result
        finally:
            future.release()

    def _take_done(self, mine: list[_Errand], parts: Parts) -> int:
        """Take what came back from a worker; how many parts the cluster dropped."""
        drops = 0
        for errand in [errand for errand in mine if errand.task.done()]:
            mine.remove(errand)
            drops += self._outcome(errand, parts)
            for following in mine[:1]:
                following.began = time.monotonic()
        return drops

    def _outcome(self, errand: _Errand, parts: Parts) -> int:
        """Take what became of a part; 1 if the cluster dropped it, else 0."""
        try:
            scores, seconds = errand.task.result()
        except KilledWorker:
            parts.died(errand.part)
        except NotLoaded as error:
            self._forget([errand.address])
            raise unloadable(str(error)) from None
        except (FutureCancelledError, FuturesCancelledError, OSError):
            # The scheduler is gone, which the next look finds, or it forgot what it was given.
            self._forget([errand.address])
            parts.give_back(errand.part)
            self._looked = 0.0
            return 1
        except Exception as error:  # noqa: BLE001 - whatever the fitness raises when it is loaded
            parts.failed(errand.part, Status.ERROR, f"{type(error).__name__}: {error}")
        else:
            count = size(errand.part)
            parts.scored(errand.part, scores)
            self._largest = max(self._largest, count)
            if errand.address in self._warm:
                pace = seconds / count
                self._pace = pace if self._pace is None else 0.5 * self._pace + 0.5 * pace
            else:
                self._warm.add(errand.address)
                took = time.monotonic() - errand.began
                self._longest_first = max(took, self._longest_first or 0.0)
        return 0

    def _limit(self, errand: _Errand) -> float:
        """Seconds that a part may take.

        For one individual alone it is the limit that the configuration says. Several together are
        given what they are likely to need: should that be too short for individuals that differ
        much, then the part is cut, and nobody blamed for it.
        """
        limit = self._timeout
        if limit == math.inf:
            return limit
        count = size(errand.part)
        if count > 1 and self._pace is not None:
            usual = self._pace * count
            limit = min(
                self._timeout + _SLACK * usual,
                max(_LONG_SLACK * usual, min(self._timeout, _LEAST)),
            )
        if errand.address not in self._warm:
            limit += _COLD if self._longest_first is None else 2 * self._longest_first + 1
        return limit

    def _take_back(self, mine: list[_Errand], parts: Parts) -> None:
        """Take back what is with a worker that is gone or does not come to an end."""
        if not mine:
            return
        first = mine[0]
        gone = first.address not in self._addresses
        late = time.monotonic() - first.began > self._limit(first)
        if first.task.done() or not (gone or late):
            return
        for errand in mine:
            errand.task.cancel()
        for errand in mine[1:]:  # it was not begun
            parts.give_back(errand.part)
        mine.clear()
        if gone:
            parts.died(first.part)
        else:
            parts.late(first.part, self._timeout)
            self._restart(first.address)

    def _restart(self, address: str) -> None:
        """Restart a worker while the others go on."""

        async def restart() -> None:
            await self._connection.restart(address)
            self._looked = 0.0
            self._restarting.discard(address)
            self._warm.discard(address)
            self._forget([address])

        self._restarting.add(address)
        task = asyncio.create_task(restart())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
