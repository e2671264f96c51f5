"""First HistoryUsers and mutations of them, for searches that do nothing else."""

import numpy as np

from evo.engines.base import Operators
from evo.engines.es.settings import StrategySettings
from genomes.base import Performers
from genomes.history_user.networks import HistoryUsers
from genomes.player import Player


class HistoryUserOperators(Operators[StrategySettings]):
    """HistoryUsers as networks are usually begun, and the evolution strategy's noise."""

    def __init__(self, settings: StrategySettings, player: Player | None) -> None:
        self._settings = settings
        self.size = settings.population.size

    def first(self, count: int, random: np.random.Generator) -> HistoryUsers:
        """See `Operators.first`."""
        shape, network = self._settings.shape, self._settings.network
        return HistoryUsers.initial(shape, random, count, network.scale, network.forget_bias)

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> HistoryUsers:
        """See `Operators.mutants`."""
        assert isinstance(parent, HistoryUsers)
        noise = random.standard_normal((count, parent.shape.weights), np.float32)
        noise *= np.float32(self._settings.strategy.sigma * strength)
        return HistoryUsers(parent.shape, parent.weights + noise)
