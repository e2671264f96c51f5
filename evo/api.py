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

from pathlib import Path
from typing import Any

from evo.core.config import Config
from evo.core.errors import InputError, suggestion
from evo.core.settings import Changes
from evo.music.library import SongFinder, find_songs
from evo.music.song import Song
from evo.music.tunes import tune_names
from evo.runs.claiming import claimed_path
from evo.runs.configure import (
    changes_of,
    check_worker_options,
    configuration,
)
from evo.runs.description import command_line
from evo.runs.display import Display, Silent
from evo.runs.loading import load_run
from evo.runs.session import check, start
from evo.runs.session import resume as resume_run

__all__ = ["Song", "load_run", "resume", "run", "settings", "song", "tunes"]

# The options of `evo run`.
_LIMITS = ("generations", "time_limit", "target", "workers", "cluster", "insecure")
_OPTIONS = (
    "song", "genome", "engine", "neat_config", "seed", "population", "config", "strict", *_LIMITS
)  # fmt: skip


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
    find = SongFinder(shown.message, bool(given["strict"]))
    check_worker_options(given)
    config, chosen = configuration(experiment, given, find)
    check(config)
    path, made = (Path(out), False) if out is not None else (claimed_path(config), True)
    return start(chosen, config, path, command_line(), shown, find, made)


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
    check_worker_options(given)
    _, chosen = load_run(Path(path))
    return resume_run(chosen, Path(path), changes_of(given), display or Silent(), anew)


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


def song(name: str, keys: int = 13, steps_per_beat: int = 2) -> Song:
    """Return an embedded tune or the song in a MIDI file.

    Args:
        name: Name of an embedded tune, or path of a MIDI file.
        keys: Keys of the instrument.
        steps_per_beat: Steps per beat.

    Raises:
        InputError: If there is no such song, or it does not fit the instrument.
    """
    return find_songs(name, keys, steps_per_beat)[0]


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
    given: dict[str, Any] = dict.fromkeys(known)
    return given | options | {"settings": (), "changes": dict(changes or {})}
