"""What a figure says and shows."""

from typing import Any

from matplotlib.figure import Figure


def words(figure: Figure) -> str:
    """All the text of a figure."""
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
    """The shapes of all collections that go by a name."""
    return [
        path
        for axes in figure.axes
        for collection in axes.collections
        if collection.get_gid() == gid
        for path in collection.get_paths()
    ]
