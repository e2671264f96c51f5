"""Run or resume several seeds: `evo run --seeds` and `evo resume FOLDER`."""

import math
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from evo.analysis.report import write_at_end
from evo.analysis.statistics import wilson
from evo.cli.display import LiveLines, PlainDisplay, Terminal
from evo.cli.errors import show_message
from evo.core.config import Config, execution_of
from evo.core.errors import InputError, RunError
from evo.core.settings import tables
from evo.music.song_finder import SongFinder
from evo.runs.batch import Batch, Given, cores
from evo.runs.claiming import claimed_path
from evo.runs.configure import configuration
from evo.runs.description import BATCH_FILE, resume_command
from evo.runs.display import duration
from evo.runs.listing import is_at_work
from evo.runs.listing import summary as summary_of
from evo.runs.loading import parse_config, stored, trusted
from evo.runs.loggers.choice import loggers_of
from evo.runs.seed_list import seeds_of
from evo.runs.session import check
from evo.runs.user_experiments import (
    experiment_in,
    experiment_named,
    is_script,
    origin_of_run,
    script_needed,
)
from evo.workers.cluster.address import is_external

READING = 1.0  # seconds between looks at the logs of working runs


def run_seeds(experiment: str, options: dict[str, Any]) -> None:
    """Carry out the runs of `--seeds`.

    Exits with a code if a run fails, or after a signal.

    Args:
        experiment: The experiment's name.
        options: The options of `evo run`.

    Raises:
        InputError: If an option or a setting cannot be used.
    """
    if options["seed"] is not None:
        raise InputError("--seed is for one run and --seeds for several; leave one of them out")
    seeds = seeds_of(options["seeds"])
    chosen = experiment_named(experiment)
    find = SongFinder(strict=options["strict"])
    config = configuration(chosen, options, find, show_message)
    check(config)
    loggers_of(options["log"])  # raises before a run is begun
    out = options["out"]
    path = Path(out) if out is not None else claimed_path(config, seeds=True)
    batch = Batch.create(path, stored(config), seeds, made_folder=out is None)
    script = experiment if is_script(experiment) else ""
    given = _given(config, script, strict=options["strict"], report=not options["no_report"])
    _carry_out(batch, options["workers"], replace(given, log=tuple(options["log"])))


def _given(
    config: Config, script: str, *, anew: bool = False, strict: bool = False, report: bool = True
) -> Given:
    """Return the options that are not stored; see `evo.runs.loading.trusted`."""
    workers = tables(config.workers) if is_external(config.workers.cluster) else {}
    return Given(workers, anew, strict, script, report)


def resume_seeds(
    path: Path,
    changes: dict[str, Any],
    anew: bool,
    script: str | None,
    report: bool,
    log: tuple[str, ...] = (),
) -> None:
    """Carry out the seeds of a batch that are not done, begun or not.

    Exits with a code if a run fails, or after a signal.

    Args:
        path: The batch's folder.
        changes: Nested tables of changed settings.
        anew: Restart runs that have no usable checkpoint.
        script: The script that defines the experiment, or None.
        report: Write reports at the end.
        log: Names of loggers.

    Raises:
        RunError: If there is no batch in `path`.
        InputError: If a change is wrong.
    """
    batch = Batch.open(path)
    config, chosen = parse_config(batch.config, path / BATCH_FILE)
    if script is not None:
        experiment_in(script, config.run.experiment)  # raises before a run is begun
    elif chosen.origin is not None:
        origin = origin_of_run(batch.folder(batch.seeds[0]))
        raise RunError(script_needed(path, chosen.name, origin))
    config = trusted(config).resumed(changes)
    check(config)
    batch.config = batch.config | execution_of(stored(config))
    loggers_of(log)  # raises before a run is begun
    given = _given(config, script or "", anew=anew, report=report)
    given = replace(given, log=tuple(log))
    _carry_out(batch, changes.get("workers", {}).get("count"), given)


