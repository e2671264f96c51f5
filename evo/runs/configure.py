"""Build a run's full configuration from the command line.

Each source overrides the previous one: the experiment's defaults for the engine, a TOML file, a
neat-python file, options, `--set`. All changes are applied at once, so that dependent settings may
come from different sources.
"""

from pathlib import Path
from typing import Any

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.registry import ENGINES, GENOMES, find, short_name
from evo.engines import Engine, default_engine, engine_class, engine_names, full_name, genome_of
from evo.engines.neat.config_file import check_fits, check_functions, load, threshold
from evo.engines.neat.settings import NeatPythonSettings
from evo.experiment import Experiment, FindSongs, ShowMessage
from evo.music.midi.reading import AUTO
from evo.music.settings import SONG_OPTIONS
from evo.runs.description import Tables, load_config


def limit_changes(options: dict[str, Any]) -> Tables:
    """Return the changes requested by limit and worker options, as nested tables."""
    stop = {
        name: options[name]
        for name in ("generations", "evaluations", "time_limit", "target")
        if options.get(name) is not None
    }
    workers: Tables = {}
    if options["workers"] is not None:
        workers["count"] = options["workers"]
    if options.get("cluster") is not None:
        workers["cluster"] = "" if options["cluster"] == "none" else options["cluster"]
    if options.get("insecure"):
        workers["insecure"] = True
    found = {"stop": stop, "workers": workers}
    return {name: table for name, table in found.items() if table}


def check_worker_options(options: dict[str, Any]) -> None:
    """Check that local worker processes and a cluster are not combined.

    Raises:
        InputError: If both options are given.
    """
    if options["workers"] is not None and options["cluster"] not in (None, "", "none"):
        raise InputError(
            "--workers counts processes of this machine, and a cluster has workers of its own "
            "(local:4 has four); leave one of --workers and --cluster out"
        )


def setting(text: str) -> Tables:
    """Parse `a.b.c=value` into nested tables.

    Raises:
        InputError: If the text has another form.
    """
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError(f"--set wants section.key=value, got {text!r}")
    *names, key = path.split(".")
    nested: Tables = {key: value}
    for name in reversed(names):
        nested = {name: nested}
    return nested


def configuration(
    chosen: Experiment,
    options: dict[str, Any],
    find: FindSongs,
    show_message: ShowMessage = lambda text: None,
) -> Config:
    """Return the configuration of a new run.

    Args:
        chosen: The experiment.
        options: The options of `evo run` by name, None for those not given. The optional entry
            `changes` has nested tables.
        find: Finds songs by name.
        show_message: Shows what a neat-python file lacks.

    Raises:
        InputError: If an option, a file or a setting cannot be used.
    """
    given = _from_file(options["config"], chosen.name)
    engine = choose_engine(chosen, options["genome"], options["engine"] or _engine_in(given))
    if "engine" in given.get("run", {}):  # expand a baseline's short name
        given = given | {"run": given["run"] | {"engine": engine}}
    changes = _changes(chosen, engine, given, options)
    neat_config = options["neat_config"]
    config = _neat_config(chosen.config(engine), neat_config, show_message).changed(changes)
    # Defaults that depend on the choices so far, and a baseline's number of generations.
    more = chosen.follow_up(config, find) if chosen.follow_up is not None else {}
    config = chosen.config(engine, more, config.engine)
    config = _neat_config(config, neat_config).changed(_without_auto(changes, chosen.name))
    if (config.run.experiment, config.run.engine) != (chosen.name, engine):
        raise InputError("run.experiment and run.engine are chosen by EXPERIMENT and --engine")
    shaped = chosen.with_shape(config, find)
    if neat_config is not None:  # it says the shape itself
        check_fits(neat_config, config.engine, shaped.engine, chosen.name)
    if isinstance(shaped.engine, NeatPythonSettings):
        check_functions(shaped.engine, engine)
    return shaped


def _without_auto(changes: Tables, name: str) -> Tables:
    """Return the changes without what is automatic, which was decided by the songs.

    Args:
        changes: Nested tables.
        name: The experiment's own table.
    """
    own = changes.get(name)
    if not isinstance(own, dict):
        return changes
    return changes | {name: {key: value for key, value in own.items() if value != AUTO}}


def _from_file(path: str | None, name: str) -> Tables:
    """Return the tables of this experiment's configuration file, {} without a file."""
    if path is None:
        return {}
    given = load_config(Path(path), pipes=True)
    if given is None:
        raise InputError(f"{path}: there is no such file")
    table = given.get("run", {})
    if not isinstance(table, dict):
        raise InputError(f"{path}: run is a table of settings, not a value")
    if table.get("experiment", name) != name:
        raise InputError(f"{path}: is a configuration of {table['experiment']}, not {name}")
    return given


