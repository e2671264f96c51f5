"""Evaluation in this process, chunk after chunk."""

from typing import Self

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness.base import Fitness
from evo.workers.chunk import borders, score_chunk
from genomes.base import Performers


class Serial:
    """The evaluator without processes; every other one gives the same scores."""

    def __init__(self, seed: int, chunk_size: int) -> None:
        self._seed, self._chunk_size = seed, chunk_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """See `evo.workers.Evaluator`."""
        parts = []
        for chunk in borders(len(performers), self._chunk_size):
            streams = Individuals(self._seed, Role.EVALUATE, generation, chunk)
            parts.append(score_chunk(fitness, performers.take(list(chunk)), streams))
        return Scores.join(parts)
