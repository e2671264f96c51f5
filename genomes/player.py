"""How a network plays an instrument: layout of its inputs, threshold of its outputs.

The inputs are the past of a song, ordered by lag and then by key. Input i is key `i % keys` at lag
`lags[i // keys]`: `on` if it sounded, `off` if not, and `before_start` before the first step. Then
follow the constant `extra_inputs`. A key sounds if its output is greater than `threshold`. If the
player has `voices`, that number of highest outputs sound instead; a melody has one voice.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from reprlib import repr as short
from typing import Annotated, Any, Self

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from genomes.arrays import Arrays, BoolArray, FloatArray, checked_field
from genomes.base import check_roll
from genomes.errors import GenomeError

# Maximum of keys times the longest lag, and of inputs; checked before allocating.
LARGEST_PAST = 1 << 24
LARGEST_INPUTS = 1 << 20

Level = Annotated[float, Meta(ge=-1e6, le=1e6)]


class PlayerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the inputs of networks: lags and levels."""

    lags: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65_536)], ...],
        Meta(description="Steps back that are inputs."),
    ] = tuple(range(1, 9))
    off: Annotated[Level, Meta(description="Input of a key that did not sound.")] = 0.0
    on: Annotated[Level, Meta(description="Input of a key that sounded.")] = 1.0
    before_start: Annotated[Level, Meta(description="Input for steps before the first.")] = -1.0
    extra_inputs: Annotated[
        tuple[Level, ...],
        Meta(description="Constant inputs; they are 0 when a champion improvises."),
    ] = ()

    def player(self, keys: int) -> "Player":
        """Return the player of an instrument with `keys`.

        Raises:
            ValueError: If the settings do not describe a player.
        """
        return Player(
            keys,
            self.lags,
            off=self.off,
            on=self.on,
            before_start=self.before_start,
            extra_inputs=self.extra_inputs,
        )


