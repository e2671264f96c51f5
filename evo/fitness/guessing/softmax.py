"""From values to chances, and the guess that they make: what all ears share."""

import math

import numpy as np
from numpy.typing import NDArray

from genomes.kernels import device

Floats = NDArray[np.float64]


@device
def likeliest(values: Floats) -> int:
    """The place of the highest, the first where several are."""
    best = 0
    for place in range(1, len(values)):
        if values[place] > values[best]:
            best = place
    return best


@device
def to_chances(values: Floats) -> None:
    """Replace values by their softmax."""
    top = values[likeliest(values)]
    total = 0.0
    for place in range(len(values)):
        values[place] = math.exp(values[place] - top)
        total += values[place]
    for place in range(len(values)):
        values[place] /= total
