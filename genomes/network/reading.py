"""Read a network from JSON in neat-python's format: our exports, and neat-python's own.

The file may come from anyone. Its size is limited, and everything in it is checked before use.
Functions are looked up by name; a function that neat-python marks as custom is refused, because the
file holds its name alone.

Nodes may be missing. Neat-python leaves out recurrent nodes without connections: they are always 0.
"""

import os
import stat
from pathlib import Path
from reprlib import repr as short
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from genomes.errors import GenomeError
from genomes.network import own_functions
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import NO_TIME_CONSTANTS
from genomes.network.networks import Networks
from genomes.network.single import Network
from genomes.network.validation import LARGEST

LARGEST_FILE = 1 << 26  # bytes

_Id = Annotated[int, Meta(ge=-LARGEST, lt=1 << 60)]
_Count = Annotated[int, Meta(ge=0, le=LARGEST)]
_TYPES = ("feedforward", "recurrent", "ctrnn")


class _Function(msgspec.Struct):
    name: str
    custom: bool = False


class _Node(msgspec.Struct):
    id: _Id
    type: str
    activation: _Function
    aggregation: _Function
    bias: float
    response: float
    time_constant: float = 1.0


class _Connection(msgspec.Struct):
    source: _Id = msgspec.field(name="from")
    target: _Id = msgspec.field(name="to")
    weight: float
    enabled: bool = True


class _Topology(msgspec.Struct):
    num_inputs: _Count
    num_outputs: _Count
    input_keys: list[_Id]
    output_keys: list[_Id]


class _Kind(msgspec.Struct):
    network_type: str


class _Document(_Kind):
    topology: _Topology
    nodes: list[_Node]
    connections: list[_Connection]


def load_network(path: str | Path) -> Network:
    """Return the network of a file in neat-python's JSON format.

    Feed-forward and recurrent networks and CTRNNs are read. A CTRNN needs a time step:
    `network.reset(time_step=0.01)`.

    Args:
        path: The file, such as `champion/network.json`.

    Raises:
        GenomeError: If the file cannot be read or describes no network; one line with its path.
    """
    try:
        data = _bytes_of(Path(path))
    except OSError as error:
        raise GenomeError(f"{path}: {error.strerror or error}") from None
    try:
        return read_network(data)
    except GenomeError as error:
        raise GenomeError(f"{path}: {error}") from None


def read_network(data: bytes) -> Network:
    """Return the network of a document in neat-python's JSON format; see `load_network`.

    Args:
        data: JSON in UTF-8.

    Raises:
        GenomeError: If it describes no network.
    """
    if len(data) > LARGEST_FILE:
        raise GenomeError(f"a network has at most {LARGEST_FILE:,} bytes, got {len(data):,}")
    try:
        kind = msgspec.json.decode(data, type=_Kind).network_type  # other kinds differ in all else
        if kind not in _TYPES:
            raise GenomeError(f"network_type must be one of {', '.join(_TYPES)}, got {short(kind)}")
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GenomeError(f"not a network in JSON: {error}") from None
    return Network(_networks(document))


def _bytes_of(path: Path) -> bytes:
    """Return the content of a regular file, up to one byte more than allowed."""
    # A pipe is not waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise GenomeError(f"{path}: not a regular file")
        return file.read(LARGEST_FILE + 1)


def _code(kind: str, known: tuple[str, ...], node: _Node) -> int:
    """Return the code of a node's function."""
    function: _Function = getattr(node, kind)
    own = (*own_functions.functions(), "step") if kind == "activation" else ()
    if function.name not in (*known, *own) or (function.custom and function.name not in own):
        words = "a custom function" if function.custom else "unknown"
        raise GenomeError(
            f"node {node.id}: {kind} {short(function.name)} is {words}; "
            f"known are {', '.join(known)}"
        )
    return (
        known.index(function.name)
        if function.name in known
        else own_functions.code_of(function.name)
    )


def _checked_nodes(document: _Document) -> dict[int, _Node]:
    """Return the nodes that are no inputs, by id."""
    topology = document.topology
    inputs, outputs = topology.num_inputs, topology.num_outputs
    if topology.input_keys != [-1 - i for i in range(inputs)]:
        raise GenomeError(f"input_keys must be -1, -2, ..., one for each of {inputs} num_inputs")
    if topology.output_keys != list(range(outputs)):
        raise GenomeError(f"output_keys must be 0, 1, ..., one for each of {outputs} num_outputs")
    nodes: dict[int, _Node] = {}
    for node in document.nodes:
        kind = "input" if node.id < 0 else "output" if node.id < outputs else "hidden"
        if node.type != kind or node.id < -inputs:
            raise GenomeError(f"node {node.id} cannot have the type {short(node.type)}")
        if node.id in nodes:
            raise GenomeError(f"node {node.id} is listed twice")
        nodes[node.id] = node
    return {key: node for key, node in nodes.items() if key >= 0}


def _networks(document: _Document) -> Networks:
    """Return the batch of one that a document describes."""
    feed_forward = document.network_type == "feedforward"
    nodes = _checked_nodes(document)
    links = document.connections
    missing = set(range(document.topology.num_outputs)) - nodes.keys()
    if not feed_forward:
        missing |= {link.source for link in links if link.source >= 0} - nodes.keys()
    silent = _Function("identity"), _Function("sum")
    for key in sorted(missing):
        nodes[key] = _Node(key, "hidden", *silent, bias=0.0, response=1.0)
    genes = list(nodes.values())
    constants = np.array([node.time_constant for node in genes], np.float64)
    return Networks(
        inputs=document.topology.num_inputs,
        outputs=document.topology.num_outputs,
        feed_forward=feed_forward,
        node_offsets=np.array([0, len(genes)]),
        node_id=np.array([node.id for node in genes], np.int64),
        bias=np.array([node.bias for node in genes], np.float64),
        response=np.array([node.response for node in genes], np.float64),
        activation=np.array([_code("activation", ACTIVATIONS, node) for node in genes], np.uint8),
        aggregation=np.array(
            [_code("aggregation", AGGREGATIONS, node) for node in genes], np.uint8
        ),
        connection_offsets=np.array([0, len(links)]),
        innovation=np.arange(1, len(links) + 1),
        source=np.array([link.source for link in links], np.int64),
        target=np.array([link.target for link in links], np.int64),
        weight=np.array([link.weight for link in links], np.float64),
        enabled=np.array([link.enabled for link in links], np.bool_),
        time_constant=constants if np.any(constants != 1.0) else NO_TIME_CONSTANTS,
    )
