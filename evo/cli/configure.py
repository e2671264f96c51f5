"""From what is said on the command line to a run's whole configuration.

Every source overrides the one before: the experiment's defaults for the engine, a TOML file, a
neat-python file, options, `--set`. A setting that does not exist or has another type is refused.
"""

from pathlib import Path
from typing import Any

from evo.core.errors import InputError, RunError
from evo.core.registry import experiment as find
from evo.engines import BASELINES, ENGINES, GENOMES, base_of, engine_class, genome_of
from evo.engines.neat.config_file import read_sections
from evo.engines.neat_python.engine import threshold
from evo.experiment import Experiment, merge
from evo.runs.directory import load_config

DEFAULT_ENGINE = "neat"


def limit_changes(options: dict[str, Any]) -> dict[str, Any]:
    """The configuration changes that the shared options ask for."""
    stop = {
        name: options[name]
        for name in ("generations", "time_limit", "target")
        if options[name] is not None
    }
    changes: dict[str, Any] = {"stop": stop} if stop else {}
    workers: dict[str, Any] = {}
    if options["workers"] is not None:
        workers["count"] = options["workers"]
    if options.get("cluster") is not None:
        workers["cluster"] = "" if options["cluster"] == "none" else options["cluster"]
    if options.get("insecure"):
        workers["insecure"] = True
    return changes | ({"workers": workers} if workers else {})


def refuse_both(options: dict[str, Any]) -> None:
    """InputError for worker processes here together with a cluster, which has its own."""
    if options["workers"] is not None and options["cluster"] not in (None, "", "none"):
        raise InputError(
            "--workers counts processes of this machine, and a cluster has workers of its own "
            "(local:4 has four); leave one of --workers and --cluster out"
        )


def setting(text: str) -> dict[str, Any]:
    """`a.b.c=value` as nested tables."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError(f"--set wants section.key=value, got {text!r}")
    *tables, key = path.split(".")
    nested: dict[str, Any] = {key: value}
    for table in reversed(tables):
        nested = {table: nested}
    return nested


def configuration(experiment: str, options: dict[str, Any]) -> tuple[dict[str, Any], Experiment]:
    """The resolved configuration and the experiment; every source overrides the one before."""
    chosen = find(experiment)
    given: dict[str, Any] = {}
    if options["config"] is not None:
        loaded = load_config(Path(options["config"]))
        if loaded is None:
            raise InputError(f"{options['config']}: there is no such file")
        given = loaded
    table = given.get("run", {})
    if not isinstance(table, dict):
        raise InputError(f"{options['config']}: run is a table of settings, not a value")
    if table.get("experiment", experiment) != experiment:
        raise InputError(
            f"{options['config']}: is a configuration of {table['experiment']}, not {experiment}"
        )
    engine = _engine(chosen, options["genome"], options["engine"] or table.get("engine"))
    if "engine" in table and options["engine"] is None:  # by its whole name, as it may be a short
        given = given | {"run": table | {"engine": engine}}
    config = _with_options(chosen.config_for(engine), given, engine, options)
    # What follows from what was chosen: other defaults, and how many generations a baseline has.
    changes = chosen.defaults_for(config) if chosen.defaults_for is not None else {}
    default = chosen.config_for(engine, changes, config[engine])
    config = _with_options(default, given, engine, options)
    if (config["run"]["experiment"], config["run"]["engine"]) != (experiment, engine):
        raise InputError("run.experiment and run.engine are chosen by EXPERIMENT and --engine")
    if options["neat_config"] is None:  # whose numbers stand, and are checked against the task
        shape = engine_class(engine).shape_setting(*chosen.shape(config))
        config = merge(config, {engine: shape})
    return config, chosen


def _with_options(
    default: dict[str, Any], given: dict[str, Any], engine: str, options: dict[str, Any]
) -> dict[str, Any]:
    """A default configuration with what the file `given` says, and over it the options."""
    kind, experiment = engine_class(engine), default["run"]["experiment"]
    config = merge(default, given)
    if options["neat_config"] is not None:
        if genome_of(engine) != "network":
            raise InputError(f"--neat-config describes networks, and {engine} breeds none")
        config = with_neat_config(config, options["neat_config"])
    if options["seed"] is not None:
        config = merge(config, {"run": {"seed": options["seed"]}})
    if options["population"] is not None:
        config = merge(config, {engine: kind.population_setting(options["population"])})
    if options["song"] is not None:
        if "song" not in config.get(experiment, {}):
            raise InputError(f"{experiment} learns no song; leave --song out")
        config = merge(config, {experiment: {"song": options["song"]}})
    config = merge(config, limit_changes(options))
    for text in options["settings"]:
        config = merge(config, setting(text))
    return config


def _engine(experiment: Experiment, genome: str | None, engine: Any) -> str:
    """The engine that was asked for, or that of the genome kind, or the experiment's default."""
    kinds = (genome,) if genome is not None else experiment.genomes
    if engine is None:
        engine = GENOMES[kinds[0]][0] if kinds else DEFAULT_ENGINE
    elif engine in BASELINES:
        engine = f"{engine}-{kinds[0] if kinds else genome_of(DEFAULT_ENGINE)}"
    if not isinstance(engine, str) or engine not in ENGINES:
        raise InputError(f"there is no engine {engine!r}; there is {', '.join(ENGINES)}")
    if genome is not None and engine not in GENOMES[genome]:
        breeds = [one for one in GENOMES[genome] if base_of(one) == one]
        raise InputError(f"--genome {genome} is bred by {' or '.join(breeds)}, not by {engine}")
    if experiment.genomes and genome_of(engine) not in experiment.genomes:
        raise InputError(
            f"{experiment.name} is a task for the genome {' or '.join(experiment.genomes)}, and "
            f"{engine} breeds the genome {genome_of(engine)}"
        )
    return engine


