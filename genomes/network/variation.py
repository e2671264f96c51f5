"""Crossover and mutation of networks, a whole generation of offspring in one kernel.

The operators are those of NEAT (Stanley & Miikkulainen 2002) as neat-python has them:

- crossover lines genes up by innovation number; a matching gene's attributes come from either
  parent at random, disjoint and excess genes from the fitter one; a gene disabled in either parent
  is disabled in three of four children;
- structural mutation adds a node by splitting a connection, deletes a node, adds a connection,
  deletes one; a feed-forward network never gets a cycle;
- every attribute of every gene is then perturbed or replaced with the configured rates.

New genes need numbers that the whole generation agrees on. The kernel leaves them UNNUMBERED
(`genomes.network.genes`) and says which connections were split; `evo.engines.neat.innovations`
numbers them, the same structure always the same.

Memory: the offspring are written into arrays with room for what the operators can add, and packed
at the end.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Codes, FloatArray, Indices
from genomes.kernels import device, kernel, zero
from genomes.network.genes import (
    UNNUMBERED,
    Genes,
    copy_connection,
    copy_network,
    copy_node,
    find_connection,
    new_connection,
    room_for,
    trimmed,
)
from genomes.randomness import Stream, below, normal, start_stream, uniform

# A child can gain one node and three connections: two by a split, one by an addition.
NEW_NODES, NEW_CONNECTIONS = 1, 3


class Attribute(NamedTuple):
    """How a float attribute of a gene starts and mutates."""

    init_mean: float
    init_stdev: float
    init_uniform: bool
    lowest: float
    highest: float
    mutate_rate: float
    mutate_power: float
    replace_rate: float


class Choice(NamedTuple):
    """How a gene's function starts and mutates: codes to choose from, -1 for a random start."""

    default: int
    options: Codes
    mutate_rate: float


class Rates(NamedTuple):
    """Everything that says how networks vary."""

    inputs: int
    outputs: int
    feed_forward: bool
    node_add: float
    node_delete: float
    connection_add: float
    connection_delete: float
    single_structural: bool
    structural_surer: bool
    enabled_default: int  # 1, 0, or -1 for random
    enabled_mutate: float
    enabled_to_true_add: float
    enabled_to_false_add: float
    weight: Attribute
    bias: Attribute
    response: Attribute
    activation: Choice
    aggregation: Choice
    # The only values that weights may have; empty for any.
    alphabet: FloatArray


@device
def initial_value(attribute: Attribute, stream: Stream) -> float:
    """A new value of a float attribute."""
    if attribute.init_uniform:
        low = max(attribute.lowest, attribute.init_mean - 2 * attribute.init_stdev)
        high = min(attribute.highest, attribute.init_mean + 2 * attribute.init_stdev)
        return low + (high - low) * uniform(stream)
    value = attribute.init_mean
    if attribute.init_stdev != 0.0:
        value += attribute.init_stdev * normal(stream)
    return max(attribute.lowest, min(attribute.highest, value))


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
def initial_weight(rates: Rates, stream: Stream) -> float:
    """A new weight, of the alphabet if there is one."""
    if len(rates.alphabet) > 0:
        return float(rates.alphabet[below(stream, len(rates.alphabet))])
    return initial_value(rates.weight, stream)


@device
def _neutral_weight(rates: Rates) -> float:
    """The weight that passes a value on: 1, or the letter of the alphabet that is nearest."""
    weight = 1.0
    if len(rates.alphabet) > 0:
        weight = rates.alphabet[0]
        for letter in rates.alphabet:
            if abs(letter - 1.0) < abs(weight - 1.0):
                weight = letter
    return weight


@device
def _replace_letters(
    rates: Rates, weights: FloatArray, first: int, last: int, stream: Stream
) -> None:
    """Replace some weights by another letter of the alphabet; there is nothing to perturb."""
    letters = rates.alphabet
    for i in range(first, last):
        if uniform(stream) < rates.weight.replace_rate:
            place = below(stream, len(letters) - 1)
            # The last letter stands in for the present one.
            weights[i] = letters[-1] if letters[place] == weights[i] else letters[place]


