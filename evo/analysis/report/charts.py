"""Charts over generations, from the records of a log.

The engine's figures in a record describe the next population, so they are drawn one generation
later, as in `evo.analysis.plot`. A long log is thinned to at most `MAX_POINTS` records.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evo.analysis.report.data import Chart, Column, Shape, Spark, Tick
from evo.analysis.values import names_of_numbers, values_at
from evo.experiment import Experiment, Line, Panel
from genomes.arrays import FloatArray

Record = Mapping[str, Any]

MAX_POINTS = 240
MAX_SPECIES = 24  # the largest are drawn, the others together
MOST_PANELS = 6  # of a user's figures
_SQUARE = 1000.0
_BANDS = 8  # shades of species
# Panels of every run, if its log has them.
_COMMON = (
    Panel("species", (Line("species", "engine.species"),)),
    Panel(
        "size of the genomes",
        (
            Line("mean enabled connections", "engine.mean_connections"),
            Line("mean nodes", "engine.mean_nodes"),
            Line("mean notes", "engine.mean_notes"),
        ),
    ),
)


def charts_of(experiment: Experiment, records: Sequence[Record]) -> tuple[Chart, ...]:
    """Return the charts of a run: fitness, the experiment's panels, species and sizes.

    Args:
        experiment: The experiment.
        records: Records of the log.
    """
    if not records:
        return ()
    chosen = thinned(records)
    charts = [_fitness(chosen)]
    charts += [_panel(panel, chosen) for panel in _panels(experiment, records)]
    charts += [_panel(panel, chosen, steady=False) for panel in _COMMON]
    charts.append(_species(chosen))
    return tuple(chart for chart in charts if chart is not None)


def spark_of(records: Sequence[Record]) -> Spark | None:
    """Return a small line of the champion's fitness; None without two values."""
    chosen = thinned(records, 80)
    values = values_at(chosen, ("champion",))
    known = np.isfinite(values)
    if known.sum() < 2:
        return None
    found, generations = values[known].tolist(), _generations(chosen, 0)[known].tolist()
    summary = f"best fitness from {in_words(found[0])} to {in_words(found[-1])}"
    return scaled([Spark(tuple(generations), tuple(found), summary)])[0]


def scaled(sparks: Sequence[Spark]) -> list[Spark]:
    """Return small lines with paths on one common scale.

    Args:
        sparks: The lines of runs that can be compared.
    """
    low = min(min(spark.values) for spark in sparks)
    high = max(max(spark.values) for spark in sparks)
    last = max(spark.generations[-1] for spark in sparks) or 1.0
    return [
        replace(
            spark,
            path=_line(
                100 * np.array(spark.generations) / last,
                96 - 92 * (np.array(spark.values) - low) / ((high - low) or 1.0),
            ),
        )
        for spark in sparks
    ]


def thinned(records: Sequence[Record], most: int = MAX_POINTS) -> Sequence[Record]:
    """Return evenly spaced records, the last among them.

    Args:
        records: Records of a log.
        most: Maximum number of records.
    """
    if len(records) <= most:
        return records
    return [records[index] for index in np.linspace(0, len(records) - 1, most).round().astype(int)]


