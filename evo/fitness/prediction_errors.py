"""Errors of predicted steps: one pass over the activations of a batch.

Most of the time of an evaluation by teacher forcing was spent in temporary arrays. The sums add
their terms in the order of numpy's `sum`, so that scores are those of the formulas in
`evo.fitness.memorization`, to the last bit.
"""

import math

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Singles
from genomes.kernels import borrowed, device, kernel

_LANES = 8  # partial sums of numpy's pairwise summation


@device
def _sum(values: FloatArray) -> float:
    """Return the sum of values, added in eight partial sums."""
    count = len(values)
    total = 0.0
    if count < _LANES:
        for i in range(count):
            total += values[i]
        return float(total)
    whole = count - count % _LANES
    s0, s1, s2, s3 = values[0], values[1], values[2], values[3]
    s4, s5, s6, s7 = values[4], values[5], values[6], values[7]
    for i in range(_LANES, whole, _LANES):
        s0 += values[i]
        s1 += values[i + 1]
        s2 += values[i + 2]
        s3 += values[i + 3]
        s4 += values[i + 4]
        s5 += values[i + 5]
        s6 += values[i + 6]
        s7 += values[i + 7]
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for i in range(whole, count):
        total += values[i]
    return float(total)


@kernel
def prediction_errors(
    activations: Singles,
    squashed: FloatArray,
    song: BoolArray,
    prompt_steps: int,
    sounding_weight: float,
) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Compare activations with a song.

    Args:
        activations: Float32 (n, steps, channels); above 0 sounds.
        squashed: Float64 (n, steps, channels), tanh of the activations.
        song: Bool (steps, channels).
        prompt_steps: First steps, which are left out.
        sounding_weight: Weight of an error where the song sounds.

    Returns:
        For the steps after the prompt: bool (n, steps), whether all channels are right; float64
        (n, steps), the weighted squared errors of `squashed` against -1 and +1; and float64
        (n, channels), the sums of the squared hinge losses.
    """
    n, steps, channels = activations.shape
    judged = max(steps - prompt_steps, 0)
    right = np.empty((n, judged), np.bool_)
    error = np.empty((n, judged))
    hinge = np.zeros((n, channels))
    terms = np.empty(channels)
    for i in range(n):
        for t in range(prompt_steps, steps):
            wrong = False
            for k in range(channels):
                value = float(activations[i, t, k])
                if song[t, k]:
                    distance = squashed[i, t, k] - 1.0
                    terms[k] = sounding_weight * (distance * distance)
                    short = 1.0 - value
                    wrong |= not value > 0.0
                else:
                    distance = squashed[i, t, k] + 1.0
                    terms[k] = distance * distance
                    short = 1.0 + value
                    wrong |= value > 0.0
                hinge[i, k] += short * short if short > 0.0 or math.isnan(short) else 0.0
            right[i, t - prompt_steps] = not wrong
            error[i, t - prompt_steps] = _sum(terms)
    return right, error, hinge


@device
def _fill_cases(
    right: BoolArray, error: FloatArray, balance: FloatArray, silence: float,
    cases: FloatArray, first: int,
) -> None:  # fmt: skip
    """Write the cases of all individuals; see `step_cases`."""
    right, error, balance = borrowed(right), borrowed(error), borrowed(balance)
    cases = borrowed(cases)
    n, steps = right.shape
    share = 1.0 / steps
    for i in range(n):
        hits, errors, written = right[i], error[i], cases[i, first : first + steps]
        count = 0
        for t in range(steps):
            count += hits[t]
        for t in range(steps):
            exact = (2.0 * balance[t] if hits[t] else 0.0) - share
            dense = share - (0.0 if count == steps else errors[t] / 4) / silence
            written[t] = steps * (exact + dense) / 2


@kernel
def step_cases(
    right: BoolArray,
    error: FloatArray,
    balance: FloatArray,
    silence: float,
    cases: FloatArray,
    first: int,
) -> None:
    """Write a case per step: half of it the exactly right step, half the error.

    An individual that is right at all steps has no error.

    Args:
        right: Bool (n, steps), whether a step is right.
        error: Float64 (n, steps), weighted squared errors against -1 and +1.
        balance: Float64 (steps,), weight of a right step.
        silence: Weighted errors of silence in the whole song.
        cases: Float64 (n, all steps), written to.
        first: Column of the first step in `cases`.
    """
    _fill_cases(right, error, balance, silence, cases, first)
