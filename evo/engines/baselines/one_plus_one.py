"""The (1+1) evolutionary algorithm: a mutant replaces its parent unless worse.

It was the first evolution strategy (Rechenberg, "Evolutionsstrategie", 1973), and a population has
to be better than it. Real numbers are mutated by the 1/5 success rule (`evo.engines.climb`).

With more offspring, only the best of them can replace the parent. Such generations take less time
per evaluation.

The other settings are those of the base (`evo.engines.operators.Operators`). A parent is never
evaluated again. With a noisy fitness it is usually a lucky individual. If scores of different
generations are not comparable, the parent's score means nothing: `forget` raises BreedingError.
"""

from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np

from evo.core.config import Config
from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes, Meta, Settings
from evo.core.state import Finite, Positive, State
from evo.engines.baselines.base import Baseline
from evo.engines.climb import adapted
from evo.engines.own_functions import Functions
from genomes.base import Performers
from genomes.player import Player


class SearchSettings(Settings, frozen=True):
    """The size of a generation."""

    offspring: Annotated[
        int,
        Meta(ge=1, le=1 << 20, description="Mutants per generation; more than 1 is a (1+lambda)."),
    ] = 1


class OnePlusOne(Baseline):
    """The algorithm; see the module's docstring."""

    own_tables: ClassVar[dict[str, msgspec.Struct]] = {"search": SearchSettings()}
    population = "search.offspring"
    can_forget = False

    def __init__(
        self,
        settings: Any | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        self._offspring: int = self.settings.search.offspring
        self._population: Performers | None = None
        self._parent: Performers | None = None  # None until an individual is scored
        self._score = -np.inf
        self._strength = 1.0

    @classmethod
    def limits(cls, config: Config) -> Changes:
        """See `Baseline.limits`: convert generations of the base to evaluations."""
        size = cls.operators_for(config.engine).size
        offspring: int = config.engine.search.offspring

        def as_long(generations: int) -> int:
            return -(-generations * size // offspring)

        stop = config.stop
        changes: dict[str, Any] = {"stagnation": as_long(stop.stagnation)}
        if stop.generations and not stop.evaluations:
            changes |= {"generations": 0, "evaluations": stop.generations * size}
        every, keep_every = config.checkpoints.every, config.checkpoints.keep_every
        kept = {"every": as_long(every), "keep_every": as_long(keep_every)}
        return {"stop": changes, "checkpoints": kept}

    def ask(self) -> Performers:
        """See `Engine.ask`.

        The population is the mutants, or random individuals until one is scored.
        """
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
            "one-plus-one keeps its parent by a score, but scores of different generations of this "
            "task cannot be compared; use another engine"
        )

    def _breed(self, scores: Scores) -> None:
        population = self.ask()
        self._population = None
        if self._parent is not None:
            better = float((scores.ok & (scores.total > self._score)).mean())
            self._strength = adapted(self._strength, better)
        best = int(np.argmax(scores.total))
        if scores.ok[best] and scores.total[best] >= self._score:
            self._parent, self._score = population.take([best]), float(scores.total[best])

    def statistics(self) -> dict[str, Any]:
        """Return the mutation strength, a factor of the configured power."""
        return {"strength": self._strength}

    def _state(self) -> State:
        state = State(values={"strength": self._strength})
        if self._parent is None:
            return state
        parent = State(self._parent.to_arrays(), {"score": self._score})
        return state | parent.inside("parent")

    def _restore(self, state: State) -> None:
        self._strength = state.value("strength", Positive)
        if "parent" in state.values:
            part = state.part("parent")
            self._parent = self.genome.from_arrays(part.arrays)
            self._score = part.value("score", Finite)
