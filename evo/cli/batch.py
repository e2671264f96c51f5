"""Run or resume several seeds: `evo run --seeds` and `evo resume FOLDER`."""

import sys
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from evo.analysis.report import write_at_end
from evo.analysis.statistics import wilson
from evo.cli.display import PlainDisplay, Terminal
from evo.cli.errors import show_message
from evo.core.config import Config, execution_of
from evo.core.errors import InputError, RunError
from evo.core.settings import tables
from evo.music.song_finder import SongFinder
from evo.runs.batch import Batch, Given, cores
from evo.runs.claiming import claimed_path
from evo.runs.configure import configuration
from evo.runs.description import BATCH_FILE, resume_command
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


def _carry_out(batch: Batch, at_once: Any, given: Given) -> None:
    display = PlainDisplay(Terminal())
    with batch:
        display.message(f"{len(batch.seeds)} seeds, the runs are in {batch.path}")
        summary = batch.carry_out(
            int(at_once) if at_once is not None else cores(),
            lambda seed, words: display.message(f"seed {seed}: {words}"),
            given,
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
