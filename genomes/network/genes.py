"""Genes of a batch of networks, as a struct of arrays for kernels.

Genes of a network are sorted, nodes by id and connections by innovation number, so that two
networks are aligned by one merge. New genes have the number UNNUMBERED, which is larger than any
real one, until all new genes of the generation are numbered (`evo.engines.neat.innovations`). New
numbers exceed all previous ones, so new genes are always last.

The time constant of a node is an optional gene: a batch has one per node, or none at all.
"""

from typing import Any, NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Codes, FloatArray, Indices, offsets_of
from genomes.kernels import borrowed, device, inlined, kernel

# Placeholder for the id or innovation number of a new gene; larger than any real one.
UNNUMBERED = 1 << 60

NODE_GENES: dict[str, Any] = {
    "node_id": np.int64,
    "bias": np.float64,
    "response": np.float64,
    "activation": np.uint8,
    "aggregation": np.uint8,
}
CONNECTION_GENES: dict[str, Any] = {
    "innovation": np.int64,
    "source": np.int64,
    "target": np.int64,
    "weight": np.float64,
    "enabled": np.bool_,
}
GENES = {"node_offsets": NODE_GENES, "connection_offsets": CONNECTION_GENES}
NO_TIME_CONSTANTS: FloatArray = np.empty(0)


class Genes(NamedTuple):
    """The genes of a batch of n networks, as in `genomes.network.networks.Networks`.

    Attributes:
        node_offsets: First node gene of each network, and the end: (n + 1,).
        node_id: (nodes,), like the next four. Outputs are 0, 1, ...; hidden nodes follow.
        bias: Added to the aggregated inputs.
        response: Factor of the aggregated inputs.
        activation: Index in `genomes.network.functions.ACTIVATIONS`.
        aggregation: Index in `genomes.network.functions.AGGREGATIONS`.
        connection_offsets: First connection gene of each network, and the end: (n + 1,).
        innovation: Innovation numbers, (connections,), like the next four.
        source: Node id, or -1 - i for input i.
        target: Node id.
        weight: Weights.
        enabled: Whether the connection has an effect.
        time_constant: Time constants of the nodes, (nodes,), or empty if all are 1.
    """

    node_offsets: Indices
    node_id: Indices
    bias: FloatArray
    response: FloatArray
    activation: Codes
    aggregation: Codes
    connection_offsets: Indices
    innovation: Indices
    source: Indices
    target: Indices
    weight: FloatArray
    enabled: BoolArray
    time_constant: FloatArray = NO_TIME_CONSTANTS


def sorted_genes(genes: Genes) -> Genes:
    """Return the networks with sorted genes, without negative numbers."""
    node_offsets, nodes = _sorting(genes.node_offsets, genes.node_id)
    connection_offsets, connections = _sorting(genes.connection_offsets, genes.innovation)
    return Genes(
        node_offsets,
        genes.node_id[nodes],
        genes.bias[nodes],
        genes.response[nodes],
        genes.activation[nodes],
        genes.aggregation[nodes],
        connection_offsets,
        genes.innovation[connections],
        genes.source[connections],
        genes.target[connections],
        genes.weight[connections],
        genes.enabled[connections],
        genes.time_constant[nodes] if len(genes.time_constant) else genes.time_constant,
    )


