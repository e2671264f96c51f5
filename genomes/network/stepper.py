"""Step a batch of networks through time, with a row of inputs per network.

`Networks.activate` computes many rows for all networks at once. A controller cannot use it, since
its next inputs depend on its outputs. A `Stepper` computes one row per network and keeps the
networks' state:

- A feed-forward network has no state. Its outputs depend on the row alone.
- A recurrent network is computed from its nodes' values after the previous step. The steps after a
  reset equal the rows of `Networks.activate`, to the last bit.

State is in flat arrays with a value per node of the compiled batch, so that a step is one call of a
kernel that allocates nothing.
"""

from collections.abc import Sequence

import numpy as np

from genomes.arrays import FloatArray, Indices
from genomes.kernels import device, kernel, within
from genomes.network.activation import Program
from genomes.network.functions import SUM, activate_value, aggregate_values


class Stepper:
    """The state of n networks that are computed step by step."""

    def __init__(self, program: Program) -> None:
        """Start with the initial state 0.

        Args:
            program: The compiled networks.
        """
        n, self._outputs = program.outputs.shape
        self._program = program
        self._every = np.arange(n)
        self._previous = np.zeros(len(program.node_id))
        self._values = np.zeros(len(program.node_id))
        self._weighted = np.empty(np.diff(program.link_offsets).max(initial=1))

    def __len__(self) -> int:
        return len(self._every)

    def reset(self) -> None:
        """Return all networks to their initial state."""
        self._previous[:] = 0.0
        self._values[:] = 0.0

    def step(
        self, inputs: FloatArray, indices: Sequence[int] | Indices | None = None
    ) -> FloatArray:
        """Return the outputs of every network for its own row of inputs.

        Args:
            inputs: Float64 (n, inputs), a row per network.
            indices: Step these networks only, int64 (any,). `inputs` then has a row per index, and
                the state of all other networks stays. None for all networks in their order.

        Returns:
            Float64 (rows of inputs, outputs), a new array.

        Raises:
            ValueError: If the shape of the inputs does not fit.
            IndexError: If a network does not exist.
        """
        chosen = self._every if indices is None else np.ascontiguousarray(indices, np.int64)
        rows = np.ascontiguousarray(inputs, np.float64)
        if rows.shape != (len(chosen), self._program.inputs) or chosen.ndim != 1:
            expected = (len(chosen), self._program.inputs)
            raise ValueError(f"inputs must be {expected}, got {np.shape(inputs)}")
        result = np.empty((len(chosen), self._outputs))
        if not step_networks(
            self._program, chosen, rows, self._previous, self._values, self._weighted, result
        ):
            raise IndexError(f"indices must be from 0 to {len(self) - 1}")
        return result


@device
def _node_value(
    program: Program,
    p: int,
    inputs: FloatArray,
    row: int,
    sources: FloatArray,
    first: int,
    weighted: FloatArray,
) -> float:
    """Return the value of node p.

    Inputs are in `inputs[row]`; the network's node values begin at `sources[first]`. `weighted` is
    scratch space.
    """
    begin, end = program.link_offsets[p], program.link_offsets[p + 1]
    total = 0.0
    if program.aggregation[p] == SUM:
        for link in range(begin, end):
            source = program.source[link]
            if source < program.inputs:
                total += program.weight[link] * inputs[row, source]
            else:
                total += program.weight[link] * sources[first + source - program.inputs]
    else:
        for link in range(begin, end):
            source = program.source[link]
            if source < program.inputs:
                value = inputs[row, source]
            else:
                value = sources[first + source - program.inputs]
            weighted[link - begin] = program.weight[link] * value
        total = aggregate_values(program.aggregation[p], weighted, end - begin)
    return activate_value(program.activation[p], program.bias[p] + program.response[p] * total)


@kernel
def step_networks(
    program: Program,
    indices: Indices,
    inputs: FloatArray,
    previous: FloatArray,
    values: FloatArray,
    weighted: FloatArray,
    result: FloatArray,
) -> bool:
    """Compute one step of some networks; return whether they all exist.

    Args:
        program: The compiled networks.
        indices: The networks to step, int64 (rows,).
        inputs: Float64 (rows, inputs).
        previous: Values of the nodes after the previous step, float64 (nodes,); written to.
        values: Scratch space, float64 (nodes,), 0 for recurrent nodes without links.
        weighted: Scratch space, float64 (most links of a node,).
        result: Float64 (rows, outputs), written to.
    """
    if not within(indices, len(program.outputs)):
        return False
    for row in range(len(indices)):
        g = indices[row]
        first, last = program.node_offsets[g], program.node_offsets[g + 1]
        if program.feed_forward:
            for p in range(first, last):
                previous[p] = _node_value(program, p, inputs, row, previous, first, weighted)
        else:
            for p in range(first, last):
                # As in neat-python, a node without links keeps the value 0.
                if program.link_offsets[p] < program.link_offsets[p + 1]:
                    values[p] = _node_value(program, p, inputs, row, previous, first, weighted)
            for p in range(first, last):
                previous[p] = values[p]
        for output in range(result.shape[1]):
            result[row, output] = previous[first + program.outputs[g, output]]
    return True