@device
def initial_choice(choice: Choice, stream: Stream) -> int:
    """A new function code."""
    if choice.default >= 0:
        return int(choice.default)
    return int(choice.options[below(stream, len(choice.options))])


@device
def initial_enabled(rates: Rates, stream: Stream) -> bool:
    """Whether a new connection is enabled."""
    if rates.enabled_default >= 0:
        return rates.enabled_default == 1
    return uniform(stream) < 0.5


@device
def _reaches(genes: Genes, first: int, last: int, origin: int, goal: int, visited: Indices) -> bool:
    """Whether connections lead from node `origin` to node `goal`; `visited` is scratch space."""
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
                visited[count] = reached
                count += 1
    return False


@device
def _cross(
    genes: Genes, fitter: int, other: int, child: Genes, n0: int, c0: int, stream: Stream
) -> None:
    """Mix the other parent into a child that is a copy of the fitter one, at n0 and c0."""
    n = n0
    j, j_end = genes.node_offsets[other], genes.node_offsets[other + 1]
    for i in range(genes.node_offsets[fitter], genes.node_offsets[fitter + 1]):
        while j < j_end and genes.node_id[j] < genes.node_id[i]:
            j += 1
        if j < j_end and genes.node_id[j] == genes.node_id[i]:
            coins = below(stream, 16)  # four coins from one number
            # Both are read before one is chosen: a branch that coins decide is mispredicted.
            mine, theirs = genes.bias[i], genes.bias[j]
            child.bias[n] = theirs if coins & 1 else mine
            mine, theirs = genes.response[i], genes.response[j]
            child.response[n] = theirs if coins & 2 else mine
            code, other_code = genes.activation[i], genes.activation[j]
            child.activation[n] = other_code if coins & 4 else code
            code, other_code = genes.aggregation[i], genes.aggregation[j]
            child.aggregation[n] = other_code if coins & 8 else code
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
            # In one of four the last two coins both fall on one side, and it stays as inherited.
            child.enabled[c] = inherited & ((on & other_on) | (coins >= 12))
        c += 1


