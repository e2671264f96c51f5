"""Evaluation in worker processes on this machine, whatever becomes of them.

Every worker has one pipe. Individuals travel as arrays, scores come back as arrays, and the fitness
travels once, and again when it changed. Workers are started by `spawn`: a forked process would
inherit locks and threads of the parent in whatever state they are. The user's script is not run
again in them: a fitness of a script's or a notebook's own is sent by value, with the globals that
it uses, so neither needs an `if __name__ == "__main__"`.

**Pieces.** A worker is given a part of a chunk at a time, about 0.2 s of work, and the next while
it is at the first. How a population is cut changes no score, since nobody's depends on who shares
a piece. Towards the end of a population pieces get smaller, so that all workers end together.

**A worker that dies** (killed by the user, by the system for want of memory, by its own fitness)
is noticed at once and replaced. What it was at is scored again in eighths, then one by one. An
individual is to blame, and fails as `crash`, when three workers have died at it, two of them when
it was alone: whoever kills workers at random hardly meets the same individual as often.

**An individual that hangs** is allowed `timeout` seconds, and that begins when it is alone. So a
piece that takes half a second longer than twice what was expected of it, by the time of those
before it, is suspected, its worker killed, and its individuals scored one by one, by all workers,
before anything else. Who is then alone for `timeout` seconds is a failed individual, `timeout`.
All in all it holds up an evaluation for its limit and at most 2 seconds. Individuals that take
longer than 0.2 s are alone from the beginning. A suspicion that was wrong costs the time of that
piece, no score, and the longest time of an individual alone is allowed for from then on.

**Workers that cannot work at all** raise `WorkersLostError`, one line with the reason: where the
fitness cannot be loaded in them, where ten in a row end before they are ready (each start waits
longer than the one before; one that somebody killed counts as a tenth), and where thirty die
before a population has its first score.

**No process stays behind.** Workers are ended with the pool, and at the end of this process. If
this process is killed, the system kills them (Linux) or they notice (elsewhere). A terminal's
signals do not reach them.

Populations do not travel in shared memory: making and filling it takes two to three times as long
as the pipe for 1,500 networks, 1,000 grids or 64 HistoryUsers of 9,000 or 26,000 weights (measured
by `benchmarks/workers.py travel`), and it could stay behind.
"""

import select
import signal
from collections import Counter, deque
from collections.abc import Sequence
from math import ceil
from typing import Any, Self

import multiprocess

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores
from evo.core.seeds import Role
from evo.fitness.base import Fitness
from evo.workers.chunk import borders
from evo.workers.pace import Pace
from evo.workers.pool.process import KILLED, START_LIMIT, Clock, Crew, Worker
from evo.workers.reasons import crashed, too_late, unloadable, unsendable
from genomes.base import Performers

# Into so many parts goes a piece at which a worker died.
PARTS = 8
# So many workers must die at an individual, and at it alone, before it is to blame.
DEATHS, DEATHS_ALONE = 3, 2
# So many workers may die before a population has its first score.
HOPELESS = 30
# The longest wait, in seconds: a death that no pipe tells of is noticed by looking now and then.
TICK = 1.0


