"""List the runs in a folder without disturbing them.

Nothing is written. A running process is recognised by its lock. The listing requests a shared lock
without waiting and releases it at once. For those microseconds a process that opens the run would
be refused, so `evo.runs.directory.Run` retries for a quarter of a second. Shared locks do not
exclude each other.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evo.core.errors import CheckpointError, RunError
from evo.core.files import open_regular
from evo.core.platform import is_locked
from evo.core.seeds import MAX_SEED
from evo.engines import engine_names, genome_of
from evo.runs import checkpoint
from evo.runs.claiming import PREPARING
from evo.runs.description import is_batch, load_config, read_description, resume_command
from evo.runs.record import parse_record

# Files of a run, complete or not. A `songs` folder alone is not a run.
_SIGNS = ("config.toml", "run.json", "checkpoints", "log.jsonl")
_STATUSES = ("running", "finished", "stopped", "failed")
_MAX_RECORD = 1 << 20  # bytes


@dataclass(frozen=True)
class Summary:
    """Summary of one run, as read from its files."""

    path: Path
    status: str  # running, finished, interrupted, stopped, failed, damaged
    experiment: str = ""
    genome: str = ""
    engine: str = ""
    seed: int | None = None
    generation: int = 0  # generations done
    best: float | None = None  # score of the best individual ever
    age: float = 0.0  # seconds since anything in it changed
    note: str = ""  # what is damaged

    @property
    def next_command(self) -> str:
        """The command that resumes an interrupted run, or "" if there is none."""
        waiting = self.status in ("interrupted", "stopped") or (self.note and self.experiment)
        if not waiting or self.status == "running":
            return ""
        return resume_command(self.path)


def is_at_work(path: Path) -> bool:
    """Return whether a living process has the run in `path` open."""
    try:
        descriptor = os.open(path / ".lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return is_locked(descriptor)
    finally:
        os.close(descriptor)


def refuse_at_work(path: Path) -> None:
    """Check that no other process has the run in `path` open.

    Opening the run checks this too. This early check avoids slow imports.

    Raises:
        RunError: If another process has it open.
    """
    if is_at_work(path):
        raise RunError(f"{path}: another process is at work on this run")


def summaries(folder: Path) -> list[Summary]:
    """Return the runs in a folder, in its subfolders, or the folder itself.

    Returns:
        Summaries sorted by path. Folders that are not runs are skipped.

    Raises:
        RunError: If there is no such folder.
    """
    if is_run(folder):
        return [summary(folder)]
    try:
        found: list[Path] = []
        for subfolder in _folders(folder):
            found += [subfolder] if is_run(subfolder) else filter(is_run, _folders(subfolder))
    except OSError as error:
        raise RunError(f"{error.filename or folder}: {error.strerror}") from None
    return [summary(path) for path in found]


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(subfolder for subfolder in folder.iterdir() if subfolder.is_dir())
    except PermissionError:
        return []


def is_run(path: Path) -> bool:
    """Return whether a folder is a run, or the remains of one."""
    if is_batch(path):
        return False
    found = [name for name in _SIGNS if os.path.lexists(path / name)]
    return "config.toml" in found or len(found) > 1 or (path / ".lock").exists()


def summary(path: Path) -> Summary:
    """Return the summary of a run; unreadable files are reported as damage."""
    at_work = is_at_work(path)
    figures: dict[str, Any] = {"age": _age(path)}
    try:
        config = load_config(path / "config.toml")
        if config is None:
            if at_work:  # it is still preparing
                return Summary(path, "running", **figures)
            raise RunError("it ended before it began; start it again with the same command")
        table = config.get("run")
        if not isinstance(table, dict) or not isinstance(table.get("experiment"), str):
            raise RunError("config.toml names no experiment in [run]")
        known = table.get("engine") in engine_names()
        seed = table.get("seed")
        if not known or type(seed) is not int or not 0 <= seed <= MAX_SEED:
            raise RunError("config.toml names no known engine and seed in [run]")
        figures |= {name: table[name] for name in ("experiment", "engine", "seed")}
        figures["genome"] = genome_of(table["engine"])
        record = _last_record(path / "log.jsonl")
        if record is not None:
            figures |= {"generation": record["generation"] + 1, "best": record["champion"]}
        about = read_description(path / "run.json")
        status = "running" if about is None else about.get("status")
        if status == PREPARING:  # killed right after its configuration was written
            status = "running"
        if status not in _STATUSES:
            raise RunError("run.json names no status")
        # A running process may be removing checkpoints at this moment.
        note = "" if at_work else _damage(path)
    except RunError as error:
        note = str(error).removeprefix(f"{path}/")
        return Summary(path, "running" if at_work else "damaged", **figures, note=note)
    if at_work:
        status = "running"
    elif status == "running":
        status = "interrupted"
    return Summary(path, status, **figures, note=note)


def _age(path: Path) -> float:
    """Return the seconds since a file of the run changed."""
    times = []
    for name in (*_SIGNS, "result.json"):
        try:
            times.append((path / name).stat().st_mtime)
        except OSError:
            continue
    return max(0.0, time.time() - max(times)) if times else 0.0


def _last_record(path: Path) -> dict[str, Any] | None:
    """Return the last complete record of a log, or None; reads a bounded tail."""
    try:
        with open_regular(path) as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - _MAX_RECORD))
            lines = file.read(_MAX_RECORD).split(b"\n")
    except FileNotFoundError:
        raise RunError("log.jsonl is missing") from None
    except OSError as error:
        raise RunError(f"log.jsonl: {error.strerror}") from None
    if len(lines) < 2:
        return None
    try:
        return parse_record(lines[-2])
    except RunError as error:
        raise RunError(
            f"the last line of log.jsonl is no record of a generation: {error}"
        ) from None


def _damage(path: Path) -> str:
    """Return a description of damaged checkpoints, or "".

    Raises:
        RunError: If none of them can be used.
    """
    found = checkpoint.folders(path / "checkpoints")[::-1]
    notes = []
    for subfolder in found:
        try:
            checkpoint.check_lengths(subfolder)
            break
        except CheckpointError as damage:
            notes.append(f"checkpoint {subfolder.name} is damaged: {damage}")
    if found and len(notes) == len(found):
        raise RunError(f"{notes[0]}; no checkpoint is left; start over with --anew")
    return notes[0] if notes else ""
