"""SIGINT and SIGTERM: the first asks a run to end well, a second ends the process at once.

A generation, or compiling, may take longer than whoever sent the signal waits before the next is
SIGKILL. So what has not ended well some seconds after the first is broken off, at any instant: a
run can be killed at any instant anyhow.
"""

import os
import signal
import sys
from types import FrameType, ModuleType
from typing import Any, Self

from multiprocess import resource_tracker

GRACE = 2.0  # seconds from the first signal until `Interrupted` is raised


class Interrupted(BaseException):
    """The time to end well is over. No error: nothing but `Interrupts` around it may handle it."""


def start_shielded(process: Any) -> None:
    """Start a `multiprocess` process that never sees SIGINT and SIGTERM: its parent ends it.

    A terminal's Ctrl-C, and much that sends SIGTERM, reaches a whole group of processes. A process
    inherits the signals its parent blocks, so not even its start can be interrupted.

    Nor does it run the user's script again, as `spawn` would: that is for what the script defines,
    and would start the script's work a second time where nothing guards it.
    """
    # Started on the way by the first process otherwise, it would lift the block again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = script
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Interrupts:
    """While inside this context manager, `received` is the first signal that came, or None.

    `Interrupted` is raised inside when it is not left within `GRACE` seconds of that.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.received is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = signal.Signals(number)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._break_off)
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _break_off(self, number: int, frame: FrameType | None) -> None:
        raise Interrupted
