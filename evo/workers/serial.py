"""Evaluation in this process, one batch after another."""

from typing import Self

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness.base import Fitness
from evo.workers.evaluation import batches, score_batch
from evo.workers.failures import MAX_FAULTS, MachineFaultError, given_up
from genomes.base import Performers


class Serial:
    """The evaluator without worker processes, and the reference for the scores of the others.

    Args:
        seed: Seed of the run.
        chunk_size: Maximum number of individuals scored at once.
    """

    def __init__(self, seed: int, chunk_size: int) -> None:
        self._seed, self._chunk_size = seed, chunk_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def evaluate(
        self,
        fitness: Fitness,
        performers: Performers,
        generation: int,
        role: Role = Role.EVALUATE,
    ) -> Scores:
        """Score a population; see `evo.workers.base.Evaluator`.

        Args:
            fitness: The fitness function.
            performers: The n individuals.
            generation: The generation number.
            role: The use of the random streams, part of their address.

        Returns:
            n scores, in the order of `performers`.

        Raises:
            WorkersLostError: If the machine keeps failing.
        """
        parts = []
        for batch in batches(len(performers), self._chunk_size):
            streams = Individuals(self._seed, role, generation, batch)
            parts.append(_score(fitness, performers.take(batch), streams))
        return Scores.join(parts)


def _score(fitness: Fitness, performers: Performers, streams: Individuals) -> Scores:
    """Score a batch, up to `MAX_FAULTS` times if the machine fails."""
    fault = ""
    for _ in range(MAX_FAULTS):
        try:
            return score_batch(fitness, performers, streams)
        except MachineFaultError as error:
            fault = str(error)
    raise given_up(fault, MAX_FAULTS)
