"""HistoryUsers: recurrent networks that choose where to read their input history.

The plain HistoryUser feeds each input through a stack of LSTMs (Hochreiter & Schmidhuber 1997). A
linear map gives one score per lag, and a softmax turns scores into weights. At step t, output key k
is

    sum over the lags of weight[lag] * input[t - lag, k]

with zeros before the start. Lag 1 is the previous input; lag 0 is the current one.

    plain    the output is the read-out
    united   another LSTM receives read-out and current input; linear map and sigmoid per key
    melody   another LSTM receives the current input; linear map of its units and the read-out,
             softmax over the keys and the rest (the last output)
    lstm     no history: linear map and sigmoid per key from the stack (the ablation)
    content  all past steps are read by their likeness to the present, too, and mixed with the
             output of `lstm` (`genomes.history_user.content`)
    content-melody  the same with a softmax over the keys and the rest

As a performer its input is the song delayed by one step, so lag j reads distance j + 1. Activations
are log(p / (1 - p)) of a key's probability p, at most 13.8 (plain, united, lstm, content). For a
melody they are the logarithm of the key's probability minus the highest other one, so at most one
key sounds.

Memory order: one float32 matrix (n, weights), with each individual's weights in the order of
`Shape.parts`, a flat vector for an evolution strategy. `to_arrays` returns these parts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import (
    Arrays,
    BoolArray,
    FloatArray,
    Indices,
    Singles,
    checked_array,
    checked_field,
    for_kernels,
)
from genomes.base import (
    Streams,
    check_roll,
    draw_chances,
    prompted,
    selected,
    short_repr,
    unchecked,
)
from genomes.errors import GenomeError
from genomes.history_user.blocks import Blocks, LazyBlocks, blocks_of
from genomes.history_user.content import activations_of, play_past, run_past
from genomes.history_user.initial import initial_weights
from genomes.history_user.lstm import follow_song, play_on, run_attention, run_sequences
from genomes.history_user.past import past_of
from genomes.history_user.shape import ARCHITECTURES, LARGEST, Architecture, Part, Shape
from genomes.individual import Individuals
from genomes.player import Player
from genomes.sampling import PLAIN, Sampling

__all__ = ["ARCHITECTURES", "Architecture", "HistoryUsers", "Part", "Reading", "Shape", "delayed"]

DRAWN = 128  # distances at most, of what is read by content
_NOTHING = np.zeros((0, 0, 0), np.float32)


class Reading(NamedTuple):
    """Where the history was read: both (n, sequences, steps)."""

    lag: Indices  # the lag of the highest weight
    entropy: Singles  # of the weights, in bits: 0 where a single lag is read


@dataclass(frozen=True, eq=False)
class HistoryUsers(Individuals):
    """A batch of n HistoryUsers of one shape.

    Nonfinite weights are allowed, as a diverging search creates them; such an individual fails
    alone.

    Raises:
        GenomeError: If the weights do not fit the shape.
    """

    settings_type: ClassVar[Any] = None
    fixed_length: ClassVar[bool] = False

    shape: Shape
    weights: Singles  # (n, shape.weights)

    def __post_init__(self) -> None:
        weights = checked_array("weights", self.weights, np.float32, ("n", self.shape.weights))
        vars(self).update(weights=for_kernels(weights))

    @classmethod
    def initial(
        cls,
        shape: Shape,
        random: np.random.Generator,
        n: int,
        scale: float = 1.0,
        forget_bias: float = 1.0,
    ) -> Self:
        """Return n randomly initialised individuals; the first are the same for a larger n.

        Args:
            shape: Sizes of the individuals.
            random: Random generator.
            n: Number of individuals.
            scale: Weights are uniform within +-scale / sqrt(units), or inputs of a linear map.
            forget_bias: Added to forget gates (Jozefowicz, Zaremba & Sutskever 2015).
        """
        return cls(shape, initial_weights(shape, random, n, scale, forget_bias))

    @classmethod
    def player_of(cls, settings: None, keys: int) -> None:
        """See `Performers.player_of`; a HistoryUser needs no player.

        Args:
            settings: None.
            keys: Ignored.
        """

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: inputs per step, and keys.

        Args:
            keys: Keys of the instrument.
            steps: Ignored.
            player: Ignored.
        """
        return keys, keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`; the arrays are sufficient (`Shape.parts`)."""
        return {}

    def improvising(self) -> Self:
        """See `Performers.improvising`; a HistoryUser cannot."""
        raise ValueError("is no network with an input that lets it improvise")

    def __repr__(self) -> str:
        return short_repr(
            self, individual=len(self), key=self.shape.keys, weight=self.shape.weights
        )

    def __len__(self) -> int:
        return len(self.weights)

    def forward(self, inputs: Singles, first_step: int = 0) -> Singles:
        """Return raw outputs, float32 (n, sequences, steps - first_step, outputs).

        Args:
            inputs: Float32 (n or 1, sequences, steps, inputs); 1 for shared inputs.
            first_step: First step to output.
        """
        outputs = self._results(inputs, first_step, self.shape.outputs)
        for i, blocks in enumerate(self._blocks_per_individual(inputs)):
            self._run(i, blocks, first_step, outputs=outputs[i])
        return outputs

    def mean_squared_error(
        self, inputs: Singles, targets: Singles, first_step: int = 0
    ) -> FloatArray:
        """Return mean squared errors per step, float64 (n, steps - first_step).

        Args:
            inputs: See `forward`.
            targets: Float32 (n or 1, sequences, steps - first_step, outputs).
            first_step: First step to compare.
        """
        outputs = self._results(inputs, first_step, self.shape.outputs, n=1)[0]
        right = targets.shape[1:] == outputs.shape and len(targets) in (1, len(self))
        if targets.dtype != np.float32 or not right:
            expected = ", ".join(str(length) for length in outputs.shape)
            raise ValueError(
                f"targets must be float32 (1 or {len(self)}, {expected}), "
                f"got {targets.dtype} {targets.shape}"
            )
        errors = np.empty((len(self), outputs.shape[1]))
        for i, blocks in enumerate(self._blocks_per_individual(inputs)):
            self._run(i, blocks, first_step, outputs=outputs)
            outputs -= targets[i % len(targets)]
            np.square(outputs, out=outputs)
            errors[i] = outputs.mean(axis=(0, 2), dtype=np.float64)
        return errors

    @property
    def read_distances(self) -> tuple[int, ...]:
        """Distance of each lag from the step to play; empty without a history."""
        lags = self.shape.readable[:DRAWN] if self.shape.by_content else self.shape.readable
        return tuple(lag + 1 for lag in lags)  # inputs are delayed by one step

    def read_weights(self, grid: BoolArray) -> Singles:
        """Return the first individual's weight of each distance, float32 (steps, distances)."""
        weights: Singles = self.attention(delayed(grid))[0, 0, :, : len(self.read_distances)]
        return weights

    def attention(self, inputs: Singles, first_step: int = 0) -> Singles:
        """Return read weights, float32 (n, sequences, steps - first_step, lags).

        There is one per lag of `Shape.readable`. By content, the prior has the rest.

        Args:
            inputs: See `forward`. For large batches use `reading`.
            first_step: First step to output.
        """
        shares = self._results(inputs, first_step, self._lags())
        for i, blocks in enumerate(self._blocks_per_individual(inputs)):
            self._run(i, blocks, first_step, weighed=shares[i])
        return shares

    def reading(self, inputs: Singles, first_step: int = 0) -> Reading:
        """Return the lag with the highest weight and the weights' entropy, per step.

        Args:
            inputs: See `forward`.
            first_step: First step to output.
        """
        shares = self._results(inputs, first_step, self._lags(), n=1)[0]
        lags = np.asarray(self.shape.readable, np.int64)
        lag = np.empty((len(self), *shares.shape[:2]), np.int64)
        entropy = np.empty(lag.shape, np.float32)
        for i, blocks in enumerate(self._blocks_per_individual(inputs)):
            self._run(i, blocks, first_step, weighed=shares)
            lag[i] = lags[shares.argmax(axis=2)]
            information = np.log2(np.maximum(shares, np.finfo(np.float32).tiny))
            entropy[i] = -np.einsum("stl,stl->st", shares, information)
        return Reading(lag, entropy)

    def _lags(self) -> int:
        if not self.shape.readable:
            raise ValueError("a plain LSTM reads no history")
        return len(self.shape.readable)

    def _results(self, inputs: Singles, first_step: int, width: int, n: int = 0) -> Singles:
        """Check the arguments, and allocate results of n individuals (default: all)."""
        form = f"inputs must be float32 (1 or {len(self)}, sequences, steps, {self.shape.inputs})"
        batches = (1, len(self))
        if inputs.dtype != np.float32:
            raise ValueError(f"{form}, got {inputs.dtype}")
        if inputs.ndim != 4 or inputs.shape[3] != self.shape.inputs or len(inputs) not in batches:
            raise ValueError(f"{form}, got {inputs.shape}")
        steps = inputs.shape[2]
        if not 0 <= first_step <= steps:
            raise ValueError(f"first_step must be from 0 to {steps}, got {first_step}")
        return np.zeros((n or len(self), inputs.shape[1], steps - first_step, width), np.float32)

    def _blocks_per_individual(self, inputs: Singles) -> "Sequence[Blocks]":
        if len(inputs) == 1:
            return [self._blocks(inputs[0])] * len(self)
        return LazyBlocks(inputs, self._blocks)

    def _blocks(self, sequences: Singles) -> Blocks:
        """Return sequences (sequences, steps, inputs) as the kernels take them."""
        if self.shape.by_content:
            return past_of(sequences, self.shape.keys, self.shape.melody)
        return blocks_of(sequences)

    def _run(
        self, i: int, blocks: Blocks, first: int, outputs: Singles = _NOTHING,
        weighed: Singles = _NOTHING,
    ) -> None:  # fmt: skip
        """Write outputs or read weights of individual i for blocks of sequences."""
        plan, weights, begin = self.shape.plan, self.weights[i], 0
        for block in blocks:
            count, *_, lanes = (block[0] if self.shape.by_content else block).shape
            end = begin + count * lanes
            if self.shape.by_content:
                run_past(plan, weights, block, lanes, first, outputs[begin:end], weighed[begin:end])
            elif len(outputs):
                run_sequences(plan, weights, block, lanes, first, outputs[begin:end])
            else:
                run_attention(plan, weights, block, lanes, first, weighed[begin:end])
            begin = end

    def probabilities(self, rolls: Sequence[BoolArray]) -> list[Singles]:
        """See `Performers`; the longest song must be the last."""
        inputs = np.zeros((1, len(rolls), *rolls[-1].shape), np.float32)
        for index, roll in enumerate(rolls):
            inputs[0, index, : len(roll)] = delayed(roll)[0, 0]
        outputs = self.forward(inputs)
        return [outputs[:, index, : len(roll)] for index, roll in enumerate(rolls)]

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`, and the module for activations."""
        keys = self._instrument()
        check_roll(grid, keys)
        activations = np.zeros((len(self), len(grid), keys), np.float32)
        if self.shape.by_content:
            chances = for_kernels(self.forward(delayed(grid))[:, 0])
            activations_of(self.shape.plan, chances, activations)
        else:
            follow_song(self.shape.plan, self.weights, delayed(grid)[0, 0], activations)
        return activations

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """See `Performers.perform`; melodies are sampled from their softmax.

        Args:
            prompt: See `Performers.perform`.
            steps: Steps to play.
            streams: See `Performers.perform`.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`; melodies ignore it.
        """
        keys = self._instrument()
        prompt_steps, played = prompted(prompt, steps, len(self), keys)
        drawn = 1 if self.shape.melody else keys
        chances = draw_chances(streams, temperature, len(self), steps, drawn)
        play = play_past if self.shape.by_content else play_on
        play(
            self.shape.plan, self.weights, prompt_steps, float(temperature), sampling, chances,
            played,
        )  # fmt: skip
        return played

    def _instrument(self) -> int:
        """Return the number of keys, or raise ValueError for other inputs."""
        if self.shape.inputs != self.shape.keys:
            raise ValueError(
                f"these HistoryUsers play no instrument: they receive {self.shape.inputs} numbers "
                f"and have {self.shape.keys} keys"
            )
        return self.shape.keys

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        weights = for_kernels(self.weights[selected(len(self), indices)])
        return unchecked(type(self), shape=self.shape, weights=weights)

    def parts(self) -> dict[str, Singles]:
        """Return the weights by name, as views (n, *shape); see `Shape.parts`."""
        return self.shape.views(self.weights)

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`; `architecture` is (index, keys, inputs, last)."""
        shape = self.shape
        code = ARCHITECTURES.index(shape.architecture)
        sizes = [code, shape.keys, shape.inputs, shape.last]
        return {
            "architecture": np.asarray(sizes, np.int64),
            "layers": np.asarray(shape.layers, np.int64),
            "lags": np.asarray(shape.lags, np.int64),
            **self.parts(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Ignored.
        """
        described = [_whole_numbers(arrays, name) for name in ("architecture", "layers", "lags")]
        sizes, layers, lags = described
        if len(sizes) != 4 or not 0 <= sizes[0] < len(ARCHITECTURES):
            raise GenomeError(f"architecture must be (code, keys, inputs, last), got {sizes}")
        code, keys, inputs, last = sizes
        shape = Shape(keys, inputs, layers, lags, ARCHITECTURES[code], last)
        first = arrays.get(next(iter(shape.parts)))
        n = len(first) if first is not None and first.ndim else 0
        parts = shape.parts.items()
        rows = [checked_field(arrays, name, np.float32, (n, *part.shape)) for name, part in parts]
        flat = [row.reshape(n, math.prod(row.shape[1:])) for row in rows]
        return cls(shape, np.concatenate(flat, axis=1))


def delayed(grid: BoolArray) -> Singles:
    """Return a song delayed by one step, float32 (1, 1, steps, keys)."""
    inputs = np.zeros((1, 1, *grid.shape), np.float32)
    inputs[0, 0, 1:] = grid[:-1]
    return inputs


def _whole_numbers(arrays: Mapping[str, NDArray[Any]], name: str) -> tuple[int, ...]:
    if name not in arrays:
        raise GenomeError(f"the arrays lack {name}")
    array = arrays[name]
    if array.dtype.kind not in "iu" or array.ndim != 1 or array.size > LARGEST:
        raise GenomeError(f"{name} must be whole numbers in a row, got {array.dtype} {array.shape}")
    return tuple(int(number) for number in array)
