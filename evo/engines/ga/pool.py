"""The parent pool: grids with their scores.

A pool is a scored generation. Where parents compete with children, it is joined with the pool
before it and reduced to the survivors.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from evo.engines.selection.pareto import pareto_order
from genomes.arrays import BoolArray, FloatArray, Indices, Singles


@dataclass(frozen=True, eq=False)
class Pool:
    """p grids and their scores."""

    notes: BoolArray  # (p, steps, keys)
    total: FloatArray  # (p,), -inf for the failed
    cases: Singles  # (p, m), -inf for the failed; m is 0 if the settings need none
    # For elites and islands: index of the best grid at each case, (m,); empty otherwise. The grids
    # of an island are contiguous, best first, and end before the next island's holder.
    holders: Indices

    def __len__(self) -> int:
        return len(self.total)

    def take(self, indices: Indices) -> Self:
        """Return the grids at `indices` (int64), in that order, without `holders`."""
        holders = np.empty(0, np.int64)
        return type(self)(self.notes[indices], self.total[indices], self.cases[indices], holders)

    def joined(self, other: Self) -> Self:
        """Return the grids of this pool, then those of the other, without `holders`."""
        return type(self)(
            np.concatenate([self.notes, other.notes]),
            np.concatenate([self.total, other.total]),
            np.concatenate([self.cases, other.cases]),
            np.empty(0, np.int64),
        )

    def order(self, by_goals: bool) -> Indices:
        """Return indices from best to worst, int64 (p,); ties keep their order.

        Args:
            by_goals: Order by front and crowding of the cases, not by total.
        """
        if by_goals:
            return pareto_order(self.cases)[0]
        return np.argsort(-self.total, kind="stable")

    def survivors(self, count: int, by_goals: bool) -> Self:
        """Return the best different grids, best first, without `holders`.

        Of equal grids only the first is kept.

        Args:
            count: Maximum number of grids.
            by_goals: Order by front and crowding of the cases, not by total.
        """
        different = self._different()
        if by_goals:
            order = pareto_order(self.cases[different])[0]
        else:
            order = np.argsort(-self.total[different], kind="stable")
        return self.take(different[order[:count]])

    def _different(self) -> Indices:
        """Return indices of different grids in order; of equal grids the first."""
        packed = np.packbits(self.notes.reshape(len(self), -1), axis=1)
        seen: dict[bytes, int] = {}
        for index, row in enumerate(packed):
            seen.setdefault(row.tobytes(), index)
        return np.fromiter(seen.values(), np.int64)

    def islands_of(self) -> Indices:
        """Return the index of each grid's island, by `holders`: int64 (p,)."""
        ends = np.append(self.holders[1:], len(self))
        return np.repeat(np.arange(len(self.holders)), ends - self.holders)

    def islands(self, belongs: Indices, count: int, costs: FloatArray) -> Self:
        """Return the best different grids of every island, at its own case.

        Failed grids come last.

        Args:
            belongs: int64 (p,), island of each grid; no island may be empty.
            count: Maximum number of grids per island.
            costs: float64 (p,), subtracted from the case of each grid.
        """
        chosen: list[Indices] = []
        holders: list[int] = []
        for island in range(self.cases.shape[1]):
            indices = np.flatnonzero(belongs == island)
            indices = indices[self.take(indices)._different()]
            order = np.argsort(costs[indices] - self.cases[indices, island], kind="stable")
            holders.append(sum(len(group) for group in chosen))
            chosen.append(indices[order[:count]])
        kept = self.take(np.concatenate(chosen))
        return type(self)(kept.notes, kept.total, kept.cases, np.array(holders, np.int64))

    def elites(self) -> Self:
        """Return the best grid at each case, with `holders`.

        Ties are broken by total, then by index. Failed grids are left out.
        """
        pool = self.take(np.flatnonzero(np.isfinite(self.total)))
        if not len(pool):
            return pool
        best = pool.cases == pool.cases.max(axis=0)
        holders = np.where(best, pool.total[:, None], -np.inf).argmax(axis=0)
        unique, index_of = np.unique(holders, return_inverse=True)
        chosen = pool.take(unique)
        return type(self)(chosen.notes, chosen.total, chosen.cases, index_of.reshape(-1))
