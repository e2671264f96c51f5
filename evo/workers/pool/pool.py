"""The evaluator with worker processes on this machine.

`evo.workers.scheduling` assigns batches, detects hanging workers and finds the individuals that
cause failures. This module sends, receives, starts and ends.

Every worker has one pipe. Individuals and scores are sent as arrays. The fitness is sent to a
worker once, and again after every change.

Workers are started by `spawn`, because a forked process would inherit locks in any state. They do
not run the user's script again. A fitness defined in a script or a notebook is sent by value, with
the globals that it uses, so neither needs an `if __name__ == "__main__"`.

No process outlives the run. Workers end with the pool and with this process. If this process is
killed, the system kills them (Linux), or they find their pipe closed (elsewhere). A terminal's
signals do not reach them.

Shared memory would be slower than the pipe by a factor of two to three (see
`benchmarks/workers.py travel`), and could be left allocated.
"""

import signal
from typing import Any, Self

import multiprocess

from evo.core.platform import check_pool_support, wait_for_files
from evo.core.scores import Scores
from evo.core.seeds import Role
from evo.fitness.base import Fitness
from evo.workers.carried import carried
from evo.workers.clock import Clock
from evo.workers.failures import unloadable, unsendable
from evo.workers.pace import Link
from evo.workers.pool.process import ProcessPool, WorkerProcess
from evo.workers.scheduling import Scheduler
from genomes.base import Performers

# The maximum wait in seconds, after which processes are checked for a death without an event.
_TICK = 1.0


class Pool:
    """An evaluator with worker processes; use it as a context manager.

    Args:
        workers: Number of processes.
        seed: Seed of the run.
        chunk_size: Maximum number of individuals scored at once.
        timeout: Time limit per individual in seconds, 0 for none.

    Raises:
        ValueError: If `workers` or `timeout` is out of range.
        InputError: If the operating system does not support it.
    """

    def __init__(self, workers: int, seed: int, chunk_size: int, timeout: float = 60.0) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        if not timeout >= 0:
            raise ValueError(f"timeout must be at least 0, got {timeout}")
        check_pool_support()
        self._seed, self._chunk_size = seed, chunk_size
        self._pool = ProcessPool()
        self._clock = Clock()
        self._scheduler: Scheduler[WorkerProcess] = Scheduler(Link(), timeout, workers)

    def __enter__(self) -> Self:
        self._start_missing()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    @property
    def processes(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.process.pid for worker in self._pool.members]

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
            WorkersLostError: If workers cannot start or warm up, or the machine keeps failing.
        """
        kind = type(performers)
        pickled = _pickled((carried(fitness), kind))
        self._scheduler.begin(len(performers), (type(fitness), kind))
        try:
            while not self._scheduler.is_done:
                self._start_missing()
                for worker in self._pool.members:
                    worker.send_fitness(pickled)
                for assignment in self._scheduler.assign(self._clock.now):
                    arrays = performers.take(assignment.batch).to_arrays()
                    address = (self._seed, role, generation, assignment.batch)
                    assignment.worker.channel.send(("batch", arrays, address, self._chunk_size))
                self._receive()
                now = self._clock.now
                for worker in self._scheduler.overdue(now, WorkerProcess.processor_wait):
                    self._pool.end(worker)
        except BaseException:
            # The results of this evaluation must not reach the next one.
            self._end()
            raise
        return self._scheduler.scores()

    def _end(self) -> None:
        """End all workers."""
        self._pool.end_all()
        self._scheduler.forget_workers()

    def _start_missing(self) -> None:
        """Start the missing workers, unless the last start failed too recently."""
        now, starts = self._clock.tick(), self._scheduler.starts
        while len(self._pool.members) < starts.target and now >= starts.next_start:
            try:
                self._scheduler.add(self._pool.start(), now)
            except OSError as error:
                starts.note_failure(str(error), now)

    def _receive(self) -> None:
        """Wait for a message, a death or a time limit, and process all events."""
        members, scheduler = self._pool.members, self._scheduler
        until = min(self._clock.now + _TICK, scheduler.next_limit())
        if len(members) < scheduler.starts.target:
            until = min(until, scheduler.starts.next_start)
        owners = {worker.channel.fileno(): worker for worker in members}
        writable = [number for number, worker in owners.items() if worker.channel.has_unsent]
        owners |= {worker.process.sentinel: worker for worker in members}
        files = wait_for_files(owners, writable, max(0.0, until - self._clock.now))
        self._clock.tick()
        # After a wait without events check all workers: the pipe of a dead one stays open if a
        # process that it started has inherited it.
        for worker in dict.fromkeys(owners[number] for number in files) or list(members):
            self._attend(worker)

    def _attend(self, worker: WorkerProcess) -> None:
        """Process the messages of a worker; end it if it is dead or no longer usable."""
        alive = worker.process.is_alive()
        worker.channel.flush()
        messages, is_open = worker.channel.receive()
        for message in messages:
            if not self._take(worker, *message):
                self._pool.end(worker)
                return
        if messages:
            worker.processor_wait()  # reset it, as the next batch begins now
        if not is_open or not alive:
            code = self._pool.end(worker, wait=1.0)
            was_killed = code == -signal.SIGKILL
            self._scheduler.died(worker, f"exit code {code}", self._clock.now, was_killed)

    def _take(self, worker: WorkerProcess, name: str, *content: Any) -> bool:
        """Process a message of a worker; return whether the worker is still usable."""
        now = self._clock.now
        if name == "ready":
            self._scheduler.ready(worker)
        elif name == "refused":
            raise unloadable(content[0])
        elif name == "scores":
            fields, seconds = content
            self._scheduler.scored(worker, Scores(**fields), seconds, now)
        elif name == "unreadable":
            self._scheduler.unreadable(worker, content[0], now)
        else:
            self._scheduler.faulted(worker, content[0], now)
        return name != "fault"


def _pickled(fitness: object) -> bytes:
    """Pickle a fitness: objects of the user's script by value, the rest by name."""
    try:
        pickler = multiprocess.reduction.ForkingPickler
        return bytes(pickler.dumps(fitness, recurse=True))
    except Exception as error:  # pickling a user's object may raise anything
        raise unsendable(error) from error
