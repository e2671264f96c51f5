"""The functions that a cluster's workers run: load the fitness, score a batch.

Dask sends functions by name. A worker imports this module from its own installation of kuznechik,
which must therefore be of the same version.
"""

import pickle
import threading

from evo.core.scores import Scores
from evo.fitness.base import Fitness
from evo.workers.evaluation import StreamAddress, score_arrays
from evo.workers.failures import MachineFaultError, described, is_machine_fault

# Workers with several threads score one batch at a time, too: kernels and a user's fitness need not
# be thread-safe.
_SCORING_LOCK = threading.Lock()


class NotLoadedError(Exception):
    """Raised for a fitness that cannot be loaded; the message is the reason."""


def load_fitness(content: bytes) -> Fitness:
    """Unpickle the fitness; the worker keeps it until the fitness changes.

    Args:
        content: The pickled fitness.

    Raises:
        MachineFaultError: If the machine failed.
        NotLoadedError: If the fitness cannot be loaded for another reason.
    """
    try:
        fitness: Fitness = pickle.loads(content)  # noqa: S301 - from the run, over Dask's own wire
    except Exception as error:  # noqa: BLE001 - a user's module may raise anything
        kind = MachineFaultError if is_machine_fault(error) else NotLoadedError
        raise kind(described(error)) from None
    return fitness


def score_content(
    fitness: Fitness, content: bytes, address: StreamAddress, chunk_size: int
) -> tuple[Scores, float]:
    """Score a batch; see `evo.workers.evaluation.score_arrays`.

    Args:
        fitness: The fitness function.
        content: The pickle of their genome kind and arrays.
        address: Run seed, role, generation, and the indices of the individuals in the population.
        chunk_size: Maximum number of individuals scored at once.

    Returns:
        The scores, and the seconds that scoring took.
    """
    kind, arrays = pickle.loads(content)  # noqa: S301 - from the run, over Dask's own wire
    with _SCORING_LOCK:
        return score_arrays(fitness, kind, arrays, address, chunk_size)
