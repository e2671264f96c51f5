"""Signals that ask a run to end: the first asks it to end well, a second ends the process at once.

The signals are SIGINT, SIGTERM, SIGHUP (a closed terminal) and SIGUSR1 (a job scheduler's warning).
Who sends them sends SIGKILL some seconds later, and a generation or a compilation can take longer
than that. So whatever has not ended well some seconds after the first signal is broken off, at any
instant: a run can be killed at any instant anyhow.
"""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from evo.core.platform import ENDING_SIGNALS, call_later

GRACE = 2.0  # seconds from the first signal until `Interrupted` is raised


class Interrupted(BaseException):
    """The time to end well is over. No error: nothing but `Interrupts` around it may handle it."""


class Interrupts:
    """While inside this context manager, `received` is the first signal that came, or None.

    `Interrupted` is raised inside when it is not left within `GRACE` seconds of that. Only the main
    thread can receive signals; in another one none ever comes. Under `nohup` SIGHUP stays ignored.
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
            os._exit(128 + number)
        self.received = signal.Signals(number)
        self._cancel = call_later(GRACE, self._break_off)

    def _break_off(self) -> None:
        raise Interrupted
