"""A network that plays a rising scale, key by key."""

import numpy as np

import evo

scale = np.eye(13, dtype=bool)  # (steps, keys): one key after the other


@evo.fitness(batch=True, by_output=True)
def rising(players):
    return -((players.follow(scale) > 0) != scale).sum(axis=1)  # wrong steps of every key


run = evo.evolve(rising, keys=13, steps=13, prompt=scale[:1], target=0, seed=1, out="runs/scale")
run.plot().savefig("scale.png")
run.song.to_wav("scale.wav")
