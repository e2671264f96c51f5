"""The clock of an evaluator."""

import time

# Seconds. Evaluators tick at least once per second; after a longer gap the process was stopped.
_STOPPED = 1.5


class Clock:
    """A clock that pauses while this process is stopped (Ctrl-Z), so that no time limit expires.

    Attributes:
        now: Seconds since the clock was created, without stopped time.
    """

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self.now = 0.0

    def tick(self) -> float:
        """Update and return `now`; call it at least once per second."""
        seen = time.monotonic()
        passed = seen - self._seen
        self.now += passed if passed < _STOPPED else 0.0
        self._seen = seen
        return self.now
