"""Apply edits to parts, and write parts as genes of networks."""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices, offsets_of
from genomes.kernels import device, kernel
from genomes.network.assembly.applying import (
    apply_edit,
    drop_removed,
)
from genomes.network.assembly.edits import (
    NOTHING,
    Edit,
    Part,
    Rates,
    draw_edit,
    find_links,
)
from genomes.network.assembly.parts import CONDITIONS, Parts
from genomes.network.assembly.reading import (
    Reading,
)
from genomes.network.functions import IDENTITY, STEP
from genomes.network.genes import Genes
from genomes.randomness import start_stream


class Children(NamedTuple):
    """Children of some parents, child i in row i; every output has a parent and an edit.

    Attributes:
        parent: int64 (n, outputs), the output's row in the parents' parts.
        kind: int64 (n, outputs); see `genomes.network.assembly.edits`, like the next three.
        where: int64 (n, outputs).
        size: float64 (n, outputs).
        conditions: int64 (n, outputs, `CONDITIONS`).
    """

    parent: Indices
    kind: Indices
    where: Indices
    size: FloatArray
    conditions: Indices


def unedited(n: int, outputs: int) -> Children:
    """Return n copies of one parent.

    Args:
        n: Number of copies.
        outputs: Outputs of a network.
    """
    shape = (n, outputs)
    return Children(
        np.tile(np.arange(outputs), (n, 1)),
        np.full(shape, NOTHING, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape),
        np.zeros((*shape, CONDITIONS), np.int64),
    )


@device
def take_part(parts: Parts, row: int, part: Part) -> None:
    """Copy a row of parts into a part with enough room.

    Args:
        parts: The parts.
        row: Which of them.
        part: Written to.
    """
    begin, end = parts.unit_offsets[row], parts.unit_offsets[row + 1]
    part.bias[0] = parts.bias[row]
    part.weight[:] = parts.weight[row]
    part.units[0] = end - begin
    part.unit_weight[: end - begin] = parts.unit_weight[begin:end]
    part.threshold[: end - begin] = parts.threshold[begin:end]
    part.conditions[: end - begin] = parts.conditions[begin:end]


@device
def new_part(inputs: int, room: int, strict: bool, letters: FloatArray) -> Part:
    """Return a part with room for units.

    Args:
        inputs: Inputs of the network.
        room: Maximum units.
        strict: Whether thresholds are 0.
        letters: The only values of weights; empty for any.
    """
    return Part(
        np.zeros(1),
        np.zeros(inputs),
        np.zeros(1, np.int64),
        np.zeros(room),
        np.zeros(room, np.int64),
        np.zeros((room, CONDITIONS), np.int64),
        strict,
        letters,
    )


@device
def _edit_of(children: Children, child: int) -> Edit:
    """Return the edits of a child, one per output."""
    return Edit(
        children.kind[child],
        children.where[child],
        children.size[child],
        children.conditions[child],
    )


@device
def child_part(parts: Parts, children: Children, child: int, output: int, part: Part) -> None:
    """Write the part of a child.

    Args:
        parts: The parents.
        children: The children.
        child: Which of them.
        output: The output.
        part: Written to; it needs room for one unit more than the parent has.
    """
    take_part(parts, children.parent[child, output], part)
    apply_edit(part, _edit_of(children, child), output, np.zeros(CONDITIONS, np.int64))
    drop_removed(part)


@device
def _room(parts: Parts) -> int:
    """Return the room that any child's part needs."""
    most = 0
    for row in range(len(parts.bias)):
        most = max(most, parts.unit_offsets[row + 1] - parts.unit_offsets[row])
    return most + 1


@device
def empty_parts(rows: int, inputs: int, room: int) -> Parts:
    """Return parts to be written by `put_part`, row after row.

    Args:
        rows: Number of rows.
        inputs: Inputs of the network.
        room: Units that there is room for.
    """
    return Parts(
        np.zeros(rows),
        np.zeros((rows, inputs)),
        np.zeros(rows + 1, np.int64),
        np.zeros(room),
        np.zeros(room, np.int64),
        np.zeros((room, CONDITIONS), np.int64),
    )


