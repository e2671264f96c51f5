"""Where a network reads its own past in many songs, and where each of them repeats itself.

Every section of the songs has two charts over one axis, the distance: how many steps back in the
song. The histogram above counts bars: in what share of the section's bars, of all songs, the mean
read weight is the highest at each distance. The map below has a row a song: its mean read weights
in the section, the darker the more, and a ring at every distance at which the whole song repeats
itself (`evo.music.repetition`). Who reads where songs repeat themselves has dark cells in the
rings.

Distances are those of `evo.analysis.plot.reading`, which draws one song in more detail.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from evo.analysis.plot.reading import BARS_A_PHRASE, checked_distances, checked_weights
from evo.analysis.plot.style import (
    BLUE,
    INK,
    ORANGE,
    VERMILLION,
    label,
    legend_right,
    new_figure,
    style,
    title,
)
from evo.music.melody import BEATS_A_BAR
from evo.music.repetition import peak_distances, repeat_distances
from evo.music.song import Song

COLUMNS = 4
MOST_SECTIONS = 8
MOST_SONGS = 60
LONGEST_NAME = 24
_PAPER_TO_BLUE = LinearSegmentedColormap.from_list("paper to blue", ["white", BLUE, INK])


def lags_figure(
    songs: Sequence[Song],
    weights: Sequence[NDArray[Any]],
    distances: Sequence[int] | NDArray[np.integer[Any]],
    held_out: int = 0,
) -> Figure:
    """Draw the read weights of every section of some songs.

    Of more than `MOST_SONGS` songs the rows of some are left out, evenly; the histograms have all.

    Args:
        weights: of every song, float (steps, distances), as `reading_figure` takes them.
        distances: rising whole numbers, steps back in the song, at least 1.
        held_out: how many songs at the end were not learned from; they have another colour.

    Raises:
        ValueError: for no songs, or weights or distances of another number, type or shape.
    """
    if not songs or len(weights) != len(songs):
        raise ValueError(f"weights: expected those of {len(songs)} songs, got {len(weights)}")
    places = checked_distances(distances)
    tables = [checked_weights(*one, places) for one in zip(songs, weights, strict=True)]
    steps = max(song.steps for song in songs)
    section = BARS_A_PHRASE * BEATS_A_BAR * songs[0].steps_per_beat
    section *= -(-steps // (section * MOST_SECTIONS))
    starts = range(0, steps, section)
    longest = int(places[-1])
    rows = _rows(len(songs))
    repeats = [repeat_distances(songs[row], longest) for row in rows]

    columns = min(COLUMNS, len(starts))
    lines = -(-len(starts) // columns)
    tall = max(0.8, 0.16 * len(rows))
    with style():
        figure = new_figure(14, 0.9 + lines * (1.5 + tall))
        panels = figure.subplots(
            2 * lines, columns, squeeze=False, height_ratios=[0.9, tall] * lines
        )
        for place in range(lines * columns):
            line, column = divmod(place, columns)
            above, below = panels[2 * line, column], panels[2 * line + 1, column]
            if place >= len(starts):
                above.remove()
                below.remove()
                continue
            here = slice(starts[place], starts[place] + section)
            above.set_title(
                f"steps {here.start} to {min(here.stop, steps) - 1}", loc="left", color=INK, pad=4
            )
            _draw_peaks(above, songs, tables, places, here)
            _draw_songs(below, [tables[row][here] for row in rows], places, repeats)
            for axes in (above, below):
                _draw_axis(axes, longest, section // BARS_A_PHRASE)
            above.tick_params(axis="x", labelbottom=False)
            if column == 0:
                above.set_ylabel("bars", color=INK)
                _name_songs(below, [songs[row] for row in rows], len(songs) - held_out, rows)
            else:
                below.set_yticks([])
            below.set_xlabel("steps back in the song" if line == lines - 1 else " ")
        _add_words(figure, len(songs), len(rows), held_out)
    return figure


def _rows(songs: int) -> list[int]:
    """The songs that have a row, the first and the last among them."""
    shown = np.linspace(0, songs - 1, min(songs, MOST_SONGS)).round()
    return [int(row) for row in shown]


def _draw_peaks(
    axes: Axes,
    songs: Sequence[Song],
    tables: Sequence[NDArray[np.float64]],
    places: NDArray[np.int64],
    here: slice,
) -> None:
    """The share of a section's bars, of all songs, that read most at each distance."""
    peaks = np.concatenate(
        [
            peak_distances(table[here], places, BEATS_A_BAR * song.steps_per_beat)
            for song, table in zip(songs, tables, strict=True)
        ]
    )
    found, counts = np.unique(peaks, return_counts=True)
    shares = counts / max(len(peaks), 1)
    axes.bar(found, shares, 0.9, color=BLUE, zorder=2, gid="peaks")
    axes.set_ylim(0.0, 1.25)
    axes.set_yticks([0, 1], ["0", "1"])
    axes.tick_params(axis="y", length=0, pad=2, labelsize=7.5)
    if len(found):
        best = int(shares.argmax())
        axes.annotate(
            str(found[best]), (found[best], shares[best]), (0, 1.5), textcoords="offset points",
            ha="center", va="bottom", fontsize=8, color=INK, fontweight="bold",
        )  # fmt: skip


