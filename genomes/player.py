"""How a network plays an instrument: which past it hears, and when one of its outputs sounds.

A network knows numbers only. The player lays the past of a song out as the network's inputs, key
by key within lag by lag: input i is key `i % keys` at lag `lags[i // keys]`, `on` where it sounded
and `off` where it did not, `before_start` before the first step; after them come the constant
`extra_inputs`. A key sounds when its output is greater than `threshold`, or, where the player has
`voices`, when it is among so many of the highest: a melody has one.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from reprlib import repr as short
from typing import Annotated, Any, Self

import msgspec
import numpy as np
from msgspec import Meta

from genomes.arrays import BoolArray, FloatArray
from genomes.base import check_roll
from genomes.errors import GenomeError

# Beyond any use, and refused before memory is taken for it: keys times the longest lag, and inputs.
LARGEST_PAST = 1 << 24
LARGEST_INPUTS = 1 << 20

Level = Annotated[float, Meta(ge=-1e6, le=1e6)]


class PlayerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How networks are played: what of the past is an input, and at which levels."""

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
        """Return the player of an instrument; ValueError if the settings describe none."""
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
    """The layout of inputs and outputs; `player.json` beside an exported network.

    Raises GenomeError for values that make no player.
    """

    keys: int
    lags: tuple[int, ...]
    off: float = -1.0
    on: float = 1.0
    before_start: float = -1.0
    threshold: float = 0.0
    extra_inputs: tuple[float, ...] = ()
    voices: int = 0  # so many keys sound at every step; 0: all above the threshold

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
        """How many inputs a network of this player has."""
        return self.keys * len(self.lags) + len(self.extra_inputs)

    def hear(self, grid: BoolArray) -> FloatArray:
        """The inputs at every step of a song: float64 (inputs, steps); column t is the past of t.

        `grid` is bool (steps, keys). Raises ValueError if it has another number of keys.
        """
        check_roll(grid, self.keys)
        steps = len(grid)
        heard = np.full((self.inputs, steps), self.before_start)
        sounds = np.where(grid.T, self.on, self.off)
        for place, lag in enumerate(self.lags):
            rows = slice(place * self.keys, (place + 1) * self.keys)
            heard[rows, lag:] = sounds[:, : max(steps - lag, 0)]
        for place, constant in enumerate(self.extra_inputs, start=self.keys * len(self.lags)):
            heard[place] = constant
        return heard

    def activations(self, outputs: FloatArray) -> FloatArray:
        """What outputs, float64 (.., keys), say: as many numbers; a key sounds where they are > 0.

        The output less the threshold. With voices a margin instead, and the threshold is of no
        matter: of the highest outputs, ties to the lower key, what each is above the highest of
        the others (the smallest number where they tie); of the others, what each is below the
        lowest of those, at most 0. An output that is no number stays so, and its key is silent.
        """
        if not self.voices:
            return outputs - self.threshold
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
        """Plain JSON values, of which `from_values` makes the player again.

        Without `voices` where there are none: what reads such a file knows the threshold alone.
        """
        values = asdict(self)
        if not self.voices:
            del values["voices"]
        return values | {"lags": list(self.lags), "extra_inputs": list(self.extra_inputs)}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The player that `to_values` described; GenomeError for values that describe none."""
        names = {one.name for one in fields(cls)}
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


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _is_finite(number: Any) -> bool:
    """Whether something is a number that float64 can hold."""
    whole = _is_whole(number) and abs(int(number)) < 1 << 1023
    return whole or (isinstance(number, float) and math.isfinite(number))
