"""Draw the progress of runs from their log records (see `evo.runs.loop`).

One run shows champion, best, mean and spread per generation. Several runs share a panel: a pale
line per run, and the median over runs in bold between its quartiles. A run that ended early keeps
its last value. Further panels show correct steps, species and network sizes, if logged.

The engine's figures in a record describe the next population. So they are drawn one generation
later than the scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from evo.analysis.plot.overlay import add_names, draw_runs, summary
from evo.analysis.plot.records import (
    WIDTH,
    Record,
    draw_line,
    in_words,
    lonely,
    series,
    stretch_of,
    thinned,
)
from evo.analysis.plot.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    caption,
    count,
    label,
    legend_above,
    new_figure,
    style,
    title,
)
from evo.analysis.values import names_of_numbers
from evo.core.errors import InputError
from evo.experiment import Experiment, Line, Panel
from genomes.arrays import FloatArray

MAX_GENERATIONS = 10_000_000  # of several runs, which need memory per generation
_MOST_PANELS = 4  # of a user's figures
# Colours of a panel's lines, in order.
COLOURS = (BLUE, ORANGE, PURPLE, GREEN, VERMILLION)
BEST, WORST = "#2FA0E0", "#999999"


@dataclass(frozen=True)
class _Panel:
    """The contents of a panel: legend labels, record paths and colours.

    With several runs, only the first line is drawn.
    """

    axis: str
    height: float
    lines: tuple[tuple[str, tuple[str, str], str], ...]
    top: float | str | None = None  # see `evo.experiment.Panel`
    not_score: bool = False
    counts: bool = False  # whether the values are counts

    @classmethod
    def of(cls, panel: Panel) -> "_Panel":
        """Convert an experiment's panel, with a colour per line."""
        lines = tuple(
            (line.label, ("figures", line.figure), colour)
            for line, colour in zip(panel.lines, cycle(COLOURS), strict=False)
        )
        return cls(panel.axis, panel.height, lines, panel.top, panel.not_score)


SPECIES = _Panel("species", 0.75, (("species", ("engine", "species"), GREEN),), counts=True)
SIZE = _Panel(
    "network size",
    0.85,
    (
        ("mean enabled connections", ("engine", "mean_connections"), BLUE),
        ("mean nodes", ("engine", "mean_nodes"), PURPLE),
    ),
    counts=True,
)


def panels_of(experiment: Experiment, records: Sequence[Record]) -> Sequence[Panel]:
    """Return the panels of an experiment; a user's has one per number among its figures.

    Args:
        experiment: The experiment.
        records: Records of a run.
    """
    if experiment.panels or experiment.origin is None or not records:
        return experiment.panels
    names = names_of_numbers(records[-1]["figures"])
    return [Panel(name, (Line(name, name),)) for name in names[:_MOST_PANELS]]


