"""A run's directory, from which a run resumes after a crash at any instant.

    config.toml        the resolved configuration: enough to repeat the run
    run.json           schema, seed, command line, versions, platform, git commit, status
    log.jsonl          one record per generation; truncated when resumed (see evo.runs.log)
    checkpoints/       see evo.runs.checkpoint
    songs/             the songs to learn, as MIDI, so that the run needs no other file
    held-out/          the songs that are only used for measuring
    champion/          the best individual
    result.json        the outcome
    plots/

A lock on the directory admits one process per run.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import tomli_w
from filelock import FileLock, Timeout

from evo.core.config import config_hash
from evo.core.errors import CheckpointError, RunError
from evo.core.files import (
    fsync_folder,
    remove,
    remove_folder,
    remove_leftovers,
    replace_file,
)
from evo.core.state import State
from evo.runs import checkpoint
from evo.runs.claiming import PREPARING, refuse_links, refuse_other
from evo.runs.description import (
    Tables,
    load_config,
    platform_fingerprint,
    read_description,
    resume_command,
    versions,
)
from evo.runs.log import Kept, Log

SCHEMA = 1
KEPT_CHECKPOINTS = 3
# `evo runs` takes a shared lock briefly, so retry before reporting the run as busy.
_PATIENCE = 0.25  # seconds
_MAX_HISTORY = 1000  # entries
# Errors of a path given by the user; any other OSError is a problem of the disk.
_WRONG_PATH = (FileNotFoundError, FileExistsError, NotADirectoryError, PermissionError)

T = TypeVar("T")


class Run:
    """An open run directory, locked for this process; use it as a context manager."""

    def __init__(self, path: Path, config: Tables) -> None:
        self.path, self.config = path, config
        self._made_folder = self._is_new = False
        refuse_links(path)
        self._lock = FileLock(path / ".lock")
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 10)
        except Timeout:
            raise RunError(f"{path}: another process is at work on this run") from None
        self._log = Log(path / "log.jsonl")
        self._kept = Kept()  # the log after `rewind_to_checkpoint`

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
        made_folder: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> Self:
        """Create a new run in a directory that is missing or empty.

        The configuration is written last, so a directory with one is a complete run. An incomplete
        one is recognised by its run.json and prepared again.

        Args:
            path: The run's directory.
            config: The configuration.
            command: The command line, stored with the run.
            prepare: Writes the run's inputs into the directory.
            made_folder: Whether the caller created the directory for the run.
            about: Further entries of run.json.

        Raises:
            RunError: If the directory has other content, or cannot be created.
        """
        try:
            made_here = made_folder or not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            refuse_other(path)
            run = cls(path, config)
            run._made_folder, run._is_new = made_here, True
            try:
                refuse_other(path)  # again: another process may have been faster
                run._remove_inputs()
                run._describe({"command": list(command), "status": PREPARING, **(about or {})})
                prepare(path)
                run.save_config()
                run._describe({"status": "running"})
            except BaseException:
                with run:
                    run.discard_unused()
                raise
        except _WRONG_PATH as error:
            raise RunError(f"{error.filename or path}: {error.strerror}") from None
        return run

    def _remove_inputs(self) -> None:
        """Remove the prepared inputs of a run that has not begun."""
        for name in ("log.jsonl", "songs", "held-out", "critics.npz", "start.npz"):
            remove(self.path / name)
        remove_leftovers(self.path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the run in a directory, to resume it.

        Raises:
            RunError: If there is no run, it is open elsewhere, a later version made it, or a link
                replaces a file that would be written.
        """
        config = load_config(path / "config.toml") if path.is_dir() else None
        if config is None:
            raise RunError(f"{path}: there is no run here (no config.toml)")
        try:
            run = cls(path, config)
        except _WRONG_PATH as error:
            raise RunError(f"{error.filename or path}: {error.strerror}") from None
        try:
            run._check_schema()
            for folder in (path, path / "checkpoints"):
                remove_leftovers(folder)
        except (OSError, RunError):
            with run:
                raise
        return run

    def _check_schema(self) -> None:
        """Raise RunError for a run of a later version, which would be damaged."""
        schema = self._known().get("schema", SCHEMA)
        if type(schema) is not int or not 1 <= schema <= SCHEMA:
            raise RunError(
                f"{self.path / 'run.json'}: it has schema {str(schema)[:80]}, and this version of "
                f"evo reads {SCHEMA}; resume it with the version that made it"
            )

    def _known(self) -> dict[str, Any]:
        """Return the content of run.json, or {}."""
        try:
            return read_description(self.path / "run.json") or {}
        except RunError:
            return {}  # everything important is written again

    def save_config(self) -> None:
        """Write `config` to config.toml, atomically."""
        replace_file(self.path / "config.toml", tomli_w.dumps(self.config).encode())

    def _describe(self, changes: dict[str, Any]) -> None:
        """Update entries of run.json."""
        known = self._known() | {
            "schema": SCHEMA,
            "seed": self.config["run"]["seed"],
            "config_hash": config_hash(self.config),
        }
        content = json.dumps(known | versions() | changes, indent=2).encode() + b"\n"
        replace_file(self.path / "run.json", content)

    def set_status(self, status: str) -> None:
        """Store the run's status: running, finished, stopped or failed."""
        self._describe({"status": status})

    def note_start(self, generation: int, cluster: bool) -> None:
        """Append this process to the history in run.json.

        Args:
            generation: The process's first generation.
            cluster: Whether it uses an external cluster, whose address is not stored.
        """
        history = self._known().get("history", [])
        entry = {"generation": generation, "cluster": cluster, **versions()}
        kept = history[-_MAX_HISTORY:] if isinstance(history, list) else []
        self._describe({"status": "running", "history": [*kept, entry]})

    @property
    def was_on_cluster(self) -> bool:
        """Whether the last process used an external cluster."""
        history = self._known().get("history")
        last = history[-1] if isinstance(history, list) and history else {}
        return isinstance(last, dict) and last.get("cluster") is True

    def append(self, record: dict[str, Any]) -> None:
        """Append a generation's record to the log."""
        self._log.append(record)

    def records(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the first `limit` records of the log (default: all)."""
        if self._kept.content is not None and not self._log.is_written:
            return [json.loads(line) for line in self._kept.content.splitlines()][:limit]
        return self._log.records(limit)

    @property
    def _checkpoints(self) -> list[Path]:
        """The checkpoint folders, oldest first."""
        return checkpoint.folders(self.path / "checkpoints")

    def save_checkpoint(self, state: State, engine: str, score: float | None) -> None:
        """Write a checkpoint after the last record, and delete superseded ones.

        Args:
            state: State of engine, progress and fitness.
            engine: The engine's name.
            score: The champion's score, or None.

        Raises:
            StateTooLargeError: If the state is too large to be read back.
        """
        generation = state.values["engine"]["generation"]
        state |= State(values=self._log.synced())
        stamp = checkpoint.Stamp(
            engine, generation, config_hash(self.config), platform_fingerprint(), score
        )
        folder = self.path / "checkpoints"
        folder.mkdir(exist_ok=True)
        checkpoint.save(folder / checkpoint.name_of(generation), state, stamp)
        self._drop_checkpoints(generation)

    def _drop_checkpoints(self, generation: int) -> None:
        """Keep the newest checkpoints, the first with the best champion, and every Nth.

        Damaged checkpoints and those of later generations are deleted.
        """
        found = self._checkpoints
        every = self.config["checkpoints"]["keep_every"]
        stamps: dict[Path, checkpoint.Stamp] = {}
        for path in found:
            try:
                stamp = checkpoint.read_manifest(path)[0]
            except CheckpointError:
                continue  # a resume would skip it
            if path.name == checkpoint.name_of(stamp.generation) and stamp.generation <= generation:
                stamps[path] = stamp
        last = list(stamps)[-KEPT_CHECKPOINTS:]
        best = max(
            stamps,
            key=lambda path: stamps[path].order,
            default=None,
        )
        for path in found:
            nth = path in stamps and every and stamps[path].generation % every == 0
            if path != best and path not in last and not nth:
                remove_folder(path)
        fsync_folder(self.path / "checkpoints")

    def load_checkpoint(
        self, restore: Callable[[State], T], anew: bool = False
    ) -> tuple[T | None, list[str]]:
        """Restore the newest valid checkpoint; writes nothing, see `rewind_to_checkpoint`.

        Args:
            restore: Converts a state to objects, or raises CheckpointError.
            anew: Begin at generation 0 if all checkpoints are damaged.

        Returns:
            The result of `restore`, or None at generation 0; and messages for the user.

        Raises:
            RunError: If there are checkpoints but none is usable.
        """
        self._kept = Kept()
        causes: list[str] = []
        # An older checkpoint comes first if the log is shorter: what is missing is bred again.
        short: list[tuple[checkpoint.Stamp, State, Kept]] = []
        for path in reversed(self._checkpoints):
            try:
                state, stamp = self._loaded(path)
                kept = self._log.as_written(state.values)
                if kept.is_short:
                    short.append((stamp, state, kept))
                    raise CheckpointError(kept.message)
                return self._restored(stamp, state, kept, restore, causes)
            except CheckpointError as damage:
                causes.append(f"checkpoint {path.name} is damaged: {damage}")
        for stamp, state, kept in short:
            try:
                return self._restored(stamp, state, kept, restore, [])
            except CheckpointError:
                continue
        if causes and not anew:
            raise RunError(
                f"{self.path}: no checkpoint can be used: {causes[0]}. "
                f"To start the run over, run: {resume_command(self.path)} --anew"
            )
        if not causes and not anew:
            self._refuse_lost_checkpoints()
        return None, [*causes, "the run starts over"] if causes else []

    def _refuse_lost_checkpoints(self) -> None:
        """Raise RunError if there must have been a checkpoint, and there is none.

        The log of a run without checkpoints is at most as long as the first one's.
        """
        every = self.config.get("checkpoints", {}).get("every", 0)
        done = len(self.records(every + 1))
        if every and done > every:
            raise RunError(
                f"{self.path}: its log has {done} generations or more, but there is no checkpoint. "
                f"To start the run over, run: {resume_command(self.path)} --anew"
            )

    def _loaded(self, path: Path) -> tuple[State, checkpoint.Stamp]:
        """Return a checkpoint of this configuration."""
        state, stamp = checkpoint.load(path)
        if stamp.config_hash != config_hash(self.config):
            raise RunError(
                f"{self.path}: config.toml was changed since {path.name}; only [stop], "
                "[workers] and [checkpoints] may change in a run"
            )
        return state, stamp

    def _restored(
        self,
        stamp: checkpoint.Stamp,
        state: State,
        kept: Kept,
        restore: Callable[[State], T],
        damaged: list[str],
    ) -> tuple[T, list[str]]:
        """Restore a checkpoint; return the result and messages about `damaged` newer ones."""
        restored = restore(state)
        self._check_generation(state, stamp, kept)
        self._kept = kept
        messages = [f"{cause}; using the previous one" for cause in damaged]
        if kept.message:
            messages.append(kept.message)
        if stamp.platform != platform_fingerprint():
            messages.append(
                f"the run was made on another platform ({stamp.platform}); "
                "from here on its results may differ"
            )
        return restored, messages

    def _check_generation(self, state: State, stamp: checkpoint.Stamp, kept: Kept) -> None:
        """Raise CheckpointError unless manifest, log and engine have the same generation."""
        generation = state.values["engine"]["generation"]
        last = generation - 1 if kept.content is not None else self._log.last(kept.length)
        if not generation == stamp.generation == last + 1:
            raise CheckpointError(
                f"it says generation {generation}, its manifest {stamp.generation}, and the log "
                f"{last + 1}"
            )

    def rewind_to_checkpoint(self) -> None:
        """Make the directory match the checkpoint that `load_checkpoint` restored.

        Writes config.toml, which may have new limits, and deletes result.json. Truncates the log to
        the checkpoint's generation, or replaces it by the records that could be read. Later
        generations are repeated, with the same results. Without a checkpoint the log becomes empty.
        """
        if not self._is_new:
            self.save_config()
            (self.path / "result.json").unlink(missing_ok=True)
        self._log.cut(self._kept)

    def discard_unused(self) -> None:
        """Remove everything written by a run that failed before its first generation."""
        if self._log.is_written:
            return
        self._remove_inputs()
        for name in ("champion", "run.json", "config.toml", "result.json", ".lock"):
            remove(self.path / name)
        if self._made_folder:
            self.path.rmdir()

    def write_result(self, result: dict[str, Any]) -> None:
        """Write a run's outcome to result.json, atomically."""
        replace_file(self.path / "result.json", json.dumps(result, indent=2).encode() + b"\n")

    def digest(self) -> str:
        """Return the SHA-256 of the log without wall times: equal for equal runs."""
        return self._log.digest()
