"""The functions for Python: a wrong argument is an error of one line, as on the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from disturbing import undrawn

import evo
from evo.core.errors import EvoError, InputError
from evo.music.song import Song
from evo.music.tunes import tune, tune_names


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)


def test_a_run_is_loaded_by_text_or_path(tmp_path: Path) -> None:
    evo.run("xor", population=10, generations=1, out="a")
    assert evo.load_run("a").config == evo.load_run(tmp_path / "a").config
    assert evo.resume("a", generations=2).result["generations"] == 2


WRONG: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    *((evo.run, ("xor",), {name: value}) for name, value in [
        ("engine", ["neat"]), ("engine", 5), ("genome", {}), ("genome", []), ("config", {}),
        ("config", 5), ("config", "a\0b"), ("neat_config", 3), ("neat_config", "a\0b"),
        ("changes", 5), ("changes", [1]), ("changes", {"neat": 5}), ("changes", {5: {}}),
        ("out", 5), ("out", "a\0b"), ("generations", 0), ("generations", "x"),
        ("generations", [1]), ("seed", -1), ("seed", {}), ("seed", True), ("population", 1),
        ("population", {}), ("time_limit", 0), ("time_limit", "x"), ("target", {}),
        ("target", float("nan")), ("workers", 0), ("workers", []), ("cluster", 5),
        ("insecure", "no"), ("insecure", 1), ("strict", "false"), ("strict", 0),
    ]),
    *((evo.run, ("memorize",), {"song": song}) for song in (5, {}, "a\0b", "a\0b.mid")),
    *((evo.run, (name,), {}) for name in (5, [], {})),
    *((evo.resume, (path,), {}) for path in (5, None, "a\0b", ["a"], "none")),
    (evo.resume, ("a",), {"anew": "no"}), (evo.resume, ("a",), {"changes": 5}),
    *((evo.load_run, (path,), {}) for path in (5, None, "a\0b", "none")),
    *((evo.song, (name,), {}) for name in (5, None, [], "a\0b", "a\0b.mid")),
    *((evo.song, (name,), {"keys": keys})
      for name in ("ode-to-joy", "none.mid") for keys in (-1, 0, "a", 129, [], 1.5, None)),
    *((evo.song, (name,), {"steps_per_beat": steps})
      for name in ("ode-to-joy", "none.mid") for steps in (0, -1, "a", 32_768, {})),
    (evo.settings, ("xor",), {"engine": ["neat"]}), (evo.settings, ("xor",), {"genome": {}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "arguments", "options"), WRONG, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_a_wrong_argument_is_an_error_of_one_line_and_leaves_nothing(
    function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> None:
    with pytest.raises(EvoError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    assert list(Path().iterdir()) == []


def test_a_tune_has_the_keys_and_the_resolution_that_are_asked_for() -> None:
    for name in tune_names():
        usual = tune(name)
        assert (usual.keys, usual.lowest_note, usual.steps_per_beat, usual.steps) == (
            13,
            60,
            2,
            128,
        )
        wide = evo.song(name, keys=88)
        assert (wide.keys, wide.lowest_note, wide.name) == (88, 21, name)
        fine = evo.song(name, steps_per_beat=4)
        assert (fine.steps, fine.duration) == (256, usual.duration)
        assert (fine.onsets[::2] == usual.onsets).all()
        assert not fine.onsets[1::2].any()
        assert [on for on, *_ in wide.notes()] == [on for on, *_ in usual.notes()]
    with pytest.raises(InputError, match=r"needs \d+ keys, more than 3"):
        evo.song("ode-to-joy", keys=3)
    with pytest.raises(InputError, match="eighth notes"):
        evo.song("ode-to-joy", steps_per_beat=1)
    with pytest.raises(InputError, match="lasts"):
        evo.song("ode-to-joy", steps_per_beat=32_766)


def test_a_song_is_found_by_text_or_path(tmp_path: Path) -> None:
    tune("ode-to-joy").save("a.mid")
    assert isinstance(evo.song(tmp_path / "a.mid"), Song)
    assert evo.song("a.mid") == evo.song(Path("a.mid"))