@device
def _add_connection(
    rates: Rates, genes: Genes, n0: int, n1: int, c0: int, c1: int,
    visited: Indices, stream: Stream,
) -> int:  # fmt: skip
    """Try to connect two nodes chosen at random; returns where the connections end."""
    target = genes.node_id[n0 + below(stream, n1 - n0)]
    # Nodes are sorted by id, and the outputs are the first of them.
    hidden = n1 - n0 - rates.outputs
    place = below(stream, rates.inputs + hidden)
    if place < rates.inputs:
        source = -1 - place
    else:
        source = genes.node_id[n0 + rates.outputs + place - rates.inputs]
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
def _mutate_structure(
    rates: Rates, genes: Genes, n0: int, n1: int, c0: int, c1: int,
    visited: Indices, stream: Stream,
) -> tuple[int, int, int]:  # fmt: skip
    """Structural mutations of the network at n0:n1 and c0:c1.

    Returns where its nodes and connections end, and the innovation number of the connection that
    was split, -1 for none.
    """
    add_node, delete_node, add_connection, delete_connection = False, False, False, False
    if rates.single_structural:
        total = rates.node_add + rates.node_delete + rates.connection_add + rates.connection_delete
        chance = uniform(stream) * max(1.0, total)
        add_node = chance < rates.node_add
        chance -= rates.node_add
        delete_node = 0.0 <= chance < rates.node_delete
        chance -= rates.node_delete
        add_connection = 0.0 <= chance < rates.connection_add
        chance -= rates.connection_add
        delete_connection = 0.0 <= chance < rates.connection_delete
    else:
        add_node = uniform(stream) < rates.node_add
        delete_node = uniform(stream) < rates.node_delete
        add_connection = uniform(stream) < rates.connection_add
        delete_connection = uniform(stream) < rates.connection_delete

    split = -1
    if add_node and c1 > c0:
        old = c0 + below(stream, c1 - c0)
        split = genes.innovation[old]
        genes.enabled[old] = False
        genes.node_id[n1] = UNNUMBERED
        genes.bias[n1] = 0.0
        genes.response[n1] = initial_value(rates.response, stream)
        genes.activation[n1] = initial_choice(rates.activation, stream)
        genes.aggregation[n1] = initial_choice(rates.aggregation, stream)
        n1 += 1
        new_connection(genes, c1, genes.source[old], UNNUMBERED, _neutral_weight(rates), True)
        new_connection(genes, c1 + 1, UNNUMBERED, genes.target[old], genes.weight[old], True)
        c1 += 2
    elif add_node and rates.structural_surer:
        c1 = _add_connection(rates, genes, n0, n1, c0, c1, visited, stream)

    if delete_node and n1 - n0 > rates.outputs:
        place = n0 + rates.outputs + below(stream, n1 - n0 - rates.outputs)
        doomed = genes.node_id[place]
        for n in range(place, n1 - 1):
            copy_node(genes, n + 1, genes, n)
        n1 -= 1
        kept = c0
        for c in range(c0, c1):
            if genes.source[c] != doomed and genes.target[c] != doomed:
                copy_connection(genes, c, genes, kept)
                kept += 1
        c1 = kept
        if doomed == UNNUMBERED:
            split = -1

    if add_connection:
        c1 = _add_connection(rates, genes, n0, n1, c0, c1, visited, stream)

    if delete_connection and c1 > c0:
        for c in range(c0 + below(stream, c1 - c0), c1 - 1):
            copy_connection(genes, c + 1, genes, c)
        c1 -= 1
    return n1, c1, split


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


@device
def _mutate_codes(choice: Choice, codes: Codes, first: int, last: int, stream: Stream) -> None:
    """Choose some of the functions anew."""
    if choice.mutate_rate > 0.0:
        for i in range(first, last):
            if uniform(stream) < choice.mutate_rate:
                codes[i] = choice.options[below(stream, len(choice.options))]


@kernel
def breed(
    rates: Rates,
    parents: Genes,
    fitter: Indices,
    other: Indices,
    mutate: BoolArray,
    key: np.uint64,
) -> tuple[Genes, Indices]:
    """The offspring of pairs of parents.

    Child i comes from networks `fitter[i]` and `other[i]` of the batch, with random numbers of
    stream i under `key`; where `mutate[i]` is False it is a copy of the fitter.

    Returns the children's genes, in which new genes are UNNUMBERED, and for every child the
    innovation number of the connection it split, or -1: int64 (children,).
    """
    children = len(fitter)
    nodes, connections, deepest = 0, 0, 0
    for i in range(children):
        g = fitter[i]
        count = parents.node_offsets[g + 1] - parents.node_offsets[g] + NEW_NODES
        deepest = max(deepest, count)
        nodes += count
        connections += parents.connection_offsets[g + 1] - parents.connection_offsets[g]
        connections += NEW_CONNECTIONS
    child = room_for(nodes, connections, children)
    split = np.full(children, -1, np.int64)
    visited = np.empty(deepest + 1, np.int64)
    stream = np.zeros(1, np.uint64)
    n0, c0 = zero(), zero()
    for i in range(children):
        n1, c1 = copy_network(parents, fitter[i], child, n0, c0)
        if mutate[i]:
            start_stream(stream, key, i)
            if other[i] != fitter[i]:
                _cross(parents, fitter[i], other[i], child, n0, c0, stream)
            n1, c1, split[i] = _mutate_structure(rates, child, n0, n1, c0, c1, visited, stream)
            _mutate_attributes(rates, child, n0, n1, c0, c1, stream)
        n0, c0 = n1, c1
        child.node_offsets[i + 1], child.connection_offsets[i + 1] = n0, c0
    return trimmed(child, n0, c0), split
