"""Evolution strategies for the weights of readers."""

from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.seeds import Role, stream
from evo.core.settings import changed
from evo.engines.es.engine import VectorStrategy
from evo.engines.es.settings import ReaderStrategySettings
from evo.engines.operators import Operators
from genomes.arrays import BoolArray, FloatArray, Singles
from genomes.base import Performers
from genomes.lessons import Taught
from genomes.player import Player
from genomes.reader.corpus import Corpus
from genomes.reader.player import ReaderPlayer
from genomes.reader.playing import play_on
from genomes.reader.readers import Readers
from genomes.reader.reading import song_chances

NOISE = 0.1  # deviation of the first mean's weights, so that seeds differ


def reader_player(settings: ReaderStrategySettings, player: Player | None) -> ReaderPlayer:
    """Return the player of readers, checked against the settings.

    Args:
        settings: The engine's settings.
        player: How performers are played; None for the usual one.

    Raises:
        InputError: If it has another shape.
    """
    shape = settings.shape
    own = ReaderPlayer(shape.keys) if player is None else ReaderPlayer.of(player)
    if own.keys != shape.keys:
        raise InputError(
            f"es-reader: the player has {own.keys} keys, the readers have {shape.keys}"
        )
    return own


class ReaderOperators(Operators[ReaderStrategySettings]):
    """Random weights, and the evolution strategy's noise."""

    def __init__(self, settings: ReaderStrategySettings, player: Player | None) -> None:
        self.size, self._settings = settings.population.size, settings
        self._corpus = Corpus.of(reader_player(settings, player))

    def first(self, count: int, random: np.random.Generator) -> Readers:
        """See `Operators.first`.

        Args:
            count: Number of readers.
            random: Draws the weights.
        """
        player = self._corpus.player
        return self._noisy(np.zeros((count, player.weights)), random, 1.0)

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Readers:
        """See `Operators.mutants`.

        Args:
            parent: A batch of one reader.
            count: Number of copies.
            random: Draws the noise.
            strength: Factor of the configured sigma.
        """
        assert isinstance(parent, Readers)
        return self._noisy(np.tile(parent.weights, (count, 1)), random, strength)

    def _noisy(self, weights: Any, random: np.random.Generator, strength: float) -> Readers:
        noise = random.standard_normal(weights.shape) * (self._settings.strategy.sigma * strength)
        return Readers(self._corpus, (weights + noise).astype(np.float32))


class ReaderStrategy(VectorStrategy[ReaderStrategySettings]):
    """The engine for readers.

    The songs to learn, if the fitness has any, are what their priors are counted in. They are no
    part of the engine's state; the champion has its own.
    """

    genome = Readers
    settings_type = ReaderStrategySettings
    operators = ReaderOperators
    _corpus: Corpus
    kernels = (song_chances, play_on)

    @classmethod
    def of_shape(
        cls, settings: ReaderStrategySettings, inputs: int, outputs: int
    ) -> ReaderStrategySettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Ignored.
            outputs: Keys.
        """
        return changed(settings, {"shape": {"keys": outputs}}, "es-reader")

    def teach(self, taught: Taught) -> None:
        """See `Engine.teach`.

        Args:
            taught: What should be played.
        """
        self.read(taught.rolls)

    def read(self, songs: tuple[BoolArray, ...]) -> None:
        """See `Engine.read`.

        Args:
            songs: Bool (steps, channels) each.
        """
        self._corpus = Corpus.of(self._corpus.player, songs)
        self._population = None

    def _check_player(self, player: Player | None) -> None:
        self._corpus = Corpus.of(reader_player(self.settings, player))

    def _first_mean(self) -> FloatArray:
        weights = self._corpus.player.weights
        return NOISE * stream(self.seed, Role.INITIALISE).standard_normal(weights)

    def _individuals(self, rows: Singles) -> Readers:
        return Readers(self._corpus, rows)