@device
def put_part(parts: Parts, row: int, part: Part) -> None:
    """Write a row of parts; those before must be written.

    Args:
        parts: Written to; it needs room for the units.
        row: Which of them.
        part: What is written.
    """
    begin = parts.unit_offsets[row]
    end = begin + part.units[0]
    parts.unit_offsets[row + 1] = end
    parts.bias[row], parts.weight[row] = part.bias[0], part.weight
    parts.unit_weight[begin:end] = part.unit_weight[: end - begin]
    parts.threshold[begin:end] = part.threshold[: end - begin]
    parts.conditions[begin:end] = part.conditions[: end - begin]


@device
def trimmed_parts(parts: Parts) -> Parts:
    """Return written parts without the room that is left."""
    units = parts.unit_offsets[len(parts.bias)]
    return Parts(
        parts.bias,
        parts.weight,
        parts.unit_offsets,
        parts.unit_weight[:units].copy(),
        parts.threshold[:units].copy(),
        parts.conditions[:units].copy(),
    )


@kernel
def parts_of_children(parts: Parts, children: Children, strict: bool) -> Parts:
    """Return the parts of children: row `child * outputs + output`.

    Args:
        parts: The parents.
        children: The children.
        strict: Whether thresholds are 0.
    """
    n, outputs = children.parent.shape
    inputs = parts.weight.shape[1]
    room = n * outputs
    for row in children.parent.ravel():
        room += parts.unit_offsets[row + 1] - parts.unit_offsets[row]
    part = new_part(inputs, _room(parts), strict, np.zeros(0))
    result = empty_parts(n * outputs, inputs, room)
    for child in range(n):
        for output in range(outputs):
            child_part(parts, children, child, output, part)
            put_part(result, child * outputs + output, part)
    return trimmed_parts(result)


@kernel
def merge_children(
    parts: Parts,
    children: Children,
    elites: Indices,
    parents: Indices,
    gains: Indices,
    gain_offsets: Indices,
    rates: Rates,
) -> Parts:
    """Return the parts of elites, and of parents with the edits of their best children.

    Edits are applied best first; one that no longer can be is left out.

    Args:
        parts: The parents' parts.
        children: Their children.
        elites: int64 (outputs,), the child whose part is the elite of each output.
        parents: int64 (outputs,), the child whose part is the next parent.
        gains: Children whose edits are merged into it, best first, output after output.
        gain_offsets: int64 (outputs + 1,), of `gains`.
        rates: Which weights and thresholds there may be.

    Returns:
        The elites in the rows of the outputs, then the parents.
    """
    outputs, inputs = len(elites), parts.weight.shape[1]
    part = new_part(inputs, _room(parts) + len(gains), rates.strict, rates.letters)
    conditions = np.zeros(CONDITIONS, np.int64)
    result = empty_parts(2 * outputs, inputs, 2 * outputs * _room(parts) + len(gains))
    for row in range(2 * outputs):
        output = row % outputs
        child_part(parts, children, (elites if row < outputs else parents)[output], output, part)
        if row >= outputs:
            for index in range(gain_offsets[output], gain_offsets[output + 1]):
                apply_edit(part, _edit_of(children, gains[index]), output, conditions)
            drop_removed(part)
        put_part(result, row, part)
    return trimmed_parts(result)


def sizes_of_parts(parts: Parts) -> Indices:
    """Return the number of genes of every row: int64 (rows,)."""
    genes = 2 + (parts.conditions != 0).sum(axis=1)
    before = offsets_of(genes)[parts.unit_offsets]
    sizes: Indices = 1 + (parts.weight != 0).sum(axis=1) + np.diff(before)
    return sizes


def same_rows(one: Parts, other: Parts) -> BoolArray:
    """Return which rows of two networks' parts are equal: bool (rows,).

    Args:
        one: Parts.
        other: Parts with as many rows.
    """
    same: BoolArray = (one.bias == other.bias) & (one.weight == other.weight).all(axis=1)
    for row in np.flatnonzero(same):
        mine, theirs = (slice(*parts.unit_offsets[row : row + 2]) for parts in (one, other))
        same[row] = all(
            np.array_equal(getattr(one, name)[mine], getattr(other, name)[theirs])
            for name in ("unit_weight", "threshold", "conditions")
        )
    return same


