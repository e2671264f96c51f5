"""Draw the distances at which a network reads its history, and the songs' repeats.

A song is cut into sections. Each section has two charts over a common axis, the distance in steps
back in the song. If a network reads at repeats, its weights and the repeats coincide.

    reading_figure  One song in detail. Below: the mean read weights of the section's steps, with
                    the highest labelled. Above: the song's autocorrelation, the share of the
                    section's notes that also began that many steps earlier on the same key.
                    Readable distances are shaded if some are not readable.
    lags_figure     Many songs. Below: a row per song, darker for higher mean read weights, with
                    rings at the repeat distances of the whole song (`evo.music.repetition`).
                    Above: a histogram of the bars of all songs, by the distance with the highest
                    read weight.

Distances count from the predicted step. A HistoryUser's input is the song delayed by one step
(`genomes.history_user.networks.delayed`), so its lag j reads the song at distance j + 1.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from evo.analysis.plot.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    ORANGE,
    VERMILLION,
    label,
    legend_right,
    new_figure,
    style,
    title,
)
from evo.music.repetition import peak_distances, repeat_distances, repeat_shares
from evo.music.song import Song
from genomes.arrays import FloatArray, IntArray

Distances = Sequence[int] | NDArray[np.integer[Any]]

MAX_SECTIONS = 8
BARS_PER_PHRASE = 4
MAX_TICKS = 12
MAX_SONGS = 60  # maximum rows in the map of songs
_MAP_COLUMNS = 4
_MAX_NAME = 24  # characters of a row's name
_MIN_AXIS = 8  # minimum range of the distance axis, in steps
_MIN_BAR_WIDTH = 1 / 250  # of a chart's width: minimum visible bar
_SONG_GREY = "#8C8C8C"
_PAPER_TO_BLUE = LinearSegmentedColormap.from_list("paper to blue", ["white", BLUE, INK])

_RING: dict[str, Any] = dict(
    marker="o", markersize=5, markerfacecolor="none", markeredgecolor=VERMILLION,
    markeredgewidth=0.8, linestyle="none",
)  # fmt: skip


def reading_figure(
    song: Song, weights: NDArray[Any], distances: Distances, section: int | None = None
) -> Figure:
    """Draw the mean read weights of each section with the song's repeats.

    Args:
        song: the song.
        weights: non-negative float (steps, distances), the read weights of each step; rows usually
            sum to 1.
        distances: increasing integers, steps back in the song, at least 1.
        section: steps per section; by default a phrase of four bars. If a song has more than
            `MAX_SECTIONS` of them, sections are two, three, ... times as long.

    Returns:
        A figure with a pair of charts per section.

    Raises:
        ValueError: if the weights or distances have another type or shape, or a section is below 1.
    """
    readable = _checked_distances(distances)
    starts = section_starts(song, section)
    lengths = np.diff(starts, append=song.steps)
    sums = np.add.reduceat(_checked_weights(song, weights, readable), starts, axis=0)
    means = sums / lengths[:, None]
    max_distance = max(int(readable[-1]), _MIN_AXIS)
    repeats = repeat_shares(song, max_distance, starts)
    has_gaps = len(readable) <= max_distance - int(readable[0])

    columns = min(2, len(starts))
    rows = -(-len(starts) // columns)
    with style():
        figure = new_figure(14, 0.75 + 2.1 * rows)
        charts = _chart_pairs(figure, len(starts), columns, (1.0, 1.5))
        for index, (above, below) in enumerate(charts):
            _name_section(above, int(starts[index]), int(starts[index] + lengths[index]))
            for axes in (above, below):
                _draw_axis(axes, max_distance, _bar(song), MAX_TICKS)
                if has_gaps:
                    _shade(axes, readable, max_distance)
            _draw_repeats(above, repeats[index])
            _draw_means(below, readable, means[index], max_distance, float(means.max()) or 1.0)
            if index % columns == 0:
                above.set_ylabel("song", color=INK)
                below.set_ylabel("read", color=INK)
        figure.align_ylabels([axes for pair in charts[::columns] for axes in pair])
        _add_reading_words(figure, song, has_gaps)
    return figure


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
    readable = _checked_distances(distances)
    tables = [
        _checked_weights(song, table, readable) for song, table in zip(songs, weights, strict=True)
    ]
    steps = max(song.steps for song in songs)
    section = _section_length(steps, BARS_PER_PHRASE * _bar(songs[0]))
    starts = range(0, steps, section)
    max_distance = int(readable[-1])
    shown = np.linspace(0, len(songs) - 1, min(len(songs), MAX_SONGS)).round().astype(int).tolist()
    repeats = [repeat_distances(songs[row], max_distance) for row in shown]

    columns = min(_MAP_COLUMNS, len(starts))
    rows = -(-len(starts) // columns)
    tall = max(0.8, 0.16 * len(shown))
    with style():
        figure = new_figure(14, 0.9 + rows * (1.5 + tall))
        charts = _chart_pairs(figure, len(starts), columns, (0.9, tall))
        for index, (above, below) in enumerate(charts):
            part = slice(starts[index], starts[index] + section)
            _name_section(above, part.start, min(part.stop, steps))
            _draw_peaks(above, songs, [table[part] for table in tables], readable)
            _draw_map(below, [tables[row][part] for row in shown], readable, repeats)
            for axes in (above, below):
                _draw_axis(axes, max_distance, section // BARS_PER_PHRASE, MAX_TICKS // 2)
            if index % columns:
                below.set_yticks([])
                continue
            above.set_ylabel("bars", color=INK)
            below.set_yticks(
                range(len(shown)), [label(songs[row].name, _MAX_NAME) for row in shown]
            )
            below.tick_params(axis="y", length=0, labelsize=6.5)
            for row, text in zip(shown, below.get_yticklabels(), strict=True):
                text.set_color(INK if row < len(songs) - held_out else ORANGE)
        _add_lags_words(figure, len(songs), len(shown), held_out)
    return figure


def section_starts(song: Song, section: int | None = None) -> IntArray:
    """Return the first step of every section; see `reading_figure`.

    Args:
        song: the song.
        section: steps per section; by default a phrase of four bars.

    Returns:
        int64 (sections,).

    Raises:
        ValueError: if a section is below 1.
    """
    length = BARS_PER_PHRASE * _bar(song) if section is None else operator.index(section)
    if length < 1:
        raise ValueError(f"section: expected at least 1 step, got {length}")
    return np.arange(0, song.steps, _section_length(song.steps, length), dtype=np.int64)


def _section_length(steps: int, length: int) -> int:
    """Return the smallest multiple of a length that needs at most `MAX_SECTIONS`."""
    return length * -(-steps // (length * MAX_SECTIONS))


def _bar(song: Song) -> int:
    """Return the steps per bar."""
    return song.bar


def _checked_weights(song: Song, weights: NDArray[Any], distances: IntArray) -> FloatArray:
    """Validate the read weights; return float64 (steps, distances)."""
    expected = (song.steps, len(distances))
    if weights.dtype.kind != "f" or weights.shape != expected:
        raise ValueError(
            f"weights: expected float {expected}, the song's steps and the distances, "
            f"got {weights.dtype} {weights.shape}"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights: expected finite numbers of at least 0")
    return weights.astype(np.float64)


def _checked_distances(distances: Distances) -> IntArray:
    """Validate distances: increasing integers of at least 1; return int64."""
    found = np.asarray(distances)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iu":
        raise ValueError(
            f"distances: expected whole numbers in a row, got {found.dtype} {found.shape}"
        )
    if found[0] < 1 or not (found[1:] > found[:-1]).all():
        raise ValueError("distances: expected rising numbers of at least 1")
    return found.astype(np.int64)


def _chart_pairs(
    figure: Figure, count: int, columns: int, heights: tuple[float, float]
) -> list[tuple[Axes, Axes]]:
    """Create pairs of charts, one above the other, row by row.

    The last row has axis labels.
    """
    rows = -(-count // columns)
    grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=heights * rows)
    pairs = [
        (grid[2 * row, column], grid[2 * row + 1, column])
        for row, column in np.ndindex(rows, columns)
    ]
    for unused in pairs[count:]:
        for axes in unused:
            axes.remove()
    for index, (above, below) in enumerate(pairs[:count]):
        above.tick_params(axis="x", labelbottom=False)
        # An empty label keeps the spacing of rows.
        below.set_xlabel("steps back in the song" if index // columns == rows - 1 else " ")
    return pairs[:count]


def _name_section(axes: Axes, start: int, stop: int) -> None:
    axes.set_title(f"steps {start} to {stop - 1}", loc="left", color=INK, pad=4)


def _draw_axis(axes: Axes, max_distance: int, bar: int, max_ticks: int) -> None:
    """Set the distance axis, with ticks at whole bars if they fit."""
    axes.set_xlim(0.0, max_distance + 1.0)
    step = max(1, max_distance // 4)
    if bar <= max_distance:
        step = bar * -(-max_distance // (bar * max_ticks))
    axes.set_xticks(np.arange(step, max_distance + 1, step))
    axes.tick_params(axis="x", length=2)
    axes.tick_params(axis="y", length=0, pad=2, labelsize=7.5)
    axes.spines["left"].set_visible(False)


def _shade(axes: Axes, distances: IntArray, max_distance: int) -> None:
    """Shade the readable distances."""
    width = _bar_width(max_distance, 1.0)
    axes.broken_barh(
        [(distance - width / 2, width) for distance in distances.tolist()], (0, 1),
        transform=axes.get_xaxis_transform(), facecolors=FAINT, linewidth=0, zorder=0,
        gid="can be read",
    )  # fmt: skip


def _bar_width(max_distance: int, usual: float) -> float:
    return max(usual, _MIN_BAR_WIDTH * max_distance)


def _name_highest(
    axes: Axes, distances: IntArray, heights: FloatArray, colour: str, **font: Any
) -> None:
    """Label the highest value with its distance."""
    best = int(heights.argmax())
    axes.annotate(
        str(distances[best]), (float(distances[best]), float(heights[best])), (0, 1.5),
        textcoords="offset points", ha="center", va="bottom", fontsize=8, color=colour, zorder=4,
        **font,
    )  # fmt: skip


def _draw_repeats(axes: Axes, shares: FloatArray) -> None:
    """Draw a section's autocorrelation, float64 (distances,) from distance 1."""
    edges = np.arange(len(shares) + 1) + 0.5
    axes.stairs(shares, edges, fill=True, color=_SONG_GREY, linewidth=0, zorder=2, gid="song")
    axes.set_ylim(0.0, 1.4)  # space for the label above a share of 1
    axes.set_yticks([0, 1], ["0", "1"])
    if shares.any():
        _name_highest(axes, np.arange(1, len(shares) + 1), shares, GREY)


