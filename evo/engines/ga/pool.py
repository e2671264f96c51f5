"""Who parents of note grids are chosen among: grids with what is known of them.

A pool is made of a generation that was told of, joined with the pool before it where parents
compete with children, and cut down to those who survive.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evo.engines.selection.pareto import pareto_order
from genomes.arrays import BoolArray, FloatArray

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """p grids and their scores."""

    notes: BoolArray  # (p, steps, keys)
    total: FloatArray  # (p,), -inf for the failed
    cases: NDArray[np.float32]  # (p, m), -inf for the failed; m is 0 where nobody needs them
    # Of MAP-Elites and islands: the place of the best at each case, (m,); empty otherwise. Every
    # island stands together, its best first, up to the holder of the next.
    holders: Places

    def __len__(self) -> int:
        return len(self.total)

    def take(self, places: Places) -> Self:
        """Those at `places`, in that order."""
        nobody = np.empty(0, np.int64)
        return type(self)(self.notes[places], self.total[places], self.cases[places], nobody)

    def joined(self, other: Self) -> Self:
        """Those of this pool, then those of the other."""
        return type(self)(
            np.concatenate([self.notes, other.notes]),
            np.concatenate([self.total, other.total]),
            np.concatenate([self.cases, other.cases]),
            np.empty(0, np.int64),
        )

    def order(self, by_goals: bool) -> Places:
        """Places from best to worst, by total or by front and crowding; ties in their order."""
        if by_goals:
            return pareto_order(self.cases)[0]
        return np.argsort(-self.total, kind="stable")

    def survivors(self, count: int, by_goals: bool) -> Self:
        """The `count` best different grids, the best first; of the same, the one standing first."""
        different = self._different()
        if by_goals:
            order = pareto_order(self.cases[different])[0]
        else:
            order = np.argsort(-self.total[different], kind="stable")
        return self.take(different[order[:count]])

    def _different(self) -> Places:
        """Places of different grids, in their order; of the same that which stands first."""
        packed = np.packbits(self.notes.reshape(len(self), -1), axis=1)
        seen: dict[bytes, int] = {}
        for place, row in enumerate(packed):
            seen.setdefault(row.tobytes(), place)
        return np.fromiter(seen.values(), np.int64)

    def islands_of(self) -> Places:
        """The island of everybody: int64 (p,)."""
        ends = np.append(self.holders[1:], len(self))
        return np.repeat(np.arange(len(self.holders)), ends - self.holders)

    def islands(self, belongs: Places, count: int) -> Self:
        """The `count` best different grids of every island at the island's own case.

        `belongs` (p,) says who lives where; every island has somebody. Those that failed come last.
        """
        chosen: list[Places] = []
        holders: list[int] = []
        for island in range(self.cases.shape[1]):
            places = np.flatnonzero(belongs == island)
            places = places[self.take(places)._different()]
            order = np.argsort(-self.cases[places, island], kind="stable")
            holders.append(sum(len(one) for one in chosen))
            chosen.append(places[order[:count]])
        kept = self.take(np.concatenate(chosen))
        return type(self)(kept.notes, kept.total, kept.cases, np.array(holders, np.int64))

    def elites(self) -> Self:
        """The best at each case, with `holders`; of those alike, the one with the higher total.

        Where these are alike too, the one that stands first. None of those that failed.
        """
        pool = self.take(np.flatnonzero(np.isfinite(self.total)))
        if not len(pool):
            return pool
        best = pool.cases == pool.cases.max(axis=0)
        holders = np.where(best, pool.total[:, None], -np.inf).argmax(axis=0)
        places, place_of = np.unique(holders, return_inverse=True)
        chosen = pool.take(places)
        return type(self)(chosen.notes, chosen.total, chosen.cases, place_of.reshape(-1))
