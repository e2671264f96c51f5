"""Typed settings: accepted forms of a value, and errors for others."""

import math
import tomllib
from typing import Annotated, Any, Literal

import msgspec
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from evo.core.config import (
    CheckpointSettings,
    Config,
    RunSettings,
    StopSettings,
    WorkerSettings,
)
from evo.core.errors import InputError
from evo.core.settings import Meta, Settings, changed, known, rows, tables
from evo.engines import engine_class, engine_names

SPAN = Annotated[float, Meta(ge=0, le=1)]


class Inner(Settings, frozen=True):
    """A table in a table."""

    size: Annotated[int, Meta(ge=2, le=1000, description="Individuals.")] = 10
    rate: Annotated[float, Meta(gt=0, le=5, description="A rate.")] = 0.5
    kind: Annotated[Literal["slow", "fast"], Meta(description="How.")] = "slow"
    shown: Annotated[bool, Meta(description="Whether it is seen.")] = False

    def __post_init__(self) -> None:
        if self.kind == "fast" and self.size > 500:
            raise InputError("fast is for at most 500")


class Outer(Settings, frozen=True):
    """Everything that a setting can be."""

    name: Annotated[str, Meta(description="A name.")] = "one"
    inner: Inner = Inner()
    layers: Annotated[tuple[Annotated[int, Meta(ge=1, le=99)], ...], Meta(description="Units.")] = (
        4,
        2,
    )
    span: Annotated[tuple[SPAN, SPAN], Meta(description="From and to.")] = (0.2, 0.6)
    words: Annotated[tuple[str, ...], Meta(description="Words.")] = ()
    target: Annotated[
        Annotated[float, Meta(ge=-1e300, le=1e300)] | Literal[""], Meta(description="The end.")
    ] = ""
    surer: Annotated[Literal["default", "true", "false"], Meta(description="Or not.")] = "default"
    large: Annotated[int, Meta(ge=0, le=(1 << 63) - 1, description="A seed.")] = 0
    two_words: Inner = msgspec.field(default=Inner(), name="two-words")


# The setting, a value, and what it is read as.
TAKEN: list[tuple[str, Any, Any]] = [
    ("name", "two", "two"),
    ("name", 5, "5"),
    ("inner.size", 20, 20),
    ("inner.size", "20", 20),
    ("inner.size", " 20 ", 20),
    ("inner.size", 20.0, 20),
    ("inner.size", "2e1", 20),
    ("inner.rate", 1, 1.0),
    ("inner.rate", "1e-300", 1e-300),
    ("inner.kind", "FAST", "fast"),
    ("inner.shown", True, True),
    ("inner.shown", "yes", True),
    ("inner.shown", "1", True),
    ("inner.shown", "OFF", False),
    ("layers", [3], (3,)),
    ("layers", (3, "4"), (3, 4)),
    ("layers", "3,4", (3, 4)),
    ("layers", "3 4", (3, 4)),
    ("layers", "", ()),
    ("span", "0 1", (0.0, 1.0)),
    ("words", "one two", ("one", "two")),
    ("target", "3.5", 3.5),
    ("target", "", ""),
    ("target", -1, -1.0),
    ("surer", True, "true"),
    ("surer", "False", "false"),
    ("large", str((1 << 63) - 1), (1 << 63) - 1),
    ("large", (1 << 53) + 1, (1 << 53) + 1),
    ("two-words.size", 3, 3),
]  # fmt: skip

