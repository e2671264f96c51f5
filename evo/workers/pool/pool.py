"""Evaluation in worker processes on this machine, whatever becomes of them.

Every worker has one pipe. Individuals travel as arrays, scores come back as arrays, and the fitness
travels once, and again when it changed. Workers are started by `spawn`: a forked process would
inherit locks and threads of the parent in whatever state they are. The user's script is not run
again in them: a fitness of a script's or a notebook's own is sent by value, with the globals that
it uses, so neither needs an `if __name__ == "__main__"`.

`evo.workers.scheduling` decides which batch goes to which worker, when a worker hangs and whose
fault it is. This module sends, receives, starts and ends.

No process stays behind. Workers are ended with the pool, and at the end of this process. If this
process is killed, the system kills them (Linux) or they notice (elsewhere). A terminal's signals do
not reach them.

Populations do not travel in shared memory: making and filling it takes two to three times as long
as the pipe for 1,500 networks, 1,000 grids or 64 HistoryUsers of 9,000 or 26,000 weights (measured
by `benchmarks/workers.py travel`), and it could stay behind.
"""

import signal
from typing import Any, Self

import multiprocess

from evo.core.platform import check_pool_support, wait_for_files
from evo.core.scores import Scores
from evo.fitness.base import Fitness
from evo.workers.clock import Clock
from evo.workers.failures import unloadable, unsendable
from evo.workers.limits import Link
from evo.workers.pool.process import ProcessPool, WorkerProcess
from evo.workers.scheduling import Scheduler
from genomes.base import Performers

# The longest wait, in seconds: a death that no pipe tells of is noticed by looking now and then.
_TICK = 1.0


class Pool:
    """An evaluator over worker processes; use it as a context manager.

    Args:
        workers: How many processes.
        seed: The seed of the run.
        chunk_size: The most individuals that are scored at once.
        timeout: How many seconds the evaluation of one individual may take, 0 for any time.

    Raises:
        ValueError: If a number is out of range.
        InputError: If the operating system cannot do this.
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
        """The process numbers of the workers."""
        return [worker.process.pid for worker in self._pool.members]

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """See `evo.workers.base.Evaluator`; raises WorkersLostError."""
        kind = type(performers)
        pickled = _pickled((fitness, kind))
        self._scheduler.begin(len(performers), (type(fitness), kind))
        try:
            while not self._scheduler.is_done:
                self._start_missing()
                for worker in self._pool.members:
                    worker.send_fitness(pickled)
                for assignment in self._scheduler.assign(self._clock.now):
                    arrays = performers.take(list(assignment.batch)).to_arrays()
                    address = (self._seed, generation, assignment.batch)
                    assignment.worker.channel.send(("batch", arrays, address, self._chunk_size))
                self._listen()
                now = self._clock.now
                for worker in self._scheduler.overdue(now, WorkerProcess.processor_wait):
                    self._pool.end(worker)
        except BaseException:
            # The next evaluation must not be given the answers to this one.
            self._end()
            raise
        return self._scheduler.scores()

    def _end(self) -> None:
        """End all workers."""
        self._pool.end_all()
        self._scheduler.forget_workers()

    def _start_missing(self) -> None:
        """Start the workers that are missing, unless it is too soon after a start that failed."""
        now, starts = self._clock.tick(), self._scheduler.starts
        while len(self._pool.members) < starts.wanted and now >= starts.next_start:
            try:
                self._scheduler.add(self._pool.start(), now)
            except OSError as error:
                starts.note_failure(str(error), now)

    def _listen(self) -> None:
        """Wait until a worker answers or dies, or a limit has come, and take what there is."""
        members, scheduler = self._pool.members, self._scheduler
        until = min(self._clock.now + _TICK, scheduler.next_limit())
        if len(members) < scheduler.starts.wanted:
            until = min(until, scheduler.starts.next_start)
        owners = {worker.channel.fileno(): worker for worker in members}
        writable = [number for number, worker in owners.items() if worker.channel.has_unsent]
        owners |= {worker.process.sentinel: worker for worker in members}
        found = wait_for_files(owners, writable, max(0.0, until - self._clock.now))
        self._clock.tick()
        # Also a dead process's pipe may stay open, in a process that it has started itself.
        for worker in dict.fromkeys(owners[number] for number in found) or list(members):
            self._attend(worker)

    def _attend(self, worker: WorkerProcess) -> None:
        """Take the messages of a worker, and see whether it lives."""
        alive = worker.process.is_alive()
        worker.channel.flush()
        messages, is_open = worker.channel.receive()
        for message in messages:
            if not self._take(worker, *message):
                self._pool.end(worker)
                return
        if messages:
            worker.processor_wait()  # whatever it was before, the next batch begins now
        if not is_open or not alive:
            code = self._pool.end(worker, wait=1.0)
            was_killed = code == -signal.SIGKILL
            self._scheduler.died(worker, f"exit code {code}", self._clock.now, was_killed)

    def _take(self, worker: WorkerProcess, name: str, *content: Any) -> bool:
        """Take a message of a worker; return whether the worker is still of use."""
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
    """Pickle a fitness: what belongs to the user's script by value, the rest by name."""
    try:
        pickler = multiprocess.reduction.ForkingPickler
        return bytes(pickler.dumps(fitness, recurse=True))
    except Exception as error:  # an object that is not made to travel may raise anything
        raise unsendable(error) from error
