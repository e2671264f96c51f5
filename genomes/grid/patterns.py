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
from genomes.grid.cells import GridRates, Row, are_possible
from genomes.kernels import device, kernel

MIN_NOTES, MIN_PATTERN = 3, 4
_BASIS, _PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
_NONE = np.uint64(0)  # the hash of what does not count

Hashes = NDArray[np.uint64]


@device
def _hash_of(step: Indices, key: Indices, first: int, last: int, start: int, lowest: int) -> Any:
    """Return the hash of some notes, from a step and a key on."""
    found = _BASIS
    for i in range(first, last):
        found = (found ^ np.uint64(step[i] - start)) * _PRIME
        found = (found ^ np.uint64(256 + key[i] - lowest)) * _PRIME
    return found


@device
def _write_hashes(rates: GridRates, grid: Row, step: Indices, key: Indices, hashes: Hashes) -> None:
    """Write the hash of every bar and of every two bars.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,).
        step: Int64 (steps * keys,), written to.
        key: Int64 (steps * keys,), written to.
        hashes: Uint64 (2, bars), written to.
    """
    hashes[:] = _NONE
    keys, count = rates.keys // rates.planes, 0
    for cell in range(len(grid)):
        if grid[cell] and cell % rates.keys < keys:
            step[count], key[count] = cell // rates.keys, cell % rates.keys
            count += 1
    before, first = 0, 0  # the notes of a bar are first to last, and before are those before it
    for bar in range(hashes.shape[1]):
        last = first
        while last < count and step[last] < (bar + 1) * rates.bar:
            last += 1
        notes, start = last - first, bar * rates.bar
        if notes >= MIN_NOTES:
            hashes[0, bar] = _hash_of(step, key, first, last, start, 0)
        if before > 0 and notes > 0 and before + notes >= MIN_PATTERN:
            begin = first - before
            hashes[1, bar] = _hash_of(step, key, begin, last, start - rates.bar, key[begin])
        before, first = notes, last


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
    step, key = np.empty(cells, np.int64), np.empty(cells, np.int64)
    for island in range(len(best)):
        _write_hashes(rates, best[island], step, key, known[island])
    own = np.empty((2, bars), np.uint64)
    counts = np.zeros(len(grids), np.int64)
    for i in range(len(grids)):
        _write_hashes(rates, grids[i], step, key, own)
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
