"""Step networks through time, with a row of inputs per network and the state kept.

`Networks.activate` computes many rows for all networks at once. A controller cannot use it, since
its next inputs depend on its outputs. A step computes one row per network:

- A feed-forward network has no state. Its outputs depend on the row alone.
- A recurrent network is computed from its nodes' values after the previous step.
- With a time step, networks are integrated as CTRNNs (Beer & Gallagher 1992) by Euler's method. A
  node's value y approaches its activation z(inputs, y) with its time constant T: T dy/dt = z - y.

The first two equal the rows of `Networks.activate`, to the last bit. The third is neat-python's
`CTRNN.advance`, including two peculiarities: values alternate between two buffers, so a step adds
to the values before the previous step; and outputs are the values before the last step.

Memory: a network is one block of float64 numbers (places, codes and addresses are exact, as they
are below 2**53), so a step of one network is a kernel with one
argument, which allocates nothing. A block has, one after the other:

    header    numbers at the places TIME_STEP to NODES
    inputs    (inputs,)
    results   (outputs,)
    origins   (outputs,) index of every output node
    time      (1,) time since the reset
    values    (nodes,) values of the nodes
    others    (nodes,) the other buffer
    records   (nodes, _RECORD) aggregation, activation, bias, response, time constant, end of links
    links     (links, 2) weight, and place in the block of the source's value
    weighted  scratch space for the weighted inputs of a node
"""

import math
from collections.abc import Sequence

import numpy as np

from genomes.arrays import FloatArray, Indices
from genomes.errors import GenomeError
from genomes.kernels import inlined, kernel, within
from genomes.network.activation import Program
from genomes.network.functions import SUM, activated, aggregate_values

# Places in the header of a block.
TIME_STEP, ADVANCE_TIME, _FEED_FORWARD, _INPUTS, _OUTPUTS, NODES = range(6)
HEADER = 6
_RECORD = 6
# Maximum Euler steps per step.
_MOST_EULER_STEPS = 1_000_000


class Stepper:
    """The state of n networks that are computed step by step."""

    def __init__(
        self, program: Program, time_step: float | None = None, advance_time: float | None = None
    ) -> None:
        """Start with the initial state 0; see `Networks.stepper`.

        Args:
            program: The compiled networks.
            time_step: Time of an Euler step of CTRNNs; None for other networks.
            advance_time: Time of a step; None for one Euler step.
        """
        timed = bool(np.any(program.time_constant != 1.0))
        check_time(timed and not program.feed_forward, time_step)
        self._shape = program.outputs.shape
        self._inputs = program.inputs
        self._every = np.arange(self._shape[0])
        self._memory, self._offsets = blocks_of(program, *integration(time_step, advance_time))

    def __len__(self) -> int:
        return len(self._every)

    def reset(self, indices: Sequence[int] | Indices | None = None) -> None:
        """Return networks to their initial state.

        Args:
            indices: The networks to reset, int64 (any,); None for all.

        Raises:
            IndexError: If a network does not exist.
        """
        chosen = self._every if indices is None else np.ascontiguousarray(indices, np.int64)
        if not reset_networks(self._memory, self._offsets, chosen):
            raise IndexError(f"indices must be from 0 to {len(self) - 1}")

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
        if rows.shape != (len(chosen), self._inputs) or chosen.ndim != 1:
            expected = (len(chosen), self._inputs)
            raise ValueError(f"inputs must be {expected}, got {np.shape(inputs)}")
        result = np.empty((len(chosen), self._shape[1]))
        if not step_networks(self._memory, self._offsets, chosen, rows, result):
            raise IndexError(f"indices must be from 0 to {len(self) - 1}")
        return result


def check_time(needed: bool, time_step: float | None) -> None:
    """Check that there is a time step for networks that need one.

    Args:
        needed: Whether the networks are recurrent and have time constants.
        time_step: Time of an Euler step, or None.

    Raises:
        GenomeError: If there is none.
    """
    if needed and time_step is None:
        raise GenomeError("recurrent networks with time constants need a time_step, such as 0.01")


