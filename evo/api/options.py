"""Check the options of the functions for Python, as the command line checks its own.

Options are the same by name, type and limits. A wrong one is an InputError of one line.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from evo.core.errors import InputError, suggestion
from evo.core.seeds import MAX_SEED
from evo.core.settings import Changes, Meta, Settings, changed
from evo.core.user_files import user_file
from evo.music.settings import SONG_OPTIONS

# The options of `evo resume`, and those of `evo run`.
LIMITS = (
    "generations", "evaluations", "time_limit", "target", "workers", "cluster", "insecure",
)  # fmt: skip
OPTIONS = (
    *SONG_OPTIONS, "genome", "engine", "neat_config", "seed", "population", "config", "strict",
    *LIMITS,
)  # fmt: skip


class _Numbers(Settings, frozen=True):
    """The options that are numbers, with the limits of the command line."""

    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 0
    population: Annotated[int, Meta(ge=2)] = 2
    generations: Annotated[int, Meta(ge=1)] = 1
    evaluations: Annotated[int, Meta(ge=1)] = 1
    time_limit: Annotated[float, Meta(gt=0)] = 1.0
    workers: Annotated[int, Meta(ge=1)] = 1


def given_options(
    options: Mapping[str, Any], known: tuple[str, ...], changes: Changes | None
) -> dict[str, Any]:
    """Return all options by name, None for those not given.

    Args:
        options: The options that were given.
        known: Names of the options that there are.
        changes: Nested tables of settings, or None.

    Raises:
        InputError: If an option is unknown or wrong.
    """
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
    if name in ("strict", "insecure", "durations"):
        return flag(value, name)
    if name in ("song", "config", "neat_config"):
        return os.fspath(path_of(value, name))
    if name in ("genome", "engine", "cluster") and not isinstance(value, str):
        raise InputError(f"{name} must be text, got {value!r}")
    if name in _Numbers.__struct_fields__:
        return getattr(changed(_Numbers(), {name: value}), name)
    return value


def flag(value: Any, name: str) -> bool:
    """Return a flag; text such as "no" is refused, because Python takes every text for true.

    Args:
        value: The argument.
        name: Its name, for the message.

    Raises:
        InputError: If it is not True or False.
    """
    if not isinstance(value, bool):
        raise InputError(f"{name} must be True or False, got {value!r}")
    return value


def path_of(value: Any, name: str) -> Path:
    """Return the path of an argument, with `~` expanded.

    Args:
        value: The argument.
        name: Its name, for the message.

    Raises:
        InputError: If it is no path.
        FileError: If there can be no such path.
    """
    if not isinstance(value, str | Path) or "\0" in str(value) or value == "":
        raise InputError(f"{name} must be a path, got {value!r}")
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise InputError(f"{name}: there is no home directory for {str(value)!r}") from None
    with user_file(path, "cannot be used"):
        path.exists()  # raises for a name that is too long
    return path
