"""Survivors of the selection by scores.

A pool has p formulas and scores of each rule list. With a score per output, the lists of each key
are ranked by themselves: place j has the j-th best list of every key so far. Otherwise all lists of
a formula have its total, so formulas stay whole.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from evo.core.scores import Scores
from genomes.arrays import FloatArray, Indices
from genomes.formula.formulas import Formulas


@dataclass(frozen=True, eq=False)
class Pool:
    """p formulas, the best first, and their scores."""

    formulas: Formulas
    scores: FloatArray  # (p, lists), or (p, 1) if formulas are whole; -inf for the failed

    @classmethod
    def of(cls, formulas: Formulas, scores: Scores, by_output: bool) -> Self:
        """Return a scored generation.

        Args:
            formulas: The generation.
            scores: Its scores.
            by_output: Whether lists are ranked by the scores of outputs, if there are any.
        """
        table, own, lists = scores.total[:, None], scores.by_output, formulas.lists
        if by_output and own is not None and own.shape[1] and own.shape[1] % lists == 0:
            table = own.reshape(len(formulas), lists, -1).sum(axis=2)
        return cls(formulas, np.where(scores.ok[:, None], table, -np.inf))

    def joined(self, other: Self) -> Self:
        """Return this pool's formulas, then those of another with as many columns of scores."""
        return type(self)(
            self.formulas.joined(other.formulas), np.concatenate([self.scores, other.scores])
        )

    def survivors(self, count: int) -> Self:
        """Return the best lists of every key, or the best formulas; the best first.

        Of equally good ones the shortest is better, and of these the earliest.

        Args:
            count: Maximum number of formulas.
        """
        lists, columns = self.formulas.lists, self.scores.shape[1]
        sizes = self.formulas.sizes()[:, :, 1].reshape(len(self.scores), columns, -1).sum(axis=2)
        order: Indices = np.stack(
            [np.lexsort([sizes[:, k], -self.scores[:, k]])[:count] for k in range(columns)], axis=1
        )
        chosen = np.broadcast_to(order, (len(order), lists)) * lists + np.arange(lists)
        return type(self)(
            self.formulas.take_lists(chosen.ravel()), np.take_along_axis(self.scores, order, axis=0)
        )
