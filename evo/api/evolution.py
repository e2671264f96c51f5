"""Evolve individuals for your own fitness, in one call.

    run = evo.evolve(pole, inputs=4, outputs=1, population=150, generations=100, target=1.0,
                     workers=2, seed=1, out="runs/pole", resume=True)

The run is an ordinary one (`evo.runs`): it is logged, saved at intervals, and can be killed at any
instant. With `resume=True` the same call continues it.
"""

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from evo.api.commands import checked_configuration, reported
from evo.api.experiments import experiment
from evo.api.options import flag, path_of
from evo.api.progress import display_of
from evo.api.run_object import Run
from evo.core.config import EXECUTION_TABLES, Config, execution_of
from evo.core.errors import FailedRunError, InputError
from evo.core.settings import Changes, Settings, tables
from evo.core.user_scripts import StopLoading, is_loading
from evo.experiment import Experiment
from evo.music.song_finder import SongFinder
from evo.runs.claiming import claimed_path, name_of_run
from evo.runs.description import command_line, load_config
from evo.runs.directory import Run as RunDirectory
from evo.runs.display import Display
from evo.runs.loading import stored
from evo.runs.loggers.base import Logger
from evo.runs.loggers.choice import loggers_of
from evo.runs.session import resume as resume_run
from evo.runs.session import start


def evolve(
    fitness: Any,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    keys: int | None = None,
    steps: int = 64,
    genome: str | None = None,
    name: str | None = None,
    goals: bool = False,
    figures: Callable[..., Any] | None = None,
    settings: Settings | None = None,
    prompt: Any = None,
    toolbox: Any = None,
    mate: Callable[..., Any] | None = None,
    mutate: Callable[..., Any] | None = None,
    changes: Changes | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
    report: bool = True,
    log: Any = None,
    **options: Any,
) -> Run:
    """Evolve individuals for a fitness; start a run, or continue it.

    Give `inputs` and `outputs` for a task of numbers, or `keys` and `steps` for music.

    Args:
        fitness: A function (`evo.fitness`), an object with `evaluate`, or an `Experiment`.
        inputs: Numbers that an individual gets.
        outputs: Numbers that it returns.
        keys: Keys of the instrument, for music.
        steps: Steps of a piece, for music.
        genome: Genome kind: network (default), grid (default with goals) or history-user.
        name: Name of the experiment; None for the function's.
        goals: Whether the fitness returns several numbers per individual: NSGA-II.
        figures: Returns further figures of the champion by name, for log and result.
        settings: Settings of your own that the function gets as its argument `settings`.
        prompt: Bool (prompt_steps, keys): notes with which the champion's song begins.
        toolbox: A DEAP toolbox with your operators, for the engine deap.
        mate: Your own crossover, for the engines ga and deap.
        mutate: Your own mutation, for the engines ga and deap.
        changes: Nested tables of settings: {"stop": {"stagnation": 50}}.
        out: The run's directory; by default a new one below runs/.
        resume: Continue the run in `out` if there is one of the same settings.
        progress: Show a bar, or lines; None for a bar on a terminal or in a notebook.
        report: Write report.html into the run's directory at the end.
        log: Loggers: names ("csv", "tensorboard"), and `evo.Logger` objects.
        options: Those of `evo run`: engine, population, generations, target, seed, workers, ...

    Raises:
        InputError: If an argument or a setting cannot be used, or `resume` finds other settings.
        FailedRunError: If too many individuals failed, or nothing could be bred.
        RunError: If the directory cannot be used.
        KeyboardInterrupt: After Ctrl-C, when the run is saved.
    """
    chosen, own = fitness, {} if settings is None else _table_of(settings)
    if fitness is None:
        raise InputError("evolve needs a fitness: a function of one individual, or of a batch")
    if not isinstance(fitness, Experiment):
        chosen = experiment(
            fitness, name=name, inputs=inputs, outputs=outputs, keys=keys, steps=steps,
            settings=None if settings is None else type(settings), genome=genome, goals=goals,
            figures=figures, prompt=prompt, toolbox=toolbox, mate=mate, mutate=mutate,
        )  # fmt: skip
    if is_loading():
        raise StopLoading(chosen)
    display = display_of(progress, chosen)
    tables_given = {chosen.name: own, **(changes or {})} if own else changes
    find = SongFinder(display.message, bool(options.get("strict")))
    given = options | {"genome": genome}
    config = checked_configuration(chosen, given, tables_given, find, display)
    path = None if out is None else path_of(out, "out")
    is_reported, is_resumed = flag(report, "report"), flag(resume, "resume")
    loggers = loggers_of(log)
    run, made_here = _carried_out(chosen, config, path, is_resumed, display, find, loggers)
    return _ended(reported(run, is_reported, display), made_here)


def _carried_out(
    chosen: Experiment,
    config: Config,
    path: Path | None,
    resume: bool,
    display: Display,
    find: SongFinder,
    loggers: Sequence[Logger],
) -> tuple[Run, bool]:
    """Start the run, or resume it if it has begun; return it, and whether it made its folder."""
    if resume:
        path = path or Path("runs") / name_of_run(config)
        if (path / "config.toml").exists():
            _check_same(config, path)
            changed = execution_of(stored(config))
            result = resume_run(chosen, path, changed, display, loggers=loggers)
            return Run(path, chosen, result), False
    made_here = path is None or not path.exists()
    folder = path or claimed_path(config)
    command = command_line()
    result = start(chosen, config, folder, command, display, find, path is None, loggers)
    return Run(folder, chosen, result), made_here


def _table_of(settings: Any) -> dict[str, Any]:
    """Return a user's settings as a table of changes.

    Raises:
        InputError: If they are of another type.
    """
    if not isinstance(settings, Settings):
        raise InputError(f"settings must be an evo.Settings, got {settings!r}")
    return tables(settings)


def _check_same(config: Config, path: Path) -> None:
    """Raise InputError if the run in `path` has other settings than `config`."""
    old = load_config(path / "config.toml") or {}
    different = list(_differences(stored(config), old))
    if different:
        name, here, there = different[0]
        more = f" ({len(different)} settings differ)" if len(different) > 1 else ""
        raise InputError(
            f"{path}: was begun with {name} = {there}, not {here}{more}; give the same settings, "
            "or another `out`"
        )


def _differences(new: Mapping[str, Any], old: Mapping[str, Any], where: str = "") -> Any:
    """Yield name, new and old value of every setting that differs."""
    for name in dict.fromkeys([*new, *old]):
        if not where and name in EXECUTION_TABLES:
            continue
        here, there = new.get(name), old.get(name)
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            yield from _differences(here, there, f"{where}{name}.")
        elif _plain(here) != _plain(there):
            yield f"{where}{name}", here, there


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _ended(run: Run, made_here: bool) -> Run:
    """Return a run that ended well.

    Raises:
        FailedRunError: If it failed. A run without one generation is removed.
        KeyboardInterrupt: If it was interrupted.
    """
    result = run.result
    if result["status"] == "failed":
        if not result["generations"]:
            with RunDirectory.open(run.path) as directory:
                directory.discard_unused()
            with suppress(OSError):
                if made_here:
                    run.path.rmdir()
        raise FailedRunError(f"{run.path}: {result['reason']}")
    if "lost" in result:
        raise FailedRunError(f"{run.path}: {result['reason']}; resume=True continues the run")
    number = result.get("signal")
    if number == signal.SIGINT:
        raise KeyboardInterrupt(f"{run.path}: stopped; the same call with resume=True continues it")
    if number is not None:
        sys.exit(128 + number)
    return run
