"""Starts of worker processes: how many to keep, when to start the next, when to give up."""

from evo.core.errors import WorkersLostError

# Maximum number of failed starts in a row. A killed process (SIGKILL) counts as a tenth, because a
# system that is short of memory may kill many processes before one becomes ready.
FAILED_STARTS = 10
_KILLED = 0.1
# Delay after a failed start: the first, doubled after every further failure, and its maximum.
_FIRST_DELAY, _MAX_DELAY = 0.1, 2.0  # seconds


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
        """Record that a process has ended unexpectedly; keep a spare one from now on."""
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
