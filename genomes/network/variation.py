"""Crossover and mutation of networks, a whole generation of offspring in one kernel.

The operators are those of NEAT (Stanley & Miikkulainen 2002) in neat-python's form:

- Crossover aligns genes by innovation number. Attributes of a matching gene come from either parent
at random. Disjoint and excess genes come from the fitter parent. A gene disabled in either parent
is disabled in three of four children.

- Structural mutation splits a connection by a node, deletes a node, adds a connection, or deletes
one. Feed-forward networks never get cycles.

- Every attribute of every gene is then perturbed or replaced at the configured rates.

The kernel leaves new genes UNNUMBERED (`genomes.network.genes`) and reports the split connections.
`evo.engines.neat.innovations` numbers them, equal structures equally.

Memory: offspring are written into arrays with room for the maximum growth, then trimmed.
"""

import numpy as np

from genomes.arrays import BoolArray, Codes, FloatArray, Indices
from genomes.errors import GenomeError
from genomes.kernels import borrowed, device, kernel, within, zero
from genomes.network.genes import Genes, copy_network, room_for_children, trimmed
from genomes.network.rates import Attribute, Choice, Rates, initial_value
from genomes.network.structure import NEW_CONNECTIONS, NEW_NODES, mutate_structure
from genomes.randomness import Stream, below, normal, start_stream, uniform


@device
def _mutate_values(
    attribute: Attribute, values: FloatArray, first: int, last: int, stream: Stream
) -> None:
    """Perturb or replace some of the values of a float attribute."""
    perturb, change = attribute.mutate_rate, attribute.mutate_rate + attribute.replace_rate
    if change == 0.0:
        return
    power, lowest, highest = attribute.mutate_power, attribute.lowest, attribute.highest
    for i in range(first, last):
        chance = uniform(stream)
        if chance < perturb:
            values[i] = max(lowest, min(highest, values[i] + power * normal(stream)))
        elif chance < change:
            values[i] = initial_value(attribute, stream)


@device
def _replace_letters(
    rates: Rates, weights: FloatArray, first: int, last: int, stream: Stream
) -> None:
    """Replace some weights by another value of the alphabet."""
    letters = rates.alphabet
    for i in range(first, last):
        if uniform(stream) < rates.weight.replace_rate:
            choice = below(stream, len(letters) - 1)
            # The last letter replaces the present one, which is never drawn.
            weights[i] = letters[-1] if letters[choice] == weights[i] else letters[choice]


@device
def _mutate_codes(choice: Choice, codes: Codes, first: int, last: int, stream: Stream) -> None:
    """Replace some function codes at random."""
    if choice.mutate_rate > 0.0:
        for i in range(first, last):
            if uniform(stream) < choice.mutate_rate:
                codes[i] = choice.options[below(stream, len(choice.options))]


@device
def _mutate_attributes(
    rates: Rates, genes: Genes, n0: int, n1: int, c0: int, c1: int, stream: Stream
) -> None:
    if len(rates.alphabet) > 0:
        _replace_letters(rates, genes.weight, c0, c1, stream)
    else:
        _mutate_values(rates.weight, genes.weight, c0, c1, stream)
    _mutate_values(rates.bias, genes.bias, n0, n1, stream)
    _mutate_values(rates.response, genes.response, n0, n1, stream)
    if rates.enabled_mutate + rates.enabled_to_false_add + rates.enabled_to_true_add > 0.0:
        for c in range(c0, c1):
            rate = rates.enabled_mutate
            rate += rates.enabled_to_false_add if genes.enabled[c] else rates.enabled_to_true_add
            if uniform(stream) < rate:
                genes.enabled[c] = uniform(stream) < 0.5
    _mutate_codes(rates.activation, genes.activation, n0, n1, stream)
    _mutate_codes(rates.aggregation, genes.aggregation, n0, n1, stream)
    if len(genes.time_constant) > 0:
        _mutate_values(rates.time_constant, genes.time_constant, n0, n1, stream)


