"""The (1+1) evolutionary algorithm: a mutant of the best so far replaces it unless it is worse.

It was the first evolution strategy (Rechenberg, "Evolutionsstrategie", 1973), and is still what any
population has to be better than. Real numbers are mutated by the 1/5 success rule in the form of
Kern et al. ("Learning probability distributions in continuous evolutionary algorithms", 2004):
after a better mutant their strength is multiplied by 1.5, after another divided by 1.5 to the 1/4.

    [search]
    offspring           mutants a generation, 1; more make it a (1+lambda), whose generations cost
                        less time an evaluation, and of whose mutants only the best can replace the
                        parent

The other tables are the base's (`evo.engines.baselines.operators`). A parent is never judged
again: with a fitness that is noisy it is mostly the luckiest, and with one whose scores of
different generations are no measure of each other there is nothing to keep it by: `forget` raises
BreedingError.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import State
from evo.engines.base import Settings
from evo.engines.baselines.base import Baseline
from evo.engines.baselines.operators import GridOperators, HistoryUserOperators, NetworkOperators
from evo.engines.settings import number_of, table_of
from genomes.base import Performers
from genomes.player import Player

_GROWTH = 1.5
_WEAKEST, _STRONGEST = 1e-4, 10.0
_OWN = {"search": {"offspring": 1}}


class OnePlusOne(Baseline):
    """The algorithm; see the module's docstring for its settings."""

    own_tables = _OWN

    def __init__(self, settings: Settings, *, seed: int, player: Player | None = None) -> None:
        super().__init__(settings, seed=seed, player=player)
        table = table_of("one-plus-one", "search", settings.get("search", {}), _OWN["search"])
        self._offspring = number_of(
            "one-plus-one", "search.offspring", table["offspring"], int, (1, 1 << 20)
        )
        self._population: Performers | None = None
        self._parent: Performers | None = None  # None before anybody was scored
        self._score = -np.inf
        self._strength = 1.0

    @classmethod
    def limits(cls, config: Mapping[str, Any], tables: Settings, own: Settings) -> dict[str, Any]:
        """See `Baseline.limits`: what is counted in generations of the base, in evaluations."""
        size = cls.operators(tables, None).size
        offspring: int = max(1, own["search"]["offspring"])

        def as_long(generations: int) -> int:
            return -(-generations * size // offspring)

        stop, checkpoints = dict(config["stop"]), dict(config["checkpoints"])
        if stop["generations"] and not stop["evaluations"]:
            stop |= {"generations": 0, "evaluations": stop["generations"] * size}
        stop["stagnation"] = as_long(stop["stagnation"])
        return {
            "stop": stop,
            "checkpoints": {name: as_long(every) for name, every in checkpoints.items()},
        }

    @classmethod
    def population_setting(cls, individuals: int) -> dict[str, Any]:
        """See `Engine.population_setting`: the offspring of a generation."""
        return {"search": {"offspring": individuals}}

    def ask(self) -> Performers:
        """See `Engine.ask`: the mutants, or, while there is no parent, random individuals."""
        if self._population is None:
            if self._parent is None:
                random = stream(self.seed, Role.INITIALISE, self.generation)
                self._population = self._operators.first(self._offspring, random)
            else:
                random = stream(self.seed, Role.BREED, self.generation)
                self._population = self._operators.mutants(
                    self._parent, self._offspring, random, self._strength
                )
        return self._population

    def _forget(self) -> None:
        raise BreedingError(
            "one-plus-one keeps its parent by a score, and here scores of different generations "
            "cannot be compared; use another engine"
        )

    def _breed(self, scores: Scores) -> None:
        population = self.ask()
        self._population = None
        if self._parent is not None:
            better = float((scores.ok & (scores.total > self._score)).mean())
            self._strength *= _GROWTH ** (better - (1 - better) / 4)
            self._strength = min(_STRONGEST, max(_WEAKEST, self._strength))
        best = int(np.argmax(scores.total))
        if scores.ok[best] and scores.total[best] >= self._score:
            self._parent, self._score = population.take([best]), float(scores.total[best])

    def statistics(self) -> dict[str, Any]:
        """How strongly real numbers are mutated, times the configured power."""
        return {"strength": self._strength}

    def _state(self) -> State:
        state = State(values={"strength": self._strength})
        if self._parent is None:
            return state
        parent = State(self._parent.to_arrays(), {"score": self._score})
        return state | parent.inside("parent")

    def _restore(self, state: State) -> None:
        self._strength = state.values["strength"]
        if "parent" in state.values:
            part = state.part("parent")
            self._parent = self.genome.from_arrays(part.arrays)
            self._score = part.values["score"]


class OnePlusOneNetworks(OnePlusOne):
    """The (1+1) EA among networks."""

    operators = NetworkOperators


class OnePlusOneGrids(OnePlusOne):
    """The (1+1) EA among note grids."""

    operators = GridOperators


class OnePlusOneHistoryUsers(OnePlusOne):
    """The (1+1) EA among HistoryUsers."""

    operators = HistoryUserOperators
