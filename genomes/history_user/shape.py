"""Sizes of a HistoryUser, and the layout of its flat vector of weights.

`genomes.history_user.networks` describes the architectures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from reprlib import repr as short
from typing import Literal, NamedTuple, get_args

import numpy as np

from genomes.arrays import Indices, Singles
from genomes.errors import GenomeError
from genomes.history_user.content import QUERY
from genomes.history_user.lstm import Plan
from genomes.history_user.past import REACH

Architecture = Literal["plain", "united", "melody", "lstm", "content", "content-melody"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)

# Maximum sizes, checked before allocating.
LARGEST = 1 << 16
LARGEST_WEIGHTS = 1 << 30  # of one individual


class Part(NamedTuple):
    """One array of weights: its start in the flat vector, and its shape."""

    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        """Index after its last weight."""
        return self.start + math.prod(self.shape)


@dataclass(frozen=True)
class Shape:
    """The sizes of a HistoryUser.

    Attributes:
        keys: Number of keys; a melody has one more output, the rest.
        inputs: Inputs per step; the history reads the first `keys` of them. 0 means `keys`.
        layers: Units of the LSTMs of the stack.
        lags: Ascending lags of the history.
        architecture: One of `ARCHITECTURES`.
        last: Units of the additional LSTM of united and melody.

    Raises:
        GenomeError: If the sizes are inconsistent.
    """

    keys: int
    inputs: int = 0
    layers: Sequence[int] = (70, 50)
    lags: Sequence[int] = tuple(range(1, 81))
    architecture: Architecture = "plain"
    last: int = 50

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise GenomeError(
                f"architecture must be one of {', '.join(ARCHITECTURES)}, got {self.architecture!r}"
            )
        for name in ("keys", "inputs", "last", "layers", "lags"):
            given = getattr(self, name)
            numbers = tuple(given) if name in ("layers", "lags") else (given,)
            if not all(isinstance(number, int | np.integer) for number in numbers):
                raise GenomeError(f"{name} must be of whole numbers, got {short(given)}")
            whole = tuple(int(number) for number in numbers)  # as tuples: a shape is a value
            object.__setattr__(self, name, whole if name in ("layers", "lags") else whole[0])
        if self.inputs == 0:
            object.__setattr__(self, "inputs", self.keys)
        sizes = {"keys": self.keys, "inputs": self.inputs, "last": self.last}
        sizes |= {f"layers[{index}]": units for index, units in enumerate(self.layers)}
        for name, size in sizes.items():
            if not 1 <= size <= LARGEST:
                raise GenomeError(f"{name} must be from 1 to {LARGEST}, got {size}")
        if not self.layers:
            raise GenomeError("layers must be the units of at least one LSTM, got none")
        if self.inputs < self.keys:
            raise GenomeError(f"inputs ({self.inputs}) must be at least keys ({self.keys})")
        lags = self.lags
        rising = all(lower < higher for lower, higher in pairwise(lags))
        if not lags or not rising or lags[0] < 0 or lags[-1] > LARGEST:
            raise GenomeError(
                f"lags must be rising whole numbers from 0 to {LARGEST}, got {short(lags)}"
            )
        if self.by_content and lags[-1] >= REACH:
            raise GenomeError(f"lags must be below {REACH} for {self.architecture}, got {lags[-1]}")
        if self.weights > LARGEST_WEIGHTS:
            raise GenomeError(
                f"layers must make at most {LARGEST_WEIGHTS:,} weights, got {self.weights:,}"
            )

    @property
    def outputs(self) -> int:
        """Outputs per step."""
        return self.keys + self.melody

    @property
    def melody(self) -> bool:
        """Whether the outputs are a softmax over the keys and the rest."""
        return self.architecture in ("melody", "content-melody")

    @property
    def by_content(self) -> bool:
        """Whether steps are read by content."""
        return self.architecture in ("content", "content-melody")

    @property
    def readable(self) -> Sequence[int]:
        """The lags that can be read."""
        if self.architecture == "lstm":
            return ()
        return range(REACH) if self.by_content else self.lags

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The arrays of weights, in the order of the flat vector.

        For the first LSTM of the stack: lstm0_input (inputs, 4, units), lstm0_recurrent (units, 4,
        units), lstm0_bias (4, units). The others are alike. Except for `lstm`, read_weights (units,
        lags) and read_bias (lags,) follow. Then

            united   last_input (keys + inputs, 4, last), the read-out first, last_recurrent,
                     last_bias, output_weights (last, keys), output_bias (keys,)
            melody   ear_input (inputs, 4, last), ear_recurrent, ear_bias, output_weights
                     (last + keys, keys + 1), the LSTM's units first, output_bias (keys + 1,)
            lstm     output_weights (units, keys), output_bias (keys,)
            content  query_weights (units, 28), query_bias (28,), output_weights (units, outputs),
                     output_bias (outputs,); content-melody is alike

        The axis of length 4 has the gates input, forget, output and the candidate. torch's order is
        input, forget, candidate, output, with two biases to add.
        """
        shapes: dict[str, tuple[int, ...]] = {}

        def add_lstm(name: str, inputs: int, units: int) -> None:
            shapes[f"{name}_input"] = (inputs, 4, units)
            shapes[f"{name}_recurrent"] = (units, 4, units)
            shapes[f"{name}_bias"] = (4, units)

        inputs = self.inputs
        for index, units in enumerate(self.layers):
            add_lstm(f"lstm{index}", inputs, units)
            inputs = units
        if self.architecture != "lstm":
            shapes["read_weights"] = (inputs, len(self.lags))
            shapes["read_bias"] = (len(self.lags),)
        if self.by_content:
            shapes["query_weights"] = (inputs, QUERY)
            shapes["query_bias"] = (QUERY,)
        if self.architecture == "united":
            add_lstm("last", self.keys + self.inputs, self.last)
            inputs = self.last
        elif self.architecture == "melody":
            add_lstm("ear", self.inputs, self.last)
            inputs = self.last + self.keys
        if self.architecture != "plain":
            shapes["output_weights"] = (inputs, self.outputs)
            shapes["output_bias"] = (self.outputs,)
        parts, start = {}, 0
        for name, shape in shapes.items():
            parts[name] = Part(start, shape)
            start = parts[name].stop
        return parts

    @property
    def weights(self) -> int:
        """Length of the flat vector."""
        return list(self.parts.values())[-1].stop

    def views(self, weights: Singles) -> dict[str, Singles]:
        """Return every part of flat weights (.., weights), as a view (.., *shape)."""
        return {
            name: weights[..., part.start : part.stop].reshape(*weights.shape[:-1], *part.shape)
            for name, part in self.parts.items()
        }

    @cached_property
    def indices_by_output(self) -> Indices:
        """Indices of the weights that lead to only one output.

        Int64 (outputs, weights per output); (0, 0) if the stack is followed by a softmax or
        nothing.
        """
        if self.architecture not in ("united", "lstm", "content"):
            return np.empty((0, 0), np.int64)
        last, bias = self.parts["output_weights"], self.parts["output_bias"]
        columns = np.arange(last.start, last.stop).reshape(last.shape)
        return np.vstack([columns, np.arange(bias.start, bias.stop)]).T

    @cached_property
    def plan(self) -> Plan:
        """The layout for kernels; see `genomes.history_user.lstm`."""
        parts = self.parts
        lstms: list[tuple[str, int, int, int]] = []  # name, units, first row, input rows
        row, input_rows = 0, self.inputs
        for index, size in enumerate(self.layers):
            lstms.append((f"lstm{index}", size, row, input_rows + size))
            row, input_rows = row + input_rows, size
        last_row, last_input_rows = row, input_rows  # the stack's output
        rows = row + input_rows
        reading, echo = rows, -1
        if self.architecture == "plain":
            rows += self.keys
        elif self.architecture == "united":
            echo = reading + self.keys
            last_row, last_input_rows = echo + self.inputs, self.last
            lstms.append(("last", self.last, reading, self.keys + self.inputs + self.last))
            rows = last_row + last_input_rows
        elif self.architecture == "melody":
            echo = rows
            last_row, last_input_rows = echo + self.inputs, self.last + self.keys
            lstms.append(("ear", self.last, echo, self.inputs + self.last))
            reading = last_row + self.last
            rows = last_row + last_input_rows
        names = [lstm[0] for lstm in lstms]
        units, first, counts = (
            np.asarray([lstm[index] for lstm in lstms], np.int64) for index in (1, 2, 3)
        )
        starts = {name: part.start for name, part in parts.items()}
        return Plan(
            kind=ARCHITECTURES.index(self.architecture),
            inputs=self.inputs,
            keys=self.keys,
            outputs=self.outputs,
            lags=np.asarray(self.lags, np.int64),
            layers=len(self.layers),
            rows=rows,
            longest=max(4 * int(units.max()), len(self.lags), self.outputs),
            units=units,
            row=first,
            input_rows=counts,
            cell=np.cumsum(units) - units,
            weights=np.asarray([starts[f"{name}_input"] for name in names], np.int64),
            bias=np.asarray([starts[f"{name}_bias"] for name in names], np.int64),
            scores=starts.get("read_weights", 0),
            scores_bias=starts.get("read_bias", 0),
            query=starts.get("query_weights", 0),
            query_bias=starts.get("query_bias", 0),
            reading_row=reading,
            echo_row=echo,
            last=starts.get("output_weights", 0),
            last_bias=starts.get("output_bias", 0),
            last_row=last_row,
            last_input_rows=last_input_rows,
        )
