"""Lexicase selection: parents by cases in random order, a whole generation of selections at once.

Each selection puts the cases in an order of its own, and each case leaves of the candidates only
those that are best at it (Spector, "Assessment of problem modality by differential performance of
lexicase selection in genetic programming", 2012). Epsilon-lexicase is the same on a table of who
is within epsilon of the best (La Cava et al., "Epsilon-lexicase selection for regression", 2016,
in its static form).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Selections are handled in batches of at most so many (selection, candidate) pairs.
_PAIRS = 1 << 20


def lexicase(cases: NDArray[Any], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Select among n candidates by their cases (n, m), higher is better: int64 (count,).

    For each selection the cases are put in random order, and each leaves of the candidates only
    those that are best at it. Who is alike in all cases is chosen alike.
    """
    rows, row_of = np.unique(cases, axis=0, return_inverse=True)
    row_of = row_of.reshape(-1)
    chosen = np.empty(count, np.int64)
    batch = max(1, _PAIRS // len(rows))
    for first in range(0, count, batch):
        n = min(batch, count - first)
        order = random.permuted(np.tile(np.arange(cases.shape[1]), (n, 1)), axis=1)
        # The candidates left of every selection, one after the other.
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
    # Candidates by their row, and one of each chosen row.
    alike: NDArray[np.int64] = np.argsort(row_of, kind="stable")
    sizes = np.bincount(row_of)
    start = np.cumsum(sizes) - sizes
    selected: NDArray[np.int64] = alike[start[chosen] + random.integers(sizes[chosen])]
    return selected


def within_epsilon(cases: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Who is within epsilon of the best at each case: bool (n, m), for cases (n, m).

    Epsilon is the median absolute deviation of a case. Failed candidates, whose cases are -inf,
    have no part in it.
    """
    passes = np.zeros(cases.shape, np.bool_)
    ok = np.isfinite(cases).all(axis=1)
    if ok.any():
        judged = cases[ok].astype(np.float64)
        epsilon = np.median(np.abs(judged - np.median(judged, axis=0)), axis=0)
        passes[ok] = judged >= judged.max(axis=0) - epsilon
    return passes
