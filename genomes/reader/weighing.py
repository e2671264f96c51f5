"""The weights of a reader as factors of a pair's weight, and its prior.

The weight of a pair of steps is a product of look-ups: of its code and of its distance. So nothing
is exponentiated per pair.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import FloatArray, Indices, Singles
from genomes.history_user.linear import exp, sigmoid
from genomes.kernels import device
from genomes.reader.contexts import CONTEXTS
from genomes.reader.counts import LEVELS as EVIDENCES
from genomes.reader.pairs import CODES, LENGTHS, LEVELS, MOVED, RHYTHMS
from genomes.reader.player import EVOLVED, EXACTLY, IN_CONTEXT, MODULO, NEAR, Layout
from genomes.vectors import LANES, fused, load, number, spread, store

_LIMIT = 30.0  # of the exponent of each factor
_LOWEST = np.float32(-100)
_SHARE = np.float32(0.1)  # exponent of a context at the start, and unit of its weights
_HIGH = 0.9  # agreement
_MODULO, _EXACTLY = np.array(MODULO, np.int64), np.array(EXACTLY, np.int64)


class Factors(NamedTuple):
    """The weights of an individual as factors of a pair's weight.

    Attributes:
        pair: Float64 (CODES,).
        distance: Float64 (distances + 1,).
        moved: Float64 (classes,), of transposed matches.
        prior: Float64 (1,).
    """

    pair: FloatArray
    distance: FloatArray
    moved: FloatArray
    prior: FloatArray


@device
def _factor(exponent: float) -> float:
    """Return e to the exponent, which is limited; NaN stays."""
    if exponent > _LIMIT:
        exponent = _LIMIT
    if exponent < -_LIMIT:
        exponent = -_LIMIT
    return math.exp(exponent)


@device
def _write_distances(
    layout: Layout, weights: FloatArray, sharpness: float, distance: FloatArray
) -> None:
    """Write the factor of every distance; that of 0 is 0."""
    distance[0] = 0.0
    for steps in range(1, len(distance)):
        exponent, index = 0.0, layout.distance
        for period in _MODULO:
            if steps % period == 0:
                exponent += weights[index]
            index += 1
        for exactly in _EXACTLY:
            if steps == exactly:
                exponent += weights[index]
            index += 1
        if steps < NEAR:
            exponent += weights[index]
        exponent += math.log(steps) / 4 * weights[index + 1]
        if steps % layout.bar == 0:
            exponent += weights[index + 2]
        if steps == layout.bar:
            exponent += weights[index + 3]
        distance[steps] = _factor(exponent * sharpness)


@device
def factors_of(layout: Layout, weights: Singles, sharpness: float, distances: int) -> Factors:
    """Return the factors of an individual.

    Args:
        layout: What is read.
        weights: Float32 (weights,).
        sharpness: Factor of the log-weights.
        distances: Number of distances.
    """
    own = weights.astype(np.float64)  # the same sums without compilation
    lengths, rhythms = len(LENGTHS) + 1, len(RHYTHMS) + 1
    pair, distance = np.empty(CODES), np.empty(distances + 1)
    moved, prior = np.zeros(len(MOVED) + 1), np.empty(1)
    levels = np.empty(LEVELS)
    for level in range(LEVELS):
        share = level / (LEVELS - 1)
        exponent = share * own[layout.agreement]
        if share > _HIGH:
            exponent += own[layout.agreement + 1]
        levels[level] = _factor(exponent * sharpness)
    by_length = 0.0
    for length in range(lengths):
        if length > 0:
            by_length += own[length - 1]
        by_rhythm = 0.0
        for rhythm in range(rhythms):
            if rhythm > 0:
                by_rhythm += own[layout.rhythm + rhythm - 1]
            factor = _factor((by_length + by_rhythm) * sharpness)
            first = (length * rhythms + rhythm) * LEVELS
            for level in range(LEVELS):
                pair[first + level] = factor * levels[level]
    _write_distances(layout, own, sharpness, distance)
    if layout.transposed:
        by_length = 0.0
        for length in range(1, len(MOVED) + 1):
            by_length += own[layout.moved + length - 1]
            moved[length] = _factor(by_length * sharpness)
    prior[0] = _factor(own[layout.memory])
    return Factors(pair, distance, moved, prior)


@device
def moved_key(layout: Layout, key: int, interval: int) -> int:
    """Return a transposed key; the rest stays, and a key beyond the instrument is -1.

    Args:
        layout: What is read.
        key: The key, or the rest.
        interval: In semitones.
    """
    if key == layout.channels:
        return key
    key += interval
    return key if 0 <= key < layout.channels else -1


@device
def _softmax(chances: Singles, size: int) -> None:
    """Replace the first logarithms by probabilities; the others are lower."""
    highest = chances[0]
    for index in range(1, size):
        if chances[index] > highest:
            highest = chances[index]
    for index in range(len(chances)):
        chances[index] = exp(chances[index] - highest)
    total = np.float32(0)
    for index in range(size):
        total += chances[index]
    for index in range(size):
        chances[index] /= total


@device
def _mix(exponents: Singles, logarithms: Singles, evidence: Indices, chances: Singles) -> None:
    """Write the weighted sum of the logarithms of all contexts, 16 outputs at a time."""
    size = len(chances)
    for block in range(0, size, LANES):
        total = spread(np.float32(0))
        for kind in range(CONTEXTS):
            exponent = number(exponents, kind * EVIDENCES + evidence[kind])
            total = fused(spread(exponent), load(logarithms, kind * size + block), total)
        store(total, chances, block)


@device
def exponents_of(layout: Layout, weights: Singles) -> Singles:
    """Return the exponent of each context, by evidence.

    Args:
        layout: What is read.
        weights: Float32 (weights,).

    Returns:
        Float32 (CONTEXTS * EVIDENCES,).
    """
    found = np.zeros(CONTEXTS * EVIDENCES, np.float32)
    if layout.prior == IN_CONTEXT and layout.melody:
        for index in range(len(found)):
            found[index] = (np.float32(1) + weights[layout.own + index]) * _SHARE
    return found


@device
def expect(
    layout: Layout, weights: Singles, exponents: Singles, expected: FloatArray,
    logarithms: Singles, evidence: Indices, chances: Singles,
) -> None:  # fmt: skip
    """Write the prior of a step.

    Args:
        layout: What is read.
        weights: Float32 (weights,).
        exponents: From `exponents_of`.
        expected: Float64 (outputs,), the prior without weights.
        logarithms: Float32 (CONTEXTS * padded outputs,).
        evidence: Int64 (CONTEXTS,).
        chances: Float32 (padded outputs,), of which the first are written.
    """
    if layout.prior == IN_CONTEXT and layout.melody:
        _mix(exponents, logarithms, evidence, chances)
        _softmax(chances, layout.outputs)
    elif layout.prior == EVOLVED:
        chances[:] = _LOWEST
        for output in range(layout.outputs):
            chances[output] = weights[layout.own + output]
        if layout.melody:
            _softmax(chances, layout.outputs)
        else:
            for output in range(layout.outputs):
                chances[output] = sigmoid(chances[output])
    else:
        for output in range(layout.outputs):
            chances[output] = expected[output]


@device
def join_prior(read: FloatArray, prior: float, expected: Singles, total: float) -> None:
    """Add the prior to what was read, in place, and divide by the whole weight.

    Args:
        read: Float64 (outputs,), overwritten.
        prior: Weight of the prior.
        expected: Float32 (outputs or more,).
        total: Sum of what was read.
    """
    for output in range(len(read)):
        read[output] = (read[output] + prior * expected[output]) / (total + prior)
