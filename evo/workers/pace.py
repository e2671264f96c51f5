"""How long individuals take: it decides how many a worker is given at once, and when to worry."""

from math import ceil

# Seconds of work that a worker is given at once: enough that the way there and back is nothing
# beside it, little enough that nothing much is lost with a worker.
PIECE = 0.2
# Pieces do not get shorter than this towards the end of a population, in seconds.
LEAST = 0.005
# Seconds that any piece may take beyond what is expected of it.
GRACE = 0.5


class Pace:
    """Learns from every piece that was scored; all times are seconds."""

    def __init__(self) -> None:
        self._each: float | None = None
        self._largest = 1
        self._longest = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether a piece is over so soon that the next should lie ready."""
        return self._each is not None and self._each <= PIECE

    def size(self, waiting: int, workers: int) -> int:
        """How many of the individuals that wait the next piece should have, at least 1.

        It grows by no more than doubling, so that a lucky first guess cannot go far wrong, and
        shrinks towards the end of a population, so that all workers end together.
        """
        if self._each is None:
            return 1
        each = max(self._each, 1e-9)
        fair = max(ceil(waiting / (2 * workers)), int(LEAST / each))
        return max(1, min(int(PIECE / each), 2 * self._largest, fair))

    def allowance(self, size: int) -> float:
        """After how long a piece of `size` individuals is suspected of hanging."""
        return GRACE + 2 * (size * (self._each or 0.0) + self._longest)

    def learn(self, size: int, seconds: float) -> None:
        """A piece of `size` individuals was scored in `seconds`."""
        each = seconds / size
        self._each = each if self._each is None else 0.7 * self._each + 0.3 * each
        self._largest = max(self._largest, size)
        # The longest that one individual alone took, of late: another may take as long.
        self._longest = max(0.99 * self._longest, seconds if size == 1 else 0.0)

    def forget_size(self) -> None:
        """A piece took too long: begin with small ones again."""
        self._largest = 1
