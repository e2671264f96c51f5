"""Softmax probabilities and the best guess, shared by all predictors."""

import math

from genomes.arrays import FloatArray
from genomes.kernels import device


@device
def best_guess(values: FloatArray) -> int:
    """Return the index of the highest value, the first of several."""
    best = 0
    for index in range(1, len(values)):
        if values[index] > values[best]:
            best = index
    return best


@device
def to_probabilities(values: FloatArray) -> None:
    """Replace values by their softmax."""
    top = values[best_guess(values)]
    total = 0.0
    for index in range(len(values)):
        values[index] = math.exp(values[index] - top)
        total += values[index]
    for index in range(len(values)):
        values[index] /= total
