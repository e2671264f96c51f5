"""What the figures read from a log, and how they draw it as lines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

Record = Mapping[str, Any]
Floats = NDArray[np.float64]

WIDTH = 10.0  # inches, of every figure over generations
MOST_POINTS = 1000  # of a line that jumps up and down


@dataclass(frozen=True)
class Series:
    """One number a generation: NaN where the log has none."""

    generations: NDArray[np.int64]
    values: Floats

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not np.isfinite(self.values).any()


def series(records: Sequence[Record], *path: str | int) -> Series:
    """What stands at `path` (the keys on the way into a record), as finite numbers or NaN."""
    values = np.full(len(records), np.nan)
    for row, record in enumerate(records):
        value: Any = record
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
        if isinstance(value, int | float) and math.isfinite(value):
            values[row] = value
    shift = 1 if path[0] == "engine" else 0
    return Series(np.array([int(r["generation"]) + shift for r in records], np.int64), values)


def stretch_of(records: int) -> int:
    """How many generations share a point of a thinned line."""
    return -(-records // MOST_POINTS)


def thinned(line: Series) -> Series:
    """The means of equal stretches of a long line, so that it can still be seen as one."""
    stretch = stretch_of(len(line.values))
    if stretch <= 1:
        return line
    starts = np.arange(0, len(line.values), stretch)
    known = np.isfinite(line.values)
    total = np.add.reduceat(np.where(known, line.values, 0.0), starts)
    number = np.add.reduceat(known, starts, dtype=np.int64)
    means = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    middle = np.minimum(starts + stretch // 2, len(line.values) - 1)
    return Series(line.generations[middle], means)


def held(records: Sequence[Record], path: tuple[str, ...], last: int) -> Floats:
    """A run's values in generations 0 to `last + 1`; a missing one is the one before it."""
    values = np.full(last + 2, np.nan)
    line = series(records, *path)
    known = np.isfinite(line.values)
    values[line.generations[known]] = line.values[known]
    source = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(last + 2), 0))
    held: Floats = values[source]
    return held


def lonely(values: Floats) -> NDArray[np.bool_]:
    """Which values have none beside them, so that a line would not show them."""
    known = np.pad(np.isfinite(values), 1)
    alone: NDArray[np.bool_] = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def draw_line(axes: Axes, line: Series, **look: Any) -> None:
    """Draw a line, and dots where a value stands between two missing ones."""
    x, y = line.generations, line.values
    axes.plot(x, y, **look)
    alone = lonely(y)
    if alone.any():
        dots = {"color": look.get("color"), "zorder": look.get("zorder", 2)}
        axes.plot(x[alone], y[alone], "o", markersize=3.5, **dots)


def in_words(value: float) -> str:
    """A score, short and with a real minus."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "−")
