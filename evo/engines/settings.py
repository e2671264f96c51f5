"""Settings of an engine, checked: tables of words and numbers, each mistake told in one line.

Every function raises ValueError that begins with the engine's name on the command line.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from math import inf, isfinite, nan
from typing import Any

Limits = tuple[float, float]  # least and most


def check_tables(engine: str, settings: Mapping[str, Any], known: Collection[str]) -> None:
    """ValueError for a table that is none of those that are known."""
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"{engine}: there is no table of settings {unknown[0]!r}")


def table_of(engine: str, name: str, given: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A table with its defaults for what it leaves out; the values are not looked at."""
    if not isinstance(given, Mapping):
        raise ValueError(f"{engine}: {name} is a table of settings, not a value")
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(f"{engine}: there is no setting {name}.{unknown[0]}")
    return {item: given.get(item, default) for item, default in defaults.items()}


def word_of(engine: str, label: str, value: Any, words: Collection[str]) -> Any:
    """A value that is one of some words."""
    if value not in words:
        raise ValueError(f"{engine}: {label} {value!r} is not one of {', '.join(words)}")
    return value


def number_of(engine: str, label: str, value: Any, kind: type, limits: Limits = (0, inf)) -> Any:
    """A value as an int or a float within limits; numbers may be written as text."""
    least, most = limits
    number = nan
    if not isinstance(value, bool):
        with suppress(TypeError, ValueError, OverflowError):
            number = float(value)
    if not (least <= number <= most and isfinite(number)) or (kind is int and number % 1):
        what = "a whole number" if kind is int else "a number"
        bounds = f"at least {least:g}" if most == inf else f"from {least:g} to {most:g}"
        raise ValueError(f"{engine}: {label} must be {what} {bounds}, got {value!r}")
    return kind(number)
