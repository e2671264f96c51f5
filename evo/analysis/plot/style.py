"""Style of all figures: colours, fonts, and reproducible PNG and SVG files.

The colours are those of Okabe & Ito (2008), which are distinct for all kinds of colour blindness.
In every figure blue is right or positive, and vermillion wrong or negative.

Figures use matplotlib's objects without pyplot. So none is registered globally or has to be
closed, and no display is needed. A user's matplotlib settings have no effect.
"""

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY = "#CC79A7", "#56B4E9"
INK, GREY, PALE, FAINT = "#222222", "#666666", "#BBBBBB", "#EFEFEF"

DPI = 150
FORMATS = ("png", "svg")
MAX_LABEL = 60  # maximum characters that fit the figure
SHORT = 40  # characters that fit it at any width of the letters

_SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],  # ships with matplotlib, so glyphs are the same everywhere
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "axes.labelcolor": GREY,
    "axes.edgecolor": PALE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold a dollar sign
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "svg.hashsalt": "kuznechik",  # names of shapes, which are random by default
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
}


class ShownFigure(Figure):
    """A figure that a notebook shows as the last line of a cell.

    A notebook shows figures of pyplot only; others it prints as text.
    """

    def _repr_png_(self) -> bytes:
        return png_bytes(self)


@contextmanager
def style() -> Iterator[None]:
    """Apply the style of the figures within a `with` block."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        # Missing glyphs are drawn as boxes; a warning would not help.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def new_figure(width: float, height: float, head: float = 0.6, foot: float = 0.0) -> Figure:
    """Create an empty figure whose parts do not overlap.

    Args:
        width: inches.
        height: inches.
        head: inches left free at the top for `title` and a legend.
        foot: inches left free at the bottom for `caption`.
    """
    layout = ConstrainedLayoutEngine(
        w_pad=0.06, h_pad=0.05, wspace=0.0, hspace=0.0,
        rect=(0.0, foot / height, 1.0, 1.0 - (head + foot) / height),
    )  # fmt: skip
    figure = ShownFigure(figsize=(width, height), layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def label(name: str, max_length: int = MAX_LABEL) -> str:
    """Clean a name for one line of a figure.

    Args:
        name: any text.
        max_length: maximum characters; a longer name is cut.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(line) > max_length:
        line = line[: max_length - 1] + "…"
    return line


def count(number: int, noun: str) -> str:
    """Format a number with its noun: 1 node, 1,200 nodes.

    Args:
        number: the number.
        noun: the noun in the singular.
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def title(figure: Figure, headline: str, detail: str = "") -> None:
    """Add a headline at the top left, with a smaller line below.

    Args:
        figure: the figure.
        headline: text of the headline.
        detail: text of the smaller line.
    """
    width, height = figure.get_size_inches()
    lines = (
        figure.text(
            0.1 / width, 1 - 0.08 / height, headline,
            ha="left", va="top", fontsize=12.5, fontweight="bold",
        ),
        figure.text(0.1 / width, 1 - 0.34 / height, detail, ha="left", va="top", color=GREY),
    )  # fmt: skip
    for line in lines:
        if len(line.get_text()) > SHORT:  # names of any letters; to measure all takes time
            # Small letters are relatively wider, by their hinting.
            share = line.get_window_extent().width / (0.93 * (width - 0.2) * figure.dpi)
            line.set_fontsize(line.get_fontsize() / max(share, 1.0))


def caption(figure: Figure, text: str) -> None:
    """Add a small line at the bottom left.

    Args:
        figure: the figure.
        text: text of the line.
    """
    width, height = figure.get_size_inches()
    figure.text(0.1 / width, 0.07 / height, text, ha="left", va="bottom", fontsize=8, color=GREY)


def legend_above(axes: Axes, handles: Sequence[Any], labels: Sequence[str], columns: int) -> None:
    """Add a legend above the axes.

    Args:
        axes: the panel.
        handles: matplotlib artists, one per label.
        labels: texts of the legend.
        columns: number of columns.
    """
    # matplotlib omits labels that begin with an underscore.
    labels = [f" {text}" if text.startswith("_") else text for text in labels]
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns,
        borderaxespad=0.2, borderpad=0.1, handlelength=1.6, columnspacing=1.6,
    )  # fmt: skip


def legend_right(figure: Figure, handles: Sequence[Any]) -> None:
    """Add a legend of one line at the top right, below the headline.

    Args:
        figure: the figure.
        handles: matplotlib artists with labels.
    """
    width, height = figure.get_size_inches()
    legend = figure.legend(
        handles=handles, ncols=len(handles), loc="upper right",
        bbox_to_anchor=(1 - 0.05 / width, 1 - 0.25 / height),
        handlelength=1.4, columnspacing=1.6,
    )  # fmt: skip
    legend.set_in_layout(False)


def save_figure(figure: Figure, to: str | os.PathLike[str] | BinaryIO) -> None:
    """Write a figure as PNG, or as SVG if the name ends in .svg; equal figures give equal bytes.

    No date and no program name is stored.

    Args:
        figure: the figure.
        to: a path, or a binary file, which gets a PNG.

    Raises:
        OSError: if the file cannot be written.
    """
    if isinstance(to, str | os.PathLike):
        path = Path(to)
        path.write_bytes(picture_bytes(figure, "svg" if path.suffix.lower() == ".svg" else "png"))
    else:
        to.write(png_bytes(figure))


def png_bytes(figure: Figure) -> bytes:
    """Encode a figure as PNG."""
    return picture_bytes(figure, "png")


def picture_bytes(figure: Figure, kind: str) -> bytes:
    """Encode a figure; equal figures give equal bytes.

    Args:
        figure: the figure.
        kind: one of `FORMATS`. An SVG has letters as shapes, so that it needs no fonts.
    """
    buffer = io.BytesIO()
    metadata: dict[str, None] = (
        {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    )
    with style():
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
    return buffer.getvalue()
