"""What is read at every row, and the rows at which units fire."""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Indices
from genomes.kernels import device
from genomes.network.assembly.parts import fires


class Reading(NamedTuple):
    """What is read at every row.

    Attributes:
        inputs: bool (inputs, rows).
        row_offsets: int64 (inputs + 2,), of `rows`; the last entry has all rows, for the bias.
        rows: int64, the rows at which each input is on.
        input_offsets: int64 (rows + 1,), of `on`.
        on: int64, the inputs that are on at each row.
    """

    inputs: BoolArray
    row_offsets: Indices
    rows: Indices
    input_offsets: Indices
    on: Indices

    @classmethod
    def of(cls, inputs: BoolArray) -> "Reading":
        """Return the lists of inputs: bool (inputs, rows)."""
        rows = [np.flatnonzero(row) for row in inputs] + [np.arange(inputs.shape[1])]
        at, on = np.nonzero(inputs.T)
        return cls(
            np.ascontiguousarray(inputs),
            np.cumsum([0, *map(len, rows)], dtype=np.int64),
            np.concatenate(rows).astype(np.int64),
            np.searchsorted(at, np.arange(inputs.shape[1] + 1)).astype(np.int64),
            on.astype(np.int64),
        )


@device
def rows_of_unit(reading: Reading, conditions: Indices, threshold: int, rows: Indices) -> int:
    """Write the rows at which a unit fires; return their number.

    Args:
        reading: What is read.
        conditions: int64 (`CONDITIONS`,).
        threshold: It fires if the sum of conditions is above it.
        rows: Written to.
    """
    # A conjunction is searched among the rows of its rarest input.
    positive, rarest, fewest = 0, 0, np.int64(1) << 62
    for condition in conditions:
        if condition > 0:
            positive += 1
            count = reading.row_offsets[condition] - reading.row_offsets[condition - 1]
            if count < fewest:
                rarest, fewest = condition, count
    found = 0
    for condition in conditions:
        if condition <= 0 or (threshold == positive - 1 and condition != rarest):
            continue
        for index in range(reading.row_offsets[condition - 1], reading.row_offsets[condition]):
            row = reading.rows[index]
            if not fires(conditions, threshold, reading.inputs, row):
                continue
            is_first = True
            if threshold < positive - 1:  # else it is found once
                for earlier in conditions:
                    if earlier == condition:
                        break
                    if earlier > 0 and reading.inputs[earlier - 1, row]:
                        is_first = False
            if is_first:
                rows[found] = row
                found += 1
    return found
