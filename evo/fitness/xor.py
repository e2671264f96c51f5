"""Exclusive or: the smallest task that needs a hidden node.

As in neat-python, the score is 4 minus the sum of squared errors over the four cases, so 4 is
perfect. The task is solved at neat-python's usual threshold of 3.9.
"""

from typing import Any, Protocol

import numpy as np

from evo.core.scores import Scores
from genomes.arrays import FloatArray
from genomes.base import Streams

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([0.0, 1.0, 1.0, 0.0])

SOLVED_AT = 3.9


class Networks(Protocol):
    """The methods that this task needs of a genome kind."""

    def activate(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs for rows of inputs.

        Args:
            inputs: float64 (rows, inputs).

        Returns:
            float64 (n, rows, outputs).
        """


class Xor:
    """Scores networks of two inputs, a case per row of the table."""

    reusable = True

    def evaluate(self, performers: Networks, streams: Streams) -> Scores:
        """Return totals up to 4, with the negated squared errors as cases.

        Args:
            performers: The batch.
            streams: Not used.

        Raises:
            TypeError: For genome kinds without `activate`.
        """
        cases = self._cases(performers)
        return Scores.of(4.0 + cases.sum(axis=1), cases)

    @staticmethod
    def _cases(performers: Networks) -> FloatArray:
        if not hasattr(performers, "activate"):
            raise TypeError(
                f"xor needs a genome that maps numbers to numbers (network), "
                f"not {type(performers).__name__}"
            )
        errors: FloatArray = -((performers.activate(INPUTS)[:, :, 0] - TARGETS) ** 2)
        return errors

    def figures(self, performers: Networks) -> dict[str, Any]:
        """Return the outputs of one network, and whether they are right."""
        outputs = performers.activate(INPUTS)[0, :, 0]
        score = 4.0 - float(((outputs - TARGETS) ** 2).sum())
        return {"outputs": outputs.tolist(), "solved": score >= SOLVED_AT}
