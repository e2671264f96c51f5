"""Run several seeds of one configuration, several at a time.

    FOLDER/batch.toml      the seeds, and the configuration shared by all runs except for the seed
    FOLDER/seed0, ...      one run each (`evo.runs.directory`)

A batch stores nothing else. A run with a result under the same limits is done. A run that has begun
is resumed, and any other is started. A batch can therefore be killed at any instant.

Each run has one worker and its own process (`evo.runs.batch_processes`). The process's standard
input is a pipe that is never written to. If the batch dies, the pipe closes, and the run saves a
checkpoint and ends as if interrupted. A crash affects one run only. A lock on the folder admits one
process per batch.
"""

import os
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec
import tomli_w
from filelock import FileLock, Timeout

from evo.core.errors import InputError, RunError
from evo.core.files import replace_file
from evo.core.interrupt import Interrupts
from evo.core.user_files import user_file
from evo.runs.batch_processes import Ended, processes_of
from evo.runs.claiming import refuse_links
from evo.runs.description import (
    BATCH_FILE,
    Tables,
    is_batch,
    load_config,
    read_description,
    read_result,
    taken,
)
from evo.runs.seed_list import check_seeds

# Statuses of runs that are done; any other run can be resumed.
ENDED = ("finished", "failed")
# Exit codes of the processes: input that no run can use; a run that cannot continue.
BAD_INPUT, BAD_RUN = 2, 3


