"""Rounds of edits, each judged at the rows that it changes.

A round draws the edits of all children of one parent, and judges each by the loss at the rows that
it changes. Then the improvements are gathered: best first, each is judged again with those before
it, and taken if it still improves. Siblings' improvements mostly concern different rows, so many
are taken in one round.

With a temperature, edits are accepted one after the other instead, also some that cost a little:
where weights have few values, most improvements need several edits.

The loss is the squared hinge: the square of what is missing to a margin on the right side. Rows
that are right cost nothing. Every gene costs a little (parsimony), so that useless ones go.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.errors import GenomeError
from genomes.kernels import device, kernel
from genomes.network.assembly.applying import (
    apply_edit,
    drop_removed,
    growth,
    touched_rows,
)
from genomes.network.assembly.edits import (
    INPUT,
    UNIT,
    Edit,
    Part,
    Rates,
    draw_edit,
    find_links,
)
from genomes.network.assembly.offspring import (
    empty_parts,
    new_part,
    put_part,
    take_part,
    trimmed_parts,
)
from genomes.network.assembly.parts import CONDITIONS, Parts
from genomes.network.assembly.reading import (
    Reading,
    rows_of_unit,
)
from genomes.randomness import Stream, below, start_stream, uniform

MAX_NEW_UNITS = 4096  # of one output in one call
SHAKE = 1.0  # first temperature for a part that no single edit improves
COLDEST = 0.05  # the last temperature, as a share of the first


class Search(NamedTuple):
    """How to search.

    Attributes:
        rates: Rates of the edits.
        children: Children of a round.
        rounds: Maximum rounds.
        parsimony: Loss that one gene costs.
        margin: Distance from `centre` at which a row costs nothing.
        centre: An output above it is on.
        temperature: Loss that an edit may cost at first; 0 to gather improvements only.
    """

    rates: Rates
    children: int
    rounds: int
    parsimony: float
    margin: float
    centre: float
    temperature: float


@device
def _loss_change(
    activation: FloatArray,
    sign: FloatArray,
    rows: Indices,
    begin: int,
    end: int,
    change: float,
    margin: float,
) -> float:
    """Return the change of loss if `change` is added at rows[begin:end]."""
    loss = 0.0
    for index in range(begin, end):
        row = rows[index]
        before = margin - sign[row] * activation[row]
        after = before - sign[row] * change
        before, after = max(before, 0.0), max(after, 0.0)
        loss += after * after - before * before
    return loss


@device
def _judge(
    search: Search,
    reading: Reading,
    activation: FloatArray,
    sign: FloatArray,
    part: Part,
    edit: Edit,
    child: int,
    rows: Indices,
    conditions: Indices,
) -> tuple[float, int, int, float]:
    """Write the rows that an edit changes.

    Returns:
        What the edit costs, and the result of `touched_rows`.
    """
    up, down, change = touched_rows(reading, part, edit, child, rows, conditions)
    cost = search.parsimony * growth(part, edit, child)
    cost += _loss_change(activation, sign, rows, 0, up, change, search.margin)
    cost += _loss_change(activation, sign, rows, up, down, -change, search.margin)
    return cost, up, down, change


@device
def _draw(
    search: Search,
    reading: Reading,
    activation: FloatArray,
    sign: FloatArray,
    part: Part,
    links: Indices,
    linked: int,
    edit: Edit,
    child: int,
    stream: Stream,
) -> None:
    """Draw an edit, aimed at a wrong row with the probability of the settings."""
    wrong, toward = -1, 0.0
    if search.rates.aimed > 0.0 and uniform(stream) < search.rates.aimed:
        wrong = _wrong_row(activation, sign, search.margin, stream)
        if wrong >= 0:
            toward = sign[wrong]
    draw_edit(search.rates, reading, part, links, linked, wrong, toward, edit, child, stream)


@device
def _activate(reading: Reading, part: Part, centre: float, rows: Indices) -> FloatArray:
    """Return the activation of every row, less the centre."""
    activation = np.full(reading.inputs.shape[1], part.bias[0] - centre)
    for source in range(len(part.weight)):
        if part.weight[source] != 0.0:
            for index in range(reading.row_offsets[source], reading.row_offsets[source + 1]):
                activation[reading.rows[index]] += part.weight[source]
            for index in range(reading.before_offsets[source], reading.before_offsets[source + 1]):
                activation[reading.before[index]] -= part.weight[source]
    for unit in range(part.units[0]):
        count = rows_of_unit(reading, part.conditions[unit], part.threshold[unit], rows)
        for index in range(count):
            activation[rows[index]] += part.unit_weight[unit]
    return activation


@device
def _wrong_row(activation: FloatArray, sign: FloatArray, margin: float, stream: Stream) -> int:
    """Return a row that costs something, found by some random tries, or -1."""
    for _ in range(100):
        row = below(stream, len(activation))
        if sign[row] * activation[row] < margin:
            return row
    return -1


@device
def _count_wrong(activation: FloatArray, sign: FloatArray) -> int:
    """Return at how many rows the output is on the wrong side of the centre."""
    wrong = 0
    for row in range(len(sign)):
        wrong += (activation[row] > 0.0) != (sign[row] > 0.0)
    return wrong


@device
def _improve(
    search: Search, reading: Reading, sign: FloatArray, part: Part, key: np.uint64, output: int
) -> tuple[bool, int]:
    """Improve one output's part in place.

    Args:
        search: How to search.
        reading: What is read at every row.
        sign: float64 (rows,), +1 where the output should be on, -1 elsewhere.
        part: Changed in place. If its room for units is used up, no more are added.
        key: Key of the random streams.
        output: Index of the output, which has a stream of its own.

    Returns:
        Whether every row is right, and the number of rows at which edits were judged.
    """
    rows = np.empty(2 * len(sign), np.int64)
    conditions = np.zeros(CONDITIONS, np.int64)
    stream = np.zeros(1, np.uint64)
    start_stream(stream, key, output)
    activation = _activate(reading, part, search.centre, rows)
    n, judged = search.children, 0
    edit = Edit(
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n),
        np.zeros((n, CONDITIONS), np.int64),
    )
    costs = np.zeros(n)
    links = np.zeros(len(part.weight), np.int64)
    for _ in range(search.rounds):
        if _count_wrong(activation, sign) == 0:
            break
        linked = find_links(part, links)
        for child in range(n):
            _draw(search, reading, activation, sign, part, links, linked, edit, child, stream)
            costs[child], _, down, _ = _judge(
                search, reading, activation, sign, part, edit, child, rows, conditions
            )
            judged += down
        for child in np.argsort(costs, kind="mergesort"):
            if costs[child] >= 0.0:
                break
            cost, up, down, change = _judge(
                search, reading, activation, sign, part, edit, child, rows, conditions
            )
            judged += down
            if cost < 0.0 and apply_edit(part, edit, child, conditions):
                for index in range(up):
                    activation[rows[index]] += change
                for index in range(up, down):
                    activation[rows[index]] -= change
        drop_removed(part)
    return _count_wrong(activation, sign) == 0, judged


@device
def _anneal(
    search: Search,
    hottest: float,
    reading: Reading,
    sign: FloatArray,
    part: Part,
    key: np.uint64,
    output: int,
) -> tuple[bool, int]:
    """Change one output's part in place, edit after edit, from warm to cold; see `_improve`."""
    rows = np.empty(2 * len(sign), np.int64)
    conditions = np.zeros(CONDITIONS, np.int64)
    stream = np.zeros(1, np.uint64)
    start_stream(stream, key, output)
    activation = _activate(reading, part, search.centre, rows)
    edit = Edit(
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        np.zeros(1),
        np.zeros((1, CONDITIONS), np.int64),
    )
    links = np.zeros(len(part.weight), np.int64)
    linked, judged, wrong_rows = find_links(part, links), 0, _count_wrong(activation, sign)
    steps = search.rounds * search.children
    for step in range(steps):
        if wrong_rows == 0:
            break
        temperature = hottest * COLDEST ** (step / steps)
        _draw(search, reading, activation, sign, part, links, linked, edit, 0, stream)
        cost, up, down, change = _judge(
            search, reading, activation, sign, part, edit, 0, rows, conditions
        )
        judged += down
        if cost > 0.0 and uniform(stream) >= np.exp(-cost / temperature):
            continue
        if apply_edit(part, edit, 0, conditions):
            for index in range(down):
                row = rows[index]
                wrong_rows -= (activation[row] > 0.0) != (sign[row] > 0.0)
                activation[row] += change if index < up else -change
                wrong_rows += (activation[row] > 0.0) != (sign[row] > 0.0)
            if edit.kind[0] == INPUT:
                linked = find_links(part, links)
            elif edit.kind[0] == UNIT:
                drop_removed(part)
    return wrong_rows == 0, judged


