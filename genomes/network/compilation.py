"""Find the nodes that a network's outputs need, in a computable order.

Networks are compiled once and activated many times (`genomes.network.activation`). Per network:

    sorted_nodes     its node ids in ascending order, for searching
    indices_of       the node indices that its connections join
    grouped          its connections grouped by target node
    needed_nodes     the nodes with a path to an output
    sources_first    a topological order of these (Kahn 1962); any order for recurrent networks

An index counts the node genes of one network, or is -1 - i for input i. Grouped connections are
compressed sparse rows: `grouped[starts[i]:starts[i + 1]]` are those of node i.
"""

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device, kernel, zero


@device
def sorted_nodes(ids: Indices) -> tuple[Indices, Indices]:
    """Return node ids in ascending order, and the index of each: both (nodes,)."""
    count = len(ids)
    sorted_ids, order = ids.copy(), np.empty(count, np.int64)
    gap = 0
    for i in range(count):
        order[i] = i
        if i > 0 and ids[i] < ids[i - 1]:  # rare: node genes are mostly sorted
            gap = 1
    while 0 < gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:  # Shell sort: no worst case is slow
        for i in range(gap, count):
            node, index = sorted_ids[i], order[i]
            to = i
            while to >= gap and sorted_ids[to - gap] > node:
                sorted_ids[to], order[to] = sorted_ids[to - gap], order[to - gap]
                to -= gap
            sorted_ids[to], order[to] = node, index
        gap //= 3
    return sorted_ids, order


@device
def find_node(sorted_ids: Indices, order: Indices, node: int) -> int:
    """Return the index of the node with an id, or -1.

    Args:
        sorted_ids: Ascending node ids, int64 (nodes,).
        order: Index in the network of each sorted id, int64 (nodes,).
        node: Node id.
    """
    if 0 <= node < len(sorted_ids) and sorted_ids[node] == node:
        return int(order[node])  # outputs, and hidden nodes without a gap before them
    low, high = 0, len(sorted_ids)
    while low < high:
        middle = (low + high) // 2
        if sorted_ids[middle] < node:
            low = middle + 1
        else:
            high = middle
    if low < len(sorted_ids) and sorted_ids[low] == node:
        return int(order[low])
    return -1


@device
def indices_of(
    sorted_ids: Indices, order: Indices, ids: Indices, inputs: int
) -> tuple[bool, Indices]:
    """Return whether all ids exist, and the index of each.

    Args:
        sorted_ids: Ascending node ids, int64 (nodes,).
        order: Index of each, int64 (nodes,).
        ids: Ids of nodes and inputs, int64 (any,).
        inputs: Number of valid inputs.
    """
    indices = np.empty(len(ids), np.int64)
    known = True
    for c in range(len(ids)):
        indices[c] = ids[c]
        if ids[c] >= 0:
            indices[c] = find_node(sorted_ids, order, ids[c])
            known &= indices[c] >= 0
        else:
            known &= ids[c] >= -inputs
    return known, indices


@device
def grouped(connections: Indices, end: Indices, count: int) -> tuple[Indices, Indices]:
    """Group connections by the node at one end, keeping their order.

    Args:
        connections: Indices of connections.
        end: Index of the node at that end of every connection of the network.
        count: Number of nodes.

    Returns:
        starts (count + 1,), and the connections without those that end at an input.
    """
    starts = np.zeros(count + 1, np.int64)
    for c in connections:
        if end[c] >= 0:
            starts[end[c] + 1] += 1
    for i in range(count):
        starts[i + 1] += starts[i]
    cursor = starts.copy()
    members = np.empty(starts[count], np.int64)
    for c in connections:
        if end[c] >= 0:
            members[cursor[end[c]]] = c
            cursor[end[c]] += 1
    return starts, members


@device
def _needed_nodes(starts: Indices, incoming: Indices, source: Indices, outputs: Indices) -> Indices:
    """Return the ascending indices of the outputs and all nodes leading to them."""
    nodes = len(starts) - 1
    needed = np.zeros(nodes, np.int64)
    stack = np.empty(nodes, np.int64)
    height = 0
    for output in outputs:
        needed[output] = 1
        stack[height] = output
        height += 1
    while height > 0:
        height -= 1
        node = stack[height]
        for entry in range(starts[node], starts[node + 1]):
            origin = source[incoming[entry]]
            if origin >= 0 and needed[origin] == 0:
                needed[origin] = 1
                stack[height] = origin
                height += 1
    count = 0
    for node in range(nodes):
        if needed[node] == 1:
            stack[count] = node
            count += 1
    return stack[:count]


