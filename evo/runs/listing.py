"""What lies in a folder of runs, without disturbing any.

Nothing is written, and a run at work is told by its lock alone: a shared lock is asked for, without
waiting, and given back at once. It is refused while a process has the run open, and while it is
held, for some microseconds, an opening process would be refused. So `evo.runs.directory.Run` tries
for a quarter of a second before it believes that another process is at work, far longer than any
number of onlookers takes, and onlookers do not refuse each other.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evo.core.errors import CheckpointError, RunError
from evo.core.files import open_regular
from evo.core.platform import is_locked
from evo.engines import engine_names, genome_of
from evo.runs import checkpoint
from evo.runs.description import is_batch, load_config, read_description, resume_command

# What a folder holds that is a run, or was to become one. A `songs` folder alone is nobody's run.
_SIGNS = ("config.toml", "run.json", "checkpoints", "log.jsonl")
_STATUSES = ("running", "finished", "stopped", "failed")
_LONGEST_RECORD = 1 << 20  # bytes


@dataclass(frozen=True)
class Summary:
    """One run, as far as its files tell."""

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
        """How to go on with what was broken off, empty where there is nothing to."""
        waiting = self.status in ("interrupted", "stopped") or (self.note and self.experiment)
        return resume_command(self.path) if waiting and self.status != "running" else ""


def is_at_work(path: Path) -> bool:
    """Whether a living process has the run in `path` open."""
    try:
        descriptor = os.open(path / ".lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return is_locked(descriptor)
    finally:
        os.close(descriptor)


def refuse_at_work(path: Path) -> None:
    """RunError at once for a run that another process has open, before anything else is imported.

    The process that opens the run is refused in any case; this only saves whoever waits a second.
    """
    if is_at_work(path):
        raise RunError(f"{path}: another process is at work on this run")


def summaries(folder: Path) -> list[Summary]:
    """The runs in a folder, or one level further down, or the folder itself, by their names.

    A folder that is no run is left out. Raises RunError if there is no such folder.
    """
    if is_run(folder):
        return [summary(folder)]
    try:
        found: list[Path] = []
        for one in _folders(folder):
            found += [one] if is_run(one) else filter(is_run, _folders(one))
    except OSError as error:
        raise RunError(f"{error.filename or folder}: {error.strerror}") from None
    return [summary(path) for path in found]


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir())
    except PermissionError:
        return []


def is_run(path: Path) -> bool:
    """Whether a folder is a run, or what is left of one."""
    if is_batch(path):
        return False
    found = [name for name in _SIGNS if os.path.lexists(path / name)]
    return "config.toml" in found or len(found) > 1 or (path / ".lock").exists()


def summary(path: Path) -> Summary:
    """What the files of a run tell; what cannot be read is told as damage."""
    at_work = is_at_work(path)
    figures: dict[str, Any] = {"age": _age(path)}
    try:
        config = _config(path / "config.toml")
        if config is None:
            if at_work:  # still preparing
                return Summary(path, "running", **figures)
            raise RunError("it ended before it began; start it again by the same command")
        table = config.get("run")
        if not isinstance(table, dict) or not isinstance(table.get("experiment"), str):
            raise RunError("config.toml names no experiment in [run]")
        known = table.get("engine") in engine_names()
        if not known or type(table.get("seed")) is not int:
            raise RunError("config.toml names no known engine and seed in [run]")
        figures |= {name: table[name] for name in ("experiment", "engine", "seed")}
        figures["genome"] = genome_of(table["engine"])
        record = _last_record(path / "log.jsonl")
        if record is not None:
            figures |= {"generation": record["generation"] + 1, "best": record.get("champion")}
        about = read_description(path / "run.json")
        status = "running" if about is None else about.get("status")
        if status not in _STATUSES:
            raise RunError("run.json names no status")
        # A run at work removes checkpoints, perhaps just now.
        note = "" if at_work else _damage(path)
    except RunError as error:
        note = str(error).removeprefix(f"{path}/")
        return Summary(path, "running" if at_work else "damaged", **figures, note=note)
    if at_work:
        status = "running"
    elif status == "running":
        status = "interrupted"
    return Summary(path, status, **figures, note=note)


def _config(path: Path) -> dict[str, Any] | None:
    """The configuration, None if there is none; RunError also for a pipe, which might never end."""
    try:
        open_regular(path).close()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    return load_config(path)


def _age(path: Path) -> float:
    """Seconds since a file of the run changed."""
    times = []
    for name in (*_SIGNS, "result.json"):
        try:
            times.append((path / name).stat().st_mtime)
        except OSError:
            continue
    return max(0.0, time.time() - max(times)) if times else 0.0


def _last_record(path: Path) -> dict[str, Any] | None:
    """The last whole record of a log, however long the log is; None before the first."""
    try:
        with open_regular(path) as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - _LONGEST_RECORD))
            lines = file.read(_LONGEST_RECORD).split(b"\n")
    except FileNotFoundError:
        raise RunError("log.jsonl is missing") from None
    except OSError as error:
        raise RunError(f"log.jsonl: {error.strerror}") from None
    if len(lines) < 2:
        return None
    try:
        record = json.loads(lines[-2])
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or type(record.get("generation")) is not int:
        raise RunError("the last line of log.jsonl is no record of a generation")
    return record


def _damage(path: Path) -> str:
    """What is wrong with the checkpoints; RunError if none of them can be used."""
    found = checkpoint.folders(path / "checkpoints")[::-1]
    notes = []
    for one in found:
        try:
            checkpoint.check_lengths(one)
            break
        except CheckpointError as damage:
            notes.append(f"checkpoint {one.name} is damaged: {damage}")
    if found and len(notes) == len(found):
        raise RunError(f"{notes[0]}; no checkpoint is left, and a resume begins anew")
    return notes[0] if notes else ""
