"""Pareto fronts: an order of individuals by several goals.

The order is that of NSGA-II (Deb et al., "A fast and elitist multiobjective genetic algorithm",
2002). Non-dominated sorting (Fortin et al., "Generalizing the improved run-time complexity
algorithm for non-dominated sorting", 2013) and crowding distance are DEAP's.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Indices


def pareto_order(goals: NDArray[Any]) -> tuple[Indices, Indices]:
    """Return the order of individuals from best to worst, and their fronts.

    The order is by front, then by crowding distance (largest first), then by index. An individual
    with a goal that is not finite failed, and is dominated by all others.

    Args:
        goals: (n, m), higher is better.

    Returns:
        Indices from best to worst, int64 (n,), and the front of each individual from 0, int64 (n,).
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

    # DEAP's `creator` would define this class in a module that later processes do not have.
    fitness_class = type("Goals", (base.Fitness,), {"weights": (1.0,) * judged.shape[1]})
    individuals = [_Individual(fitness_class(goal)) for goal in judged.tolist()]
    for index, individual in enumerate(individuals):
        individual.index = index
    front, crowding = np.empty(n, np.int64), np.empty(n)
    for number, members in enumerate(emo.sortLogNondominated(individuals, n)):
        members.sort(key=lambda individual: individual.index)
        emo.assignCrowdingDist(members)
        for individual in members:
            front[individual.index] = number
            crowding[individual.index] = individual.fitness.crowding_dist
    return np.lexsort((np.arange(n), -crowding, front)), front


class _Individual:
    """An individual that DEAP can sort: its fitness and its index."""

    __slots__ = ("fitness", "index")

    def __init__(self, fitness: Any) -> None:
        self.fitness = fitness
        self.index = 0
