"""A run is a directory, and can be gone on with from whatever a crash left of it.

    config.toml        the resolved configuration: enough to run it again
    run.json           schema, seed, command line, versions, platform, git commit, status
    log.jsonl          one record a generation, append-only, cut at resume to where its
                       checkpoint was written
    checkpoints/       see evo.checkpoint
    songs/             the songs it learns, as MIDI, so that the run needs no other file
    champion/          what it bred
    result.json        how it ended
    plots/

One process a run: a lock on the directory refuses the second.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import tomli_w
from filelock import FileLock, Timeout

from evo import checkpoint
from evo.files import fsync_folder, remove_folder, remove_leftovers, replace_file, to_json
from evo.state import State

Config = dict[str, Any]

SCHEMA = 1
KEPT_CHECKPOINTS = 3
# What a run's directory may hold before it has a configuration.
_BEGINNINGS = {
    ".lock", "log.jsonl", "songs", "critics.npz", "run.json", ".tmp-run.json", ".tmp-config.toml",
}  # fmt: skip
# What every run's result says.
_OF_ANY_RESULT = {
    "status", "reason", "solved", "seed", "generations", "evaluations", "wall_seconds",
    "best_fitness",
}  # fmt: skip
# How a run is carried out, which changes none of its results; left out of the configuration's hash.
_HOW_NOT_WHAT = ("stop", "workers", "checkpoints")


class RunError(Exception):
    """A run directory that cannot be used; one line says which, why and what to do."""


def config_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 of the part of a configuration that decides what a run breeds."""
    what = {name: table for name, table in config.items() if name not in _HOW_NOT_WHAT}
    return hashlib.sha256(to_json(what)).hexdigest()