@kernel
def improve(
    search: Search,
    reading: Reading,
    wanted: BoolArray,
    parts: Parts,
    shaken: BoolArray,
    key: np.uint64,
) -> tuple[Parts, BoolArray, Indices]:
    """Return improved parts of one network.

    Args:
        search: How to search.
        reading: What is read at every row.
        wanted: bool (outputs, rows).
        parts: The parts of one network.
        shaken: bool (outputs,), which parts no single edit improves; they are annealed.
        key: Key of the random streams; every output has its own.

    Returns:
        The new parts; which outputs are right at every row, bool (outputs,); and the number of
        rows at which edits were judged, int64 (outputs,).

    Raises:
        GenomeError: If the shapes do not fit.
    """
    outputs, inputs = parts.weight.shape
    fit = wanted.shape == (outputs, reading.inputs.shape[1]) and len(shaken) == outputs
    if not fit or inputs != len(reading.inputs):
        raise GenomeError("parts and lessons must have the same inputs and outputs")
    right, judged = np.zeros(outputs, np.bool_), np.zeros(outputs, np.int64)
    added = min(search.rounds * search.children, MAX_NEW_UNITS)
    result = empty_parts(outputs, inputs, len(parts.unit_weight) + outputs * added)
    for output in range(outputs):
        count = parts.unit_offsets[output + 1] - parts.unit_offsets[output]
        part = new_part(inputs, count + added, search.rates.strict, search.rates.letters)
        take_part(parts, output, part)
        sign = np.where(wanted[output], 1.0, -1.0)
        hottest = SHAKE if shaken[output] else search.temperature
        if hottest > 0.0:
            right[output], judged[output] = _anneal(
                search, hottest, reading, sign, part, key, output
            )
        else:
            right[output], judged[output] = _improve(search, reading, sign, part, key, output)
        put_part(result, output, part)
    return trimmed_parts(result), right, judged