SIZE = "a whole number from 2 to 1,000"
RATE = "a number above 0 to 5"
LAYERS = "a list, each a whole number from 1 to 99"
# The setting, a value, and what is said of it; limits beyond any use are not.
REFUSED: list[tuple[str, Any, str]] = [
    ("name", ["two"], "text"),
    ("name", True, "text"),
    ("name", {"a": 1}, "text"),
    ("inner.size", 1, SIZE),
    ("inner.size", 1001, SIZE),
    ("inner.size", "1001", SIZE),
    ("inner.size", 1e10, SIZE),
    ("inner.size", "1e10", SIZE),
    ("inner.size", 10**400, SIZE),
    ("inner.size", "9" * 400, SIZE),
    ("inner.size", 2.5, SIZE),
    ("inner.size", "2.5", SIZE),
    ("inner.size", "many", SIZE),
    ("inner.size", "", SIZE),
    ("inner.size", "0x10", SIZE),
    ("inner.size", "²", SIZE),
    ("inner.size", "inf", SIZE),
    ("inner.size", math.nan, SIZE),
    ("inner.size", True, SIZE),
    ("inner.size", None, SIZE),
    ("inner.size", [3], SIZE),
    ("inner.size", {}, SIZE),
    ("inner.rate", 0, RATE),
    ("inner.rate", "1e300", RATE),
    ("inner.rate", math.inf, RATE),
    ("inner.rate", "-inf", RATE),
    ("inner.rate", "nan", RATE),
    ("inner.rate", False, RATE),
    ("inner.rate", "1,5", RATE),
    ("inner.kind", "slower", "one of fast, slow"),
    ("inner.kind", 1, "one of fast, slow"),
    ("inner.kind", True, "one of fast, slow"),
    ("inner.kind", ["slow"], "one of fast, slow"),
    ("inner.kind", {}, "one of fast, slow"),
    ("inner.shown", "maybe", "true or false"),
    ("inner.shown", 1, "true or false"),
    ("inner.shown", 0.0, "true or false"),
    ("inner.shown", [], "true or false"),
    ("layers", 3, LAYERS),
    ("layers", {}, LAYERS),
    ("layers", {"3": 1}, LAYERS),
    ("layers", [0], LAYERS),
    ("layers", [[3]], LAYERS),
    ("layers", [True], LAYERS),
    ("layers", "3;4", LAYERS),
    ("layers", None, LAYERS),
    ("span", "0", "2 values, each a number from 0 to 1"),
    ("span", [0, 1, 1], "2 values, each a number from 0 to 1"),
    ("span", [0, 1.5], "2 values, each a number from 0 to 1"),
    ("target", "high", "a number or empty"),
    ("target", "inf", "a number or empty"),
    ("target", True, "a number or empty"),
    ("surer", "surest", "one of default, false, true"),
    ("large", 1 << 63, "a whole number from 0 to 9,223,372,036,854,775,807"),
    ("large", -1, "a whole number from 0 to 9,223,372,036,854,775,807"),
    ("two-words.size", 1, SIZE),
]  # fmt: skip


def nested(name: str, value: Any) -> Any:
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def found(table: Any, name: str) -> Any:
    values = tables(table)
    for part in name.split("."):
        values = values[part]
    return values


@pytest.mark.parametrize(("name", "value", "wanted"), TAKEN, ids=str)
def test_a_value_is_read_as_the_type_of_its_setting(name: str, value: Any, wanted: Any) -> None:
    table = changed(Outer(), nested(name, value))
    got = found(table, name)
    assert got == wanted
    assert type(got) is type(wanted)
    # And nothing else was changed.
    assert changed(table, nested(name, found(Outer(), name))) == Outer()


@pytest.mark.parametrize(("name", "value", "kind"), REFUSED, ids=lambda value: str(value)[:20])
def test_a_value_that_a_setting_cannot_have_is_refused_in_one_line_that_names_it(
    name: str, value: Any, kind: str
) -> None:
    for where, prefix in (("", ""), ("ga", "ga.")):
        with pytest.raises(InputError) as caught:
            changed(Outer(), nested(name, value), where)
        assert str(caught.value) == f"{prefix}{name} must be {kind}, got {value!r}"


