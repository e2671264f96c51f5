"""Typed settings: one definition for Python, TOML, `--set`, help, messages and docs.

A table of settings is a frozen `msgspec.Struct` with typed fields, limits and help:

    class Population(Settings, frozen=True):
        size: Annotated[int, Meta(ge=2, le=100_000, description="Individuals.")] = 150

Tables nest, and `changed` makes a new table from an old one and nested changes. Numbers are finite
and within their limits. Text is read as the field's type, so a value may come from a TOML file, a
command line or Python. Rules between fields belong in `__post_init__`, which raises an InputError.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, inspect
from msgspec.structs import FieldInfo, fields

from evo.core.errors import InputError, suggestion

__all__ = ["Changes", "Meta", "Row", "Settings", "changed", "rows", "tables"]

# Nested tables of new values, by the names of the settings.
Changes = Mapping[str, Any]

# Limits beyond this are for safety, and are not shown.
_UNBOUNDED = 1e20
_TRUTH = {"true": True, "yes": True, "on": True, "1": True}
_TRUTH |= {"false": False, "no": False, "off": False, "0": False}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Base of a table of settings; see the module's docstring."""


Table = TypeVar("Table", bound=msgspec.Struct)


class Row(NamedTuple):
    """One setting, for `evo settings`.

    Attributes:
        name: Name within its table.
        value: Default.
        kind: Type and limits in words: "a whole number from 2 to 1000000".
        help: Meaning.
    """

    name: str
    value: Any
    kind: str
    help: str

    @property
    def text(self) -> str:
        """The value as written on a command line."""
        if isinstance(self.value, list | tuple):
            return ",".join(str(item) for item in self.value)
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def changed(table: Table, changes: Changes, where: str = "") -> Table:
    """Return a table with some of its settings changed.

    Args:
        table: The table to start from; it stays as it is.
        changes: New values by name, nested like the tables. Text is read as the field's type.
        where: The table's own name in messages, such as "ga".

    Raises:
        InputError: For an unknown setting, a value of the wrong type or outside its limits, and
            inconsistent values. The message names the setting.
    """
    known = {field.encode_name: field for field in fields(table)}
    if not isinstance(changes, Mapping):
        raise InputError(f"{where} is a table of settings, not a value")
    new = {}
    for name, value in changes.items():
        label = f"{where}.{name}" if where else str(name)
        if name not in known:
            raise unknown_setting(label, known)
        field = known[name]
        if _is_table(field.type):
            new[field.name] = changed(getattr(table, field.name), value, label)
        else:
            new[field.name] = _leaf(field.type, value, label)
    try:
        return msgspec.structs.replace(table, **new)
    except InputError as error:  # of __post_init__, which does not know the table's name
        raise InputError(f"{where}: {error}" if where else str(error)) from None


def known(table: msgspec.Struct, changes: Changes) -> dict[str, Any]:
    """Return the changes that a table has settings for.

    Args:
        table: The settings.
        changes: Nested new values; unknown names are left out.
    """
    kept = {}
    for field in fields(table):
        if field.encode_name in changes:
            value = changes[field.encode_name]
            own = getattr(table, field.name)
            kept[field.encode_name] = known(own, value) if _is_table(field.type) else value
    return kept


def unknown_setting(label: str, known: Mapping[str, Any]) -> InputError:
    """Return the error for an unknown setting, with the nearest known one.

    Args:
        label: Full name of the setting.
        known: Settings of its table, by name.
    """
    where, _, name = label.rpartition(".")
    table = f"[{where}]" if where else "a configuration"
    hint = suggestion(name, known, prefix=f"{where}." if where else "")
    return InputError(f"there is no setting {label!r}; {hint}{table} has {', '.join(known)}")


def _leaf(kind: Any, value: Any, label: str) -> Any:
    """Return a value as the type of its field.

    Raises:
        InputError: If it is invalid.
    """
    info = inspect.type_info(kind)
    try:
        plain = _plain(info, value)
        if isinstance(plain, str):
            plain.encode()
        return msgspec.convert(plain, kind, strict=False)
    except UnicodeEncodeError:
        raise InputError(
            f"{label} must be UTF-8 text, as it is stored, got {value!r}; rename a file like this"
        ) from None
    except (ValueError, TypeError, OverflowError, msgspec.ValidationError):
        raise InputError(f"{label} must be {_in_words(info)}, got {value!r}") from None


