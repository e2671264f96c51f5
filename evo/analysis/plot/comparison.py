"""Draw success over evaluations: a group's share of successful runs (see `evo.analysis.compare`).

This is the empirical running time distribution (Hoos & Stützle, "Evaluating Las Vegas algorithms",
1998). A curve further left needs less time, and one that ends higher fails less. Each ends at the
end of its longest run.
"""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from evo.analysis.plot.records import WIDTH
from evo.analysis.plot.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    caption,
    label,
    new_figure,
    style,
    title,
)

if TYPE_CHECKING:  # importing figures must not import the code that executes runs
    from evo.analysis.compare import Group

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
_LINE, _MAX_LABEL = 110, 440  # characters of a label per line, and in total
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)))


def comparison_figure(groups: "Sequence[Group]") -> Figure:
    """Draw a curve per group.

    Raises:
        ValueError: if there are no groups.
    """
    if not groups:
        raise ValueError("groups: there is none to draw")
    names = [_in_lines(group) for group in groups]
    head = 0.65 + 0.18 * sum(1 + name.count("\n") for name in names)
    with style():
        figure = new_figure(WIDTH, 3.0 + head, head=head, foot=0.25)
        axes = figure.subplots()
        handles = []
        left = 0.8 * min(run.evaluations or 1 for group in groups for run in group.outcomes)
        for index, group in enumerate(groups):
            colour = _COLOURS[index % len(_COLOURS)]
            dashes = _DASHES[index // len(_COLOURS) % len(_DASHES)]
            _draw(axes, group, left, colour, dashes)
            handles.append(Line2D([], [], color=colour, linestyle=dashes, linewidth=1.8))
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(-0.03, 1.03)
        axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_xlabel("evaluations")
        axes.set_ylabel("runs with success")
        runs = sum(len(group.outcomes) for group in groups)
        title(figure, "Success over evaluations", f"{runs} runs in {len(groups)} groups")
        height = figure.get_size_inches()[1]
        legend = figure.legend(
            handles, names, loc="upper left", bbox_to_anchor=(0.0, 1 - 0.52 / height),
            handlelength=2.4, labelspacing=0.25,
        )  # fmt: skip
        legend.set_in_layout(False)
        caption(figure, "Each curve ends where the longest of its runs ended.")
    return figure


def _in_lines(group: "Group") -> str:
    """Return a group's label and successes, wrapped to lines."""
    name = label(group.label, _MAX_LABEL)
    lines = wrap(f"{name}: {group.solved} of {len(group.outcomes)}", _LINE, break_on_hyphens=False)
    return "\n".join(f" {line}" for line in lines)


def _draw(axes: Axes, group: "Group", left: float, colour: str, dashes: Any) -> None:
    runs = len(group.outcomes)
    steps = sorted(run.evaluations for run in group.outcomes if run.solved)
    end = max(1, *(run.evaluations for run in group.outcomes))
    across = [left, *steps, end]
    shares = [0.0, *((index + 1) / runs for index in range(len(steps))), len(steps) / runs]
    axes.plot(
        across, shares, color=colour, linestyle=dashes, linewidth=1.8, drawstyle="steps-post",
        clip_on=False,
    )  # fmt: skip
    axes.plot(end, shares[-1], "o", color=colour, markersize=3.5, clip_on=False)
