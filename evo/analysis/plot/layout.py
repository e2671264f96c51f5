"""Where the nodes of a network stand in its drawing.

The inputs make the first column, the outputs the last. A hidden node's column is its depth, the
longest way to it from an input, loops left out; its height is found by the barycentre heuristic
(Sugiyama, Tagawa & Toda 1981): again and again the mean of its neighbours' heights, with some room
kept between the nodes of a column.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genomes.network.networks import Networks
from genomes.player import Player

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEW_INPUTS = 120  # so many are all shown; of more, those that are used
GAP = 1.6  # inputs that would fit between two blocks
SWEEPS = 24


@dataclass(frozen=True)
class Layout:
    """Where things are: x in columns from the inputs' 0 to the outputs' 1, y in inputs."""

    x: Floats  # (inputs + nodes,), the inputs first
    y: Floats
    shown: NDArray[np.bool_]  # whether it is drawn
    used: NDArray[np.bool_]  # whether a link begins or ends there
    blocks: list[tuple[str, float, float]]  # name, bottom and top of each block of inputs
    height: float
    source: Integers  # (links,) places in x and y
    target: Integers
    weight: Floats


def lay_out(networks: Networks) -> Layout:
    """Find the places for a batch of one."""
    program = networks.program
    inputs, nodes = networks.inputs, len(program.node_id)
    target = np.repeat(np.arange(nodes), np.diff(program.link_offsets)) + inputs
    source = program.source.astype(np.int64)
    used = np.zeros(inputs + nodes, np.bool_)
    used[source] = used[target] = True
    shown = np.ones(inputs + nodes, np.bool_)
    if inputs > FEW_INPUTS:
        shown[:inputs] = used[:inputs]

    x, y = np.zeros(inputs + nodes), np.zeros(inputs + nodes)
    blocks = []
    top = 0.0
    for name, members in reversed(_blocks(inputs, networks.player)):
        drawn = [i for i in members if shown[i]]
        if drawn:
            y[drawn] = top + np.arange(len(drawn))
            blocks.append((name, top, top + len(drawn) - 1))
            top += len(drawn) - 1 + GAP
    height = max(top - GAP + 1, 1.6 * networks.outputs)

    outputs = program.outputs[0] + inputs
    x[outputs] = 1.0
    places = np.arange(networks.outputs)
    if networks.player is None:  # as they are read, not as keys
        places = places[::-1]
    y[outputs] = (places + 0.5) * height / networks.outputs - 0.5
    if blocks:  # inputs fewer than outputs stand in the middle
        shift = (height - 1 - blocks[-1][2]) / 2
        y[:inputs] += shift
        blocks = [(name, low + shift, high + shift) for name, low, high in blocks]

    hidden = np.setdiff1d(np.arange(inputs, inputs + nodes), outputs)
    depth = _depths(inputs, nodes, source, target)
    if len(hidden):
        columns = np.unique(depth[hidden])
        x[hidden] = (np.searchsorted(columns, depth[hidden]) + 1) / (len(columns) + 1)
        _spread(x, y, hidden, source, target, height)
    return Layout(x, y, shown, used, blocks, height, source, target, program.weight)


def _blocks(inputs: int, player: Player | None) -> list[tuple[str, range]]:
    """The groups of inputs, from top to bottom: their names and places."""
    if player is None:
        return [("", range(inputs - 1, -1, -1))]
    keys = player.keys
    blocks = [
        (f"{lag} step{'s' if lag > 1 else ''} ago", range(place * keys, (place + 1) * keys))
        for place, lag in enumerate(player.lags)
    ]
    extra = range(len(blocks) * keys, inputs)
    return [*blocks, ("constant", extra)] if len(extra) else blocks


def _depths(inputs: int, nodes: int, source: Integers, target: Integers) -> Integers:
    """The longest way from an input to every input and node, without going round a loop."""
    followers: list[list[int]] = [[] for _ in range(inputs + nodes)]
    for start, end in zip(source.tolist(), target.tolist(), strict=True):
        followers[start].append(end)
    # Depth-first, without recursion: in the reversed order of leaving, only loops lead back.
    state, left = [0] * (inputs + nodes), []
    for root in range(inputs + nodes):
        stack = [(root, iter(followers[root]))] if not state[root] else []
        state[root] = 1
        while stack:
            node, rest = stack[-1]
            following = next((f for f in rest if not state[f]), None)
            if following is None:
                left.append(node)
                stack.pop()
            else:
                state[following] = 1
                stack.append((following, iter(followers[following])))
    place = {node: i for i, node in enumerate(reversed(left))}
    depth = np.zeros(inputs + nodes, np.int64)
    for node in reversed(left):
        for end in followers[node]:
            if place[end] > place[node]:
                depth[end] = max(depth[end], depth[node] + 1)
    return depth


def _spread(
    x: Floats, y: Floats, hidden: Integers, source: Integers, target: Integers, height: float
) -> None:
    """Give hidden nodes their heights, in place; see the module's docstring."""
    y[hidden] = height / 2
    # Both ways: what a node hears and what hears it pull alike.
    ends = np.concatenate([source, target])
    others = np.concatenate([target, source])
    ends, others = ends[ends != others], others[ends != others]
    degree = np.maximum(np.bincount(ends, minlength=len(y)), 1)
    columns = [hidden[x[hidden] == column] for column in np.unique(x[hidden])]
    for _ in range(SWEEPS):
        for column in columns:
            pull = np.bincount(ends, weights=y[others], minlength=len(y)) / degree
            order = column[np.argsort(pull[column], kind="stable")]
            room = 0.5 * (height - 1) / len(order)
            # Push apart what is too near, up and then down, and meet in the middle.
            steps = np.arange(len(order)) * room
            upward = np.maximum.accumulate(pull[order] - steps) + steps
            downward = np.minimum.accumulate((pull[order] - steps)[::-1])[::-1] + steps
            y[order] = (upward + downward) / 2
            y[order] += max(0.0, -y[order].min()) - max(0.0, y[order].max() - height + 1)
