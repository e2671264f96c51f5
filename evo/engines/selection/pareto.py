"""Goals instead of one score: fronts of individuals that no other beats at everything.

The order is that of NSGA-II (Deb et al., "A fast and elitist multiobjective genetic algorithm",
2002), by DEAP's own non-dominated sorting (Fortin et al., "Generalizing the improved run-time
complexity algorithm for non-dominated sorting", 2013) and crowding distance.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pareto_order(goals: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of n individuals from best to worst, and the front of each, from 0.

    `goals` are (n, m), higher is better. The order is by front, within a front by crowding
    distance (the loneliest first), and by place where both are the same. An individual with a goal
    that is not finite failed: all others beat it. Returns int64 (n,) and int64 (n,).
    """
    from deap import base
    from deap.tools import emo

    n, m = goals.shape
    if n == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    judged = goals.astype(np.float64)
    ok = np.isfinite(judged).all(axis=1)
    judged[~ok] = np.nextafter(judged[ok].min(axis=0), -np.inf) if ok.any() else 0.0
    if m < 2:  # DEAP's sorting needs two goals
        judged = np.concatenate([judged, np.zeros((n, 2 - m))], axis=1)

    # DEAP asks of an individual that it has a fitness. Its `creator` would make such a class in a
    # module of its own, which processes that are started later do not have.
    fitness_class = type("Goals", (base.Fitness,), {"weights": (1.0,) * judged.shape[1]})
    individuals = [_Individual(fitness_class(goal)) for goal in judged.tolist()]
    for place, individual in enumerate(individuals):
        individual.place = place
    front, crowding = np.empty(n, np.int64), np.empty(n)
    for number, members in enumerate(emo.sortLogNondominated(individuals, n)):
        members.sort(key=lambda individual: individual.place)
        emo.assignCrowdingDist(members)
        for individual in members:
            front[individual.place] = number
            crowding[individual.place] = individual.fitness.crowding_dist
    return np.lexsort((np.arange(n), -crowding, front)), front


class _Individual:
    """What DEAP sorts: a fitness, and whose it is."""

    __slots__ = ("fitness", "place")

    def __init__(self, fitness: Any) -> None:
        self.fitness = fitness
        self.place = 0