def _engine_in(given: Tables) -> str | None:
    """Return the engine named by a configuration file."""
    engine = given.get("run", {}).get("engine")
    if engine is not None and not isinstance(engine, str):
        raise InputError(f"run.engine must be text, got {engine!r}")
    return engine


def _changes(chosen: Experiment, engine: str, given: Tables, options: dict[str, Any]) -> Tables:
    """Return the file's and options' changes of the defaults, as nested tables."""
    changes = given
    if options["seed"] is not None:
        changes = deep_update(changes, {"run": {"seed": options["seed"]}})
    if options["population"] is not None:
        individuals = f"{engine}.{engine_class(engine).population}={options['population']}"
        changes = deep_update(changes, setting(individuals))
    for name, option in SONG_OPTIONS.items():
        value = options.get(name)
        if value is None or value in ((), False):
            continue
        if name not in chosen.settings_type.__struct_fields__:
            what = "learns no song" if name == "song" else f"has no setting {name}"
            raise InputError(f"{chosen.name} {what}; leave {option} out")
        changes = deep_update(changes, {chosen.name: {name: value}})
    changes = deep_update(changes, limit_changes(options))
    for text in options["settings"]:
        changes = deep_update(changes, setting(text))
    return deep_update(changes, options.get("changes", {}))


def choose_engine(chosen: Experiment, genome: str | None, engine: str | None) -> str:
    """Return the requested engine, or the default of the genome kind or experiment.

    Args:
        chosen: The experiment.
        genome: The requested genome kind; None for any.
        engine: The engine's name, with or without genome kind; None for the default.

    Raises:
        InputError: If there is no such engine, or it does not fit genome or experiment.
    """
    if genome is not None:
        find("genome", GENOMES, genome)
    kinds = [chosen.default_genome, *chosen.genomes, *GENOMES] if genome is None else [genome]
    if engine is None:
        engine = default_engine(next(kind for kind in kinds if kind))
    if genome is not None and f"{engine}-{genome}" in engine_names():
        engine = f"{engine}-{genome}"
    engine = full_name(engine, [*kinds, *GENOMES])
    if genome is not None and genome_of(engine) != genome:
        breeds = [short_name(one) for one, entry in ENGINES.items() if entry.genome == genome]
        raise InputError(
            f"--genome {genome} is bred by {' or '.join(breeds)}, not by {short_name(engine)}"
        )
    if chosen.goals and engine_class(engine).front is Engine.front:
        raise InputError(
            f"{chosen.name} has several goals, and {short_name(engine)} selects by one score; use "
            "an engine with NSGA-II: ga or deap"
        )
    if not chosen.supports(genome_of(engine)):
        asked = (
            f"the genome {' or '.join(chosen.genomes)}" if chosen.genomes else "genomes that play"
        )
        raise InputError(
            f"{chosen.name} is a task for {asked}, and {short_name(engine)} breeds the genome "
            f"{genome_of(engine)}"
        )
    return engine


def _neat_config(
    config: Config, path: str | None, show_message: ShowMessage = lambda text: None
) -> Config:
    """Return the configuration with a neat-python file's sections, seed and fitness threshold.

    The file describes breeding by species; additional settings of our engine keep their defaults.
    """
    if path is None:
        return config
    engine = config.run.engine
    kind = engine_class(engine)
    if not issubclass(kind.settings_type, NeatPythonSettings):
        raise InputError(f"--neat-config describes networks, and {engine} breeds none")
    settings, note = load(path, kind.settings_type())
    if note:
        show_message(note)
    changes: Tables = {}
    if settings.NEAT.seed >= 0:
        changes["run"] = {"seed": settings.NEAT.seed}
    ending = threshold(settings)
    if ending is not None:
        changes["stop"] = {"target": ending[0], "criterion": ending[1]}
    return config.as_engine(engine, settings).changed(changes)


def changes_of(options: dict[str, Any]) -> Tables:
    """Return the changes requested by `evo resume`, as nested tables."""
    changes = limit_changes(options)
    for text in options["settings"]:
        changes = deep_update(changes, setting(text))
    return deep_update(changes, options.get("changes", {}))


def deep_update(old: Tables, new: Tables) -> Tables:
    """Return nested tables with new values replacing old ones.

    Args:
        old: The tables; not modified.
        new: The values that override them.
    """
    result = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = deep_update(result[name], value) if both else value
    return result
