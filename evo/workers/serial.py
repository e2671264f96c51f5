"""Evaluation in this process, batch after batch."""

from typing import Self

import numpy as np

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness.base import Fitness
from evo.workers.evaluation import batches, score_batch
from evo.workers.failures import MAX_FAULTS, MachineFaultError, given_up
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
        """See `evo.workers.base.Evaluator`."""
        parts = []
        for batch in batches(len(performers), self._chunk_size):
            streams = Individuals(self._seed, Role.EVALUATE, generation, batch)
            parts.append(
                _score(fitness, performers.take(np.arange(batch.start, batch.stop)), streams)
            )
        return Scores.join(parts)


def _score(fitness: Fitness, performers: Performers, streams: Individuals) -> Scores:
    """Score a batch, again if the machine failed; raise WorkersLostError if that does not help."""
    fault = ""
    for _ in range(MAX_FAULTS):
        try:
            return score_batch(fitness, performers, streams)
        except MachineFaultError as error:
            fault = str(error)
    raise given_up(fault, MAX_FAULTS)
