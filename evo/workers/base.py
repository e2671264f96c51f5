"""The contract of every evaluator: score a population.

- The loop calls `evaluate` once per generation. It returns one score per individual, in the order
  of the population.
- At most `chunk_size` individuals are scored at once. Each uses the random stream of its index, and
  its score does not depend on the rest of its batch. So the scores are the same, bit for bit, with
  any evaluator and any number of workers.
- An error caused by an individual fails only that individual. Lost workers are replaced.
  WorkersLostError is raised if that is impossible: no worker is left, or the machine keeps failing.
- An evaluator is a context manager; leaving it ends its processes.

`Serial` evaluates in this process, `Pool` in worker processes on this machine, `Cluster` on a Dask
cluster of one or several machines.
"""

from typing import Protocol, Self

from evo.core.scores import Scores
from evo.core.seeds import Role
from evo.fitness.base import Fitness
from genomes.base import Performers


class Evaluator(Protocol):
    """An evaluator; see the module's docstring."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def evaluate(
        self,
        fitness: Fitness,
        performers: Performers,
        generation: int,
        role: Role = Role.EVALUATE,
    ) -> Scores:
        """Score a population.

        Args:
            fitness: The fitness function.
            performers: The n individuals.
            generation: The generation number, part of the address of the random streams.
            role: The use of the random streams, part of their address.

        Returns:
            n scores, in the order of `performers`.

        Raises:
            WorkersLostError: If no worker is left, or the machine keeps failing.
        """
