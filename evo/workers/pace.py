"""The speed of warm workers, and from it the sizes and time limits of batches.

All times are in seconds.
"""

from dataclasses import dataclass
from math import ceil, inf


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
        self._link, self.timeout = link, timeout
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
        seconds = min(self._link.batch_seconds, self.timeout / 2)
        return max(1, min(int(seconds / each), 2 * self._max_size, fair))

    def allowance(self, size: int) -> float:
        """Return the time limit of a batch of `size` > 1 individuals."""
        grace = min(self._link.grace, self.timeout)
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
