"""Formats of figures, and names of any letters in them."""

import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from figures import words
from matplotlib.figure import Figure

from evo.analysis.plot import (
    fitness_figure,
    lags_figure,
    picture_bytes,
    rolls_figure,
    save_figure,
)
from evo.analysis.plot.style import DPI, FORMATS, label, new_figure, style, title
from evo.cli.plot import FORMATS as OPTIONS
from evo.music.song import Song

NAMES = [
    "$\\frac{1}{$ \\alpha $x_1^2$", "_begins with a line",
    "\u05e9\u05d9\u05e8 \u0627\u063a\u0646\u064a\u0629",
    "W" * 240, "a\nb\x00\ud800c\u202e", "<script>&\"", "\u97f3\u697d \U0001f3b5", "",
]  # fmt: skip


def record(generation: int) -> dict[str, Any]:
    return {
        "generation": generation, "evaluations": 10, "best": 1.0, "mean": 0.5, "worst": 0.0,
        "quartiles": [0.2, 0.5, 0.8], "champion": 1.0, "champion_generation": 0, "figures": {},
        "engine": {}, "failures": {}, "wall_seconds": 1.0,
    }  # fmt: skip


def roll(name: str) -> Figure:
    song = Song(np.eye(16, 13, dtype=np.bool_), name=name)
    return rolls_figure(song, song.onsets, 4)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_letters_is_drawn_as_it_is_inside_the_picture(name: str) -> None:
    with warnings.catch_warnings(), style():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = new_figure(9.0, 1.0)
        title(figure, f"{label(name)}: 120 of 120 steps right", label(name))
        width = figure.get_size_inches()[0] * DPI
        for text in figure.texts:
            assert not text.get_parse_math()
            assert text.get_window_extent().x1 <= width
        if name.startswith("$"):
            assert name in words(figure)


def test_an_odd_name_breaks_no_figure() -> None:
    name = "_$\\frac{1}{$ " + "".join(NAMES[1:])
    song = Song(np.eye(16, 13, dtype=np.bool_), name=name)
    weights = np.full((16, 2), 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in (
            fitness_figure({name: [record(0)], "other": [record(0)]}),
            roll(name),
            lags_figure([song, song], [weights, weights], [1, 2]),
        ):
            rows = [text.get_text() for text in figure.axes[-1].get_yticklabels()]
            assert "$\\frac{1}{$" in words(figure) + "".join(rows)
            assert picture_bytes(figure, "png").startswith(b"\x89PNG")


def test_equal_figures_give_equal_svg_of_shapes_alone(tmp_path: Path) -> None:
    first, second = (picture_bytes(roll("a <b>"), "svg") for _ in range(2))
    assert first == second
    root = ElementTree.fromstring(first)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert b"date" not in first.split(b"<defs>")[0]
    save_figure(roll("a <b>"), tmp_path / "a.SVG")
    assert (tmp_path / "a.SVG").read_bytes() == first


def test_the_options_are_the_formats() -> None:
    assert OPTIONS == FORMATS
