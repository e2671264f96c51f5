"""What is read at every row, and the rows at which units fire."""

from typing import Any, NamedTuple

import numpy as np

from genomes.arrays import Indices, Levels
from genomes.kernels import device
from genomes.network.assembly.parts import fires


class Reading(NamedTuple):
    """What is read at every row.

    Attributes:
        inputs: int8 (inputs, rows): 1 if the input is on, -1 before the first step, else 0.
        row_offsets: int64 (inputs + 2,), of `rows`; the last entry has all rows, for the bias.
        rows: int64, the rows at which each input is 1.
        before_offsets: int64 (inputs + 2,), of `before`; nothing for the bias.
        before: int64, the rows at which each input is -1.
        input_offsets: int64 (rows + 1,), of `on`.
        on: int64, the inputs that are 1 at each row.
    """

    inputs: Levels
    row_offsets: Indices
    rows: Indices
    before_offsets: Indices
    before: Indices
    input_offsets: Indices
    on: Indices

    @classmethod
    def of(cls, inputs: Any) -> "Reading":
        """Return the lists of inputs: bool or int8 (inputs, rows)."""
        count = inputs.shape[1]
        on = [np.flatnonzero(row == 1) for row in inputs] + [np.arange(count)]
        before = [np.flatnonzero(row == -1) for row in inputs] + [np.arange(0)]
        at, which = np.nonzero(inputs.T == 1)
        return cls(
            np.ascontiguousarray(inputs, np.int8),
            np.cumsum([0, *map(len, on)], dtype=np.int64),
            np.concatenate(on).astype(np.int64),
            np.cumsum([0, *map(len, before)], dtype=np.int64),
            np.concatenate(before).astype(np.int64),
            np.searchsorted(at, np.arange(count + 1)).astype(np.int64),
            which.astype(np.int64),
        )


@device
def _counts_earlier(reading: Reading, conditions: Indices, place: int, row: int) -> bool:
    """Return whether a condition before `place` counts +1 at a row."""
    for index in range(place):
        condition = conditions[index]
        if condition > 0 and reading.inputs[condition - 1, row] == 1:
            return True
        if condition < 0 and reading.inputs[-condition - 1, row] == -1:
            return True
    return False


@device
def rows_of_unit(reading: Reading, conditions: Indices, threshold: int, rows: Indices) -> int:
    """Write the rows at which a unit fires; return their number.

    Args:
        reading: What is read.
        conditions: int64 (`CONDITIONS`,).
        threshold: It fires if the sum of conditions is above it.
        rows: Written to.
    """
    # Without inputs of -1, a conjunction is searched among the rows of its rarest input.
    positive, rarest, fewest = 0, 0, np.int64(1) << 62
    for condition in conditions:
        if condition > 0:
            positive += 1
            count = reading.row_offsets[condition] - reading.row_offsets[condition - 1]
            if count < fewest:
                rarest, fewest = condition, count
    only_rarest = threshold == positive - 1 and len(reading.before) == 0
    found = 0
    for place in range(len(conditions)):
        condition = conditions[place]
        if condition == 0:
            break
        if only_rarest and condition != rarest:
            continue
        # A row at which a unit fires has a condition that counts +1; it is found by the first one.
        if condition > 0:
            offsets, listed = reading.row_offsets, reading.rows
        else:
            offsets, listed = reading.before_offsets, reading.before
        source = abs(condition) - 1
        for index in range(offsets[source], offsets[source + 1]):
            row = listed[index]
            if not fires(conditions, threshold, reading.inputs, row):
                continue
            if only_rarest or not _counts_earlier(reading, conditions, place, row):
                rows[found] = row
                found += 1
    return found
