"""Draw a network: inputs at the left, hidden nodes by depth, outputs at the right.

Inputs from the past are in blocks, one per lag, with low keys at the bottom as on a piano roll.
`genomes.network.layout` computes the positions. A line's colour is the sign of the weight, its
width the size. A backward link is an arc, and a self-loop a ring.

Of many connections the strongest are drawn, and those from one lag begin as a bundle. Disabled
connections, and links without a path to an output, are not drawn.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from evo.analysis.plot.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    VERMILLION,
    caption,
    count,
    label,
    legend_right,
    new_figure,
    png_bytes,
    style,
    title,
)
from evo.music.midi.units import note_name
from genomes.arrays import BoolArray
from genomes.network.layout import Layout, lay_out
from genomes.network.networks import Networks
from genomes.network.own_functions import name_of

WIDTH = 9.0  # inches
MAX_LINKS = 80  # the strongest are drawn
BUNDLED = 40  # links above which those of one block begin as a bundle
COLUMN_INCHES = WIDTH / 1.26  # distance from inputs to outputs
PITCH = 0.11  # inches between inputs, less if there are many
LOWEST, TALLEST = 2.4, 11.0  # minimum and maximum height, in inches
MARGIN = 0.3  # inches above and below, where arcs may pass
LABELLED = 0.07  # inches between inputs that can still be labelled
IDLE = "#999999"
DASHES = (0, (3.0, 1.2))


def network_pictures(networks: Networks, lowest_note: int | None) -> dict[str, bytes]:
    """Return the pictures of a champion, by file name.

    Args:
        networks: a batch of one.
        lowest_note: MIDI note of key 0; None if the task is not musical.
    """
    return {"network.png": png_bytes(network_figure(networks, lowest_note))}


def network_figure(networks: Networks, lowest_note: int | None = None) -> Figure:
    """Draw a network.

    Args:
        networks: a batch of one.
        lowest_note: MIDI note of key 0, for the names of keys; by default that of a song with as
            many keys.

    Raises:
        ValueError: if there is not exactly one network, or it cannot be activated.
    """
    if len(networks) != 1:
        raise ValueError(f"networks: expected a batch of one, got {len(networks)}")
    layout = lay_out(networks, MAX_LINKS)
    pitch = float(np.clip(LOWEST / layout.height, PITCH, 0.6))
    pitch = min(pitch, TALLEST / layout.height)
    height = (layout.height - 1) * pitch + 2 * MARGIN
    with style():
        figure = new_figure(WIDTH, height + 0.95, head=0.6, foot=0.25)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(-0.16, 1.1)
        axes.set_ylim(-MARGIN / pitch, layout.height - 1 + MARGIN / pitch)
        widths = _draw_links(axes, layout, pitch)
        _draw_nodes(axes, layout, networks, pitch)
        _draw_names(axes, layout, networks, lowest_note, pitch)
        _add_texts(figure, layout, networks, widths)
    return figure


def _curves(layout: Layout, pitch: float) -> tuple[list[Path], BoolArray]:
    """Return the curves of all links, and a mask of backward links."""
    start = np.stack([layout.x[layout.source], layout.y[layout.source]], axis=1)
    end = np.stack([layout.x[layout.target], layout.y[layout.target]], axis=1)
    back = end[:, 0] <= start[:, 0] + 1e-9
    beside = back & (end[:, 0] > start[:, 0] - 1e-9)
    # Cubic Bezier curves. Forward links are horizontal at both ends. Backward links leave upwards,
    # or bulge to the left within a column.
    reach = np.where(back, 0.0, (end[:, 0] - start[:, 0]) * 0.45)
    bulge = np.where(beside, 0.06, 0.0)
    rise = np.where(back & ~beside, 0.6 / pitch, 0.0)
    centre = layout.centre[layout.source] - start[:, 1]
    gathered = np.where(back | (len(start) <= BUNDLED), 0.0, centre)
    near = start + np.stack([reach - bulge, rise + gathered], axis=1)
    far = end + np.stack([-reach - bulge, rise], axis=1)
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    paths = [Path(points, codes) for points in np.stack([start, near, far, end], axis=1)]
    # A self-loop is a ring.
    circle, radius = Path.unit_circle(), np.array([0.09 / COLUMN_INCHES, 0.09 / pitch])
    above = np.asarray(circle.vertices, np.float64) + np.array([0.0, 1.0])
    alone = layout.source == layout.target
    for link in np.flatnonzero(alone):
        paths[link] = Path(above * radius + start[link], circle.codes)
    return paths, back & ~alone


def _draw_links(axes: Axes, layout: Layout, pitch: float) -> tuple[float, float]:
    """Draw the links, largest on top; return the maximum weight and its line width."""
    size = np.abs(np.nan_to_num(layout.weight))
    maximum = float(size.max(initial=0.0))
    crowd = min(1.0, 150 / max(1, len(size)))  # many links are drawn finer and paler
    widest = 2.8 * crowd**0.3
    paths, back = _curves(layout, pitch)
    order = np.argsort(size, kind="stable")
    for leads_back in (False, True):
        chosen = order[back[order] == leads_back]
        axes.add_collection(
            PathCollection(
                [paths[link] for link in chosen],
                facecolors="none",
                edgecolors=[VERMILLION if weight < 0 else BLUE for weight in layout.weight[chosen]],
                linewidths=_line_width(size[chosen] / (maximum or 1.0), widest),
                linestyles=DASHES if leads_back else "solid",
                alpha=0.85 * crowd**0.45,
                zorder=2, gid="back" if leads_back else "forward",
            ),
            autolim=False,
        )  # fmt: skip
    return maximum, widest


def _line_width(share: Any, widest: float) -> Any:
    """Return the line width in points for a share of the maximum weight."""
    return widest * (0.2 + 0.8 * share)


def _draw_nodes(axes: Axes, layout: Layout, networks: Networks, pitch: float) -> None:
    inputs, x, y = networks.inputs, layout.x, layout.y
    used = layout.used[:inputs]
    idle = np.flatnonzero(~used & layout.shown[:inputs])
    dot = float(np.clip(pitch * 72 * 0.5, 1.5, 5.0))  # points
    axes.scatter(x[idle], y[idle], s=4, color=PALE, linewidths=0, zorder=3, gid="idle")
    active = np.flatnonzero(used)
    axes.scatter(x[active], y[active], s=dot**2, marker="s", color=INK, linewidths=0, zorder=4)
    nodes = np.arange(inputs, len(x))
    ends = np.isin(nodes, networks.program.outputs[0] + inputs)
    hidden = nodes[~ends & layout.shown[inputs:]]
    outputs = nodes[ends & layout.shown[inputs:]]
    size = 7.5 if len(hidden) <= 60 else 4.0
    axes.scatter(
        x[hidden], y[hidden], s=size**2, color="white", edgecolors=INK, linewidths=1.1, zorder=4
    )
    colours = [INK if layout.used[node] else PALE for node in outputs]
    axes.scatter(x[outputs], y[outputs], s=36, c=colours, linewidths=0, zorder=4)


def _draw_names(
    axes: Axes, layout: Layout, networks: Networks, lowest_note: int | None, pitch: float
) -> None:
    x, y, program, player = layout.x, layout.y, networks.program, networks.player
    if player is not None:
        keys = player.keys
        if lowest_note is None:
            lowest_note = next((note for note in (60, 21) if note + keys <= 128), 0)
        names = [note_name(lowest_note + key) for key in range(keys)]
        input_names = names * len(player.lags) + [f"{value:g}" for value in player.extra_inputs]
    else:
        names = [f"output {i}" for i in range(networks.outputs)]
        input_names = [f"input {i}" for i in range(networks.inputs)]
    if pitch >= LABELLED:
        size = min(8.0, 72 * 0.8 * pitch)
        for i in np.flatnonzero(layout.shown[: networks.inputs]):
            if layout.used[i] or pitch > 2 * PITCH:
                axes.text(
                    -0.009, y[i], input_names[i], ha="right", va="center_baseline", fontsize=size,
                    color=INK if layout.used[i] else IDLE,
                )  # fmt: skip
    for name, low, high in layout.blocks if player is not None else ():
        axes.plot([-0.05] * 2, [low - 0.4, high + 0.4], color=PALE, linewidth=1.2, zorder=1)
        axes.text(-0.058, (low + high) / 2, name, ha="right", va="center", fontsize=8, color=GREY)

    # Activation functions are named once if equal, else beside every node.
    kinds = [name_of(code) for code in program.activation.tolist()]
    differ = not _kinds_in_words(networks)
    outputs = program.outputs[0]
    for name, output in zip(names, outputs, strict=True):
        node = networks.inputs + output
        if not layout.shown[node]:
            continue
        axes.text(
            1.013, y[node], f"{name}  {kinds[output]}" if differ else name, ha="left",
            va="center_baseline", fontsize=8, color=INK if layout.used[node] else IDLE,
        )  # fmt: skip
    hidden = np.setdiff1d(np.flatnonzero(layout.shown[networks.inputs :]), outputs)
    if differ and len(hidden) <= 20:
        for index in hidden:
            node = networks.inputs + index
            axes.annotate(
                kinds[index], (x[node], y[node]), (0, -6), textcoords="offset points",
                ha="center", va="top", fontsize=6.5, zorder=5,
                path_effects=[withStroke(linewidth=2.0, foreground="white")],
            )  # fmt: skip


def _kinds_in_words(networks: Networks) -> str:
    """Return the activation functions of all nodes in words, or "" if they differ."""
    kinds = [name_of(code) for code in networks.program.activation.tolist()]
    outputs = set(networks.program.outputs[0].tolist())
    ends = {kind for node, kind in enumerate(kinds) if node in outputs}
    inner = {kind for node, kind in enumerate(kinds) if node not in outputs}
    if len(ends | inner) == 1:
        return f", all nodes {label(ends.pop(), 24)}"
    if len(ends) == len(inner) == 1:
        return f", hidden nodes {label(inner.pop(), 24)}, outputs {label(ends.pop(), 24)}"
    return ""


def _add_texts(
    figure: Figure, layout: Layout, networks: Networks, widths: tuple[float, float]
) -> None:
    program = networks.program
    links, hidden = layout.total, len(program.node_id) - networks.outputs
    used = len(np.unique(program.source[program.source < networks.inputs]))
    title(
        figure,
        f"{count(links, 'connection')}, {count(hidden, 'hidden node')}, "
        f"{used} of {networks.inputs} inputs used",
        f"{'feed-forward' if networks.feed_forward else 'recurrent'}{_kinds_in_words(networks)}",
    )
    maximum, widest = widths
    handles = [
        Line2D([], [], color=BLUE, linewidth=2, label="positive weight"),
        Line2D([], [], color=VERMILLION, linewidth=2, label="negative"),
    ]
    for share, words in ((1.0, "weight "), (0.5, "")) if maximum else ():
        width = _line_width(share, widest)
        text = f"{words}{share * maximum:.3g}"
        handles.append(Line2D([], [], color=GREY, linewidth=width, label=text))
    if (_curves(layout, 1.0)[1]).any():
        handles.append(Line2D([], [], color=GREY, linestyle=DASHES, label="leads back"))
    legend_right(figure, handles)
    dead, disabled = int(networks.enabled.sum()) - links, int((~networks.enabled).sum())
    left_out = [
        f"{count(dead, 'connection')} without a way to an output" if dead else "",
        count(disabled, "disabled connection") if disabled else "",
        "what is not used" if not layout.shown.all() else "",
    ]
    drawn = len(layout.weight)
    text = f"Drawn: {drawn} of {links:,} connections, the strongest. " if drawn < links else ""
    if any(left_out):
        text += f"Not drawn: {', '.join(filter(None, left_out))}."
    caption(figure, text)
