"""Pictures of networks for notebooks: SVG of one network, and a table of a batch.

Inputs are at the left, outputs at the right, and hidden nodes between them by depth
(`genomes.network.layout`). A line's colour is the sign of the weight, its width the size. Links
that lead back are dashed. Nodes and links have titles that appear below the mouse.

Names of activation functions are a user's text, so all texts are escaped.
"""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from genomes.arrays import FloatArray, Indices
from genomes.errors import GenomeError
from genomes.network.layout import Layout, lay_out
from genomes.network.networks import Networks
from genomes.network.own_functions import name_of
from genomes.words import counted

BLUE, VERMILLION, INK, GREY, PALE = "#0072B2", "#D55E00", "#222222", "#666666", "#BBBBBB"
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 720, 120, 110, 46, 20  # pixels
PITCH, TALLEST = 14.0, 1000.0  # pixels between inputs, and of all inputs
MAX_LINKS = 80  # the largest weights are drawn
BUNDLED = 40  # links above which those of one block begin as a bundle
MAX_GENES = 20_000  # of a network that is drawn; also its maximum number of inputs


def network_svg(networks: Networks, key_names: Sequence[str] | None = None) -> str | None:
    """Return the picture of a batch of one as SVG.

    Args:
        networks: The batch.
        key_names: Names of the keys, the lowest first; None for their numbers.

    Returns:
        The picture; None if there is not exactly one network, or it cannot be drawn.
    """
    size = len(networks.node_id) + len(networks.weight)
    if len(networks) != 1 or max(size, networks.inputs) > MAX_GENES:
        return None
    try:
        layout = lay_out(networks, MAX_LINKS)
        kinds = [name_of(code) for code in networks.program.activation.tolist()]
    except GenomeError:  # it lacks a node, or a function is not registered
        return None
    return "".join(_parts(networks, layout, kinds, _names(networks, key_names)))


def sizes_html(networks: Networks) -> str | None:
    """Return a table of the sizes of a batch; None for a batch of one."""
    if len(networks) == 1:
        return None
    title = f"<b>{_text(repr(networks))}</b>"
    if not len(networks):
        return f"<div>{title}</div>"
    sizes = networks.sizes()
    rows = "".join(
        f"<tr><th>{name}</th>"
        + "".join(f"<td>{number:,.0f}</td>" for number in np.percentile(column, [0, 50, 100]))
        + "</tr>"
        for name, column in zip(("nodes", "enabled connections"), sizes.T, strict=True)
    )
    head = "<tr><th></th><th>smallest</th><th>median</th><th>largest</th></tr>"
    return f"<div>{title}<table>{head}{rows}</table></div>"


def _text(value: object) -> str:
    """Return a value as text of XML in one line, cut if it is long."""
    line = "".join(c if c.isprintable() else "?" for c in str(value))
    return escape(line if len(line) <= 60 else f"{line[:59]}…")


def _parts(networks: Networks, layout: Layout, kinds: list[str], names: list[str]) -> Iterator[str]:
    pitch = min(max(PITCH, 120 / layout.height), TALLEST / layout.height)
    height = round(TOP + (layout.height - 1) * pitch + BOTTOM)
    x = LEFT + layout.x * (WIDTH - LEFT - RIGHT)
    y = TOP + (layout.height - 1 - layout.y) * pitch
    links, hidden = len(layout.weight), len(kinds) - networks.outputs
    facts = (
        f"{counted(layout.total, 'connection')}, {counted(hidden, 'hidden node')}, "
        f"{'feed-forward' if networks.feed_forward else 'recurrent'}"
    )
    shown = np.argsort(np.abs(np.nan_to_num(layout.weight)), kind="stable")
    few = f"; {links} of them are drawn, the strongest" if links < layout.total else ""
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" style="max-width:100%;height:auto" font-family="sans-serif" '
        f'font-size="10"><title>{_text(facts)}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="8" y="16" font-size="12" font-weight="bold" fill="{INK}">{_text(facts)}</text>'
        f'<text x="8" y="30" fill="{GREY}"><tspan fill="{BLUE}">positive</tspan> and '
        f'<tspan fill="{VERMILLION}">negative</tspan> weights{few}</text>'
    )
    yield from _links(layout, x, y, names, shown, pitch)
    yield from _nodes(networks, layout, x, y, names, kinds, pitch)
    yield "</svg>"


def _names(networks: Networks, key_names: Sequence[str] | None) -> list[str]:
    """Return the names of the inputs, and then of the nodes in the order of the program.

    Args:
        networks: The batch.
        key_names: See `network_svg`.
    """
    player = networks.player
    inputs = [f"input {i}" for i in range(networks.inputs)]
    outputs = [f"output {i}" for i in range(networks.outputs)]
    if player is not None:
        outputs = list(key_names or [f"key {i}" for i in range(player.keys)])
        extra = [f"constant {value:g}" for value in player.extra_inputs]
        inputs = outputs * len(player.lags) + extra
    nodes = [
        outputs[node] if node < networks.outputs else f"node {node}"
        for node in networks.program.node_id.tolist()
    ]
    return inputs + nodes


