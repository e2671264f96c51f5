"""Draw the distances at which a network reads its history, and the song's repeats.

A song is cut into sections. Each section has two charts over a common axis, the distance in steps
back in the song. Below are the mean read weights of the section's steps. Above is the song's
autocorrelation, the share of the section's notes that also began that many steps earlier on the
same key. If a network reads at repeats, its weights and the repeats coincide. Readable distances
are shaded if some are not readable.

The highest distance has a label only if its weight stands out from that of equal reading, as it
does not in an untrained network.

Distances count from the predicted step. A HistoryUser's input is the song delayed by one step
(`genomes.history_user.networks.delayed`), so its lag j reads the song at distance j + 1.
`evo.analysis.plot.lags` draws many songs.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from evo.analysis.plot.records import WIDTH
from evo.analysis.plot.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    label,
    legend_right,
    new_figure,
    style,
    title,
)
from evo.music.repetition import repeat_shares
from evo.music.song import Song
from genomes.arrays import FloatArray, IntArray

Distances = Sequence[int] | NDArray[np.integer[Any]]

MAX_SECTIONS = 8
BARS_PER_PHRASE = 4
MAX_TICKS = 12
_MIN_AXIS = 8  # minimum range of the distance axis, in steps
_MIN_BAR_WIDTH = 1 / 250  # of a chart's width: minimum visible bar
_SONG_GREY = "#8C8C8C"
_STANDS_OUT = 4.0  # times the weight of equal reading


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
    readable = checked_distances(distances)
    starts = section_starts(song, section)
    lengths = np.diff(starts, append=song.steps)
    sums = np.add.reduceat(checked_weights(song, weights, readable), starts, axis=0)
    means = sums / lengths[:, None]
    max_distance = max(int(readable[-1]), _MIN_AXIS)
    repeats = repeat_shares(song, max_distance, starts)
    has_gaps = len(readable) <= max_distance - int(readable[0])

    columns = min(2, len(starts))
    rows = -(-len(starts) // columns)
    with style():
        figure = new_figure(WIDTH, 0.75 + 2.1 * rows)
        charts = chart_pairs(figure, len(starts), columns, (1.0, 1.5))
        for index, (above, below) in enumerate(charts):
            name_section(above, int(starts[index]), int(starts[index] + lengths[index]))
            for axes in (above, below):
                draw_axis(axes, max_distance, bar_of(song), MAX_TICKS)
                if has_gaps:
                    _shade(axes, readable, max_distance)
            _draw_repeats(above, repeats[index])
            _draw_means(below, readable, means[index], max_distance, float(means.max()) or 1.0)
            if index % columns == 0:
                above.set_ylabel("song", color=INK)
                below.set_ylabel("read", color=INK)
        figure.align_ylabels([axes for pair in charts[::columns] for axes in pair])
        _add_reading_words(figure, song, has_gaps, any(map(stands_out, means)))
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
    length = BARS_PER_PHRASE * bar_of(song) if section is None else operator.index(section)
    if length < 1:
        raise ValueError(f"section: expected at least 1 step, got {length}")
    return np.arange(0, song.steps, section_length(song.steps, length), dtype=np.int64)


def section_length(steps: int, length: int) -> int:
    """Return the smallest multiple of a length that needs at most `MAX_SECTIONS`."""
    return length * -(-steps // (length * MAX_SECTIONS))


def bar_of(song: Song) -> int:
    """Return the steps per bar."""
    return song.bar


def checked_weights(song: Song, weights: NDArray[Any], distances: IntArray) -> FloatArray:
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


def checked_distances(distances: Distances) -> IntArray:
    """Validate distances: increasing integers of at least 1; return int64."""
    found = np.asarray(distances)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iu":
        raise ValueError(
            f"distances: expected whole numbers in a row, got {found.dtype} {found.shape}"
        )
    if found[0] < 1 or not (found[1:] > found[:-1]).all():
        raise ValueError("distances: expected rising numbers of at least 1")
    return found.astype(np.int64)


def chart_pairs(
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


def name_section(axes: Axes, start: int, stop: int) -> None:
    """Write the steps of a section above its charts."""
    axes.set_title(f"steps {start} to {stop - 1}", loc="left", color=INK, pad=4)


def draw_axis(axes: Axes, max_distance: int, bar: int, max_ticks: int) -> None:
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


def stands_out(weights: FloatArray) -> bool:
    """Return whether the highest of some read weights is far above equal reading."""
    share = float(weights.max()) / max(float(weights.sum()), 1e-300)
    return share > min(_STANDS_OUT / len(weights), 0.55)


def name_highest(
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
        name_highest(axes, np.arange(1, len(shares) + 1), shares, GREY)


def _draw_means(
    axes: Axes, distances: IntArray, means: FloatArray, max_distance: int, highest: float
) -> None:
    """Draw the mean read weights of a section, with a scale up to `highest`."""
    axes.bar(distances, means, _bar_width(max_distance, 0.84), color=BLUE, zorder=2, gid="read")
    axes.set_ylim(0.0, 1.25 * highest)
    axes.locator_params(axis="y", nbins=3)
    if stands_out(means):
        name_highest(axes, distances, means, INK, weight="bold")


def _add_reading_words(figure: Figure, song: Song, has_gaps: bool, named: bool) -> None:
    """Add the headline and legend of one song's figure."""
    headline = "where the history is read"
    if song.name:
        headline = f"{label(song.name)}: {headline}"
    title(
        figure, headline, "the highest of a section is named" if named else "no distance stands out"
    )
    words = "share of the notes that sounded so many steps before as well"
    handles = [
        Patch(facecolor=_SONG_GREY, label=words),
        Patch(facecolor=BLUE, label="mean read weight"),
    ]
    if has_gaps:
        handles.append(Patch(facecolor=FAINT, label="can be read"))
    legend_right(figure, handles)
