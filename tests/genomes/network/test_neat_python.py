"""Networks converted from neat-python's genomes and back are the same genomes."""

from typing import Any

import numpy as np
import pytest
from breeding import evolved, same_arrays, varied_config

from genomes.network.neat_python import from_neat_python, time_constants, to_neat_python
from genomes.player import Player


def genes_in_order(genome: Any) -> tuple[list[Any], list[Any]]:
    """Return a genome's gene attributes, in the order of its dictionaries."""
    nodes = [
        (key, node.key, node.bias, node.response, node.activation, node.aggregation,
         node.time_constant)
        for key, node in genome.nodes.items()
    ]  # fmt: skip
    connections = [
        (key, gene.key, gene.innovation, gene.weight, gene.enabled)
        for key, gene in genome.connections.items()
    ]
    return nodes, connections


@pytest.mark.parametrize("feed_forward", [True, False])
def test_there_and_back_keeps_every_attribute_and_the_order_of_genes(feed_forward: bool) -> None:
    config = varied_config(4, 2, feed_forward).genome_config
    genomes = evolved(varied_config(4, 2, feed_forward), seed=3)
    # neat-python's order is that of insertion; make sure that no sorting hides in between.
    for genome in genomes[::2]:
        genome.nodes = dict(reversed(genome.nodes.items()))
        genome.connections = dict(reversed(genome.connections.items()))
    batch = from_neat_python(genomes, config)
    keys = [genome.key for genome in genomes]
    back = to_neat_python(batch, config, keys, time_constants(genomes))
    assert [genome.key for genome in back] == keys
    for one, other in zip(genomes, back, strict=True):
        assert genes_in_order(one) == genes_in_order(other)
    assert same_arrays(from_neat_python(back, config).to_arrays(), batch.to_arrays())


def test_the_genes_given_back_are_plain_python_numbers() -> None:
    config = varied_config(4, 2, True)
    batch = from_neat_python(evolved(config, generations=3), config.genome_config)
    for genome in to_neat_python(batch, config.genome_config):
        nodes, connections = genes_in_order(genome)
        flat = [value for gene in nodes + connections for value in gene[1:]]
        assert all(type(value) in (int, float, str, bool, tuple) for value in flat)


def test_genomes_without_a_key_are_numbered_from_1() -> None:
    config = varied_config(4, 2, True)
    batch = from_neat_python(evolved(config, generations=1), config.genome_config)
    assert [one.key for one in to_neat_python(batch, config.genome_config)] == list(range(1, 61))


def test_genomes_without_connections_and_no_genomes_at_all_convert() -> None:
    config = varied_config(4, 2, True, initial_connection="unconnected", num_hidden=0)
    genomes = evolved(config, generations=0)
    batch = from_neat_python(genomes, config.genome_config, Player(2, (1, 3)))
    assert batch.sizes().tolist() == [[2, 0]] * len(genomes)
    assert batch.follow(np.zeros((5, 2), bool)).shape == (60, 5, 2)
    assert len(from_neat_python([], config.genome_config)) == 0