def _draw_means(
    axes: Axes, distances: IntArray, means: FloatArray, max_distance: int, highest: float
) -> None:
    """Draw the mean read weights of a section, with a scale up to `highest`."""
    axes.bar(distances, means, _bar_width(max_distance, 0.84), color=BLUE, zorder=2, gid="read")
    axes.set_ylim(0.0, 1.25 * highest)
    axes.locator_params(axis="y", nbins=3)
    _name_highest(axes, distances, means, INK, weight="bold")


def _draw_peaks(
    axes: Axes, songs: Sequence[Song], parts: Sequence[FloatArray], distances: IntArray
) -> None:
    """Draw the share of bars with the highest read weight at each distance."""
    peaks = np.concatenate(
        [
            peak_distances(part, distances, _bar(song))
            for song, part in zip(songs, parts, strict=True)
        ]
    )
    found, counts = np.unique(peaks, return_counts=True)
    shares = counts / max(len(peaks), 1)
    axes.bar(found, shares, 0.9, color=BLUE, zorder=2, gid="peaks")
    axes.set_ylim(0.0, 1.25)
    axes.set_yticks([0, 1], ["0", "1"])
    if len(found):
        _name_highest(axes, found, shares, INK, weight="bold")


def _draw_map(
    axes: Axes, parts: Sequence[FloatArray], distances: IntArray, repeats: Sequence[IntArray]
) -> None:
    """Draw a row per song: its mean read weights, and rings at its repeats."""
    cells = np.zeros((len(parts), int(distances[-1])))
    for row, part in enumerate(parts):
        if len(part):
            cells[row, distances - 1] = part.mean(axis=0)
    axes.imshow(
        cells, cmap=_PAPER_TO_BLUE, vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest",
        extent=(0.5, cells.shape[1] + 0.5, len(parts) - 0.5, -0.5), gid="read",
    )  # fmt: skip
    x = np.concatenate(repeats)
    y = np.repeat(np.arange(len(repeats)), [len(distances) for distances in repeats])
    axes.plot(x, y, gid="repeats", **_RING)
    axes.set_ylim(len(parts) - 0.5, -0.5)


def _add_reading_words(figure: Figure, song: Song, has_gaps: bool) -> None:
    """Add the headline and legend of one song's figure."""
    headline = "where the history is read"
    if song.name:
        headline = f"{label(song.name)}: {headline}"
    title(figure, headline, "by distance, section by section; the highest is named")
    words = "share of the notes that sounded so many steps before as well"
    handles = [
        Patch(facecolor=_SONG_GREY, label=words),
        Patch(facecolor=BLUE, label="mean read weight"),
    ]
    if has_gaps:
        handles.append(Patch(facecolor=FAINT, label="can be read"))
    legend_right(figure, handles)


def _add_lags_words(figure: Figure, songs: int, rows: int, held_out: int) -> None:
    """Add the headline and legend of the figure of many songs."""
    detail = f"{songs} songs" if rows == songs else f"{songs} songs, {rows} of them with a row"
    if held_out:
        were = "one (orange) was" if held_out == 1 else f"{held_out} (orange) were"
        detail += f"; the last {were} not learned from"
    title(figure, "where the history is read", detail)
    handles = [
        Patch(facecolor=BLUE, label="mean read weight; bars that read most there"),
        Line2D([], [], label="the song repeats itself", **_RING),
    ]
    legend_right(figure, handles)