class _Work:
    """What is still to be scored of one population."""

    def __init__(self, performers: Performers, address: tuple[Any, ...], chunks: Sequence[range]):
        self._performers, self._address = performers, address
        self._waiting = deque(chunks)
        self.waiting = self.unscored = len(performers)
        self.deaths = 0
        self.has_scores = False
        self._deaths_at: Counter[int] = Counter()
        self._deaths_alone: Counter[int] = Counter()
        self._suspects: set[range] = set()
        self._parts: list[tuple[int, Scores]] = []

    def next(self, size: int) -> range:
        """Take the piece that comes first, of about `size` individuals and of one chunk."""
        whole = self._waiting.popleft()
        first = ceil(len(whole) / ceil(len(whole) / size))
        if first < len(whole):
            self._waiting.appendleft(whole[first:])
        self.waiting -= first
        return whole[:first]

    def content(self, piece: range) -> tuple[Any, ...]:
        """What a worker is sent of a piece: arrays, and the address of its streams."""
        return self._performers.take(list(piece)).to_arrays(), (*self._address, piece)

    def has_suspect(self, piece: range | None = None) -> bool:
        """Whether a piece (the next, without one) is scored again after something went wrong."""
        return (self._waiting[0] if piece is None else piece) in self._suspects

    def scored(self, piece: range, scores: Scores) -> None:
        """A piece has its scores."""
        self.has_scores = True
        self._end(piece, scores)

    def _end(self, piece: range, scores: Scores) -> None:
        self._parts.append((piece.start, scores))
        self._suspects.discard(piece)
        self.unscored -= len(piece)

    def give_back(self, pieces: Sequence[range]) -> None:
        """Pieces that nobody worked at are to be scored before all others."""
        self._waiting.extendleft(reversed(pieces))
        self.waiting += sum(map(len, pieces))

    def _again(self, piece: range, size: int) -> None:
        pieces = [piece[start : start + size] for start in range(0, len(piece), size)]
        self._suspects.update(pieces)
        self.give_back(pieces)

    def died_at(self, piece: range) -> None:
        """A worker ended at a piece."""
        self.deaths += 1
        self._suspects.discard(piece)
        self._deaths_at.update(piece)
        if len(piece) == 1:
            one = piece.start
            self._deaths_alone[one] += 1
            if self._deaths_at[one] >= DEATHS and self._deaths_alone[one] >= DEATHS_ALONE:
                self._end(piece, crashed())
                return
        self._again(piece, ceil(len(piece) / PARTS))

    def overran(self, piece: range, limit: float) -> None:
        """A piece took longer than it may."""
        self._suspects.discard(piece)
        if len(piece) == 1:
            self._end(piece, too_late(limit))
        else:
            self._again(piece, 1)

    def scores(self) -> Scores:
        """The scores of all, in the population's order."""
        return Scores.join([part for _, part in sorted(self._parts, key=lambda one: one[0])])


