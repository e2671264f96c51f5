"""What formulas read: keys at lags, and positions in the bar.

Every input is true or false. The first inputs are ordered by lag and then by channel, as those of
`genomes.player.Player`: input i is true if channel `i % keys` sounded `lags[i // keys]` steps ago.
Before the first step nothing sounded. The last `bar` inputs are the positions in the bar: one of
them is true at each step.

Relative formulas are one list of rules for all keys. Their inputs are intervals instead of
channels: a key so many semitones above or below the one that is decided. Keys beyond the instrument
are silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Self

import msgspec
import numpy as np
from msgspec import Meta

from genomes.arrays import BoolArray, Indices
from genomes.base import check_roll
from genomes.errors import GenomeError
from genomes.lessons import Lessons, Taught
from genomes.player import LARGEST_INPUTS, Player

MAX_BAR = 65_536


class FormulaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of what formulas read."""

    lags: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65_536)], ...],
        Meta(description="Steps back that are read."),
    ] = tuple(range(1, 65))
    bar: Annotated[
        int,
        Meta(ge=0, le=MAX_BAR, description="Steps of a bar whose positions are read; 0 for none."),
    ] = 8
    planes: Annotated[
        int,
        Meta(ge=1, le=2, description="1 for onsets; 2 for onsets, and then the keys that sound."),
    ] = 1
    relative: Annotated[
        bool, Meta(description="One list of rules for all keys, which reads intervals.")
    ] = False

    # As a network's settings: steps before the first are silent.
    off = 0.0
    before_start = 0.0

    def player(self, keys: int) -> "FormulaPlayer":
        """Return the player of an instrument with `keys` channels.

        Raises:
            GenomeError: If the settings do not describe a player.
        """
        return FormulaPlayer(
            keys, self.lags, bar=self.bar, planes=self.planes, relative=self.relative
        )


class Inputs(NamedTuple):
    """The inputs as kernels read them.

    Attributes:
        lag: int64 (inputs,), steps back; 0 for a position in the bar.
        place: int64 (inputs,), the channel, the position in the bar, or the interval in semitones.
        plane: int64 (inputs,), first channel of the plane that an interval is in.
        span: Keys of a plane, if intervals are read; otherwise 0.
        bar: Steps of a bar, at least 1.
    """

    lag: Indices
    place: Indices
    plane: Indices
    span: int
    bar: int


@dataclass(frozen=True)
class FormulaPlayer(Player):
    """The numbering of the inputs of formulas; see the module's docstring.

    Attributes:
        bar: Steps of a bar whose positions are inputs; 0 for none.
        planes: 1 for onsets; 2 for onsets, and then the keys that sound.
        relative: Whether intervals are read, by one list of rules per plane.

    Raises:
        GenomeError: If the values are inconsistent.
    """

    off: float = 0.0
    before_start: float = 0.0
    bar: int = 0
    planes: int = 1
    relative: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.bar <= MAX_BAR:
            raise GenomeError(f"bar must be from 0 to {MAX_BAR:,}, got {self.bar}")
        if self.planes not in (1, 2) or self.keys % self.planes:
            raise GenomeError(
                f"planes must be 1, or 2 with an even number of keys, got {self.planes} with "
                f"{self.keys} keys"
            )
        if self.inputs > LARGEST_INPUTS:
            raise GenomeError(f"inputs must be at most {LARGEST_INPUTS:,}, got {self.inputs:,}")

    @classmethod
    def of(cls, player: Player) -> Self:
        """Return a player's keys and lags as a player of formulas."""
        return player if isinstance(player, cls) else cls(player.keys, player.lags)

    @property
    def span(self) -> int:
        """Keys of a plane."""
        return self.keys // self.planes

    @property
    def width(self) -> int:
        """Inputs of a lag."""
        return self.planes * (2 * self.span - 1) if self.relative else self.keys

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.width * len(self.lags) + self.bar

    @property
    def lists(self) -> int:
        """Number of rule lists of an individual."""
        return self.planes if self.relative else self.keys

    def table(self) -> Inputs:
        """Return the inputs as kernels read them."""
        lag, column = np.divmod(np.arange(self.width * len(self.lags)), self.width)
        plane, place = np.zeros_like(column), column
        if self.relative:
            plane, place = np.divmod(column, 2 * self.span - 1)
            plane, place = plane * self.span, place - (self.span - 1)
        positions, none = np.arange(self.bar), np.zeros(self.bar, np.int64)
        return Inputs(
            np.concatenate([np.asarray(self.lags, np.int64)[lag], none]),
            np.concatenate([place, positions]),
            np.concatenate([plane, none]),
            self.span if self.relative else 0,
            max(self.bar, 1),
        )

    def windows(self, roll: BoolArray) -> BoolArray:
        """Return the inputs before every step of a song.

        Args:
            roll: bool (steps, keys).

        Returns:
            bool (inputs, steps); with intervals (inputs, span, steps), for each key.

        Raises:
            ValueError: If the number of keys differs.
        """
        check_roll(roll, self.keys)
        steps, span = len(roll), self.span
        shape = (self.inputs, span, steps) if self.relative else (self.inputs, steps)
        read = np.zeros(shape, np.bool_)
        for index, lag in enumerate(self.lags):
            past = roll[: max(steps - lag, 0)].T
            block = read[index * self.width : (index + 1) * self.width]
            if not self.relative:
                block[:, lag:] = past
                continue
            for plane in range(self.planes):
                keys = past[plane * span : (plane + 1) * span]
                for interval in range(1 - span, span):
                    row = block[plane * (2 * span - 1) + interval + span - 1]
                    low, high = max(0, -interval), min(span, span - interval)
                    row[low:high, lag:] = keys[low + interval : high + interval]
        for position in range(self.bar):
            read[self.inputs - self.bar + position, ..., position :: self.bar] = True
        return read

    def lessons(self, taught: Taught) -> Lessons:
        """Return what should be played after each window.

        Args:
            taught: Rolls to be played, each bool (steps, keys).

        Raises:
            ValueError: If the number of keys differs.
        """
        first = taught.prompt_steps
        windows = [self._rows(self.windows(roll)[..., first:]) for roll in taught.rolls]
        wanted = [self._rows(self._by_list(roll[first:].T)) for roll in taught.rolls]
        return Lessons.of(np.concatenate(windows, axis=1), np.concatenate(wanted, axis=1))

    def _by_list(self, wanted: BoolArray) -> BoolArray:
        """Return wanted keys, bool (keys, steps), by rule list and key."""
        return wanted.reshape(self.planes, self.span, -1) if self.relative else wanted

    @staticmethod
    def _rows(array: BoolArray) -> BoolArray:
        return array.reshape(len(array), -1)


def checked_lags(lags: Sequence[int] | Indices) -> tuple[int, ...]:
    """Return lags from an array as a tuple of ints."""
    return tuple(int(lag) for lag in lags)


def player_of_arrays(shape: Any, lags: Any) -> FormulaPlayer:
    """Return the player described by the arrays of a batch.

    Args:
        shape: int64 (4,): keys, bar, planes, and 1 if relative.
        lags: int64 (any,).

    Raises:
        GenomeError: If they describe none.
    """
    keys, bar, planes, relative = (int(number) for number in shape)
    if relative not in (0, 1):
        raise GenomeError(f"shape: relative must be 0 or 1, got {relative}")
    return FormulaPlayer(keys, checked_lags(lags), bar=bar, planes=planes, relative=bool(relative))
