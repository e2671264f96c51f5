"""Read the parts of a network that consists of them."""

import numpy as np

from genomes.errors import GenomeError
from genomes.network.assembly.parts import CONDITIONS, Parts, checked_parts
from genomes.network.functions import IDENTITY, STEP
from genomes.network.networks import Networks


def parts_of_network(network: Networks) -> Parts:
    """Return the parts of a batch of one network, as `genes_of_parts` writes them.

    Args:
        network: Its outputs are sums, and each hidden node fires by a sum of +1s and -1s of inputs
            and feeds one output.

    Raises:
        GenomeError: If it is another kind of network.
    """
    inputs, outputs = network.inputs, network.outputs
    node = {number: place for place, number in enumerate(network.node_id.tolist())}
    kinds = np.where(network.node_id < outputs, IDENTITY, STEP)
    is_plain = (network.response == 1.0).all() and (network.aggregation == 0).all()
    if len(network) != 1 or not is_plain or (network.activation != kinds).any():
        raise GenomeError("the network does not consist of parts: its nodes are of other kinds")
    weight = np.zeros((outputs, inputs))
    reads: dict[int, list[int]] = {number: [] for number in node if number >= outputs}
    feeds: dict[int, tuple[int, float]] = {}
    links = zip(
        network.source.tolist(), network.target.tolist(), network.weight.tolist(),
        network.enabled.tolist(), strict=True,
    )  # fmt: skip
    for source, target, value, enabled in links:
        if not enabled:
            continue
        if target < outputs and source < 0:
            weight[target, -1 - source] = value
        elif target < outputs and source >= outputs and source not in feeds:
            feeds[source] = (target, value)
        elif target >= outputs and source < 0 and abs(value) == 1.0:
            reads[target].append(source if value < 0 else -source)
        else:
            raise GenomeError("the network does not consist of parts: a hidden node is shared")
    order = sorted(feeds, key=lambda number: (feeds[number][0], number))
    if len(order) != len(reads) or max(map(len, reads.values()), default=0) > CONDITIONS:
        raise GenomeError("the network does not consist of parts: a hidden node feeds nothing")
    conditions = np.zeros((len(order), CONDITIONS), np.int64)
    for row, number in enumerate(order):
        conditions[row, : len(reads[number])] = reads[number]
    owners = [feeds[number][0] for number in order]
    biases = np.array([network.bias[node[number]] for number in order])
    parts = Parts(
        network.bias[[node[output] for output in range(outputs)]],
        weight,
        np.searchsorted(owners, np.arange(outputs + 1)).astype(np.int64),
        np.array([feeds[number][1] for number in order], np.float64),
        (-biases).astype(np.int64),
        conditions,
    )
    return checked_parts(parts, inputs, outputs)