class Pool:
    """An evaluator over `workers` processes; use it as a context manager.

    `timeout` is how many seconds the evaluation of one individual may take, 0 for any time.
    """

    def __init__(self, workers: int, seed: int, chunk_size: int, timeout: float = 60.0) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        if not timeout >= 0:
            raise ValueError(f"timeout must be at least 0, got {timeout}")
        self._seed, self._chunk_size, self._timeout = seed, chunk_size, timeout
        self._crew = Crew(workers)
        self._clock = Clock()
        self._pace = Pace()

    def __enter__(self) -> Self:
        self._clock.tick()
        self._crew.fill(self._clock.now)
        return self

    def __exit__(self, *exception: object) -> None:
        self._crew.end()

    @property
    def processes(self) -> list[int]:
        """The process numbers of the workers."""
        return [worker.process.pid for worker in self._crew.members]

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """See `evo.workers.Evaluator`; raises WorkersLostError."""
        pickled = _pickled((fitness, type(performers)))
        chunks = borders(len(performers), self._chunk_size)
        work = _Work(performers, (self._seed, Role.EVALUATE, generation), chunks)
        try:
            while work.unscored:
                self._clock.tick()
                self._crew.fill(self._clock.now)
                for worker in self._crew.members:
                    worker.send_fitness(pickled)
                self._hand_out(work)
                self._listen(work)
                self._clock.tick()
                self._check_limits(work)
        except BaseException:
            # Whoever goes on with this pool must not be given the answers to this population.
            self._crew.end()
            raise
        return work.scores()

    def _hand_out(self, work: _Work) -> None:
        """Give every worker something to do, and then something that lies ready."""
        ready = [worker for worker in self._crew.members if worker.is_ready]
        free = self._crew.count - sum(1 for worker in ready if worker.pieces)
        for worker in ready:
            if free and work.waiting and not worker.pieces:
                self._give(worker, work)
                free -= 1
        for worker in ready:
            # Behind somebody who may hang nothing should wait, and suspects wait for nobody.
            if (
                work.waiting
                and len(worker.pieces) == 1
                and self._pace.is_quick
                and not worker.is_fresh
                and not work.has_suspect(worker.pieces[0])
                and not work.has_suspect()
            ):
                self._give(worker, work)

    def _give(self, worker: Worker, work: _Work) -> None:
        # What a process loads and compiles when it first scores anything is one individual's.
        size = 1 if worker.is_fresh else self._pace.size(work.waiting, self._crew.count)
        piece = work.next(size)
        worker.give(piece, work.content(piece), self._clock.now)

    def _limit(self, worker: Worker) -> float:
        """When what a worker is doing takes too long, on our clock."""
        if not worker.is_ready:
            return worker.started + START_LIMIT
        if not worker.pieces or not self._timeout:
            return float("inf")
        size = len(worker.pieces[0])
        return worker.since + (self._timeout if size == 1 else self._pace.allowance(size))

    def _listen(self, work: _Work) -> None:
        """Wait until some worker answers or dies, or a limit has come, and take what there is."""
        poll = select.poll()
        owners: dict[int, Worker] = {}
        until = self._clock.now + TICK
        if not self._crew.is_complete:
            until = min(until, self._crew.next_start)
        for worker in self._crew.members:
            until = min(until, self._limit(worker))
            events = select.POLLIN | (select.POLLOUT if worker.channel.has_unsent else 0)
            poll.register(worker.channel.fileno(), events)
            poll.register(worker.process.sentinel, select.POLLIN)
            owners[worker.channel.fileno()] = owners[worker.process.sentinel] = worker
        found = poll.poll(max(0, ceil(1000 * (until - self._clock.now))))
        self._clock.tick()
        # Also a dead process's pipe may stay open, in a process that it has started itself.
        touched = {id(owners[number]): owners[number] for number, _ in found}
        for worker in list(touched.values()) or list(self._crew.members):
            self._attend(worker, work)

    def _attend(self, worker: Worker, work: _Work) -> None:
        """Take what a worker says, and see whether it lives."""
        alive = worker.process.is_alive()
        worker.channel.flush()
        messages, is_open = worker.channel.receive()
        for name, *content in messages:
            if name == "ready":
                self._crew.note_ready(worker)
            elif name == "refused":
                raise unloadable(content[0])
            else:
                fields, seconds = content
                piece = worker.pieces.popleft()
                worker.since = self._clock.now
                work.scored(piece, Scores(**fields))
                if not worker.is_fresh:
                    self._pace.learn(len(piece), seconds)
                worker.is_fresh = False
        if is_open and alive:
            return
        code = self._crew.dismiss(worker, wait=1.0)
        if not worker.is_ready:
            weight = KILLED if code == -signal.SIGKILL else 1.0
            self._crew.count_failed_start(f"exit code {code}", self._clock.now, weight)
        elif worker.pieces:
            piece, *others = worker.pieces
            work.give_back(others)
            work.died_at(piece)
            if work.deaths >= HOPELESS and not work.has_scores:
                raise WorkersLostError(
                    f"{work.deaths} worker processes ended before any individual was scored, the "
                    f"last with exit code {code}"
                )

    def _check_limits(self, work: _Work) -> None:
        """End the workers that take too long."""
        for worker in list(self._crew.members):
            if self._clock.now < self._limit(worker):
                continue
            self._crew.dismiss(worker)
            if not worker.is_ready:
                how = f"nothing ready after {START_LIMIT:g} seconds"
                self._crew.count_failed_start(how, self._clock.now)
                continue
            piece, *others = worker.pieces
            if len(piece) > 1:
                self._pace.forget_size()
            work.give_back(others)
            work.overran(piece, self._timeout)


def _pickled(fitness: object) -> bytes:
    """A fitness as it travels: what belongs to the user's script by value, the rest by name."""
    try:
        pickler = multiprocess.reduction.ForkingPickler
        return bytes(pickler.dumps(fitness, recurse=True))
    except Exception as error:  # an object that is not made to travel may raise anything
        raise unsendable(error) from error
