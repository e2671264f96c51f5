"""A user's own operators: which ones an engine takes, and calls whose errors name the function."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from evo.core.errors import BreedingError, EvoError, InputError, printable

# Operators by name: "mate", "mutate", ...
Functions = Mapping[str, Callable[..., Any]]
_WRAPPED = 8  # depth of partial functions and decorators


def checked_functions(given: Any, takes: tuple[str, ...]) -> Functions:
    """Return the functions that an engine is given, by name.

    Args:
        given: Functions by name, or a `deap.base.Toolbox`, whose other functions are left out;
            None for none.
        takes: Names of the functions that the engine takes.

    Raises:
        InputError: If the engine does not take one, or if one cannot be called.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        found = {name: getattr(given, name) for name in takes if hasattr(given, name)}
        if takes and not found:
            raise InputError(
                f"functions must be a dictionary or a DEAP toolbox with {' or '.join(takes)}, got "
                f"{in_words(given)}"
            )
        given = found or {"toolbox": given}
    for name, function in given.items():
        if name not in takes:
            known = f"it takes {', '.join(takes)}" if takes else "ga and deap do"
            raise InputError(f"this engine takes no function {name!r}; {known}")
        if not callable(function):
            raise InputError(f"{name} must be a function, got {function!r}")
    return dict(given)


def inner_function(function: Any) -> Any:
    """Return the function inside of partial functions and decorators."""
    for _ in range(_WRAPPED):
        if isinstance(function, partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            break
    return function


def name_of(function: Any) -> str:
    """Return a function's name."""
    inner = inner_function(function)
    return str(getattr(inner, "__name__", type(inner).__name__))


def label(role: str, function: Any) -> str:
    """Return a function in words: "mate (cxTwoPoint)".

    Args:
        role: What it is used for.
        function: The function.
    """
    name = name_of(function)
    return role if name == role else f"{role} ({name})"


def call(role: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return a function's result.

    Args:
        role: What it is used for: "mate".
        function: The function.
        arguments: Its arguments.

    Raises:
        BreedingError: If it raises.
    """
    try:
        return function(*arguments)
    except EvoError:
        raise
    except Exception as error:
        text = printable(" ".join(str(error).split()))[:200]
        raise BreedingError(
            f"{label(role, function)} raised {type(error).__name__}: {text}"
        ) from error


def in_words(value: Any) -> str:
    """Return the kind of a result, for a message: "a list of 3"."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if kind in ("list", "tuple"):
        return f"a {kind} of {len(value)}"
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