def platform_fingerprint() -> str:
    """What has to be the same for a run to be the same to the last bit."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "neat-python"))
    return f"Python {platform.python_version()}, {libraries}, {platform.platform()}"


def _git_commit() -> str | None:
    """The commit of the source this runs from, None when it is no checkout."""
    source = Path(__file__).resolve().parent.parent
    if not (source / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(source), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=5, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a log; a last line that a crash cut short is left out."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            record = json.loads(line)
        except ValueError:
            raise RunError(f"{path}: line {number} is no JSON") from None
        if not isinstance(record, dict) or "generation" not in record:
            raise RunError(f"{path}: line {number} is no record of a generation")
        yield record


def read_result(path: Path) -> dict[str, Any] | None:
    """How the run in `path` ended, None if it has not; RunError if its result.json is damaged."""
    try:
        result: dict[str, Any] = json.loads((path / "result.json").read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path / 'result.json'}: {error.strerror}") from None
    except ValueError:
        raise RunError(f"{path / 'result.json'}: is no JSON") from None
    missing = sorted(_OF_ANY_RESULT - set(result if isinstance(result, dict) else ()))
    if missing:
        raise RunError(f"{path / 'result.json'}: it does not say {missing[0]}")
    return result


def _or_lowest(score: float | None) -> float:
    return float("-inf") if score is None else score


class Run:
    """An open run directory, locked for this process; use it as a context manager."""

    def __init__(self, path: Path, config: Config) -> None:
        self.path, self.config = path, config
        self._made_folder = False
        self._lock = FileLock(path / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RunError(f"{path}: another process is at work on this run") from None
        self._log = (path / "log.jsonl").open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._log.close()
        self._lock.release()

    @classmethod
    def create(
        cls,
        path: Path,
        config: Config,
        command: Sequence[str],
        prepare: Callable[[Config, Path], None],
    ) -> Self:
        """A new run in `path`, which must not exist or be empty.

        `prepare` puts the run's inputs there. The configuration comes last: a directory that has
        one is a whole run, and what a crash left without one may be begun anew.
        """
        try:
            made_here = not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            found = {entry.name for entry in path.iterdir()}
            # What a crash left of a beginning has our lock in it, and nothing else of anybody's.
            begun = ".lock" in found and found <= _BEGINNINGS
            if found and not begun:
                raise RunError(
                    f"{path}: exists and is not empty; go on with it by `evo resume {path}`, or "
                    "choose another place by --out"
                )
            run = cls(path, config)
            run._made_folder = made_here
            try:
                if begun:
                    shutil.rmtree(path / "songs", ignore_errors=True)
                prepare(config, path)
                run._describe({"command": list(command), "status": "running"})
                run.save_config()
            except BaseException:
                run.discard_unused()
                raise
        except OSError as error:
            raise RunError(f"{error.filename or path}: {error.strerror}") from None
        return run

    @classmethod
    def open(cls, path: Path) -> Self:
        """The run in `path`, to go on with it."""
        config = load_config(path / "config.toml") if path.is_dir() else None
        if config is None:
            raise RunError(f"{path}: there is no run here (no config.toml)")
        try:
            run = cls(path, config)
            for folder in (path, path / "checkpoints"):
                remove_leftovers(folder)
        except OSError as error:
            raise RunError(f"{error.filename or path}: {error.strerror}") from None
        return run

    def save_config(self) -> None:
        """Write the configuration, after a change too."""
        replace_file(self.path / "config.toml", tomli_w.dumps(self.config).encode())

    def _describe(self, changes: dict[str, Any]) -> None:
        """Write run.json anew with some entries changed."""
        path = self.path / "run.json"
        known = json.loads(path.read_bytes()) if path.exists() else {}
        known |= {
            "schema": SCHEMA,
            "seed": self.config["run"]["seed"],
            "version": version("kuznechik"),
            "platform": platform_fingerprint(),
            "git_commit": _git_commit(),
            "config_hash": config_hash(self.config),
        }
        replace_file(path, json.dumps(known | changes, indent=2).encode() + b"\n")

    def set_status(self, status: str) -> None:
        """Note how the run stands: running, finished, stopped or failed."""
        self._describe({"status": status})

    def append(self, record: dict[str, Any]) -> None:
        """Add a generation's record to the log."""
        self._log.write(to_json(record))
        self._log.flush()

    def records(self) -> list[dict[str, Any]]:
        """All records of the log."""
        return list(read_log(self.path / "log.jsonl"))

    @property
    def _checkpoints(self) -> list[Path]:
        """The checkpoint folders, oldest first."""
        return sorted((self.path / "checkpoints").glob("gen-*"))

    def save_checkpoint(self, state: State, engine: str, score: float | None) -> None:
        """Write a checkpoint of everything up to the last record, and drop those not kept."""
        os.fsync(self._log.fileno())
        generation = state.values["engine"]["generation"]
        state |= State(values={"log_length": self._log.tell()})
        stamp = checkpoint.Stamp(
            engine, generation, config_hash(self.config), platform_fingerprint(), score
        )
        folder = self.path / "checkpoints"
        folder.mkdir(exist_ok=True)
        checkpoint.save(folder / checkpoint.name_of(generation), state, stamp)
        self._drop_checkpoints()

    def _drop_checkpoints(self) -> None:
        """Keep the last few, the first with the best champion, and every Nth."""
        found = self._checkpoints
        every = self.config["checkpoints"]["keep_every"]
        stamps: dict[Path, checkpoint.Stamp] = {}
        for path in found:
            try:
                stamps[path] = checkpoint.read_manifest(path)[0]
            except checkpoint.Damaged:
                continue  # it is passed over at a resume, and goes like an old one
        best = max(
            stamps,
            key=lambda path: (_or_lowest(stamps[path].score), -stamps[path].generation),
            default=None,
        )
        for path in found[:-KEPT_CHECKPOINTS]:
            nth = path in stamps and every and stamps[path].generation % every == 0
            if path != best and not nth:
                remove_folder(path)
        fsync_folder(self.path / "checkpoints")

    def load_checkpoint(self) -> tuple[State | None, list[str]]:
        """The newest checkpoint that can be believed, None if there is none, and what to tell.

        Damaged ones are passed over and the one before is used. The log is cut to where the
        checkpoint was written (to nothing without one): what came after is bred again, the same.
        """
        messages = []
        state = None
        for path in reversed(self._checkpoints):
            try:
                found, stamp = checkpoint.load(path)
                if self._log.tell() < found.values["log_length"]:
                    raise checkpoint.Damaged("log.jsonl is shorter than when it was written")
            except checkpoint.Damaged as damage:
                messages.append(
                    f"checkpoint {path.name} is damaged: {damage}; using the one before"
                )
                continue
            if stamp.config_hash != config_hash(self.config):
                raise RunError(
                    f"{self.path}: config.toml was changed since {path.name}; only [stop], "
                    "[workers] and [checkpoints] may change in a run"
                )
            if stamp.platform != platform_fingerprint():
                messages.append(
                    f"the run was made on another platform ({stamp.platform}); from here on its "
                    "results may differ from those it would have had there"
                )
            state = found
            break
        self._log.truncate(state.values["log_length"] if state else 0)
        return state, messages

    def discard_unused(self) -> None:
        """Remove what was written before anything was bred, after a mistake in what was given."""
        if self._log.tell() > 0:
            return
        for name in (*_BEGINNINGS, "config.toml"):
            if (self.path / name).is_dir():
                shutil.rmtree(self.path / name)
            else:
                (self.path / name).unlink(missing_ok=True)
        if self._made_folder:
            self.path.rmdir()

    def write_result(self, result: dict[str, Any]) -> None:
        """Write result.json."""
        replace_file(self.path / "result.json", json.dumps(result, indent=2).encode() + b"\n")

    def digest(self) -> str:
        """SHA-256 of the log without its wall-clock field: equal for equal runs."""
        total = hashlib.sha256()
        for record in self.records():
            total.update(to_json({k: v for k, v in record.items() if k != "wall_seconds"}))
        return total.hexdigest()


def load_config(path: Path) -> Config | None:
    """A TOML file's tables, None if there is no such file; RunError if it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RunError(f"{path}: {error}") from None


def command_line() -> list[str]:
    """This process's command, the program by its name alone."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