def _sorting(offsets: Indices, number: Indices) -> tuple[Indices, Indices]:
    """Return new offsets, and the indices of the genes to keep, in order."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort([number, owner])
    order = order[number[order] >= 0]
    counts = np.bincount(owner[order], minlength=len(offsets) - 1)
    return offsets_of(counts), order


@kernel
def unnumbered(offsets: Indices, numbers: Indices) -> Indices:
    """Return the ascending indices of the new genes, which are the last of their networks.

    Args:
        offsets: Offsets of the networks, int64 (n + 1,).
        numbers: Node ids or innovation numbers.
    """
    count = 0
    for g in range(len(offsets) - 1):
        gene = offsets[g + 1] - 1
        while gene >= offsets[g] and numbers[gene] == UNNUMBERED:
            gene -= 1
            count += 1
    found, index = np.empty(count, np.int64), 0
    for g in range(len(offsets) - 1):
        first = offsets[g + 1]
        while first > offsets[g] and numbers[first - 1] == UNNUMBERED:
            first -= 1
        for gene in range(first, offsets[g + 1]):
            found[index] = gene
            index += 1
    return found


@device
def room_for(nodes: int, connections: int, networks: int, timed: bool) -> Genes:
    """Allocate uninitialised genes.

    Args:
        nodes: Number of node genes.
        connections: Number of connection genes.
        networks: Number of networks.
        timed: Whether the nodes have time constants.
    """
    return Genes(
        np.zeros(networks + 1, np.int64),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.uint8),
        np.empty(nodes, np.uint8),
        np.zeros(networks + 1, np.int64),
        np.empty(connections, np.int64),
        np.empty(connections, np.int64),
        np.empty(connections, np.int64),
        np.empty(connections, np.float64),
        np.empty(connections, np.bool_),
        np.empty(nodes if timed else 0, np.float64),
    )


@device
def room_for_children(
    parents: Genes, parent: Indices, new_nodes: int, new_connections: int
) -> tuple[Genes, int]:
    """Return uninitialised genes for children, and the maximum nodes of a child.

    Args:
        parents: Genes of the parents.
        parent: Index of each child's parent, int64 (children,).
        new_nodes: Additional node genes per child.
        new_connections: Additional connection genes per child.
    """
    nodes, connections, deepest = 0, 0, 0
    for g in parent:
        count = parents.node_offsets[g + 1] - parents.node_offsets[g] + new_nodes
        deepest = max(deepest, count)
        nodes += count
        connections += parents.connection_offsets[g + 1] - parents.connection_offsets[g]
        connections += new_connections
    timed = len(parents.time_constant) > 0
    return room_for(nodes, connections, len(parent), timed), deepest


@device
def trimmed(genes: Genes, nodes: int, connections: int) -> Genes:
    """Return views of the genes written: unused room is small, and a copy is slow.

    Args:
        genes: Genes with unused room at the end.
        nodes: Number of node genes written.
        connections: Number of connection genes written.
    """
    return Genes(
        genes.node_offsets,
        genes.node_id[:nodes],
        genes.bias[:nodes],
        genes.response[:nodes],
        genes.activation[:nodes],
        genes.aggregation[:nodes],
        genes.connection_offsets,
        genes.innovation[:connections],
        genes.source[:connections],
        genes.target[:connections],
        genes.weight[:connections],
        genes.enabled[:connections],
        genes.time_constant[:nodes],
    )


@device
def copy_node(genes: Genes, n: int, to: Genes, index: int) -> None:
    """Copy a node gene.

    Args:
        genes: Genes to read.
        n: Index of the gene.
        to: Genes to write, may be the same.
        index: Index in `to`.
    """
    _copy_untimed(genes, n, to, index)
    if len(genes.time_constant) > 0:
        to.time_constant[index] = genes.time_constant[n]


@device
def _copy_untimed(genes: Genes, n: int, to: Genes, index: int) -> None:
    """Copy a node gene without its time constant."""
    to.node_id[index] = genes.node_id[n]
    to.bias[index], to.response[index] = genes.bias[n], genes.response[n]
    to.activation[index], to.aggregation[index] = genes.activation[n], genes.aggregation[n]


@device
def copy_connection(genes: Genes, c: int, to: Genes, index: int) -> None:
    """Copy a connection gene.

    Args:
        genes: Genes to read.
        c: Index of the gene.
        to: Genes to write, may be the same.
        index: Index in `to`.
    """
    to.innovation[index] = genes.innovation[c]
    to.source[index], to.target[index] = genes.source[c], genes.target[c]
    to.weight[index], to.enabled[index] = genes.weight[c], genes.enabled[c]


@device
def copy_network(genes: Genes, g: int, child: Genes, n0: int, c0: int) -> tuple[int, int]:
    """Copy network g; return the ends of its node and connection genes.

    Every array has a loop of its own, as only these become vector instructions.

    Args:
        genes: Genes to read.
        g: Index of the network.
        child: Genes to write.
        n0: First node gene to write.
        c0: First connection gene to write.
    """
    genes, child = borrowed(genes), borrowed(child)
    first, count = genes.node_offsets[g], genes.node_offsets[g + 1] - genes.node_offsets[g]
    n1 = n0 + count
    _copy(genes.node_id, first, child.node_id, n0, count)
    _copy(genes.bias, first, child.bias, n0, count)
    _copy(genes.response, first, child.response, n0, count)
    _copy(genes.activation, first, child.activation, n0, count)
    _copy(genes.aggregation, first, child.aggregation, n0, count)
    if len(genes.time_constant) > 0:
        _copy(genes.time_constant, first, child.time_constant, n0, count)
    first = genes.connection_offsets[g]
    count = genes.connection_offsets[g + 1] - first
    _copy(genes.innovation, first, child.innovation, c0, count)
    _copy(genes.source, first, child.source, c0, count)
    _copy(genes.target, first, child.target, c0, count)
    _copy(genes.weight, first, child.weight, c0, count)
    _copy(genes.enabled, first, child.enabled, c0, count)
    return n1, c0 + count


@inlined
def _copy(values: Any, first: int, to: Any, begin: int, count: int) -> None:
    """Copy `count` values of an array from `first` on to another from `begin` on."""
    old, new = values[first : first + count], to[begin : begin + count]
    for i in range(count):
        new[i] = old[i]


@device
def find_connection(genes: Genes, first: int, last: int, source: int, target: int) -> int:
    """Return the index of the connection between two nodes, or -1.

    Args:
        genes: Genes to search.
        first: First connection gene.
        last: End of the connection genes.
        source: Id of the source.
        target: Id of the target.
    """
    for c in range(first, last):
        if genes.source[c] == source and genes.target[c] == target:
            return c
    return -1


@device
def new_connection(
    genes: Genes, c: int, source: int, target: int, weight: float, enabled: bool
) -> None:
    """Write a connection gene without innovation number.

    Args:
        genes: Genes to write.
        c: Index of the gene.
        source: Id of the source.
        target: Id of the target.
        weight: Its weight.
        enabled: Whether it is enabled.
    """
    genes.innovation[c] = UNNUMBERED
    genes.source[c], genes.target[c] = source, target
    genes.weight[c], genes.enabled[c] = weight, enabled
