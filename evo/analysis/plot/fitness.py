"""How runs went, from the records of their logs (`evo.runs.loop` says what is in them).

One run shows the champion, the best, the mean and the spread of every generation. Several runs are
laid over each other: a pale line a run, and in bold the median over the runs between its quartiles;
a run that ended early counts on with its last value. Further panels, where the log has something to
say for them: steps right, species, and the size of the networks.

The engine's figures in a record are those of the population that it bred last, so they stand one
generation further right than the scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    Floats,
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

BEST, WORST = "#2FA0E0", "#999999"


@dataclass(frozen=True)
class _Panel:
    """What a panel shows of the records: the words of its legend, paths and colours.

    Of several runs only the first line is shown.
    """

    axis: str
    height: float
    lines: tuple[tuple[str, tuple[str, str], str], ...]


STEPS = _Panel(
    "steps right",
    1.1,
    (
        ("champion, hearing itself", ("figures", "steps_correct"), BLUE),
        ("champion, hearing the song", ("figures", "follow_correct"), ORANGE),
    ),
)
GUESSED = _Panel(
    "guessed",
    1.1,
    (
        ("champion, by the panel", ("figures", "guesser_accuracy"), BLUE),
        ("by a predictor that no search meets", ("figures", "held_out_accuracy"), ORANGE),
        ("by its opponents", ("figures", "opponents_accuracy"), PURPLE),
        ("best pieces, by the best bred guesser", ("figures", "guessers_best"), GREEN),
    ),
)
# Where a fitness learns, its score is no measure of progress, and this is.
LASTING = _Panel(
    "panel's score",
    0.85,
    (("champion, by the panel alone, which does not change", ("figures", "panel_score"), BLUE),),
)
SPECIES = _Panel("species", 0.75, (("species", ("engine", "species"), GREEN),))
SIZE = _Panel(
    "network size",
    0.85,
    (
        ("mean enabled connections", ("engine", "mean_connections"), BLUE),
        ("mean nodes", ("engine", "mean_nodes"), PURPLE),
    ),
)


def fitness_figure(runs: Mapping[str, Sequence[Record]]) -> Figure:
    """Draw the records of one run, or of several over each other, by their names.

    Runs without a record are left out. Raises ValueError when none has one.
    """
    drawn = {name: records for name, records in runs.items() if records}
    if not drawn:
        raise ValueError("runs: none has a record yet, there is nothing to draw")
    panels = [
        panel
        for panel in (STEPS, LASTING, GUESSED, SPECIES, SIZE)
        if any(not series(r, *path).empty for r in drawn.values() for _, path, _ in panel.lines)
    ]
    if not any(_scored_otherwise(records) for records in drawn.values()):
        panels = [panel for panel in panels if panel is not LASTING]
    heights = [2.4, *(panel.height for panel in panels)]
    last = max(int(records[-1]["generation"]) for records in drawn.values())
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
            for axes, panel in zip(others, panels, strict=True):
                _draw_panel(axes, panel, records)
            title(figure, label(name) or "run", _summary(records))
        else:
            draw_runs(scores, drawn, ("champion",), last)
            add_names(scores, list(drawn))
            for axes, panel in zip(others, panels, strict=True):
                words, path, _ = panel.lines[0]
                draw_runs(axes, drawn, path, last)
                axes.set_title(words, loc="left", color=INK, fontsize=8.5, pad=3)
            title(figure, f"{len(drawn)} runs", summary(drawn, last))
        for axes, panel in zip(others, panels, strict=True):
            axes.set_ylabel(panel.axis)
            _scale(axes, panel, list(drawn.values()))
        bottom = others[-1] if others else scores
        bottom.set_xlabel("generation")
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        margin = max(0.5, 0.012 * last)
        beyond = last + 1 if SPECIES in panels or SIZE in panels else last
        scores.set_xlim(-margin, max(last + margin, beyond + 0.1))
        figure.align_ylabels()
        caption(figure, remarks)
    return figure


def _draw_scores(axes: Axes, records: Sequence[Record]) -> None:
    """The scores of one run."""
    low, high = (thinned(series(records, "quartiles", row)) for row in (0, 2))
    champion, best = series(records, "champion"), series(records, "best")
    mean, worst = thinned(series(records, "mean")), thinned(series(records, "worst"))
    axes.fill_between(
        low.generations, low.values, high.values, color=BLUE, alpha=0.2, linewidth=0, zorder=1
    )
    alone = lonely(low.values)  # generations that make no area
    axes.vlines(
        low.generations[alone], low.values[alone], high.values[alone], color=BLUE, alpha=0.2,
        linewidth=6, zorder=1,
    )  # fmt: skip
    # The best lies on the champion where the champion lives on: a thin line in a thick one.
    draw_line(axes, champion, color=INK, linewidth=2.8, drawstyle="steps-post", zorder=3)
    draw_line(axes, thinned(best), color=BEST, linewidth=1.0, zorder=4)
    draw_line(axes, mean, color=ORANGE, linewidth=1.3, zorder=2)
    handles: list[Any] = [
        Line2D([], [], color=INK, linewidth=2.8),
        Line2D([], [], color=BEST, linewidth=1.3),
        Line2D([], [], color=ORANGE, linewidth=1.3),
        Patch(color=BLUE, alpha=0.2, linewidth=0),
    ]
    # Without a fall they are the same.
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


def _scored_otherwise(records: Sequence[Record]) -> bool:
    """Whether the score is another than the panel's, which is rounded to three digits."""
    away = series(records, "champion").values - series(records, "figures", "panel_score").values
    return bool((np.abs(away) > 1e-3).any())


