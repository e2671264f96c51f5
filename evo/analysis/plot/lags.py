"""Draw the distances at which a network reads the history of many songs.

Each section has two charts over a common axis, the distance in steps back in the song. Below is a
row per song, darker for higher mean read weights, with rings at the repeat distances of the whole
song (`evo.music.repetition`). A song that has ended is grey. Above is a histogram of the bars of
all songs, by the distance with the highest read weight.

`evo.analysis.plot.history` draws one song, and says what a distance is.
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

from evo.analysis.plot.history import (
    BARS_PER_PHRASE,
    MAX_TICKS,
    Distances,
    bar_of,
    chart_pairs,
    checked_distances,
    checked_weights,
    draw_axis,
    name_highest,
    name_section,
    section_length,
    stands_out,
)
from evo.analysis.plot.records import WIDTH
from evo.analysis.plot.style import (
    BLUE,
    INK,
    VERMILLION,
    label,
    legend_right,
    new_figure,
    style,
    title,
)
from evo.music.repetition import peak_distances, repeat_distances
from evo.music.song import Song
from genomes.arrays import FloatArray, IntArray

MAX_SONGS = 60  # maximum rows in the map of songs
_MAP_COLUMNS = 4
_MAX_NAME = 24  # characters of a row's name
_ENDED_GREY, _DARK_ORANGE = "#E3E3E3", "#A65E00"
_PAPER_TO_BLUE = LinearSegmentedColormap.from_list("", ["white", BLUE, INK]).with_extremes(
    bad=_ENDED_GREY
)
_RING: dict[str, Any] = dict(
    marker="o", markersize=5, markerfacecolor="none", markeredgecolor=VERMILLION,
    markeredgewidth=0.8, linestyle="none",
)  # fmt: skip


def lags_figure(
    songs: Sequence[Song],
    weights: Sequence[NDArray[Any]],
    distances: Distances,
    held_out: int = 0,
) -> Figure:
    """Draw the read weights of every section of several songs.

    Above `MAX_SONGS` songs, evenly spaced ones have a row; the histograms count all.

    Args:
        songs: the songs.
        weights: one table per song, float (steps, distances), as in `reading_figure`.
        distances: increasing integers, steps back in the song, at least 1.
        held_out: number of songs at the end not learned from; they have another colour.

    Returns:
        A figure with a histogram and a map per section.

    Raises:
        ValueError: if there are no songs, or the weights or distances do not match them.
    """
    if not songs or len(weights) != len(songs):
        raise ValueError(f"weights: expected those of {len(songs)} songs, got {len(weights)}")
    readable = checked_distances(distances)
    tables = [
        checked_weights(song, table, readable) for song, table in zip(songs, weights, strict=True)
    ]
    steps = max(song.steps for song in songs)
    section = section_length(steps, BARS_PER_PHRASE * bar_of(songs[0]))
    starts = _merged(np.arange(0, steps, section), steps, bar_of(songs[0])).tolist()
    max_distance = int(readable[-1])
    shown = np.linspace(0, len(songs) - 1, min(len(songs), MAX_SONGS)).round().astype(int).tolist()
    repeats = [repeat_distances(songs[row], max_distance) for row in shown]

    columns = min(_MAP_COLUMNS, len(starts))
    rows = -(-len(starts) // columns)
    tall = max(0.8, 0.16 * len(shown))
    has_ended = False
    with style():
        figure = new_figure(WIDTH, 0.9 + rows * (1.5 + tall))
        charts = chart_pairs(figure, len(starts), columns, (0.9, tall))
        for index, (above, below) in enumerate(charts):
            part = slice(starts[index], [*starts, steps][index + 1])
            name_section(above, part.start, part.stop)
            _draw_peaks(above, songs, [table[part] for table in tables], readable)
            parts = [tables[row][part] for row in shown]
            _draw_map(below, parts, readable, repeats)
            has_ended |= not all(map(len, parts))
            for axes in (above, below):
                draw_axis(axes, max_distance, section // BARS_PER_PHRASE, MAX_TICKS // 2)
            if index % columns:
                below.set_yticks([])
                continue
            above.set_ylabel("bars", color=INK)
            below.set_yticks(
                range(len(shown)), [label(songs[row].name, _MAX_NAME) for row in shown]
            )
            below.tick_params(axis="y", length=0, labelsize=6.5)
            for row, text in zip(shown, below.get_yticklabels(), strict=True):
                text.set_color(INK if row < len(songs) - held_out else _DARK_ORANGE)
        _add_lags_words(figure, len(songs), len(shown), held_out, has_ended)
    return figure


def _merged(starts: IntArray, steps: int, bar: int) -> IntArray:
    """Return the first steps of sections; a last one of less than a bar is part of the one before.

    Args:
        starts: First steps.
        steps: Length of the song.
        bar: Steps per bar.
    """
    return starts[:-1] if len(starts) > 1 and steps - starts[-1] < bar else starts


def _draw_peaks(
    axes: Axes, songs: Sequence[Song], parts: Sequence[FloatArray], distances: IntArray
) -> None:
    """Draw the share of bars with the highest read weight at each distance."""
    peaks = np.concatenate(
        [
            peak_distances(part, distances, bar_of(song))
            for song, part in zip(songs, parts, strict=True)
        ]
    )
    found, counts = np.unique(peaks, return_counts=True)
    shares = counts / max(len(peaks), 1)
    axes.bar(found, shares, 0.9, color=BLUE, zorder=2, gid="peaks")
    axes.set_ylim(0.0, 1.25)
    axes.set_yticks([0, 1], ["0", "1"])
    if len(found) and stands_out(np.concatenate(parts).mean(axis=0)):
        name_highest(axes, found, shares, INK, weight="bold")


def _draw_map(
    axes: Axes, parts: Sequence[FloatArray], distances: IntArray, repeats: Sequence[IntArray]
) -> None:
    """Draw a row per song: its mean read weights, and rings at its repeats."""
    cells = np.zeros((len(parts), int(distances[-1])))
    for row, part in enumerate(parts):
        if len(part):
            cells[row, distances - 1] = part.mean(axis=0)
        else:
            cells[row] = np.nan
    axes.imshow(
        cells, cmap=_PAPER_TO_BLUE, vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest",
        extent=(0.5, cells.shape[1] + 0.5, len(parts) - 0.5, -0.5), gid="read",
    )  # fmt: skip
    known = [found if len(part) else found[:0] for found, part in zip(repeats, parts, strict=True)]
    x = np.concatenate(known)
    y = np.repeat(np.arange(len(known)), [len(found) for found in known])
    axes.plot(x, y, gid="repeats", **_RING)
    axes.set_ylim(len(parts) - 0.5, -0.5)


def _add_lags_words(figure: Figure, songs: int, rows: int, held_out: int, has_ended: bool) -> None:
    """Add the headline and legend of the figure of many songs."""
    detail = f"{songs} songs" if rows == songs else f"{songs} songs, {rows} of them with a row"
    if held_out:
        were = "one (orange) was" if held_out == 1 else f"{held_out} (orange) were"
        detail += f"; the last {were} not learned from"
    title(figure, "where the history is read", detail)
    handles: list[Any] = [
        Patch(facecolor=BLUE, label="read weight; bars that read most there"),
        Line2D([], [], label="the song repeats itself", **_RING),
    ]
    if has_ended:
        handles.append(Patch(facecolor=_ENDED_GREY, label="ended"))
    legend_right(figure, handles)
