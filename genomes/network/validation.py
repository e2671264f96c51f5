"""Check that arrays are a valid batch of networks, as kernels check nothing.

- Offsets begin at 0, never decrease, and end at the number of genes.

- Every network has its output nodes, and no repeated node id, innovation number or connection. Ids
and numbers are below UNNUMBERED.

- Connections lead from existing nodes or inputs to existing nodes.

- A feed-forward network has no cycle, not even through disabled connections, which breeding may
enable.

- Function codes are valid indices, and all numbers are finite. Time constants are above 0.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Indices, are_offsets, checked_array
from genomes.errors import GenomeError
from genomes.kernels import device, kernel, zero
from genomes.network.compilation import longest_row
from genomes.network.functions import AGGREGATIONS
from genomes.network.genes import GENES, NO_TIME_CONSTANTS, UNNUMBERED, Genes
from genomes.network.graph import (
    grouped,
    indices_of,
    sorted_nodes,
    sources_first,
)
from genomes.network.own_functions import check_codes

# Maximum inputs, outputs, and genes of a kind in one network.
LARGEST = 1 << 20

# Problems found by the kernel: field and message.
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
    """Check that arrays form a batch of networks by the rules of this module.

    Genes may be in any order within a network. `check_sorted` checks more.

    Args:
        inputs: Inputs of every network.
        outputs: Outputs of every network.
        feed_forward: Whether the networks must be free of cycles.
        arrays: Arrays with the names and types of `GENES`.

    Returns:
        The arrays of `GENES` and `time_constant` by name, as contiguous memory; others are left
        out. Missing time constants are empty.

    Raises:
        KeyError: If an array is missing.
        GenomeError: If an array or a size is invalid. The message names it. For a rule about single
            networks it also gives the index of the first that breaks it.
    """
    for name, number, minimum in (("inputs", inputs, 0), ("outputs", outputs, 1)):
        if not (isinstance(number, int | np.integer) and minimum <= number <= LARGEST):
            raise GenomeError(f"{name} must be from {minimum} to {LARGEST:,}, got {number!r}")
    checked: dict[str, NDArray[Any]] = {}
    for offsets_name, genes in GENES.items():
        offsets = checked_array(offsets_name, arrays[offsets_name], np.int64, ("networks + 1",))
        checked[offsets_name] = offsets
        expected = checked["node_offsets"].shape
        if offsets.shape != expected:
            raise GenomeError(f"{offsets_name} must be {expected}, got {offsets.shape}")
        if not (len(offsets) and are_offsets(offsets, int(offsets[-1]))):
            raise GenomeError(f"{offsets_name} must start at 0 and never fall")
        for name, dtype in genes.items():
            checked[name] = checked_array(name, arrays[name], dtype, (int(offsets[-1]),))
        if len(offsets) > 1 and int(np.diff(offsets).max()) > LARGEST:
            raise GenomeError(f"{offsets_name} must give a network at most {LARGEST:,} genes")
    check_codes(checked["activation"])
    codes, known = checked["aggregation"], len(AGGREGATIONS)
    if len(codes) and int(codes.max()) >= known:
        raise GenomeError(f"aggregation must be codes below {known}, got {codes.max()}")
    for name in ("bias", "response", "weight"):
        if not np.isfinite(checked[name]).all():
            raise GenomeError(f"{name} must be finite")
    constants = arrays.get("time_constant", NO_TIME_CONSTANTS)
    if not (isinstance(constants, np.ndarray) and constants.shape == (0,)):
        constants = checked_array("time_constant", constants, np.float64, checked["bias"].shape)
    if not (np.isfinite(constants).all() and np.all(constants > 0)):
        raise GenomeError("time_constant must be finite and above 0")
    checked["time_constant"] = np.ascontiguousarray(constants, np.float64)
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
    """Return whether sorted numbers are distinct, from 0 to below UNNUMBERED."""
    distinct = True
    for i in range(len(ascending)):
        distinct &= 0 <= ascending[i] < UNNUMBERED
        distinct &= i == 0 or ascending[i - 1] < ascending[i]
    return distinct


@device
def _has_double(starts: Indices, incoming: Indices, source: Indices, seen: Indices) -> bool:
    """Return whether two connections join the same nodes.

    `seen` (inputs + nodes,) is scratch space of -1s, and is restored.
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
    """Return the problem of one network as an index in _PROBLEMS, or -1."""
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
    """Return the first invalid network and its problem, or (-1, -1)."""
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
    """Check that genes ascend by number in every network.

    Raises:
        GenomeError: If they do not.
    """
    for offsets, numbers, name in (
        (genes.node_offsets, genes.node_id, "node_id"),
        (genes.connection_offsets, genes.innovation, "innovation"),
    ):
        rising = np.ones(len(numbers) + 1, np.bool_)
        rising[1:-1] = numbers[:-1] < numbers[1:]
        rising[offsets] = True  # where a network begins
        if not rising.all():
            raise GenomeError(f"{name} must rise in every network")
