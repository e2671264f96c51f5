"""Random search: every generation is drawn independently.

The champion is the best individual so far.

An engine that is not better with the same evaluations has found nothing.
"""

from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import State
from evo.engines.baselines.base import Baseline
from genomes.base import Performers


class RandomSearch(Baseline):
    """Random search; its settings are those of the base engine."""

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
        """Restore nothing: the population is a function of seed and generation."""
