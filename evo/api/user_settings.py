"""Check a user's class of settings, and a user's defaults of other settings.

Settings are stored as TOML in the run's directory, and read back to resume it. So every field needs
a default and a type that TOML stores, and the default must be read back as it is.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec
import tomli_w
from msgspec import NODEFAULT, inspect
from msgspec.structs import FieldInfo, fields

from evo.core.config import COMMON_TABLES
from evo.core.errors import InputError, suggestion
from evo.core.settings import Changes, Settings, changed, tables
from evo.engines import engine_class, engine_names

_SUPPORTED = "use a number, bool, text, Literal, a tuple of these, or an evo.Settings class"
_SCALARS = (inspect.IntType, inspect.FloatType, inspect.BoolType, inspect.StrType)


def check_settings(kind: Any) -> None:
    """Check that settings of a class can be stored, and read back from TOML.

    Args:
        kind: A user's class of settings.

    Raises:
        InputError: If they cannot; the message names the field.
    """
    if not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise InputError(f"settings must be a class of evo.Settings, got {kind!r}")
    name = kind.__name__
    try:
        found = fields(kind)
    except (NameError, AttributeError, TypeError) as error:
        raise InputError(f"settings {name}: its types are unknown: {error}") from None
    for field in found:
        _check_field(field, f"settings {name}: {field.name}")
    try:
        table = kind()
    except Exception as error:  # noqa: BLE001 - of the user's __post_init__
        raise InputError(f"settings {name}: its defaults are refused: {error}") from None
    for field in found:
        value, where = getattr(table, field.name), f"settings {name}: {field.name}"
        if not _is_table(field.type):
            _check_default(table, field, value, where)
        elif type(value) is not field.type:
            raise InputError(f"{where} must be a {field.type.__name__} by default, got {value!r}")
    _check_stored(table, f"settings {name}")


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _check_field(field: FieldInfo, where: str) -> None:
    """Raise InputError unless a field has a name, a default and a type that are supported."""
    stored = field.encode_name
    usable = stored.isascii() and stored.isidentifier() and not stored.startswith("__")
    if not usable or len(stored) > 60:
        raise InputError(f"{where} must have a name of ASCII letters, digits and _ (60 at most)")
    if field.default is NODEFAULT and field.default_factory is NODEFAULT:
        raise InputError(f"{where} has no default; write `{field.name}: TYPE = DEFAULT`")
    if _is_table(field.type):
        check_settings(field.type)
        return
    info = _bare(inspect.type_info(field.type))
    if isinstance(info, inspect.UnionType):
        if any(isinstance(part, inspect.NoneType) for part in map(_bare, info.types)):
            raise InputError(
                f'{where} can be None, which TOML cannot store; use another value, such as 0 or ""'
            )
        first, *others = map(_bare, info.types)
        literal = all(isinstance(part, inspect.LiteralType) for part in others)
        supported = literal and isinstance(first, inspect.IntType | inspect.FloatType)
    elif isinstance(info, inspect.VarTupleType):
        supported = _is_scalar(info.item_type)
    elif isinstance(info, inspect.TupleType):
        same = all(item == info.item_types[0] for item in info.item_types)
        supported = same and bool(info.item_types) and _is_scalar(info.item_types[0])
    else:
        supported = _is_scalar(info)
    if not supported:
        raise InputError(f"{where} has the type {_type_name(field.type)}; {_SUPPORTED}")


def _is_scalar(info: Any) -> bool:
    bare = _bare(info)
    if isinstance(bare, inspect.LiteralType):
        return None not in bare.values
    return isinstance(bare, _SCALARS)


def _bare(info: Any) -> Any:
    return info.type if isinstance(info, inspect.Metadata) else info


def _type_name(kind: Any) -> str:
    """Return a type as it is written in Python, without limits."""
    bare = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    return bare.__name__ if type(bare) is type else str(bare)


def _check_default(table: Settings, field: FieldInfo, value: Any, where: str) -> None:
    """Raise InputError unless the default is valid by the field's own type."""
    try:
        read = getattr(changed(table, {field.encode_name: value}), field.name)
    except InputError as error:
        reason = str(error).removeprefix(f"{field.encode_name} ")
        raise InputError(f"{where}: its default {reason}") from None
    if read != value or isinstance(read, bool | str) != isinstance(value, bool | str):
        raise InputError(
            f"{where}: its default {value!r} is no {_type_name(field.type)}; write {read!r}"
        )


def _check_stored(table: Settings, where: str) -> None:
    """Raise InputError unless a table can be written to TOML and read back."""
    try:
        read = changed(table, tomllib.loads(tomli_w.dumps(tables(table))))
    except (ValueError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{where}: its defaults cannot be stored as TOML: {reason}") from None
    if tables(read) != tables(table):
        raise InputError(f"{where}: its defaults are others when they are read from TOML")


def check_defaults(defaults: Any) -> None:
    """Check a user's defaults: tables of changes by the tables' names.

    Args:
        defaults: The argument.

    Raises:
        InputError: If a table or a setting is unknown, or a value is wrong.
    """
    if not isinstance(defaults, Mapping):
        raise InputError(
            'defaults must be tables of settings, such as {"stop": {"generations": 50}}, got '
            f"{defaults!r}"
        )
    known = [*COMMON_TABLES, *engine_names()]
    for name, changes in defaults.items():
        if name not in known:
            hint = suggestion(str(name), known)
            raise InputError(f"defaults: there is no table {name!r}; {hint}there is {_in(known)}")
        own = COMMON_TABLES[name]() if name in COMMON_TABLES else engine_class(name).settings_type()
        _checked_changes(own, changes, name)


def _in(names: list[str]) -> str:
    return ", ".join(names)


def _checked_changes(own: Any, changes: Changes, name: str) -> None:
    try:
        changed(own, changes, name)
    except InputError as error:
        raise InputError(f"defaults: {error}") from None
