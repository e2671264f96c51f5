"""The rows at which an edit changes an output, the genes it adds, and its application."""

from genomes.arrays import Indices
from genomes.kernels import device
from genomes.network.assembly.edits import (
    ADD_CONDITION,
    BIAS,
    INPUT,
    NEW_UNIT,
    NOTHING,
    REMOVE_CONDITION,
    UNIT,
    Edit,
    Part,
)
from genomes.network.assembly.parts import CONDITIONS, LARGEST, fires
from genomes.network.assembly.reading import Reading, rows_of_unit


@device
def changed_unit(part: Part, edit: Edit, child: int, conditions: Indices) -> int:
    """Write the conditions of a unit after an edit; return its threshold, or -1 if it cannot be.

    Args:
        part: The part.
        edit: The edits.
        child: Index of the edit, which adds or changes a unit.
        conditions: int64 (`CONDITIONS`,), written to.
    """
    if edit.kind[child] == NEW_UNIT:
        conditions[:] = edit.conditions[child]
    else:
        unit = edit.where[child]
        if part.unit_weight[unit] == 0.0:
            return -1
        conditions[:] = part.conditions[unit]
        count = 0
        while count < CONDITIONS and conditions[count] != 0:
            count += 1
        if edit.kind[child] == ADD_CONDITION:
            added = edit.conditions[child, 0]
            if count == CONDITIONS:
                return -1
            for index in range(count):
                if abs(conditions[index]) == abs(added):
                    return -1
            conditions[count] = added
        else:
            index = edit.conditions[child, 0]
            if count < 3 or index >= count:
                return -1
            conditions[index] = conditions[count - 1]
            conditions[count - 1] = 0
    positive = 0
    for condition in conditions:
        positive += condition > 0
    if positive == 0:
        return -1
    return 0 if part.strict else positive - 1


@device
def touched_rows(
    reading: Reading, part: Part, edit: Edit, child: int, rows: Indices, conditions: Indices
) -> tuple[int, int, float]:
    """Write the rows that an edit changes.

    Args:
        reading: What is read.
        part: The part.
        edit: The edits.
        child: Index of the edit.
        rows: int64 (2 * rows,), written to.
        conditions: int64 (`CONDITIONS`,), scratch.

    Returns:
        The end of the rows that change by a number, the end of those that change by its negative,
        and the number.
    """
    kind, where = edit.kind[child], edit.where[child]
    if kind == BIAS or kind == INPUT:
        index = len(reading.inputs) if kind == BIAS else where
        begin, end = reading.row_offsets[index], reading.row_offsets[index + 1]
        up = end - begin
        rows[:up] = reading.rows[begin:end]
        begin, end = reading.before_offsets[index], reading.before_offsets[index + 1]
        rows[up : up + end - begin] = reading.before[begin:end]
        return up, up + end - begin, edit.size[child]
    if kind == UNIT:
        if part.unit_weight[where] == 0.0:
            return 0, 0, 0.0
        count = rows_of_unit(reading, part.conditions[where], part.threshold[where], rows)
        return count, count, edit.size[child]
    if kind == NOTHING:
        return 0, 0, 0.0
    threshold = changed_unit(part, edit, child, conditions)
    if threshold < 0:
        return 0, 0, 0.0
    if kind == NEW_UNIT:
        count = rows_of_unit(reading, conditions, threshold, rows)
        return count, count, edit.size[child]
    # Rows at which the changed unit fires and the old does not, and the other way round.
    gained, lost = 0, 0
    old, old_threshold = part.conditions[where], part.threshold[where]
    for index in range(rows_of_unit(reading, conditions, threshold, rows)):
        if not fires(old, old_threshold, reading.inputs, rows[index]):
            rows[gained] = rows[index]
            gained += 1
    lost = gained
    for index in range(rows_of_unit(reading, old, old_threshold, rows[gained:])):
        if not fires(conditions, threshold, reading.inputs, rows[gained + index]):
            rows[lost] = rows[gained + index]
            lost += 1
    return gained, lost, part.unit_weight[where]


@device
def growth(part: Part, edit: Edit, child: int) -> int:
    """Return the genes that an edit adds; negative if it removes more.

    Args:
        part: The part.
        edit: The edits.
        child: Index of the edit.
    """
    kind, where = edit.kind[child], edit.where[child]
    if kind == INPUT:
        before = part.weight[where]
        return int(before + edit.size[child] != 0.0) - int(before != 0.0)
    if kind == ADD_CONDITION:
        return 1
    if kind == REMOVE_CONDITION:
        return -1
    if kind == NEW_UNIT or (kind == UNIT and part.unit_weight[where] + edit.size[child] == 0.0):
        genes = 2  # the node and its connection
        conditions = edit.conditions[child] if kind == NEW_UNIT else part.conditions[where]
        for condition in conditions:
            genes += condition != 0
        return genes if kind == NEW_UNIT else -genes
    return 0


@device
def may_weigh(part: Part, weight: float) -> bool:
    """Return whether a weight is 0, one of the letters if there are any, and not too large.

    Args:
        part: The part.
        weight: The weight.
    """
    if abs(weight) > LARGEST:
        return False
    if len(part.letters) == 0 or weight == 0.0:
        return True
    found = False
    for letter in part.letters:
        found |= weight == letter
    return found


@device
def apply_edit(part: Part, edit: Edit, child: int, conditions: Indices) -> bool:
    """Apply an edit to a part; return whether it could be applied.

    A removed unit keeps its place with a weight of 0. An edit that leads to a weight that may not
    be is not applied.

    Args:
        part: The part.
        edit: The edits.
        child: Index of the edit.
        conditions: int64 (`CONDITIONS`,), scratch.
    """
    kind, where, size = edit.kind[child], edit.where[child], edit.size[child]
    if kind == BIAS:
        if abs(part.bias[0] + size) > LARGEST:
            return False
        part.bias[0] += size
    elif kind == INPUT:
        if not may_weigh(part, part.weight[where] + size):
            return False
        part.weight[where] += size
    elif kind == UNIT:
        if part.unit_weight[where] == 0.0 or not may_weigh(part, part.unit_weight[where] + size):
            return False
        part.unit_weight[where] += size
    elif kind == NOTHING:
        return False
    else:
        threshold = changed_unit(part, edit, child, conditions)
        unit = where
        if kind == NEW_UNIT:
            unit = part.units[0]
        if threshold < 0 or unit >= len(part.unit_weight):
            return False
        if kind == NEW_UNIT and (size == 0.0 or not may_weigh(part, size)):
            return False
        part.threshold[unit] = threshold
        part.conditions[unit] = conditions
        if kind == NEW_UNIT:
            part.unit_weight[unit] = size
            part.units[0] += 1
    return True


@device
def drop_removed(part: Part) -> None:
    """Remove the units with a weight of 0, and keep the order of the others."""
    kept = 0
    for unit in range(part.units[0]):
        if part.unit_weight[unit] != 0.0:
            if kept < unit:
                part.unit_weight[kept] = part.unit_weight[unit]
                part.threshold[kept] = part.threshold[unit]
                part.conditions[kept] = part.conditions[unit]
            kept += 1
    part.units[0] = kept
