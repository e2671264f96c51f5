"""Initial HistoryUsers and mutations of them, for the baselines."""

import numpy as np

from evo.engines.es.settings import StrategySettings
from evo.engines.operators import Operators
from genomes.base import Performers
from genomes.history_user.networks import HistoryUsers
from genomes.player import Player


class HistoryUserOperators(Operators[StrategySettings]):
    """The usual initial weights, and the evolution strategy's noise."""

    def __init__(self, settings: StrategySettings, player: Player | None) -> None:
        self._settings = settings
        self.size = settings.population.size

    def first(self, count: int, random: np.random.Generator) -> HistoryUsers:
        """See `Operators.first`.

        Args:
            count: Number of networks.
            random: Draws the weights.
        """
        shape, network = self._settings.shape, self._settings.network
        return HistoryUsers.initial(shape, random, count, network.scale, network.forget_bias)

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> HistoryUsers:
        """See `Operators.mutants`.

        Args:
            parent: A batch of one network.
            count: Number of copies.
            random: Draws the noise.
            strength: Factor of the configured sigma.
        """
        assert isinstance(parent, HistoryUsers)
        noise = random.standard_normal((count, parent.shape.weights), np.float32)
        noise *= np.float32(self._settings.strategy.sigma * strength)
        return HistoryUsers(parent.shape, parent.weights + noise)
