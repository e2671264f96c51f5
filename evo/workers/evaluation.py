"""Score one batch of a population, and turn exceptions into a status per individual.

An exception of the fitness does not end the run. The batch is scored again, one individual at a
time, and only individuals that raise again fail. The others get the same scores as in a batch,
because a score never depends on the rest of the batch. A fault of the machine is raised instead.
"""

import time
from collections.abc import Mapping
from typing import Any

from evo.core.platform import processor_wait
from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals, Role
from evo.fitness.base import Fitness
from evo.workers.failures import (
    MachineFaultError,
    UnreadableError,
    described,
    is_machine_fault,
)
from genomes.base import Performers

# Run seed, role, generation and individuals.
StreamAddress = tuple[int, Role, int, range]


def batches(count: int, size: int) -> list[range]:
    """Split the indices of a population into batches.

    Args:
        count: Size of the population.
        size: Size of a batch; the last may be smaller.

    Returns:
        Consecutive ranges that cover 0 to `count` - 1.
    """
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def score(
    fitness: Fitness, performers: Performers, streams: Individuals, chunk_size: int
) -> Scores:
    """Score individuals, at most `chunk_size` of them at once.

    Args:
        fitness: Judges the individuals.
        performers: The n individuals.
        streams: Their n random streams.
        chunk_size: Maximum batch size. It limits the memory used and changes no score.

    Returns:
        n scores, in the order of `performers`.

    Raises:
        MachineFaultError: If the machine failed.
    """
    if len(performers) <= chunk_size:
        return score_batch(fitness, performers, streams)
    return Scores.join(
        [
            score_batch(
                fitness,
                performers.take(batch),
                streams[batch.start : batch.stop],
            )
            for batch in batches(len(performers), chunk_size)
        ]
    )


def score_batch(fitness: Fitness, performers: Performers, streams: Individuals) -> Scores:
    """Score individuals in one batch; an exception fails only those that cause it.

    Args:
        fitness: Judges the individuals.
        performers: The n individuals.
        streams: Their n random streams.

    Returns:
        n scores, in the order of `performers`.

    Raises:
        MachineFaultError: If the machine failed.
    """
    count = len(performers)
    try:
        scores = fitness.evaluate(performers, streams)
        if not isinstance(scores, Scores):
            raise TypeError(f"the fitness gave {type(scores).__name__}, not Scores")
        if len(scores) != count:
            raise ValueError(f"the fitness gave {len(scores)} scores for {count} individuals")
    except (Exception, SystemExit) as error:
        if count > 1:  # one individual raised, or the batch was too large for the memory
            return Scores.join(
                [
                    score_batch(fitness, performers.take([i]), streams[i : i + 1])
                    for i in range(count)
                ]
            )
        if is_machine_fault(error):
            raise MachineFaultError(described(error)) from error
        return Scores.failed(1, Status.ERROR, described(error))
    return scores


def score_arrays(
    fitness: Fitness,
    kind: type[Performers],
    arrays: Mapping[str, Any],
    address: StreamAddress,
    chunk_size: int,
) -> tuple[Scores, float]:
    """Score a batch in a worker process.

    Args:
        fitness: Judges the individuals.
        kind: Their genome kind.
        arrays: Their genomes, from `Performers.to_arrays`.
        address: Run seed, role, generation, and the indices of the individuals in the population.
        chunk_size: Maximum number of individuals scored at once.

    Returns:
        The scores, and the seconds that scoring took. On systems that report it, time in which the
        process waited for a processor is excluded.

    Raises:
        MachineFaultError: If the machine failed.
        UnreadableError: If the genome kind refuses the arrays.
    """
    began = time.perf_counter() - processor_wait()
    try:
        performers = kind.from_arrays(arrays, trusted=True)
    except Exception as error:
        if is_machine_fault(error):
            raise MachineFaultError(described(error)) from error
        raise UnreadableError(described(error)) from error
    streams = Individuals(*address)
    scores = score(fitness, performers, streams, chunk_size)
    return scores, max(0.0, time.perf_counter() - processor_wait() - began)
