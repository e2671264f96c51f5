"""Draw how the species of a run share its population, as in NEAT papers.

Each species is a band as high as its size, the oldest at the bottom. Its number determines its
colour in every figure, and is written in large bands. A panel below shows the number of species.
Logs without sizes have that panel only.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.lib.stride_tricks import sliding_window_view

from evo.analysis.plot.records import WIDTH, Record, Series, draw_line, series, stretch_of
from evo.analysis.plot.style import GREEN, INK, caption, count, label, new_figure, style, title
from genomes.arrays import FloatArray, IntArray

# Paul Tol's "muted" scheme, alternating dark and light to separate neighbours; then in tints.
MUTED = (
    "#4B3FA0", "#DDCC77", "#117733", "#E08A99", "#88CCEE",
    "#882255", "#44AA99", "#B5B54A", "#AA4499",
)  # fmt: skip
TINTS = (0.0, 0.3, 0.55)
# Minimum size of a band for its number.
NAMED_HEIGHT, NAMED_LIFE = 0.07, 0.04  # of the population, of the run


def colour_of(species: int) -> tuple[float, float, float]:
    """Return the colour of a species, by its number."""
    tint = TINTS[species // len(MUTED) % len(TINTS)]
    red, green, blue = (c + (1 - c) * tint for c in to_rgb(MUTED[species % len(MUTED)]))
    return red, green, blue


def species_table(records: Sequence[Record]) -> tuple[list[int], IntArray]:
    """Return all species numbers in order, and their sizes: int64 (records, species)."""
    found: list[dict[int, int]] = []
    for record in records:
        sizes = (record.get("engine") or {}).get("species_sizes") or {}
        found.append({int(number): int(members) for number, members in sizes.items()})
    numbers = sorted(set().union(*found))
    columns = {number: column for column, number in enumerate(numbers)}
    table = np.zeros((len(records), len(numbers)), np.int64)
    for row, sizes_then in enumerate(found):
        for number, members in sizes_then.items():
            table[row, columns[number]] = members
    return numbers, table


def species_figure(records: Sequence[Record], name: str = "") -> Figure:
    """Draw the species of a run; for a long run, every nth generation.

    Args:
        records: records of the log.
        name: name of the run, for the title.

    Raises:
        ValueError: if there are no records.
    """
    if not records:
        raise ValueError("records: there is none yet, nothing to draw")
    every = stretch_of(len(records))
    kept = np.unique([*range(0, len(records), every), len(records) - 1])
    numbers, table = species_table(records)
    counted = series(records, "engine", "species")
    if counted.empty and numbers:
        counted = Series(counted.generations, (table > 0).sum(axis=1).astype(np.float64))
    x, counts = counted.generations[kept], counted.values[kept]
    remark = ""
    if not numbers and not counted.empty:
        remark = "The log holds no sizes of species."
    elif every > 1:
        remark = f"One of {every} generations is drawn."
    heights = [3.4, 0.9] if numbers else [1.8]
    with style():
        figure = new_figure(WIDTH, 1.2 + sum(heights), foot=0.25 if remark else 0.0)
        *above, below = figure.subplots(
            len(heights), 1, sharex=True, squeeze=False, height_ratios=heights
        )[:, 0]
        for axes in above:
            axes.set_ylabel("individuals")
            _draw_bands(axes, x, numbers, table[kept])
        _draw_counts(below, x, counts)
        below.set_xlim(x[0] - 0.5 * (len(x) == 1), x[-1] + 0.5 * (len(x) == 1))
        figure.align_ylabels()
        detail = count(len(records), "generation")
        if numbers:
            lived, left = len(numbers), int((table[-1] > 0).sum())
            detail += f"; {lived} species lived, {left} in the last generation"
        title(figure, f"species of {label(name)}" if name else "species", detail)
        caption(figure, remark)
    return figure


def _draw_bands(axes: Axes, x: IntArray, numbers: Sequence[int], table: IntArray) -> None:
    if len(x) == 1:  # draw one generation as a bar
        x, table = x[0] + np.array([-0.4, 0.4]), np.repeat(table, 2, axis=0)
    top = np.cumsum(table, axis=1)
    size = int(top[:, -1].max())
    max_living = int((table > 0).sum(axis=1).max())  # many borders would hide the bands
    for column, number in enumerate(numbers):
        lived = np.flatnonzero(table[:, column])
        if not len(lived):
            continue
        # Extend by one generation on both sides, where the band tapers to zero.
        part = slice(max(0, int(lived[0]) - 1), int(lived[-1]) + 2)
        high = top[part, column]
        low = high - table[part, column]
        axes.fill_between(
            x[part], low, high, color=colour_of(number), edgecolor="white",
            linewidth=0.5 * min(1.0, 20 / max(max_living, 1)),
            gid=f"species {number}",
        )  # fmt: skip
        _write_number(axes, number, x[part], low, high, size, len(table))
    axes.set_ylim(0, size)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))


def _write_number(
    axes: Axes, number: int, x: IntArray, low: IntArray, high: IntArray, size: int, rows: int
) -> None:
    """Write a species' number in the middle of its longest stretch with room."""
    # A number is wider than a generation, so find the space free over its whole width.
    around = rows // 80
    low = np.pad(low, around, "edge")
    high = np.pad(high, around, "edge")
    low = sliding_window_view(low, 2 * around + 1).max(axis=1)
    high = sliding_window_view(high, 2 * around + 1).min(axis=1)
    roomy = np.flatnonzero(high - low >= NAMED_HEIGHT * size)
    # The longest stretch with enough room, and its middle.
    stretches = np.split(roomy, np.flatnonzero(np.diff(roomy) > 1) + 1)
    longest = max(stretches, key=len)
    if len(longest) < max(2, NAMED_LIFE * rows):
        return
    middle = longest[len(longest) // 2]
    at = (x[0] + x[-1]) / 2 if rows == 2 else x[middle]
    luminance = float(np.dot(colour_of(number), (0.299, 0.587, 0.114)))
    axes.text(
        at, (low[middle] + high[middle]) / 2, str(number), ha="center", va="center", fontsize=8,
        color=INK if luminance > 0.5 else "white",
    )  # fmt: skip


def _draw_counts(axes: Axes, x: IntArray, counts: FloatArray) -> None:
    draw_line(axes, Series(x, counts), color=GREEN, linewidth=1.5, drawstyle="steps-post")
    axes.set_ylabel("species")
    axes.set_xlabel("generation")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    if np.isfinite(counts).any():
        top = max(1.0, float(np.nanmax(counts)))
        axes.set_ylim(-0.04 * top, 1.12 * top)
    else:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "this engine keeps no species", ha="center", va="center", fontsize=11,
            transform=axes.transAxes,
        )  # fmt: skip
