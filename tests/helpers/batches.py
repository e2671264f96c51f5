"""Processes of a batch that run other scripts than runs, and the files of runs to compare."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evo.runs import batch_processes, batch_worker

Put = Callable[[Any, str, Any], None]
# Entries of a run's JSON files that follow the clock, or name the run's place.
CLOCK = {"wall_seconds", "log_length", "log_sha256", "sha256", "command", "started", "length"}


def scripted_runs(
    put: Put, script: Callable[[int], str], patience: float | None = None
) -> list["subprocess.Popen[bytes]"]:
    """Run a script instead of a run in every process of a batch; no process is forked.

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

    put(batch_processes, "can_fork", lambda: False)
    put(subprocess, "Popen", Scripted)
    return started


def batch_that_lives(put: Put) -> None:
    """Keep `batch_worker.main` from watching for the end of its input."""
    idle = SimpleNamespace(start=lambda: None)
    put(batch_worker, "threading", SimpleNamespace(Thread=lambda **options: idle))


def files_but_times(path: Path) -> dict[str, Any]:
    """Return the contents of a run's files, without the entries that follow the clock."""
    found: dict[str, Any] = {}
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        if file.suffix in (".json", ".jsonl"):
            lines = file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]
            found[name] = [_timeless(json.loads(line)) for line in lines]
        elif file.is_file() and file.name != ".lock":
            found[name] = file.read_bytes()
    return found


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(inner) for name, inner in value.items() if name not in CLOCK}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value
