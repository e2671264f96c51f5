"""The command line's functions for Python, with the same names.

    import evo
|
    result = evo.run("memorize", song="ode-to-joy", seed=1, out="runs/ode")
    config, experiment = evo.load_run("runs/ode")
    evo.resume("runs/ode", generations=1000)
    evo.song("ode-to-joy").play()                   # in a notebook

Set the environment variables OMP_NUM_THREADS and OPENBLAS_NUM_THREADS to 1, as the command does.
More BLAS threads than cores slow runs down.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from evo.core.config import Config
from evo.core.errors import InputError, suggestion
from evo.core.seeds import MAX_SEED
from evo.core.settings import Changes, Meta, Settings, changed
from evo.experiment import Experiment
from evo.music.song import Song
from evo.music.song_finder import SongFinder, find_songs
from evo.music.tunes import tune, tune_names
from evo.runs.claiming import claimed_path
from evo.runs.configure import (
    changes_of,
    check_worker_options,
    configuration,
)
from evo.runs.description import command_line
from evo.runs.display import Display, Silent
from evo.runs.loading import load_run as load_run_in
from evo.runs.session import check, start
from evo.runs.session import resume as resume_run

__all__ = ["Song", "load_run", "resume", "run", "settings", "song", "tunes"]

# The options of `evo run`.
_LIMITS = ("generations", "time_limit", "target", "workers", "cluster", "insecure")
_OPTIONS = (
    "song", "genome", "engine", "neat_config", "seed", "population", "config", "strict", *_LIMITS
)  # fmt: skip


class _Numbers(Settings, frozen=True):
    """The options that are numbers, with the limits of the command line."""

    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 0
    population: Annotated[int, Meta(ge=2)] = 2
    generations: Annotated[int, Meta(ge=1)] = 1
    time_limit: Annotated[float, Meta(gt=0)] = 1.0
    workers: Annotated[int, Meta(ge=1)] = 1


def run(
    experiment: str,
    *,
    out: str | Path | None = None,
    changes: Changes | None = None,
    display: Display | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Start a run and carry it out.

    Args:
        experiment: Name of the experiment.
        out: The run's directory; by default a new one below runs/.
        changes: Nested tables of settings: {"ga": {"population": {"size": 50}}}.
        display: Shows the run; None for no display.
        options: The options of `evo run`: song, seed, population, generations, workers, ...

    Returns:
        The result, as in result.json.

    Raises:
        InputError: If an option or a setting cannot be used.
        RunError: If the directory cannot be used.
        RunInterruptedError: If the disk fails, or no worker becomes available.
    """
    given, shown = _given(options, _OPTIONS, changes), display or Silent()
    folder = None if out is None else _path(out, "out")
    find = SongFinder(shown.message, bool(given["strict"]))
    check_worker_options(given)
    config, chosen = configuration(experiment, given, find)
    check(config)
    path = folder or claimed_path(config)
    return start(chosen, config, path, command_line(), shown, find, made_folder=folder is None)


def resume(
    path: str | Path,
    *,
    changes: Changes | None = None,
    display: Display | None = None,
    anew: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Resume an interrupted run, or extend a finished one.

    Args:
        path: The run's directory.
        changes: Nested tables of settings of stop, workers and checkpoints.
        display: Shows the run; None for no display.
        anew: Restart at generation 0 if no checkpoint is usable.
        options: The options of `evo resume`: generations, time_limit, target, workers, ...

    Returns:
        The result, as in result.json.

    Raises:
        RunError: If there is no run to resume.
        InputError: If an option or a setting cannot be used.
        RunInterruptedError: If the disk fails, or no worker becomes available.
    """
    given = _given(options, _LIMITS, changes)
    folder = _path(path, "path")
    check_worker_options(given)
    _, chosen = load_run(folder)
    shown = display or Silent()
    return resume_run(chosen, folder, changes_of(given), shown, _flag(anew, "anew"))


def load_run(path: str | Path) -> tuple[Config, Experiment]:
    """Return the configuration and the experiment of a run.

    Args:
        path: The run's directory.

    Raises:
        RunError: If there is no run, or its experiment or engine is unknown.
    """
    return load_run_in(_path(path, "path"))


def settings(experiment: str, *, genome: str | None = None, engine: str | None = None) -> Config:
    """Return the configuration that a run of an experiment has by default.

    Args:
        experiment: Name of the experiment.
        genome: Genome kind; None for the experiment's default.
        engine: Engine; None for the genome kind's default.

    Raises:
        InputError: If a name is unknown, or the engine does not fit.
    """
    given = _given({"genome": genome, "engine": engine}, _OPTIONS, None)
    return configuration(experiment, given, SongFinder())[0]


class _Instrument(Settings, frozen=True):
    """The arguments of `song`."""

    keys: Annotated[int, Meta(ge=1, le=128)] = 13
    steps_per_beat: Annotated[int, Meta(ge=1, le=32_767)] = 2


def song(name: str | Path, keys: int = 13, steps_per_beat: int = 2) -> Song:
    """Return an embedded tune or the song in a MIDI file.

    Args:
        name: Name of an embedded tune, or path of a MIDI file.
        keys: Keys of the instrument, 1 to 128.
        steps_per_beat: Steps per beat, 1 to 32,767.

    Raises:
        InputError: If there is no such song, or it does not fit the instrument.
    """
    given = changed(_Instrument(), {"keys": keys, "steps_per_beat": steps_per_beat})
    named = os.fspath(_path(name, "name"))
    if named in tune_names():
        return tune(named, given.keys, given.steps_per_beat)
    return find_songs(named, given.keys, given.steps_per_beat)[0]


def tunes() -> list[str]:
    """Return the names of the embedded tunes."""
    return tune_names()


def _given(
    options: dict[str, Any], known: tuple[str, ...], changes: Changes | None
) -> dict[str, Any]:
    """Return all options by name, None for those not given."""
    for name in options:
        if name not in known:
            hint = suggestion(name, known)
            raise InputError(f"there is no option {name!r}; {hint}there is {', '.join(known)}")
    if changes is not None and not isinstance(changes, Mapping):
        raise InputError(f"changes must be nested tables of settings, got {changes!r}")
    given: dict[str, Any] = dict.fromkeys(known)
    for name, value in options.items():
        if value is not None:
            given[name] = _option(name, value)
    return given | {"settings": (), "changes": dict(changes or {})}


def _option(name: str, value: Any) -> Any:
    """Return the value of an option.

    Raises:
        InputError: If it has the wrong type, or is outside the option's limits.
    """
    if name in ("strict", "insecure"):
        return _flag(value, name)
    if name in ("song", "config", "neat_config"):
        return os.fspath(_path(value, name))
    if name in ("genome", "engine", "cluster") and not isinstance(value, str):
        raise InputError(f"{name} must be text, got {value!r}")
    if name in _Numbers.__struct_fields__:
        return getattr(changed(_Numbers(), {name: value}), name)
    return value


def _flag(value: Any, name: str) -> bool:
    """Return a flag; text such as "no" is refused, because Python takes every text for true."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be True or False, got {value!r}")
    return value


def _path(value: Any, name: str) -> Path:
    """Return the path of an argument."""
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise InputError(f"{name} must be a path, got {value!r}")
    return Path(value)
