"""Merge the improvements of a module's offspring into one module.

Siblings differ from the same parent by one edit (`genomes.network.edits`). `merge` aligns them with
the parent by innovation number and takes the differences gene by gene, best sibling first, each
gene once. It generalises NEAT's crossover to many parents.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.errors import GenomeError
from genomes.kernels import are_offsets, device, kernel, within, zero
from genomes.network.edits import NEW_CONNECTIONS, NEW_NODES
from genomes.network.genes import (
    Genes,
    copy_connection,
    copy_network,
    copy_node,
    room_for,
    sorted_genes,
    trimmed,
)

REMOVED = -1  # number of a removed gene


@device
def _differences(
    offsets: Indices,
    number: Indices,
    value: FloatArray,
    a: int,
    s: int,
    pairs: Indices,
    new: int,
) -> int:
    """Write pairs (gene of a or -1, gene of s or -1) where networks a and s differ.

    Returns their number, or -1 if s has more than `new` genes that a lacks. `pairs` has room for
    `new` and all genes of a.
    """
    count, missing = 0, 0
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
            missing += i < 0
            if missing > new:
                return -1
            pairs[count, 0], pairs[count, 1] = i, j
            count += 1
    return count


class _Merged(NamedTuple):
    """State of one network during the merge.

    Its first genes are those of ancestor `a`, moved by `node_shift` and `shift`. They end at `own`,
    where connections of offspring begin.
    """

    a: int
    n0: int
    c0: int
    node_shift: int
    shift: int
    own: int
    node_used: BoolArray  # which of its first genes an offspring has changed
    used: BoolArray


@device
def _clash(
    batch: Genes, genes: Genes, merged: _Merged, heads: Indices, links: Indices, c1: int
) -> bool:
    """Return whether an offspring changes a gene that a better one has changed."""
    clash = False  # without early exit the loops become vector instructions
    for d in range(len(links)):
        i, j = links[d, 0], links[d, 1]
        if i >= 0:
            clash |= merged.used[i + merged.shift - merged.c0]
        else:
            for c in range(merged.own, c1):
                clash |= genes.innovation[c] == batch.innovation[j]
            # A condition of a conjunction that a better one removed.
            for n in range(batch.node_offsets[merged.a], batch.node_offsets[merged.a + 1]):
                removed = genes.node_id[n + merged.node_shift] == REMOVED
                clash |= removed and batch.node_id[n] == batch.target[j]
    for d in range(len(heads)):
        i, j = heads[d, 0], heads[d, 1]
        clash |= i >= 0 and merged.node_used[i + merged.node_shift - merged.n0]
        if j < 0:  # a removed conjunction, to which a better one added a condition
            for c in range(merged.own, c1):
                clash |= genes.target[c] == batch.node_id[i]
    return clash


@device
def _change(
    pairs: Indices,
    shift: int,
    begin: int,
    used: BoolArray,
    number: Indices,
    value: FloatArray,
    theirs: FloatArray,
) -> None:
    """Take the differences in genes of the ancestor: new values and removals."""
    for d in range(len(pairs)):
        i, j = pairs[d, 0], pairs[d, 1]
        if i < 0:
            continue
        used[i + shift - begin] = True
        if j < 0:
            number[i + shift] = REMOVED
        else:
            value[i + shift] = theirs[j]


@device
def _gather(
    batch: Genes,
    genes: Genes,
    merged: _Merged,
    siblings: Indices,
    heads: Indices,
    links: Indices,
    n1: int,
    c1: int,
) -> tuple[int, int]:
    """Take the edits of offspring, best first; return the ends of nodes and connections."""
    a = merged.a
    for s in siblings:
        head_count = _differences(
            batch.node_offsets, batch.node_id, batch.bias, a, s, heads, NEW_NODES
        )
        link_count = _differences(
            batch.connection_offsets, batch.innovation, batch.weight, a, s, links, NEW_CONNECTIONS
        )
        if head_count < 0 or link_count < 0:
            continue
        new_heads, new_links = heads[:head_count], links[:link_count]
        if _clash(batch, genes, merged, new_heads, new_links, c1):
            continue
        _change(
            new_heads, merged.node_shift, merged.n0, merged.node_used,
            genes.node_id, genes.bias, batch.bias,
        )  # fmt: skip
        _change(
            new_links, merged.shift, merged.c0, merged.used,
            genes.innovation, genes.weight, batch.weight,
        )  # fmt: skip
        for d in range(head_count):
            if heads[d, 0] < 0:
                copy_node(batch, heads[d, 1], genes, n1)
                n1 += 1
        for d in range(link_count):
            if links[d, 0] < 0:
                copy_connection(batch, links[d, 1], genes, c1)
                c1 += 1
    return n1, c1


@kernel
def _merge(batch: Genes, ancestors: Indices, siblings: Indices, sibling_offsets: Indices) -> Genes:
    """Merge as in `merge`, but leave the genes unsorted: removed genes get negative numbers."""
    count, networks = len(ancestors), len(batch.node_offsets) - 1
    if not (within(ancestors, networks) and within(siblings, networks)):
        raise GenomeError("ancestors and siblings must be indices of networks of the batch")
    if not are_offsets(sibling_offsets, count, len(siblings)):
        raise GenomeError("sibling_offsets must rise from 0 to the number of siblings")
    nodes, connections, deepest, longest = zero(), zero(), zero(), zero()
    for m in range(count):
        a = ancestors[m]
        taken = sibling_offsets[m + 1] - sibling_offsets[m]
        n = batch.node_offsets[a + 1] - batch.node_offsets[a]
        c = batch.connection_offsets[a + 1] - batch.connection_offsets[a]
        nodes += n + taken * NEW_NODES
        connections += c + taken * NEW_CONNECTIONS
        deepest, longest = max(deepest, n), max(longest, c)
    genes = room_for(nodes, connections, count, len(batch.time_constant) > 0)
    heads = np.empty((deepest + NEW_NODES, 2), np.int64)
    links = np.empty((longest + NEW_CONNECTIONS, 2), np.int64)
    n0, c0 = zero(), zero()
    for m in range(count):
        a = ancestors[m]
        n1, c1 = copy_network(batch, a, genes, n0, c0)
        merged = _Merged(
            a, n0, c0, n0 - batch.node_offsets[a], c0 - batch.connection_offsets[a], c1,
            np.zeros(n1 - n0, np.bool_), np.zeros(c1 - c0, np.bool_),
        )  # fmt: skip
        chosen = siblings[sibling_offsets[m] : sibling_offsets[m + 1]]
        n0, c0 = _gather(batch, genes, merged, chosen, heads, links, n1, c1)
        genes.node_offsets[m + 1], genes.connection_offsets[m + 1] = n0, c0
    return trimmed(genes, n0, c0)


def merge(
    genes: Genes,
    ancestors: Indices,
    siblings: Indices,
    sibling_offsets: Indices,
) -> Genes:
    """Return ancestors with the edits of their best offspring.

    An offspring is skipped if it changes a gene that a better one has changed.

    Args:
        genes: Genes of a batch, sorted.
        ancestors: Int64 (m,), indices of networks.
        siblings: Int64 (any,), indices of offspring, best first.
        sibling_offsets: Int64 (m + 1,); network i takes
            `siblings[sibling_offsets[i]:sibling_offsets[i + 1]]`.

    Returns:
        Genes of m networks, sorted.

    Raises:
        GenomeError: If indices or offsets are invalid.
    """
    return sorted_genes(_merge(genes, ancestors, siblings, sibling_offsets))
