"""The climb: a (1+lambda) search between the first population of an engine and its second.

With few evaluations, mutants of one parent are often better than a population, which has no time to
converge (`benchmarks/matrix.py`). So an engine may begin as one parent, and widen:

1. Generation 0 is the engine's random population. Its best individual is the parent.
2. The following generations are evaluated in rounds: `ask` returns mutants of the parent, until
   `tell` has taken as many scores as the population has individuals. The best mutant of a round
   replaces the parent unless it is worse.
3. The number of mutants of a round adapts: it is divided by 1.5 after a round with a better mutant,
   and multiplied by 1.5 to the 1/9 after another. So a tenth of the rounds succeed, the parent is
   replaced almost as often as in a (1+1) evolutionary algorithm, and rounds grow as success becomes
   rare (Jansen, De Jong & Wegener, "On the choice of the offspring population size in evolutionary
   algorithms", 2005).
4. A climb is over after some generations without a better parent. The next one starts from the
   best of a new random population: which summit is near depends most on where a climb starts
   (Fukunaga, "Restart scheduling for genetic algorithms", 1998).
5. After the last climb the population follows. It consists of the best parent of all climbs, and of
   mutants of it.

The mutation power of real numbers adapts by the 1/5 success rule in the form of Kern et al.
("Learning probability distributions in continuous evolutionary algorithms", 2004): it is multiplied
by 1.5 for each better mutant, and divided by 1.5 to the 1/4 for each other one.

A checkpoint has the climb at the beginning of a generation. A restored one repeats the rounds of
that generation.
"""

from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from msgspec import Meta

from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import Finite, Positive, State
from evo.engines.operators import Operators
from genomes.base import Performers

_GROWTH = 1.5
_FAILURES = 9  # rounds without success per round with success at which rounds keep their size
_WEAKEST, _STRONGEST = 1e-4, 10.0

# The setting of an engine.
Climbs = Annotated[
    int,
    Meta(
        ge=1,
        le=1_000_000_000,
        description="With a climb: number of climbs, each from a new population; the best one "
        "counts.",
    ),
]


def adapted(strength: float, better: float, count: int = 1) -> float:
    """Return the mutation strength after some mutants, by the 1/5 success rule.

    Args:
        strength: Factor of the configured mutation power.
        better: Share of the mutants that were better than their parent.
        count: Number of times to adapt.
    """
    grown = strength * float(_GROWTH ** (better - (1 - better) / 4)) ** count
    return min(_STRONGEST, max(_WEAKEST, grown))


class Patience(NamedTuple):
    """How long to climb.

    Attributes:
        generations: Generations without a better parent after which a climb is over; 0 for none.
        climbs: Number of climbs.
    """

    generations: int = 0
    climbs: int = 1


class Summit(NamedTuple):
    """The parent at the end of a climb: a batch of one, its score, and the mutation strength."""

    parent: Performers
    score: float
    strength: float


