"""Offspring that differ from their parent by one edit.

The operators work on modules: networks with a single output (`evo.engines.neat.by_output`). An
offspring is a copy of its parent with exactly one edit:

- Move the bias or one weight, add or remove a connection from an input.

- Add a conjunction: a hidden node that fires if some inputs are on and some others are off. It has
step activation, weights of +1 and -1, and a bias of 1/2 minus the number of +1s, and is connected
to the output. It starts from random inputs, or splits a connection of the output as NEAT's add-node
mutation does.

- Add a condition to a conjunction, or remove one.

The size of a move is log-uniform over some decades. Large steps make early progress; small ones,
which do not break correct outputs, are available from the start. `genomes.network.merging` combines
the improvements.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Indices
from genomes.errors import GenomeError
from genomes.kernels import device, kernel, within, zero
from genomes.network.functions import STEP
from genomes.network.genes import (
    UNNUMBERED,
    Genes,
    copy_connection,
    copy_network,
    copy_node,
    find_connection,
    new_connection,
    room_for_children,
    trimmed,
)
from genomes.randomness import Stream, below, start_stream, uniform

MAX_CONDITIONS = 6  # maximum conditions of a new conjunction
# Maximum growth by an edit: a conjunction, its conditions and its connection to the output.
NEW_NODES, NEW_CONNECTIONS = 1, MAX_CONDITIONS + 1

(
    MOVE_BIAS,
    MOVE_WEIGHT,
    ADD_CONNECTION,
    REMOVE_CONNECTION,
    ADD_CONJUNCTION,
    SPLIT_CONNECTION,
    ADD_CONDITION,
    REMOVE_CONDITION,
) = range(8)


class Edits(NamedTuple):
    """Relative rates of the edits, and sizes of moves."""

    move_bias: float
    move_weight: float
    add_connection: float
    remove_connection: float
    add_conjunction: float
    split_connection: float
    add_condition: float
    remove_condition: float
    negative: float  # probability that a condition requires an input to be off
    further: float  # probability that a new conjunction has one more condition
    smallest: float  # minimum size of a move
    decades: float  # range of sizes above it


@device
def _size(edits: Edits, stream: Stream) -> float:
    size = edits.smallest * 10.0 ** (edits.decades * uniform(stream))
    return float(size if uniform(stream) < 0.5 else -size)


@device
def _random_link(genes: Genes, c0: int, c1: int, output: int, stream: Stream) -> int:
    """Return a random connection into the output, or -1."""
    count = 0
    for c in range(c0, c1):
        count += genes.target[c] == output
    if count == 0:
        return -1
    skipped = below(stream, count)
    for c in range(c0, c1):
        if genes.target[c] == output:
            if skipped == 0:
                return c
            skipped -= 1
    return -1


@device
def _add_condition(
    edits: Edits, inputs: int, genes: Genes, c0: int, c1: int, n: int, stream: Stream
) -> int:
    """Add an input to the conjunction at node gene n; return the end of connections."""
    source = -1 - below(stream, inputs)
    negative = uniform(stream) < edits.negative
    if find_connection(genes, c0, c1, source, genes.node_id[n]) >= 0:
        return c1
    new_connection(genes, c1, source, genes.node_id[n], -1.0 if negative else 1.0, True)
    if not negative:
        genes.bias[n] -= 1.0
    return c1 + 1


@device
def _remove_condition(genes: Genes, c0: int, c1: int, n: int, stream: Stream) -> int:
    """Remove an input of conjunction n if it has three; return the end of connections."""
    c = _random_link(genes, c0, c1, genes.node_id[n], stream)
    count = 0
    for other in range(c0, c1):
        count += genes.target[other] == genes.node_id[n]
    if count <= 2:
        return c1
    if genes.weight[c] > 0.0:
        genes.bias[n] += 1.0
    for other in range(c, c1 - 1):
        copy_connection(genes, other + 1, genes, other)
    return c1 - 1


@device
def _add_conjunction(
    edits: Edits,
    inputs: int,
    genes: Genes,
    output: int,
    n1: int,
    c0: int,
    c1: int,
    first: int,
    stream: Stream,
) -> int:
    """Add a conjunction at n1 on `first` and other inputs; return the end of connections."""
    genes.node_id[n1] = UNNUMBERED
    genes.bias[n1], genes.response[n1] = -0.5, 1.0
    genes.activation[n1], genes.aggregation[n1] = STEP, 0
    if len(genes.time_constant) > 0:
        genes.time_constant[n1] = 1.0
    new_connection(genes, c1, first, UNNUMBERED, 1.0, True)
    begin = c1
    c1 += 1
    while c1 - begin < MAX_CONDITIONS and (c1 - begin < 2 or uniform(stream) < edits.further):
        grown = _add_condition(edits, inputs, genes, begin, c1, n1, stream)
        if grown == c1:
            break
        c1 = grown
    new_connection(genes, c1, UNNUMBERED, output, _size(edits, stream), True)
    return c1 + 1


@device
def _add_link(
    edits: Edits, inputs: int, genes: Genes, output: int, c0: int, c1: int, stream: Stream
) -> int:
    """Connect an input to the output, or move its weight; return the end of connections."""
    source = -1 - below(stream, inputs)
    size = _size(edits, stream)
    c = find_connection(genes, c0, c1, source, output)
    if c >= 0:
        genes.weight[c] += size
        return c1
    new_connection(genes, c1, source, output, size, True)
    return c1 + 1


@device
def _remove_link(genes: Genes, n0: int, n1: int, c0: int, c1: int, c: int) -> tuple[int, int]:
    """Remove connection c into the output, if any, with its conjunction, if any.

    Returns the ends of nodes and connections.
    """
    if c < 0:
        return n1, c1
    doomed = genes.source[c]
    kept = c0
    for other in range(c0, c1):
        if other != c and (doomed < 0 or genes.target[other] != doomed):
            copy_connection(genes, other, genes, kept)
            kept += 1
    if doomed < 0:
        return n1, kept
    last = n0
    for n in range(n0, n1):
        if genes.node_id[n] != doomed:
            copy_node(genes, n, genes, last)
            last += 1
    return last, kept


@device
def _draw_edit(edits: Edits, stream: Stream) -> int:
    """Draw one of the eight edits by their rates; return its index."""
    rates = (
        edits.move_bias,
        edits.move_weight,
        edits.add_connection,
        edits.remove_connection,
        edits.add_conjunction,
        edits.split_connection,
        edits.add_condition,
        edits.remove_condition,
    )
    total = 0.0
    for rate in rates:
        total += rate
    chance = uniform(stream) * total
    for kind in range(len(rates)):
        chance -= rates[kind]
        if chance < 0.0:
            return kind
    return REMOVE_CONDITION


@device
def _edit(
    edits: Edits, inputs: int, genes: Genes, n0: int, n1: int, c0: int, c1: int, stream: Stream
) -> tuple[int, int, bool]:
    """Apply one random edit to the module with nodes n0:n1 and connections c0:c1.

    Returns the new n1 and c1, and whether a node was added.
    """
    output = genes.node_id[n0]
    kind = _draw_edit(edits, stream)
    if kind == MOVE_BIAS:
        genes.bias[n0] += 0.25 * _size(edits, stream)
    elif kind == MOVE_WEIGHT:
        c = _random_link(genes, c0, c1, output, stream)
        if c >= 0:
            genes.weight[c] += _size(edits, stream)
    elif kind == ADD_CONNECTION:
        c1 = _add_link(edits, inputs, genes, output, c0, c1, stream)
    elif kind == REMOVE_CONNECTION:
        c = _random_link(genes, c0, c1, output, stream)
        n1, c1 = _remove_link(genes, n0, n1, c0, c1, c)
    elif kind == ADD_CONJUNCTION:
        first = -1 - below(stream, inputs)
        c1 = _add_conjunction(edits, inputs, genes, output, n1, c0, c1, first, stream)
        return n1 + 1, c1, True
    elif kind == SPLIT_CONNECTION:
        first = -1 - below(stream, inputs)
        c = _random_link(genes, c0, c1, output, stream)
        if c >= 0 and genes.source[c] < 0:
            first = genes.source[c]
            c1 = _add_conjunction(edits, inputs, genes, output, n1, c0, c1, first, stream)
            return n1 + 1, c1, True
    elif n1 - n0 > 1:
        n = n0 + 1 + below(stream, n1 - n0 - 1)
        if kind == ADD_CONDITION:
            c1 = _add_condition(edits, inputs, genes, c0, c1, n, stream)
        else:
            c1 = _remove_condition(genes, c0, c1, n, stream)
    return n1, c1, False


@kernel
def edit_offspring(
    edits: Edits,
    inputs: int,
    parents: Genes,
    parent: Indices,
    mutate: BoolArray,
    key: np.uint64,
) -> tuple[Genes, Indices]:
    """Return copies of parents with one edit each.

    Args:
        edits: Rates of the edits.
        inputs: Inputs of every network.
        parents: Genes of a batch of modules, sorted.
        parent: Index of each child's parent, int64 (children,).
        mutate: Bool (children,); where False, the child is a copy.
        key: Key of the random streams; child i uses stream i.

    Returns:
        The genes, new ones UNNUMBERED; and for every child a number that identifies its new node,
        or -1, int64 (children,).

    Raises:
        GenomeError: If `parent` or `mutate` is invalid.
    """
    children = len(parent)
    if len(mutate) != children or not within(parent, len(parents.node_offsets) - 1):
        raise GenomeError("parent must be indices of networks of the batch, and mutate as long")
    child, _ = room_for_children(parents, parent, NEW_NODES, NEW_CONNECTIONS)
    founded = np.full(children, -1, np.int64)
    stream = np.zeros(1, np.uint64)
    n0, c0 = zero(), zero()
    for i in range(children):
        n1, c1 = copy_network(parents, parent[i], child, n0, c0)
        if mutate[i]:
            start_stream(stream, key, i)
            n1, c1, added = _edit(edits, inputs, child, n0, n1, c0, c1, stream)
            if added:
                founded[i] = i
        n0, c0 = n1, c1
        child.node_offsets[i + 1], child.connection_offsets[i + 1] = n0, c0
    return trimmed(child, n0, c0), founded
