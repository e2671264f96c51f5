"""Evaluation in worker processes on this machine.

Every worker has one pipe. A chunk travels as arrays, its scores come back as arrays, and the
fitness travels once, and again when it changed. Workers are started by `spawn`: a forked process
would inherit locks and threads of the parent in whatever state they are.

A worker that dies is noticed at once, because the parent waits on pipes and processes alike; the
individuals of its chunk are scored as crashed and a new worker takes its place.
"""

from collections import deque
from multiprocessing.connection import Connection
from typing import Any, Self

import multiprocess
import multiprocess.connection

from evo.fitness import Fitness
from evo.interrupt import start_shielded
from evo.scores import Scores, Status
from evo.seeds import Individuals, Role
from evo.workers.chunk import borders, score_chunk
from genomes.performers import Performers


def _work(pipe: Connection) -> None:
    """The life of a worker: take a message, answer it, until the pipe closes."""
    fitness: Any = None
    while True:
        try:
            kind, content = pipe.recv()
        except EOFError:
            return
        if kind == "fitness":
            fitness = content
        else:
            genome_kind, arrays, address = content
            performers = genome_kind.from_arrays(arrays)
            try:
                pipe.send(score_chunk(fitness, performers, Individuals(*address)))
            except BrokenPipeError:
                return


class _Worker:
    """A worker process as its parent sees it."""

    def __init__(self) -> None:
        context = multiprocess.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        start_shielded(self.process)
        theirs.close()
        self.fitness: bytes | None = None
        self.chunk: int | None = None

    def send(self, fitness: Fitness, fitness_bytes: bytes, chunk: int, content: object) -> None:
        if self.fitness != fitness_bytes:
            self.pipe.send(("fitness", fitness))
            self.fitness = fitness_bytes
        self.chunk = chunk
        self.pipe.send(("chunk", content))

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


class Pool:
    """An evaluator over `workers` processes; use it as a context manager."""

    def __init__(self, workers: int, seed: int, chunk_size: int) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._count, self._seed, self._chunk_size = workers, seed, chunk_size
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        self._workers = [_Worker() for _ in range(self._count)]
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.end()
        self._workers = []

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """See `evo.workers.Evaluator`."""
        fitness_bytes = multiprocess.reduction.ForkingPickler.dumps(fitness).tobytes()
        chunks = borders(len(performers), self._chunk_size)
        results: dict[int, Scores] = {}
        waiting = deque(range(len(chunks)))
        while len(results) < len(chunks):
            for place, worker in enumerate(self._workers):
                if worker.chunk is None and waiting:
                    number = waiting.popleft()
                    part = performers.take(list(chunks[number]))
                    address = (self._seed, Role.EVALUATE, generation, chunks[number])
                    content = (type(performers), part.to_arrays(), address)
                    try:
                        worker.send(fitness, fitness_bytes, number, content)
                    except OSError:  # it died while idle: its work goes to a new one
                        waiting.appendleft(number)
                        self._replace(place)
            self._collect(chunks, results)
        return Scores.join([results[number] for number in range(len(chunks))])

    def _collect(self, chunks: list[range], results: dict[int, Scores]) -> None:
        """Wait until some worker answers or dies, and take what there is."""
        busy = [worker for worker in self._workers if worker.chunk is not None]
        if not busy:  # all of them died while idle and were replaced
            return
        ready = multiprocess.connection.wait(
            [thing for worker in busy for thing in (worker.pipe, worker.process.sentinel)]
        )
        for place, worker in enumerate(self._workers):
            number = worker.chunk
            if number is None or not {worker.pipe, worker.process.sentinel} & set(ready):
                continue
            try:
                results[number] = worker.pipe.recv()
                worker.chunk = None
            except (EOFError, OSError):
                worker.process.join()
                reason = f"its worker process ended with exit code {worker.process.exitcode}"
                results[number] = Scores.failed(len(chunks[number]), Status.CRASH, reason)
                self._replace(place)

    def _replace(self, place: int) -> None:
        self._workers[place].end()
        self._workers[place] = _Worker()
