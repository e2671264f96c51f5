"""Random search: every generation is drawn anew, and the champion is the best ever drawn.

What an engine finds with the same evaluations and does not beat this has found nothing.
"""

from evo.engines.baseline import Baseline
from evo.engines.operators import GridOperators, HistoryUserOperators, NetworkOperators
from evo.scores import Scores
from evo.seeds import Role, stream
from evo.state import State
from genomes.performers import Performers


class RandomSearch(Baseline):
    """The search; its settings are the base's."""

    _population: Performers | None = None

    def ask(self) -> Performers:
        """See `Engine.ask`."""
        if self._population is None:
            random = stream(self.seed, Role.INITIALISE, self.generation)
            self._population = self._operators.first(self._operators.size, random)
        return self._population

    def _breed(self, scores: Scores) -> None:
        self._population = None

    def _state(self) -> State:
        return State()

    def _restore(self, state: State) -> None:
        """The population is drawn by the generation's number."""


class RandomNetworks(RandomSearch):
    """Random search among networks."""

    operators = NetworkOperators


class RandomGrids(RandomSearch):
    """Random search among note grids."""

    operators = GridOperators


class RandomHistoryUsers(RandomSearch):
    """Random search among HistoryUsers."""

    operators = HistoryUserOperators
