"""The first population of NEAT, connected by `initial_connection`.

The modes are neat-python's:

    unconnected     no connections
    fs_neat         one random input, connected to all outputs, or also to all hidden nodes
                    (Whiteson et al. 2005, "Automatic feature selection in neuroevolution")
    full, partial   all connections, or a share of them, with or without direct connections from
                    inputs to outputs past hidden nodes

Initial hidden nodes have the same ids in every network.
"""

import numpy as np
from numpy.typing import NDArray

from evo.engines.neat.genome_settings import Structure
from evo.engines.neat.innovations import Innovations
from genomes.arrays import FloatArray, Indices, offsets_of
from genomes.network.genes import Genes
from genomes.network.rates import Attribute, Choice, Rates


def _values(attribute: Attribute, count: int, stream: np.random.Generator) -> FloatArray:
    mean, spread = attribute.init_mean, attribute.init_stdev
    if attribute.init_uniform:
        low = max(attribute.lowest, mean - 2 * spread)
        high = min(attribute.highest, mean + 2 * spread)
        return stream.uniform(low, high, count)
    return np.clip(stream.normal(mean, spread, count), attribute.lowest, attribute.highest)


def _codes(choice: Choice, count: int, stream: np.random.Generator) -> NDArray[np.uint8]:
    if choice.default >= 0:
        return np.full(count, choice.default, np.uint8)
    return stream.choice(choice.options, count).astype(np.uint8)


def _all_pairs(rates: Rates, hidden: int, direct: bool) -> Indices:
    """Return (source, target) of a fully connected network: int64 (pairs, 2)."""
    inputs = [-1 - i for i in range(rates.inputs)]
    outputs = list(range(rates.outputs))
    middle = list(range(rates.outputs, rates.outputs + hidden))
    pairs = [(i, h) for i in inputs for h in middle] + [(h, o) for h in middle for o in outputs]
    if direct or not hidden:
        pairs += [(i, o) for i in inputs for o in outputs]
    if not rates.feed_forward:
        pairs += [(node, node) for node in outputs + middle]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _chosen_pairs(
    genome: Structure, rates: Rates, n: int, stream: np.random.Generator
) -> tuple[Indices, list[Indices]]:
    """Return all possible initial pairs, and each network's indices into them."""
    mode = genome.connection
    if mode == "unconnected":
        return np.empty((0, 2), np.int64), [np.empty(0, np.int64)] * n
    if mode.startswith("fs_neat"):
        targets = rates.outputs + (genome.num_hidden if mode == "fs_neat_hidden" else 0)
        pairs = np.array(
            [(-1 - i, t) for i in range(rates.inputs) for t in range(targets)], np.int64
        )
        first = stream.integers(rates.inputs, size=n) * targets
        return pairs, [start + np.arange(targets) for start in first]
    pairs = _all_pairs(rates, genome.num_hidden, direct=mode.endswith("_direct"))
    if mode.startswith("full"):
        return pairs, [np.arange(len(pairs))] * n
    kept = round(len(pairs) * genome.connection_fraction)
    return pairs, [np.sort(stream.permutation(len(pairs))[:kept]) for _ in range(n)]


def first_genes(
    genome: Structure, rates: Rates, n: int, stream: np.random.Generator
) -> tuple[Genes, Innovations]:
    """Return the genes of new networks, and the innovations after them.

    Args:
        genome: Structure of first networks.
        rates: How networks vary; has the distributions of initial values.
        n: Number of networks.
        stream: Draws connections and values.

    Returns:
        Genes of n networks, and the next node and innovation numbers.
    """
    nodes = rates.outputs + genome.num_hidden
    total = n * nodes
    pairs, chosen = _chosen_pairs(genome, rates, n, stream)
    sizes = np.array([len(indices) for indices in chosen])
    indices = np.concatenate(chosen)
    count = len(indices)
    if rates.enabled_default >= 0:
        enabled = np.full(count, rates.enabled_default == 1)
    else:
        enabled = stream.random(count) < 0.5
    genes = Genes(
        node_offsets=np.arange(n + 1, dtype=np.int64) * nodes,
        node_id=np.tile(np.arange(nodes, dtype=np.int64), n),
        bias=_values(rates.bias, total, stream),
        response=_values(rates.response, total, stream),
        activation=_codes(rates.activation, total, stream),
        aggregation=_codes(rates.aggregation, total, stream),
        connection_offsets=offsets_of(sizes),
        innovation=1 + indices,
        source=np.ascontiguousarray(pairs[indices, 0]),
        target=np.ascontiguousarray(pairs[indices, 1]),
        weight=_values(rates.weight, count, stream),
        enabled=enabled,
    )
    if rates.timed:
        genes = genes._replace(time_constant=_values(rates.time_constant, total, stream))
    return genes, Innovations(next_node=nodes, next_innovation=1 + len(pairs))