class BatchLines:
    """The lines of a batch: its seeds, and where the working runs are; see `Lines`."""

    def __init__(self, batch: Batch) -> None:
        self._batch, self.ended = batch, False
        self._limit = int(batch.config["stop"].get("generations") or 0)
        self._results = {seed: batch.result(seed) for seed in batch.seeds}
        self._began = time.monotonic()
        self._read = -math.inf  # when the logs were read
        self._working: dict[int, int] = {}
        self._first = self.share

    def take(self, seed: int) -> None:
        """Read whether the run of a seed is done."""
        self._results[seed] = self._batch.result(seed)
        # Replaced, not changed: another thread may be drawing it.
        self._working = {other: n for other, n in self._working.items() if other != seed}

    @property
    def share(self) -> float:
        """See `Lines.share`: with the generations of the working runs."""
        parts = [min(done / self._limit, 1.0) for done in self._working.values() if self._limit]
        return (len(self._done()) + sum(parts)) / len(self._results)

    def _done(self) -> list[dict[str, Any]]:
        return [result for result in self._results.values() if result is not None]

    def heads(self) -> list[tuple[str, str]]:
        """See `Lines.heads`."""
        seconds, bred = time.monotonic() - self._began, self.share - self._first
        right = f"{duration(seconds)} so far"
        if self.ended:
            right = f"in {duration(seconds)}"
        elif bred > 0 and seconds > 1:
            right = f"{duration(seconds * (1 - self.share) / bred)} left"
        return [(f"{len(self._done())} of {len(self._results)} seeds", right)]

    def below(self, width: int, blocks: str) -> list[str]:
        """See `Lines.below`.

        Args:
            width: See `Lines.below`.
            blocks: Ignored.
        """
        if time.monotonic() - self._read >= READING and not self.ended:
            self._read = time.monotonic()
            self._working = self._generations()
        done = self._done()
        line = f"solved {sum(bool(result['solved']) for result in done)} of {len(done)}"
        if self.ended:
            return [line]
        for count, (seed, generation) in enumerate(self._working.items()):
            word = "; generation " if not count else ", "
            part = f"{word}{generation:,} of seed {seed}"
            if len(line) + len(part) > width:
                break
            line += part
        return [line]

    def _generations(self) -> dict[int, int]:
        """Return the generations done by seeds at work."""
        found = {}
        for seed, result in self._results.items():
            folder = self._batch.folder(seed)
            if result is None and is_at_work(folder):
                found[seed] = summary_of(folder).generation
        return found


def _carry_out(batch: Batch, at_once: Any, given: Given) -> None:
    console = Terminal()
    display = PlainDisplay(console)
    with batch:
        display.message(f"{len(batch.seeds)} seeds, the runs are in {batch.path}")
        lines = BatchLines(batch)
        live = LiveLines(console, lines) if console.moves else nullcontext()

        def message(seed: int, words: str) -> None:
            lines.take(seed)
            display.message(f"seed {seed}: {words}")

        with live:
            summary = batch.carry_out(
                int(at_once) if at_once is not None else cores(), message, given
            )
    ended = len(summary.results)
    solved = sum(result["solved"] for result in summary.results.values())
    low, high = wilson(solved, ended)
    line = f"solved {solved} of {ended}"
    if ended:
        line += f" (95 % interval {low:.0%} to {high:.0%})"
    if ended < len(batch.seeds):
        left = len(batch.seeds) - ended
        line += f"; {left} {'is' if left == 1 else 'are'} not done"
    if summary.failed:
        line += f"; failed: {', '.join(f'seed {seed}' for seed in sorted(summary.failed))}"
    display.message(line)
    if ended < len(batch.seeds):
        display.message(f"resume them with: {resume_command(batch.path, given.script)}")
    elif given.report:
        written = write_at_end(batch.path, display.message)
        if written is not None:
            display.message(f"to see and hear them, open {written}")
    if summary.stopped_by is not None:
        sys.exit(128 + summary.stopped_by)
    if summary.failed:
        sys.exit(1)
