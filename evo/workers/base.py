"""The contract of every evaluator: score a population, wherever that happens.

How it is used:

- the loop calls `evaluate` once a generation with the fitness, the whole population and the
  generation's number, and gets scores in the population's order;
- no more than a chunk, whose size is in the configuration, is scored at once; every individual
  gets the random stream of its place in the population, and its score does not depend on who is
  scored with it: the same scores, bit for bit, with any number of workers;
- what goes wrong with an individual fails that individual; what goes wrong with a worker is mended,
  or, if it cannot be, raises WorkersLostError;
- an evaluator is a context manager; leaving it ends its processes.

    serial   in this process
    pool     in worker processes on this machine
    cluster  on a Dask cluster, of this machine or of several
"""

from typing import Protocol, Self

from evo.core.scores import Scores
from evo.fitness.base import Fitness
from genomes.base import Performers


class Evaluator(Protocol):
    """Scores populations; see the module's docstring."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def evaluate(self, fitness: Fitness, performers: Performers, generation: int) -> Scores:
        """Scores of the whole population, in its order."""
