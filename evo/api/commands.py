"""The command line's functions for Python, with the same names."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from evo.analysis.report import write_at_end
from evo.api.options import LIMITS, OPTIONS, flag, given_options, path_of
from evo.api.progress import display_of
from evo.api.run_object import Run
from evo.core.config import Config
from evo.core.registry import ENGINES
from evo.core.settings import Changes, Meta, Settings, changed
from evo.engines import engine_class
from evo.experiment import Experiment, FindSongs
from evo.music.midi.reading import AUTO, MAX_STEPS_PER_BEAT, Auto, Reading
from evo.music.song import Song
from evo.music.song_finder import SUFFIXES, SongFinder, find_songs
from evo.music.tunes import tune_names
from evo.runs.claiming import claimed_path
from evo.runs.configure import changes_of, check_worker_options, configuration, deep_update
from evo.runs.description import command_line
from evo.runs.display import Display
from evo.runs.loading import load_run as load_run_in
from evo.runs.loggers.choice import loggers_of
from evo.runs.session import check, start
from evo.runs.session import resume as resume_run
from evo.runs.user_experiments import experiment_in, experiment_named


def run(
    experiment: str | Experiment,
    *,
    out: str | Path | None = None,
    changes: Changes | None = None,
    display: Display | None = None,
    progress: bool | None = None,
    report: bool = True,
    log: Any = None,
    **options: Any,
) -> Run:
    """Start a run and carry it out.

    Args:
        experiment: Name of the experiment, the path of a script, or an experiment of your own.
        out: The run's directory; by default a new one below runs/.
        changes: Nested tables of settings: {"ga": {"population": {"size": 50}}}.
        display: A display of your own, instead of `progress`.
        progress: Show a bar, or lines; None for a bar on a terminal or in a notebook.
        report: Write report.html into the run's directory at the end.
        log: Loggers: names ("csv", "tensorboard"), and `evo.Logger` objects.
        options: The options of `evo run`: song (also a `Song`), seed, population, workers, ...

    Returns:
        The run; `result` has its result.json.

    Raises:
        InputError: If an option or a setting cannot be used.
        RunError: If the directory cannot be used.
        RunInterruptedError: If the disk fails, or no worker becomes available.
    """
    chosen = experiment if isinstance(experiment, Experiment) else experiment_named(experiment)
    shown = display or display_of(progress, chosen)
    find: FindSongs = SongFinder(shown.message, bool(options.get("strict")))
    if isinstance(options.get("song"), Song):
        own: Song = options["song"]
        options["song"], changes = own.name or "song", _for_song(chosen, own, changes)
        find = lambda *_: [own.whole_bars()]  # noqa: E731
    folder = None if out is None else path_of(out, "out")
    config = checked_configuration(chosen, options, changes, find, shown)
    loggers, is_made = loggers_of(log), folder is None
    path = folder or claimed_path(config)
    is_reported = flag(report, "report")
    result = start(chosen, config, path, command_line(), shown, find, is_made, loggers)
    return reported(Run(path, chosen, result), is_reported, shown)


def reported(run: Run, report: bool, shown: Display) -> Run:
    """Write the report of a run that has ended, if it is wanted; return the run.

    Args:
        run: The run.
        report: Whether to write it.
        shown: Shows a message if it cannot be written.
    """
    if report:
        write_at_end(run.path, shown.message, run.result, run.experiment)
    return run


def checked_configuration(
    chosen: Experiment,
    options: Mapping[str, Any],
    changes: Changes | None,
    find: FindSongs,
    shown: Display,
) -> Config:
    """Return the configuration of a new run, which can be used.

    Args:
        chosen: The experiment.
        options: The options that were given.
        changes: Nested tables of settings, or None.
        find: Finds songs by name.
        shown: Shows messages.

    Raises:
        InputError: If an option or a setting cannot be used.
    """
    given = given_options(options, OPTIONS, changes)
    check_worker_options(given)
    config = configuration(chosen, given, find, shown.message)
    check(config)
    return config


def _for_song(chosen: Experiment, song: Song, changes: Changes | None) -> Changes:
    """Return the changes with the keys and the resolution of a song, unless they are given."""
    names = {"keys": song.keys, "steps_per_beat": song.steps_per_beat}
    fields = chosen.settings_type.__struct_fields__
    own = {name: value for name, value in names.items() if name in fields}
    return deep_update({chosen.name: own}, dict(changes or {}))


def resume(
    path: str | Path,
    *,
    changes: Changes | None = None,
    display: Display | None = None,
    progress: bool | None = None,
    anew: bool = False,
    script: str | Path | Experiment | None = None,
    report: bool = True,
    log: Any = None,
    **options: Any,
) -> Run:
    """Resume an interrupted run, or extend a finished one.

    Args:
        path: The run's directory.
        changes: Nested tables of settings of stop, workers and checkpoints.
        display: A display of your own, instead of `progress`.
        progress: Show a bar, or lines; None for a bar on a terminal or in a notebook.
        anew: Restart at generation 0 if no checkpoint is usable.
        script: For a run of your own experiment: its script, or the experiment.
        report: Write report.html into the run's directory at the end.
        log: Loggers: names ("csv", "tensorboard"), and `evo.Logger` objects.
        options: The options of `evo resume`: generations, time_limit, target, workers, ...

    Returns:
        The run; `result` has its result.json.

    Raises:
        RunError: If there is no run to resume.
        InputError: If an option or a setting cannot be used.
        RunInterruptedError: If the disk fails, or no worker becomes available.
    """
    given = given_options(options, LIMITS, changes)
    folder = path_of(path, "path")
    check_worker_options(given)
    config, chosen = load_run_in(folder)
    if isinstance(script, Experiment):
        chosen = script
    elif script is not None:
        chosen = experiment_in(path_of(script, "script"), config.run.experiment)
    shown, is_reported = display or display_of(progress, chosen), flag(report, "report")
    changed, loggers = changes_of(given), loggers_of(log)
    result = resume_run(chosen, folder, changed, shown, flag(anew, "anew"), loggers)
    return reported(Run(folder, chosen, result), is_reported, shown)


def load_run(path: str | Path) -> Run:
    """Open a run to look at it: its result, log, champion and figures.

    Args:
        path: The run's directory.

    Raises:
        RunError: If there is no run, or its engine is unknown.
    """
    folder = path_of(path, "path")
    return Run(folder, load_run_in(folder)[1])


def settings(name: str, *, genome: str | None = None, engine: str | None = None) -> Any:
    """Return the default settings of an experiment or an engine.

    Args:
        name: An experiment or a script for the configuration of a run; or an engine, for its own
            settings.
        genome: Genome kind; None for the experiment's default.
        engine: Engine; None for the genome kind's default.

    Raises:
        InputError: If a name is unknown, or the engine does not fit.
    """
    if isinstance(name, str) and name in ENGINES and genome is None and engine is None:
        return engine_class(name).settings_type()
    given = given_options({"genome": genome, "engine": engine}, OPTIONS, None)
    config: Config = configuration(experiment_named(name), given, SongFinder())
    return config


class _Instrument(Settings, frozen=True):
    """The arguments of `song`."""

    keys: Annotated[int, Meta(ge=1, le=128)] | Auto = AUTO
    steps_per_beat: Annotated[int, Meta(ge=1, le=MAX_STEPS_PER_BEAT)] | Auto = AUTO
    tracks: tuple[Annotated[int, Meta(ge=1)], ...] = ()
    channels: tuple[Annotated[int, Meta(ge=1, le=16)], ...] = ()
    parts: tuple[Annotated[int, Meta(ge=1)], ...] = ()


def song(
    name: str | Path,
    keys: int | Auto = AUTO,
    steps_per_beat: int | Auto = AUTO,
    **parts: Sequence[int],
) -> Song:
    """Return an embedded tune or the song in a MIDI file.

    Args:
        name: Name of an embedded tune, or path of a MIDI file.
        keys: Keys of the instrument, 1 to 128, or "auto" for the song's range.
        steps_per_beat: Steps per quarter note, 1 to 32,767, or "auto" for the coarsest that keeps
            every onset.
        parts: What to read of a MIDI file: `tracks`, `channels` or `parts`, numbers from 1.

    Raises:
        InputError: If there is no such song, or it does not fit the instrument.
    """
    given = changed(_Instrument(), {"keys": keys, "steps_per_beat": steps_per_beat, **parts})
    named = os.fspath(path_of(name, "name"))
    reading = Reading(
        given.keys,
        steps_per_beat=given.steps_per_beat,
        tracks=given.tracks or None,
        channels=given.channels or None,
        parts=given.parts or None,
    )
    is_midi = named.lower().endswith(SUFFIXES) and not os.path.isdir(named)
    return Song.read(named, reading)[0] if is_midi else find_songs(named, reading)[0]


def tunes() -> list[str]:
    """Return the names of the embedded tunes."""
    return tune_names()
