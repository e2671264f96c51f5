"""Several seeds of one configuration, each a run of its own, several at a time.

    FOLDER/batch.toml      the seeds, and the configuration that all runs have but for the seed
    FOLDER/seed0, ...      a run each (`evo.runs.directory`)

A batch has no state but this: a run that has a result under the same limits is done, one that has
begun is gone on with, and one that has not is begun. So it can be killed at any instant.

Every run is carried out, with one worker, by a process of its own (`python -m
evo.runs.batch_worker`), whose standard input is a pipe that nobody writes to: when the batch dies,
however it does, the pipe closes, and the run ends with a checkpoint as if it had been interrupted.
A process that crashes takes its run down and no other. One process a batch: a lock on the folder
refuses the second.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec
import tomli_w
from filelock import FileLock, Timeout

from evo.core.errors import InputError, RunError, file_errors
from evo.core.files import replace_file
from evo.core.interrupt import Interrupts
from evo.runs.description import (
    BATCH_FILE,
    Tables,
    is_batch,
    load_config,
    read_description,
    read_result,
    taken,
)

MOST_SEEDS = 10_000
# The statuses of runs that are done; any other can be gone on with.
ENDED = ("finished", "failed")
# Exit codes of the processes: what was given cannot be used by any run; this run cannot go on.
BAD_INPUT, BAD_RUN = 2, 3
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PAUSE = 0.02  # seconds between looks at the processes
_GRACE = 3.5  # seconds for interrupted runs to write their checkpoints


def seeds_of(text: str) -> list[int]:
    """The seeds of a text like 0..9, 0,3,7 or 0..4,8, in its order; InputError for what is none."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dots, last = part.strip().partition("..")
        try:
            low, high = int(first), int(last) if dots else int(first)
        except ValueError:
            raise InputError(f"{text!r} are no seeds; write 0..9, 0,3,7 or 0..4,8") from None
        if low < 0 or high < low:
            raise InputError(
                f"{part.strip()!r} are no seeds: the lower comes first, and is at least 0"
            )
        if len(seeds) + high - low >= MOST_SEEDS:
            raise InputError(f"{text!r} are more than {MOST_SEEDS:,} seeds")
        seeds += range(low, high + 1)
    if len(set(seeds)) < len(seeds):
        twice = next(seed for place, seed in enumerate(seeds) if seed in seeds[:place])
        raise InputError(f"{text!r} has the seed {twice} twice")
    return seeds


def cores() -> int:
    """The cores that this process may use: how many runs go on at once by default."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def with_seed(config: Tables, seed: int) -> Tables:
    """The configuration of one run of a batch."""
    run = config["run"] | {"seed": seed}
    return config | {"run": run, "workers": config["workers"] | {"count": 1}}


class Given(msgspec.Struct, frozen=True):
    """What a user gives with a command, and is never stored with the runs.

    Attributes:
        workers: Settings of [workers]: a cluster that runs already, and `insecure`.
        anew: Start runs over of which no checkpoint can be used.
    """

    workers: dict[str, Any] = {}
    anew: bool = False


@dataclass
class _Process:
    """A run that is being carried out."""

    seed: int
    errors: BinaryIO
    messages: BinaryIO
    popen: "subprocess.Popen[bytes]"

    @classmethod
    def begin(cls, folder: Path, seed: int, given: Given) -> Self:
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the process
        messages = tempfile.TemporaryFile()  # noqa: SIM115 - the same
        what = msgspec.json.encode(given).decode()
        # A session of its own: Ctrl-C in a terminal reaches the batch alone, which tells its runs.
        popen = subprocess.Popen(
            [sys.executable, "-P", "-m", "evo.runs.batch_worker", str(folder), str(seed), what],
            stdin=subprocess.PIPE, stdout=messages, stderr=errors,
            start_new_session=True, env=dict.fromkeys(ONE_THREAD, "1") | dict(os.environ),
        )  # fmt: skip
        return cls(seed, errors, messages, popen)

    def said(self) -> list[str]:
        """Return the lines that it printed for the user."""
        self.messages.seek(0)
        return self.messages.read().decode(errors="replace").splitlines()

    def last_words(self) -> str:
        """The last line that it said."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.close()
        self.errors.close()
        self.messages.close()


@dataclass
class Summary:
    """How the runs of a batch stand."""

    results: dict[int, dict[str, Any]] = field(default_factory=dict)  # of runs that ended
    failed: dict[int, str] = field(default_factory=dict)  # why a run has no result, or a bad one
    stopped_by: signal.Signals | None = None


