"""The scheduling policy of the evaluators with workers: batches, time limits and failures.

It is a state machine without clocks, processes or messages. An evaluator reports every event with
its time (in seconds of the evaluator's clock), and carries out the decisions:

    scheduler.begin(count, kind)                            a new population
    for assignment in scheduler.assign(now): ...            send these batches
    for worker in scheduler.overdue(now): ...               end these workers
    scheduler.scored / unreadable / faulted / died(...)     the outcome of a worker's first batch
    scheduler.is_done, scheduler.scores()

**Batches.** A batch is a range of indices into the population. It should take `Link.batch_seconds`:
much longer than a message, but short enough that little work is lost with a worker. The division
into batches changes no score. Batches get smaller towards the end of a population, so that all
workers finish at about the same time. If batches are short, each worker has a second one queued.

**Warm-up.** A new worker first loads or compiles kernels. So it first evaluates a single individual
with an increased time limit, and then counts as warm. If only suspects are left, it warms up on an
individual that has a score already (a rehearsal).

**Time limits.** A single individual may take `timeout` seconds on a warm worker. A larger batch has
an allowance by its expected duration (`evo.workers.hanging`). A worker that exceeds its limit is
ended, and the batch is split and evaluated again. An individual fails as TIMEOUT after two
overruns, the last of them alone on a warm worker.

**Deaths.** The batch of a worker that died is split and evaluated again, too. An individual fails
as CRASH after the deaths of three workers, two of them warm and with this individual alone.

**Faults of the machine** never count against an individual. Another worker evaluates the batch
again. If faults persist, or if workers cannot start or warm up, WorkersLostError is raised.
"""

from collections.abc import Callable
from math import inf
from typing import Generic

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores
from evo.workers.assignment import Assignment, W, Worker
from evo.workers.backlog import Backlog
from evo.workers.failures import MAX_FAULTS, given_up
from evo.workers.hanging import START_LIMIT, WarmUps, hanging, limit_of
from evo.workers.pace import Link, Pace
from evo.workers.starts import Starts

HOPELESS = 30  # deaths in a row during warm-ups after which the evaluation stops


class Scheduler(Generic[W]):
    """The scheduling state of one evaluator; see the module's docstring.

    Args:
        link: The transport.
        timeout: Time limit per individual in seconds, 0 for none.
        at_once: Maximum number of workers that evaluate at the same time, None for all.

    Attributes:
        timeout: Time limit per individual, infinity for none.
        starts: The number of processes to keep, and the time of the next start.
    """

    def __init__(self, link: Link, timeout: float, at_once: int | None = None) -> None:
        self.timeout = timeout or inf
        self._link, self._at_once = link, at_once
        self.starts = Starts(at_once or 0)
        self._workers: dict[W, Worker[W]] = {}
        self._backlog = Backlog(0)
        self._kind: object = None
        self._forget_kind()

    def _forget_kind(self) -> None:
        """Reset the measured times and failures, and mark all workers as cold."""
        self._pace = Pace(self._link, self.timeout)
        self._warm_ups = WarmUps()
        # Numbers in a row: of workers that died in their warm-up, of faults of the machine.
        self._deaths = self._faults = 0
        for worker in self._workers.values():
            worker.is_warm = False

    def begin(self, count: int, kind: object) -> None:
        """Begin the evaluation of a population.

        Args:
            count: Size of the population.
            kind: Identifies the kernels in use. Workers are warm for one kind only.
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
        """Return the scores of the population, in its order; call it when `is_done`."""
        return self._backlog.scores()

    # Workers

    def add(self, name: W, now: float, is_ready: bool = False) -> None:
        """Record a new worker.

        Args:
            name: The worker.
            now: The current time.
            is_ready: Whether it can evaluate already; else `ready` must follow.
        """
        self._workers[name] = Worker(name, now, is_ready)

    def ready(self, name: W) -> None:
        """Record that a worker has loaded the fitness."""
        self._workers[name].is_ready = True
        self.starts.note_success()

    def forget_workers(self) -> None:
        """Record that the evaluator has ended all workers itself."""
        self._workers.clear()
        self.starts = Starts(self._at_once or 0)

    # Assignments

    def assign(self, now: float) -> list[Assignment[W]]:
        """Return the batches to send now."""
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
                can_queue = worker.is_warm and len(worker.assigned) == 1
                if can_queue and self._backlog.waiting and not worker.assigned[0].is_alone:
                    assignment = Assignment(worker.name, self._take())
                    worker.assigned.append(assignment)
                    new.append(assignment)
        return new

    def _take(self) -> range:
        workers = self._at_once or len(self._workers)
        size = self._pace.size(self._backlog.waiting, workers, self._backlog.count)
        return self._backlog.take(size)

    def _first(self, worker: Worker[W]) -> Assignment[W] | None:
        """Return an assignment for an idle worker, or None."""
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
        """Return the time at which a worker becomes overdue, infinity for never."""
        return limit_of(self._workers[name], self._pace)

    def next_limit(self) -> float:
        """Return the earliest `limit` of all workers, infinity for never."""
        return min(map(self.limit, self._workers), default=inf)

    def overdue(self, now: float, excuse: Callable[[W], float] = lambda name: 0.0) -> list[W]:
        """Remove and return the workers that hang (`evo.workers.hanging`).

        Args:
            now: The current time.
            excuse: Returns the seconds of a worker's batch in which it waited for a processor.

        Returns:
            The workers; the caller ends their processes.

        Raises:
            WorkersLostError: If workers cannot start or warm up.
        """
        late = hanging(self._workers.values(), self._pace, now, excuse)
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
        """Record the scores of a worker's first batch.

        Args:
            name: The worker.
            scores: One score per individual, in the order of the batch.
            seconds: Duration by the worker's clock.
            now: The current time.
        """
        worker = self._workers[name]
        first = worker.assigned.popleft()
        # The worker's clock counts time in which both processes were stopped (Ctrl-Z).
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
        """Record that the genome kind refused the arrays of a worker's first batch.

        Args:
            name: The worker.
            reason: The exception, as it is logged.
            now: The current time.
        """
        worker = self._workers[name]
        worker.since = now
        first = worker.assigned.popleft()
        if not first.is_rehearsal:
            self._backlog.failed(first.batch, reason)

    def faulted(self, name: W, fault: str, now: float) -> None:
        """Record a fault of the machine at a worker's first batch, and remove the worker.

        Args:
            name: The worker; the caller ends its process.
            fault: The exception, as it is logged.
            now: The current time.

        Raises:
            WorkersLostError: After too many faults.
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
        """Record that a worker has ended or disappeared.

        Args:
            name: The worker.
            how: The cause, as the end of a sentence.
            now: The current time.
            was_killed: Whether it was killed by SIGKILL.

        Raises:
            WorkersLostError: After too many deaths in a row.
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
        """Record that the transport lost a worker or its batches, without counting a failure."""
        first = self._lost(self._workers[name])
        if first is not None and not first.is_rehearsal:
            self._backlog.give_back(first.batch)

    def _lost(self, worker: Worker[W]) -> Assignment[W] | None:
        """Remove a worker, requeue its queued batches, and return its first assignment."""
        del self._workers[worker.name]
        self.starts.note_loss()
        if not worker.assigned:
            return None
        first, *queued = worker.assigned
        for assignment in reversed(queued):
            self._backlog.give_back(assignment.batch)
        return first