def cores() -> int:
    """Return the number of cores available, the default number of concurrent runs."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def with_seed(config: Tables, seed: int) -> Tables:
    """Return the configuration of one run of a batch.

    Args:
        config: The configuration shared by all runs.
        seed: The run's seed.
    """
    run = config["run"] | {"seed": seed}
    return config | {"run": run, "workers": config["workers"] | {"count": 1}}


class Given(msgspec.Struct, frozen=True):
    """Options of one command that are never stored with the runs.

    Attributes:
        workers: Settings of [workers]: the address of a running cluster, and `insecure`.
        anew: Restart runs that have no usable checkpoint.
        strict: Refuse a folder with songs that cannot be learned.
        script: The script that defines the experiment; "" for one of this package.
        report: Write a report at the end of every run.
        log: Names of loggers.
    """

    workers: dict[str, Any] = {}
    anew: bool = False
    strict: bool = False
    script: str = ""
    report: bool = True
    log: tuple[str, ...] = ()


@dataclass
class Summary:
    """How the runs of a batch ended.

    Attributes:
        results: Results of runs that ended, by seed.
        failed: Why other seeds have no result, or a failed one.
        stopped_by: Signal that ended the batch, or None.
    """

    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    stopped_by: signal.Signals | None = None


class Batch:
    """An open batch, locked for this process; use it as a context manager."""

    def __init__(self, path: Path, config: Tables, seeds: Sequence[int]) -> None:
        self.path, self.config, self.seeds = path, config, list(seeds)
        self._made_folder = False

    def __enter__(self) -> Self:
        refuse_links(self.path, [".lock", *(self.folder(seed).name for seed in self.seeds)])
        self._lock = FileLock(self.path / ".lock")
        with user_file(self.path, "cannot be written"):
            try:
                self._lock.acquire(timeout=0)
            except Timeout:  # an OSError, too
                where = f"{self.path}: another process is at work on these runs"
                raise RunError(where) from None
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()
        if self._made_folder and not is_batch(self.path):
            (self.path / ".lock").unlink(missing_ok=True)
            with suppress(OSError):  # something was added meanwhile
                self.path.rmdir()

    @classmethod
    def create(
        cls, path: Path, config: Tables, seeds: Sequence[int], made_folder: bool = False
    ) -> Self:
        """Create the folder of a new batch; `save` and the runs write into it.

        Args:
            path: The batch's folder, which must be missing or empty.
            config: The configuration shared by all runs.
            seeds: The seeds, one run each.
            made_folder: Whether the caller created the folder for this batch.

        Raises:
            RunError: If the folder is not empty.
        """
        with user_file(path, "cannot be written"):
            made_here = made_folder or not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            found = {entry.name for entry in path.iterdir()}
        if found - {".lock", f".tmp-{BATCH_FILE}"}:
            raise taken(path)
        batch = cls(path, config, seeds)
        batch._made_folder = made_here
        return batch

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the batch in `path`.

        Raises:
            RunError: If there is no batch, or its batch.toml is damaged.
        """
        document = load_config(path / BATCH_FILE)
        if document is None:
            raise RunError(f"{path}: there are no runs here (no {BATCH_FILE})")
        config, seeds = document.get("config"), document.get("seeds")
        whole = isinstance(config, dict) and isinstance(seeds, list)
        if not whole or not all(type(seed) is int for seed in seeds or ()):
            raise RunError(f"{path / BATCH_FILE}: it has no list of seeds and no table [config]")
        assert isinstance(config, dict)
        assert isinstance(seeds, list)
        try:
            check_seeds(seeds, str(path / BATCH_FILE))
        except InputError as error:
            raise RunError(str(error)) from None
        return cls(path, config, seeds)

    def folder(self, seed: int) -> Path:
        """Return the directory of a seed's run."""
        return self.path / f"seed{seed}"

    def save(self) -> None:
        """Write seeds and configuration to batch.toml."""
        document = {"seeds": self.seeds, "config": self.config}
        with user_file(self.path, "cannot be written"):
            replace_file(self.path / BATCH_FILE, tomli_w.dumps(document).encode())

    def result(self, seed: int) -> dict[str, Any] | None:
        """Return the result of a run, or None while it is not done.

        A run is not done if it was not started, was interrupted, or has new limits.
        """
        try:
            result = read_result(self.folder(seed))
            config = load_config(self.folder(seed) / "config.toml")
            about = read_description(self.folder(seed) / "run.json")
        except RunError:
            return None
        if result is None or config is None or about is None:
            return None
        # The status in run.json is written last, after the champion.
        if any(one.get("status") not in ENDED for one in (result, about)):
            return None
        return result if config.get("stop") == self.config["stop"] else None

    def carry_out(
        self, at_once: int, message: Callable[[int, str], None], given: Given | None = None
    ) -> Summary:
        """Carry out all runs that are not done.

        The signals of `evo.core.interrupt` stop all of them.

        Args:
            at_once: Number of concurrent runs.
            message: Shows one line about the run of a seed.
            given: Options of this command that are not stored.

        Returns:
            The results and failures of the runs.

        Raises:
            InputError: If no run can use the configuration. A batch without progress is removed.
        """
        self.save()
        summary = Summary()
        waiting = []
        for seed in self.seeds:
            result = self.result(seed)
            if result is None:
                waiting.append(seed)
            else:
                summary.results[seed] = result
        processes = processes_of(self.path, msgspec.json.encode(given or Given()).decode())
        try:
            with Interrupts() as interrupts:
                while (waiting or processes.working) and interrupts.received is None:
                    with user_file(self.path, "a run cannot be started"):
                        while waiting and len(processes.working) < at_once:
                            processes.begin(waiting.pop(0))
                        ended = processes.ended()
                    for one in ended:
                        self._take(one, summary, message)
            # The runs get more time to end than `Interrupts` would give this process.
            summary.stopped_by = interrupts.received
            working = processes.working
            processes.stop()
            for seed in working:  # some may have just finished
                result = self.result(seed)
                if result is not None:
                    summary.results[seed] = result
        except InputError:
            processes.stop()
            self._discard_unused()
            raise
        finally:
            processes.stop()
        summary.failed |= {
            seed: result["reason"]
            for seed, result in summary.results.items()
            if result["status"] == "failed"
        }
        return summary

    def _take(self, ended: Ended, summary: Summary, message: Callable[[int, str], None]) -> None:
        """Record the outcome of a finished process."""
        seed, code, words = ended.seed, ended.code, ended.error
        for line in ended.printed:
            message(seed, line)
        if code == BAD_INPUT:
            raise InputError(words)
        result = self.result(seed) if code == 0 else None
        if result is not None:
            summary.results[seed] = result
            message(seed, described(result))
            return
        if code < 0:
            words = f"its process was ended by {_signal_name(-code)}; resume it to continue"
        elif code == 0:
            words = "it was stopped; resume it to continue"
        elif not words:
            words = f"its process ended with exit code {code} and without a result"
        summary.failed[seed] = words
        message(seed, words)

    def _discard_unused(self) -> None:
        """Remove the batch if no run has started."""
        folders = [self.folder(seed) for seed in self.seeds]
        if not any((folder / "config.toml").exists() for folder in folders):
            (self.path / BATCH_FILE).unlink(missing_ok=True)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def described(result: dict[str, Any]) -> str:
    """Return a run's result in one line."""
    best = result["best_fitness"]
    fitness = "" if best is None else f", best fitness {best:.4g}"
    return (
        f"{result['status']}: {result['reason']}; {result['generations']} generations, "
        f"{result['evaluations']:,} evaluations, {result['wall_seconds']:.1f} s{fitness}"
    )
