"""The contract of every engine. An engine breeds, and never evaluates.

Usage:

    engine = SomeEngine(settings, seed=7, player=player)
    while True:
        performers = engine.ask()          # this generation's population
        engine.tell(evaluate(performers))  # its scores, in its order; breeds the next generation

- `ask` returns the same population until `tell` is called.
- An engine may evaluate a generation in several rounds (`evo.engines.climb`): `ask` returns a part
  of it each time, and `generation` counts on after the last one.
- `state` and `restore` save and load everything that the next `ask` depends on. A restored engine
  continues exactly as the saved one.
- `champion` is the best individual so far, kept by this class.
- `teach` tells an engine what should be played, if the fitness knows it. It can then compare
  changes between two evaluations by itself; the population is scored by the fitness as any other.
- `read` gives an engine the songs whose steps are to be predicted.
- Call `forget` before `tell` if new scores are not comparable with earlier ones.

Some engines take a user's own operators, as `functions`. These are called in this process only, and
are never saved: pass the same functions to `restore`.

Random numbers come from streams addressed by seed and generation (`evo.core.seeds`), so an engine
has no random state to save.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec
import numpy as np

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores
from evo.core.settings import Changes, changed, tables
from evo.core.state import Count, Finite, State
from evo.engines.climb import Climb, Patience
from evo.engines.operators import Operators
from evo.engines.own_functions import Functions, checked_functions
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers
from genomes.lessons import Taught
from genomes.player import Player

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class Champion:
    """The best individual so far.

    Attributes:
        performers: The individual, a batch of one.
        score: Its score; the mean over its evaluations if the fitness is noisy.
        generation: The generation in which it was found.
        evaluations: Number of evaluations that `score` is the mean of.
    """

    performers: Performers
    score: float
    generation: int
    evaluations: int = 1


@dataclass(frozen=True)
class Gallery:
    """The best individuals of an engine that keeps more than a champion."""

    performers: Performers  # a batch of n
    scores: FloatArray  # (n,), total, or score at its case
    by_case: bool = False  # whether individual i is the best at case i


class Engine(ABC, Generic[S]):
    """Base of all engines; see the module's docstring. Subclasses fill the `_` methods.

    Attributes:
        genome: The genome kind that is bred.
        settings_type: The type of the engine's settings.
        population: The setting with the number of individuals: "population.size".
        operators: Initial individuals and mutations for the baselines, None without baselines.
        can_forget: Whether the engine can continue after `forget`.
        takes: Names of the functions that the engine takes from users.
        kernels: Sentinel kernels: if these are in numba's cache, assume all of the engine's are.
    """

    genome: ClassVar[type[Performers]]
    settings_type: ClassVar[type[msgspec.Struct]]
    population: ClassVar[str]
    operators: ClassVar[type[Operators[Any]] | None] = None
    can_forget: ClassVar[bool] = True
    takes: ClassVar[tuple[str, ...]] = ()
    kernels: ClassVar[tuple[Any, ...]] = ()

    def __init__(
        self,
        settings: S | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        """Create the engine in generation 0.

        Args:
            settings: Of `settings_type`, or nested dictionaries that change its defaults.
            seed: Random seed of the run.
            player: How performers play; None for tasks other than music, and for performers without
                inputs.
            functions: A user's own operators by name, of those in `takes`; or a DEAP toolbox.

        Raises:
            InputError: If the settings are wrong, or the engine does not take a function.
        """
        given = settings if isinstance(settings, Mapping) else tables(settings)
        self.settings: S = changed(self.settings_type(), given)  # type: ignore[assignment]
        self.seed, self.player = seed, player
        self.functions = checked_functions(functions, self.takes)
        self.generation = 0
        self.champion: Champion | None = None
        self._comparable = True  # whether scores of different generations can be compared
        self._climb: Climb | None = None

    @classmethod
    @abstractmethod
    def of_shape(cls, settings: S, inputs: int, outputs: int) -> S:
        """Return the settings for performers of a shape.

        Args:
            settings: The settings to change.
            inputs: First number of `Performers.shape_of`; its meaning depends on the genome kind.
            outputs: Second number of `Performers.shape_of`.
        """

    @classmethod
    def check_cases(cls, settings: S, cases: int, by_step: bool) -> None:
        """Check that a fitness has the cases that the settings need.

        Args:
            settings: The engine's settings.
            cases: Number of cases.
            by_step: Whether there is one case per step of a piece.

        Raises:
            InputError: If the cases do not fit the settings.
        """

    @abstractmethod
    def ask(self) -> Performers:
        """Return the population of the current generation."""

    @property
    def awaited(self) -> int:
        """Number of individuals of this generation whose scores are still to come."""
        return len(self.ask()) if self._climb is None else self._climb.left

    def teach(self, taught: Taught) -> None:
        """Take what a fitness wants to be played; called before the first `ask`.

        It is not part of the state: teach a restored engine again. Most engines need nothing but
        scores, and ignore it.

        Args:
            taught: What should be played, from `TeachingFitness.taught`.
        """

    def read(self, songs: tuple[BoolArray, ...]) -> None:
        """Take the songs that a fitness judges predictions on; called before the first `ask`.

        As with `teach`, they are not part of the state. Most engines ignore them. Genomes that
        count in songs need them.

        Args:
            songs: Bool (steps, channels) each.
        """

    def start_from(self, performers: Performers) -> None:
        """Start the search at another individual; called before the first `ask`.

        Args:
            performers: A batch of one.

        Raises:
            InputError: If the individual does not fit, or the engine cannot.
        """
        raise InputError(
            f"{type(self).__name__} cannot start from another run; --engine es --genome "
            "history-user can"
        )

    def tell(self, scores: Scores) -> None:
        """Take the scores of the population, and breed the next generation.

        Args:
            scores: In the order of the population.

        Raises:
            ValueError: If the number of scores is not the number of individuals.
            BreedingError: If no next generation can be bred.
        """
        performers = self.ask()
        if len(scores) != len(performers):
            raise ValueError(f"{len(scores)} scores came for {len(performers)} individuals")
        best = int(np.argmax(scores.total))
        if scores.ok[best] and (self.champion is None or scores.total[best] > self.champion.score):
            self.champion = Champion(
                self.written_out(performers.take([best])),
                float(scores.total[best]),
                self.generation,
            )
        if self._climb is not None:
            if not self._climb.tell(scores):
                return
            if self._climb.is_over:
                assert self._climb.best is not None
                self._widen(self._climb.best.parent, self._climb.best.strength)
                self._climb = None
        elif self.generation == 0 and self._comparable and scores.ok.any() and self._climbs(scores):
            parent, score = performers.take([best]), float(scores.total[best])
            self._climb = Climb(self._own_operators(), self.seed, self._patience(), parent, score)
        else:
            self._breed(scores)
        self.generation += 1

    def _patience(self) -> Patience:
        """Return how long to climb."""
        return Patience()

    def _climbs(self, scores: Scores) -> bool:
        """Return whether to climb after the first generation.

        Args:
            scores: Of the first generation.
        """
        return self._patience().generations > 0

    def _own_operators(self) -> Operators[S]:
        """Return the operators of this engine."""
        assert self.operators is not None
        return self.operators(self.settings, self.player)

    def _widen(self, parent: Performers, strength: float) -> None:
        """Make a climb's parent and mutants of it the population.

        Args:
            parent: A batch of one.
            strength: Factor of the configured mutation power.
        """
        raise NotImplementedError(f"{type(self).__name__} does not climb")

    def written_out(self, performers: Performers) -> Performers:
        """Return individuals of the population as `genome`, if they are kept in another way.

        Args:
            performers: Some of the population.
        """
        return performers

    def keep(self, champion: Champion) -> None:
        """Take the champion of a noisy fitness (`evo.runs.noisy`) instead of the best score's."""
        self.champion = champion

    def forget(self) -> None:
        """Discard everything selected by old scores, because the fitness has changed.

        That is the champion, and survivors. The population stays.

        Raises:
            BreedingError: If the engine cannot continue without old scores.
        """
        if self._climb is not None:
            raise BreedingError(
                "a climb keeps its parent by a score, but scores of different generations of this "
                "task cannot be compared; set the engine's climb to 0"
            )
        self._comparable = False
        self.champion = None
        self._forget()

    def _forget(self) -> None:
        """Discard selections of the subclass by old scores."""

    @abstractmethod
    def _breed(self, scores: Scores) -> None:
        """Replace the population by its offspring."""

    def gallery(self) -> Gallery | None:
        """Return the best individuals so far (default: the champion), or None."""
        if self.champion is None:
            return None
        return Gallery(self.champion.performers, np.array([self.champion.score]))

    def front(self) -> tuple[FloatArray, Performers] | None:
        """Return the best compromises between several goals: scores (n, goals) and individuals.

        None if the engine does not select by goals (the default).
        """
        return None

    def statistics(self) -> dict[str, Any]:
        """Return figures of the population for the log, as JSON values.

        `exhausted` is the reason, in words, why no later population can be better. It ends the run.
        """
        return {}

    def state(self) -> State:
        """Return everything that the next `ask` depends on."""
        state = State(values={"generation": self.generation}) | self._state().inside("breeder")
        if self._climb is not None:
            state |= self._climb.state().inside("climb")
        if self.champion is not None:
            about = {"score": self.champion.score, "generation": self.champion.generation}
            if self.champion.evaluations != 1:
                about["evaluations"] = self.champion.evaluations
            state |= State(self.champion.performers.to_arrays(), about).inside("champion")
        return state

    @abstractmethod
    def _state(self) -> State:
        """Return the subclass's part of the state."""

    @classmethod
    def restore(
        cls,
        settings: S | Changes,
        state: State,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> Self:
        """Return the engine saved in a state.

        Args:
            settings: Settings of the saved engine.
            state: From `state`.
            seed: Seed of the saved engine.
            player: How performers play.
            functions: The user's own operators of the saved engine.

        Raises:
            ValueError: If the state does not fit the settings.
        """
        engine = cls(settings, seed=seed, player=player, functions=functions)
        engine.generation = state.value("generation", Count)
        engine.champion = cls.champion_of(state)
        engine._restore(state.part("breeder"))
        if "climb" in state.values:
            if not engine._patience().generations:
                raise ValueError("by the settings the engine does not climb")
            engine._climb = Climb.restored(
                engine._own_operators(), seed, engine._patience(), cls.genome, state.part("climb")
            )
        state.check_same(engine.state())
        if not len(engine.ask()):
            raise ValueError("the population is empty")
        return engine

    @abstractmethod
    def _restore(self, state: State) -> None:
        """Take the subclass's part of the state; `generation` is already restored."""

    @classmethod
    def champion_of(cls, state: State) -> Champion | None:
        """Return the champion in a saved state, without restoring the engine.

        Raises:
            ValueError: If the state is damaged.
        """
        if "champion" not in state.values:
            return None
        part = state.part("champion")
        performers = cls.genome.from_arrays(part.arrays)
        if len(performers) != 1:
            raise ValueError(f"champion must be one individual, got {len(performers)}")
        return Champion(
            performers,
            part.value("score", Finite),
            part.value("generation", Count),
            part.value("evaluations", Count) if "evaluations" in part.values else 1,
        )
