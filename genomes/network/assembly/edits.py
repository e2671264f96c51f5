"""Single changes of one output's part, and the steps at which each changes the output.

An edit is one of these:

- Move the bias, or the weight of an input or of a unit. A weight that becomes 0 is a connection
  removed; a unit without weight is removed.
- Add a unit, on random inputs or on an input that is connected already (a split connection).
- Add a condition to a unit, or remove one.

Each changes the output by one number: up where a list of rows says so, and down at others. Such a
list has 3 % of the rows, as few keys sound. An edit is therefore judged at these rows alone.

Edits can be *aimed*: founded on what was read at a row that is wrong, and in its direction.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import FloatArray, Indices
from genomes.kernels import device
from genomes.network.assembly.parts import CONDITIONS, LARGEST, QUANTUM
from genomes.network.assembly.reading import Reading
from genomes.randomness import Stream, below, uniform

BIAS, INPUT, UNIT, NEW_UNIT, ADD_CONDITION, REMOVE_CONDITION, NOTHING = range(7)


class Rates(NamedTuple):
    """Relative rates of the edits, and sizes of moves; see `evo.engines.neat.settings`."""

    move_bias: float
    move_weight: float
    add_connection: float
    remove_connection: float
    add_conjunction: float
    split_connection: float
    add_condition: float
    remove_condition: float
    negative: float  # probability that a condition requires an input to be off
    further: float  # probability that a new conjunction has one more condition
    smallest: float  # minimum size of a move
    decades: float  # range of sizes above it
    aimed: float  # probability that an edit is aimed at a wrong row
    letters: FloatArray  # the only values of weights; empty for any
    strict: bool  # whether all thresholds and biases are 0


class Part(NamedTuple):
    """One output's part in the making, with room for more units.

    Attributes:
        bias: float64 (1,).
        weight: float64 (inputs,).
        units: int64 (1,), number of units.
        unit_weight: float64 (room,); 0 for a unit that is removed at the end of the round.
        threshold: int64 (room,).
        conditions: int64 (room, `CONDITIONS`).
        strict: Whether thresholds are 0, and not those of conjunctions.
        letters: The only values of weights; empty for any.
    """

    bias: FloatArray
    weight: FloatArray
    units: Indices
    unit_weight: FloatArray
    threshold: Indices
    conditions: Indices
    strict: bool
    letters: FloatArray


class Edit(NamedTuple):
    """Edits of a batch of children, entry i for child i.

    Attributes:
        kind: int64, of the kinds of this module.
        where: int64, the input or the unit.
        size: float64, change of the weight.
        conditions: int64 (children, `CONDITIONS`), of a new unit; or its condition to add first.
    """

    kind: Indices
    where: Indices
    size: FloatArray
    conditions: Indices


@device
def find_links(part: Part, links: Indices) -> int:
    """Write the inputs that are connected; return their number.

    Args:
        part: The part.
        links: int64 (inputs,), written to.
    """
    linked = 0
    for source in range(len(part.weight)):
        if part.weight[source] != 0.0:
            links[linked] = source
            linked += 1
    return linked


@device
def draw_size(rates: Rates, weight: float, toward: float, stream: Stream) -> float:
    """Return the size of a move of a weight.

    Without letters it is log-uniform from the smallest upwards, of either sign, a multiple of
    1/256. With letters it leads to another of them.

    Args:
        rates: The sizes.
        weight: The weight before.
        toward: Sign of the move; 0 for either.
        stream: Random numbers.
    """
    if len(rates.letters) > 0:
        size = 0.0
        for _ in range(8):
            size = rates.letters[below(stream, len(rates.letters))] - weight
            if size * toward > 0.0 or (toward == 0.0 and size != 0.0):
                break
        return size
    size = rates.smallest * 10.0 ** (rates.decades * uniform(stream))
    size = min(LARGEST, max(1.0, np.floor(size / QUANTUM + 0.5)) * QUANTUM)
    if toward != 0.0:
        return float(toward * size)
    return float(size if uniform(stream) < 0.5 else -size)


@device
def _draw_bias(rates: Rates, toward: float, stream: Stream) -> float:
    """Return the size of a move of the bias: a quarter of a weight's, or 1 with letters."""
    if rates.strict:
        return 0.0
    if len(rates.letters) > 0:
        return 1.0 if uniform(stream) < 0.5 else -1.0
    size = draw_size(rates, 0.0, toward, stream)
    quarter = max(1.0, np.floor(abs(size) * 0.25 / QUANTUM + 0.5)) * QUANTUM
    return float(quarter if size > 0.0 else -quarter)


