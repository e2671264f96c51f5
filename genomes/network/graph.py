"""The graph of one network: node indices, connections by node, needed nodes, topological order.

An index counts the node genes of one network, or is -1 - i for input i. Grouped connections are
compressed sparse rows: `grouped[starts[i]:starts[i + 1]]` are those of node i.

`sort_nodes`, `group`, `needed_nodes` and `order_nodes` write into arrays that their callers
allocate once per batch. Allocation took most of the time of small networks.
"""

import numpy as np

from genomes.arrays import Indices
from genomes.kernels import device, inlined


@inlined
def sort_nodes(ids: Indices, order: Indices) -> None:
    """Sort node ids in place, and write the index of each.

    Args:
        ids: Int64 (nodes,), written to.
        order: Int64 (nodes,), written to.
    """
    count, gap = len(ids), 0
    for i in range(count):
        order[i] = i
        if i > 0 and ids[i] < ids[i - 1]:  # rare: node genes are mostly sorted
            gap = 1
    while 0 < gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:  # Shell sort: no worst case is slow
        for i in range(gap, count):
            node, index = ids[i], order[i]
            to = i
            while to >= gap and ids[to - gap] > node:
                ids[to], order[to] = ids[to - gap], order[to - gap]
                to -= gap
            ids[to], order[to] = node, index
        gap //= 3


@device
def sorted_nodes(ids: Indices) -> tuple[Indices, Indices]:
    """Return node ids in ascending order, and the index of each: both (nodes,)."""
    sorted_ids, order = ids.copy(), np.empty(len(ids), np.int64)
    sort_nodes(sorted_ids, order)
    return sorted_ids, order


@inlined
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


@inlined
def group(connections: Indices, end: Indices, starts: Indices, members: Indices) -> None:
    """Group connections by the node at one end, keeping their order.

    Args:
        connections: Indices of connections.
        end: Index of the node at that end of every connection of the network.
        starts: Offsets of the nodes, int64 (nodes + 1,), written to.
        members: The connections without those that end at an input, written to.
    """
    count = len(starts) - 1
    starts[:] = 0
    for c in connections:
        if end[c] >= 0:
            starts[end[c]] += 1
    total = 0
    for i in range(count + 1):
        total += starts[i]
        starts[i] = total
    # From the last connection to the first: every offset moves from the end of its group to the
    # start.
    for entry in range(len(connections) - 1, -1, -1):
        c = connections[entry]
        if end[c] >= 0:
            starts[end[c]] -= 1
            members[starts[end[c]]] = c


@device
def grouped(connections: Indices, end: Indices, count: int) -> tuple[Indices, Indices]:
    """Return new arrays of `group`.

    Args:
        connections: Indices of connections.
        end: Index of the node at that end of every connection of the network.
        count: Number of nodes.

    Returns:
        starts (count + 1,), and the connections without those that end at an input.
    """
    starts, members = np.empty(count + 1, np.int64), np.empty(len(connections), np.int64)
    group(connections, end, starts, members)
    return starts, members[: starts[count]]


@inlined
def needed_nodes(
    starts: Indices, incoming: Indices, source: Indices, outputs: Indices,
    needed: Indices, stack: Indices,
) -> int:  # fmt: skip
    """Write the ascending indices of the outputs and all nodes leading to them into `needed`.

    Returns their number. `stack` (nodes,) is scratch space.
    """
    nodes = len(starts) - 1
    needed[:nodes] = 0
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
        is_needed = needed[node]
        needed[count] = node
        count += is_needed
    return count


@inlined
def order_nodes(
    starts: Indices, incoming: Indices, source: Indices, target: Indices, nodes: Indices,
    ordered: Indices, waiting: Indices, out_starts: Indices, outgoing: Indices,
) -> int:  # fmt: skip
    """Write nodes in topological order; return their number, smaller if there is a cycle.

    Args:
        starts: Offsets of `group`.
        incoming: Connections grouped by target.
        source: Source index of every connection.
        target: Target index of every connection.
        nodes: Nodes to sort, including all nodes that lead to them.
        ordered: As many indices of nodes, written to.
        waiting: Scratch space, int64 (nodes of the network,).
        out_starts: Scratch space, int64 (nodes of the network + 1,).
        outgoing: Scratch space, int64 (connections,).
    """
    waiting[:] = -1  # number of sources still missing
    count = 0
    for node in nodes:
        missing = 0
        for entry in range(starts[node], starts[node + 1]):
            missing += source[incoming[entry]] >= 0
        waiting[node] = missing
        ordered[count] = node
        count += missing == 0
    if count < len(nodes):
        group(incoming, source, out_starts, outgoing)
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
    return count


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
    ordered, waiting = np.empty(len(nodes), np.int64), np.empty(len(starts) - 1, np.int64)
    out_starts, outgoing = np.empty(len(starts), np.int64), np.empty(len(incoming), np.int64)
    count = order_nodes(
        starts, incoming, source, target, nodes, ordered, waiting, out_starts, outgoing
    )
    return ordered[:count]
