"""Processes of a batch that run other scripts than runs."""

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from evo.runs import batch_worker

Put = Callable[[Any, str, Any], None]


def scripted_runs(
    put: Put, script: Callable[[int], str], patience: float | None = None
) -> list["subprocess.Popen[bytes]"]:
    """Run a script instead of a run in every process of a batch.

    Args:
        put: Replaces an attribute until the end of the test: `monkeypatch.setattr`.
        script: The Python script of a seed; called when its process is started.
        patience: Maximum seconds to wait for a process that is to end; None for the batch's own.

    Returns:
        The processes, in the order of their start.
    """
    started: list[subprocess.Popen[bytes]] = []

    class Scripted(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, command: list[str], **options: Any) -> None:
            *_, seed, _given = command  # python -m evo.runs.batch_worker FOLDER SEED GIVEN
            super().__init__([sys.executable, "-c", script(int(seed))], **options)
            started.append(self)

        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None and patience is not None:
                timeout = min(timeout, patience)
            return super().wait(timeout)

    put(subprocess, "Popen", Scripted)
    return started


def batch_that_lives(put: Put) -> None:
    """Keep `batch_worker.main` from watching for the end of its input."""
    idle = SimpleNamespace(start=lambda: None)
    put(batch_worker, "threading", SimpleNamespace(Thread=lambda **options: idle))
