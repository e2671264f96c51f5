"""Which nodes of a network its outputs need, in an order in which they can be computed.

Networks are compiled once and activated many times (`genomes.network.activation`). The order of a
feed-forward network puts sources first (Kahn 1962); of a recurrent one it does not matter.
"""

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device, kernel


@device
def _find(sorted_ids: Indices, order: Indices, wanted: int) -> int:
    """Place of node `wanted` in its network, or -1."""
    if 0 <= wanted < len(sorted_ids) and sorted_ids[wanted] == wanted:
        return int(order[wanted])  # outputs, and hidden nodes without a gap before them
    low, place = 0, len(sorted_ids)
    while low < place:
        middle = (low + place) // 2
        if sorted_ids[middle] < wanted:
            low = middle + 1
        else:
            place = middle
    if place < len(sorted_ids) and sorted_ids[place] == wanted:
        return int(order[place])
    return -1


@device
def _summed(counts: Indices) -> Indices:
    """Running sums."""
    sums = counts.copy()
    for place in range(1, len(sums)):
        sums[place] += sums[place - 1]
    return sums


@device
def longest_row(offsets: Indices) -> int:
    """Length of the longest row of a compressed sparse matrix."""
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return longest


@kernel
def compile_networks(
    inputs: int,
    output_count: int,
    feed_forward: bool,
    node_offsets: Indices,
    node_id: Indices,
    connection_offsets: Indices,
    source: Indices,
    target: Indices,
    weight: FloatArray,
    enabled: BoolArray,
) -> tuple[int, Indices, Indices, Indices, Indices, FloatArray, Indices]:
    """Find what has to be computed of n networks, and in which order.

    Returns (problem, node_offsets, genes, link_offsets, source, weight, outputs), of which all but
    the first two stand in a `Program` under the same name; `genes` (nodes,) says which node gene
    each of its nodes is. `problem` is -1, or the place of the first network that cannot be
    compiled: a connection names a node it does not have, or a feed-forward network has a cycle.
    """
    n = len(node_offsets) - 1
    nodes, links = len(node_id), len(source)
    p_offsets = np.zeros(n + 1, np.int64)
    p_gene = np.empty(nodes, np.int64)
    l_offsets = np.zeros(nodes + 1, np.int64)
    l_source = np.empty(links, np.int64)
    l_weight = np.empty(links, np.float64)
    outputs = np.full((n, output_count), -1, np.int64)
    problem = -1
    p_end, l_end = 0, 0
    for g in range(n):
        first, last = node_offsets[g], node_offsets[g + 1]
        count = last - first
        begin, end = connection_offsets[g], connection_offsets[g + 1]
        ids = node_id[first:last]
        # Node genes nearly always stand in the order of their ids: an insertion sort sees that.
        order = np.arange(count)
        sorted_ids = ids.copy()
        for done in range(1, count):
            place = done
            while place > 0 and sorted_ids[place] < sorted_ids[place - 1]:
                sorted_ids[place], sorted_ids[place - 1] = sorted_ids[place - 1], sorted_ids[place]
                order[place], order[place - 1] = order[place - 1], order[place]
                place -= 1

        # Connections by place instead of id: inputs are -1 - input, nodes 0 and up.
        from_place = np.empty(end - begin, np.int64)
        to_place = np.empty(end - begin, np.int64)
        fan_in = np.zeros(count + 1, np.int64)
        for c in range(begin, end):
            from_place[c - begin] = source[c]
            if source[c] >= 0:
                from_place[c - begin] = _find(sorted_ids, order, source[c])
                if from_place[c - begin] < 0 and problem < 0:
                    problem = g
            elif source[c] < -inputs and problem < 0:
                problem = g
            to_place[c - begin] = _find(sorted_ids, order, target[c])
            if to_place[c - begin] < 0 and problem < 0:
                problem = g
            if enabled[c]:
                fan_in[to_place[c - begin] + 1] += 1
        if problem >= 0:
            break

        # Links of every node in the order of the genes (a stable counting sort).
        starts = _summed(fan_in)
        cursor = starts[:-1].copy()
        by_target = np.empty(starts[-1], np.int64)
        for c in range(end - begin):
            if enabled[begin + c]:
                by_target[cursor[to_place[c]]] = c
                cursor[to_place[c]] += 1

        # The nodes that the outputs need, found backwards.
        needed = np.zeros(count, np.bool_)
        stack = np.empty(count, np.int64)
        height = 0
        for output in range(output_count):
            place = _find(sorted_ids, order, output)
            if place < 0:
                problem = g
                break
            outputs[g, output] = place
            needed[place] = True
            stack[height] = place
            height += 1
        if problem >= 0:
            break
        needed_count = height
        while height > 0:
            height -= 1
            place = stack[height]
            for entry in range(starts[place], starts[place + 1]):
                origin = from_place[by_target[entry]]
                if origin >= 0 and not needed[origin]:
                    needed[origin] = True
                    needed_count += 1
                    stack[height] = origin
                    height += 1

        # Their order: as they stand for a recurrent network, sources first otherwise (Kahn 1962).
        rank = np.full(count, -1, np.int64)
        ranked = 0
        if feed_forward:
            waiting = np.zeros(count, np.int64)
            for place in range(count):
                for entry in range(starts[place], starts[place + 1]):
                    waiting[place] += from_place[by_target[entry]] >= 0
            fan_out = np.zeros(count + 1, np.int64)
            for c in by_target:
                if from_place[c] >= 0:
                    fan_out[from_place[c] + 1] += 1
            out_starts = _summed(fan_out)
            cursor = out_starts[:-1].copy()
            by_origin = np.empty(out_starts[-1], np.int64)
            for c in by_target:
                if from_place[c] >= 0:
                    by_origin[cursor[from_place[c]]] = to_place[c]
                    cursor[from_place[c]] += 1
            for place in range(count):
                if needed[place] and waiting[place] == 0:
                    rank[place] = ranked
                    p_gene[p_end + ranked] = first + place
                    ranked += 1
            done = 0
            while done < ranked:
                place = p_gene[p_end + done] - first
                done += 1
                for entry in range(out_starts[place], out_starts[place + 1]):
                    reached = by_origin[entry]
                    waiting[reached] -= 1
                    if waiting[reached] == 0 and needed[reached]:
                        rank[reached] = ranked
                        p_gene[p_end + ranked] = first + reached
                        ranked += 1
            if ranked < needed_count:
                problem = g
                break
        else:
            for place in range(count):
                if needed[place]:
                    rank[place] = ranked
                    p_gene[p_end + ranked] = first + place
                    ranked += 1

        for p in range(p_end, p_end + ranked):
            place = p_gene[p] - first
            for entry in range(starts[place], starts[place + 1]):
                c = by_target[entry]
                origin = from_place[c]
                l_source[l_end] = inputs + rank[origin] if origin >= 0 else -1 - origin
                l_weight[l_end] = weight[begin + c]
                l_end += 1
            l_offsets[p + 1] = l_end
        for output in range(output_count):
            outputs[g, output] = rank[outputs[g, output]]
        p_end += ranked
        p_offsets[g + 1] = p_end

    return (
        problem, p_offsets, p_gene[:p_end],
        l_offsets[: p_end + 1], l_source[:l_end], l_weight[:l_end], outputs,
    )  # fmt: skip
