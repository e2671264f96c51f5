"""Two goals on note grids: many notes, and few leaps."""

import numpy as np

import evo


@evo.fitness(batch=True, goals=True)
def lively_and_smooth(players):
    rolls = players.perform(np.zeros((0, 13), dtype=bool), 64)
    leaps = np.abs(np.diff(rolls.argmax(axis=2), axis=1)).sum(axis=1)
    return np.stack([rolls.any(axis=2).sum(axis=1), -leaps], axis=1)


run = evo.evolve(
    lively_and_smooth, keys=13, steps=64, generations=100, seed=1, out="runs/two-goals"
)
scores, grids = run.front()
print(scores)
