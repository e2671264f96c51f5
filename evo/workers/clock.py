"""The clock of an evaluator."""

import time

# An evaluator that waits for at most a second and comes back later than this was stopped meanwhile.
_STOPPED = 1.5


class Clock:
    """Seconds in which this process was awake: while it is stopped (Ctrl-Z) no limit comes nearer.

    Attributes:
        now: Seconds since the clock was made.
    """

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self.now = 0.0

    def tick(self) -> float:
        """Bring `now` up to date and return it; call it at least once a second."""
        seen = time.monotonic()
        passed = seen - self._seen
        self.now += passed if passed < _STOPPED else 0.0
        self._seen = seen
        return self.now
