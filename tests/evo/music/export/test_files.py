"""Formats by name, and the message where the engraver is missing."""

import importlib.util
import sys
import types

import pytest

from evo.cli.export import FORMAT_NAMES
from evo.core.errors import InputError
from evo.music.export import FORMATS, exported, svg_text
from evo.music.tunes import tune


def test_the_command_has_every_format() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


@pytest.mark.parametrize(
    ("to", "start"),
    [("mid", b"MThd"), ("abc", b"%abc-2.1"), ("musicxml", b"<?xml"), ("wav", b"RIFF")],
)
def test_formats(to: str, start: bytes) -> None:
    assert exported(tune("bingo"), to).startswith(start)


def test_a_missing_engraver_is_named_with_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"Run: pip install 'kuznechik\[score\]'"):
        svg_text(tune("bingo"))


@pytest.mark.parametrize(
    ("loads", "pages", "problem"),
    [(True, 1, None), (False, 1, "cannot engrave"), (True, 2, "too long")],
)
def test_the_engraver_is_given_musicxml(monkeypatch, loads, pages, problem) -> None:
    given = []

    class Toolkit:
        def setOptions(self, options):  # noqa: N802 - verovio's name
            assert options["xmlIdSeed"] == 1

        def loadData(self, text):  # noqa: N802
            given.append(text)
            return loads

        def getPageCount(self):  # noqa: N802
            return pages

        def renderToSVG(self, page):  # noqa: N802
            return f"<svg>{page}</svg>"

    fake = types.SimpleNamespace(toolkit=Toolkit, enableLog=lambda level: None, LOG_ERROR=1)
    monkeypatch.setitem(sys.modules, "verovio", fake)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: fake)
    if problem is None:
        assert svg_text(tune("bingo")) == "<svg>1</svg>"
    else:
        with pytest.raises(InputError, match=problem):
            svg_text(tune("bingo"))
    assert given[0].startswith("<?xml")


def test_verovio_engraves_every_bar() -> None:
    pytest.importorskip("verovio")
    svg = svg_text(tune("bingo"))
    assert svg == svg_text(tune("bingo"))
    assert svg.count('class="measure"') == 16
