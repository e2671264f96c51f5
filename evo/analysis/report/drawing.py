"""Drawings of a champion: network or formula as cleaned SVG, sheets and figures as pictures."""

import base64
import importlib.util
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from evo.analysis.report.data import Drawing, Fact, Picture
from evo.core.errors import InputError
from evo.core.files import open_regular
from evo.music.midi.units import channel_names, note_name
from evo.music.song import Song
from genomes.formula.formulas import Formulas
from genomes.formula.svg import formula_svg
from genomes.network.networks import Networks
from genomes.network.svg import network_svg

_SVG = "http://www.w3.org/2000/svg"
_TAGS = {"svg", "g", "path", "line", "rect", "circle", "text", "tspan", "title"}
_ATTRIBUTES = {
    "viewBox", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "fill",
    "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "fill-opacity", "text-anchor",
    "font-size", "font-family", "font-weight",
}  # fmt: skip
MAX_SVG, MAX_SHEET = 1 << 20, 1 << 22  # characters
# Figures of a champion that there are no drawings of, by file: title and description.
_PICTURES: Mapping[str, tuple[str, str]] = {
    "guessing.png": (
        "Guessed notes", "Hit rates of the predictors over the course of the champion's melody"
    ),
    "reading.png": (
        "Where the history is read",
        "Mean read weights by distance in steps, above them the song's own repeats",
    ),
    "lags.png": (
        "Where the history is read, song by song",
        "Read weights by distance in steps, a row per song, with rings at the songs' own repeats",
    ),
}  # fmt: skip
MAX_PICTURE = 600_000  # bytes
_TEXTS = {
    "formula.txt": "The formula as text",
    "program.txt": "The program as text",
    "reader.txt": "The reader as text",
}
MAX_TEXT = 60_000  # bytes
_PNG = b"\x89PNG\r\n\x1a\n"


def drawings_of(performers: Any, path: Path) -> tuple[Drawing, ...]:
    """Return the drawing of a batch of one, if its kind can be drawn.

    Args:
        performers: The batch.
        path: The run's directory, for the names of keys.
    """
    lowest = _lowest_note(path)
    text = None
    if isinstance(performers, Networks):
        player = performers.player
        keys = 0 if player is None or lowest is None else player.keys
        names = [note_name(lowest + key) for key in range(keys)] if lowest is not None else None
        text = network_svg(performers, names)
    elif isinstance(performers, Formulas):
        text = formula_svg(performers, channel_names(performers.player.span, lowest))
    if text is None or len(text) > MAX_SVG:
        return ()
    return (cleaned(text),)


def cleaned(text: str) -> Drawing:
    """Return an SVG with only the elements and attributes of a drawing.

    Styles would be refused by the page's policy, and nothing else of a drawing needs them.

    Args:
        text: The SVG.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(text)
    for element in list(root.iter()):
        for child in list(element):
            if child.tag.removeprefix(f"{{{_SVG}}}") not in _TAGS:
                element.remove(child)
        for name in set(element.attrib) - _ATTRIBUTES:
            del element.attrib[name]
    title = root.find(f"{{{_SVG}}}title")
    label = "" if title is None else title.text or ""
    if title is not None:
        root.remove(title)  # the page has it above, and it would cover the tooltips
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    del root.attrib["width"], root.attrib["height"]
    content = Markup(ElementTree.tostring(root, encoding="unicode"))
    return Drawing(label, content, width, height)


def sheet_of(song: Song) -> str:
    """Return a song's engraved sheet, compressed, in base64.

    It is "" if there is no verovio, or the sheet is too long.
    """
    if importlib.util.find_spec("verovio") is None:
        return ""
    from evo.music.export.engraving import svg_text

    try:
        text = svg_text(song)
    except InputError:
        return ""
    if len(text) > MAX_SHEET:
        return ""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def pictures_of(path: Path) -> tuple[Picture, ...]:
    """Return the champion's figures that are shown as they are."""
    found = []
    for name, (title, description) in _PICTURES.items():
        content = _content(path / "champion" / name, MAX_PICTURE)
        if content.startswith(_PNG):
            picture = base64.b64encode(content).decode()
            found.append(Picture(title, description, "image/png", picture))
    return tuple(found)


def texts_of(path: Path) -> tuple[Fact, ...]:
    """Return the champion as text, where its kind writes any."""
    found = []
    for name, title in _TEXTS.items():
        content = _content(path / "champion" / name, MAX_TEXT)
        if content:
            found.append(Fact(title, content.decode("utf-8", "replace")))
    return tuple(found)


def _lowest_note(path: Path) -> int | None:
    """Return the MIDI note of key 0 by the champion's player.json; None if it says none."""
    try:
        described = json.loads(_content(path / "champion" / "player.json", MAX_TEXT))
        lowest, keys = described["lowest_note"], described["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = isinstance(lowest, int) and isinstance(keys, int)
    return lowest if whole and 0 <= lowest <= lowest + keys <= 128 else None


def _content(path: Path, most: int) -> bytes:
    """Return the content of a file; b"" if there is none, or it is longer than `most`."""
    try:
        with open_regular(path, follow=False) as file:
            content = file.read(most + 1)
    except OSError:
        return b""
    return content if len(content) <= most else b""
