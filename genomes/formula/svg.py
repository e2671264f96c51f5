"""Pictures of formulas for notebooks: a row per rule, literals by steps ago.

A filled mark is a key that must have sounded, a hollow one a key that must not. The sign at the
left says whether the rule lets the key sound or silences it. Marks have titles.
"""

from collections.abc import Callable, Iterator
from html import escape

from genomes.formula.drawing import MAX_ROWS, DrawnRule, columns_of, drawn_rules, sizes_in_words
from genomes.formula.formulas import Formulas

BLUE, VERMILLION, INK, GREY, PALE = "#0072B2", "#D55E00", "#222222", "#666666", "#DDDDDD"
WIDTH, LEFT, RIGHT, TOP, ROW = 720, 64, 80, 48, 17  # pixels
LABEL = 18.0  # pixels between two numbers of steps


def formula_svg(
    formulas: Formulas, name_of: Callable[[int], str] = lambda channel: f"key {channel}"
) -> str | None:
    """Return the picture of a batch of one as SVG; None for other batches.

    Args:
        formulas: The batch.
        name_of: Returns the name of a channel.
    """
    return "".join(_parts(formulas, name_of)) if len(formulas) == 1 else None


def _parts(formulas: Formulas, name_of: Callable[[int], str]) -> Iterator[str]:
    rules = drawn_rules(formulas, name_of)
    shown = rules[:MAX_ROWS]
    more = f"; the first {MAX_ROWS} rules are drawn" if len(rules) > MAX_ROWS else ""
    height = TOP + ROW * max(len(shown), 1) + 24
    facts = escape(sizes_in_words(formulas))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" style="max-width:100%;height:auto" font-family="sans-serif" '
        f'font-size="10"><title>{facts}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="8" y="16" font-size="12" font-weight="bold" fill="{INK}">{facts}</text>'
        f'<text x="8" y="30" fill="{GREY}">the last rule that holds decides: '
        f'<tspan fill="{BLUE}">+ sounds</tspan>, <tspan fill="{VERMILLION}">- silent</tspan>; '
        f"a hollow mark must not sound{more}</text>"
    )
    columns = columns_of(shown)
    pitch = (WIDTH - LEFT - RIGHT) / max(len(columns) - 1, 8)
    places = {ago: LEFT + 24 + column * pitch for ago, column in columns.items()}
    for row, rule in enumerate(shown):
        yield from _row(rule, TOP + ROW * (row + 0.5), places)
    every = max(1, round(LABEL / pitch))
    for column, (ago, x) in enumerate(places.items()):
        if column % every == 0 or not ago:
            yield (
                f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle" fill="{GREY}">'
                f"{ago or 'bar'}</text>"
            )
    yield f'<text x="8" y="{height - 6}" fill="{GREY}">steps ago</text></svg>'


def _row(rule: DrawnRule, y: float, places: dict[int, float]) -> Iterator[str]:
    colour = BLUE if rule.adds else VERMILLION
    yield (
        f'<line x1="{LEFT + 14}" x2="{WIDTH - 10}" y1="{y:g}" y2="{y:g}" stroke="{PALE}"/>'
        f'<text x="8" y="{y + 4:g}" font-weight="bold" fill="{INK}">{escape(rule.owner)}</text>'
        f'<text x="{LEFT}" y="{y + 4:g}" fill="{colour}">{"+" if rule.adds else "-"}</text>'
    )
    for mark in rule.marks:
        x = places[mark.ago]
        name = escape(mark.name)
        where = f"{mark.ago} steps ago" if mark.ago else "of the bar"
        said = f"{'not ' if mark.negated else ''}{name} {where}"
        fill = "white" if mark.negated else colour
        yield (
            f'<circle cx="{x:.1f}" cy="{y:g}" r="3.5" fill="{fill}" stroke="{colour}">'
            f"<title>{said}</title></circle>"
            f'<text x="{x + 5:.1f}" y="{y + 3.5:g}" font-size="8" fill="{GREY}">{name}</text>'
        )
