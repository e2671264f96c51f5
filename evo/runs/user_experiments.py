"""Experiments that are not part of this package: in scripts, or known by their runs only.

`experiment_in` loads a script that the user names. `described` makes an experiment of the tables in
a run's config.toml, which is enough to list, plot and compare the run. It cannot evolve: a run
directory is data from a stranger, and never names code to import.
"""

import re
import shlex
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from evo.core.config import COMMON_TABLES, Config
from evo.core.errors import InputError, RunError, printable
from evo.core.registry import built_in, experiment
from evo.core.settings import Settings
from evo.core.user_scripts import Script
from evo.engines import engine_names
from evo.experiment import Experiment, Origin
from evo.runs.description import Tables, defined_in, somewhere

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")
_MAX_DEPTH = 8
# Names of tables and experiments that a user's experiment cannot have.
_TAKEN = {*built_in, *COMMON_TABLES}


def free_name(name: str) -> str:
    """Return a name for a user's experiment; one that is taken gets the prefix `my-`.

    Raises:
        InputError: If it is no name.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            f"an experiment's name has letters, digits, - and _ (60 at most), got {name!r}"
        )
    return f"my-{name}" if name in _TAKEN or name in engine_names() else name


def is_script(name: str) -> bool:
    """Return whether an experiment is named by the path of a script."""
    return name.endswith(".py")


def experiment_in(path: str | Path, name: str = "") -> Experiment:
    """Return the experiment that a script defines.

    Args:
        path: The script.
        name: Name of the experiment; "" for the only one, or the one called EXPERIMENT.

    Raises:
        InputError: If the script fails, or defines no such experiment.
    """
    script = Script.read(path)
    found = {of.name: of for of in vars(script.loaded()).values() if isinstance(of, Experiment)}
    main = vars(script.loaded()).get("EXPERIMENT")
    if isinstance(script.evolved, Experiment):
        found.setdefault(script.evolved.name, script.evolved)
    if name:
        if name in found:
            return found[name]
        there = f"it defines {', '.join(found)}" if found else "it defines no experiment"
        raise InputError(f"{path}: there is no experiment {name!r} in it; {there}")
    if isinstance(main, Experiment):
        return main
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise InputError(
            f"{path}: it defines {', '.join(found)}; name one EXPERIMENT = evo.experiment(...)"
        )
    raise InputError(
        f"{path}: it defines no experiment; write EXPERIMENT = evo.experiment(fitness, ...)"
    )


def described(tables: Tables, file: Path) -> Experiment:
    """Return the experiment of a run as far as its files describe it.

    Args:
        tables: The run's configuration.
        file: Its file, for messages.

    Raises:
        RunError: If the tables are not those of a run.
    """
    run = tables.get("run")
    name = run.get("experiment") if isinstance(run, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
        raise RunError(f"{file}: it names no known experiment and engine in [run]")
    own = tables.get(name, {})
    try:
        settings_type = _type_of(name, own, _MAX_DEPTH)
    except (TypeError, ValueError, RecursionError):
        raise RunError(f"{file}: [{name}] is no table of settings") from None
    keys, steps_per_beat = own.get("keys"), own.get("steps_per_beat")
    is_music = type(keys) is int and type(steps_per_beat) is int
    origin = origin_of_run(file.parent)

    def needs_script(*_: Any) -> NoReturn:
        raise RunError(script_needed(file.parent, name, origin))

    def resolution(config: Config) -> tuple[int, int]:
        return config.task.keys, config.task.steps_per_beat

    return Experiment(
        name,
        "An experiment of a user.",
        settings_type,
        task=needs_script,
        shape=needs_script,
        resolution=resolution if is_music else None,
        origin=origin,
    )


def script_needed(path: Path, name: str, origin: Origin) -> str:
    """Return the message that a run needs its script.

    Args:
        path: The run's directory.
        name: The experiment.
        origin: Where it was defined.
    """
    where = origin.script or "an interactive session"
    known = f" (SHA-256 {origin.script_sha256[:12]}...)" if origin.script_sha256 else ""
    script = somewhere(origin.script or "SCRIPT.py")
    return printable(
        f"{path}: its experiment {name} is defined in {where}{known}; name the script by "
        f"--script {shlex.quote(script)}, or run the script again with resume=True"
    )


def changed_source(old: Origin, new: Origin) -> str:
    """Return a message if a run's function has another source than before, or "".

    Args:
        old: Where it was defined when the run began.
        new: Where it is defined now.
    """
    if not old.function_sha256 or old.function_sha256 == new.function_sha256:
        return ""
    return printable(
        f"the source of {new.function} has changed since the run began; the run continues with "
        "the new one"
    )


def origin_of_run(path: Path) -> Origin:
    """Return where a run's experiment was defined, as run.json tells; empty if it does not."""
    found = defined_in(path)
    return Origin(**{name: found[name] for name in Origin._fields if name in found})


def _type_of(name: str, table: Any, depth: int) -> type[msgspec.Struct]:
    """Return a type of settings that has the values of a table as defaults.

    Raises:
        ValueError: If the table has other values than those of a configuration.
    """
    if not isinstance(table, Mapping) or not depth:
        raise ValueError
    fields: list[Any] = []
    for key, value in table.items():
        if not _NAME.fullmatch(key) or "-" in key or key.startswith("__") or iskeyword(key):
            raise ValueError
        if isinstance(value, Mapping):
            inner = _type_of(key, value, depth - 1)
            fields.append((key, inner, msgspec.field(default_factory=inner)))
        elif isinstance(value, bool | int | float | str):
            fields.append((key, type(value), value))
        elif isinstance(value, list):
            fields.append((key, tuple[_kind_of_all(value), ...], tuple(value)))  # type: ignore[misc]
        else:
            raise ValueError
    return msgspec.defstruct(name, fields, bases=(Settings,), frozen=True, kw_only=True)


def _kind_of_all(values: list[Any]) -> Any:
    kinds = {type(value) for value in values}
    if kinds <= {int}:
        return int
    if kinds <= {int, float}:
        return float
    if kinds in ({str}, {bool}):
        return kinds.pop()
    raise ValueError


def experiment_named(name: object) -> Experiment:
    """Return the experiment of a name, or of a script.

    Args:
        name: A name in the registry, or the path of a script that ends in .py.

    Raises:
        InputError: If there is none.
    """
    if isinstance(name, Path) or (isinstance(name, str) and is_script(name)):
        return experiment_in(name)
    chosen: Experiment = experiment(name)
    return chosen
