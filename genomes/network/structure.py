"""Structural mutation of networks: adding and deleting nodes and connections.

A new node splits a connection, which is disabled and replaced by two connections through the node.
Feed-forward networks never get cycles. New genes are UNNUMBERED (`genomes.network.genes`).
"""

from genomes.arrays import Indices
from genomes.kernels import device
from genomes.network.genes import (
    UNNUMBERED,
    Genes,
    copy_connection,
    copy_node,
    find_connection,
    new_connection,
)
from genomes.network.rates import (
    Rates,
    initial_choice,
    initial_enabled,
    initial_value,
    initial_weight,
    neutral_weight,
)
from genomes.randomness import Stream, below, uniform

# Maximum growth of a child: a split adds a node and two connections, an addition one.
NEW_NODES, NEW_CONNECTIONS = 1, 3


@device
def _reaches(genes: Genes, first: int, last: int, origin: int, goal: int, visited: Indices) -> bool:
    """Return whether there is a path from node `origin` to node `goal`.

    `visited` is scratch space (nodes,).
    """
    if origin == goal:
        return True
    visited[0] = origin
    count = 1
    done = 0
    while done < count:
        node = visited[done]
        done += 1
        for c in range(first, last):
            if genes.source[c] != node:
                continue
            reached = genes.target[c]
            if reached == goal:
                return True
            known = False
            for v in range(count):
                if visited[v] == reached:
                    known = True
                    break
            if not known:
                if count == len(visited):  # more than its nodes: an invalid network
                    return True
                visited[count] = reached
                count += 1
    return False


@device
def _add_connection(
    rates: Rates, genes: Genes, n0: int, n1: int, c0: int, c1: int,
    visited: Indices, stream: Stream,
) -> int:  # fmt: skip
    """Try to connect two random nodes; return the end of the connections."""
    target = genes.node_id[n0 + below(stream, n1 - n0)]
    # Nodes are sorted by id, and the outputs are the first of them.
    hidden = n1 - n0 - rates.outputs
    index = below(stream, rates.inputs + hidden)
    if index < rates.inputs:
        source = -1 - index
    else:
        source = genes.node_id[n0 + rates.outputs + index - rates.inputs]
    known = find_connection(genes, c0, c1, source, target)
    if known >= 0:
        if rates.structural_surer:
            genes.enabled[known] = True
        return c1
    if rates.feed_forward and source >= 0 and _reaches(genes, c0, c1, target, source, visited):
        return c1
    weight = initial_weight(rates, stream)
    new_connection(genes, c1, source, target, weight, initial_enabled(rates, stream))
    return c1 + 1


@device
def _draw_mutations(rates: Rates, stream: Stream) -> tuple[bool, bool, bool, bool]:
    """Draw whether to add a node, delete one, add a connection, delete one."""
    if not rates.single_structural:
        add_node = uniform(stream) < rates.node_add
        delete_node = uniform(stream) < rates.node_delete
        add_connection = uniform(stream) < rates.connection_add
        return add_node, delete_node, add_connection, uniform(stream) < rates.connection_delete
    total = rates.node_add + rates.node_delete + rates.connection_add + rates.connection_delete
    chance = uniform(stream) * max(1.0, total)
    add_node = chance < rates.node_add
    chance -= rates.node_add
    delete_node = 0.0 <= chance < rates.node_delete
    chance -= rates.node_delete
    add_connection = 0.0 <= chance < rates.connection_add
    chance -= rates.connection_add
    return add_node, delete_node, add_connection, 0.0 <= chance < rates.connection_delete


@device
def _split(rates: Rates, genes: Genes, n1: int, old: int, c1: int, stream: Stream) -> None:
    """Split connection `old` by a node at n1, with two connections at c1."""
    genes.enabled[old] = False
    genes.node_id[n1] = UNNUMBERED
    genes.bias[n1] = 0.0
    genes.response[n1] = initial_value(rates.response, stream)
    genes.activation[n1] = initial_choice(rates.activation, stream)
    genes.aggregation[n1] = initial_choice(rates.aggregation, stream)
    if len(genes.time_constant) > 0:
        genes.time_constant[n1] = initial_value(rates.time_constant, stream)
    new_connection(genes, c1, genes.source[old], UNNUMBERED, neutral_weight(rates), True)
    new_connection(genes, c1 + 1, UNNUMBERED, genes.target[old], genes.weight[old], True)


@device
def _delete_node(genes: Genes, index: int, n1: int, c0: int, c1: int) -> int:
    """Delete a node gene and its connections; return the end of the connections."""
    doomed = genes.node_id[index]
    for n in range(index, n1 - 1):
        copy_node(genes, n + 1, genes, n)
    kept = c0
    for c in range(c0, c1):
        if genes.source[c] != doomed and genes.target[c] != doomed:
            copy_connection(genes, c, genes, kept)
            kept += 1
    return kept


@device
def mutate_structure(
    rates: Rates, genes: Genes, n0: int, n1: int, c0: int, c1: int,
    visited: Indices, stream: Stream,
) -> tuple[int, int, int]:  # fmt: skip
    """Mutate the structure of one network in place, by the rates of `Rates`.

    Whether to add a node, delete one, add a connection or delete one is drawn; several may happen,
    or none. New genes are appended, so `genes` must have room for NEW_NODES and NEW_CONNECTIONS
    after the network. Deleted genes are closed up.

    Args:
        rates: Rates of the mutations, and distributions of new genes.
        genes: The genes, in which the network has nodes n0:n1 and connections c0:c1.
        n0: First node gene.
        n1: End of the node genes.
        c0: First connection gene.
        c1: End of the connection genes.
        visited: Scratch space, int64 (nodes + 1,).
        stream: Random stream.

    Returns:
        The new ends of its nodes and connections; and the innovation number of the connection that
        the new node splits, or -1 without a new node.
    """
    add_node, delete_node, add_connection, delete_connection = _draw_mutations(rates, stream)
    split = -1
    if add_node and c1 > c0:
        old = c0 + below(stream, c1 - c0)
        split = genes.innovation[old]
        _split(rates, genes, n1, old, c1, stream)
        n1, c1 = n1 + 1, c1 + 2
    elif add_node and rates.structural_surer:
        c1 = _add_connection(rates, genes, n0, n1, c0, c1, visited, stream)
    if delete_node and n1 - n0 > rates.outputs:
        index = n0 + rates.outputs + below(stream, n1 - n0 - rates.outputs)
        if genes.node_id[index] == UNNUMBERED:
            split = -1
        c1 = _delete_node(genes, index, n1, c0, c1)
        n1 -= 1
    if add_connection:
        c1 = _add_connection(rates, genes, n0, n1, c0, c1, visited, stream)
    if delete_connection and c1 > c0:
        for c in range(c0 + below(stream, c1 - c0), c1 - 1):
            copy_connection(genes, c + 1, genes, c)
        c1 -= 1
    return n1, c1, split