def integration(time_step: float | None, advance_time: float | None) -> tuple[float, float]:
    """Return the times of an Euler step and of a step: twice 0 without integration.

    Args:
        time_step: Time of an Euler step; None without integration.
        advance_time: Time of a step; None for one Euler step.

    Raises:
        GenomeError: If they are no positive numbers, or too far apart.
    """
    if time_step is None:
        if advance_time is not None:
            raise GenomeError("advance_time needs a time_step")
        return 0.0, 0.0
    whole = time_step if advance_time is None else advance_time
    for name, value in (("time_step", time_step), ("advance_time", whole)):
        if not (math.isfinite(value) and value > 0.0):
            raise GenomeError(f"{name} must be finite and above 0, got {value!r}")
    if whole > _MOST_EULER_STEPS * time_step:
        raise GenomeError(
            f"advance_time must be at most {_MOST_EULER_STEPS:,} times time_step, got {whole!r}"
        )
    return float(time_step), float(whole)


@kernel
def blocks_of(
    program: Program, time_step: float, advance_time: float
) -> tuple[FloatArray, Indices]:
    """Return networks as blocks, in their initial state.

    Args:
        program: The compiled networks.
        time_step: Time of an Euler step; 0 without integration.
        advance_time: Time of a step.

    Returns:
        The blocks, one after the other, float64 (any,); and their offsets, int64 (n + 1,).
    """
    n, outputs = program.outputs.shape
    inputs, fixed = program.inputs, HEADER + program.inputs + 2 * outputs
    offsets = np.zeros(n + 1, np.int64)
    for g in range(n):
        first, last = program.node_offsets[g], program.node_offsets[g + 1]
        most = 1
        for p in range(first, last):
            most = max(most, program.link_offsets[p + 1] - program.link_offsets[p])
        size = fixed + 1 + (2 + _RECORD) * (last - first) + most
        size += 2 * (program.link_offsets[last] - program.link_offsets[first])
        offsets[g + 1] = offsets[g] + size
    memory = np.zeros(offsets[n])
    for g in range(n):
        block = memory[offsets[g] : offsets[g + 1]]
        first, last = program.node_offsets[g], program.node_offsets[g + 1]
        nodes = last - first
        block[TIME_STEP], block[ADVANCE_TIME] = time_step, advance_time
        block[_FEED_FORWARD], block[_INPUTS] = program.feed_forward, inputs
        block[_OUTPUTS], block[NODES] = outputs, nodes
        for output in range(outputs):
            block[HEADER + inputs + outputs + output] = program.outputs[g, output]
        values = fixed + 1
        record = values + 2 * nodes
        place = record + _RECORD * nodes
        for p in range(first, last):
            for link in range(program.link_offsets[p], program.link_offsets[p + 1]):
                source = program.source[link]
                block[place] = program.weight[link]
                block[place + 1] = HEADER + source if source < inputs else values + source - inputs
                place += 2
            block[record], block[record + 1] = program.aggregation[p], program.activation[p]
            block[record + 2], block[record + 3] = program.bias[p], program.response[p]
            block[record + 4] = program.time_constant[p] if len(program.time_constant) > 0 else 1.0
            block[record + 5] = place
            record += _RECORD
    return memory, offsets


