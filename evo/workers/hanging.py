"""Decide which workers hang, by a time limit for each thing that a worker does.

    its start                       START_LIMIT
    its first evaluation (warm-up)  the time limit per individual, and the allowance of `WarmUps`
    one individual                  the time limit per individual (`workers.timeout`)
    a larger batch                  `Pace.allowance`, by its expected duration

Without a time limit per individual only starts are limited. A worker that exceeds a limit hangs:
the evaluator ends it, and the scheduler splits its batch and has it evaluated again. All times are
in seconds of the evaluator's clock.
"""

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

from evo.core.errors import WorkersLostError
from evo.workers.assignment import W, Worker
from evo.workers.pace import Pace

START_LIMIT = 60.0  # time limit for the start of a process, in seconds
# Allowance for a warm-up before any has succeeded; no retry if one with the maximum failed.
WARM_UP, MAX_WARM_UP = 60.0, 120.0
# After the first success the allowance is grace + slack * the longest successful warm-up.
_WARM_UP_GRACE, _WARM_UP_SLACK = 5.0, 4.0


def limit_of(worker: Worker[Any], pace: Pace) -> float:
    """Return the time at which a worker counts as hanging, infinity for never.

    Args:
        worker: The worker.
        pace: The speed of the workers, and the time limit per individual.
    """
    if not worker.is_ready:
        return worker.since + START_LIMIT
    if not worker.assigned:
        return inf
    size = len(worker.assigned[0].batch)
    if not worker.is_warm:
        return worker.since + pace.timeout + worker.patience
    allowance = pace.timeout if size == 1 else pace.allowance(size)
    return worker.since + (allowance if pace.timeout < inf else inf)


def hanging(
    workers: Iterable[Worker[W]], pace: Pace, now: float, excuse: Callable[[W], float]
) -> list[Worker[W]]:
    """Return the workers that have exceeded their time limit.

    Args:
        workers: All workers; the `since` of a late one is moved by its excuse.
        pace: The speed of the workers, and the time limit per individual.
        now: The current time.
        excuse: Returns the seconds of a worker's batch in which it waited for a processor.
    """
    late = []
    for worker in workers:
        if now >= limit_of(worker, pace):
            worker.since += excuse(worker.name)
            if now >= limit_of(worker, pace):
                late.append(worker)
    return late


class WarmUps:
    """The time allowed for a worker's first evaluation, beyond the limit per individual."""

    def __init__(self) -> None:
        self._longest: float | None = None
        self._failed = 0

    @property
    def patience(self) -> float:
        """The allowance for the next warm-up; doubled after every failure."""
        longest = self._longest
        usual = WARM_UP if longest is None else _WARM_UP_GRACE + _WARM_UP_SLACK * longest
        return usual * float(2**self._failed)

    def note_success(self, seconds: float) -> None:
        """Record a warm-up that took `seconds`."""
        self._longest = max(self._longest or 0.0, seconds)
        self._failed = 0

    def note_failure(self, patience: float, timeout: float) -> None:
        """Record a warm-up that took too long.

        Args:
            patience: The worker's allowance, beyond the limit per individual.
            timeout: Time limit per individual.

        Raises:
            WorkersLostError: If `patience` was the maximum already.
        """
        if patience >= MAX_WARM_UP:
            raise WorkersLostError(
                "no worker process finished its first evaluation within "
                f"{timeout + patience:g} seconds; if an individual may take so long, raise "
                "workers.timeout"
            )
        if patience >= self.patience:  # else a later warm-up has a larger allowance already
            self._failed += 1