@device
def draw_kind(rates: Rates, stream: Stream) -> int:
    """Return the index of one of the eight rates, drawn by them."""
    values = (
        rates.move_bias, rates.move_weight, rates.add_connection, rates.remove_connection,
        rates.add_conjunction, rates.split_connection, rates.add_condition, rates.remove_condition,
    )  # fmt: skip
    total = 0.0
    for value in values:
        total += value
    chance = uniform(stream) * total
    for index in range(len(values)):
        chance -= values[index]
        if chance < 0.0:
            return index
    return len(values) - 1


@device
def _draw_input(reading: Reading, row: int, stream: Stream) -> int:
    """Return a random input, or one that is on at `row` unless that is negative."""
    if row >= 0:
        begin, end = reading.input_offsets[row], reading.input_offsets[row + 1]
        if end > begin:
            return int(reading.on[begin + below(stream, end - begin)])
    return below(stream, len(reading.inputs))


@device
def _draw_unit(
    rates: Rates, reading: Reading, conditions: Indices, first: int, row: int, stream: Stream
) -> None:
    """Fill the conditions of a new unit: input `first`, and others.

    Aimed at `row`, it fires there. Where the inputs of `row` are also on at other rows, only a
    negative condition tells them apart: an input that is on at another row with the first input.
    """
    conditions[:] = 0
    conditions[0] = first + 1
    count = 1
    while count < CONDITIONS and (count < 2 or uniform(stream) < rates.further):
        negative = uniform(stream) < rates.negative
        elsewhere = row
        if negative and row >= 0:
            begin, end = reading.row_offsets[first], reading.row_offsets[first + 1]
            if end > begin:
                elsewhere = reading.rows[begin + below(stream, end - begin)]
        other = _draw_input(reading, elsewhere, stream) + 1
        if negative and row >= 0 and reading.inputs[other - 1, row] == 1:
            return
        for index in range(count):
            if abs(conditions[index]) == other:
                return
        conditions[count] = -other if negative else other
        count += 1


@device
def draw_edit(
    rates: Rates,
    reading: Reading,
    part: Part,
    links: Indices,
    linked: int,
    wrong: int,
    toward: float,
    edit: Edit,
    child: int,
    stream: Stream,
) -> None:
    """Draw one edit.

    Args:
        rates: Rates of the edits.
        reading: What is read.
        part: The part to edit.
        links: Inputs that are connected.
        linked: Number of them.
        wrong: A row that is wrong, to aim at, or -1.
        toward: Sign of the change that corrects it; 0 without such a row.
        edit: Written to.
        child: Index of the edit.
        stream: Random numbers.
    """
    kind = draw_kind(rates, stream)
    count = part.units[0]
    edit.kind[child], edit.where[child], edit.size[child] = NOTHING, 0, 0.0
    if kind == 0:
        edit.kind[child], edit.size[child] = BIAS, _draw_bias(rates, toward, stream)
    elif kind == 1 or kind == 3:
        if linked + count == 0:
            return
        chosen = below(stream, linked + count)
        is_unit = chosen >= linked
        edit.kind[child] = UNIT if is_unit else INPUT
        edit.where[child] = chosen - linked if is_unit else links[chosen]
        weight = part.unit_weight[chosen - linked] if is_unit else part.weight[links[chosen]]
        edit.size[child] = draw_size(rates, weight, 0.0, stream) if kind == 1 else -weight
    elif kind == 2:
        source = _draw_input(reading, wrong, stream)
        edit.kind[child], edit.where[child] = INPUT, source
        edit.size[child] = draw_size(rates, part.weight[source], toward, stream)
    elif kind == 4 or kind == 5:
        if kind == 5 and linked == 0:
            return
        first = _draw_input(reading, wrong, stream)
        if kind == 5 and wrong < 0:
            first = links[below(stream, linked)]
        edit.kind[child] = NEW_UNIT
        edit.size[child] = draw_size(rates, 0.0, toward, stream)
        _draw_unit(rates, reading, edit.conditions[child], first, wrong, stream)
    elif count > 0:
        edit.where[child] = below(stream, count)
        if kind == 6:
            edit.kind[child] = ADD_CONDITION
            other = below(stream, len(reading.inputs)) + 1
            edit.conditions[child, 0] = -other if uniform(stream) < rates.negative else other
        else:
            edit.kind[child] = REMOVE_CONDITION
            conditions = 0
            for condition in part.conditions[edit.where[child]]:
                conditions += condition != 0
            edit.conditions[child, 0] = below(stream, conditions)
