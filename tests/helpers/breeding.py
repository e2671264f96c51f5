"""Genomes to test with: neat-python populations of random evolution, and networks made by hand."""

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

import neat
import numpy as np

from evo.core.settings import Changes, changed, tables
from evo.engines import Engine
from evo.engines.neat.genome_settings import Structure
from evo.engines.neat.settings import NeatPythonSettings
from evo.engines.neat_python.config import build_config
from evo.runs.configure import setting
from genomes.base import unchecked
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import NO_TIME_CONSTANTS
from genomes.network.networks import Networks
from genomes.player import Player

# Settings with which time constants vary, for `varied_settings`.
TIMED = {
    "time_constant_init_mean": 0.5, "time_constant_init_stdev": 0.2,
    "time_constant_min_value": 0.05, "time_constant_mutate_rate": 0.3,
    "time_constant_mutate_power": 0.1,
}  # fmt: skip
# neat-python has no step function.
NEAT_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name != "step")


def settings_of(kind: type[Engine], player: Player, individuals: int, *changes: Changes) -> Any:
    """Return changed engine settings for a player and a population size."""
    settings = kind.of_shape(kind.settings_type(), player.inputs, player.keys)
    for tables_of_changes in (setting(f"{kind.population}={individuals}"), *changes):
        settings = changed(settings, tables_of_changes)
    return settings


def neat_settings(changes: dict[str, dict[str, Any]]) -> NeatPythonSettings:
    """Return the sections of neat-python's XOR example with some items changed."""
    return changed(NeatPythonSettings(), changes)


def neat_sections(changes: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the same as text, as in a file of neat-python."""
    return {
        section: {
            name: " ".join(value) if isinstance(value, list | tuple) else str(value)
            for name, value in items.items()
        }
        for section, items in tables(neat_settings(changes)).items()
    }


def varied_settings(
    inputs: int, outputs: int, feed_forward: bool, **genome: Any
) -> NeatPythonSettings:
    """Return settings under which every gene mutates, with all functions."""
    varied = {
        "num_inputs": inputs, "num_outputs": outputs, "feed_forward": feed_forward,
        "initial_connection": "partial_direct 0.5", "num_hidden": 2,
        "conn_add_prob": 0.6, "conn_delete_prob": 0.3, "node_add_prob": 0.5,
        "node_delete_prob": 0.1, "enabled_mutate_rate": 0.1,
        "activation_options": NEAT_ACTIVATIONS, "activation_mutate_rate": 0.3,
        "activation_default": "random",
        "aggregation_options": AGGREGATIONS, "aggregation_mutate_rate": 0.3,
        "aggregation_default": "random",
        "response_init_stdev": 0.5, "response_mutate_rate": 0.3, "response_mutate_power": 0.3,
    } | genome  # fmt: skip
    return neat_settings(
        {
            "NEAT": {"pop_size": 60},
            "DefaultGenome": varied,
            "DefaultSpeciesSet": {"compatibility_threshold": 100.0},
            "DefaultStagnation": {"max_stagnation": 1000},
        }
    )


def varied_genome(inputs: int, outputs: int, feed_forward: bool, **genome: Any) -> Structure:
    """Return the section DefaultGenome of `varied_settings`."""
    return varied_settings(inputs, outputs, feed_forward, **genome).DefaultGenome


def varied_config(inputs: int, outputs: int, feed_forward: bool, **genome: Any) -> Any:
    """Return a `neat.Config` of `varied_settings`."""
    return build_config(varied_settings(inputs, outputs, feed_forward, **genome))


def evolved(config: Any, generations: int = 10, seed: int = 1) -> list[Any]:
    """Return the genomes of a population after some generations of random fitness."""
    before = random.getstate()
    random.seed(seed)
    try:
        population = neat.Population(config)

        def judge(genomes: Any, config: Any) -> None:
            for _, genome in genomes:
                genome.fitness = random.random()

        population.run(judge, generations)
        return list(population.population.values())
    finally:
        random.setstate(before)


def network(
    inputs: int,
    outputs: int,
    links: Sequence[tuple[int, int, float]],
    *,
    bias: dict[int, float] | None = None,
    activation: str = "identity",
    aggregation: str = "sum",
    feed_forward: bool = True,
    player: Player | None = None,
) -> Networks:
    """Return a batch of one network from links (source, target, weight).

    Input i is -1 - i, output k is k.
    """
    ends = {node for source, target, _ in links for node in (source, target) if node >= 0}
    ids = sorted(ends | set(range(outputs)))
    biases = bias or {}
    weights = np.array([link[2] for link in links], np.float64)
    bias_of_nodes = np.array([biases.get(node, 0.0) for node in ids])
    # From outside come finite numbers alone; others are made here to see what kernels do with them.
    finite = np.isfinite(weights).all() and np.isfinite(bias_of_nodes).all()
    make = Networks if finite else partial(unchecked, Networks)
    return make(
        inputs=inputs,
        outputs=outputs,
        feed_forward=feed_forward,
        node_offsets=np.array([0, len(ids)]),
        node_id=np.array(ids, np.int64),
        bias=bias_of_nodes,
        response=np.ones(len(ids)),
        activation=np.full(len(ids), ACTIVATIONS.index(activation), np.uint8),
        aggregation=np.full(len(ids), AGGREGATIONS.index(aggregation), np.uint8),
        connection_offsets=np.array([0, len(links)]),
        innovation=np.arange(1, len(links) + 1),
        source=np.array([link[0] for link in links], np.int64),
        target=np.array([link[1] for link in links], np.int64),
        weight=weights,
        enabled=np.ones(len(links), np.bool_),
        time_constant=NO_TIME_CONSTANTS,
        player=player,
    )


def copies(player: Player, lag: int) -> Networks:
    """Return a network that outputs the row of `lag` steps before.

    `lag` is one of the player's lags.
    """
    first = player.lags.index(lag) * player.keys
    links = [(-1 - (first + key), key, 1.0) for key in range(player.keys)]
    return network(player.inputs, player.keys, links, player=player)


def constant(player: Player, outputs: float | Sequence[float]) -> Networks:
    """Return a network with constant outputs, for any input."""
    said = np.broadcast_to(np.asarray(outputs, np.float64), (player.keys,))
    bias = {key: float(value) for key, value in enumerate(said)}
    return network(player.inputs, player.keys, [], bias=bias, player=player)


def joined(batches: Sequence[Networks]) -> Networks:
    """Return several batches of the same shape in one."""
    arrays = [batch.to_arrays() for batch in batches]
    whole = {}
    for name, first in arrays[0].items():
        if name == "shape" or name.startswith("player"):
            whole[name] = first
        elif name.endswith("offsets"):
            ends = np.concatenate([np.diff(one[name]) for one in arrays])
            whole[name] = np.concatenate([[0], np.cumsum(ends)])
        else:
            whole[name] = np.concatenate([one[name] for one in arrays])
    return Networks.from_arrays(whole, trusted=True)


def same_arrays(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two dictionaries of arrays are equal.

    Names, dtypes, shapes and bytes are compared.
    """
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and one[name].tobytes() == other[name].tobytes()
        for name in one
    )
