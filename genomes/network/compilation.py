"""Compile networks for activation: the nodes that their outputs need, in a computable order.

Networks are compiled once and activated many times (`genomes.network.activation`). Per network:

    sort_nodes       its node ids in ascending order, for searching
    find_node        the node indices that its connections join
    group            its enabled connections grouped by target node
    needed_nodes     the nodes with a path to an output
    order_nodes      a topological order of these (Kahn 1962); any order for recurrent networks
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import Codes, FloatArray, Indices
from genomes.kernels import borrowed, device, inlined, kernel
from genomes.network.genes import Genes
from genomes.network.graph import find_node, group, needed_nodes, order_nodes, sort_nodes


@device
def longest_row(offsets: Indices) -> int:
    """Return the length of the longest row of a compressed sparse matrix."""
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return longest


class Compiled(NamedTuple):
    """The arrays of a `Program`, with codes of activation functions instead of addresses."""

    node_offsets: Indices
    node_id: Indices
    bias: FloatArray
    response: FloatArray
    activation: Indices
    aggregation: Codes
    link_offsets: Indices
    source: Indices
    weight: FloatArray
    outputs: Indices
    time_constant: FloatArray


class _Scratch(NamedTuple):
    """Arrays for one network: a row of `nodes` or `connections` for each use."""

    nodes: Indices  # (8, longest + 1)
    connections: Indices  # (5, longest)


@inlined
def _find_ends(
    genes: Genes, g: int, inputs: int, outputs: Indices, ids: Indices, order: Indices,
    sources: Indices, targets: Indices,
) -> bool:  # fmt: skip
    """Write the indices of a network's outputs and of its connections' ends.

    Returns whether all of them exist. `ids` and `order` are scratch space (nodes,).
    """
    ids[:] = genes.node_id[genes.node_offsets[g] : genes.node_offsets[g + 1]]
    sort_nodes(ids, order)
    begin, known = genes.connection_offsets[g], True
    for c in range(len(sources)):
        source = genes.source[begin + c]
        if source >= 0:
            source = find_node(ids, order, source)
            known &= source >= 0
        else:
            known &= source >= -inputs
        sources[c] = source
        targets[c] = find_node(ids, order, genes.target[begin + c])
        known &= targets[c] >= 0
    for output in range(len(outputs)):
        outputs[output] = find_node(ids, order, output)
        known &= outputs[output] >= 0
    return known


@inlined
def _copy_node(genes: Genes, gene: int, compiled: Compiled, p: int) -> None:
    """Write node p from a node gene."""
    compiled.node_id[p] = genes.node_id[gene]
    compiled.bias[p], compiled.response[p] = genes.bias[gene], genes.response[gene]
    compiled.activation[p] = genes.activation[gene]
    compiled.aggregation[p] = genes.aggregation[gene]
    if len(genes.time_constant) > 0:
        compiled.time_constant[p] = genes.time_constant[gene]


@device
def _compile(
    inputs: int, feed_forward: bool, genes: Genes, compiled: Compiled, scratch: _Scratch
) -> tuple[int, int, int]:
    """Compile the networks; return the first with a problem, and numbers of nodes and links."""
    genes, compiled, scratch = borrowed(genes), borrowed(compiled), borrowed(scratch)
    p, link = 0, 0
    for g in range(len(genes.node_offsets) - 1):
        first, begin = genes.node_offsets[g], genes.connection_offsets[g]
        count, length = genes.node_offsets[g + 1] - first, genes.connection_offsets[g + 1] - begin
        nodes, connections = scratch.nodes[:, :count], scratch.connections[:, :length]
        sources, targets, present = connections[0], connections[1], connections[2]
        outputs = compiled.outputs[g]
        if not _find_ends(genes, g, inputs, outputs, nodes[0], nodes[1], sources, targets):
            return g, p, link
        enabled = 0
        for c in range(length):
            present[enabled] = c
            enabled += genes.enabled[begin + c]
        starts, incoming = scratch.nodes[2, : count + 1], connections[3, :enabled]
        group(present[:enabled], targets, starts, incoming)
        ordered, rank = nodes[3], nodes[4]
        needed = needed_nodes(starts, incoming, sources, outputs, ordered, rank)
        if feed_forward:
            out_starts, ordered = scratch.nodes[5, : count + 1], nodes[6]
            found = order_nodes(
                starts, incoming, sources, targets, nodes[3, :needed],
                ordered, nodes[7], out_starts, connections[4],
            )  # fmt: skip
            if found < needed:
                return g, p, link
        for index in range(needed):
            rank[ordered[index]] = index
        for node in ordered[:needed]:
            for entry in range(starts[node], starts[node + 1]):
                c = incoming[entry]
                origin = sources[c]
                compiled.source[link] = inputs + rank[origin] if origin >= 0 else -1 - origin
                compiled.weight[link] = genes.weight[begin + c]
                link += 1
            _copy_node(genes, first + node, compiled, p)
            p += 1
            compiled.link_offsets[p] = link
        for output in range(len(outputs)):
            outputs[output] = rank[outputs[output]]
        compiled.node_offsets[g + 1] = p
    return -1, p, link


@kernel
def compile_networks(
    inputs: int, output_count: int, feed_forward: bool, genes: Genes
) -> tuple[int, Compiled]:
    """Compile n networks for activation.

    Args:
        inputs: Inputs of every network.
        output_count: Outputs of every network.
        feed_forward: Whether the networks must be free of cycles.
        genes: Their genes.

    Returns:
        -1, or the first network that lacks a node of a connection, or is feed-forward with a cycle;
        and the compiled networks before it.
    """
    n, nodes, links = len(genes.node_offsets) - 1, len(genes.node_id), len(genes.source)
    compiled = Compiled(
        np.zeros(n + 1, np.int64),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.uint8),
        np.zeros(nodes + 1, np.int64),
        np.empty(links, np.int64),
        np.empty(links, np.float64),
        np.empty((n, output_count), np.int64),
        np.empty(len(genes.time_constant), np.float64),
    )
    scratch = _Scratch(
        np.empty((8, longest_row(genes.node_offsets) + 1), np.int64),
        np.empty((5, longest_row(genes.connection_offsets)), np.int64),
    )
    problem, p, link = _compile(inputs, feed_forward, genes, compiled, scratch)
    return problem, Compiled(
        compiled.node_offsets, compiled.node_id[:p], compiled.bias[:p], compiled.response[:p],
        compiled.activation[:p], compiled.aggregation[:p], compiled.link_offsets[: p + 1],
        compiled.source[:link], compiled.weight[:link], compiled.outputs,
        compiled.time_constant[:p],
    )  # fmt: skip