@pytest.mark.parametrize(("changes", "said"), [
    ({"inner": {"sise": 5}},
     "there is no setting 'ga.inner.sise'; did you mean ga.inner.size? "
     "[ga.inner] has size, rate, kind, shown"),
    ({"iner": {"size": 5}},
     "there is no setting 'ga.iner'; did you mean ga.inner? "
     "[ga] has name, inner, layers, span, words, target, surer, large, two-words"),
    ({"two_words": {"size": 5}},
     "there is no setting 'ga.two_words'; did you mean ga.two-words? "
     "[ga] has name, inner, layers, span, words, target, surer, large, two-words"),
    ({"inner": {"zzz": 5}},
     "there is no setting 'ga.inner.zzz'; [ga.inner] has size, rate, kind, shown"),
    ({"inner": 5}, "ga.inner is a table of settings, not a value"),
    ({"inner": None}, "ga.inner is a table of settings, not a value"),
    ({"inner": [{"size": 5}]}, "ga.inner is a table of settings, not a value"),
    ({"inner": {"kind": "fast", "size": 501}}, "ga.inner: fast is for at most 500"),
], ids=str)  # fmt: skip
def test_what_does_not_exist_or_go_together_is_refused_in_one_line(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        changed(Outer(), changes, "ga")
    assert str(caught.value) == said


def test_settings_that_go_together_may_change_together() -> None:
    fast = changed(Outer(), {"inner": {"kind": "fast", "size": 500}})
    slow = changed(fast, {"inner": {"size": 900, "kind": "slow"}})
    assert (slow.inner.kind, slow.inner.size) == ("slow", 900)
    assert (fast.inner.kind, fast.inner.size) == ("fast", 500)  # it stays as it is


def test_settings_cannot_be_written_to() -> None:
    with pytest.raises(AttributeError):
        Outer().inner.size = 5  # type: ignore[misc]


def test_what_a_table_knows_of_changes_for_others_can_be_told() -> None:
    changes = {"inner": {"size": 5, "weight": 1}, "layers": [1], "other": {"size": 3}}
    assert known(Outer(), changes) == {"inner": {"size": 5}, "layers": [1]}


def test_every_setting_is_a_row_with_value_limits_and_help() -> None:
    shown = {(where, row.name): row for where, row in rows(Outer(), "ga")}
    assert list(shown)[:3] == [("ga", "name"), ("ga.inner", "size"), ("ga.inner", "rate")]
    assert ("ga.two-words", "size") in shown
    assert len(shown) == 8 + 2 * 4 - 1
    size = shown["ga.inner", "size"]
    assert (size.value, size.kind, size.help) == (10, SIZE, "Individuals.")
    assert [shown["ga", name].text for name in ("layers", "words", "target")] == ["4,2", "", ""]
    assert shown["ga.inner", "shown"].text == "false"


def test_what_is_shown_of_a_setting_can_be_given_back() -> None:
    for name in engine_names():
        settings = engine_class(name).settings_type()
        for where, row in rows(settings, name):
            _, *names = where.split(".")
            assert changed(settings, nested(".".join([*names, row.name]), row.text)) == settings


TABLES = [
    *(pytest.param(engine_class(name).settings_type(), id=name) for name in engine_names()),
    *(
        pytest.param(kind(), id=kind.__name__)
        for kind in (RunSettings, StopSettings, WorkerSettings, CheckpointSettings)
    ),
]


@pytest.mark.parametrize("table", TABLES)
def test_every_setting_is_explained_and_is_of_a_kind_that_has_words(table: Any) -> None:
    for where, row in rows(table, "table"):
        assert row.help.endswith((".", "...", "?")), f"{where}.{row.name}"
        assert row.kind
        assert "\n" not in row.help + row.kind


@pytest.mark.parametrize("table", TABLES)
def test_tables_written_as_toml_are_read_as_the_same_settings(table: Any) -> None:
    text = tomli_w.dumps(tables(table))
    assert changed(type(table)(), tomllib.loads(text)) == table


@pytest.mark.parametrize("table", TABLES)
def test_no_number_of_any_setting_may_be_infinite_or_endlessly_large(table: Any) -> None:
    for where, row in rows(table, "table"):
        if isinstance(row.value, bool | str | tuple | list):
            continue
        _, *names = where.split(".")
        for value in (math.inf, "inf", -math.inf, math.nan, "nan", 10**400, "1" + 400 * "0"):
            with pytest.raises(InputError, match=rf"{row.name} must be a .*number.*got") as caught:
                changed(table, nested(".".join([*names, row.name]), value))
            assert "\n" not in str(caught.value)


def config() -> Config:
    return Config(
        RunSettings(experiment="task", engine="ga"), StopSettings(), WorkerSettings(),
        CheckpointSettings(), engine=Outer(), task=Inner(), genome=Inner(size=3),
        genome_name="grid",
    )  # fmt: skip


def test_a_configuration_is_changed_by_the_names_of_its_tables() -> None:
    one = config().changed({
        "ga": {"inner": {"size": "7"}}, "task": {"kind": "fast"}, "grid": {"size": 9},
        "stop": {"generations": 4},
    })  # fmt: skip
    assert one.engine.inner.size == 7
    assert (one.task.kind, one.genome.size, one.stop.generations) == ("fast", 9, 4)
    with pytest.raises(InputError) as caught:
        config().changed({"grd": {}})
    assert str(caught.value) == (
        "there is no setting 'grd'; did you mean grid? "
        "a configuration has run, stop, workers, checkpoints, ga, grid, task"
    )
    with pytest.raises(InputError, match=r"^grid\.size must be a whole number from 2"):
        config().changed({"grid": {"size": 0}})
    with pytest.raises(InputError, match=r"^stop is a table of settings, not a value$"):
        config().changed({"stop": 5})


def test_a_configuration_is_the_same_when_it_was_a_file() -> None:
    one = config().changed({"ga": {"words": ["a", "b"], "target": 2}, "run": {"seed": 1 << 60}})
    for text in (one.to_toml(), tomli_w.dumps(one.tables())):
        again = config().changed(tomllib.loads(text))
        assert again == one
        assert again.hash() == one.hash()


def test_the_hash_is_of_what_decides_what_is_bred() -> None:
    one = config()
    same = one.changed({"stop": {"generations": 9}, "workers": {"count": 2}})
    assert same.hash() == one.hash()
    for changes in ({"run": {"seed": 1}}, {"ga": {"name": "x"}}, {"task": {"size": 3}}):
        assert one.changed(changes).hash() != one.hash()


def test_settings_of_an_engine_that_another_has_too_stay_when_it_takes_over() -> None:
    one = config().changed({"ga": {"inner": {"size": 77}, "name": "mine"}})

    class Other(Settings, frozen=True):
        inner: Inner = Inner()
        more: int = 1

    taken = one.as_engine("other", Other())
    assert (taken.run.engine, taken.engine) == ("other", Other(inner=Inner(size=77)))
    assert set(taken.tables()) == set(one.tables()) - {"ga"} | {"other"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["inf", "-1", "1e400", "true", "0.5 0.9", "1,2", "slow"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)  # fmt: skip
NAMES = st.sampled_from([name for name, _, _ in TAKEN] + ["inner", "two-words", "no", "inner.no"])


@given(NAMES, VALUES)
def test_any_value_is_taken_or_refused_in_one_line(name: str, value: Any) -> None:
    try:
        table = changed(Outer(), nested(name, value), "ga")
    except InputError as error:
        assert "\n" not in str(error).replace(repr(value), "")
        assert f"ga.{name}" in str(error) or f"ga.{name.partition('.')[0]}" in str(error)
        return
    # What was taken is within the limits: msgspec itself takes it, as strictly as it can.
    assert msgspec.convert(tables(table), Outer) == table
    assert changed(Outer(), tables(table)) == table
    for _, row in rows(table, "ga"):
        numbers = row.value if isinstance(row.value, tuple | list) else [row.value]
        assert all(math.isfinite(one) for one in numbers if isinstance(one, float))