def fitness_figure(runs: Mapping[str, Sequence[Record]], panels: Sequence[Panel] = ()) -> Figure:
    """Draw the records of one run, or of several runs over each other.

    Args:
        runs: records by run name; runs without records are left out.
        panels: further panels of the experiment.

    Raises:
        ValueError: if no run has a record.
        InputError: if several runs have too many generations.
    """
    drawn = {name: records for name, records in runs.items() if records}
    if not drawn:
        raise ValueError("runs: none has a record yet, there is nothing to draw")
    shown = [
        panel
        for panel in (*map(_Panel.of, panels), SPECIES, SIZE)
        if any(not series(r, *path).empty for r in drawn.values() for _, path, _ in panel.lines)
        and not (panel.not_score and all(_is_score(panel, r) for r in drawn.values()))
    ]
    heights = [2.4, *(panel.height for panel in shown)]
    last = max(int(records[-1]["generation"]) for records in drawn.values())
    if len(drawn) > 1 and last > MAX_GENERATIONS:
        raise InputError(f"several runs of more than {MAX_GENERATIONS:,} generations; plot one")
    remarks = _remarks(drawn, len(runs) - len(drawn), last)
    foot = 0.25 if remarks else 0.0
    with style():
        figure = new_figure(WIDTH, 1.0 + foot + 1.45 * sum(heights), foot=foot)
        scores, *others = figure.subplots(
            len(heights), 1, sharex=True, squeeze=False, height_ratios=heights
        )[:, 0]
        scores.set_ylabel("score")
        if len(drawn) == 1:
            ((name, records),) = drawn.items()
            _draw_scores(scores, records)
            for axes, panel in zip(others, shown, strict=True):
                _draw_panel(axes, panel, records)
            title(figure, label(name) or "run", _summary(records))
        else:
            draw_runs(scores, drawn, ("champion",), last)
            add_names(scores, list(drawn))
            for axes, panel in zip(others, shown, strict=True):
                words, path, _ = panel.lines[0]
                draw_runs(axes, drawn, path, last)
                axes.set_title(words, loc="left", color=INK, fontsize=8.5, pad=3)
            title(figure, f"{len(drawn)} runs", summary(drawn, last))
        for axes, panel in zip(others, shown, strict=True):
            axes.set_ylabel(panel.axis)
            _scale(axes, panel, list(drawn.values()))
        bottom = others[-1] if others else scores
        bottom.set_xlabel("generation")
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        margin = max(0.5, 0.012 * last)
        beyond = last + 1 if SPECIES in shown or SIZE in shown else last
        scores.set_xlim(-margin, max(last + margin, beyond + 0.1))
        figure.align_ylabels()
        caption(figure, remarks)
    return figure


def _draw_scores(axes: Axes, records: Sequence[Record]) -> None:
    """Draw the scores of one run."""
    low, high = (thinned(series(records, "quartiles", row)) for row in (0, 2))
    champion, best = series(records, "champion"), series(records, "best")
    mean, worst = thinned(series(records, "mean")), thinned(series(records, "worst"))
    axes.fill_between(
        low.generations, low.values, high.values, color=BLUE, alpha=0.2, linewidth=0, zorder=1
    )
    alone = lonely(low.values)  # isolated generations, which fill no area
    axes.vlines(
        low.generations[alone], low.values[alone], high.values[alone], color=BLUE, alpha=0.2,
        linewidth=6, zorder=1,
    )  # fmt: skip
    # A thin best line on a thick champion line: they coincide while the champion survives.
    draw_line(axes, champion, color=INK, linewidth=2.8, drawstyle="steps-post", zorder=3)
    draw_line(axes, thinned(best), color=BEST, linewidth=1.0, zorder=4)
    draw_line(axes, mean, color=ORANGE, linewidth=1.3, zorder=2)
    handles: list[Any] = [
        Line2D([], [], color=INK, linewidth=2.8),
        Line2D([], [], color=BEST, linewidth=1.3),
        Line2D([], [], color=ORANGE, linewidth=1.3),
        Patch(color=BLUE, alpha=0.2, linewidth=0),
    ]
    # If scores never fall, the current champion is the best so far.
    falls = (np.diff(champion.values) < 0).any()
    words = "champion of the generation" if falls else "champion so far"
    labels = [words, "best", "mean", "middle half"]

    core = np.concatenate([champion.values, best.values, low.values])
    limits = _limits(core, worst.values)
    if limits is not None:
        axes.set_ylim(*limits)
    if limits is None or np.nanmedian(worst.values) >= limits[0]:
        draw_line(axes, worst, color=WORST, linewidth=0.7, zorder=1.5)
        handles.append(Line2D([], [], color=WORST, linewidth=0.9))
        labels.append("worst")
    else:
        handles.append(Line2D([], [], linestyle="none"))
        lowest = float(np.nanmin(series(records, "worst").values))
        labels.append(f"(not drawn: worst, down to {in_words(lowest)})")
    failed = best.generations[~np.isfinite(best.values)]
    if len(failed):
        axes.plot(
            failed, np.full(len(failed), 0.012), "|", color=VERMILLION, markersize=7,
            transform=axes.get_xaxis_transform(), zorder=4,
        )  # fmt: skip
        handles.append(Line2D([], [], color=VERMILLION, marker="|", linestyle="none"))
        labels.append("all failed")
    if champion.empty:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "every individual failed", ha="center", color=GREY, fontsize=11,
            transform=axes.transAxes,
        )  # fmt: skip
    legend_above(axes, handles, labels, len(labels))


