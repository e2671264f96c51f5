"""Statistics shared by the measures; nan without data."""

from __future__ import annotations

from math import log2, nan

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, IntArray


def share(flags: BoolArray) -> float:
    """Return the share of True values; nan for an empty array."""
    return float(flags.mean()) if flags.size else nan


def mean(values: NDArray[np.generic]) -> float:
    """Return the mean; nan for no values."""
    return float(np.mean(np.asarray(values, np.float64))) if values.size else nan


def entropy(counts: IntArray) -> float:
    """Return the Shannon entropy of counts, in bits; nan if all are 0."""
    total = int(counts.sum())
    if not total:
        return nan
    shares = [count / total for count in counts.tolist() if count]
    return float(sum(part * log2(1 / part) for part in shares))


def entropy_of(values: IntArray) -> float:
    """Return the Shannon entropy of the values' frequencies, in bits; nan for none."""
    return entropy(np.unique(values, return_counts=True)[1])


def longest_run(flags: BoolArray) -> int:
    """Return the length of the longest run of True values."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(lengths.max(initial=0))
