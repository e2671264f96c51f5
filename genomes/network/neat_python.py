"""Convert networks from and to neat-python's `DefaultGenome` objects.

The order of genes in a genome's dictionaries is preserved both ways, as neat-python sums, chooses
and crosses over in this order.

neat-python's `time_constant` belongs to another kind of network (CTRNN) and is not used in
activation. The caller stores it if needed (`time_constants`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genomes.arrays import FloatArray, Indices
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import CONNECTION_GENES, NODE_GENES
from genomes.network.networks import Networks
from genomes.player import Player

_ACTIVATION_CODES = {name: code for code, name in enumerate(ACTIVATIONS)}
_AGGREGATION_CODES = {name: code for code, name in enumerate(AGGREGATIONS)}


def _offsets(sizes: list[int]) -> Indices:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def from_neat_python(
    genomes: Sequence[Any], genome_config: Any, player: Player | None = None
) -> Networks:
    """Return a batch of networks from neat-python genomes.

    Args:
        genomes: `DefaultGenome`s.
        genome_config: Their `config.genome_config`.
        player: How the networks are played, or None.
    """
    nodes = [gene for genome in genomes for gene in genome.nodes.values()]
    connections = [gene for genome in genomes for gene in genome.connections.values()]
    keys = np.array([gene.key for gene in connections], np.int64).reshape(-1, 2)
    return Networks(
        inputs=genome_config.num_inputs,
        outputs=genome_config.num_outputs,
        feed_forward=genome_config.feed_forward,
        node_offsets=_offsets([len(genome.nodes) for genome in genomes]),
        node_id=np.array([gene.key for gene in nodes], np.int64),
        bias=np.array([gene.bias for gene in nodes], np.float64),
        response=np.array([gene.response for gene in nodes], np.float64),
        activation=np.array([_ACTIVATION_CODES[gene.activation] for gene in nodes], np.uint8),
        aggregation=np.array([_AGGREGATION_CODES[gene.aggregation] for gene in nodes], np.uint8),
        connection_offsets=_offsets([len(genome.connections) for genome in genomes]),
        innovation=np.array([gene.innovation for gene in connections], np.int64),
        source=np.ascontiguousarray(keys[:, 0]),
        target=np.ascontiguousarray(keys[:, 1]),
        weight=np.array([gene.weight for gene in connections], np.float64),
        enabled=np.array([gene.enabled for gene in connections], np.bool_),
        player=player,
    )


def time_constants(genomes: Sequence[Any]) -> FloatArray:
    """Return the time constants of all node genes, float64 (nodes,)."""
    return np.array(
        [gene.time_constant for genome in genomes for gene in genome.nodes.values()], np.float64
    )


def to_neat_python(
    networks: Networks,
    genome_config: Any,
    keys: Sequence[int] | None = None,
    time_constant: FloatArray | None = None,
) -> list[Any]:
    """Return `DefaultGenome`s of all networks.

    Args:
        networks: The batch.
        genome_config: neat-python's `config.genome_config`.
        keys: Genome keys; None for 1, 2, ...
        time_constant: Float64 (nodes,), or None for ones.
    """
    from neat import DefaultGenome

    if keys is None:
        keys = range(1, len(networks) + 1)
    # Convert whole columns: reading single array elements is ten times slower.
    node_id, bias, response, activation, aggregation = (
        getattr(networks, name).tolist() for name in NODE_GENES
    )
    innovation, source, target, weight, enabled = (
        getattr(networks, name).tolist() for name in CONNECTION_GENES
    )
    constants = [1.0] * len(node_id) if time_constant is None else time_constant.tolist()
    genomes = []
    for g, key in enumerate(keys):
        genome = DefaultGenome(key)
        for i in range(networks.node_offsets[g], networks.node_offsets[g + 1]):
            node = genome_config.node_gene_type(node_id[i])
            node.bias, node.response, node.time_constant = bias[i], response[i], constants[i]
            node.activation = ACTIVATIONS[activation[i]]
            node.aggregation = AGGREGATIONS[aggregation[i]]
            genome.nodes[node.key] = node
        for i in range(networks.connection_offsets[g], networks.connection_offsets[g + 1]):
            connection = genome_config.connection_gene_type(
                (source[i], target[i]), innovation=innovation[i]
            )
            connection.weight, connection.enabled = weight[i], enabled[i]
            genome.connections[connection.key] = connection
        genomes.append(genome)
    return genomes
