"""What a cluster's workers do: hold the fitness, and score a part of the population.

These functions are sent by name: a worker imports this module from its own kuznechik, which is why
it has to be of the same version.
"""

import pickle
import threading
import time
from collections.abc import Sequence

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness.base import Fitness
from evo.workers.chunk import score_chunk

# A worker with several threads scores one part at a time all the same: neither kernels nor a
# user's fitness are made for threads.
_ONE_AT_A_TIME = threading.Lock()


class NotLoaded(Exception):
    """The fitness cannot be loaded here; the text says why."""


def load_fitness(content: bytes) -> Fitness:
    """The fitness as a worker holds it, until it changes; NotLoaded if that is not possible."""
    try:
        fitness: Fitness = pickle.loads(content)  # noqa: S301 - from the run, over Dask's own wire
    except Exception as error:  # noqa: BLE001 - a user's module may raise anything
        raise NotLoaded(f"{type(error).__name__}: {error}") from None
    return fitness


def score_part(
    fitness: Fitness, content: bytes, seed: int, generation: int, chunks: Sequence[range]
) -> tuple[Scores, float]:
    """Scores of some chunks, and the seconds that scoring them took.

    `content` is the genome kind and the arrays of exactly the individuals of `chunks`, in order.
    """
    kind, arrays = pickle.loads(content)  # noqa: S301 - from the run, over Dask's own wire
    performers = kind.from_arrays(arrays, trusted=True)
    with _ONE_AT_A_TIME:
        began = time.perf_counter()
        parts, start = [], 0
        for chunk in chunks:
            part = performers.take(list(range(start, start + len(chunk))))
            start += len(chunk)
            streams = Individuals(seed, Role.EVALUATE, generation, chunk)
            parts.append(score_chunk(fitness, part, streams))
        return Scores.join(parts), time.perf_counter() - began
