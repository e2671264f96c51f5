"""Scored rows: what a generation is selected by."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import BreedingError
from genomes.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Told:
    """n rows and their scores."""

    rows: NDArray[Any]  # (n, ...)
    total: FloatArray  # (n,), -inf for the failed
    goals: FloatArray  # (n, m), -inf for the failed: the values of DEAP's fitness

    def __len__(self) -> int:
        return len(self.total)

    def take(self, indices: Any) -> Self:
        """Return the rows at `indices`, in that order."""
        return type(self)(self.rows[indices], self.total[indices], self.goals[indices])

    def joined_after(self, other: Self | None) -> Self:
        """Return the rows of another batch, if any, then these.

        If everything failed in a batch, its number of goals is unknown and made equal.

        Args:
            other: Another batch.

        Raises:
            BreedingError: If the number of goals has changed.
        """
        if other is None:
            return self
        width = max(self.goals.shape[1], other.goals.shape[1])
        goals = []
        for one in (other, self):
            if one.goals.shape[1] != width and np.isfinite(one.goals).any():
                raise BreedingError(
                    f"deap: the fitness had {other.goals.shape[1]} cases and now has "
                    f"{self.goals.shape[1]}"
                )
            same = one.goals.shape[1] == width
            goals.append(one.goals if same else np.full((len(one), width), -np.inf))
        return type(self)(
            np.concatenate([other.rows, self.rows]),
            np.concatenate([other.total, self.total]),
            np.concatenate(goals),
        )

    def best(self, count: int) -> Self:
        """Return the best different rows by total, the best first; failed ones are left out.

        Args:
            count: Maximum number of rows.
        """
        order = np.argsort(-self.total, kind="stable")
        seen: set[bytes] = set()
        chosen: list[int] = []
        for index in order[np.isfinite(self.total[order])].tolist():
            if len(chosen) == count:
                break
            content = self.rows[index].tobytes()
            if content not in seen:
                seen.add(content)
                chosen.append(index)
        return self.take(np.array(chosen, np.int64))

    def values(self) -> FloatArray:
        """Return finite fitness values, (n, m): those of the failed are just below all others."""
        ok = np.isfinite(self.goals).all(axis=1)
        values = self.goals.copy()
        lowest = values[ok].min(axis=0) if ok.any() else np.zeros(values.shape[1])
        values[~ok] = np.nextafter(lowest, -np.inf)
        return values
