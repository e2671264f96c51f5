"""Exported networks have neat-python's format, equal to its own export."""

import json
from typing import Any

import neat
import pytest
from breeding import TIMED, evolved, network, varied_config
from neat.export import export_network_json
from neat.export.json_format import validate_json
from neat.graphs import required_for_output

from genomes.network.export import export_network
from genomes.network.functions import ACTIVATIONS
from genomes.network.neat_python import from_neat_python


def by_neat_python(genome: Any, config: Any) -> dict[str, Any]:
    if config.genome_config.feed_forward:
        created = neat.nn.FeedForwardNetwork.create(genome, config)
    else:
        created = neat.nn.RecurrentNetwork.create(genome, config)
    document: dict[str, Any] = json.loads(export_network_json(created))
    return document


def sorted_by_text(things: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(thing, sort_keys=True) for thing in things)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_feed_forward_network_is_exported_as_neat_python_exports_it() -> None:
    config = varied_config(5, 3, True)
    genomes = evolved(config, seed=5)
    batch = from_neat_python(genomes, config.genome_config)
    for i, genome in enumerate(genomes):
        ours, theirs = export_network(batch.take([i]), {}), by_neat_python(genome, config)
        assert validate_json(ours)
        assert ours["topology"] == theirs["topology"]
        assert ours["network_type"] == theirs["network_type"] == "feedforward"
        assert ours["format_version"] == theirs["format_version"]
        assert sorted_by_text(ours["nodes"]) == sorted_by_text(theirs["nodes"])
        assert sorted_by_text(ours["connections"]) == sorted_by_text(theirs["connections"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_recurrent_network_is_exported_as_neat_python_exports_it_less_what_is_unused() -> None:
    config = varied_config(5, 3, False)
    genomes = evolved(config, seed=6)
    batch = from_neat_python(genomes, config.genome_config)
    for i, genome in enumerate(genomes):
        ours, theirs = export_network(batch.take([i]), {}), by_neat_python(genome, config)
        assert validate_json(ours)
        assert ours["network_type"] == theirs["network_type"] == "recurrent"
        # neat-python leaves what the outputs do not need in recurrent networks.
        enabled = [gene.key for gene in genome.connections.values() if gene.enabled]
        keys = config.genome_config.input_keys, config.genome_config.output_keys
        used = required_for_output(*keys, enabled) | set(config.genome_config.input_keys)
        nodes = [node for node in theirs["nodes"] if node["id"] in used]
        connections = [one for one in theirs["connections"] if one["to"] in used]
        assert sorted_by_text(ours["nodes"]) == sorted_by_text(nodes)
        assert sorted_by_text(ours["connections"]) == sorted_by_text(connections)


@pytest.mark.parametrize("feed_forward", [True, False])
def test_connections_stand_in_the_order_in_which_they_are_summed(feed_forward: bool) -> None:
    config = varied_config(5, 3, feed_forward)
    genomes = evolved(config, seed=7)
    batch = from_neat_python(genomes, config.genome_config)
    for i, genome in enumerate(genomes):
        document = export_network(batch.take([i]), {})
        for node in document["nodes"]:
            links = [(one["from"], one["to"]) for one in document["connections"]
                     if one["to"] == node["id"]]  # fmt: skip
            if links:
                assert links == [
                    gene.key
                    for gene in genome.connections.values()
                    if gene.enabled and gene.key[1] == node["id"]
                ]


def test_nodes_of_a_feed_forward_network_stand_after_their_sources() -> None:
    config = varied_config(5, 3, True)
    batch = from_neat_python(evolved(config, seed=8), config.genome_config)
    for i in range(len(batch)):
        document = export_network(batch.take([i]), {})
        place = {node["id"]: p for p, node in enumerate(document["nodes"]) if node["id"] >= 0}
        for link in document["connections"]:
            assert link["from"] < 0 or place[link["from"]] < place[link["to"]]


def test_the_same_network_is_the_same_json_and_keeps_the_metadata() -> None:
    config = varied_config(5, 3, True)
    batch = from_neat_python(evolved(config, seed=9), config.genome_config)
    metadata = {"fitness": 1 / 3, "generation": 12}
    documents = [json.dumps(export_network(batch.take([4]), metadata)) for _ in range(2)]
    assert documents[0] == documents[1]
    assert json.loads(documents[0])["metadata"] == metadata


def test_functions_that_neat_python_lacks_are_marked_as_custom() -> None:
    for name in ACTIVATIONS:
        document = export_network(network(1, 1, [(-1, 0, 1.0)], activation=name), {})
        (output,) = [node for node in document["nodes"] if node["type"] == "output"]
        known = neat.activations.ActivationFunctionSet().is_valid(name)
        assert output["activation"] == {"name": name, "custom": not known}


def test_more_or_less_than_one_network_is_refused() -> None:
    config = varied_config(5, 3, True)
    batch = from_neat_python(evolved(config, generations=1), config.genome_config)
    for wrong in (batch, batch.take([])):
        with pytest.raises(
            ValueError, match=f"one network is exported at a time, got {len(wrong)}"
        ):
            export_network(wrong, {})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_recurrent_network_with_time_constants_is_exported_as_a_ctrnn() -> None:
    config = varied_config(5, 3, False, **TIMED)
    genomes = evolved(config, seed=6)
    batch = from_neat_python(genomes, config)
    for i, genome in enumerate(genomes):
        ours = export_network(batch.take([i]), {})
        theirs = json.loads(export_network_json(neat.ctrnn.CTRNN.create(genome, config)))
        assert validate_json(ours)
        assert ours["network_type"] == theirs["network_type"] == "ctrnn"
        used = {node["id"] for node in ours["nodes"]}
        nodes = [node for node in theirs["nodes"] if node["id"] in used]
        assert sorted_by_text(ours["nodes"]) == sorted_by_text(nodes)


def test_a_feed_forward_network_keeps_its_time_constants() -> None:
    config = varied_config(5, 3, True, **TIMED)
    batch = from_neat_python(evolved(config, seed=6), config)
    document = export_network(batch.take([2]), {})
    assert document["network_type"] == "feedforward"
    exported = {node["id"]: node["time_constant"] for node in document["nodes"]}
    one = batch.take([2])
    constants = dict(zip(one.node_id.tolist(), one.time_constant.tolist(), strict=True))
    assert {key: value for key, value in exported.items() if key >= 0}.items() <= constants.items()
