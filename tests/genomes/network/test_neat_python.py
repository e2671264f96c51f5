"""Networks converted from neat-python's genomes and back are the same genomes."""

from typing import Any

import neat
import numpy as np
import pytest
from breeding import TIMED, evolved, same_arrays, varied_config

from genomes.errors import GenomeError
from genomes.network.neat_python import from_neat_python, to_neat_python
from genomes.network.networks import Networks
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
    config = varied_config(4, 2, feed_forward, **TIMED).genome_config
    genomes = evolved(varied_config(4, 2, feed_forward, **TIMED), seed=3)
    # neat-python's order is that of insertion; make sure that no sorting hides in between.
    for genome in genomes[::2]:
        genome.nodes = dict(reversed(genome.nodes.items()))
        genome.connections = dict(reversed(genome.connections.items()))
    batch = from_neat_python(genomes, config)
    keys = [genome.key for genome in genomes]
    back = to_neat_python(batch, config, keys)
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


def test_lists_dictionaries_and_pairs_convert_with_either_configuration() -> None:
    config = varied_config(4, 2, True)
    genomes = evolved(config, generations=2)
    wanted = from_neat_python(genomes, config.genome_config).to_arrays()
    by_key = {genome.key: genome for genome in genomes}
    for given in (genomes, tuple(genomes), iter(genomes), by_key, list(by_key.items())):
        assert same_arrays(from_neat_python(given, config).to_arrays(), wanted)


def test_functions_that_are_not_ours_are_refused_by_name() -> None:
    config = varied_config(4, 2, True)
    for kind in ("activation", "aggregation"):
        genomes = evolved(config, generations=1)
        setattr(genomes[7].nodes[1], kind, "mine")
        with pytest.raises(
            GenomeError, match=rf"^genome {genomes[7].key}: {kind} 'mine' is not one of [^\n]*$"
        ):
            from_neat_python(genomes, config)


def test_genomes_of_other_kinds_are_refused_by_name() -> None:
    config = varied_config(4, 2, True)
    genomes = evolved(config, generations=1)
    genomes[3].nodes[0] = neat.iznn.IZNodeGene(0)
    with pytest.raises(
        GenomeError, match=r"^only DefaultGenome can be converted: IZNodeGene has no \w+$"
    ):
        from_neat_python(genomes, config)


def test_time_constants_are_kept_if_any_differs_from_1() -> None:
    config = varied_config(4, 2, False)
    genomes = evolved(config, generations=2)
    batch = from_neat_python(genomes, config)
    assert not len(batch.time_constant)
    assert "time_constant" not in batch.to_arrays()
    genomes[5].nodes[0].time_constant = 0.25
    timed = from_neat_python(genomes, config)
    wanted = [gene.time_constant for genome in genomes for gene in genome.nodes.values()]
    assert timed.time_constant.tolist() == wanted
    assert set(timed.to_arrays()) == {*batch.to_arrays(), "time_constant"}
    again = Networks.from_arrays(timed.to_arrays()).take([5, 4])
    assert [gene.time_constant for gene in again.to_neat_python(config)[0].nodes.values()] == [
        gene.time_constant for gene in genomes[5].nodes.values()
    ]
    genomes[5].nodes[0].time_constant = 0.0
    with pytest.raises(GenomeError, match="time_constant must be finite and above 0"):
        from_neat_python(genomes, config)


def test_networks_that_do_not_fit_a_configuration_are_refused() -> None:
    recurrent, feed_forward = varied_config(4, 2, False), varied_config(4, 2, True)
    batch = from_neat_python(evolved(recurrent, generations=1), recurrent)
    with pytest.raises(GenomeError, match="the networks are recurrent, and the configuration is"):
        batch.to_neat_python(feed_forward)
    with pytest.raises(
        GenomeError, match="has 3 inputs and 1 outputs, the networks 4 inputs and 2 outputs"
    ):
        batch.to_neat_python(varied_config(3, 1, False))
