"""Offspring that differ from their parent by one edit, and the merging of what siblings gained.

These operators work on modules: networks of a single output (`evo.engines.neat.by_output`). An
offspring is a copy of its parent with exactly one edit:

- the bias or one weight is moved, a connection from an input is added or removed;
- a conjunction is added: a hidden node that fires when some inputs are on and some others are not,
  (step activation, weights of +1 and -1, a bias of 1/2 less the number of +1s), connected to the
  output; it is founded on fresh inputs, or by splitting a connection of the output, as NEAT's
  add-node mutation does, with further inputs;
- a conjunction gets one more condition, or loses one.

The size of a move is drawn log-uniformly over some decades: early, large steps find the way, and
late ones, which must not break what is right, are there from the start.

Since all siblings are one edit away from the same parent, what the good ones gained can be
gathered: `merge` lines them up with the parent by innovation number and takes, gene by gene, what
differs, best sibling first, each gene once. It is NEAT's crossover with many parents at a time.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device, kernel, zero
from genomes.network.functions import STEP
from genomes.network.genes import (
    UNNUMBERED,
    Genes,
    copy_connection,
    copy_network,
    copy_node,
    find_connection,
    new_connection,
    room_for,
    sorted_genes,
    trimmed,
)
from genomes.randomness import Stream, below, start_stream, uniform

GONE = -1  # the number of a gene that was taken out
MOST_CONDITIONS = 6  # of a conjunction when it is founded


class Edits(NamedTuple):
    """How often each edit is drawn, relative to the others, and how large moves are."""

    move_bias: float
    move_weight: float
    add_connection: float
    remove_connection: float
    add_conjunction: float
    split_connection: float
    add_condition: float
    remove_condition: float
    # A condition is that an input is off; a new conjunction has one more condition.
    negative: float
    further: float
    # Sizes run from `smallest` over so many decades.
    smallest: float
    decades: float


@device
def _size(edits: Edits, stream: Stream) -> float:
    size = edits.smallest * 10.0 ** (edits.decades * uniform(stream))
    return float(size if uniform(stream) < 0.5 else -size)


@device
def _random_link(genes: Genes, c0: int, c1: int, output: int, stream: Stream) -> int:
    """A random connection into the output, or -1."""
    count = 0
    for c in range(c0, c1):
        count += genes.target[c] == output
    if count == 0:
        return -1
    wanted = below(stream, count)
    for c in range(c0, c1):
        if genes.target[c] == output:
            if wanted == 0:
                return c
            wanted -= 1
    return -1


@device
def _add_condition(
    edits: Edits, inputs: int, genes: Genes, c0: int, c1: int, n: int, stream: Stream
) -> int:
    """Give the conjunction at node gene n one more input; returns where connections end."""
    source = -1 - below(stream, inputs)
    negative = uniform(stream) < edits.negative
    if find_connection(genes, c0, c1, source, genes.node_id[n]) >= 0:
        return c1
    new_connection(genes, c1, source, genes.node_id[n], -1.0 if negative else 1.0, True)
    if not negative:
        genes.bias[n] -= 1.0
    return c1 + 1


@device
def _found_conjunction(
    edits: Edits, inputs: int, genes: Genes, n1: int, c0: int, c1: int, first: int, stream: Stream
) -> int:
    """Add a conjunction at n1 on input `first` and others; returns where connections end."""
    genes.node_id[n1] = UNNUMBERED
    genes.bias[n1], genes.response[n1] = -0.5, 1.0
    genes.activation[n1], genes.aggregation[n1] = STEP, 0
    new_connection(genes, c1, first, UNNUMBERED, 1.0, True)
    begin = c1
    c1 += 1
    while c1 - begin < MOST_CONDITIONS and (c1 - begin < 2 or uniform(stream) < edits.further):
        grown = _add_condition(edits, inputs, genes, begin, c1, n1, stream)
        if grown == c1:
            break
        c1 = grown
    return c1


@device
def _edit(
    edits: Edits, inputs: int, genes: Genes, n0: int, n1: int, c0: int, c1: int, stream: Stream
) -> tuple[int, int, bool]:
    """Edit the module at n0:n1 and c0:c1 once.

    Returns where its nodes and connections end, and whether a node was added.
    """
    output = genes.node_id[n0]
    chance = uniform(stream) * (
        edits.move_bias
        + edits.move_weight
        + edits.add_connection
        + edits.remove_connection
        + edits.add_conjunction
        + edits.split_connection
        + edits.add_condition
        + edits.remove_condition
    )
    chance -= edits.move_bias
    if chance < 0.0:
        genes.bias[n0] += 0.25 * _size(edits, stream)
        return n1, c1, False
    chance -= edits.move_weight
    if chance < 0.0:
        c = _random_link(genes, c0, c1, output, stream)
        if c >= 0:
            genes.weight[c] += _size(edits, stream)
        return n1, c1, False
    chance -= edits.add_connection
    if chance < 0.0:
        source = -1 - below(stream, inputs)
        size = _size(edits, stream)
        c = find_connection(genes, c0, c1, source, output)
        if c >= 0:
            genes.weight[c] += size
            return n1, c1, False
        new_connection(genes, c1, source, output, size, True)
        return n1, c1 + 1, False
    chance -= edits.remove_connection
    if chance < 0.0:
        c = _random_link(genes, c0, c1, output, stream)
        return _remove_link(genes, n0, n1, c0, c1, c)
    chance -= edits.add_conjunction
    found_anew = chance < 0.0
    chance -= edits.split_connection
    if chance < 0.0:
        first = -1 - below(stream, inputs)
        if not found_anew:
            c = _random_link(genes, c0, c1, output, stream)
            if c < 0 or genes.source[c] >= 0:
                return n1, c1, False
            first = genes.source[c]
        c2 = _found_conjunction(edits, inputs, genes, n1, c0, c1, first, stream)
        new_connection(genes, c2, UNNUMBERED, output, _size(edits, stream), True)
        return n1 + 1, c2 + 1, True
    if n1 - n0 < 2:
        return n1, c1, False
    n = n0 + 1 + below(stream, n1 - n0 - 1)
    chance -= edits.add_condition
    if chance < 0.0:
        return n1, _add_condition(edits, inputs, genes, c0, c1, n, stream), False
    c = _random_link(genes, c0, c1, genes.node_id[n], stream)
    count = 0
    for other in range(c0, c1):
        count += genes.target[other] == genes.node_id[n]
    if count > 2:
        if genes.weight[c] > 0.0:
            genes.bias[n] += 1.0
        for other in range(c, c1 - 1):
            copy_connection(genes, other + 1, genes, other)
        c1 -= 1
    return n1, c1, False


@device
def _remove_link(genes: Genes, n0: int, n1: int, c0: int, c1: int, c: int) -> tuple[int, int, bool]:
    """Remove connection c into the output, and the conjunction it comes from, if any."""
    if c < 0:
        return n1, c1, False
    doomed = genes.source[c]
    kept = c0
    for other in range(c0, c1):
        if other != c and (doomed < 0 or genes.target[other] != doomed):
            copy_connection(genes, other, genes, kept)
            kept += 1
    if doomed >= 0:
        last = n0
        for n in range(n0, n1):
            if genes.node_id[n] != doomed:
                copy_node(genes, n, genes, last)
                last += 1
        n1 = last
    return n1, kept, False


@kernel
def edit_offspring(
    edits: Edits,
    inputs: int,
    parents: Genes,
    parent: Indices,
    mutate: BoolArray,
    key: np.uint64,
) -> tuple[Genes, Indices]:
    """Copies of parents with one edit each, where `mutate` says so.

    `parent` and `mutate` are (children,); child i uses stream i under `key`. Returns the genes, in
    which new ones are UNNUMBERED, and for every child a number that its new node is known by, -1
    without one: int64 (children,).
    """
    children = len(parent)
    nodes, connections = 0, 0
    for i in range(children):
        g = parent[i]
        nodes += parents.node_offsets[g + 1] - parents.node_offsets[g] + 1
        connections += parents.connection_offsets[g + 1] - parents.connection_offsets[g]
        connections += MOST_CONDITIONS + 1
    child = room_for(nodes, connections, children)
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


@device
def _differences(
    offsets: Indices,
    number: Indices,
    value: FloatArray,
    a: int,
    s: int,
    pairs: Indices,
) -> int:
    """Line networks a and s up; write (gene of a or -1, gene of s or -1) where they differ."""
    count = 0
    p, p_end, q, q_end = offsets[a], offsets[a + 1], offsets[s], offsets[s + 1]
    while p < p_end or q < q_end:
        i, j = p, q
        if q == q_end or (p < p_end and number[p] < number[q]):
            j = -1
        elif p == p_end or number[q] < number[p]:
            i = -1
        p += i >= 0
        q += j >= 0
        if i < 0 or j < 0 or value[i] != value[j]:
            pairs[count, 0], pairs[count, 1] = i, j
            count += 1
    return count


@kernel
def _merge(
    genes: Genes,
    ancestors: Indices,
    siblings: Indices,
    sibling_offsets: Indices,
) -> Genes:
    """`merge`, but for genes that are gone, whose number is negative, and new ones at the end."""
    count = len(ancestors)
    nodes, connections, longest = zero(), zero(), zero() + 1
    for m in range(count):
        a = ancestors[m]
        taken = sibling_offsets[m + 1] - sibling_offsets[m]
        n = genes.node_offsets[a + 1] - genes.node_offsets[a]
        c = genes.connection_offsets[a + 1] - genes.connection_offsets[a]
        nodes += n + taken
        connections += c + taken * (MOST_CONDITIONS + 1)
        longest = max(longest, n, c)
    merged = room_for(nodes, connections, count)
    # Both networks' genes at the most, and a sibling has few that the ancestor lacks.
    links = np.empty((2 * longest + MOST_CONDITIONS + 1, 2), np.int64)
    heads = np.empty((2 * longest + 1, 2), np.int64)
    n0, c0 = zero(), zero()
    for m in range(count):
        a = ancestors[m]
        n1, c1 = copy_network(genes, a, merged, n0, c0)
        node_shift, shift = n0 - genes.node_offsets[a], c0 - genes.connection_offsets[a]
        node_used = np.zeros(n1 - n0, np.bool_)
        used = np.zeros(c1 - c0, np.bool_)
        own = c1
        for place in range(sibling_offsets[m], sibling_offsets[m + 1]):
            s = siblings[place]
            link_count = _differences(
                genes.connection_offsets, genes.innovation, genes.weight, a, s, links
            )
            head_count = _differences(genes.node_offsets, genes.node_id, genes.bias, a, s, heads)
            clash = False
            for d in range(link_count):
                i, j = links[d, 0], links[d, 1]
                if i >= 0:
                    clash |= used[i + shift - c0]
                else:
                    for c in range(own, c1):
                        clash |= merged.innovation[c] == genes.innovation[j]
                    # A condition for a conjunction that a better one took out.
                    for n in range(genes.node_offsets[a], genes.node_offsets[a + 1]):
                        gone = merged.node_id[n + node_shift] == GONE
                        clash |= gone and genes.node_id[n] == genes.target[j]
            for d in range(head_count):
                i, j = heads[d, 0], heads[d, 1]
                clash |= i >= 0 and node_used[i + node_shift - n0]
                if j < 0:  # a conjunction that a better one gave a condition
                    for c in range(own, c1):
                        clash |= merged.target[c] == genes.node_id[i]
            if clash:
                continue
            for d in range(link_count):
                i, j = links[d, 0], links[d, 1]
                if i < 0:
                    copy_connection(genes, j, merged, c1)
                    c1 += 1
                    continue
                used[i + shift - c0] = True
                if j < 0:
                    merged.innovation[i + shift] = GONE
                else:
                    merged.weight[i + shift] = genes.weight[j]
            for d in range(head_count):
                i, j = heads[d, 0], heads[d, 1]
                if i < 0:
                    copy_node(genes, j, merged, n1)
                    n1 += 1
                    continue
                node_used[i + node_shift - n0] = True
                if j < 0:
                    merged.node_id[i + node_shift] = GONE
                else:
                    merged.bias[i + node_shift] = genes.bias[j]
        n0, c0 = n1, c1
        merged.node_offsets[m + 1], merged.connection_offsets[m + 1] = n0, c0
    return trimmed(merged, n0, c0)


def merge(
    genes: Genes,
    ancestors: Indices,
    siblings: Indices,
    sibling_offsets: Indices,
) -> Genes:
    """Ancestors with what their best offspring gained.

    Network m of the result is network `ancestors[m]` of the batch with the edits of its offspring
    `siblings[sibling_offsets[m]:sibling_offsets[m + 1]]`, best first. An offspring that differs in
    a gene that a better one changed already is passed over.
    """
    return sorted_genes(_merge(genes, ancestors, siblings, sibling_offsets))
