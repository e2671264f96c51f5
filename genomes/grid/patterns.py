"""Bars and two-bar patterns that grids share.

A bar is shared if all of its onsets are equal. A pattern of two bars is shared in any key: if its
onsets are equal up to transposition. A bar of fewer than `MIN_NOTES` notes, and a pattern with a
silent bar or of fewer than `MIN_PATTERN`, are too common to count. With durations, only the onsets
are compared.

Patterns are compared by hashes of 64 bits (FNV-1a; Fowler, Noll & Vo).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, Indices
from genomes.errors import GenomeError
from genomes.grid.cells import GridRates, Row, are_possible, plane_of
from genomes.kernels import device, kernel

MIN_NOTES, MIN_PATTERN = 3, 4
_BASIS, _PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
_NONE = np.uint64(0)  # the hash of what does not count

Hashes = NDArray[np.uint64]


@device
def _hash_bars(rates: GridRates, grid: Row, first: int, count: int) -> Any:
    """Return the hash of some bars, and their number of notes.

    Several bars are hashed relative to their first note, a single one as it is.
    """
    found, notes, lowest = _BASIS, 0, 0
    for step in range(count * rates.bar):
        row = plane_of(rates, grid, first * rates.bar + step, 0)
        for key in range(len(row)):
            if row[key]:
                if notes == 0 and count > 1:
                    lowest = key
                notes += 1
                found = (found ^ np.uint64(step)) * _PRIME
                found = (found ^ np.uint64(256 + key - lowest)) * _PRIME
    return found, notes


@device
def _write_hashes(rates: GridRates, grid: Row, hashes: Hashes) -> None:
    """Write the hash of every bar and of every two bars: uint64 (2, bars)."""
    bars = hashes.shape[1]
    hashes[:] = _NONE
    before = 0
    for bar in range(bars):
        found, notes = _hash_bars(rates, grid, bar, 1)
        if notes >= MIN_NOTES:
            hashes[0, bar] = found
        if before > 0 and notes > 0 and before + notes >= MIN_PATTERN:
            hashes[1, bar] = _hash_bars(rates, grid, bar - 1, 2)[0]
        before = notes


@kernel
def shared_patterns(
    rates: GridRates, grids: BoolArray, belongs: Indices, best: BoolArray, later: bool
) -> Indices:
    """Count the bars and two-bar patterns that grids share with the best of other islands.

    Args:
        rates: Sizes of the grids.
        grids: Bool (n, steps * keys).
        belongs: Int64 (n,), the island of each grid.
        best: Bool (islands, steps * keys), the best grid of each island.
        later: Whether to compare with later islands, too; only with earlier ones otherwise.

    Returns:
        Int64 (n,). A pattern that a grid repeats counts as often as it is there.

    Raises:
        GenomeError: If the arguments do not fit each other.
    """
    cells = rates.steps * rates.keys
    if not are_possible(rates) or grids.shape[1] != cells or best.shape[1] != cells:
        raise GenomeError("grids and best must be (n, steps * keys)")
    if len(belongs) != len(grids):
        raise GenomeError("belongs must be an island for each grid")
    bars = rates.steps // rates.bar
    known = np.empty((len(best), 2, bars), np.uint64)
    for island in range(len(best)):
        _write_hashes(rates, best[island], known[island])
    own = np.empty((2, bars), np.uint64)
    counts = np.zeros(len(grids), np.int64)
    for i in range(len(grids)):
        _write_hashes(rates, grids[i], own)
        for kind in range(2):
            for bar in range(bars):
                if own[kind, bar] != _NONE:
                    is_known = _is_known(own[kind, bar], known[: belongs[i], kind])
                    if later and not is_known:
                        is_known = _is_known(own[kind, bar], known[belongs[i] + 1 :, kind])
                    counts[i] += is_known
    return counts


@device
def _is_known(found: Any, known: Hashes) -> bool:
    for island in range(known.shape[0]):
        for bar in range(known.shape[1]):
            if known[island, bar] == found:
                return True
    return False
