"""One chunk of a population: how it is cut, scored, and what happens when its scoring fails.

A fitness that raises does not end the run: the chunk is scored again one individual at a time,
which finds the culprits. That gives the others the same scores, because an individual's score
never depends on who shares its chunk.
"""

from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals
from evo.fitness.base import Fitness
from genomes.base import Performers


def borders(count: int, size: int) -> list[range]:
    """The chunks of a population of `count`, `size` individuals each (the last may be less)."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def score_chunk(fitness: Fitness, performers: Performers, streams: Individuals) -> Scores:
    """Scores of one chunk; whatever a fitness raises becomes failed individuals."""
    count = len(performers)
    try:
        scores = fitness.evaluate(performers, streams)
        if not isinstance(scores, Scores):
            raise TypeError(f"the fitness gave {type(scores).__name__}, not Scores")
        if len(scores) != count:
            raise ValueError(f"the fitness gave {len(scores)} scores for {count} individuals")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's fitness may raise anything
        if count == 1:
            return Scores.failed(1, Status.ERROR, f"{type(error).__name__}: {error}")
        return Scores.join(
            [score_chunk(fitness, performers.take([i]), streams[i : i + 1]) for i in range(count)]
        )
    return scores