def _limits(core: Floats, worst: Floats) -> tuple[float, float] | None:
    """Where to cut the axis when the lowest scores would press all others together, else None."""
    if not np.isfinite(core).any():
        return None
    # A few of the first generations may be far below all that come after.
    low, high = np.nanpercentile(core, [1, 100])
    room = max(high - low, 1e-9)
    if np.nanmin(core) > low - 0.6 * room:
        low = np.nanmin(core)
        if not (worst < low - 0.6 * room).any():
            return None
    return float(low - 0.08 * room), float(high + 0.05 * room)


def _draw_panel(axes: Axes, panel: _Panel, records: Sequence[Record]) -> None:
    """A lower panel of one run."""
    handles, labels = [], []
    for place, (words, path, colour) in enumerate(panel.lines):
        line = thinned(series(records, *path))
        if not line.empty:
            draw_line(  # the first on top
                axes, line, color=colour, linewidth=1.5, drawstyle="steps-post", zorder=3 - place
            )
            handles.append(Line2D([], [], color=colour, linewidth=1.5))
            labels.append(words)
    legend_above(axes, handles, labels, len(labels))


def _scale(axes: Axes, panel: _Panel, runs: Sequence[Sequence[Record]]) -> None:
    """Begin at zero; end at all of the steps, where the log says how many there are."""
    totals = np.concatenate([series(r, "figures", "steps_total").values for r in runs])
    if panel is STEPS and np.isfinite(totals).any():
        top = float(np.nanmax(totals))
        axes.axhline(top, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        axes.set_yticks([0, top / 2, top], ["0", f"{top / 2:g}", f"{top:g}"])
    elif panel is LASTING:
        bottom, top = min(0.0, float(axes.dataLim.y0)), max(0.1, float(axes.dataLim.y1))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.set_ylim(bottom - 0.04 * top, 1.1 * top)
        return
    elif panel is GUESSED:
        top = 1.0
        axes.set_yticks([0, 0.5, 1])
    else:
        top = max(1.0, float(axes.dataLim.y1))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_ylim(-0.04 * top, 1.1 * top)


def _summary(records: Sequence[Record]) -> str:
    """One run in a line."""
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
    """What a reader has to know of the lines."""
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
