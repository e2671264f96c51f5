"""The contract of every evaluator: score a population.

How it is used:

- The loop calls `evaluate` once a generation, with the fitness, the whole population and the number
  of the generation. It gets the scores in the order of the population.
- At most `chunk_size` individuals are scored at once. Every individual gets the random stream of
  its index, and its score does not depend on the others in its batch. So the scores are the same,
  bit for bit, with any number of workers.
- What goes wrong with an individual fails that individual. A worker that is lost is replaced. What
  cannot be repaired raises WorkersLostError: no worker is left, or the machine is out of order.
- An evaluator is a context manager; leaving it ends its processes.

    serial   in this process
    pool     in worker processes on this machine
    cluster  on a Dask cluster, of this machine or of several
"""

from typing import Protocol, Self

from evo.core.scores import Scores
from evo.fitness.base import Fitness
from genomes.base import Performers


class Evaluator(Protocol):
    """An evaluator; see the module's docstring."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """Score a population.

        Args:
            fitness: Judges the individuals.
            performers: The n individuals.
            generation: The number of the generation, part of the address of random streams.

        Returns:
            n scores, in the order of `performers`.

        Raises:
            WorkersLostError: If no worker is left, or the machine keeps failing.
        """
