"""Batch sizes, time limits and retries of the scheduler.

`Pace` sizes batches by the measured time per individual. `WarmUps` sets the time limit of a
worker's first evaluation, in which kernels are compiled. `Starts` delays and limits the starts of
processes. All times are in seconds.
"""

from dataclasses import dataclass
from math import ceil, inf

from evo.core.errors import WorkersLostError

# Maximum number of failed starts in a row. A killed process (SIGKILL) counts as a tenth, because a
# system that is short of memory may kill many processes before one becomes ready.
FAILED_STARTS = 10
_KILLED = 0.1
# Delay after a failed start: the first, doubled after every further failure, and its maximum.
_FIRST_DELAY, _MAX_DELAY = 0.1, 2.0
# Allowance for a warm-up before any has succeeded; no retry if one with the maximum failed.
WARM_UP, MAX_WARM_UP = 60.0, 120.0
# After the first success the allowance is grace + slack * the longest successful warm-up.
_WARM_UP_GRACE, _WARM_UP_SLACK = 5.0, 4.0


@dataclass(frozen=True)
class Link:
    """Properties of a transport (pipe or network) that decide batch sizes and time limits.

    Attributes:
        batch_seconds: Intended duration of a batch, much longer than a message.
        grace: Constant part of a batch's allowance.
        slack: Factor on the expected duration of a batch, as workers may differ in speed.
    """

    batch_seconds: float = 0.2
    grace: float = 0.5
    slack: float = 2.0


class Pace:
    """The time per individual with warm workers, a moving average over batches.

    Args:
        link: The transport.
        timeout: Time limit per individual.
    """

    def __init__(self, link: Link = Link(), timeout: float = inf) -> None:
        self._link, self._timeout = link, timeout
        self._each: float | None = None
        self._max_size = 1
        self._longest = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether batches are so short that each worker should have a second one queued."""
        return self._each is not None and self._each <= self._link.batch_seconds

    def size(self, waiting: int, workers: int, count: int | None = None) -> int:
        """Return the size of the next batch, at least 1.

        It is at most twice the largest size so far, because the first estimate may be wrong. It
        shrinks towards the end of a population, so that all workers finish at about the same time.

        Args:
            waiting: Number of individuals not yet sent to a worker.
            workers: Number of workers that share them.
            count: Size of the population, `waiting` by default.
        """
        if self._each is None:
            return 1
        each = max(self._each, 1e-9)
        # A batch is not made smaller than the cost of its message justifies.
        smallest = min(
            int(self._link.batch_seconds / 40 / each), ceil((count or waiting) / workers)
        )
        fair = max(ceil(waiting / (2 * workers)), smallest)
        seconds = min(self._link.batch_seconds, self._timeout / 2)
        return max(1, min(int(seconds / each), 2 * self._max_size, fair))

    def allowance(self, size: int) -> float:
        """Return the time limit of a batch of `size` > 1 individuals."""
        grace = min(self._link.grace, self._timeout)
        return grace + self._link.slack * size * (self._each or 0.0) + 2 * self._longest

    def learn(self, size: int, seconds: float) -> None:
        """Update the averages with a scored batch.

        Args:
            size: Number of individuals.
            seconds: Time that scoring them took.
        """
        each = seconds / size
        self._each = each if self._each is None else 0.7 * self._each + 0.3 * each
        self._max_size = max(self._max_size, size)
        # The recent maximum of single individuals: any individual of a batch may take as long.
        self._longest = max(0.99 * self._longest, seconds if size == 1 else 0.0)

    def forget_size(self) -> None:
        """Restart from batches of one individual, after a batch took too long."""
        self._max_size = 1


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


class Starts:
    """The number of worker processes to keep, and the time of the next start.

    Args:
        count: Number of workers that evaluate at the same time.

    Attributes:
        target: Number of processes to keep: `count`, or `count` + 1 after the first loss. A start
            takes about a second, so the spare process saves a wait after every loss.
        next_start: Earliest time of the next start.
    """

    def __init__(self, count: int) -> None:
        self._count = self.target = count
        self._failed = 0.0
        self.next_start = 0.0

    def note_loss(self) -> None:
        """Record the loss of a process."""
        self.target = self._count + 1

    def note_success(self) -> None:
        """Record that a process is ready."""
        self._failed = 0.0

    def note_failure(self, how: str, now: float, was_killed: bool = False) -> None:
        """Record that a process ended before it was ready.

        Args:
            how: The cause, as the end of a sentence.
            now: The current time.
            was_killed: Whether it was killed by SIGKILL, so from outside.

        Raises:
            WorkersLostError: After `FAILED_STARTS` failures in a row.
        """
        self._failed += _KILLED if was_killed else 1.0
        if self._failed >= FAILED_STARTS:
            raise WorkersLostError(
                f"at least {FAILED_STARTS} worker processes in a row ended before they could "
                f"begin, the last with {how}; any output of them is above"
            )
        self.delay(self._failed, now)

    def delay(self, failures: float, now: float) -> None:
        """Delay the next start, exponentially in the number of failures.

        Args:
            failures: Number of failures in a row.
            now: The current time.
        """
        self.next_start = now + min(_FIRST_DELAY * 2 ** (failures - 1), _MAX_DELAY)