def _bare(info: Any) -> Any:
    """Return a type without its limits and its help."""
    return info.type if isinstance(info, inspect.Metadata) else info


def _plain(info: Any, value: Any) -> Any:
    """Return a value in a form that msgspec converts.

    Raises:
        ValueError: If it has none.
    """
    kind = _bare(info)
    if isinstance(value, Mapping):
        raise ValueError
    if isinstance(kind, inspect.UnionType):  # a number, or nothing
        words = [word for part in kind.types for word in getattr(part, "values", ())]
        return value if value in words else _plain(kind.types[0], value)
    if isinstance(kind, inspect.BoolType):
        truth = _TRUTH.get(value.strip().lower()) if isinstance(value, str) else value
        if not isinstance(truth, bool):
            raise ValueError
        return truth
    if isinstance(kind, inspect.VarTupleType | inspect.TupleType):
        items = value.replace(",", " ").split() if isinstance(value, str) else list(value)
        of = kind.item_types[0] if isinstance(kind, inspect.TupleType) else kind.item_type
        return [_plain(of, item) for item in items]
    if isinstance(kind, inspect.LiteralType):  # some are "true" and "false"
        return next((w for w in kind.values if str(w).lower() == str(value).lower()), value)
    if isinstance(value, bool | list | tuple):
        raise ValueError
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        number = float(value)
        if not math.isfinite(number) or (isinstance(kind, inspect.IntType) and number % 1):
            raise ValueError
        exact = isinstance(value, int) or (isinstance(value, str) and value.strip().isdigit())
        return int(value) if exact and isinstance(kind, inspect.IntType) else number
    return str(value)


def _in_words(info: Any) -> str:
    """Return the valid values of a type: "a whole number from 1 to 128"."""
    kind = _bare(info)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_in_words(part) for part in kind.types)
    if isinstance(kind, inspect.LiteralType):
        words = [str(word) for word in kind.values if word != ""]
        words += ["empty"] * ("" in kind.values)
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, inspect.VarTupleType):
        return f"a list, each {_in_words(kind.item_type)}"
    if isinstance(kind, inspect.TupleType):
        return f"{len(kind.item_types)} values, each {_in_words(kind.item_types[0])}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        word = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
        return word + _limits(kind)
    return "text"


def _limits(kind: inspect.IntType | inspect.FloatType) -> str:
    """Return the limits of a number in words, without unreachable ones."""
    low, high = kind.ge if kind.gt is None else kind.gt, kind.le if kind.lt is None else kind.lt
    words = ""
    if low is not None and low > -_UNBOUNDED:
        words += f" above {low:,g}" if kind.gt is not None else f" from {low:,g}"
    if high is not None and high < _UNBOUNDED:
        last = f"{high:,}" if isinstance(high, int) else f"{high:,.10g}"
        words += f" below {last}" if kind.lt is not None else f" to {last}"
    return words


def tables(table: msgspec.Struct) -> dict[str, Any]:
    """Return a table as nested dictionaries, for TOML and JSON."""
    found: dict[str, Any] = msgspec.to_builtins(table)
    return found


def rows(table: msgspec.Struct, where: str) -> Iterator[tuple[str, Row]]:
    """Yield every setting of a table, nested ones included.

    Args:
        table: The settings.
        where: The table's own name, such as "ga".

    Yields:
        The full name of the setting's table, such as "ga.population", and the setting.
    """
    for field in fields(table):
        name, value = field.encode_name, getattr(table, field.name)
        if _is_table(field.type):
            yield from rows(value, f"{where}.{name}")
        else:
            kind = _in_words(inspect.type_info(field.type))
            yield where, Row(name, msgspec.to_builtins(value), kind, _help(field))


def _help(field: FieldInfo) -> str:
    """Return a field's help text."""
    notes = [meta for meta in getattr(field.type, "__metadata__", ()) if isinstance(meta, Meta)]
    return next((meta.description for meta in notes if meta.description), "")
