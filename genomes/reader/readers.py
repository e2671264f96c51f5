"""Readers: players that read what followed the last time it was like this.

A reader predicts the next step by attention over the piece's own past. It compares the present with
every earlier step (`genomes.reader.pairs`) and weighs what was played there; a prior says what is
expected without a memory. It has some 30 weights, and up to four more per context of its prior.

    melody   the highest key of each step, or the rest; one probability per key, and for the rest
    others   steps are read whole, and every channel has a probability of its own

The prior is the same for all outputs, evolved, or counted in the learned songs (`corpus`). After
contexts it is a product of the probabilities after each of 25 contexts, with evolved exponents
(a log-linear mixture: Mattern, "Mixing strategies in data compression", 2012).

Played by chance, memory can be weighed by a temperature of its own, and a long literal copy costs
a price per step, so that a piece repeats itself and also goes on.

Memory order: one float32 matrix (n, weights), in the order of `ReaderPlayer.names`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

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
from genomes.individual import Individuals
from genomes.player import Player
from genomes.reader.corpus import Corpus
from genomes.reader.player import PRIORS, ReaderPlayer, ReaderSettings
from genomes.reader.playing import Playing, play_on
from genomes.reader.reading import activations_of, read_shares, song_chances
from genomes.reader.text import export_reader
from genomes.sampling import PLAIN, Sampling

DRAWN = 128  # distances
_NUMBERS = (
    "keys", "bar", "planes", "melody", "prior", "transposed", "reach", "copy_steps", "forms",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Readers(Individuals):
    """A batch of n readers of one player and one corpus.

    Nonfinite weights are allowed, as a diverging search creates them; such an individual fails
    alone.

    Raises:
        GenomeError: If the weights do not fit the player.
    """

    settings_type: ClassVar[Any] = ReaderSettings
    fixed_length: ClassVar[bool] = False

    corpus: Corpus
    weights: Singles  # (n, weights)

    def __post_init__(self) -> None:
        weights = checked_array("weights", self.weights, np.float32, ("n", self.player.weights))
        vars(self).update(weights=for_kernels(weights))

    @classmethod
    def player_of(cls, settings: ReaderSettings, keys: int) -> ReaderPlayer:
        """See `Performers.player_of`.

        Args:
            settings: What readers read.
            keys: Channels of the instrument.
        """
        return settings.player(keys)

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: keys, twice.

        Args:
            keys: Keys of the instrument.
            steps: Ignored.
            player: Ignored.
        """
        return keys, keys

    @property
    def player(self) -> ReaderPlayer:
        """What is read."""
        return self.corpus.player

    @property
    def keys(self) -> int:
        """Keys of the instrument."""
        return self.player.keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`: reader.json and reader.txt (`genomes.reader.text`)."""
        return export_reader(self.player, self.weights, len(self.corpus.songs), about)

    def improvising(self) -> Self:
        """See `Performers.improvising`; a reader cannot."""
        raise ValueError("is a reader, which has no extra input and cannot improvise")

    def __repr__(self) -> str:
        return short_repr(self, reader=len(self), key=self.keys, weight=self.player.weights)

    def __len__(self) -> int:
        return len(self.weights)

    def probabilities(self, rolls: Sequence[BoolArray]) -> list[Singles]:
        """Return the probabilities of every step of songs, given the true past.

        Args:
            rolls: Bool (steps, channels) each.

        Returns:
            Float32 (n, steps, outputs) each. The outputs of a melody are the keys and the rest;
            otherwise each is the probability of a channel.
        """
        found = []
        for roll in rolls:
            check_roll(roll, self.keys)
            chances = np.empty((len(self), len(roll), self.player.outputs), np.float32)
            if len(roll):
                song_chances(self.player.layout, self.weights, self.corpus.known(roll), chances)
            found.append(chances)
        return found

    @property
    def read_distances(self) -> tuple[int, ...]:
        """Distances that are drawn: those of the nearest steps that can be read."""
        return tuple(range(1, min(self.player.reach, DRAWN) + 1))

    def read_weights(self, grid: BoolArray) -> Singles:
        """Return the shares of the first reader, float32 (steps, distances); see `read_shares`."""
        check_roll(grid, self.keys)
        shares = np.zeros((len(grid), len(self.read_distances)), np.float32)
        read_shares(self.player.layout, self.weights[0], self.corpus.known(grid), shares)
        return shares

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`.

        Of a melody, a key's activation is the logarithm of its probability less the highest other
        one, so that at most one key sounds. Otherwise it is the log-odds.
        """
        chances = self.probabilities([grid])[0]
        activations = np.empty((*chances.shape[:2], self.keys), np.float32)
        activations_of(self.player.layout, chances, activations)
        return activations

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """See `Performers.perform`; melodies are drawn from the keys and the rest.

        Args:
            prompt: See `Performers.perform`.
            steps: Steps to play.
            streams: See `Performers.perform`.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`; melodies ignore it.
        """
        player = self.player
        prompt_steps, played = prompted(prompt, steps, len(self), self.keys)
        drawn = 1 if player.melody else self.keys
        chances = draw_chances(streams, temperature, len(self), steps + 1, drawn)
        by_chance = temperature > 0.0
        playing = Playing(
            float(temperature),
            1.0 / player.memory_temperature if by_chance else 1.0,
            player.copy_price if by_chance else 0.0,
            player.copy_steps,
        )
        forms = self.corpus.forms.lasting(-(-steps // player.bar))
        play_on(
            player.layout, self.weights, self.corpus.table, self.corpus.after(), prompt_steps,
            playing, forms, sampling, chances, played,
        )  # fmt: skip
        return played

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        weights = for_kernels(self.weights[selected(len(self), indices)])
        return unchecked(type(self), corpus=self.corpus, weights=weights)

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`; `reader` has the player's whole numbers, then others."""
        player = self.player
        values = {name: getattr(player, name) for name in _NUMBERS}
        values["prior"] = PRIORS.index(player.prior)
        return {
            "reader": np.asarray(list(values.values()), np.int64),
            "playing": np.asarray([player.copy_price, player.memory_temperature], np.float64),
            "weights": self.weights,
            **self.corpus.to_arrays(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Ignored.
        """
        numbers = checked_field(arrays, "reader", np.int64, (len(_NUMBERS),)).tolist()
        values: dict[str, Any] = dict(zip(_NUMBERS, numbers, strict=True))
        for name in ("melody", "transposed", "forms"):
            if values[name] not in (0, 1):
                raise GenomeError(f"reader: {name} must be 0 or 1, got {values[name]}")
            values[name] = bool(values[name])
        if not 0 <= values["prior"] < len(PRIORS):
            raise GenomeError(f"reader: there is no prior {values['prior']}")
        values["prior"] = PRIORS[values["prior"]]
        playing: FloatArray = checked_field(arrays, "playing", np.float64, (2,))
        price, temperature = playing.tolist()
        player = ReaderPlayer(**values, copy_price=price, memory_temperature=temperature)
        weights = checked_field(arrays, "weights", np.float32, ("n", player.weights))
        return cls(Corpus.from_arrays(arrays, player), weights)
