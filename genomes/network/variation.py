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

from typing import Any

import numpy as np

from genomes.arrays import BoolArray, Codes, FloatArray, Indices
from genomes.errors import GenomeError
from genomes.kernels import borrowed, device, inlined, kernel, within, zero
from genomes.network.compilation import longest_row
from genomes.network.genes import Genes, copy_network, room_for_children, trimmed
from genomes.network.rates import Attribute, Choice, Rates, initial_value
from genomes.network.structure import NEW_CONNECTIONS, NEW_NODES, mutate_structure
from genomes.randomness import (
    Stream,
    after,
    below,
    draw_coins,
    mix,
    normal,
    quick_normal,
    start_stream,
    uniform,
    uniform_at,
)


@device
def _mutate_values(
    attribute: Attribute, values: FloatArray, first: int, last: int, stream: Stream
) -> None:
    """Perturb or replace some of the values of a float attribute."""
    perturb, change = attribute.mutate_rate, attribute.mutate_rate + attribute.replace_rate
    if change == 0.0:
        return
    power, lowest, highest = attribute.mutate_power, attribute.lowest, attribute.highest
    # The stream's counter is a number of its own, as writing it to memory takes most of the time.
    counter = stream[0]
    for i in range(first, last):
        counter = after(counter)
        chance = uniform_at(counter)
        if chance < perturb:
            noise = quick_normal(mix(after(counter)))
            if noise == noise:
                counter = after(counter)
            else:
                stream[0] = counter
                noise = normal(stream)
                counter = stream[0]
            values[i] = max(lowest, min(highest, values[i] + power * noise))
        elif chance < change:
            stream[0] = counter
            values[i] = initial_value(attribute, stream)
            counter = stream[0]
    stream[0] = counter


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
    rates, genes, stream = borrowed(rates), borrowed(genes), borrowed(stream)
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


@inlined
def _matching(number: Indices, i: int, i_end: int, j: int, j_end: int) -> int:
    """Return how many genes from i and from j on have equal numbers."""
    count = 0
    while i + count < i_end and j + count < j_end and number[i + count] == number[j + count]:
        count += 1
    return count


@inlined
def _mix(values: Any, j: int, to: Any, n: int, coins: Codes, bit: int, count: int) -> None:
    """Take values from j on where the coin's bit is set, for those from n on."""
    mine, theirs = to[n : n + count], values[j : j + count]
    for k in range(count):  # both are read first, as random branches would be mispredicted
        one, other = mine[k], theirs[k]
        mine[k] = other if coins[k] & bit else one


@device
def _cross(
    genes: Genes, fitter: int, other: int, child: Genes, n0: int, c0: int, coins: Codes,
    stream: Stream,
) -> None:  # fmt: skip
    """Mix the other parent into a copy of the fitter one, at n0 and c0.

    Genes with equal numbers mostly follow each other in both parents: each such sequence is mixed
    at once. A gene has four coins from one number, in `coins` (genes,), scratch space.
    """
    genes, child, coins = borrowed(genes), borrowed(child), borrowed(coins)
    i, i_end = genes.node_offsets[fitter], genes.node_offsets[fitter + 1]
    j, j_end = genes.node_offsets[other], genes.node_offsets[other + 1]
    shift = n0 - i
    while i < i_end and j < j_end:
        if genes.node_id[i] != genes.node_id[j]:
            ahead = genes.node_id[i] < genes.node_id[j]
            i, j = i + ahead, j + (not ahead)
            continue
        count = _matching(genes.node_id, i, i_end, j, j_end)
        if len(genes.time_constant) > 0:
            count = min(count, 1)  # the coin of the time constant is drawn after a node's others
        draw_coins(stream, coins, count)
        n = i + shift
        _mix(genes.bias, j, child.bias, n, coins, 1, count)
        _mix(genes.response, j, child.response, n, coins, 2, count)
        _mix(genes.activation, j, child.activation, n, coins, 4, count)
        _mix(genes.aggregation, j, child.aggregation, n, coins, 8, count)
        if len(genes.time_constant) > 0 and below(stream, 2) == 1:
            child.time_constant[n] = genes.time_constant[j]
        i, j = i + count, j + count
    i, i_end = genes.connection_offsets[fitter], genes.connection_offsets[fitter + 1]
    j, j_end = genes.connection_offsets[other], genes.connection_offsets[other + 1]
    shift = c0 - i
    while i < i_end and j < j_end:
        if genes.innovation[i] != genes.innovation[j]:
            ahead = genes.innovation[i] < genes.innovation[j]
            i, j = i + ahead, j + (not ahead)
            continue
        count = _matching(genes.innovation, i, i_end, j, j_end)
        draw_coins(stream, coins, count)
        c = i + shift
        _mix(genes.weight, j, child.weight, c, coins, 1, count)
        mine, theirs = child.enabled[c : c + count], genes.enabled[j : j + count]
        for k in range(count):
            on, other_on = mine[k], theirs[k]
            inherited = other_on if coins[k] & 2 else on
            # With probability 1/4 (the last two coins) it stays as inherited.
            mine[k] = inherited & ((on & other_on) | (coins[k] >= 12))
        i, j = i + count, j + count


@device
def _breed(
    rates: Rates, parents: Genes, fitter: Indices, other: Indices, mutate: BoolArray,
    key: np.uint64, child: Genes, split: Indices, visited: Indices, coins: Codes, stream: Stream,
) -> tuple[int, int]:  # fmt: skip
    """Write the offspring; return the ends of node and connection genes. See `breed`."""
    rates, parents, child = borrowed(rates), borrowed(parents), borrowed(child)
    fitter, other, mutate = borrowed(fitter), borrowed(other), borrowed(mutate)
    split, visited = borrowed(split), borrowed(visited)
    coins, stream = borrowed(coins), borrowed(stream)
    n0, c0 = zero(), zero()
    for i in range(len(fitter)):
        n1, c1 = copy_network(parents, fitter[i], child, n0, c0)
        if mutate[i]:
            start_stream(stream, key, i)
            if other[i] != fitter[i]:
                _cross(parents, fitter[i], other[i], child, n0, c0, coins, stream)
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
    longest = max(longest_row(parents.node_offsets), longest_row(parents.connection_offsets))
    coins = np.empty(longest, np.uint8)
    n0, c0 = _breed(
        rates, parents, fitter, other, mutate, key, child, split, visited, coins, stream
    )
    return trimmed(child, n0, c0), split
