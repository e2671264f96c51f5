"""Numbers of log records, for figures and reports; without matplotlib."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from genomes.arrays import FloatArray

MAX_VALUE = 1e300  # beyond, the scale of an axis overflows


def values_at(records: Sequence[Mapping[str, Any]], path: Sequence[str | int]) -> FloatArray:
    """Return the numbers at a path of keys, one per record.

    Args:
        records: Records of a log.
        path: The keys that lead to the value.

    Returns:
        Float64 (records,); NaN if missing, not finite or beyond `MAX_VALUE`.
    """
    values = np.full(len(records), np.nan)
    for row, record in enumerate(records):
        value: Any = record
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
        if isinstance(value, int | float) and abs(value) <= MAX_VALUE:
            values[row] = value
    return values


def names_of_numbers(figures: Mapping[str, Any]) -> list[str]:
    """Return the names of the figures that are numbers."""
    return [
        name
        for name, value in figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
