"""Noisy fitnesses of note grids, in a module that worker processes can import."""

from typing import Any

import numpy as np

from evo.core.scores import Scores
from evo.core.seeds import Individuals


class Noisy:
    """The number of notes, with noise of each individual or of the whole generation."""

    def __init__(self, noise: float, common: bool = False, reusable: bool = False) -> None:
        self.noise, self.common, self.reusable = noise, common, reusable

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        draws = [streams.common if self.common else one for one in streams]
        noise = np.array([one.normal() for one in draws])
        return Scores.of(notes(performers) + self.noise * noise)

    def figures(self, performers: Any) -> dict[str, Any]:
        return {"solved": False, "notes": float(notes(performers)[0])}


class Failing(Noisy):
    """Fails every individual that is evaluated alone."""

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        if len(performers) == 1:
            return Scores.of(np.full(1, np.nan))
        return super().evaluate(performers, streams)


def notes(performers: Any) -> Any:
    return performers.notes.sum(axis=(1, 2)).astype(np.float64)