def finite(value: Any) -> float | None:
    """Return a value as a number; None if it is none, or is not finite."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None


def in_words(value: float) -> str:
    """Return a number briefly, with a typographic minus."""
    if finite(value) is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return text.replace("-", "−")


def _panels(experiment: Experiment, records: Sequence[Record]) -> Iterable[Panel]:
    if experiment.panels:
        return [
            panel._replace(
                lines=tuple(Line(line.label, f"figures.{line.figure}") for line in panel.lines)
            )
            for panel in experiment.panels
        ]
    numbers = names_of_numbers(records[-1]["figures"])
    return [
        Panel(name.replace("_", " "), (Line(name.replace("_", " "), f"figures.{name}"),))
        for name in numbers[:MOST_PANELS]
    ]


def _fitness(records: Sequence[Record]) -> Chart | None:
    lines = [
        ("champion", values_at(records, ("champion",))),
        ("best of the generation", values_at(records, ("best",))),
        ("mean", values_at(records, ("mean",))),
    ]
    worst = values_at(records, ("worst",))
    quartiles = [values_at(records, ("quartiles", index)) for index in (0, 2)]
    return _chart("fitness", records, lines, band=quartiles, extra=[("worst", worst)])


def _panel(panel: Panel, records: Sequence[Record], steady: bool = True) -> Chart | None:
    """Return the chart of a panel; None without values.

    Args:
        panel: The panel.
        records: The records.
        steady: Whether to draw values that never change, too.
    """
    lines, shift = [], 0
    for line in panel.lines:
        table, _, name = line.figure.partition(".")
        shift = 1 if table == "engine" else 0
        values = values_at(records, (table, name))
        if np.isfinite(values).any():
            lines.append((line.label, values))
    if not steady and all(np.nanmin(values) == np.nanmax(values) for _, values in lines):
        return None
    if panel.not_score and lines:
        score = values_at(records, ("champion",))
        if np.allclose(lines[0][1], score, rtol=1e-3, atol=1e-3, equal_nan=True):
            return None
    top = panel.top
    if isinstance(top, str):
        totals = values_at(records, ("figures", top))
        top = float(np.nanmax(totals)) if np.isfinite(totals).any() else None
    return _chart(panel.axis, records, lines, top=top, shift=shift)


def _generations(records: Sequence[Record], shift: int) -> FloatArray:
    return np.array([record["generation"] + shift for record in records], np.float64)


def _across(generations: FloatArray, width: float = _SQUARE) -> FloatArray:
    """Return the positions of generations; a single one is in the middle."""
    span = generations[-1] - generations[0]
    if not span:
        return np.full(len(generations), width / 2)
    positions: FloatArray = width * (generations - generations[0]) / span
    return positions


def _chart(
    title: str,
    records: Sequence[Record],
    lines: Sequence[tuple[str, FloatArray]],
    *,
    band: Sequence[FloatArray] = (),
    extra: Sequence[tuple[str, FloatArray]] = (),
    top: float | None = None,
    shift: int = 0,
) -> Chart | None:
    """Return a chart of lines; None if none has a value.

    Args:
        title: What is drawn.
        records: The records.
        lines: Label and values of every line.
        band: Lower and upper limit of an area; empty for none.
        extra: Values that are told and not drawn.
        top: Upper limit of the axis; None to fit the values.
        shift: Generations by which the values are later than their record.
    """
    lines = [(label, values) for label, values in lines if np.isfinite(values).any()]
    if not lines:
        return None
    generations = _generations(records, shift)
    at = _across(generations)
    every = np.concatenate([values for _, values in lines] + list(band))
    known = every[np.isfinite(every)]
    ticks = _ticks(float(known.min()), max(float(known.max()), -math.inf if top is None else top))
    low, high = ticks[0], ticks[-1]

    def heights(values: FloatArray) -> FloatArray:
        return np.asarray(_SQUARE - _SQUARE * (values - low) / (high - low))

    shapes = []
    if band:
        shapes.append(Shape("band", _area(at, heights(band[0]), heights(band[1]))))
    for number, (_, values) in enumerate(lines, start=1):
        shapes.append(Shape(f"line l{number}", _line(at, heights(values))))
    columns = [
        Column(label, f"l{number}", tuple(map(in_words, values.tolist())))
        for number, (label, values) in enumerate(lines, start=1)
    ]
    if band:
        spread = (
            f"{in_words(a)} to {in_words(b)}" if math.isfinite(a) else ""
            for a, b in zip(band[0].tolist(), band[1].tolist(), strict=True)
        )
        columns.append(Column("middle half", "band", tuple(spread)))
    columns += [
        Column(label, "", tuple(map(in_words, values.tolist())))
        for label, values in extra
        if np.isfinite(values).any()
    ]
    return Chart(
        title,
        _summary(title, generations, columns),
        tuple(shapes),
        _labels_across(generations),
        tuple(Tick(100 * (high - tick) / (high - low), in_words(tick)) for tick in ticks),
        tuple(np.round(at, 1).tolist()),
        tuple(int(generation) for generation in generations),
        tuple(columns),
    )


def _summary(title: str, generations: FloatArray, columns: Sequence[Column]) -> str:
    last = "; ".join(f"{column.label} {column.values[-1]}" for column in columns[:4])
    first, end = int(generations[0]), int(generations[-1])
    return f"{title} over generations {first:,} to {end:,}; at the end {last}"


def _labels_across(generations: FloatArray) -> tuple[Tick, ...]:
    first, last = int(generations[0]), int(generations[-1])
    if first == last:
        return (Tick(50.0, f"{first:,}"),)
    step = _step((last - first) / 5, whole=True)
    inner = np.arange(math.ceil(first / step) * step, last, step).tolist()
    inner = [
        at for at in inner if first + 0.08 * (last - first) < at < last - 0.08 * (last - first)
    ]
    return tuple(
        Tick(100 * (at - first) / (last - first), f"{int(at):,}") for at in (first, *inner, last)
    )


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers that enclose a range, 3 to 6 of them."""
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    step = _step((high - low) / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _step(rough: float, whole: bool = False) -> float:
    """Return the round number at or above a rough step: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * (1 - 1e-9))
    return max(step, 1.0) if whole else step


def _line(at: FloatArray, heights: FloatArray) -> str:
    """Return a line that is interrupted where a value is missing."""
    parts, pen_is_down = [], False
    for x, y in zip(at.tolist(), heights.tolist(), strict=True):
        if not math.isfinite(y):
            pen_is_down = False
            continue
        # A lone point is a line without length, which round ends make a dot.
        parts.append(f"{'L' if pen_is_down else 'M'}{x:.5g} {y:.5g}{'' if pen_is_down else 'h0'}")
        pen_is_down = True
    return "".join(parts)


def _area(at: FloatArray, lower: FloatArray, upper: FloatArray) -> str:
    """Return the area between two lines, without missing points."""
    known = np.isfinite(lower) & np.isfinite(upper)
    there = [f"{x:.5g} {y:.5g}" for x, y in zip(at[known], upper[known], strict=True)]
    back = [f"{x:.5g} {y:.5g}" for x, y in zip(at[known], lower[known], strict=True)]
    return f"M{'L'.join([*there, *back[::-1]])}z" if there else ""


def _species(records: Sequence[Record]) -> Chart | None:
    """Return the sizes of species, one area above the other; None without species."""
    sizes = [record["engine"].get("species_sizes") or {} for record in records]
    totals: dict[str, int] = {}
    for table in sizes:
        for name, size in table.items():
            totals[name] = totals.get(name, 0) + size
    if len(totals) < 2 or len(records) < 2:
        return None
    largest = sorted(totals, key=lambda name: (-totals[name], int(name)))[:MAX_SPECIES]
    kept = sorted(largest, key=int)
    rows = [[float(table.get(name, 0)) for table in sizes] for name in kept]
    labels = [f"species {name}" for name in kept]
    if len(totals) > len(kept):
        rest = [float(sum(n for name, n in t.items() if name not in kept)) for t in sizes]
        rows.append(rest)
        labels.append("other species")
    stacked = np.vstack([np.zeros(len(records)), np.cumsum(np.array(rows), axis=0)])
    high = float(stacked[-1].max()) or 1.0
    generations = _generations(records, 1)
    at, heights = _across(generations), _SQUARE - _SQUARE * stacked / high
    present = [
        ", ".join(
            f"{label.removeprefix('species ')}: {int(row[index])}"
            for label, row in zip(labels, rows, strict=True)
            if row[index]
        )
        for index in range(len(records))
    ]
    return Chart(
        "sizes of the species",
        f"Sizes of {len(totals)} species over generations; at the end {present[-1]}",
        tuple(
            Shape(
                f"area a{number % _BANDS}", _area(at, heights[number], heights[number + 1]), label
            )
            for number, label in enumerate(labels)
        ),
        _labels_across(generations),
        (Tick(0.0, in_words(high)), Tick(100.0, "0")),
        tuple(np.round(at, 1).tolist()),
        tuple(int(generation) for generation in generations),
        (Column("species and sizes", "", tuple(present)),),
    )
