"""Lexicase selection: choose parents by cases in random order.

All selections of a generation are made at once. For each selection the cases are shuffled. Each
case in turn keeps only the best of the remaining candidates (Spector, "Assessment of problem
modality by differential performance of lexicase selection in genetic programming", 2012).
Epsilon-lexicase runs the same on a bool table of candidates within epsilon of the best (La Cava et
al., "Epsilon-lexicase selection for regression", 2016, static form).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, Indices, Singles

# Maximum (selection, candidate) pairs per batch, which bounds memory.
_PAIRS = 1 << 20


def lexicase(cases: NDArray[Any], count: int, random: np.random.Generator) -> Indices:
    """Select candidates by lexicase selection.

    Candidates with equal cases are equally likely.

    Args:
        cases: (n, m), higher is better.
        count: Number of selections.
        random: Draws the order of the cases, and among equals.

    Returns:
        int64 (count,), indices of candidates.
    """
    rows, row_of = np.unique(cases, axis=0, return_inverse=True)
    row_of = row_of.reshape(-1)
    chosen = np.empty(count, np.int64)
    batch = max(1, _PAIRS // len(rows))
    for first in range(0, count, batch):
        n = min(batch, count - first)
        order = random.permuted(np.tile(np.arange(cases.shape[1]), (n, 1)), axis=1)
        # The remaining candidates of all selections, concatenated.
        selection = np.repeat(np.arange(n), len(rows))
        row = np.tile(np.arange(len(rows)), n)
        for step in range(cases.shape[1]):
            if len(row) == n:
                break
            values = rows[row, order[selection, step]]
            best = np.maximum.reduceat(values, np.searchsorted(selection, np.arange(n)))
            left = values == best[selection]
            selection, row = selection[left], row[left]
        chosen[first : first + n] = row
    # Choose one of the candidates with the chosen row.
    alike: Indices = np.argsort(row_of, kind="stable")
    sizes = np.bincount(row_of)
    start = np.cumsum(sizes) - sizes
    selected: Indices = alike[start[chosen] + random.integers(sizes[chosen])]
    return selected


def within_epsilon(cases: Singles) -> BoolArray:
    """Return which candidates are within epsilon of the best per case.

    Epsilon is the median absolute deviation of a case. Failed candidates, whose cases are -inf, are
    left out.

    Args:
        cases: float32 (n, m), higher is better.

    Returns:
        bool (n, m).
    """
    passes = np.zeros(cases.shape, np.bool_)
    ok = np.isfinite(cases).all(axis=1)
    if ok.any():
        judged = cases[ok].astype(np.float64)
        epsilon = np.median(np.abs(judged - np.median(judged, axis=0)), axis=0)
        passes[ok] = judged >= judged.max(axis=0) - epsilon
    return passes
