"""The texts and shapes of a figure."""

from typing import Any

from matplotlib.figure import Figure


def words(figure: Figure) -> str:
    """Return all the text of a figure."""
    found, titles = list(figure.texts), []
    for legend in figure.legends:
        found += legend.get_texts()
    for axes in figure.axes:
        found += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        titles += [axes.get_title(), axes.get_title(loc="left")]
        inside = axes.get_legend()
        found += inside.get_texts() if inside else []
    return "\n".join([*titles, *(text.get_text() for text in found)])


def shapes(figure: Figure, gid: str) -> list[Any]:
    """Return the shapes of all collections with this name."""
    return [
        path
        for axes in figure.axes
        for collection in axes.collections
        if collection.get_gid() == gid
        for path in collection.get_paths()
    ]