def with_neat_config(config: dict[str, Any], path: str) -> dict[str, Any]:
    """The configuration with a neat-python file's sections, its seed and its fitness threshold."""
    engine = config["run"]["engine"]
    sections = read_sections(path)
    # The file describes breeding by species; what our own engine adds has its defaults.
    settings = engine_class(engine).default_settings(1, 1) | sections
    config = config | {engine: settings}
    if "seed" in sections["NEAT"]:
        config = merge(config, {"run": {"seed": sections["NEAT"]["seed"]}})
    ending = threshold(sections)
    if ending is not None:
        config = merge(config, {"stop": {"target": ending[0], "criterion": ending[1]}})
    return config


def free_path(config: dict[str, Any], seeds: bool = False) -> Path:
    """A directory below runs/ that is not taken, named by what the run does, or runs of seeds."""
    table = config["run"]
    song = Path(config.get(table["experiment"], {}).get("song", "")).stem
    seed = "" if seeds else f"seed{table['seed']}"
    parts = [table["experiment"], song, table["engine"], seed]
    name = "-".join(part for part in parts if part)
    path = Path("runs") / name
    number = 2
    while path.exists():
        path = Path("runs") / f"{name}-{number}"
        number += 1
    return path


def known_run(path: Path) -> tuple[dict[str, Any], Experiment]:
    """The configuration and experiment of the run in `path`; RunError for what is none of ours.

    See `known_experiment` for what the configuration may lack.
    """
    config = load_config(path / "config.toml") if path.is_dir() else None
    if config is None:
        raise RunError(f"{path}: there is no run here (no config.toml)")
    return known_experiment(config, path / "config.toml")


def known_experiment(config: dict[str, Any], file: Path) -> tuple[dict[str, Any], Experiment]:
    """A configuration, whole, and its experiment; RunError, naming the file, for what is none.

    A setting of how a run is carried out may be missing, as it is in a run from before there was
    it: the configuration that is returned has it.
    """
    try:
        chosen: Experiment = find(config["run"]["experiment"])
        default = chosen.config_for(config["run"]["engine"])
        config = chosen.completed(config)
    except (KeyError, TypeError):
        raise RunError(f"{file}: it names no known experiment and engine in [run]") from None
    missing = sorted(set(default) - set(config))
    if missing:
        raise RunError(f"{file}: the table [{missing[0]}] is missing")
    # A neat-python file may have brought items of its own: the engine checks its table itself.
    engine = config["run"]["engine"]
    for name in sorted(set(default) - {engine}):
        given = config[name]
        lacking = sorted(set(default[name]) - set(given)) if isinstance(given, dict) else []
        if lacking:
            raise RunError(f"{file}: the setting {name}.{lacking[0]} is missing")
    try:
        merge(default, {name: table for name, table in config.items() if name != engine})
    except InputError as error:
        raise RunError(f"{file}: {error}") from None
    return config, chosen


def changes_of(options: dict[str, Any]) -> dict[str, Any]:
    """The changes that `evo resume` asks for, as nested tables."""
    changes = limit_changes(options)
    for text in options["settings"]:
        changes = deep_update(changes, setting(text))
    return changes


def deep_update(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Nested tables with the new values over the old."""
    result = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = deep_update(result[name], value) if both else value
    return result
