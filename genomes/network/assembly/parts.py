"""Networks as weighted sums of inputs and of conditions, one part per output.

An output is `bias + weights * inputs + weights * units`. A *unit* reads inputs with weights of +1
and -1, its *conditions*, and fires (is 1) if their sum is above its threshold. With a threshold of
one less than its +1s, it is a conjunction: it fires if these inputs are on and the others off. The
part of an output is its bias, its weights and its units: no unit serves two outputs.

All inputs are 0 or 1, or -1 before the first step. Weights and biases are multiples of 1/256, so
that sums of them are exact in float64 in any order: an activation that was updated by every edit
equals one computed anew.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import FloatArray, Indices, Levels, are_offsets
from genomes.errors import GenomeError
from genomes.kernels import device

QUANTUM = 1.0 / 256.0
LARGEST = 2.0**20  # maximum of a weight and of a bias
CONDITIONS = 8  # maximum conditions of a unit


class Parts(NamedTuple):
    """The parts of one network.

    Attributes:
        bias: float64 (outputs,).
        weight: float64 (outputs, inputs); 0 is no connection.
        unit_offsets: int64 (outputs + 1,); output k owns units `unit_offsets[k]` to
            `unit_offsets[k + 1] - 1`.
        unit_weight: float64 (units,), not 0.
        threshold: int64 (units,).
        conditions: int64 (units, `CONDITIONS`): 1 + input for a weight of +1, the negative of that
            for -1, then zeros.
    """

    bias: FloatArray
    weight: FloatArray
    unit_offsets: Indices
    unit_weight: FloatArray
    threshold: Indices
    conditions: Indices


def silent(inputs: int, outputs: int, bias: float) -> Parts:
    """Return parts without connections.

    Args:
        inputs: Inputs of the network.
        outputs: Its outputs.
        bias: Bias of every output.
    """
    return Parts(
        np.full(outputs, bias),
        np.zeros((outputs, inputs)),
        np.zeros(outputs + 1, np.int64),
        np.empty(0),
        np.empty(0, np.int64),
        np.empty((0, CONDITIONS), np.int64),
    )


def checked_parts(parts: Parts, inputs: int, outputs: int) -> Parts:
    """Return parts from outside after a complete check.

    Args:
        parts: The parts.
        inputs: Inputs of the network.
        outputs: Its outputs.

    Raises:
        GenomeError: If they are no parts of such a network.
    """
    units = len(parts.unit_weight)
    shapes = {
        "bias": (outputs,), "weight": (outputs, inputs), "unit_offsets": (outputs + 1,),
        "unit_weight": (units,), "threshold": (units,), "conditions": (units, CONDITIONS),
    }  # fmt: skip
    for name, shape in shapes.items():
        if getattr(parts, name).shape != shape:
            raise GenomeError(f"{name} must be {shape}, got {getattr(parts, name).shape}")
    offsets = parts.unit_offsets
    if not are_offsets(offsets, units):
        raise GenomeError(f"unit_offsets must divide the {units} units")
    for name in ("bias", "weight", "unit_weight"):
        values = getattr(parts, name)
        with np.errstate(invalid="ignore"):
            if not (np.abs(values) <= LARGEST).all() or (values % QUANTUM).any():
                raise GenomeError(f"{name} must be multiples of 1/256 up to {LARGEST:g}")
    if not parts.unit_weight.all():
        raise GenomeError("unit_weight must not be 0")
    positive = checked_conditions(parts.conditions, inputs)
    if not ((parts.threshold >= 0) & (parts.threshold < positive)).all():
        raise GenomeError("threshold must be from 0 to one less than the conditions with +1")
    return parts


def checked_conditions(conditions: Indices, inputs: int) -> Indices:
    """Return the number of +1s of every unit, after a check of its conditions.

    Args:
        conditions: int64 (units, `CONDITIONS`).
        inputs: Inputs of the network.

    Raises:
        GenomeError: If a unit does not read different inputs, one with a weight of +1.
    """
    if ((conditions > inputs) | (conditions < -inputs)).any():
        raise GenomeError(f"conditions must be of the {inputs} inputs")
    read = np.abs(conditions)
    count = (read > 0).sum(axis=1)
    packed = (read > 0) == (np.arange(CONDITIONS) < count[:, None])
    ordered = np.sort(read, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] > 0)
    positive: Indices = (conditions > 0).sum(axis=1)
    if not (packed.all() and (positive > 0).all()) or twice.any():
        raise GenomeError("conditions must be different inputs without gaps, one with +1")
    return positive


@device
def fires(conditions: Indices, threshold: int, inputs: Levels, row: int) -> bool:
    """Return whether a unit fires.

    Args:
        conditions: int64 (`CONDITIONS`,).
        threshold: It fires if the sum is above it.
        inputs: int8 (inputs, rows).
        row: The row to read.
    """
    total = 0
    for condition in conditions:
        if condition == 0:
            break
        if condition > 0:
            total += inputs[condition - 1, row]
        else:
            total -= inputs[-condition - 1, row]
    return total > threshold
