"""The scheduling policy of every evaluator with workers: batches, time limits, blame, giving up.

It is a state machine without clocks, processes or messages. An evaluator tells it what happened and
when (in seconds of its own clock), and does what it is told:

    scheduler.begin(count, kind)                            a new population
    for assignment in scheduler.assign(now): ...            send these
    for worker in scheduler.overdue(now): ...               end these workers
    scheduler.scored / unreadable / faulted / died(...)     what became of a worker's first batch
    scheduler.is_done, scheduler.scores()

**Batches.** A batch is a range of indices into the population. It should take `Link.batch_seconds`:
much longer than a message, and little enough that not much is lost with a worker. How a population
is cut changes no score. Towards the end batches get smaller, so that all workers end together. A
worker has its next batch ready while it works at one, where batches are that short.

**Warm-up.** A new worker first loads or compiles kernels. So it is given one individual, and more
time than an individual may take, before it counts as warm. If only individuals are left that may
be at fault, it warms up on one that another worker has scored already.

**Time limits.** An individual alone with a warm worker may take `timeout` seconds. A batch of
several is suspected to hang when it takes longer than was to be expected. Its worker is ended and
its individuals are evaluated again, each alone with a warm worker. An individual fails as TIMEOUT
if it then overruns its limit, or does so twice if it was alone from the start.

**Deaths.** The batch at which a worker died is cut as well. An individual fails as CRASH after the
death of three workers, two of them warm and with this individual alone.

**Faults of the machine** are nobody's. The batch is evaluated again by another worker. When that
fails, too, or workers cannot start or warm up, WorkersLostError ends the evaluation.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores
from evo.workers.backlog import Backlog
from evo.workers.failures import MAX_FAULTS, given_up
from evo.workers.limits import Link, Pace, Starts, WarmUps

W = TypeVar("W", bound=Hashable)

START_LIMIT = 60.0  # seconds that a process may take until it is ready
HOPELESS = 30  # workers that may die in a row while they warm up


@dataclass(frozen=True)
class Assignment(Generic[W]):
    """A batch for a worker.

    Attributes:
        worker: The worker.
        batch: The indices of the individuals.
        is_alone: Whether no other batch may wait behind this one, because it may take long.
        is_rehearsal: Whether its scores are known; it is evaluated to warm the worker up.
    """

    worker: W
    batch: range
    is_alone: bool = False
    is_rehearsal: bool = False


@dataclass(eq=False)
class _Worker(Generic[W]):
    """What is known of a worker."""

    name: W
    since: float  # when its start, or its first assignment, began
    is_ready: bool
    is_warm: bool = False
    assigned: deque[Assignment[W]] = field(default_factory=deque)
    patience: float = 0.0  # seconds for its warm-up


class Scheduler(Generic[W]):
    """Decides for one evaluator; see the module's docstring.

    Args:
        link: The transport.
        timeout: The limit of an individual in seconds, 0 for none.
        at_once: How many workers may work at the same time, None for all.
    """

    def __init__(self, link: Link, timeout: float, at_once: int | None = None) -> None:
        self.timeout = timeout or inf
        self._link, self._at_once = link, at_once
        self.starts = Starts(at_once or 0)
        self._workers: dict[W, _Worker[W]] = {}
        self._backlog = Backlog(0)
        self._kind: object = None
        self._forget_kind()

    def _forget_kind(self) -> None:
        """Forget everything that was learned from evaluations."""
        self._pace = Pace(self._link, self.timeout)
        self._warm_ups = WarmUps()
        self._deaths = self._faults = 0  # in a row: of workers that warmed up, of the machine
        for worker in self._workers.values():
            worker.is_warm = False

    def begin(self, count: int, kind: object) -> None:
        """Begin with a population.

        Args:
            count: Its size.
            kind: What its kernels depend on; workers that are warm for one kind are not for others.
        """
        self._backlog = Backlog(count)
        if kind != self._kind:
            self._kind = kind
            self._forget_kind()

    @property
    def is_done(self) -> bool:
        """Whether every individual has a score."""
        return not self._backlog.unscored

    def scores(self) -> Scores:
        """Return the scores of the whole population, in its order."""
        return self._backlog.scores()

    # Workers

    def add(self, name: W, now: float, is_ready: bool = False) -> None:
        """Take note of a new worker."""
        self._workers[name] = _Worker(name, now, is_ready)

    def ready(self, name: W) -> None:
        """Take note that a worker has loaded the fitness."""
        self._workers[name].is_ready = True
        self.starts.note_success()

    def forget_workers(self) -> None:
        """Take note that all workers were ended on purpose."""
        self._workers.clear()
        self.starts = Starts(self._at_once or 0)

    # Assignments

    def assign(self, now: float) -> list[Assignment[W]]:
        """Return what is to be sent to workers now."""
        ready = [worker for worker in self._workers.values() if worker.is_ready]
        idle = [worker for worker in ready if not worker.assigned]
        free = (self._at_once or len(ready)) - (len(ready) - len(idle))
        new = []
        for worker in sorted(idle, key=lambda worker: not worker.is_warm)[: max(free, 0)]:
            assignment = self._first(worker)
            if assignment is not None:
                worker.since = now
                worker.assigned.append(assignment)
                new.append(assignment)
        if self._pace.is_quick and not self._backlog.suspects:
            for worker in ready:
                has_one = worker.is_warm and len(worker.assigned) == 1
                if has_one and self._backlog.waiting and not worker.assigned[0].is_alone:
                    assignment = Assignment(worker.name, self._take())
                    worker.assigned.append(assignment)
                    new.append(assignment)
        return new

    def _take(self) -> range:
        workers = self._at_once or len(self._workers)
        size = self._pace.size(self._backlog.waiting, workers, self._backlog.count)
        return self._backlog.take(size)

    def _first(self, worker: _Worker[W]) -> Assignment[W] | None:
        """Return an assignment for an idle worker, None if there is nothing for it."""
        backlog = self._backlog
        if worker.is_warm:
            if backlog.suspects:
                return Assignment(worker.name, backlog.suspects.popleft(), is_alone=True)
            return Assignment(worker.name, self._take()) if backlog.waiting else None
        worker.patience = self._warm_ups.patience
        if backlog.waiting:
            return Assignment(worker.name, backlog.take(1), is_alone=True)
        if not backlog.suspects:
            return None
        if backlog.sample is not None:
            sample = range(backlog.sample, backlog.sample + 1)
            return Assignment(worker.name, sample, is_alone=True, is_rehearsal=True)
        if any(other.assigned for other in self._workers.values()):
            return None
        return Assignment(worker.name, backlog.take_suspect(), is_alone=True)

    # Time limits

    def limit(self, name: W) -> float:
        """Return when a worker is overdue, infinity for never."""
        worker = self._workers[name]
        if not worker.is_ready:
            return worker.since + START_LIMIT
        if not worker.assigned:
            return inf
        size = len(worker.assigned[0].batch)
        if not worker.is_warm:
            return worker.since + self.timeout + worker.patience
        allowance = self.timeout if size == 1 else self._pace.allowance(size)
        return worker.since + (allowance if self.timeout < inf else inf)

    def next_limit(self) -> float:
        """Return when the next worker is overdue, infinity for never."""
        return min(map(self.limit, self._workers), default=inf)

    def overdue(self, now: float, excuse: Callable[[W], float] = lambda name: 0.0) -> list[W]:
        """Return the workers that take too long, which are to be ended; they are forgotten here.

        Args:
            now: Seconds.
            excuse: How long a worker was ready to run and had no processor, since its batch began.

        Raises:
            WorkersLostError: If workers cannot start or warm up.
        """
        late = []
        for worker in self._workers.values():
            if now >= self.limit(worker.name):
                worker.since += excuse(worker.name)
                if now >= self.limit(worker.name):
                    late.append(worker)
        for worker in late:
            first = self._lost(worker)
            if first is None:
                self.starts.note_failure(f"nothing ready after {START_LIMIT:g} seconds", now)
                continue
            if len(first.batch) > 1:
                self._pace.forget_size()
            if not first.is_rehearsal:
                self._backlog.overran(first.batch, self.timeout, worker.is_warm)
            if not worker.is_warm:
                self._warm_ups.note_failure(worker.patience, self.timeout)
        return [worker.name for worker in late]

    # Outcomes

    def scored(self, name: W, scores: Scores, seconds: float, now: float) -> None:
        """Take the scores of a worker's first batch, which it says to have scored in `seconds`."""
        worker = self._workers[name]
        first = worker.assigned.popleft()
        # A worker that was stopped with the evaluator (Ctrl-Z) does not know it.
        took = min(seconds, now - worker.since)
        worker.since = now
        was_warm, worker.is_warm = worker.is_warm, True
        if was_warm:
            self._pace.learn(len(first.batch), seconds)
        else:
            self._warm_ups.note_success(took)
            self._deaths = 0
        if first.is_rehearsal:
            return
        self._faults = 0
        self._backlog.sample = first.batch.start
        if took <= self.timeout:
            self._backlog.scored(first.batch, scores)
        elif was_warm:
            self._backlog.overran(first.batch, self.timeout, was_warm)
        else:
            self._backlog.doubt(first.batch)

    def unreadable(self, name: W, reason: str, now: float) -> None:
        """Take note that a worker's first batch holds individuals that its genome kind refuses."""
        worker = self._workers[name]
        worker.since = now
        first = worker.assigned.popleft()
        if not first.is_rehearsal:
            self._backlog.failed(first.batch, reason)

    def faulted(self, name: W, fault: str, now: float) -> None:
        """Take note that the machine failed a worker's first batch; the worker is to be ended.

        Raises:
            WorkersLostError: If that has happened too often.
        """
        workers = max(1, len(self._workers))
        first = self._lost(self._workers[name])
        self._faults += 1
        self.starts.delay(self._faults, now)
        if self._faults >= MAX_FAULTS * workers:
            raise given_up(fault, self._faults)
        if first is not None and not first.is_rehearsal:
            self._backlog.faulted(first.batch, fault)

    def died(self, name: W, how: str, now: float, was_killed: bool = False) -> None:
        """Take note that a worker has ended by itself, or is gone.

        Args:
            name: The worker.
            how: What is known of its end, as the end of a sentence.
            now: Seconds.
            was_killed: By SIGKILL.

        Raises:
            WorkersLostError: If too many have died.
        """
        worker = self._workers[name]
        first = self._lost(worker)
        if not worker.is_ready:
            self.starts.note_failure(how, now, was_killed)
        if first is None:
            return
        if not worker.is_warm:
            self._deaths += 1
            if self._deaths >= HOPELESS:
                raise WorkersLostError(
                    f"{self._deaths} worker processes in a row ended at the first individual that "
                    f"they evaluated, the last with {how}"
                )
        if not first.is_rehearsal:
            self._backlog.died(first.batch, worker.is_warm)

    def dropped(self, name: W) -> None:
        """Take note that a worker is not there any more, or has lost its batches, by no fault."""
        first = self._lost(self._workers[name])
        if first is not None and not first.is_rehearsal:
            self._backlog.give_back(first.batch)

    def _lost(self, worker: _Worker[W]) -> Assignment[W] | None:
        """Forget a worker; give back all its batches but the first, and return that."""
        del self._workers[worker.name]
        self.starts.note_loss()
        if not worker.assigned:
            return None
        first, *others = worker.assigned
        for assignment in reversed(others):
            self._backlog.give_back(assignment.batch)
        return first
