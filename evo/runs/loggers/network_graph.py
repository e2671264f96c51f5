"""A network as the graph of a TensorFlow program, which TensorBoard draws.

A node of the network is an operation: its name is "input/3", "hidden/17" or "output/0", its kind
the activation function, and its attributes are the bias, the response and the weights of its
inputs. The inputs of music are "lag-4/key-7", the key 7 of 4 steps ago. A recurrent network has
loops, which TensorBoard draws too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

MAX_LINKS = 5_000  # TensorBoard takes minutes for more


def graph_of(document: bytes, player: bytes | None = None) -> Any:
    """Return a network as a GraphDef of tensorboardX.

    Args:
        document: A network.json, in neat-python's format.
        player: A player.json, how the network plays; None without music.

    Returns:
        The graph; None for more than `MAX_LINKS` connections.
    """
    from tensorboardX.proto.graph_pb2 import GraphDef
    from tensorboardX.proto.versions_pb2 import VersionDef

    network = json.loads(document)
    links = [link for link in network["connections"] if link.get("enabled", True)]
    if len(links) > MAX_LINKS:
        return None
    names = {node["id"]: f"{node['type']}/{node['id']}" for node in network["nodes"]}
    played: dict[str, Any] = {"keys": 1, "lags": []} if player is None else json.loads(player)
    for link in links:
        if link["from"] not in names or link["from"] < 0:
            names[link["from"]] = _input_name(-1 - link["from"], played["keys"], played["lags"])
    nodes = {node["id"]: node for node in network["nodes"]}
    graph = [
        _node(names, number, nodes.get(number, {}), [one for one in links if one["to"] == number])
        for number in names
    ]
    return GraphDef(node=graph, versions=VersionDef(producer=22))


def _input_name(index: int, keys: int, lags: Sequence[int]) -> str:
    """Return the name of an input. The first are keys of earlier steps, block by block."""
    lag, key = divmod(index, keys)
    return f"lag-{lags[lag]}/key-{key}" if lag < len(lags) else f"input/{index}"


def _node(
    names: Mapping[int, str], number: int, node: Mapping[str, Any], links: list[Mapping[str, Any]]
) -> Any:
    """Return one node with its inputs, the strongest first."""
    from tensorboardX.proto.attr_value_pb2 import AttrValue
    from tensorboardX.proto.node_def_pb2 import NodeDef

    links = sorted(links, key=lambda link: -abs(link["weight"]))
    shown = {name: AttrValue(f=float(node[name])) for name in ("bias", "response") if name in node}
    if links:
        weights = [float(link["weight"]) for link in links]
        shown["weights"] = AttrValue(list=AttrValue.ListValue(f=weights))
    activation = node.get("activation", {})
    kind = activation.get("name", "input") if isinstance(activation, dict) else str(activation)
    return NodeDef(
        name=names[number], op=kind, input=[names[link["from"]] for link in links], attr=shown
    )
