"""Load a run's typed configuration and its experiment; decide what of it is stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evo.core.config import EXECUTION_TABLES, Config
from evo.core.errors import InputError, RunError
from evo.core.registry import EXPERIMENTS, experiment
from evo.experiment import Experiment
from evo.runs.description import Tables, load_config
from evo.runs.user_experiments import described
from evo.workers.cluster.address import is_external


def load_run(path: Path, given: Experiment | None = None) -> tuple[Config, Experiment]:
    """Return the configuration and the experiment of the run in `path`, to look at it.

    Settings that an earlier version did not have are the defaults.

    Args:
        path: The run's directory.
        given: The experiment, if the user named its script.

    Raises:
        RunError: If there is no run, or its experiment or engine is unknown.
    """
    tables = load_config(path / "config.toml") if path.is_dir() else None
    if tables is None:
        raise RunError(f"{path}: there is no run here (no config.toml)")
    return parse_config(tables, path / "config.toml", given, is_whole=False)


def parse_config(
    tables: Tables, file: Path, given: Experiment | None = None, is_whole: bool = True
) -> tuple[Config, Experiment]:
    """Return a typed configuration and its experiment.

    Execution settings may be missing, as earlier versions lack some. An unknown experiment is that
    of a user's script; without it the run can only be read (`evo.runs.user_experiments`).

    Args:
        tables: The configuration as parsed from its file.
        file: The file's path, for messages.
        given: The experiment, if the user named its script.
        is_whole: Whether to refuse a configuration that lacks a setting.

    Raises:
        RunError: If it is not the complete configuration of an experiment.
    """
    run = tables.get("run")
    name = run.get("experiment") if isinstance(run, dict) else None
    chosen: Experiment
    if given is not None and given.name == name:
        chosen = given
    elif isinstance(name, str) and name in EXPERIMENTS:
        chosen = experiment(name)
    else:
        chosen = described(tables, file)
    return config_of(tables, chosen, file, is_whole), chosen


def config_of(tables: Tables, chosen: Experiment, file: Path, is_whole: bool = True) -> Config:
    """Return the typed configuration of an experiment's run; see `parse_config`.

    Args:
        tables: The configuration as parsed from its file.
        chosen: The experiment.
        file: The file's path, for messages.
        is_whole: Whether to refuse a configuration that lacks a setting.

    Raises:
        RunError: If it is no configuration of the experiment, or should be whole and is not.
    """
    try:
        engine = tables["run"]["engine"]
        default = chosen.config(engine if isinstance(engine, str) else "")
    except (InputError, KeyError, TypeError):
        raise RunError(f"{file}: it names no known experiment and engine in [run]") from None
    for name, table in default.tables().items():
        if name not in EXECUTION_TABLES:
            if name not in tables:
                raise RunError(f"{file}: the table [{name}] is missing")
            if is_whole:
                _refuse_missing(table, tables[name], name, file)
    try:
        return default.changed(tables)
    except InputError as error:
        raise RunError(f"{file}: {error}") from None


def trusted(config: Config) -> Config:
    """Return a stored configuration without settings that only the user may give.

    A run directory is untrusted: it must neither name a scheduler to connect to nor weaken a check.
    """
    workers: dict[str, Any] = {"insecure": False}
    if is_external(config.workers.cluster):
        workers["cluster"] = ""
    return config.changed({"workers": workers})


def stored(config: Config) -> Tables:
    """Return a configuration as it is stored with the run; see `trusted`."""
    return trusted(config).tables()


def _refuse_missing(required: Mapping[str, Any], given: Any, where: str, file: Path) -> None:
    """Raise RunError if a table lacks a setting."""
    if not isinstance(given, dict):
        return  # reported later as a value of the wrong type
    for name, value in required.items():
        if name not in given:
            raise RunError(
                f"{file}: the setting {where}.{name} is missing; a run of an earlier version can "
                "be read, but not resumed"
            )
        if isinstance(value, Mapping):
            _refuse_missing(value, given[name], f"{where}.{name}", file)
