"""Functions of users that worker processes import from here."""

import math
from typing import Any

import neat

INPUTS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
OUTPUTS = [0.0, 1.0, 1.0, 0.0]


def wave(z: float) -> float:
    """Return an activation: a wave that fades."""
    return math.sin(3.0 * z) / (1.0 + z * z)


def near_half(network: Any) -> float:
    """Return how near an output is to a half."""
    return -abs(float(network.activate([1.0, 0.5])[0]) - 0.5)


def eval_genomes(genomes: Any, config: Any) -> None:
    """Score XOR, as a script for neat-python does."""
    for _, genome in genomes:
        genome.fitness = 4.0
        network = neat.nn.FeedForwardNetwork.create(genome, config)
        for row, wanted in zip(INPUTS, OUTPUTS, strict=True):
            genome.fitness -= (network.activate(row)[0] - wanted) ** 2
