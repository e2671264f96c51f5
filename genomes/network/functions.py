"""Activation and aggregation functions of network nodes, as neat-python defines them.

A gene has a function's code, its index in `ACTIVATIONS` or `AGGREGATIONS`. Names and formulas
(including scales and clamps) are neat-python's, so configurations keep their meaning. `step` is
added for networks with binary weights. Overflow gives infinity or NaN where Python would raise, and
the individual's score fails.
"""

import math

from genomes.arrays import FloatArray
from genomes.exponential import exp
from genomes.kernels import device, inlined
from genomes.network.calling import call_function

ACTIVATIONS = (
    "sigmoid", "tanh", "sin", "gauss", "relu", "elu", "lelu", "selu", "softplus", "identity",
    "clamped", "inv", "log", "exp", "abs", "hat", "square", "cube", "step",
)  # fmt: skip
AGGREGATIONS = ("sum", "product", "max", "min", "maxabs", "median", "mean")

IDENTITY, STEP = ACTIVATIONS.index("identity"), ACTIVATIONS.index("step")
SUM, PRODUCT, MAX, MIN, MAXABS, MEDIAN, MEAN = range(len(AGGREGATIONS))

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


@inlined
def clamp(z: float, limit: float) -> float:
    """Return `z` limited to -limit and limit; NaN stays NaN.

    Args:
        z: A number.
        limit: The maximum size.
    """
    return limit if z > limit else (-limit if z < -limit else z)


@inlined
def tanh(z: float) -> float:
    """Return the hyperbolic tangent, accurate to 1e-15, faster than the C library."""
    size, square = abs(z), z * z
    power = exp(2.0 * clamp(size, 60.0))
    result = 1.0 - 2.0 / (power + 1.0)
    # Both are computed, as a branch would prevent vector instructions.
    near_zero = z * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * 17.0 / 315.0)))
    return near_zero if size < 0.02 else (result if z > 0.0 else -result)


@device
def activate_value(code: int, z: float) -> float:
    """Return the activation function `code` of a number.

    Args:
        code: Index in `ACTIVATIONS`.
        z: A number.
    """
    if code == 0:
        return 1.0 / (1.0 + exp(-clamp(5.0 * z, 60.0)))
    if code == 1:
        return tanh(clamp(2.5 * z, 60.0))
    if code == 2:
        return math.sin(clamp(5.0 * z, 60.0))
    if code == 3:
        z = clamp(z, 3.4)
        return exp(-5.0 * z * z)
    if code == 4:
        return z if not z <= 0.0 else 0.0
    if code == 5:
        return z if z > 0.0 else math.exp(z) - 1.0
    if code == 6:
        return z if z > 0.0 else 0.005 * z
    if code == 7:
        return _SELU_SCALE * z if z > 0.0 else _SELU_SCALE * _SELU_ALPHA * (math.exp(z) - 1.0)
    if code == 8:
        return 0.2 * math.log(1.0 + exp(clamp(5.0 * z, 60.0)))
    if code == 9:
        return z
    if code == 10:
        return clamp(z, 1.0)
    if code == 11:
        return 1.0 / z if z != 0.0 else 0.0
    if code == 12:
        return math.log(z if not z <= 1e-7 else 1e-7)
    if code == 13:
        return exp(clamp(z, 60.0))
    if code == 14:
        return abs(z)
    if code == 15:
        return 1.0 - abs(z) if not abs(z) >= 1.0 else 0.0
    if code == 16:
        return z * z
    if code == 17:
        return z * z * z
    return 1.0 if z > 0.0 else (0.0 if z <= 0.0 else z)


@device
def activate_row(code: int, row: FloatArray) -> None:
    """Apply any activation function to all numbers of a row, in place.

    The functions have loops of their own, as only these become vector instructions.

    Args:
        code: See `activated`.
        row: Float64 (any,), written to.
    """
    if code == 0:
        for t in range(len(row)):
            row[t] = 1.0 / (1.0 + exp(-clamp(5.0 * row[t], 60.0)))
    elif code == 1:
        for t in range(len(row)):
            row[t] = tanh(clamp(2.5 * row[t], 60.0))
    elif code == STEP:
        for t in range(len(row)):
            row[t] = 1.0 if row[t] > 0.0 else (0.0 if row[t] <= 0.0 else row[t])
    elif code > STEP:
        for t in range(len(row)):
            row[t] = call_function(code, row[t])
    elif code != IDENTITY:
        for t in range(len(row)):
            row[t] = activate_value(code, row[t])


@device
def activated(code: int, z: float) -> float:
    """Return any activation function of a number, also a user's.

    Args:
        code: Index in `ACTIVATIONS`, or the address of a user's function
            (`genomes.network.own_functions`).
        z: A number.
    """
    if code <= STEP:
        return activate_value(code, z)
    return call_function(code, z)


@device
def aggregate_values(code: int, values: FloatArray, count: int) -> float:
    """Return the aggregation function `code` of the first `count` values.

    Args:
        code: Index in `AGGREGATIONS`.
        values: Weighted inputs of a node, summed in order; a median reorders them.
        count: Number of values.
    """
    if code == PRODUCT:
        result = 1.0
        for i in range(count):
            result *= values[i]
        return float(result)
    if count == 0:
        return 0.0
    if code == MEDIAN:
        for end in range(1, count):  # an insertion sort: nodes have few inputs
            i = end
            while i > 0 and values[i] < values[i - 1]:
                values[i], values[i - 1] = values[i - 1], values[i]
                i -= 1
        middle = count // 2
        return float(values[middle] if count % 2 else (values[middle - 1] + values[middle]) / 2)
    if code == SUM or code == MEAN:
        result = 0.0
        for i in range(count):
            result += values[i]
        return float(result / count if code == MEAN else result)
    result = values[0]
    for i in range(1, count):
        value = values[i]
        if (
            (code == MAX and value > result)
            or (code == MIN and value < result)
            or (code == MAXABS and abs(value) > abs(result))
        ):
            result = value
    return float(result)
