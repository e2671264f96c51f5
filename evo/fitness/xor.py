"""Exclusive or: the smallest task that no network without a hidden node solves.

The score is neat-python's: 4 less the sum of squared errors over the four cases, so 4 is perfect
and its users' threshold of 3.9 means what it meant. `solved` is that same threshold.
"""

from typing import Any, Protocol

import numpy as np

from evo.core.scores import Scores
from genomes.arrays import FloatArray
from genomes.base import Streams

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = np.array([0.0, 1.0, 1.0, 0.0])

SOLVED_AT = 3.9


class Networks(Protocol):
    """What this task asks of a genome kind, which is more than music asks."""

    def activate(self, inputs: FloatArray) -> FloatArray:
        """Outputs float64 (n, rows, outputs) for rows of inputs, float64 (rows, inputs)."""


class Xor:
    """Scores networks with two inputs and one output; one case a row of the truth table."""

    reusable = True

    def evaluate(self, performers: Networks, streams: Streams) -> Scores:
        """Totals up to 4 and the four negated squared errors; TypeError for other genome kinds."""
        cases = self._cases(performers)
        return Scores.of(4.0 + cases.sum(axis=1), cases)

    @staticmethod
    def _cases(performers: Networks) -> FloatArray:
        if not hasattr(performers, "activate"):
            raise TypeError(
                f"xor needs a genome that maps numbers to numbers (network), "
                f"not {type(performers).__name__}"
            )
        errors: FloatArray = -((performers.activate(INPUTS)[:, :, 0] - WANTED) ** 2)
        return errors

    def figures(self, performers: Networks) -> dict[str, Any]:
        """The four outputs of one network, and whether they solve the task."""
        outputs = performers.activate(INPUTS)[0, :, 0]
        score = 4.0 - float(((outputs - WANTED) ** 2).sum())
        return {"outputs": outputs.tolist(), "solved": score >= SOLVED_AT}