def _links(
    layout: Layout,
    x: FloatArray,
    y: FloatArray,
    names: list[str],
    shown: Indices,
    pitch: float,
) -> Iterator[str]:
    """Yield the links, the largest weight last."""
    gathered = (layout.y - layout.centre) * pitch * (len(shown) > BUNDLED)
    size = np.abs(np.nan_to_num(layout.weight))
    maximum = float(size.max(initial=0.0)) or 1.0
    opacity = 0.85 * min(1.0, 150 / max(1, len(shown))) ** 0.45
    yield f'<g fill="none" stroke-opacity="{opacity:.2f}">'
    for link in shown.tolist():
        source, target = int(layout.source[link]), int(layout.target[link])
        weight = float(layout.weight[link])
        label = f"{names[source]} → {names[target]}, weight {weight:.3g}"
        path, dashes = _path(
            x[source], y[source], x[target], y[target], source == target, gathered[source]
        )
        yield (
            f'<path d="{path}" stroke="{VERMILLION if weight < 0 else BLUE}" '
            f'stroke-width="{0.5 + 2.2 * (size[link] / maximum):.2f}"{dashes}>'
            f"<title>{_text(label)}</title></path>"
        )
    yield "</g>"


def _path(
    x: float, y: float, to_x: float, to_y: float, alone: bool, gathered: float
) -> tuple[str, str]:
    """Return a link's path and the attribute of its dashes: for links that lead back.

    Args:
        x: Where it begins, in pixels.
        y: The same.
        to_x: Where it ends.
        to_y: The same.
        alone: Whether it is a self-loop, which is a ring.
        gathered: How far down the middle of its bundle is, in pixels.
    """
    if alone:
        return f"M{x:.1f} {y:.1f}a7 7 0 1 1 .1 0", ""
    reach, rise, fall, dashes = 0.45 * (to_x - x), 0.0, 0.0, ""
    if to_x < x - 0.01:  # an arc above the nodes
        reach, rise, fall, dashes = 0.0, -36.0, -36.0, ' stroke-dasharray="5 2"'
    elif to_x < x + 0.01:
        reach, dashes = -28.0, ' stroke-dasharray="5 2"'
    else:
        rise = gathered
    end = to_x - reach if to_x > x + 0.01 else to_x + reach
    path = (
        f"M{x:.1f} {y:.1f}C{x + reach:.1f} {y + rise:.1f} {end:.1f} {to_y + fall:.1f} "
        f"{to_x:.1f} {to_y:.1f}"
    )
    return path, dashes


def _nodes(
    networks: Networks,
    layout: Layout,
    x: FloatArray,
    y: FloatArray,
    names: list[str],
    kinds: list[str],
    pitch: float,
) -> Iterator[str]:
    inputs = networks.inputs
    outputs = set((networks.program.outputs[0] + inputs).tolist())
    size = min(10.0, 0.85 * pitch)
    for node in np.flatnonzero(layout.shown).tolist():
        used, name = bool(layout.used[node]), names[node]
        colour, across, down = (INK if used else PALE), x[node], y[node]
        if node < inputs:
            yield (
                f'<rect x="{across - 2:.1f}" y="{down - 2:.1f}" width="4" height="4" '
                f'fill="{colour}"><title>{_text(name)}</title></rect>'
            )
            if size >= 5.5 and (used or networks.player is None):
                yield _label(across - 6, down, name, "end", colour, size)
            continue
        kind = kinds[node - inputs]
        filled = colour if node in outputs else "white"
        yield (
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4" fill="{filled}" stroke="{colour}">'
            f"<title>{_text(f'{name}: {kind}')}</title></circle>"
        )
        if node in outputs:
            yield _label(across + 9, down, f"{name} {kind}", "start", colour, 10.0)
    if networks.player is not None:
        for name, low, high in layout.blocks:
            bottom, top = (TOP + (layout.height - 1 - end) * pitch for end in (low, high))
            yield (
                f'<path d="M{LEFT - 52} {bottom + 0.4 * pitch:.1f}V{top - 0.4 * pitch:.1f}" '
                f'stroke="{PALE}"/>'
            )
            yield _label(LEFT - 57, (bottom + top) / 2, name, "end", GREY, 10.0)


def _label(x: float, y: float, text: str, anchor: str, colour: str, size: float) -> str:
    """Return one line of text beside a point.

    Args:
        x: The point, in pixels.
        y: The same.
        text: The text, not escaped.
        anchor: "start" or "end": the end of the text that is at the point.
        colour: The colour.
        size: The size of the letters in pixels.
    """
    return (
        f'<text x="{x:.1f}" y="{y + 0.35 * size:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size:.1f}">{_text(text)}</text>'
    )
