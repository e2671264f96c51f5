"""Convert networks from and to neat-python's `DefaultGenome` objects.

The order of genes in a genome's dictionaries is preserved both ways, as neat-python sums, chooses
and crosses over in this order.

Time constants are kept if any differs from 1. Only steps with a time step use them
(`genomes.network.stepper`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from genomes.arrays import Codes, FloatArray, offsets_of
from genomes.errors import GenomeError
from genomes.network import own_functions
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import CONNECTION_GENES, NO_TIME_CONSTANTS, NODE_GENES
from genomes.network.networks import Networks
from genomes.player import Player


def _codes(kind: str, known: Sequence[str], genomes: Sequence[Any], nodes: list[Any]) -> Codes:
    """Return the codes of the nodes' functions.

    Raises:
        GenomeError: If there is no such function; names it and the genome.
    """
    codes = {name: code for code, name in enumerate(known)}
    if kind == "activation":
        codes |= {name: own_functions.code_of(name) for name in own_functions.functions()}
    try:
        return np.array([codes[getattr(gene, kind)] for gene in nodes], np.uint8)
    except KeyError as error:
        unknown = error.args[0]
    key = next(
        genome.key
        for genome in genomes
        if any(getattr(gene, kind) == unknown for gene in genome.nodes.values())
    )
    raise GenomeError(f"genome {key}: {kind} {unknown!r} is not one of {', '.join(codes)}")


def from_neat_python(
    genomes: Mapping[int, Any] | Iterable[Any], config: Any, player: Player | None = None
) -> Networks:
    """Return a batch of networks from neat-python genomes.

    Args:
        genomes: `DefaultGenome`s: a list, `population.population`, or the pairs of key and genome
            that `eval_genomes` gets.
        config: Their `neat.Config`, or its `genome_config`.
        player: How the networks are played, or None.

    Raises:
        GenomeError: If a genome has other genes than `DefaultGenome`, or an unknown function.
    """
    genome_config = getattr(config, "genome_config", config)
    given = genomes.values() if isinstance(genomes, Mapping) else genomes
    chosen = [genome[1] if isinstance(genome, tuple) else genome for genome in given]
    try:
        return _converted(chosen, genome_config, player)
    except AttributeError as error:
        kind = type(error.obj).__name__
        raise GenomeError(
            f"only DefaultGenome can be converted: {kind} has no {error.name}"
        ) from None


def _converted(genomes: Sequence[Any], genome_config: Any, player: Player | None) -> Networks:
    nodes = [gene for genome in genomes for gene in genome.nodes.values()]
    connections = [gene for genome in genomes for gene in genome.connections.values()]
    keys = np.array([gene.key for gene in connections], np.int64).reshape(-1, 2)
    constants = time_constants(genomes)
    return Networks(
        inputs=genome_config.num_inputs,
        outputs=genome_config.num_outputs,
        feed_forward=genome_config.feed_forward,
        node_offsets=offsets_of([len(genome.nodes) for genome in genomes]),
        node_id=np.array([gene.key for gene in nodes], np.int64),
        bias=np.array([gene.bias for gene in nodes], np.float64),
        response=np.array([gene.response for gene in nodes], np.float64),
        activation=_codes("activation", ACTIVATIONS, genomes, nodes),
        aggregation=_codes("aggregation", AGGREGATIONS, genomes, nodes),
        connection_offsets=offsets_of([len(genome.connections) for genome in genomes]),
        innovation=np.array([gene.innovation for gene in connections], np.int64),
        source=np.ascontiguousarray(keys[:, 0]),
        target=np.ascontiguousarray(keys[:, 1]),
        weight=np.array([gene.weight for gene in connections], np.float64),
        enabled=np.array([gene.enabled for gene in connections], np.bool_),
        time_constant=constants if np.any(constants != 1.0) else NO_TIME_CONSTANTS,
        player=player,
    )


def time_constants(genomes: Sequence[Any]) -> FloatArray:
    """Return the time constants of all node genes, float64 (nodes,)."""
    return np.array(
        [gene.time_constant for genome in genomes for gene in genome.nodes.values()], np.float64
    )


def to_neat_python(networks: Networks, config: Any, keys: Sequence[int] | None = None) -> list[Any]:
    """Return `DefaultGenome`s of all networks.

    Args:
        networks: The batch.
        config: neat-python's `neat.Config`, or its `genome_config`.
        keys: Genome keys; None for 1, 2, ...

    Raises:
        GenomeError: If the networks do not fit the configuration.
    """
    from neat import DefaultGenome

    genome_config = getattr(config, "genome_config", config)
    expected = (genome_config.num_inputs, genome_config.num_outputs)
    if expected != (networks.inputs, networks.outputs):
        raise GenomeError(
            f"the configuration has {expected[0]} inputs and {expected[1]} outputs, "
            f"the networks {networks.inputs} inputs and {networks.outputs} outputs"
        )
    if genome_config.feed_forward and not networks.feed_forward:
        raise GenomeError("the networks are recurrent, and the configuration is feed_forward")
    if keys is None:
        keys = range(1, len(networks) + 1)
    # Convert whole columns: reading single array elements is ten times slower.
    node_id, bias, response, activation, aggregation = (
        getattr(networks, name).tolist() for name in NODE_GENES
    )
    innovation, source, target, weight, enabled = (
        getattr(networks, name).tolist() for name in CONNECTION_GENES
    )
    activations = {code: own_functions.name_of(code) for code in set(activation)}
    constants = networks.time_constant.tolist() or [1.0] * len(node_id)
    genomes = []
    for g, key in enumerate(keys):
        genome = DefaultGenome(key)
        for i in range(networks.node_offsets[g], networks.node_offsets[g + 1]):
            node = genome_config.node_gene_type(node_id[i])
            node.bias, node.response, node.time_constant = bias[i], response[i], constants[i]
            node.activation = activations[activation[i]]
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