@device
def sources_first(
    starts: Indices, incoming: Indices, source: Indices, target: Indices, nodes: Indices
) -> Indices:
    """Return `nodes` in topological order; fewer if there is a cycle.

    Args:
        starts: Offsets of `grouped`.
        incoming: Connections grouped by target.
        source: Source index of every connection.
        target: Target index of every connection.
        nodes: Nodes to sort, including all nodes that lead to them.
    """
    waiting = np.zeros(len(starts) - 1, np.int64)  # number of sources still missing
    waiting[:] = -1
    out_starts, outgoing = grouped(incoming, source, len(waiting))
    ordered = np.empty(len(nodes), np.int64)
    count = 0
    for node in nodes:
        waiting[node] = 0
        for entry in range(starts[node], starts[node + 1]):
            waiting[node] += source[incoming[entry]] >= 0
        if waiting[node] == 0:
            ordered[count] = node
            count += 1
    done = 0
    while done < count:
        node = ordered[done]
        done += 1
        for entry in range(out_starts[node], out_starts[node + 1]):
            reached = target[outgoing[entry]]
            waiting[reached] -= 1
            if waiting[reached] == 0:
                ordered[count] = reached
                count += 1
    return ordered[:count]


@device
def present(enabled: BoolArray) -> Indices:
    """Return the indices of the enabled connections."""
    connections = np.empty(len(enabled), np.int64)
    count = 0
    for c in range(len(enabled)):
        if enabled[c]:
            connections[count] = c
            count += 1
    return connections[:count]


@device
def longest_row(offsets: Indices) -> int:
    """Return the length of the longest row of a compressed sparse matrix."""
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return longest


@kernel
def compile_networks(
    inputs: int, output_count: int, feed_forward: bool,
    node_offsets: Indices, node_id: Indices,
    connection_offsets: Indices, source: Indices, target: Indices,
    weight: FloatArray, enabled: BoolArray,
) -> tuple[int, Indices, Indices, Indices, Indices, FloatArray, Indices]:  # fmt: skip
    """Compile n networks for activation.

    Args:
        inputs: Inputs of every network.
        output_count: Outputs of every network.
        feed_forward: Whether the networks must be free of cycles.
        node_offsets: Int64 (n + 1,).
        node_id: Int64 (nodes,).
        connection_offsets: Int64 (n + 1,).
        source: Int64 (connections,).
        target: Int64 (connections,).
        weight: Float64 (connections,).
        enabled: Bool (connections,).

    Returns:
        (problem, node_offsets, genes, link_offsets, source, weight, outputs). `problem` is -1, or
        the first network that lacks a node of a connection, or is feed-forward with a cycle.
        `genes` has the node gene of each node. The others are fields of `Program`.
    """
    n, nodes, links = len(node_offsets) - 1, len(node_id), len(source)
    offsets, genes = np.zeros(n + 1, np.int64), np.empty(nodes, np.int64)
    link_offsets = np.zeros(nodes + 1, np.int64)
    link_source, link_weight = np.empty(links, np.int64), np.empty(links, np.float64)
    outputs = np.empty((n, output_count), np.int64)
    rank = np.empty(longest_row(node_offsets), np.int64)  # position in the order, by index
    problem, p, link = -1, 0, 0
    for g in range(n):
        first, begin, end = node_offsets[g], connection_offsets[g], connection_offsets[g + 1]
        sorted_ids, order = sorted_nodes(node_id[first : node_offsets[g + 1]])
        known, sources = indices_of(sorted_ids, order, source[begin:end], inputs)
        all_known, targets = indices_of(sorted_ids, order, target[begin:end], zero())
        all_known &= known
        for output in range(output_count):
            outputs[g, output] = find_node(sorted_ids, order, output)
            all_known &= outputs[g, output] >= 0
        if not all_known:
            problem = g
            break
        starts, incoming = grouped(present(enabled[begin:end]), targets, len(order))
        ordered = _needed_nodes(starts, incoming, sources, outputs[g])
        needed = len(ordered)
        if feed_forward:
            ordered = sources_first(starts, incoming, sources, targets, ordered)
        if len(ordered) < needed:
            problem = g
            break
        for index in range(needed):
            rank[ordered[index]] = index
        for node in ordered:
            for entry in range(starts[node], starts[node + 1]):
                origin = sources[incoming[entry]]
                link_source[link] = inputs + rank[origin] if origin >= 0 else -1 - origin
                link_weight[link] = weight[begin + incoming[entry]]
                link += 1
            genes[p] = first + node
            p += 1
            link_offsets[p] = link
        for output in range(output_count):
            outputs[g, output] = rank[outputs[g, output]]
        offsets[g + 1] = p
    return (
        problem, offsets, genes[:p],
        link_offsets[: p + 1], link_source[:link], link_weight[:link], outputs,
    )  # fmt: skip