def _is_score(panel: _Panel, records: Sequence[Record]) -> bool:
    """Return whether a panel's first line equals the score up to rounding."""
    away = series(records, "champion").values - series(records, *panel.lines[0][1]).values
    return not (np.abs(away) > 1e-3).any()


def _limits(core: FloatArray, worst: FloatArray) -> tuple[float, float] | None:
    """Return axis limits that cut off extremely low scores, or None."""
    if not np.isfinite(core).any():
        return None
    # The first generations may be far below the rest.
    low, high = np.nanpercentile(core, [1, 100])
    room = max(high - low, 1e-9)
    if np.nanmin(core) > low - 0.6 * room:
        low = np.nanmin(core)
        if not (worst < low - 0.6 * room).any():
            return None
    return float(low - 0.08 * room), float(high + 0.05 * room)


def _draw_panel(axes: Axes, panel: _Panel, records: Sequence[Record]) -> None:
    """Draw a lower panel of one run."""
    handles, labels = [], []
    for index, (words, path, colour) in enumerate(panel.lines):
        line = thinned(series(records, *path))
        if not line.empty:
            draw_line(  # the first on top
                axes, line, color=colour, linewidth=1.5, drawstyle="steps-post", zorder=3 - index
            )
            handles.append(Line2D([], [], color=colour, linewidth=1.5))
            labels.append(words)
    legend_above(axes, handles, labels, len(labels))


def _scale(axes: Axes, panel: _Panel, runs: Sequence[Sequence[Record]]) -> None:
    """Scale the axis to the panel's top, or to the data if it has none."""
    bottom, top = 0.0, panel.top
    if isinstance(top, str):
        tops = np.concatenate([series(r, "figures", top).values for r in runs])
        top = float(np.nanmax(tops)) if np.isfinite(tops).any() else None
        if top is not None:
            axes.axhline(top, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    if top is not None:
        axes.set_yticks([0, top / 2, top], ["0", f"{top / 2:g}", f"{top:g}"])
    else:
        bottom = 0.0 if panel.counts else min(0.0, float(axes.dataLim.y0))
        top = max(1.0 if panel.counts else 0.1, float(axes.dataLim.y1))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=panel.counts))
    axes.set_ylim(bottom - 0.04 * top, 1.1 * top)


def _summary(records: Sequence[Record]) -> str:
    """Summarise one run in a line."""
    newest = records[-1]
    figures = newest.get("figures") or {}
    parts = [count(len(records), "generation")]
    if newest.get("champion") is not None:
        found = newest.get("champion_generation", "?")
        parts.append(f"champion {in_words(newest['champion'])}, found in generation {found}")
    if "steps_correct" in figures and "steps_total" in figures:
        parts.append(f"{figures['steps_correct']} of {figures['steps_total']} steps right")
    return "; ".join(parts)


def _remarks(runs: Mapping[str, Sequence[Record]], empty: int, last: int) -> str:
    """Explain in sentences how the lines are drawn."""
    sentences = []
    early = sum(int(records[-1]["generation"]) < last for records in runs.values())
    if early:
        sentences.append(
            f"{early} of {len(runs)} runs ended early (dots); in the median they count on with "
            "their last value."
        )
    if empty:
        sentences.append(f"Without a record yet: {count(empty, 'run')}.")
    stretch = stretch_of(max(map(len, runs.values())))
    if len(runs) == 1 and stretch > 1:
        sentences.append(f"All but the champion's score are means of {stretch} generations.")
    return " ".join(sentences)
