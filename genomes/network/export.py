"""Export a network in neat-python's JSON format.

As in neat-python, only the nodes that the outputs need are exported, in a computable order, with
connections in summation order. A recurrent node without connections keeps the value 0 and is left
out. There is no time stamp, so equal networks give equal files.

Time constants other than 1 are exported. With them a recurrent network has the type ctrnn.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from genomes.network.activation import Program
from genomes.network.functions import AGGREGATIONS
from genomes.network.own_functions import functions, name_of

if TYPE_CHECKING:
    from genomes.network.networks import Networks


def _function(name: str) -> dict[str, Any]:
    return {"name": name, "custom": name == "step" or name in functions()}


def threshold_units(networks: "Networks") -> dict[str, str]:
    """Return what to say of a network whose weights are all -1 or 1, and thresholds whole."""
    whole = (np.abs(networks.weight) == 1.0).all() and not (networks.bias % 1.0).any()
    if not len(networks.weight) or not whole:
        return {}
    above = "0" if not networks.bias.any() else "the negative of its bias, a whole number"
    kind = "strict" if not networks.bias.any() else "free"
    return {
        "weights": "-1 and 1",
        "thresholds": f"{kind}: a node is on if the sum of its weighted inputs is above {above}",
    }


def export_network(networks: "Networks", metadata: dict[str, Any]) -> dict[str, Any]:
    """Return a batch of one network as a document of neat-python's JSON format.

    Args:
        networks: The batch.
        metadata: Stored unchanged (fitness, generation, ...).

    Raises:
        ValueError: If there is not exactly one network.
    """
    if len(networks) != 1:
        raise ValueError(f"one network is exported at a time, got {len(networks)}")
    program: Program = networks.program
    ids = program.node_id.tolist()
    timed = bool(np.any(program.time_constant != 1.0))
    nodes: list[dict[str, Any]] = []
    connections: list[dict[str, Any]] = []
    for p, node in enumerate(ids):
        first, last = program.link_offsets[p], program.link_offsets[p + 1]
        if first == last and not networks.feed_forward:
            continue
        values = {"bias": float(program.bias[p]), "response": float(program.response[p])}
        if timed:
            values["time_constant"] = float(program.time_constant[p])
        nodes.append(
            {
                "id": node,
                "type": "output" if node < networks.outputs else "hidden",
                "activation": _function(name_of(int(program.activation[p]))),
                "aggregation": _function(AGGREGATIONS[program.aggregation[p]]),
                **values,
            }
        )
        for link in range(first, last):
            source = int(program.source[link])
            origin = -1 - source if source < networks.inputs else ids[source - networks.inputs]
            weight = float(program.weight[link])
            connections.append({"from": origin, "to": node, "weight": weight, "enabled": True})
    input_keys = [-1 - i for i in range(networks.inputs)]
    nodes += [
        {
            "id": key,
            "type": "input",
            "activation": _function("identity"),
            "aggregation": _function("none"),
            "bias": 0.0,
            "response": 1.0,
            **({"time_constant": 1.0} if timed else {}),
        }
        for key in input_keys
    ]
    kind = "feedforward" if networks.feed_forward else "ctrnn" if timed else "recurrent"
    return {
        "format_version": "1.0",
        "network_type": kind,
        "metadata": metadata,
        "topology": {
            "num_inputs": networks.inputs,
            "num_outputs": networks.outputs,
            "input_keys": input_keys,
            "output_keys": list(range(networks.outputs)),
        },
        "nodes": nodes,
        "connections": connections,
    }
