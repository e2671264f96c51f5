"""Signals that end a run: the first well, a second at once.

The signals are SIGINT, SIGTERM, SIGHUP (a closed terminal) and SIGUSR1 (a job scheduler's warning).
Job schedulers send SIGKILL a few seconds later, and a generation or a compilation can take longer
than that. So `Interrupted` is raised, at any instant, some seconds after the first signal. That is
safe, because a run can be killed at any instant.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from evo.core.platform import ENDING_SIGNALS, call_later

GRACE = 2.0  # seconds from the first signal until `Interrupted` is raised


class Interrupted(BaseException):
    """Raised if the program has not ended `GRACE` seconds after a signal.

    It is a BaseException, so that only `Interrupts` handles it.
    """


class Interrupts:
    """Context manager that records the first signal, to let the caller end cleanly.

    If the context is still active `GRACE` seconds after the signal, `Interrupted` is raised in it.
    A second signal ends the process at once; in a notebook it raises `Interrupted`. Only the main
    thread receives signals. An ignored SIGHUP (`nohup`) stays ignored.

    Attributes:
        received: The first signal, None before it.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._cancel: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING_SIGNALS:
                is_ignored = signal.getsignal(number) is signal.SIG_IGN
                if not is_ignored or number.name != "SIGHUP":
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._cancel is not None:
            self._cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            if "ipykernel" in sys.modules:  # a notebook would lose all its variables
                raise Interrupted
            os._exit(128 + number)
        self.received = signal.Signals(number)
        self._cancel = call_later(GRACE, self._break_off)

    def _break_off(self) -> None:
        raise Interrupted
