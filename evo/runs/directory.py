"""A run is a directory, and can be gone on with from whatever a crash left of it.

    config.toml        the resolved configuration: enough to run it again
    run.json           schema, seed, command line, versions, platform, git commit, status
    log.jsonl          one record a generation, append-only, cut at resume to where its
                       checkpoint was written, which keeps its hash up to there
    checkpoints/       see evo.runs.checkpoint
    songs/             the songs it learns, as MIDI, so that the run needs no other file
    held-out/          the songs that it is only measured on
    champion/          what it bred
    result.json        how it ended
    plots/

One process a run: a lock on the directory refuses the second.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

import tomli_w
from filelock import FileLock, Timeout

from evo.core.config import config_hash
from evo.core.errors import CheckpointError, RunError
from evo.core.files import (
    fsync_folder,
    naming,
    remove_folder,
    remove_leftovers,
    replace_file,
    to_json,
)
from evo.core.state import State
from evo.runs import checkpoint
from evo.runs.description import (
    Tables,
    load_config,
    platform_fingerprint,
    read_description,
    read_log,
    taken,
)

SCHEMA = 1
KEPT_CHECKPOINTS = 3
# What a run's directory may hold before it has a configuration.
_BEGINNINGS = {
    ".lock", "log.jsonl", "songs", "held-out", "critics.npz", "run.json", ".tmp-run.json",
    ".tmp-config.toml",
}  # fmt: skip
# Whoever looks at a run (`evo runs`) holds its lock for an instant; a process at work holds it on.
_PATIENCE = 0.25  # seconds
# What is wrong with a path that somebody gave; any other OSError is the machine's.
_WRONG_PATH = (FileNotFoundError, FileExistsError, NotADirectoryError, PermissionError)

T = TypeVar("T")


@cache
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


def _or_lowest(score: float | None) -> float:
    return float("-inf") if score is None else score


class Run:
    """An open run directory, locked for this process; use it as a context manager."""

    def __init__(self, path: Path, config: Tables) -> None:
        self.path, self.config = path, config
        self._made_folder = self._is_new = False
        self._lock = FileLock(path / ".lock")
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 10)
        except Timeout:
            raise RunError(f"{path}: another process is at work on this run") from None
        try:
            # Without a buffer: what could not be written is not tried again when it is closed.
            self._log = (path / "log.jsonl").open("ab", buffering=0)
        except OSError:
            self._lock.release()
            raise
        self._log_hash = hashlib.sha256()
        # Where `take_up` cuts the log, and the hash of it up to there.
        self._cut = (0, hashlib.sha256())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._log.close()
        self._lock.release()

    @classmethod
    def create(
        cls,
        path: Path,
        config: Tables,
        command: Sequence[str],
        prepare: Callable[[Path], None],
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
                raise taken(path)
            run = cls(path, config)
            run._made_folder, run._is_new = made_here, True
            try:
                if begun:
                    for name in ("songs", "held-out"):
                        shutil.rmtree(path / name, ignore_errors=True)
                prepare(path)
                run._describe({"command": list(command), "status": "running"})
                run.save_config()
            except BaseException:
                with run:
                    run.discard_unused()
                raise
        except _WRONG_PATH as error:
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
        except _WRONG_PATH as error:
            raise RunError(f"{error.filename or path}: {error.strerror}") from None
        try:
            for folder in (path, path / "checkpoints"):
                remove_leftovers(folder)
        except OSError:
            with run:
                raise
        return run

    def save_config(self) -> None:
        """Write the configuration, after a change too."""
        replace_file(self.path / "config.toml", tomli_w.dumps(self.config).encode())

    def _describe(self, changes: dict[str, Any]) -> None:
        """Write run.json anew with some entries changed."""
        path = self.path / "run.json"
        try:
            known = read_description(path) or {}
        except RunError:
            known = {}  # all that counts is written anew
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
        line = to_json(record)
        written = 0
        with naming(self.path / "log.jsonl"):
            while written < len(line):  # a disk that fills up takes a part
                written += self._log.write(line[written:])
        self._log_hash.update(line)

    def records(self, most: int | None = None) -> list[dict[str, Any]]:
        """The records of the log, or the first so many of them."""
        return list(islice(read_log(self.path / "log.jsonl"), most))

    @property
    def _checkpoints(self) -> list[Path]:
        """The checkpoint folders, oldest first."""
        return checkpoint.folders(self.path / "checkpoints")

    def save_checkpoint(self, state: State, engine: str, score: float | None) -> None:
        """Write a checkpoint of everything up to the last record, and drop those not kept."""
        with naming(self.path / "log.jsonl"):
            os.fsync(self._log.fileno())
        generation = state.values["engine"]["generation"]
        state |= State(
            values={"log_length": self._log.tell(), "log_sha256": self._log_hash.hexdigest()}
        )
        stamp = checkpoint.Stamp(
            engine, generation, config_hash(self.config), platform_fingerprint(), score
        )
        folder = self.path / "checkpoints"
        folder.mkdir(exist_ok=True)
        checkpoint.save(folder / checkpoint.name_of(generation), state, stamp)
        self._drop_checkpoints(generation)

    def _drop_checkpoints(self, generation: int) -> None:
        """Keep the last few, the first with the best champion, and every Nth.

        What is damaged goes, and what claims to be of a later generation than this.
        """
        found = self._checkpoints
        every = self.config["checkpoints"]["keep_every"]
        stamps: dict[Path, checkpoint.Stamp] = {}
        for path in found:
            try:
                stamp = checkpoint.read_manifest(path)[0]
            except CheckpointError:
                continue  # it would be passed over at a resume
            if path.name == checkpoint.name_of(stamp.generation) and stamp.generation <= generation:
                stamps[path] = stamp
        last = list(stamps)[-KEPT_CHECKPOINTS:]
        best = max(
            stamps,
            key=lambda path: (_or_lowest(stamps[path].score), -stamps[path].generation),
            default=None,
        )
        for path in found:
            nth = path in stamps and every and stamps[path].generation % every == 0
            if path != best and path not in last and not nth:
                remove_folder(path)
        fsync_folder(self.path / "checkpoints")

    def load_checkpoint(self, restore: Callable[[State], T]) -> tuple[T | None, list[str]]:
        """What `restore` makes of the newest checkpoint that can be believed, and what to tell.

        None if there is none. CheckpointError ones, and those that `restore` calls
        CheckpointError, are passed over and the one before is used. RunError if every checkpoint
        that is not damaged was written for another configuration. Nothing is changed before
        `take_up`.
        """
        messages = []
        restored: T | None = None
        other: str | None = None  # a checkpoint of another configuration
        length, log_hash = 0, hashlib.sha256()
        for path in reversed(self._checkpoints):
            try:
                state, stamp = checkpoint.load(path)
                if stamp.config_hash != config_hash(self.config):
                    other = other or path.name
                    raise CheckpointError("it was written for another configuration")
                length, log_hash = self._log_of(state.values)
                restored = restore(state)
            except CheckpointError as damage:
                messages.append(
                    f"checkpoint {path.name} is damaged: {damage}; using the one before"
                )
                length, log_hash = 0, hashlib.sha256()
                continue
            if stamp.platform != platform_fingerprint():
                messages.append(
                    f"the run was made on another platform ({stamp.platform}); from here on its "
                    "results may differ from those it would have had there"
                )
            break
        if restored is None and other is not None:
            raise RunError(
                f"{self.path}: config.toml was changed since {other}; only [stop], [workers] and "
                "[checkpoints] may change in a run"
            )
        self._cut = (length, log_hash)
        return restored, messages

    def take_up(self) -> None:
        """Go on from what `load_checkpoint` gave: from here on it is another ending.

        The log is cut to where the checkpoint was written (to nothing without one): what came after
        is bred again, the same.
        """
        if not self._is_new:
            self.save_config()
            self.set_status("running")
            (self.path / "result.json").unlink(missing_ok=True)
        length, self._log_hash = self._cut
        with naming(self.path / "log.jsonl"):
            self._log.truncate(length)
            self._log.seek(length)

    def _log_of(self, values: dict[str, Any]) -> "tuple[int, hashlib._Hash]":
        """Length and hash of the log when a checkpoint with these values was written.

        CheckpointError if the log does not begin with just that.
        """
        length, expected = values.get("log_length"), values.get("log_sha256")
        if type(length) is not int or length < 0:
            raise CheckpointError("it does not say where in log.jsonl it was written")
        if self._log.seek(0, os.SEEK_END) < length:
            raise CheckpointError("log.jsonl is shorter than when it was written")
        found = hashlib.sha256()
        try:
            with (self.path / "log.jsonl").open("rb") as file:
                left = length
                while left:
                    block = file.read(min(left, 1 << 20))
                    found.update(block)
                    left -= len(block)
        except OSError as error:
            raise CheckpointError(f"log.jsonl: {error.strerror}") from None
        if expected is not None and found.hexdigest() != expected:  # older ones kept none
            raise CheckpointError("log.jsonl is not what it was when it was written")
        return length, found

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
