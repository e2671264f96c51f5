"""The archive: the best individual of every cell of a grid over behaviours."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from evo.engines.map_elites.settings import ArchiveSettings
from genomes.arrays import FloatArray, Indices

OUTSIDE = -1  # the cell of a behaviour beyond the grid


def cells_of(settings: ArchiveSettings, behaviour: FloatArray | None, count: int) -> Indices:
    """Return the cell of each behaviour: int64 (n,), `OUTSIDE` beyond the grid.

    Args:
        settings: The grid.
        behaviour: Float64 (n, dimensions); None if the fitness describes none: all in cell 0.
        count: n.
    """
    if behaviour is None:
        return np.zeros(count, np.int64)
    low, high = np.array(settings.low), np.array(settings.high)
    cells = np.array(settings.cells)
    within = np.all((behaviour >= low) & (behaviour <= high), axis=1)
    places = (np.where(within[:, None], behaviour, low) - low) / (high - low) * cells
    index = np.minimum(places.astype(np.int64), cells - 1)  # the upper bound is in the last cell
    found: Indices = np.where(within, np.ravel_multi_index(tuple(index.T), settings.cells), OUTSIDE)
    return found


@dataclass(frozen=True, eq=False)
class Archive:
    """k individuals of different cells.

    Attributes:
        performers: The individuals, a batch of k.
        total: Float64 (k,), their scores.
        cells: Int64 (k,), their cells, increasing.
    """

    performers: Any
    total: FloatArray
    cells: Indices

    def __len__(self) -> int:
        return len(self.total)

    def joined(self, performers: Any, total: FloatArray, cells: Indices) -> Self:
        """Return the best of every cell, from this archive and new individuals.

        Of equally good individuals the newest is kept, to allow neutral drift.

        Args:
            performers: n individuals.
            total: Float64 (n,), their scores; not finite for the failed.
            cells: Int64 (n,), their cells.
        """
        kept = np.flatnonzero(np.isfinite(total) & (cells != OUTSIDE))
        both = np.concatenate([self.cells, cells[kept]])
        scores = np.concatenate([self.total, total[kept]])
        # Sorted by cell, then from worst to best, then from old to new: the last of a cell wins.
        order = np.lexsort((np.arange(len(both)), scores, both))
        last = np.append(both[order][1:] != both[order][:-1], True)[: len(order)]
        best = order[last]
        everyone = self.performers.joined(performers.take(kept))
        return type(self)(everyone.take(best), scores[best], both[best])
