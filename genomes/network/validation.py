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
    find_node,
    grouped,
    indices_of,
    longest_row,
    sorted_nodes,
    sources_first,
)
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import GENES, UNNUMBERED, Genes

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


def check_sorted(genes: Genes) -> None:
    """Raise GenomeError unless genes rise by their numbers in every network, as breeding needs."""
    for offsets, numbers, name in (
        (genes.node_offsets, genes.node_id, "node_id"),
        (genes.connection_offsets, genes.innovation, "innovation"),
    ):
        rising = np.ones(len(numbers) + 1, np.bool_)
        rising[1:-1] = numbers[:-1] < numbers[1:]
        rising[offsets] = True  # where a network begins
        if not rising.all():
            raise GenomeError(f"{name} must rise in every network")


def check_modules(
    genes: Genes, outputs: int, node_offsets: Indices, connection_offsets: Indices
) -> Genes:
    """Return the modules of checked networks: networks of one output that share nothing.

    Args:
        genes: Of n networks that have been checked.
        outputs: Of every network; as many modules make one.
        node_offsets: int64 (n * outputs + 1,), where the nodes of modules begin.
        connection_offsets: int64 (n * outputs + 1,), where their connections begin.

    Raises:
        GenomeError: They are no such modules; names the field.
    """
    modules = genes._replace(node_offsets=node_offsets, connection_offsets=connection_offsets)
    count = (len(genes.node_offsets) - 1) * outputs
    for name in GENES:
        whole = getattr(genes, name)
        offsets = fitting(name, getattr(modules, name), np.int64, (count + 1,))
        if np.any(offsets[1:] < offsets[:-1]) or not np.array_equal(offsets[::outputs], whole):
            raise GenomeError(f"{name} must divide every network into {outputs} modules")
    firsts = np.tile(np.arange(outputs), len(genes.node_offsets) - 1)
    if np.any(node_offsets[1:] == node_offsets[:-1]) or not np.array_equal(
        genes.node_id[node_offsets[:-1]], firsts
    ):
        raise GenomeError("node_offsets must begin every module at its output node")
    check_sorted(modules)
    if not _are_apart(
        modules.node_offsets, modules.node_id,
        modules.connection_offsets, modules.source, modules.target,
    ):  # fmt: skip
        raise GenomeError("connection_offsets must give modules that share no node")
    return modules


@kernel
def _are_apart(
    node_offsets: Indices, node_id: Indices,
    connection_offsets: Indices, source: Indices, target: Indices,
) -> bool:  # fmt: skip
    """Whether the connections of sorted networks join their own nodes, and inputs to them."""
    apart = True
    for m in range(len(node_offsets) - 1):
        ids = node_id[node_offsets[m] : node_offsets[m + 1]]
        order = np.arange(len(ids))
        for c in range(connection_offsets[m], connection_offsets[m + 1]):
            apart &= find_node(ids, order, target[c]) >= 0
            apart &= source[c] < 0 or find_node(ids, order, source[c]) >= 0
    return apart
