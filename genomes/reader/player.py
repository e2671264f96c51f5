"""What readers read: the settings, and the names of their weights.

A reader has a weight per feature of a pair of steps, one for the prior, and those of the prior.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, Self, get_args

import msgspec
from msgspec import Meta

from genomes.errors import GenomeError
from genomes.player import Player
from genomes.reader.contexts import BY_INTERVAL, BY_SYMBOL
from genomes.reader.pairs import LENGTHS, MOVED, RHYTHMS

Prior = Literal["uniform", "evolved", "frequencies", "contexts"]
PRIORS: tuple[Prior, ...] = get_args(Prior)
UNIFORM, EVOLVED, FREQUENCIES, IN_CONTEXT = range(4)

MAX_BAR = 65_536
MAX_REACH = 32_768
MAX_PRICE = 1e3
USUAL_BAR = 8  # where songs have different bars
MODULO, EXACTLY = (2, 4, 8, 16, 32), (8, 16, 32, 64)
NEAR = 8  # steps
EVIDENCE = ("new", "rare", "some", "often")

_PAIRS = (
    *(f"keys {length}" for length in LENGTHS),
    *(f"rhythm {length}" for length in RHYTHMS),
    *(f"distance modulo {period}" for period in MODULO),
    *(f"distance {distance}" for distance in EXACTLY),
    f"distance below {NEAR}",
    "logarithm of distance",
    "whole bars",
    "one bar",
    "agreement",
    "agreement above 0.9",
)


class ReaderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of what readers read, and of how they play by chance."""

    bar: Annotated[
        int, Meta(ge=0, le=MAX_BAR, description="Steps of a bar; 0 for 8, if songs differ.")
    ] = USUAL_BAR
    planes: Annotated[
        int,
        Meta(ge=1, le=2, description="1 for onsets; 2 for onsets, and then the keys that sound."),
    ] = 1
    melody: Annotated[
        bool,
        Meta(
            description="Play one key or a rest at a time; otherwise every key has a probability "
            "of its own, as it always has with planes = 2."
        ),
    ] = True
    prior: Annotated[
        Prior,
        Meta(
            description="What is expected without a memory: all alike, evolved, or counted in the "
            "learned songs without the one that is read: frequencies, or those after contexts."
        ),
    ] = "evolved"
    transposed: Annotated[
        bool, Meta(description="Also read melodies that are transposed (melody only).")
    ] = False
    reach: Annotated[int, Meta(ge=1, le=MAX_REACH, description="Steps back that can be read.")] = (
        512
    )
    copy_price: Annotated[
        float,
        Meta(
            ge=0,
            le=MAX_PRICE,
            description="Playing by chance: fall of the log-weight of memory per step that has "
            "been copied beyond copy_steps.",
        ),
    ] = 0.5
    copy_steps: Annotated[
        int, Meta(ge=0, le=MAX_BAR, description="Playing by chance: steps that are copied freely.")
    ] = 16
    memory_temperature: Annotated[
        float,
        Meta(
            gt=0,
            le=1e3,
            description="Playing by chance: divides the log-weights of memory; above 1 it varies "
            "more.",
        ),
    ] = 1.0
    forms: Annotated[
        bool,
        Meta(
            description="Playing a melody by chance: restate bars, close phrases and end where a "
            "learned song does."
        ),
    ] = True

    def player(self, keys: int) -> "ReaderPlayer":
        """Return the player of an instrument with `keys` channels.

        Raises:
            GenomeError: If the settings do not describe a player.
        """
        return ReaderPlayer(
            keys,
            bar=self.bar or USUAL_BAR,
            planes=self.planes,
            melody=self.melody and self.planes == 1,
            prior=self.prior,
            transposed=self.transposed and self.melody and self.planes == 1,
            reach=self.reach,
            copy_price=self.copy_price,
            copy_steps=self.copy_steps,
            memory_temperature=self.memory_temperature,
            forms=self.forms,
        )


class Layout(NamedTuple):
    """A player as kernels read it: its numbers, and the first index of each part of the weights."""

    channels: int
    outputs: int
    bar: int
    reach: int
    melody: bool
    transposed: bool
    prior: int
    rhythm: int
    distance: int
    agreement: int
    memory: int
    moved: int
    own: int


@dataclass(frozen=True)
class ReaderPlayer(Player):
    """The numbers that readers of one kind share; see `ReaderSettings`.

    Raises:
        GenomeError: If the values are inconsistent.
    """

    lags: tuple[int, ...] = (1,)
    off: float = 0.0
    before_start: float = 0.0
    bar: int = USUAL_BAR
    planes: int = 1
    melody: bool = True
    prior: Prior = "evolved"
    transposed: bool = False
    reach: int = 512
    copy_price: float = 0.5
    copy_steps: int = 16
    memory_temperature: float = 1.0
    forms: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, low, high in (
            ("bar", 1, MAX_BAR), ("reach", 1, MAX_REACH), ("copy_steps", 0, MAX_BAR),
            ("copy_price", 0, MAX_PRICE),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise GenomeError(
                    f"{name} must be from {low} to {high:,}, got {getattr(self, name)}"
                )
        if not 0 < self.memory_temperature <= 1e3:
            raise GenomeError(
                f"memory_temperature must be above 0, to 1000, got {self.memory_temperature}"
            )
        if self.planes not in (1, 2) or self.keys % self.planes:
            raise GenomeError(
                f"planes must be 1, or 2 with an even number of keys, got {self.planes} with "
                f"{self.keys} keys"
            )
        if self.prior not in PRIORS:
            raise GenomeError(f"prior must be one of {', '.join(PRIORS)}, got {self.prior!r}")
        if (self.melody or self.transposed) and self.planes == 2:
            raise GenomeError("planes must be 1 for a melody, got 2")
        if self.transposed and not self.melody:
            raise GenomeError("transposed must be False without a melody")

    @classmethod
    def of(cls, player: Player) -> Self:
        """Return a player's keys as a player of readers."""
        return player if isinstance(player, cls) else cls(player.keys)

    @property
    def outputs(self) -> int:
        """Probabilities per step: of a melody, one more than keys, for the rest."""
        return self.keys + self.melody

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the weights, in their order."""
        names = [*_PAIRS, "prior"]
        if self.transposed:
            names += [f"transposed keys {length}" for length in MOVED]
        if self.prior == "evolved":
            names += [f"channel {channel}" for channel in range(self.keys)]
            names += ["rest"] * self.melody
        elif self.prior == "contexts" and self.melody:
            contexts = [*BY_SYMBOL, *(f"interval after {name}" for name in BY_INTERVAL)]
            names += [f"{name}: {evidence}" for name in contexts for evidence in EVIDENCE]
        return tuple(names)

    @property
    def weights(self) -> int:
        """Number of weights."""
        return len(self.names)

    @cached_property
    def layout(self) -> Layout:
        """The player as kernels read it."""
        rhythm, memory = len(LENGTHS), len(_PAIRS)
        moved = memory + 1
        return Layout(
            self.keys,
            self.outputs,
            self.bar,
            self.reach,
            self.melody,
            self.transposed,
            PRIORS.index(self.prior),
            rhythm,
            rhythm + len(RHYTHMS),
            memory - 2,
            memory,
            moved,
            moved + len(MOVED) * self.transposed,
        )
