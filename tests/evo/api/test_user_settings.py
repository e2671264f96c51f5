"""Classes of settings and defaults of users: which are refused, and in which words."""

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import msgspec
import pytest

import evo
from evo.core.errors import InputError

pytestmark = pytest.mark.usefixtures("undrawn")


class Inner(evo.Settings, frozen=True):
    """Nested settings."""

    notes: tuple[int, ...] = (1, 2)


class Every(evo.Settings, frozen=True):
    """A field of every supported type."""

    count: Annotated[int, evo.Meta(ge=1, le=5, description="Count.")] = 2
    share: float = 1
    flag: bool = False
    text: str = 'a "quoted"\n\\ text'
    word: Literal["a", "b"] = "a"
    limit: Annotated[float, evo.Meta(ge=0)] | Literal[""] = ""
    pair: tuple[float, float] = (0.5, 1.0)
    words: tuple[str, ...] = ()
    flags: tuple[bool, ...] = (True, False)
    inner: Inner = Inner()


def of(kind: Any, default: Any = msgspec.NODEFAULT) -> Any:
    """Return a class of settings with one field f."""
    if default is msgspec.NODEFAULT:
        fields: list[Any] = [("f", kind)]
    else:
        fields = [("f", kind, default)]
    return msgspec.defstruct("Own", fields, bases=(evo.Settings,), frozen=True, kw_only=True)


def scored(network: Any, settings: SimpleNamespace) -> float:
    """Return a number of the settings."""
    return float(settings.count + settings.inner.notes[1])


def test_settings_of_every_supported_type_are_run_and_resumed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    own = evo.experiment(scored, inputs=1, outputs=1, settings=Every)
    changes = {"scored": {"count": 3, "limit": 0.5, "flags": "yes,no"}}
    run = evo.run(own, out=out, generations=1, population=4, changes=changes)
    assert run.config.task.flags == (True, False)
    assert run.champion.score == 5
    assert evo.resume(out, script=own, generations=2).result["generations"] == 2
    assert evo.load_run(out).config.task.count == 3


WRONG: list[tuple[Any, str]] = [
    (of(int), "settings Own: f has no default"),
    (of(int | None, None), "settings Own: f can be None, which TOML cannot store"),
    (of(Path, Path("x")), "settings Own: f has the type Path; use a number"),
    (of(dict, {}), "settings Own: f has the type dict; use a number"),
    (of(list[int], []), "settings Own: f has the type list[int]; use a number"),
    (of(tuple[int, str], (1, "a")), "f has the type tuple[int, str]; use a number"),
    (of(int | str, 1), "f has the type int | str; use a number"),
    (of(Any, 1), "settings Own: f has the type typing.Any"),
    (of(int, "a"), "settings Own: f: its default must be a whole number, got 'a'"),
    (of(int, "3"), "settings Own: f: its default '3' is no int; write 3"),
    (of(str, 3), "settings Own: f: its default 3 is no str; write '3'"),
    (of(bool, 1), "settings Own: f: its default must be true or false, got 1"),
    (of(float, float("nan")), "settings Own: f: its default must be a number, got nan"),
    (of(Annotated[int, evo.Meta(ge=1)], 0), "its default must be a whole number from 1, got 0"),
    (of(Literal["a", "b"], "c"), "its default must be one of a, b, got 'c'"),
    (of(tuple[int, ...], 3), "its default must be a list, each a whole number, got 3"),
    (of(of(int | None, None)), "settings Own: f has no default"),
    (of(Inner, 3), "settings Own: f must be a Inner by default, got 3"),
    (of("Missing", 3), "settings Own: its types are unknown"),
    (3, "settings must be a class of evo.Settings, got 3"),
    (int, "settings must be a class of evo.Settings"),
]


@pytest.mark.parametrize(("kind", "message"), WRONG, ids=range(len(WRONG)))
def test_a_class_that_cannot_be_stored_is_refused(kind: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        evo.experiment(scored, inputs=1, outputs=1, settings=kind)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_class_itself_refuses_is_told() -> None:
    class Ordered(evo.Settings, frozen=True):
        low: int = 2
        high: int = 1

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise InputError("low must be at most high")

    with pytest.raises(InputError, match="settings Ordered: its defaults are refused: low must be"):
        evo.experiment(scored, inputs=1, outputs=1, settings=Ordered)


DEFAULTS: list[tuple[Any, str]] = [
    ({"stop": {"generatoins": 5}}, "'stop.generatoins'; did you mean stop.generations?"),
    ({"stopp": {"generations": 5}}, "defaults: there is no table 'stopp'; did you mean stop?"),
    ({"stop": {"generations": "a"}}, "defaults: stop.generations must be a whole number"),
    ({"stop": 5}, "defaults: stop is a table of settings, not a value"),
    ({"ga": {"population": {"sise": 5}}}, "did you mean ga.population.size?"),
    ({3: {}}, "defaults: there is no table 3"),
    (3, 'defaults must be tables of settings, such as {"stop": {"generations": 50}}, got 3'),
]


@pytest.mark.parametrize(("defaults", "message"), DEFAULTS, ids=range(len(DEFAULTS)))
def test_wrong_defaults_are_refused(defaults: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        evo.experiment(scored, keys=5, settings=Every, defaults=defaults)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_defaults_of_every_table_are_used() -> None:
    defaults = {"stop": {"generations": 7}, "ga": {"population": {"size": 9}}, "run": {}}
    own = evo.experiment(scored, keys=5, settings=Every, defaults=defaults)
    assert own.config("ga").stop.generations == 7
    assert own.config("ga").engine.population.size == 9


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (("tempo", int, 3), "settings Own.tempo must be a number from 5 to 1,000, got 3"),
        (("keys", str, "a"), "settings Own.keys must be a whole number from 1 to 128, got 'a'"),
    ],
    ids=range(2),
)
def test_settings_of_the_instrument_keep_their_meaning(field: Any, message: str) -> None:
    own = msgspec.defstruct("Own", [field], bases=(evo.Settings,), frozen=True, kw_only=True)
    evo.experiment(scored, inputs=1, outputs=1, settings=own)
    with pytest.raises(InputError) as caught:
        evo.experiment(scored, keys=5, settings=own)
    assert str(caught.value) == message