@device
def _cross(
    genes: Genes, fitter: int, other: int, child: Genes, n0: int, c0: int, stream: Stream
) -> None:
    """Mix the other parent into a copy of the fitter one, at n0 and c0."""
    n = n0
    j, j_end = genes.node_offsets[other], genes.node_offsets[other + 1]
    for i in range(genes.node_offsets[fitter], genes.node_offsets[fitter + 1]):
        while j < j_end and genes.node_id[j] < genes.node_id[i]:
            j += 1
        if j < j_end and genes.node_id[j] == genes.node_id[i]:
            coins = below(stream, 16)  # four coins from one number
            # Both are read first, as random branches would be mispredicted.
            mine, theirs = genes.bias[i], genes.bias[j]
            child.bias[n] = theirs if coins & 1 else mine
            mine, theirs = genes.response[i], genes.response[j]
            child.response[n] = theirs if coins & 2 else mine
            code, other_code = genes.activation[i], genes.activation[j]
            child.activation[n] = other_code if coins & 4 else code
            code, other_code = genes.aggregation[i], genes.aggregation[j]
            child.aggregation[n] = other_code if coins & 8 else code
            if len(genes.time_constant) > 0 and below(stream, 2) == 1:
                child.time_constant[n] = genes.time_constant[j]
        n += 1
    c = c0
    j, j_end = genes.connection_offsets[other], genes.connection_offsets[other + 1]
    for i in range(genes.connection_offsets[fitter], genes.connection_offsets[fitter + 1]):
        number = genes.innovation[i]
        while j < j_end and genes.innovation[j] < number:
            j += 1
        if j < j_end and genes.innovation[j] == number:
            coins = below(stream, 16)
            mine, theirs = genes.weight[i], genes.weight[j]
            child.weight[c] = theirs if coins & 1 else mine
            on, other_on = genes.enabled[i], genes.enabled[j]
            inherited = other_on if coins & 2 else on
            # With probability 1/4 (the last two coins) it stays as inherited.
            child.enabled[c] = inherited & ((on & other_on) | (coins >= 12))
        c += 1


@device
def _breed(
    rates: Rates, parents: Genes, fitter: Indices, other: Indices, mutate: BoolArray,
    key: np.uint64, child: Genes, split: Indices, visited: Indices, stream: Stream,
) -> tuple[int, int]:  # fmt: skip
    """Write the offspring; return the ends of node and connection genes. See `breed`."""
    rates, parents, child = borrowed(rates), borrowed(parents), borrowed(child)
    fitter, other, mutate = borrowed(fitter), borrowed(other), borrowed(mutate)
    split, visited, stream = borrowed(split), borrowed(visited), borrowed(stream)
    n0, c0 = zero(), zero()
    for i in range(len(fitter)):
        n1, c1 = copy_network(parents, fitter[i], child, n0, c0)
        if mutate[i]:
            start_stream(stream, key, i)
            if other[i] != fitter[i]:
                _cross(parents, fitter[i], other[i], child, n0, c0, stream)
            n1, c1, split[i] = mutate_structure(rates, child, n0, n1, c0, c1, visited, stream)
            _mutate_attributes(rates, child, n0, n1, c0, c1, stream)
        n0, c0 = n1, c1
        child.node_offsets[i + 1], child.connection_offsets[i + 1] = n0, c0
    return n0, c0


@kernel
def breed(
    rates: Rates,
    parents: Genes,
    fitter: Indices,
    other: Indices,
    mutate: BoolArray,
    key: np.uint64,
) -> tuple[Genes, Indices]:
    """Return the offspring of pairs of parents.

    Args:
        rates: Parameters of the networks.
        parents: Genes of a batch, sorted.
        fitter: Index of each child's fitter parent, int64 (children,).
        other: Index of each child's other parent, int64 (children,).
        mutate: Bool (children,); where False, the child is a copy of the fitter parent.
        key: Key of the random streams; child i uses stream i.

    Returns:
        The children's genes, new ones UNNUMBERED; and the innovation number of each child's split
        connection, or -1, int64 (children,).

    Raises:
        GenomeError: If the arguments do not fit each other.
    """
    children = len(fitter)
    if len(other) != children or len(mutate) != children:
        raise GenomeError("fitter, other and mutate must be of one length")
    networks = len(parents.node_offsets) - 1
    if not (within(fitter, networks) and within(other, networks)):
        raise GenomeError("fitter and other must be indices of networks of the batch")
    child, deepest = room_for_children(parents, fitter, NEW_NODES, NEW_CONNECTIONS)
    split = np.full(children, -1, np.int64)
    visited, stream = np.empty(deepest, np.int64), np.zeros(1, np.uint64)
    n0, c0 = _breed(rates, parents, fitter, other, mutate, key, child, split, visited, stream)
    return trimmed(child, n0, c0), split