def _draw_songs(
    axes: Axes,
    parts: Sequence[NDArray[np.float64]],
    places: NDArray[np.int64],
    repeats: Sequence[NDArray[np.int64]],
) -> None:
    """A row a song: mean read weights, and rings where it repeats itself."""
    cells = np.zeros((len(parts), int(places[-1])))
    for row, part in enumerate(parts):
        if len(part):
            cells[row, places - 1] = part.mean(axis=0)
    axes.imshow(
        cells, cmap=_PAPER_TO_BLUE, vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest",
        extent=(0.5, cells.shape[1] + 0.5, len(parts) - 0.5, -0.5), gid="read",
    )  # fmt: skip
    x = np.concatenate(repeats)
    y = np.repeat(np.arange(len(repeats)), [len(one) for one in repeats])
    axes.plot(
        x, y, "o", markersize=5, markerfacecolor="none", markeredgecolor=VERMILLION,
        markeredgewidth=0.8, linestyle="none", gid="repeats",
    )  # fmt: skip
    axes.set_ylim(len(parts) - 0.5, -0.5)


def _draw_axis(axes: Axes, longest: int, bar: int) -> None:
    axes.set_xlim(0.0, longest + 1.0)
    step = 2 * bar * -(-longest // (bar * 12)) if bar <= longest else max(1, longest // 4)
    axes.set_xticks(np.arange(step, longest + 1, step))
    axes.tick_params(axis="x", length=2)
    axes.spines["left"].set_visible(False)


def _name_songs(axes: Axes, songs: Sequence[Song], learned: int, rows: Sequence[int]) -> None:
    names = [label(song.name, LONGEST_NAME) for song in songs]
    axes.set_yticks(range(len(songs)), names)
    axes.tick_params(axis="y", length=0, labelsize=6.5)
    for row, text in zip(rows, axes.get_yticklabels(), strict=True):
        text.set_color(INK if row < learned else ORANGE)


def _add_words(figure: Figure, songs: int, rows: int, held_out: int) -> None:
    detail = f"{songs} songs" if rows == songs else f"{songs} songs, {rows} of them with a row"
    if held_out:
        were = "one (orange) was" if held_out == 1 else f"{held_out} (orange) were"
        detail += f"; the last {were} not learned from"
    title(figure, "where the history is read", detail)
    handles = [
        Patch(facecolor=BLUE, label="mean read weight; bars that read most there"),
        Line2D(
            [], [], marker="o", markersize=5, markerfacecolor="none", markeredgecolor=VERMILLION,
            linestyle="none", label="the song repeats itself",
        ),
    ]  # fmt: skip
    legend_right(figure, handles)
