"""Check a log's records and a result, which are untrusted, against their types.

The entries are those of `evo.runs.loop`. Numbers are finite, counts are at least 0, and figures are
nested to a limited depth, so that no reader has to check them again.
"""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evo.core.errors import InputError, RunError
from evo.core.files import to_json
from evo.core.state import Count, Finite, Positive

# Readers read the last megabyte of a log.
MAX_FIGURES = 1 << 18

_TABLES = ("figures", "engine", "failures")  # entries of a record that have entries of their own
_QUARTILES = ("lower_quartile", "median", "upper_quartile")
_Leaf = Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)] | Finite | bool | str | None
_Flat = _Leaf | list[_Leaf] | dict[str, _Leaf]
_Nested = _Leaf | list[_Flat] | dict[str, _Flat]
_Figures = dict[str, _Leaf | list[_Nested] | dict[str, _Nested]]
_Score = Finite | None


class LogRecord(msgspec.Struct):
    """A record of a log; see `evo.runs.loop`."""

    generation: Count
    evaluations: Count
    best: _Score
    mean: _Score
    worst: _Score
    quartiles: tuple[Finite, Finite, Finite] | None
    champion: _Score
    champion_generation: Count
    figures: _Figures
    engine: _Figures
    failures: dict[str, Count]
    wall_seconds: Positive
    failure: str = ""


class _Species(msgspec.Struct):
    """Figures of an engine with species."""

    species: Count = 0
    species_sizes: dict[Annotated[str, Meta(pattern="^[0-9]{1,15}$")], Count] = {}


class RunResult(msgspec.Struct):
    """The entries of every result.json."""

    status: Literal["finished", "stopped", "failed"]
    reason: str
    solved: bool
    seed: Annotated[int, Meta(ge=0)]
    generations: Count
    evaluations: Count
    wall_seconds: Positive
    best_fitness: _Score


def parse_record(line: bytes) -> dict[str, Any]:
    """Return the record in a line of a log.

    Raises:
        RunError: If it is no record; the message does not name the file.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise RunError("is no JSON") from None
    if not isinstance(record, dict) or "generation" not in record:
        raise RunError("is no record of a generation")
    _check(record, LogRecord)
    _check(record["engine"], _Species)
    return record


def check_result(result: dict[str, Any]) -> None:
    """Check the entries of every result.

    Raises:
        RunError: If one is missing or wrong; the message does not name the file.
    """
    _check(result, RunResult)


def checked_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's figures as the log stores them, so that the log can be read again.

    Raises:
        InputError: If they are no JSON, too long, too deeply nested, or `solved` is no bool.
    """
    plain: dict[str, Any] = {}
    for name, value in figures.items():
        try:
            plain |= json.loads(to_json({name: value}))
            msgspec.convert({name: plain[name]}, _Figures)
        except (TypeError, ValueError, RecursionError, msgspec.ValidationError):
            raise InputError(
                f"the figure {name!r} cannot be stored; give numbers up to 2**53, text, and lists "
                "or dictionaries of them, nested 3 deep at most"
            ) from None
    content = to_json(plain)
    if len(content) > MAX_FIGURES:
        raise InputError(
            f"the figures are {len(content):,} bytes long, and at most {MAX_FIGURES:,} are stored; "
            "return fewer numbers"
        )
    if not isinstance(plain.get("solved", False), bool):
        raise InputError(f"the figure `solved` must be True or False, got {plain['solved']!r}")
    return plain


def _check(values: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    try:
        msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise RunError(str(error)) from None


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of a log without nesting: "figures.solved", "engine.species".

    Lists, and dictionaries by number such as "engine.species_sizes", stay one value. A fitness
    without a value is NaN.
    """
    row: dict[str, Any] = {}
    for name, value in record.items():
        if name == "quartiles":
            row |= dict(zip(_QUARTILES, value or (math.nan,) * 3, strict=True))
        elif name in _TABLES:
            _add(row, name, value)
        elif value is None and name in ("best", "mean", "worst", "champion"):
            row[name] = math.nan
        else:
            row[name] = value
    return row


def _add(row: dict[str, Any], name: str, value: Any) -> None:
    """Add a value to a row; of a dictionary, each of its values."""
    if isinstance(value, Mapping) and not (value and all(key.isdigit() for key in value)):
        for key, inner in value.items():
            _add(row, f"{name}.{key}", inner)
    else:
        row[name] = value
