"""Choose the champion under a noisy fitness.

The best of many noisy scores is mostly a lucky one (the winner's curse). So the score by which an
individual was chosen does not count: a challenger is evaluated again, up to `TRIALS` times, each
with other random numbers. It replaces the champion only if its mean stays above that of the
champion. The champion is evaluated once more every generation, so its mean becomes more and more
exact. Most challengers lose their first trial, so the trials cost a few evaluations per generation.

Both rest on the racing of Maron and Moore ("Hoeffding races", 1994): evaluate again while it is
undecided which is better.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evo.core.scores import Scores
from evo.core.seeds import Role
from evo.engines import Champion, Engine
from evo.fitness.base import Fitness
from evo.workers.base import Evaluator
from genomes.base import Performers

TRIALS = 4


@dataclass(frozen=True)
class Contest:
    """The champion after a generation, None if all failed, and the evaluations spent on it."""

    champion: Champion | None = None
    evaluations: int = 0


def noisy_champion(
    engine: Engine[Any], fitness: Fitness, evaluator: Evaluator, scores: Scores
) -> Contest:
    """Return the champion after a generation.

    Args:
        engine: Before it is told the scores.
        fitness: A fitness whose scores are noisy.
        evaluator: Evaluates the fitness.
        scores: Scores of the population.
    """
    champion, spent = engine.champion, 0

    def _trial(performers: Performers, number: int) -> float | None:
        """Return a score from random numbers of its own, or None for a failure."""
        nonlocal spent
        spent += 1
        address = engine.generation * TRIALS + number
        found = evaluator.evaluate(fitness, performers, address, Role.REASSESS)
        return float(found.total[0]) if found.ok[0] else None

    if champion is not None:
        champion = _with_score(champion, _trial(champion.performers, 0))
    best = int(np.argmax(scores.total))
    if not scores.ok[best] or (champion is not None and scores.total[best] <= champion.score):
        return Contest(champion, spent)
    performers = engine.written_out(engine.ask().take([best]))
    challenger = Champion(performers, float(scores.total[best]), engine.generation, evaluations=0)
    for number in range(TRIALS):
        score = _trial(performers, number)
        challenger = _with_score(challenger, score)
        if champion is not None and (score is None or challenger.score <= champion.score):
            return Contest(champion, spent)
    return Contest(challenger, spent)


def _with_score(champion: Champion, score: float | None) -> Champion:
    """Return a champion with the mean that includes another score; None changes nothing."""
    if score is None:
        return champion
    count = champion.evaluations + 1
    mean = champion.score + (score - champion.score) / count
    return replace(champion, score=mean, evaluations=count)
