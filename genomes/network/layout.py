"""Compute the positions of a network's nodes for drawing.

Inputs form the first column, outputs the last. A hidden node's column is its depth: its longest
path from an input, ignoring loops. Its height follows the barycentre heuristic (Sugiyama, Tagawa &
Toda 1981). Each sweep moves nodes to the mean height of their neighbours, with a minimum distance
within a column.

Of a crowded network only the strongest links are laid out, with the nodes that they join. A hidden
node keeps its strongest link on each side, so that no link ends nowhere.
"""

from dataclasses import dataclass

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.network.networks import Networks
from genomes.player import Player

MAX_IDLE = 40  # up to this many inputs or outputs, unused ones are shown
GAP = 1.6  # space between two blocks, in inputs
SWEEPS = 24


@dataclass(frozen=True)
class Layout:
    """Positions of inputs, nodes and links: x from 0 (inputs) to 1 (outputs), y in inputs."""

    x: FloatArray  # (inputs + nodes,), the inputs first
    y: FloatArray
    shown: BoolArray  # whether the node is drawn
    used: BoolArray  # whether the node has a link
    blocks: list[tuple[str, float, float]]  # name, bottom and top of each block of inputs
    centre: FloatArray  # (inputs + nodes,), the middle of a node's block; y without one
    height: float
    total: int  # links of the network, of which the strongest are laid out
    source: Indices  # (links,) indices into x and y
    target: Indices
    weight: FloatArray


def lay_out(networks: Networks, most: int | None = None) -> Layout:
    """Compute the layout of a batch of one network.

    Args:
        networks: The batch.
        most: Maximum number of links, to which those are added that join hidden nodes; None for
            all.
    """
    program = networks.program
    inputs, nodes = networks.inputs, len(program.node_id)
    target = np.repeat(np.arange(nodes), np.diff(program.link_offsets)) + inputs
    source, weight = program.source.astype(np.int64), program.weight
    outputs = program.outputs[0] + inputs
    hidden = np.setdiff1d(np.arange(inputs, inputs + nodes), outputs)
    total, used = len(weight), np.zeros(inputs + nodes, np.bool_)
    used[outputs] = np.isin(outputs, np.concatenate([source, target]))
    if most is not None and total > most:
        chosen = _strongest(source, target, weight, hidden, most)
        source, target, weight = source[chosen], target[chosen], weight[chosen]
    used[source] = used[target] = True
    shown = np.ones(inputs + nodes, np.bool_)
    if inputs > MAX_IDLE:
        shown[:inputs] = used[:inputs]
    if networks.outputs > MAX_IDLE:
        shown[outputs] = used[outputs]
    if len(weight) < total:
        shown[hidden] = used[hidden]
        hidden = hidden[used[hidden]]

    x, y = np.zeros(inputs + nodes), np.zeros(inputs + nodes)
    blocks, members_of = [], []
    top = 0.0
    for name, members in reversed(_blocks(inputs, networks.player)):
        drawn = [i for i in members if shown[i]]
        if drawn:
            y[drawn] = top + np.arange(len(drawn))
            blocks.append((name, top, top + len(drawn) - 1))
            members_of.append(drawn)
            top += len(drawn) - 1 + GAP
    listed = outputs[shown[outputs]]
    height = max(top - GAP + 1, 1.6 * len(listed), 1.0)

    x[outputs] = 1.0
    positions = np.arange(len(listed))
    if networks.player is None:  # outputs that are not keys are listed from top to bottom
        positions = positions[::-1]
    y[listed] = (positions + 0.5) * height / max(len(listed), 1) - 0.5
    if blocks:  # centre the inputs vertically
        shift = (height - 1 - blocks[-1][2]) / 2
        y[:inputs] += shift
        blocks = [(name, low + shift, high + shift) for name, low, high in blocks]

    depth = _depths(inputs, nodes, source, target)
    if len(hidden):
        columns = np.unique(depth[hidden])
        x[hidden] = (np.searchsorted(columns, depth[hidden]) + 1) / (len(columns) + 1)
        _spread(x, y, hidden, source, target, height)
    centre = y.copy()
    for (_, low, high), drawn in zip(blocks, members_of, strict=True):
        centre[drawn] = (low + high) / 2
    return Layout(x, y, shown, used, blocks, centre, height, total, source, target, weight)


def _strongest(
    source: Indices, target: Indices, weight: FloatArray, hidden: Indices, most: int
) -> Indices:
    """Return the indices of the largest weights, and of those that join their hidden nodes.

    Args:
        source: Node at which each link begins.
        target: Node at which it ends.
        weight: Its weight.
        hidden: The hidden nodes.
        most: Number of largest weights.
    """
    order = np.argsort(-np.abs(np.nan_to_num(weight)), kind="stable")
    chosen = np.zeros(len(weight), np.bool_)
    chosen[order[:most]] = True
    loops = source == target
    # The strongest link into every node, and out of it: the last that is written.
    into, out = (np.full(max(source.max(), target.max()) + 1, -1) for _ in range(2))
    for link in order[::-1]:
        if not loops[link]:
            into[target[link]] = out[source[link]] = link
    waiting = True
    while waiting:
        ends = np.zeros(len(into), np.bool_)
        ends[source[chosen]] = ends[target[chosen]] = True
        wanted = hidden[ends[hidden]]
        more = np.concatenate([into[wanted], out[wanted]])
        more = more[more >= 0]
        waiting = not chosen[more].all()
        chosen[more] = True
    return np.flatnonzero(chosen)


def _blocks(inputs: int, player: Player | None) -> list[tuple[str, range]]:
    """Return the groups of inputs from top to bottom: names and indices."""
    if player is None:
        return [("", range(inputs - 1, -1, -1))]
    keys = player.keys
    blocks = [
        (f"{lag} step{'s' if lag > 1 else ''} ago", range(index * keys, (index + 1) * keys))
        for index, lag in enumerate(player.lags)
    ]
    extra = range(len(blocks) * keys, inputs)
    return [*blocks, ("constant", extra)] if len(extra) else blocks


def _depths(inputs: int, nodes: int, source: Indices, target: Indices) -> Indices:
    """Return the longest loop-free path from an input to every node."""
    followers: list[list[int]] = [[] for _ in range(inputs + nodes)]
    for start, end in zip(source.tolist(), target.tolist(), strict=True):
        followers[start].append(end)
    # Iterative depth-first search: in reversed postorder only loops point backwards.
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
    order = {node: i for i, node in enumerate(reversed(left))}
    depth = np.zeros(inputs + nodes, np.int64)
    for node in reversed(left):
        for end in followers[node]:
            if order[end] > order[node]:
                depth[end] = max(depth[end], depth[node] + 1)
    return depth


def _spread(
    x: FloatArray,
    y: FloatArray,
    hidden: Indices,
    source: Indices,
    target: Indices,
    height: float,
) -> None:
    """Set the heights of hidden nodes in place; see the module's docstring."""
    y[hidden] = height / 2
    # Inputs and outputs of a node attract it equally.
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
            # Separate close nodes upwards and downwards, and take the mean.
            steps = np.arange(len(order)) * room
            upward = np.maximum.accumulate(pull[order] - steps) + steps
            downward = np.minimum.accumulate((pull[order] - steps)[::-1])[::-1] + steps
            y[order] = (upward + downward) / 2
            y[order] += max(0.0, -y[order].min()) - max(0.0, y[order].max() - height + 1)