class Climb:
    """See the module's docstring.

    Attributes:
        parent: A batch of one.
        score: Its score.
        strength: Factor of the configured mutation power.
        brood: Mutants in the next round, before rounding.
        since: Generations since the parent was last replaced by a better one.
        left: Number of individuals of this generation that are still to be scored.
        climbs: Number of climbs that are over.
        best: The best summit of those; None if there are none.
    """

    def __init__(
        self,
        operators: Operators[Any],
        seed: int,
        patience: Patience,
        parent: Performers,
        score: float,
    ) -> None:
        """Start at a parent.

        Args:
            operators: Mutate it.
            seed: Random seed of the run.
            patience: How long to climb.
            parent: A batch of one.
            score: Its score.
        """
        self._operators, self._seed, self._patience = operators, seed, patience
        self.climbs = 0
        self.best: Summit | None = None
        self._start(parent, score)
        self._begin()

    def _start(self, parent: Performers, score: float) -> None:
        """Start a climb at a parent."""
        self.parent, self.score = parent, score
        self.strength, self.brood, self.since = 1.0, 1.0, 0

    def _begin(self) -> None:
        """Begin a generation."""
        self._population: Performers | None = None
        self._round, self._better = 0, False
        self.left = self._operators.size
        about = {"score": self.score, "brood": self.brood, "since": self.since}
        values = about | {"strength": self.strength}
        self._state = State(self.parent.to_arrays(), values)
        if self.best is not None:
            about = {"score": self.best.score, "strength": self.best.strength}
            best = State(self.best.parent.to_arrays(), about | {"climbs": self.climbs})
            self._state |= best.inside("best")

    @property
    def is_over(self) -> bool:
        """Whether the population follows."""
        return self.climbs >= self._patience.climbs

    @property
    def _is_new(self) -> bool:
        """Whether a climb is to start from a new random population."""
        return self.since >= self._patience.generations

    def ask(self, generation: int) -> Performers:
        """Return the mutants of this round, or a new random population.

        Args:
            generation: The current generation.
        """
        if self._population is None and self._is_new:
            random = stream(self._seed, Role.INITIALISE, generation)
            self._population = self._operators.first(self.left, random)
        elif self._population is None:
            random = stream(self._seed, Role.BREED, generation, self._round)
            count = min(round(self.brood), self.left)
            self._population = self._operators.mutants(self.parent, count, random, self.strength)
        return self._population

    def tell(self, scores: Scores) -> bool:
        """Take the scores of this round; return whether the generation is complete.

        Args:
            scores: Of the individuals, in their order.
        """
        assert self._population is not None  # `ask` came before
        best = int(np.argmax(scores.total))
        if self._is_new:
            if scores.ok[best]:
                self._start(self._population.take([best]), float(scores.total[best]))
            self._begin()
            return True
        better = scores.ok & (scores.total > self.score)
        self.strength = adapted(self.strength, float(better.mean()), len(better))
        if scores.ok[best] and scores.total[best] >= self.score:
            self.parent, self.score = self._population.take([best]), float(scores.total[best])
        self._better |= bool(better.any())
        self.left -= len(scores)
        self._round += 1
        self._population = None
        self.brood *= 1 / _GROWTH if better.any() else _GROWTH ** (1 / _FAILURES)
        self.brood = min(max(self.brood, 1.0), float(self._operators.size))
        if self.left:
            return False
        self.since = 0 if self._better else self.since + 1
        if self._is_new:
            self.climbs += 1
            if self.best is None or self.score > self.best.score:
                self.best = Summit(self.parent, self.score, self.strength)
        self._begin()
        return True

    def statistics(self) -> dict[str, Any]:
        """Return the mutants per round, and the mutation strength."""
        return {"brood": self.brood, "strength": self.strength}

    def state(self) -> State:
        """Return the state at the beginning of the present generation."""
        return self._state

    @classmethod
    def restored(
        cls,
        operators: Operators[Any],
        seed: int,
        patience: Patience,
        genome: type[Performers],
        state: State,
    ) -> Self:
        """Return a climb from its state.

        Args:
            operators: Mutate the parent.
            seed: Random seed of the run.
            patience: How long to climb.
            genome: The genome kind.
            state: From `state`.

        Raises:
            ValueError: If the state is damaged.
        """
        parent = _one(genome, state)
        climb = cls(operators, seed, patience, parent, state.value("score", Finite))
        climb.strength = state.value("strength", Positive)
        climb.brood = state.value("brood", Annotated[float, Meta(ge=1, le=operators.size)])
        climb.since = state.value("since", Annotated[int, Meta(ge=0, le=patience.generations)])
        if "best" in state.values:
            part = state.part("best")
            score, strength = part.value("score", Finite), part.value("strength", Positive)
            climb.best = Summit(_one(genome, part), score, strength)
            over = Annotated[int, Meta(ge=1, lt=patience.climbs)]
            climb.climbs = part.value("climbs", over)
        elif climb._is_new:
            raise ValueError("the climb that is over has no best parent")
        climb._begin()
        return climb


def _one(genome: type[Performers], state: State) -> Performers:
    """Return the parent in a state.

    Raises:
        ValueError: If it is not one individual.
    """
    parent = genome.from_arrays(state.arrays)
    if len(parent) != 1:
        raise ValueError(f"the climb's parent must be one individual, got {len(parent)}")
    return parent
