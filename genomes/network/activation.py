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
from genomes.kernels import device, kernel
from genomes.network.calling import call_function
from genomes.network.compilation import longest_row
from genomes.network.functions import (
    IDENTITY,
    STEP,
    SUM,
    activate_value,
    activated,
    aggregate_values,
)

_SPARSE = 5  # rows with fewer than 1 in 5 nonzero steps are added sparsely


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


@device
def _sparse(inputs: FloatArray) -> tuple[Indices, Indices]:
    """Return the nonzero inputs as compressed sparse rows (offsets, steps)."""
    count, steps = inputs.shape
    offsets = np.zeros(count + 1, np.int64)
    for i in range(count):
        for t in range(steps):
            offsets[i + 1] += inputs[i, t] != 0.0
        offsets[i + 1] += offsets[i]
    nonzero_steps = np.empty(offsets[count], np.int64)
    index = 0
    for i in range(count):
        for t in range(steps):
            if inputs[i, t] != 0.0:
                nonzero_steps[index] = t
                index += 1
    return offsets, nonzero_steps


@device
def _fill_row(
    program: Program,
    p: int,
    inputs: FloatArray,
    sounding: tuple[Indices, Indices],
    rows: FloatArray,
    row: FloatArray,
    weighted: FloatArray,
) -> None:
    """Compute feed-forward node p at all steps into `row`."""
    begin, end = program.link_offsets[p], program.link_offsets[p + 1]
    steps = len(row)
    offsets, nonzero_steps = sounding
    if begin == end:
        row[:] = _node_value(program, p, inputs, rows, 0, weighted)
    elif program.aggregation[p] == SUM:
        row[:] = 0.0
        for link in range(begin, end):
            source, weight = program.source[link], program.weight[link]
            if source < program.inputs:
                first, last = offsets[source], offsets[source + 1]
                if _SPARSE * (last - first) < steps:
                    # Zeros do not change the sum, and most keys are silent.
                    for index in range(first, last):
                        t = nonzero_steps[index]
                        row[t] += weight * inputs[source, t]
                    continue
                origin = inputs[source]
            else:
                origin = rows[source - program.inputs]
            for t in range(steps):
                row[t] += weight * origin[t]
        bias, response, code = program.bias[p], program.response[p], program.activation[p]
        for t in range(steps):
            row[t] = bias + response * row[t]
        if code == STEP:  # the two simplest are inlined
            for t in range(steps):
                row[t] = 1.0 if row[t] > 0.0 else (0.0 if row[t] <= 0.0 else row[t])
        elif code > STEP:
            for t in range(steps):
                row[t] = call_function(code, row[t])
        elif code != IDENTITY:
            for t in range(steps):
                row[t] = activate_value(code, row[t])
    else:
        for t in range(steps):
            row[t] = _node_value(program, p, inputs, rows, t, weighted)


@device
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


@device
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


@kernel
def activate_rows(program: Program, inputs: FloatArray, result: FloatArray) -> None:
    """Compute the outputs of every network for every column of inputs.

    For recurrent networks the columns are consecutive steps; their initial state is 0.

    Args:
        program: The compiled networks.
        inputs: Float64 (inputs, steps).
        result: Float64 (n, steps, outputs), written to.
    """
    n, steps, outputs = result.shape
    if steps == 0:
        return
    nodes, links = longest_row(program.node_offsets), longest_row(program.link_offsets)
    weighted = np.empty(max(links, 1))
    rows = np.zeros((nodes, steps if program.feed_forward else 1))
    column = np.empty((program.inputs, 1))
    sounding = _sparse(inputs)
    match = np.full(max(nodes, 1), -1)
    before = np.zeros_like(rows)  # the rows of the network before
    for g in range(n):
        first = program.node_offsets[g]
        if program.feed_forward:
            if g > 0:
                rows, before = before, rows
                _match_nodes(program, g, match)
                result[g] = result[g - 1]
            for p in range(first, program.node_offsets[g + 1]):
                row, place = rows[p - first], match[p - first]
                if place >= 0:
                    row[:] = before[place]
                else:
                    _fill_row(program, p, inputs, sounding, rows, row, weighted)
            for output in range(outputs):
                index = program.outputs[g, output]
                if match[index] < 0 or program.outputs[g - 1, output] != match[index]:
                    row = rows[index]
                    for t in range(steps):
                        result[g, t, output] = row[t]
        else:
            previous, values = np.zeros((nodes, 1)), np.zeros((nodes, 1))
            for t in range(steps):
                for i in range(program.inputs):
                    column[i, 0] = inputs[i, t]
                _step(program, g, column, previous, values, weighted)
                for output in range(outputs):
                    result[g, t, output] = values[program.outputs[g, output], 0]
                previous, values = values, previous
