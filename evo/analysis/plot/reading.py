"""Where a network reads its own past while it follows a song, and where the song repeats itself.

Each section of the song has a panel of two charts over one axis, the distance: how many steps back
in the song. The bars below are the mean read weights of the section's steps, by distance, with the
highest named; the silhouette above is the song's own autocorrelation: the share of the section's
notes that began that many steps before as well, on the same key. Whoever reads where the song
repeats has its bars below the peaks. Where not all distances can be read, those that can be are
shaded.

A distance is counted from the step that is to be played, and a HistoryUser hears the song delayed
by one step (`genomes.history_user.networks.hear`): its lag j reads the song at distance j + 1.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

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
from evo.music.melody import BEATS_A_BAR
from evo.music.repetition import repeat_shares
from evo.music.song import Song

MOST_SECTIONS = 8
BARS_A_PHRASE = 4
SONG = "#8C8C8C"
MOST_TICKS = 12
SHORTEST_AXIS = 8  # steps back, however little can be read
THINNEST = 1 / 250  # of a panel's width: a bar that can still be seen


def reading_figure(
    song: Song,
    weights: NDArray[Any],
    distances: Sequence[int] | NDArray[np.integer[Any]],
    section: int | None = None,
) -> Figure:
    """Draw the mean read weights of every section of a song over the song's own repeats.

    Args:
        weights: float (steps, distances), how much each step reads at each distance, nowhere
            negative; rows usually of sum 1.
        distances: rising whole numbers, steps back in the song, at least 1.
        section: steps in a section; by default four bars of four beats. A song of more than
            `MOST_SECTIONS` such sections gets sections of two, three, ... times the length.

    Raises:
        ValueError: for weights or distances of another type or shape, or a section below 1.
    """
    places = checked_distances(distances)
    starts = section_starts(song, section)
    means = _sums(checked_weights(song, weights, places), starts) / _lengths(song, starts)[:, None]
    longest = max(int(places[-1]), SHORTEST_AXIS)
    repeats = repeat_shares(song, longest, starts)

    columns = min(2, len(starts))
    rows = -(-len(starts) // columns)
    highest = float(means.max()) or 1.0
    with style():
        figure = new_figure(14, 0.75 + 2.1 * rows)
        panels = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[1.0, 1.5] * rows)
        for place, start in enumerate(starts):
            row, column = divmod(place, columns)
            above, below = panels[2 * row, column], panels[2 * row + 1, column]
            stop = song.steps if place + 1 == len(starts) else int(starts[place + 1])
            above.set_title(f"steps {start} to {stop - 1}", loc="left", color=INK, pad=4)
            for axes in (above, below):
                _draw_paper(axes, song, places, longest)
            _draw_song(above, repeats[place])
            _draw_reading(below, places, means[place], longest, highest)
            if column == 0:
                above.set_ylabel("song", color=INK)
                below.set_ylabel("read", color=INK)
            # An empty label keeps the rows apart.
            below.set_xlabel("steps back in the song" if row == rows - 1 else " ")
        for place in range(len(starts), rows * columns):
            row, column = divmod(place, columns)
            panels[2 * row, column].remove()
            panels[2 * row + 1, column].remove()
        figure.align_ylabels(panels[:, 0])
        _add_words(figure, song, shaded=_has_gaps(places, longest))
    return figure


def section_starts(song: Song, section: int | None = None) -> NDArray[np.int64]:
    """The first step of every section, at most `MOST_SECTIONS`; see `reading_figure`."""
    if section is None:
        section = BARS_A_PHRASE * BEATS_A_BAR * song.steps_per_beat
    section = operator.index(section)
    if section < 1:
        raise ValueError(f"section: expected at least 1 step, got {section}")
    section *= -(-song.steps // (section * MOST_SECTIONS))
    return np.arange(0, song.steps, section, dtype=np.int64)


def checked_weights(
    song: Song, weights: NDArray[Any], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The read weights of a song, float64; ValueError for another type or shape."""
    wanted = (song.steps, len(places))
    if weights.dtype.kind != "f" or weights.shape != wanted:
        raise ValueError(
            f"weights: expected float {wanted}, the song's steps and the distances, "
            f"got {weights.dtype} {weights.shape}"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights: expected finite numbers of at least 0")
    return weights.astype(np.float64)


def checked_distances(
    distances: Sequence[int] | NDArray[np.integer[Any]],
) -> NDArray[np.int64]:
    """The distances as an array; ValueError for what are no rising whole numbers from 1."""
    places = np.asarray(distances)
    if places.ndim != 1 or not places.size or places.dtype.kind not in "iu":
        raise ValueError(
            f"distances: expected whole numbers in a row, got {places.dtype} {places.shape}"
        )
    if places[0] < 1 or not (places[1:] > places[:-1]).all():
        raise ValueError("distances: expected rising numbers of at least 1")
    return places.astype(np.int64)


def _sums(rows: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The sums of each section's rows."""
    sums: NDArray[np.float64] = np.add.reduceat(rows, starts, axis=0)
    return sums


def _lengths(song: Song, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(starts, append=song.steps)


def _draw_paper(axes: Axes, song: Song, places: NDArray[np.int64], longest: int) -> None:
    """What lies below either chart: the distances that can be read, and those of whole bars."""
    axes.set_xlim(0.0, longest + 1.0)
    if _has_gaps(places, longest):
        width = _width(longest, 1.0)
        axes.broken_barh(
            [(place - width / 2, width) for place in places.tolist()], (0, 1),
            transform=axes.get_xaxis_transform(), facecolors=FAINT, linewidth=0, zorder=0,
            gid="can be read",
        )  # fmt: skip
    bar = BEATS_A_BAR * song.steps_per_beat
    step = bar * -(-longest // (bar * MOST_TICKS)) if bar <= longest else max(1, longest // 4)
    axes.set_xticks(np.arange(step, longest + 1, step))
    axes.tick_params(axis="x", length=2)
    axes.tick_params(axis="y", length=0, pad=2, labelsize=7.5)
    axes.spines["left"].set_visible(False)


def _draw_song(axes: Axes, shares: NDArray[np.float64]) -> None:
    edges = np.arange(len(shares) + 1) + 0.5
    axes.stairs(shares, edges, fill=True, color=SONG, linewidth=0, zorder=2, gid="song")
    axes.set_ylim(0.0, 1.4)  # room for the number above a share of 1
    axes.set_yticks([0, 1], ["0", "1"])
    axes.tick_params(axis="x", labelbottom=False)
    if shares.any():
        best = int(shares.argmax())
        _name_distance(axes, best + 1, float(shares[best]), GREY)


def _draw_reading(
    axes: Axes,
    places: NDArray[np.int64],
    means: NDArray[np.float64],
    longest: int,
    highest: float,
) -> None:
    axes.bar(places, means, _width(longest, 0.84), color=BLUE, zorder=2, gid="read")
    axes.set_ylim(0.0, 1.25 * highest)
    axes.locator_params(axis="y", nbins=3)
    best = int(means.argmax())
    _name_distance(axes, int(places[best]), float(means[best]), INK, weight="bold")


def _name_distance(axes: Axes, distance: int, height: float, colour: str, **font: Any) -> None:
    axes.annotate(
        str(distance), (distance, height), (0, 1.5), textcoords="offset points",
        ha="center", va="bottom", fontsize=8, color=colour, zorder=4, **font,
    )  # fmt: skip


def _has_gaps(places: NDArray[np.int64], longest: int) -> bool:
    """Whether one distance from the first to the end of the axis cannot be read."""
    return len(places) <= longest - int(places[0])


def _width(longest: int, usual: float) -> float:
    return max(usual, THINNEST * longest)


def _add_words(figure: Figure, song: Song, shaded: bool) -> None:
    headline = "where the history is read"
    if song.name:
        headline = f"{label(song.name)}: {headline}"
    title(figure, headline, "by distance, section by section; the highest is named")
    handles = [
        Patch(facecolor=SONG, label="share of the notes that sounded so many steps before as well"),
        Patch(facecolor=BLUE, label="mean read weight"),
    ]
    if shaded:
        handles.append(Patch(facecolor=FAINT, label="can be read"))
    legend_right(figure, handles)
