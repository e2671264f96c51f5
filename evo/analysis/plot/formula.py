"""Draw a formula, and write it as text with the names of notes.

Every rule is a row, from the highest key to the lowest. Every number of steps ago that a rule reads
is a column. A mark is a key so many steps ago: filled if it must have sounded, hollow if it must
not.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from evo.analysis.plot.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    VERMILLION,
    caption,
    legend_right,
    new_figure,
    png_bytes,
    style,
    title,
)
from evo.music.midi.units import channel_names
from genomes.formula.drawing import MAX_ROWS, DrawnRule, columns_of, drawn_rules, sizes_in_words
from genomes.formula.formulas import Formulas
from genomes.formula.text import formula_text

WIDTH, ROW = 9.0, 0.19  # inches, and inches per rule
MAX_NAMES = 40  # columns with a number


def formula_files(formulas: Formulas, lowest_note: int | None) -> dict[str, bytes]:
    """Return the picture and the text of a champion, by file name.

    Args:
        formulas: A batch of one.
        lowest_note: MIDI note of key 0; None if it is unknown.
    """
    text = formula_text(formulas, channel_names(formulas.player.span, lowest_note))
    return {
        "formula.png": png_bytes(formula_figure(formulas, lowest_note)),
        "formula.txt": text.encode(),
    }


def formula_figure(formulas: Formulas, lowest_note: int | None = None) -> Figure:
    """Draw a formula.

    Args:
        formulas: A batch of one.
        lowest_note: MIDI note of key 0, for the names of keys; None for their numbers.

    Raises:
        ValueError: If there is not exactly one formula.
    """
    if len(formulas) != 1:
        raise ValueError(f"formulas: expected a batch of one, got {len(formulas)}")
    rules = drawn_rules(formulas, channel_names(formulas.player.span, lowest_note))
    shown = rules[:MAX_ROWS]
    columns = columns_of(shown)
    with style():
        figure = new_figure(WIDTH, ROW * max(len(shown), 6) + 1.2, head=0.6, foot=0.25)
        axes = figure.subplots()
        axes.set_ylim(max(len(shown), 6) - 0.3, -0.7)
        axes.set_xlim(-0.6, max(len(columns), 8) + 0.2)
        every = max(1, -(-len(columns) // MAX_NAMES))
        ticks = [(x, ago) for ago, x in columns.items() if x % every == 0 or not ago]
        axes.set_xticks([x for x, _ in ticks], [str(ago) if ago else "bar" for _, ago in ticks])
        axes.set_xlabel("steps ago; bar: the step of the bar")
        axes.set_yticks([])
        for row, rule in enumerate(shown):
            _draw_rule(axes, row, rule, columns)
        title(figure, sizes_in_words(formulas), "the last rule that holds decides")
        legend_right(
            figure,
            [
                Line2D([], [], color=colour, marker="o", linewidth=0, label=text, mfc=fill)
                for colour, fill, text in (
                    (BLUE, BLUE, "sounds"),
                    (VERMILLION, VERMILLION, "is silent"),
                    (GREY, "white", "if this was silent"),
                )
            ],
        )
        if len(rules) > len(shown):
            caption(figure, f"Not drawn: {len(rules) - len(shown):,} more rules.")
    return figure


def _draw_rule(axes: Axes, row: int, rule: DrawnRule, columns: dict[int, int]) -> None:
    """Draw a rule as a row of marks."""
    colour = BLUE if rule.adds else VERMILLION
    axes.axhline(row, color=PALE, linewidth=0.6, zorder=1)
    axes.text(-0.8, row, rule.owner, ha="right", va="center_baseline", fontsize=8, color=INK)
    for mark in rule.marks:
        axes.plot(
            [columns[mark.ago]], [row], "o", markersize=5, color=colour, zorder=3,
            markerfacecolor="white" if mark.negated else colour,
        )  # fmt: skip
        axes.annotate(
            mark.name, (columns[mark.ago], row), (4, 0), textcoords="offset points",
            va="center_baseline", fontsize=7, color=INK, zorder=4,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )  # fmt: skip