@kernel
def draw_children(
    rates: Rates, parts: Parts, parent: Indices, edited: BoolArray, key: np.uint64
) -> Children:
    """Return children with one edit per output.

    Args:
        rates: Rates of the edits.
        parts: The parents.
        parent: int64 (n, outputs), the row of each child's parent.
        edited: bool (n, outputs), whether to draw an edit.
        key: Key of the random streams; each child has one per output.
    """
    n, outputs = parent.shape
    inputs = parts.weight.shape[1]
    shape = (n, outputs)
    children = Children(
        parent.copy(), np.full(shape, NOTHING, np.int64), np.zeros(shape, np.int64),
        np.zeros(shape), np.zeros((n, outputs, CONDITIONS), np.int64),
    )  # fmt: skip
    # Nothing is read here: edits are not aimed.
    none = np.zeros(1, np.int64)
    reading = Reading(np.zeros((inputs, 0), np.int8), none, none, none, none, none, none)
    part = new_part(inputs, _room(parts), rates.strict, rates.letters)
    links = np.zeros(inputs, np.int64)
    stream = np.zeros(1, np.uint64)
    for child in range(n):
        for output in range(outputs):
            if not edited[child, output]:
                continue
            start_stream(stream, key, child * outputs + output)
            take_part(parts, parent[child, output], part)
            linked = find_links(part, links)
            edit = _edit_of(children, child)
            draw_edit(rates, reading, part, links, linked, -1, 0.0, edit, output, stream)
    return children


@kernel
def genes_of_parts(parts: Parts, outputs: int) -> Genes:
    """Return the networks of parts, with connections and nodes in the order of the parts.

    Node and innovation numbers are unique within a network only.

    Args:
        parts: Row `network * outputs + output`.
        outputs: Outputs of a network.
    """
    n = len(parts.bias) // outputs
    inputs = parts.weight.shape[1]
    node_offsets, connection_offsets = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for network in range(n):
        first, last = network * outputs, (network + 1) * outputs
        units = parts.unit_offsets[last] - parts.unit_offsets[first]
        links = units
        for unit in range(parts.unit_offsets[first], parts.unit_offsets[last]):
            for condition in parts.conditions[unit]:
                links += condition != 0
        for row in range(first, last):
            for weight in parts.weight[row]:
                links += weight != 0.0
        node_offsets[network + 1] = node_offsets[network] + outputs + units
        connection_offsets[network + 1] = connection_offsets[network] + links
    nodes, links = node_offsets[n], connection_offsets[n]
    genes = Genes(
        node_offsets, np.zeros(nodes, np.int64), np.zeros(nodes), np.ones(nodes),
        np.full(nodes, IDENTITY, np.uint8), np.zeros(nodes, np.uint8),
        connection_offsets, np.zeros(links, np.int64), np.zeros(links, np.int64),
        np.zeros(links, np.int64), np.zeros(links), np.ones(links, np.bool_), np.empty(0),
    )  # fmt: skip
    for network in range(n):
        node, link = node_offsets[network], connection_offsets[network]
        hidden = node + outputs
        for output in range(outputs):
            row = network * outputs + output
            genes.node_id[node + output] = output
            genes.bias[node + output] = parts.bias[row]
            for source in range(inputs):
                if parts.weight[row, source] != 0.0:
                    genes.source[link], genes.target[link] = -1 - source, output
                    genes.weight[link] = parts.weight[row, source]
                    link += 1
            for unit in range(parts.unit_offsets[row], parts.unit_offsets[row + 1]):
                number = hidden - node
                genes.node_id[hidden] = number
                genes.activation[hidden] = STEP
                genes.bias[hidden] = -parts.threshold[unit]
                hidden += 1
                for condition in parts.conditions[unit]:
                    if condition != 0:
                        genes.source[link], genes.target[link] = -abs(condition), number
                        genes.weight[link] = 1.0 if condition > 0 else -1.0
                        link += 1
                genes.source[link], genes.target[link] = number, output
                genes.weight[link] = parts.unit_weight[unit]
                link += 1
        for index in range(connection_offsets[network], link):
            genes.innovation[index] = index - connection_offsets[network] + 1
    return genes
