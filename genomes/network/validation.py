"""What makes arrays a batch of networks; the kernels assume it and check nothing.

- offsets begin at 0, never fall and end at the number of genes;
- every network has its output nodes, no node id or innovation number twice, and no two connections
  between the same nodes; ids and numbers are below those that new genes get;
- connections lead from nodes and inputs that exist to nodes that exist;
- a feed-forward network has no cycle, not even through connections that are disabled: breeding may
  enable them;
- function codes are in their tables, and all numbers are finite.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Indices
from genomes.base import fitting
from genomes.errors import GenomeError
from genomes.kernels import device, kernel, zero
from genomes.network.compilation import (
    grouped,
    indices_of,
    longest_row,
    sorted_nodes,
    sources_first,
)
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import GENES, UNNUMBERED

# Inputs, outputs, and genes of a kind in one network: no task has as many.
LARGEST = 1 << 20

# The fields in which the kernel finds problems, and what they are.
_PROBLEMS = (
    ("node_id", "it has an id below 0 or one twice"),
    ("node_id", "it lacks a node for an output"),
    ("innovation", "it has a number below 0 or one twice"),
    ("source", "it lacks a node or input that a connection names"),
    ("target", "it lacks a node that a connection names"),
    ("target", "two of its connections join the same nodes"),
    ("feed_forward", "it has a cycle"),
)
_IDS, _OUTPUTS, _NUMBERS, _SOURCES, _TARGETS, _DOUBLE, _CYCLE = range(len(_PROBLEMS))


def check_networks(
    inputs: int, outputs: int, feed_forward: bool, arrays: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Return the arrays of a batch of networks, each in one piece, if they make one.

    Args:
        inputs: Of every network.
        outputs: Of every network.
        feed_forward: Whether the networks are.
        arrays: The names and types of `GENES`.

    Raises:
        GenomeError: They do not; names the field, and the first network at fault.
    """
    for name, number, least in (("inputs", inputs, 0), ("outputs", outputs, 1)):
        if not (isinstance(number, int | np.integer) and least <= number <= LARGEST):
            raise GenomeError(f"{name} must be from {least} to {LARGEST:,}, got {number!r}")
    checked: dict[str, NDArray[Any]] = {}
    for offsets_name, genes in GENES.items():
        offsets = fitting(offsets_name, arrays[offsets_name], np.int64, ("networks + 1",))
        checked[offsets_name] = offsets
        wanted = checked["node_offsets"].shape
        if offsets.shape != wanted:
            raise GenomeError(f"{offsets_name} must be {wanted}, got {offsets.shape}")
        if not len(offsets) or offsets[0] != 0 or bool(np.any(offsets[1:] < offsets[:-1])):
            raise GenomeError(f"{offsets_name} must start at 0 and never fall")
        for name, dtype in genes.items():
            checked[name] = fitting(name, arrays[name], dtype, (int(offsets[-1]),))
        if len(offsets) > 1 and int(np.diff(offsets).max()) > LARGEST:
            raise GenomeError(f"{offsets_name} must give a network at most {LARGEST:,} genes")
    for name, table in (("activation", ACTIVATIONS), ("aggregation", AGGREGATIONS)):
        if len(checked[name]) and int(checked[name].max()) >= len(table):
            raise GenomeError(f"{name} must be codes below {len(table)}, got {checked[name].max()}")
    for name in ("bias", "response", "weight"):
        if not np.isfinite(checked[name]).all():
            raise GenomeError(f"{name} must be finite")
    g, problem = _first_problem(
        int(inputs), int(outputs), bool(feed_forward), checked["node_offsets"], checked["node_id"],
        checked["connection_offsets"], checked["innovation"], checked["source"], checked["target"],
    )  # fmt: skip
    if problem >= 0:
        name, words = _PROBLEMS[problem]
        count = len(checked["node_offsets"]) - 1
        raise GenomeError(f"{name}: network {g} of {count} cannot be activated: {words}")
    return checked


@device
def _are_distinct(ascending: Indices) -> bool:
    """Whether sorted numbers are from 0 to below UNNUMBERED, and none stands twice."""
    distinct = True
    for i in range(len(ascending)):
        distinct &= 0 <= ascending[i] < UNNUMBERED
        distinct &= i == 0 or ascending[i - 1] < ascending[i]
    return distinct


@device
def _has_double(starts: Indices, incoming: Indices, source: Indices, seen: Indices) -> bool:
    """Whether two connections join the same nodes.

    `seen` (inputs + nodes,) is scratch space of -1s, and is left so.
    """
    double, inputs = False, len(seen) - len(starts) + 1
    for node in range(len(starts) - 1):
        for entry in range(starts[node], starts[node + 1]):
            origin = source[incoming[entry]] + inputs
            double |= seen[origin] == node
            seen[origin] = node
    for origin in source:
        seen[origin + inputs] = -1
    return double


@device
def _problem_of(
    inputs: int, outputs: int, feed_forward: bool,
    ids: Indices, innovation: Indices, source: Indices, target: Indices, seen: Indices,
) -> int:  # fmt: skip
    """What is wrong with one network: a place in _PROBLEMS, or -1."""
    sorted_ids, order = sorted_nodes(ids)
    if not _are_distinct(sorted_ids):
        return _IDS
    if len(ids) < outputs or sorted_ids[outputs - 1] != outputs - 1:
        return _OUTPUTS
    numbers, _ = sorted_nodes(innovation)
    if not _are_distinct(numbers):
        return _NUMBERS
    known, sources = indices_of(sorted_ids, order, source, inputs)
    if not known:
        return _SOURCES
    known, targets = indices_of(sorted_ids, order, target, zero())
    if not known:
        return _TARGETS
    connections = np.arange(len(source))
    starts, incoming = grouped(connections, targets, len(ids))
    if _has_double(starts, incoming, sources, seen[: inputs + len(ids)]):
        return _DOUBLE
    if feed_forward:
        nodes = np.arange(len(ids))
        if len(sources_first(starts, incoming, sources, targets, nodes)) < len(ids):
            return _CYCLE
    return -1


@kernel
def _first_problem(
    inputs: int, outputs: int, feed_forward: bool,
    node_offsets: Indices, node_id: Indices,
    connection_offsets: Indices, innovation: Indices, source: Indices, target: Indices,
) -> tuple[int, int]:  # fmt: skip
    """The first network that has a problem, and which; (-1, -1) if none has."""
    seen = np.full(inputs + longest_row(node_offsets), -1, np.int64)
    for g in range(len(node_offsets) - 1):
        begin, end = connection_offsets[g], connection_offsets[g + 1]
        problem = _problem_of(
            inputs, outputs, feed_forward, node_id[node_offsets[g] : node_offsets[g + 1]],
            innovation[begin:end], source[begin:end], target[begin:end], seen,
        )  # fmt: skip
        if problem >= 0:
            return g, problem
    return -1, -1
