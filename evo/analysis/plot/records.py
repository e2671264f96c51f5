"""Extract series from log records, and draw them as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from evo.analysis.values import values_at
from genomes.arrays import BoolArray, FloatArray, IntArray

Record = Mapping[str, Any]

WIDTH = 10.0  # inches, for all figures over generations or steps
MAX_POINTS = 1000  # maximum points of a noisy line


@dataclass(frozen=True)
class Series:
    """A number per generation; NaN if the log has none."""

    generations: IntArray
    values: FloatArray

    @property
    def empty(self) -> bool:
        """Whether all values are missing."""
        return not np.isfinite(self.values).any()


def series(records: Sequence[Record], *path: str | int) -> Series:
    """Extract the values at a path of keys from the records.

    Args:
        records: records of a log.
        path: the keys that lead to the value.

    Returns:
        A value per record; NaN if missing, not finite or beyond `MAX_VALUE`. Engine values are one
        generation later.
    """
    values = values_at(records, path)
    shift = 1 if path[0] == "engine" else 0
    return Series(np.array([int(r["generation"]) + shift for r in records], np.int64), values)


def stretch_of(records: int) -> int:
    """Return the generations per point of a thinned line."""
    return -(-records // MAX_POINTS)


def thinned(line: Series) -> Series:
    """Reduce a long line to the means of equal stretches."""
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


def held(records: Sequence[Record], path: tuple[str, ...], last: int) -> FloatArray:
    """Return a run's values, with missing ones replaced by the last before.

    Args:
        records: records of a log.
        path: the keys that lead to the value.
        last: last generation of the figure.

    Returns:
        float64 (last + 2,), for generations 0 to `last + 1`.
    """
    values = np.full(last + 2, np.nan)
    line = series(records, *path)
    known = np.isfinite(line.values)
    values[line.generations[known]] = line.values[known]
    source = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(last + 2), 0))
    held: FloatArray = values[source]
    return held


def lonely(values: FloatArray) -> BoolArray:
    """Mark isolated values, which a line would not show."""
    known = np.pad(np.isfinite(values), 1)
    alone: BoolArray = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def draw_line(axes: Axes, line: Series, **look: Any) -> None:
    """Draw a line, with dots for values between two missing ones.

    Args:
        axes: the panel.
        line: the series.
        look: arguments of `Axes.plot`.
    """
    x, y = line.generations, line.values
    axes.plot(x, y, **look)
    alone = lonely(y)
    if alone.any():
        dots = {"color": look.get("color"), "zorder": look.get("zorder", 2)}
        axes.plot(x[alone], y[alone], "o", markersize=3.5, **dots)


def in_words(value: float) -> str:
    """Format a score briefly, with a typographic minus."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "−")
