"""HTML of songs, runs and tables for notebooks.

Every text is escaped: names of songs, reasons and figures come from files. Pictures and sounds are
in the HTML itself, so that a stored notebook shows them.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from matplotlib.figure import Figure

from evo.analysis.plot import png_bytes, song_figure
from evo.core.errors import printable
from evo.music.song import Song
from evo.music.sound import notebook_bytes

MAX_PLAYED = 120.0  # seconds; a longer song would make the notebook too large
_LONGEST = 300  # characters of a text
_CELL = "text-align:left;padding:2px 10px 2px 0"


def text(value: Any) -> str:
    """Return a value as escaped text in one line, cut if it is long."""
    line = printable(str(value))
    return escape(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…")


def song_html(song: Song) -> str:
    """Return a song's roll and a player of its sound.

    The player is left out above `MAX_PLAYED` seconds.
    """
    picture = figure_html(song_figure(song), repr(song))
    if song.duration > MAX_PLAYED:
        return f"{picture}<p>{song.duration:,.0f} seconds: play() returns a player.</p>"
    content, media_type = notebook_bytes(song)
    source = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    return f'{picture}<audio controls style="display:block" src="{source}"></audio>'


def figure_html(figure: Figure, description: str) -> str:
    """Return a figure as an image of the notebook's width at most.

    Args:
        figure: The figure.
        description: Text in place of the image.
    """
    width = round(figure.get_size_inches()[0] * 80)
    data = base64.b64encode(png_bytes(figure)).decode()
    return (
        f'<img src="data:image/png;base64,{data}" alt="{text(description)}" '
        f'style="width:{width}px;max-width:100%;background:white">'
    )


def facts_html(title: str, facts: Mapping[str, Any]) -> str:
    """Return facts as a table of two columns, below a title.

    Args:
        title: The title.
        facts: Values by name; those that are None are left out.
    """
    rows = "".join(
        f'<tr><th style="{_CELL}">{text(name)}</th><td style="{_CELL}">{text(value)}</td></tr>'
        for name, value in facts.items()
        if value is not None
    )
    return f"<div><b>{text(title)}</b><table>{rows}</table></div>"


def table_html(title: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table below a title.

    Args:
        title: The title.
        names: Names of the columns.
        rows: The cells of every row.
    """
    head = "".join(f'<th style="{_CELL}">{text(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{text(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f"<div><b>{text(title)}</b><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )
