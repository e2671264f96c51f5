"""Batched activation of networks of arbitrary topology.

A batch is compiled once into a `Program`: per network the nodes that its outputs need, in a
computable order, and the links of each node. Whole songs are computed at a time. A feed-forward
node is one row with a value per step, so a link is `row += weight * source_row` over contiguous
memory. A recurrent network is computed step by step. Closed loops are computed by
`genomes.network.closed_loop`.

A node's links are summed in the order of its genes, per network, without fused or reordered
arithmetic. Outputs are therefore identical in every batch, to the last bit, and sums equal those of
neat-python.

Memory order of a `Program`: networks, nodes and links are concatenated (compressed sparse rows).
Network g owns nodes `node_offsets[g]:node_offsets[g + 1]`. Node p owns links
`link_offsets[p]:link_offsets[p + 1]`. A link's source below `inputs` is an input; otherwise `source
- inputs` is a node's index within the network.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import Codes, FloatArray, Indices
from genomes.kernels import borrowed, device, inlined, kernel
from genomes.network.columns import Columns, aligned
from genomes.network.compilation import longest_row
from genomes.network.functions import PRODUCT, SUM, activate_row, activated, aggregate_values
from genomes.vectors import LANES, load, plus, spread, store, times


class Program(NamedTuple):
    """Compiled networks; the module's docstring has the memory order."""

    inputs: int
    feed_forward: bool
    node_offsets: Indices  # (n + 1,)
    node_id: Indices  # (nodes,)
    bias: FloatArray  # (nodes,)
    response: FloatArray  # (nodes,)
    activation: Indices  # (nodes,), addresses of users' functions (`own_functions.addresses`)
    aggregation: Codes  # (nodes,)
    link_offsets: Indices  # (nodes + 1,)
    source: Indices  # (links,)
    weight: FloatArray  # (links,)
    outputs: Indices  # (n, outputs): index of every output node within its network
    time_constant: FloatArray  # (nodes,), or empty if all are 1


@device
def _node_value(
    program: Program, p: int, inputs: FloatArray, values: FloatArray, t: int, weighted: FloatArray
) -> float:
    """Return the value of node p at step t; `weighted` is scratch space.

    `inputs` and `values` have one column per step.
    """
    begin, end = program.link_offsets[p], program.link_offsets[p + 1]
    for link in range(begin, end):
        source = program.source[link]
        if source < program.inputs:
            value = inputs[source, t]
        else:
            value = values[source - program.inputs, t]
        weighted[link - begin] = program.weight[link] * value
    total = aggregate_values(program.aggregation[p], weighted, end - begin)
    return activated(program.activation[p], program.bias[p] + program.response[p] * total)


@device
def _step(
    program: Program,
    g: int,
    inputs: FloatArray,
    previous: FloatArray,
    values: FloatArray,
    weighted: FloatArray,
) -> None:
    """Compute one step of recurrent network g into `values`.

    `previous` has the values of the previous step. All arrays have one column. A node without links
    keeps the value 0, as in neat-python.
    """
    first = program.node_offsets[g]
    for p in range(first, program.node_offsets[g + 1]):
        if program.link_offsets[p] < program.link_offsets[p + 1]:
            values[p - first, 0] = _node_value(program, p, inputs, previous, 0, weighted)


@inlined
def _constant(program: Program, p: int) -> float:
    """Return the value of feed-forward node p, which has no links."""
    total = 1.0 if program.aggregation[p] == PRODUCT else 0.0
    return activated(program.activation[p], program.bias[p] + program.response[p] * total)


@inlined
def _add(row: FloatArray, weight: float, origin: FloatArray, first: int, width: int) -> None:
    """Add the weighted numbers of `origin` from `first` on to those of `row`."""
    factor = spread(weight)
    for t in range(0, width, LANES):
        store(plus(load(row, t), times(factor, load(origin, first + t))), row, t)


@inlined
def _add_links(
    program: Program, p: int, columns: Columns, rows: FloatArray, row: FloatArray
) -> None:
    """Write the weighted sums of node p into `row`, link by link.

    Zeros do not change a sum, and most keys are silent.
    """
    width = len(row)
    row[:] = 0.0
    for link in range(program.link_offsets[p], program.link_offsets[p + 1]):
        source, weight = program.source[link], program.weight[link]
        if source >= program.inputs:
            _add(row, weight, rows, (source - program.inputs) * width, width)
            continue
        _add(row, weight, columns.values, source * width, columns.leading[source])
        for index in range(columns.offsets[source], columns.offsets[source + 1]):
            t = columns.nonzero[index]
            row[t] += weight * columns.values[source, t]


@inlined
def _is_dense(program: Program, p: int, columns: Columns) -> bool:
    """Return whether node p has only sources that are read at every step."""
    dense, width = True, columns.values.shape[1]
    for link in range(program.link_offsets[p], program.link_offsets[p + 1]):
        source = program.source[link]
        dense &= source >= program.inputs or columns.leading[source] == width
    return dense


@inlined
def _sum_links(
    program: Program, p: int, columns: Columns, rows: FloatArray, row: FloatArray
) -> None:
    """Write the weighted sums of node p, whose sources are read at every step, into `row`.

    Four vectors of sums stay in registers while all links are added.
    """
    width, inputs, values = len(row), program.inputs, columns.values
    last = width - LANES  # the same sums again at the end
    for t in range(0, width, 4 * LANES):
        t1, t2, t3 = min(t + LANES, last), min(t + 2 * LANES, last), min(t + 3 * LANES, last)
        s0, s1, s2, s3 = spread(0.0), spread(0.0), spread(0.0), spread(0.0)
        for link in range(program.link_offsets[p], program.link_offsets[p + 1]):
            factor, at = spread(program.weight[link]), program.source[link] * width
            if program.source[link] < inputs:
                s0 = plus(s0, times(factor, load(values, at + t)))
                s1 = plus(s1, times(factor, load(values, at + t1)))
                s2 = plus(s2, times(factor, load(values, at + t2)))
                s3 = plus(s3, times(factor, load(values, at + t3)))
            else:
                at -= inputs * width
                s0 = plus(s0, times(factor, load(rows, at + t)))
                s1 = plus(s1, times(factor, load(rows, at + t1)))
                s2 = plus(s2, times(factor, load(rows, at + t2)))
                s3 = plus(s3, times(factor, load(rows, at + t3)))
        store(s0, row, t)
        store(s1, row, t1)
        store(s2, row, t2)
        store(s3, row, t3)


@inlined
def _fill_row(
    program: Program, p: int, columns: Columns, rows: FloatArray, row: FloatArray,
    weighted: FloatArray,
) -> None:  # fmt: skip
    """Compute feed-forward node p at all steps into `row`."""
    width = len(row)
    if program.link_offsets[p] == program.link_offsets[p + 1]:
        row[:] = _constant(program, p)
    elif program.aggregation[p] == SUM:
        if _is_dense(program, p, columns):
            _sum_links(program, p, columns, rows, row)
        else:
            _add_links(program, p, columns, rows, row)
        bias, response = program.bias[p], program.response[p]
        for t in range(width):
            row[t] = bias + response * row[t]
        activate_row(program.activation[p], row)
    else:
        for t in range(columns.steps):
            row[t] = _node_value(program, p, columns.values, rows, t, weighted)


@inlined
def _unchanged(program: Program, p: int, q: int, first: int, match: Indices) -> bool:
    """Return whether node p has the same values as node q of the network before.

    Args:
        program: The compiled networks.
        p: Index of the node.
        q: Index of the other node.
        first: Index of the first node of p's network.
        match: For every earlier node of p's network, its place in the network before if its values
            are unchanged, or -1.
    """
    begin, count = program.link_offsets[p], program.link_offsets[p + 1] - program.link_offsets[p]
    before = program.link_offsets[q]
    if program.link_offsets[q + 1] - before != count:
        return False
    if (
        program.bias[p] != program.bias[q]
        or program.response[p] != program.response[q]
        or program.activation[p] != program.activation[q]
        or program.aggregation[p] != program.aggregation[q]
    ):
        return False
    inputs = program.inputs
    for link in range(count):
        source, other = program.source[begin + link], program.source[before + link]
        if program.weight[begin + link] != program.weight[before + link]:
            return False
        if source < inputs:
            if source != other:
                return False
        elif match[source - inputs] < 0 or match[source - inputs] != other - inputs:
            return False
    return True


@inlined
def _match_nodes(program: Program, g: int, match: Indices) -> None:
    """Write for every node of network g its place in network g - 1, or -1 if it has changed.

    Both have a similar order, so the search for a node continues where the last one was found.
    """
    first, last = program.node_offsets[g], program.node_offsets[g + 1]
    begin = program.node_offsets[g - 1]
    count, place = first - begin, 0
    for p in range(first, last):
        match[p - first] = -1
        for step in range(count):
            q = begin + (place + step) % count
            if program.node_id[q] == program.node_id[p]:
                place = q - begin
                if _unchanged(program, p, q, first, match):
                    match[p - first] = place
                break


@device
def _activate_recurrent(program: Program, inputs: FloatArray, result: FloatArray) -> None:
    """Compute the outputs of recurrent networks; see `activate_rows`."""
    n, steps, outputs = result.shape
    nodes, links = longest_row(program.node_offsets), longest_row(program.link_offsets)
    weighted, column = np.empty(max(links, 1)), np.empty((program.inputs, 1))
    for g in range(n):
        previous, values = np.zeros((nodes, 1)), np.zeros((nodes, 1))
        for t in range(steps):
            for i in range(program.inputs):
                column[i, 0] = inputs[i, t]
            _step(program, g, column, previous, values, weighted)
            for output in range(outputs):
                result[g, t, output] = values[program.outputs[g, output], 0]
            previous, values = values, previous


@inlined
def _write(program: Program, g: int, rows: FloatArray, match: Indices, result: FloatArray) -> None:
    """Write the outputs of network g from the rows of its nodes.

    All outputs are written at once as if constant, or copied from the network before. Then those
    that differ are written one by one, which takes longer, as a step's outputs are neighbours.
    """
    steps, outputs = result.shape[1:]
    first, kept = program.node_offsets[g], 0
    for output in range(outputs):
        index = program.outputs[g, output]
        linked = program.link_offsets[first + index] < program.link_offsets[first + index + 1]
        kept += linked and match[index] >= 0 and program.outputs[g - 1, output] == match[index]
    whole = result[g]
    if kept > 0:
        whole[:] = result[g - 1]
    else:
        for output in range(outputs):
            whole[0, output] = rows[program.outputs[g, output], 0]
        for t in range(1, steps):
            for output in range(outputs):
                whole[t, output] = whole[0, output]
    for output in range(outputs):
        index = program.outputs[g, output]
        p = first + index
        if kept > 0:
            if match[index] >= 0 and program.outputs[g - 1, output] == match[index]:
                continue
        elif program.link_offsets[p] == program.link_offsets[p + 1]:
            continue
        row = rows[index]
        for t in range(steps):
            whole[t, output] = row[t]


@device
def _activate_feed_forward(
    program: Program, columns: Columns, result: FloatArray,
    values: FloatArray, match: Indices, weighted: FloatArray,
) -> None:  # fmt: skip
    """Compute the outputs of feed-forward networks; see `activate_rows`.

    Scratch space: `values` (2 * nodes, width), `match` (nodes,) of -1, `weighted` (links,).
    """
    program, columns, result = borrowed(program), borrowed(columns), borrowed(result)
    values, match, weighted = borrowed(values), borrowed(match), borrowed(weighted)
    half = len(values) // 2
    rows, before = values[:half], values[half:]  # before: of the network before
    for g in range(len(result)):
        first = program.node_offsets[g]
        if g > 0:
            rows, before = before, rows
            _match_nodes(program, g, match)
        for p in range(first, program.node_offsets[g + 1]):
            row, place = rows[p - first], match[p - first]
            if place >= 0:
                row[:] = before[place]
            else:
                _fill_row(program, p, columns, rows, row, weighted)
        _write(program, g, rows, match, result)


@kernel
def activate_rows(program: Program, columns: Columns, result: FloatArray) -> None:
    """Compute the outputs of every network for every column of inputs.

    For recurrent networks the columns are consecutive steps; their initial state is 0.

    Args:
        program: The compiled networks.
        columns: The inputs, of `columns_of`.
        result: Float64 (n, steps, outputs), written to.
    """
    if result.shape[1] == 0:
        return
    if not program.feed_forward:
        _activate_recurrent(program, columns.values, result)
        return
    nodes, links = longest_row(program.node_offsets), longest_row(program.link_offsets)
    values = aligned(2 * nodes, columns.values.shape[1])
    values[:] = 0.0
    match, weighted = np.full(max(nodes, 1), -1), np.empty(max(links, 1))
    _activate_feed_forward(program, columns, result, values, match, weighted)
