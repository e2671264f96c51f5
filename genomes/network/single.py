"""One network, for functions that evaluate networks one at a time.

A `Network` is a view of a batch of one. `step` is made for loops in Python: it writes the inputs
into the network's block (`genomes.network.stepper`), calls a kernel with one argument, and reads a
list of numbers.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from reprlib import repr as short
from typing import Any, Self

import numpy as np
from numpy import ndarray

from genomes.arrays import FloatArray
from genomes.errors import GenomeError
from genomes.network.networks import Networks
from genomes.network.stepper import (
    ADVANCE_TIME,
    HEADER,
    NODES,
    TIME_STEP,
    blocks_of,
    check_time,
    integration,
    step_network,
)

_FIRST_INPUT = HEADER * 8  # in bytes


def _refuse(block: FloatArray) -> None:
    """Stand in for `step_network` where a time step is missing."""
    check_time(True, None)


class Network:
    """One network: `step` for controllers, `activate` for rows that are known before.

    Attributes:
        inputs: Number of inputs.
        outputs: Number of outputs.
    """

    __slots__ = (
        "_batch", "_block", "_index", "_kernel", "_memory", "_networks", "_pack", "_results",
        "inputs", "outputs",
    )  # fmt: skip

    def __init__(self, networks: Networks) -> None:
        """Take the network of a batch of one.

        Args:
            networks: The batch.

        Raises:
            GenomeError: If there is not exactly one network.
        """
        if len(networks) != 1:
            raise GenomeError(f"a Network is a batch of one, got {len(networks)} networks")
        block, _ = blocks_of(networks.program, *integration(None, None))
        timed = bool(np.any(networks.program.time_constant != 1.0))
        self._bind(networks, 0, block, timed, struct.Struct(f"{networks.inputs}d").pack_into)

    @classmethod
    def each(cls, networks: Networks) -> list[Self]:
        """Return every network of a batch."""
        program = networks.program
        memory, offsets = blocks_of(program, *integration(None, None))
        differs = np.concatenate([[0], np.cumsum(program.time_constant != 1.0)])
        ends = program.node_offsets if len(differs) > 1 else np.zeros_like(offsets)
        timed = (differs[ends[1:]] > differs[ends[:-1]]).tolist()
        pack = struct.Struct(f"{networks.inputs}d").pack_into
        places = offsets.tolist()
        made = []
        for g in range(len(networks)):
            network = object.__new__(cls)
            network._bind(networks, g, memory[places[g] : places[g + 1]], timed[g], pack)
            made.append(network)
        return made

    def _bind(self, batch: Networks, index: int, block: FloatArray, timed: bool, pack: Any) -> None:
        """Set the fields: network `index` of a batch, and its block."""
        self.inputs, self.outputs = batch.inputs, batch.outputs
        self._batch, self._index = batch, index
        self._networks: Networks | None = None
        self._block, self._pack = block, pack
        self._kernel: Any = _refuse if timed and not batch.feed_forward else step_network
        buffer: Any = block
        self._memory: Any = memoryview(buffer)
        first = HEADER + batch.inputs
        self._results: Any = self._memory[first : first + batch.outputs]

    @property
    def networks(self) -> Networks:
        """The network as a batch of one."""
        if self._networks is None:
            self._networks = self._batch.take([self._index])
        return self._networks

    def step(self, inputs: Sequence[float] | FloatArray) -> list[float]:
        """Return the outputs for the next inputs, with the state kept.

        The outputs of a feed-forward network depend on these inputs alone. A recurrent network
        continues from its previous step, and starts at 0.

        Args:
            inputs: One number per input. A list or tuple is faster than an array.

        Returns:
            One number per output, as a list.

        Raises:
            ValueError: If there is not one number per input.
            GenomeError: If the network has time constants, is recurrent, and has no time step.
        """
        if inputs.__class__ is ndarray:
            inputs = inputs.tolist()
        try:
            self._pack(self._memory, _FIRST_INPUT, *inputs)
        except (struct.error, TypeError):
            raise ValueError(f"inputs must be {self.inputs} numbers, got {short(inputs)}") from None
        self._kernel(self._block)
        outputs: list[float] = self._results.tolist()
        return outputs

    def reset(self, time_step: float | None = None, advance_time: float | None = None) -> None:
        """Return to the initial state; optionally set how time passes from now on.

        Args:
            time_step: Integrate as a CTRNN, with Euler steps of this time (in the unit of the time
                constants). None changes nothing.
            advance_time: Time of a step; None for one Euler step.

        Raises:
            GenomeError: If a time is no positive number.
        """
        if time_step is not None or advance_time is not None:
            self._block[TIME_STEP], self._block[ADVANCE_TIME] = integration(time_step, advance_time)
            self._kernel = step_network
        time = HEADER + self.inputs + 2 * self.outputs  # then the values of the nodes, twice
        self._block[time : time + 1 + 2 * int(self._block[NODES])] = 0.0

    def activate(self, inputs: Any) -> FloatArray:
        """Return the outputs for one or more rows of inputs, from the initial state.

        The state of `step` is neither used nor changed.

        Args:
            inputs: Float64 (inputs,) or (rows, inputs). For recurrent networks the rows are
                consecutive steps.

        Returns:
            Float64 (outputs,) or (rows, outputs).

        Raises:
            ValueError: If the shape does not fit.
            GenomeError: As `step`.
        """
        rows = np.asarray(inputs, np.float64)
        if rows.ndim not in (1, 2) or rows.shape[-1] != self.inputs:
            raise ValueError(
                f"inputs must be ({self.inputs},) or (rows, {self.inputs}), got {rows.shape}"
            )
        time_step, advance_time = float(self._block[TIME_STEP]), float(self._block[ADVANCE_TIME])
        if time_step > 0.0:
            stepper = self.networks.stepper(time_step, advance_time)
            results = [stepper.step(row[np.newaxis]) for row in np.atleast_2d(rows)]
            result = np.concatenate(results) if results else np.empty((0, self.outputs))
        elif self._kernel is _refuse:
            check_time(True, None)
        else:
            result = self.networks.activate(np.atleast_2d(rows))[0]
        return result[0] if rows.ndim == 1 else result

    def to_neat_python(self, config: Any) -> Any:
        """Return a `DefaultGenome` of neat-python.

        Args:
            config: neat-python's `neat.Config`, or its `genome_config`.

        Raises:
            GenomeError: If the network does not fit the configuration.
        """
        return self.networks.to_neat_python(config)[0]

    def save(self, path: str | Path) -> None:
        """Write the network as JSON in neat-python's format; see `load_network`.

        Args:
            path: File to write.
        """
        Path(path).write_bytes(self.networks.export({})["network.json"])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.networks,)

    def _repr_svg_(self) -> str | None:
        # That module draws batches of one, so it imports `networks` as this one does.
        from genomes.network.svg import network_svg

        return network_svg(self.networks)

    def __repr__(self) -> str:
        nodes, connections = self.networks.sizes()[0].tolist()
        return (
            f"Network(inputs={self.inputs}, outputs={self.outputs}, "
            f"nodes={nodes}, connections={connections})"
        )