@dataclass(frozen=True)
class Player:
    """The layout of inputs and outputs; stored as `player.json` with exported networks.

    Attributes:
        keys: Keys of the instrument, one output each.
        lags: Distances in steps of the past steps that are inputs, each with one input per key.
        off: Input of a silent key.
        on: Input of a sounding key.
        before_start: Input for steps before the first.
        threshold: A key sounds if its output is above it.
        extra_inputs: Values of further, constant inputs.
        voices: Number of keys that sound at every step; 0 for all above the threshold.

    Raises:
        GenomeError: If the values are inconsistent.
    """

    keys: int
    lags: tuple[int, ...]
    off: float = -1.0
    on: float = 1.0
    before_start: float = -1.0
    threshold: float = 0.0
    extra_inputs: tuple[float, ...] = ()
    voices: int = 0

    def __post_init__(self) -> None:
        lags = self.lags
        for name, numbers in (("keys", [self.keys]), ("lags", lags), ("voices", [self.voices])):
            if not all(_is_whole(number) for number in numbers):
                raise GenomeError(
                    f"{name} must be of whole numbers, got {short(getattr(self, name))}"
                )
        if self.keys < 1:
            raise GenomeError(f"keys must be at least 1, got {self.keys}")
        if not lags or min(lags) < 1 or len(set(lags)) != len(lags):
            raise GenomeError(f"lags must be distinct whole numbers from 1, got {short(lags)}")
        if self.voices and not 0 <= self.voices < self.keys:
            raise GenomeError(
                f"voices must be 0 or fewer than the {self.keys} keys, got {self.voices}"
            )
        if self.keys * max(lags) > LARGEST_PAST or self.inputs > LARGEST_INPUTS:
            raise GenomeError(
                f"keys times the longest lag must be at most {LARGEST_PAST:,}, and inputs "
                f"{LARGEST_INPUTS:,}, got {self.keys} keys and lags up to {max(lags)}"
            )
        for name in ("off", "on", "before_start", "threshold"):
            if not _is_finite(getattr(self, name)):
                raise GenomeError(
                    f"{name} must be a finite number, got {short(getattr(self, name))}"
                )
        if not all(_is_finite(number) for number in self.extra_inputs):
            raise GenomeError(
                f"extra_inputs must be finite numbers, got {short(self.extra_inputs)}"
            )

    @property
    def inputs(self) -> int:
        """Number of inputs of a network."""
        return self.keys * len(self.lags) + len(self.extra_inputs)

    def input_rows(self, grid: BoolArray) -> FloatArray:
        """Return the inputs for every step of a song.

        Args:
            grid: Bool (steps, keys).

        Returns:
            Float64 (inputs, steps); column t is the past of step t.

        Raises:
            ValueError: If the number of keys differs.
        """
        check_roll(grid, self.keys)
        steps = len(grid)
        inputs = np.full((self.inputs, steps), self.before_start)
        sounds = np.where(grid.T, self.on, self.off)
        for index, lag in enumerate(self.lags):
            rows = slice(index * self.keys, (index + 1) * self.keys)
            inputs[rows, lag:] = sounds[:, : max(steps - lag, 0)]
        for index, constant in enumerate(self.extra_inputs, start=self.keys * len(self.lags)):
            inputs[index] = constant
        return inputs

    def activations(self, outputs: FloatArray) -> FloatArray:
        """Return activations from outputs; a key sounds if its activation is > 0.

        Without voices it is the output minus the threshold. With `voices` it is a margin, and
        `threshold` is ignored. For the highest outputs (ties: lower key first) the margin is the
        distance to the highest other output, or the smallest positive number if they tie. For the
        others it is the distance to the lowest of these, at most 0. NaN stays NaN, and its key is
        silent.

        Args:
            outputs: Float64 (.., keys).

        Returns:
            Float64 (.., keys).
        """
        if not self.voices:
            return outputs - self.threshold if self.threshold else outputs
        ranks = np.argsort(np.argsort(-outputs, axis=-1, kind="stable"), axis=-1)  # NaN is last
        number = ~np.isnan(outputs)
        chosen = (ranks < self.voices) & number
        rest = np.where(chosen | ~number, -np.inf, outputs).max(axis=-1, keepdims=True)
        lowest = np.where(chosen, outputs, np.inf).min(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):  # infinity less infinity, where they tie
            above = np.where(outputs > rest, outputs - rest, np.finfo(np.float64).tiny)
            below = np.where(outputs == lowest, 0.0, outputs - lowest)
        return np.where(chosen, above, below)

    def to_values(self) -> dict[str, Any]:
        """Return the player as plain JSON values for `from_values`.

        `voices` is omitted if 0, as some readers of the file only know the threshold.
        """
        values = asdict(self)
        if not self.voices:
            del values["voices"]
        return values | {"lags": list(self.lags), "extra_inputs": list(self.extra_inputs)}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Return the player described by `to_values`.

        Raises:
            GenomeError: If the values do not describe a player.
        """
        names = {entry.name for entry in fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise GenomeError(f"a player has no {unknown[0]}")
        sequences = {}
        for name in ("lags", "extra_inputs"):
            if not isinstance(values.get(name), list | tuple):
                raise GenomeError(
                    f"{name} must be a list of numbers, got {short(values.get(name))}"
                )
            sequences[name] = tuple(values[name])
        if "keys" not in values:
            raise GenomeError("a player needs keys")
        return cls(**{**values, **sequences})

    def to_arrays(self) -> Arrays:
        """Return everything but the keys as arrays, for the arrays of a batch."""
        levels = [self.off, self.on, self.before_start, self.threshold]
        return {
            "player_lags": np.asarray(self.lags, np.int64),
            "player_levels": np.asarray(levels),
            "player_extra_inputs": np.asarray(self.extra_inputs, np.float64),
            "player_voices": np.asarray(self.voices, np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], keys: int) -> Self:
        """Return the player described by `to_arrays`.

        Args:
            arrays: The arrays of a batch.
            keys: Keys of the instrument.

        Raises:
            GenomeError: If the arrays do not describe a player.
        """
        off, on, before_start, threshold = checked_field(
            arrays, "player_levels", np.float64, (4,)
        ).tolist()
        voices = 0  # arrays of earlier versions have no voices
        if "player_voices" in arrays:
            voices = int(checked_field(arrays, "player_voices", np.int64, ()))
        return cls(
            keys=keys,
            lags=tuple(checked_field(arrays, "player_lags", np.int64, ("lags",)).tolist()),
            off=off,
            on=on,
            before_start=before_start,
            threshold=threshold,
            extra_inputs=tuple(
                checked_field(arrays, "player_extra_inputs", np.float64, ("inputs",)).tolist()
            ),
            voices=voices,
        )


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _is_finite(number: Any) -> bool:
    """Return whether a value is a number within the range of float64."""
    whole = _is_whole(number) and abs(int(number)) < 1 << 1023
    return whole or (isinstance(number, float) and math.isfinite(number))
