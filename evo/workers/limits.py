"""How long batches, first evaluations and starts may take, and how often they may fail.

All times are seconds.
"""

from dataclasses import dataclass
from math import ceil, inf

from evo.core.errors import WorkersLostError

# Starts in a row that may fail. A process that was killed (SIGKILL) counts as a tenth: on a busy
# machine where processes are killed few may live long enough to be ready.
FAILED_STARTS = 10
_KILLED = 0.1
# Until the next start after one that failed: doubled every time, up to the second number.
_FIRST_DELAY, _MAX_DELAY = 0.1, 2.0
# How long a warm-up may take, and how long at the most after several that took too long.
WARM_UP, MAX_WARM_UP = 60.0, 120.0
# Once a worker is warm, others may take this long, and so many times as long as the longest.
_WARM_UP_GRACE, _WARM_UP_SLACK = 5.0, 4.0


@dataclass(frozen=True)
class Link:
    """What the messages of a transport cost, which decides the size of batches and the patience.

    Attributes:
        batch_seconds: The work of one batch.
        grace: How late any batch may be.
        slack: How many times longer than expected a batch may take; workers may differ in speed.
    """

    batch_seconds: float = 0.2
    grace: float = 0.5
    slack: float = 2.0


class Pace:
    """How long individuals take with warm workers, learned from every batch.

    Args:
        link: The transport.
        timeout: The limit of one individual.
    """

    def __init__(self, link: Link = Link(), timeout: float = inf) -> None:
        self._link, self._timeout = link, timeout
        self._each: float | None = None
        self._max_size = 1
        self._longest = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether a batch ends so soon that the next should lie ready."""
        return self._each is not None and self._each <= self._link.batch_seconds

    def size(self, waiting: int, workers: int, count: int | None = None) -> int:
        """Return the size of the next batch, at least 1.

        It at most doubles, so that a wrong first guess does no harm. Towards the end of a
        population it shrinks, so that all workers end together.

        Args:
            waiting: Individuals that no worker has yet.
            workers: Workers that share them.
            count: Individuals of the whole population, `waiting` by default.
        """
        if self._each is None:
            return 1
        each = max(self._each, 1e-9)
        # A batch that costs less than a message is not worth cutting.
        smallest = min(
            int(self._link.batch_seconds / 40 / each), ceil((count or waiting) / workers)
        )
        fair = max(ceil(waiting / (2 * workers)), smallest)
        seconds = min(self._link.batch_seconds, self._timeout / 2)
        return max(1, min(int(seconds / each), 2 * self._max_size, fair))

    def allowance(self, size: int) -> float:
        """Return how long a batch of several may take until it is suspected to hang."""
        grace = min(self._link.grace, self._timeout)
        return grace + self._link.slack * size * (self._each or 0.0) + 2 * self._longest

    def learn(self, size: int, seconds: float) -> None:
        """Take note that a batch of `size` was scored in `seconds`."""
        each = seconds / size
        self._each = each if self._each is None else 0.7 * self._each + 0.3 * each
        self._max_size = max(self._max_size, size)
        # The longest that one individual alone took, of late: another may take as long.
        self._longest = max(0.99 * self._longest, seconds if size == 1 else 0.0)

    def forget_size(self) -> None:
        """Begin with small batches again, because one took too long."""
        self._max_size = 1


class WarmUps:
    """How long the first evaluation of a worker may take beyond the limit of an individual."""

    def __init__(self) -> None:
        self._longest: float | None = None
        self._failed = 0

    @property
    def patience(self) -> float:
        """How long the next may take."""
        longest = self._longest
        usual = WARM_UP if longest is None else _WARM_UP_GRACE + _WARM_UP_SLACK * longest
        return usual * float(2**self._failed)

    def note_success(self, seconds: float) -> None:
        """Take note that a worker is warm after so long."""
        self._longest = max(self._longest or 0.0, seconds)
        self._failed = 0

    def note_failure(self, patience: float, timeout: float) -> None:
        """Take note that a worker took too long.

        Args:
            patience: How long it was given, beyond the limit of an individual.
            timeout: That limit.

        Raises:
            WorkersLostError: If there is no more patience.
        """
        if patience >= MAX_WARM_UP:
            raise WorkersLostError(
                "no worker process finished its first evaluation within "
                f"{timeout + patience:g} seconds; if an individual may take so long, raise "
                "workers.timeout"
            )
        if patience >= self.patience:  # another failure with less patience tells nothing new
            self._failed += 1


class Starts:
    """When to start a worker process, and when to give up.

    Args:
        count: How many are to work.

    Attributes:
        wanted: How many are to run: one more than `count` after the first loss. A process takes
            about a second to start, and nobody should wait for that where they are lost often.
        next_start: When the next may be started.
    """

    def __init__(self, count: int) -> None:
        self._count = self.wanted = count
        self._failed = 0.0
        self.next_start = 0.0

    def note_loss(self) -> None:
        """Take note that a process is gone."""
        self.wanted = self._count + 1

    def note_success(self) -> None:
        """Take note that a process has become ready."""
        self._failed = 0.0

    def note_failure(self, how: str, now: float, was_killed: bool = False) -> None:
        """Take note that a process ended before it was ready.

        Args:
            how: What became of it, as the end of a sentence.
            now: The time.
            was_killed: By SIGKILL, and so by somebody else.

        Raises:
            WorkersLostError: After too many in a row.
        """
        self._failed += _KILLED if was_killed else 1.0
        if self._failed >= FAILED_STARTS:
            raise WorkersLostError(
                f"at least {FAILED_STARTS} worker processes in a row ended before they could "
                f"begin, the last with {how}; what it said, if anything, stands above"
            )
        self.delay(self._failed, now)

    def delay(self, failures: float, now: float) -> None:
        """Wait with the next start, the longer the more `failures` came before it."""
        self.next_start = now + min(_FIRST_DELAY * 2 ** (failures - 1), _MAX_DELAY)