class Batch:
    """An open batch, locked for this process; use it as a context manager."""

    def __init__(self, path: Path, config: Tables, seeds: Sequence[int]) -> None:
        self.path, self.config, self.seeds = path, config, list(seeds)
        self._made_folder = False

    def __enter__(self) -> Self:
        self._lock = FileLock(self.path / ".lock")
        try:
            with file_errors(self.path):
                self._lock.acquire(timeout=0)
        except Timeout:
            raise RunError(f"{self.path}: another process is at work on these runs") from None
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()
        if self._made_folder and not is_batch(self.path):
            (self.path / ".lock").unlink(missing_ok=True)
            with suppress(OSError):  # somebody put something there meanwhile
                self.path.rmdir()

    @classmethod
    def create(
        cls, path: Path, config: Tables, seeds: Sequence[int], made_folder: bool = False
    ) -> Self:
        """A new batch in `path`, which must not exist or be empty."""
        with file_errors(path):
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
        """The batch in `path`; RunError where there is none, or a damaged one."""
        document = load_config(path / BATCH_FILE)
        if document is None:
            raise RunError(f"{path}: there are no runs here (no {BATCH_FILE})")
        config, seeds = document.get("config"), document.get("seeds")
        whole = isinstance(config, dict) and isinstance(seeds, list)
        if not whole or not all(type(seed) is int and seed >= 0 for seed in seeds or ()):
            raise RunError(f"{path / BATCH_FILE}: it has no list of seeds and no table [config]")
        assert isinstance(config, dict)
        assert isinstance(seeds, list)
        return cls(path, config, seeds)

    def folder(self, seed: int) -> Path:
        """Where the run of a seed is."""
        return self.path / f"seed{seed}"

    def save(self) -> None:
        """Write batch.toml, after a change too."""
        document = {"seeds": self.seeds, "config": self.config}
        with file_errors(self.path):
            replace_file(self.path / BATCH_FILE, tomli_w.dumps(document).encode())

    def result(self, seed: int) -> dict[str, Any] | None:
        """How a run ended, None while it is not done: not begun, broken off, or to go further."""
        try:
            result = read_result(self.folder(seed))
            config = load_config(self.folder(seed) / "config.toml")
            about = read_description(self.folder(seed) / "run.json")
        except RunError:
            return None
        if result is None or config is None or about is None:
            return None
        # The status in run.json comes last, after the champion.
        if any(one.get("status") not in ENDED for one in (result, about)):
            return None
        return result if config.get("stop") == self.config["stop"] else None

    def carry_out(
        self, at_once: int, say: Callable[[int, str], None], given: Given | None = None
    ) -> Summary:
        """Carry out all runs that are not done, so many at once; `say` hears how each ends.

        SIGINT and SIGTERM stop all of them. InputError for what no run can use; what was begun of
        the batch is then removed.
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
        working: list[_Process] = []
        try:
            with Interrupts() as interrupts:
                while (waiting or working) and interrupts.received is None:
                    while waiting and len(working) < at_once:
                        with file_errors(self.path):
                            process = _Process.begin(self.path, waiting.pop(0), given or Given())
                        working.append(process)
                    for process in [one for one in working if one.popen.poll() is not None]:
                        self._take(process, summary, say)
                        working.remove(process)
                        process.close()
                    time.sleep(_PAUSE)
            # The runs have longer to end well than `Interrupts` would give this process.
            summary.stopped_by = interrupts.received
            self._stop(working)
            for process in working:  # some were at their end
                result = self.result(process.seed)
                if result is not None:
                    summary.results[process.seed] = result
        except InputError:
            self._stop(working)
            self._discard_unused()
            raise
        finally:
            self._stop(working)
            for process in working:
                process.close()
        summary.failed |= {
            seed: result["reason"]
            for seed, result in summary.results.items()
            if result["status"] == "failed"
        }
        return summary

    def _take(self, process: _Process, summary: Summary, say: Callable[[int, str], None]) -> None:
        """Note how a process ended."""
        seed, code = process.seed, process.popen.returncode
        for line in process.said():
            say(seed, line)
        words = process.last_words()
        if code == BAD_INPUT:
            raise InputError(words)
        result = self.result(seed) if code == 0 else None
        if result is not None:
            summary.results[seed] = result
            say(seed, described(result))
            return
        if code < 0:
            words = f"its process was ended by {_signal_name(-code)}; resume to go on with it"
        elif code == 0:
            words = "it was stopped; resume to go on with it"
        elif not words:
            words = f"its process ended with exit code {code} and without a result"
        summary.failed[seed] = words
        say(seed, words)

    def _discard_unused(self) -> None:
        """Remove the batch if none of its runs has bred anything."""
        folders = [self.folder(seed) for seed in self.seeds]
        if not any((folder / "config.toml").exists() for folder in folders):
            (self.path / BATCH_FILE).unlink(missing_ok=True)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _stop(working: Sequence[_Process]) -> None:
        """Let processes end with a checkpoint, and those that take too long without."""
        for process in working:
            if process.popen.poll() is None:
                process.popen.terminate()
        deadline = time.monotonic() + _GRACE
        for process in working:
            try:
                process.popen.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:  # its last checkpoint is as good
                process.popen.kill()
                process.popen.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def described(result: dict[str, Any]) -> str:
    """A run's result in one line."""
    best = result["best_fitness"]
    fitness = "" if best is None else f", best fitness {best:.4g}"
    return (
        f"{result['status']}: {result['reason']}; {result['generations']} generations, "
        f"{result['evaluations']:,} evaluations, {result['wall_seconds']:.1f} s{fitness}"
    )
