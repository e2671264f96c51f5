"""Draw several runs in one panel: pale lines, median and quartiles."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evo.analysis.plot.records import WIDTH, Record, Series, draw_line, held, in_words
from evo.analysis.plot.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    count,
    label,
    legend_above,
)

Runs = Mapping[str, Sequence[Record]]

# Up to this many runs have their own colour and name.
COLOURS = (SKY, ORANGE, GREEN, PURPLE, BLUE, VERMILLION, "#B8A800", GREY)
CROWD = "#9DB8C9"


def draw_runs(axes: Axes, runs: Runs, path: tuple[str, ...], last: int) -> None:
    """Draw a value of every run's records as lines, with median and quartiles.

    Args:
        axes: the panel.
        runs: records by run name.
        path: the keys that lead to the value in a record.
        last: last generation of the figure.
    """
    shift = 1 if path[0] == "engine" else 0
    generations = np.arange(last + shift + 1)
    table = np.stack([held(records, path, last)[: len(generations)] for records in runs.values()])
    for row, records, colour in zip(table, runs.values(), _colours(len(runs)), strict=True):
        end = int(records[-1]["generation"]) + shift
        line = Series(generations[: end + 1], row[: end + 1])
        draw_line(
            axes, line, color=colour, linewidth=1.1, alpha=0.8, drawstyle="steps-post", zorder=2
        )
        if end < generations[-1] and np.isfinite(row[end]):
            axes.plot(end, row[end], "o", color=colour, markersize=4, zorder=2.5, gid="ended")
    known = np.isfinite(table).any(axis=0)
    if known.any():
        x = generations[known]
        low, middle, high = np.nanquantile(table[:, known], [0.25, 0.5, 0.75], axis=0)
        axes.fill_between(x, low, high, step="post", color=INK, alpha=0.13, linewidth=0, zorder=1)
        draw_line(
            axes, Series(x, middle), color=INK, linewidth=2.2, drawstyle="steps-post", zorder=3
        )


def _colours(number: int) -> list[str]:
    return list(COLOURS[:number]) if number <= len(COLOURS) else [CROWD] * number


def add_names(axes: Axes, names: Sequence[str]) -> None:
    """Add a legend, with the names of the runs if few.

    Args:
        axes: the panel.
        names: names of the runs.
    """
    handles: list[Any] = [
        Line2D([], [], color=INK, linewidth=2.2),
        Patch(color=INK, alpha=0.13, linewidth=0),
    ]
    labels = ["median of champions", "their middle half"]
    colours = _colours(len(names))
    if len(names) <= len(COLOURS):
        handles += [Line2D([], [], color=colour, linewidth=1.8) for colour in colours]
        labels += [label(name, 40) or "run" for name in names]
    else:
        handles.append(Line2D([], [], color=CROWD, linewidth=1.5))
        labels.append("a run")
    widest = 0.075 * max(map(len, labels)) + 0.5  # inches, about
    legend_above(axes, handles, labels, min(len(labels), max(1, int((WIDTH - 0.8) / widest))))


def summary(runs: Runs, last: int) -> str:
    """Summarise several runs in a line.

    Args:
        runs: records by run name.
        last: last generation of the figure.
    """
    ends = np.array([held(records, ("champion",), last)[-1] for records in runs.values()])
    ends = ends[np.isfinite(ends)]
    parts = [f"up to {count(last + 1, 'generation')}"]
    if len(ends):
        lowest, median, highest = (in_words(float(f(ends))) for f in (np.min, np.median, np.max))
        parts.append(f"champions {lowest} to {highest}, median {median}")
    solved = [(records[-1].get("figures") or {}).get("solved") for records in runs.values()]
    if any(flag is not None for flag in solved):
        parts.append(f"{sum(map(bool, solved))} of {len(runs)} solved")
    return "; ".join(parts)