@inlined
def _compute(block: FloatArray, values: int, nodes: int, to: int, time: float) -> None:
    """Compute all nodes from the values that begin at `values`; write from `to`.

    With a `time` above 0, values approach the computed ones for that time.
    """
    record = values + 2 * nodes
    place = record + _RECORD * nodes
    after_links = int(block[place - 1])
    keeps = block[_FEED_FORWARD] == 0.0 or time > 0.0
    for node in range(to, to + nodes):
        end = int(block[record + 5])
        if place == end and keeps:  # as in neat-python, a node without links keeps the value 0
            record += _RECORD
            continue
        aggregation = int(block[record])
        total = 0.0
        if aggregation == SUM:
            while place < end:
                total += block[place] * block[int(block[place + 1])]
                place += 2
        else:
            weighted, count = block[after_links:], 0
            while place < end:
                weighted[count] = block[place] * block[int(block[place + 1])]
                count += 1
                place += 2
            total = aggregate_values(aggregation, weighted, count)
        value = activated(int(block[record + 1]), block[record + 2] + block[record + 3] * total)
        if time > 0.0:
            block[node] += time / block[record + 4] * (-block[node] + value)
        else:
            block[node] = value
        record += _RECORD


@inlined
def _integrate(block: FloatArray, clock: int, nodes: int) -> None:
    """Advance a CTRNN by the time of a step; the time since the reset is at `clock`."""
    values = clock + 1
    end = block[clock] + block[ADVANCE_TIME]
    while block[clock] < end:
        time = min(block[TIME_STEP], end - block[clock])
        if block[clock] + time == block[clock]:  # too small to be added
            break
        _compute(block, values, nodes, values + nodes, time)
        for node in range(values, values + nodes):
            block[node], block[node + nodes] = block[node + nodes], block[node]
        block[clock] += time


@inlined
def advance(block: FloatArray) -> None:
    """Compute one step of one network from its inputs, and write its results.

    Kernels that run networks themselves call it, with a block of `blocks_of`.
    """
    inputs, outputs, nodes = int(block[_INPUTS]), int(block[_OUTPUTS]), int(block[NODES])
    results = HEADER + inputs
    clock = results + 2 * outputs
    values = clock + 1
    read = values
    if block[TIME_STEP] > 0.0:
        _integrate(block, clock, nodes)
        read = values + nodes
    elif block[_FEED_FORWARD] != 0.0:
        _compute(block, values, nodes, values, 0.0)
    else:
        _compute(block, values, nodes, values + nodes, 0.0)
        for node in range(values, values + nodes):
            block[node] = block[node + nodes]
    for output in range(results, results + outputs):
        block[output] = block[read + int(block[output + outputs])]


@kernel
def step_network(block: FloatArray) -> None:
    """Compute one step of one network from the inputs in its block.

    Args:
        block: The network, of `blocks_of`; written to.
    """
    advance(block)


@kernel
def step_networks(
    memory: FloatArray, offsets: Indices, indices: Indices, inputs: FloatArray, result: FloatArray
) -> bool:
    """Compute one step of some networks; return whether they all exist.

    Args:
        memory: The networks, of `blocks_of`; written to.
        offsets: Their offsets, int64 (n + 1,).
        indices: The networks to step, int64 (rows,).
        inputs: Float64 (rows, inputs).
        result: Float64 (rows, outputs), written to.
    """
    if not within(indices, len(offsets) - 1):
        return False
    rows, outputs = result.shape
    width = inputs.shape[1]
    for row in range(rows):
        block = memory[offsets[indices[row]] : offsets[indices[row] + 1]]
        for i in range(width):
            block[HEADER + i] = inputs[row, i]
        advance(block)
        for output in range(outputs):
            result[row, output] = block[HEADER + width + output]
    return True


@kernel
def reset_networks(memory: FloatArray, offsets: Indices, indices: Indices) -> bool:
    """Return networks to their initial state; return whether they all exist.

    Args:
        memory: The networks, of `blocks_of`; written to.
        offsets: Their offsets, int64 (n + 1,).
        indices: The networks to reset, int64 (any,).
    """
    if not within(indices, len(offsets) - 1):
        return False
    for g in indices:
        block = memory[offsets[g] : offsets[g + 1]]
        clock = HEADER + int(block[_INPUTS]) + 2 * int(block[_OUTPUTS])
        block[clock : clock + 1 + 2 * int(block[NODES])] = 0.0
    return True
