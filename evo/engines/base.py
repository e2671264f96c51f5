"""The contract of every engine: it breeds, and never evaluates.

How it is used:

    engine = SomeEngine(settings, seed=7, player=player)
    while True:
        performers = engine.ask()          # this generation's population
        engine.tell(evaluate(performers))  # its scores, in its order; breeds the next generation

- `ask` gives the same population until `tell` is called.
- `state` and `restore` carry everything the next `ask` depends on; an engine that is restored goes
  on exactly as the one that was saved.
- `champion` is the best individual ever told of, kept by this class.
- `forget`, before `tell`, says that scores told from now on are no measure of those told before.

An engine draws its random numbers from streams addressed by the seed and the generation
(`evo.core.seeds`), so that it has no random state to keep.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.settings import Changes, changed, tables
from evo.core.state import Count, Finite, State
from genomes.base import Performers
from genomes.player import Player

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class Champion:
    """The best individual ever seen."""

    performers: Performers  # a batch of one
    score: float
    generation: int


@dataclass(frozen=True)
class Gallery:
    """The good individuals that an engine holds, where it holds more than a champion."""

    performers: Performers  # a batch of n
    scores: NDArray[np.float64]  # (n,), what each is held for
    by_case: bool = False  # whether individual i is held for case i, not for its total


class Operators(ABC, Generic[S]):
    """How the individuals of a genome kind begin and vary, for searches that do nothing else.

    They are those of an engine, by its settings; its settings of selection, survival and crossover
    have no effect. What the engine gains by them is the difference to a search with these.

        operators = GridOperators(settings, player)
        population = operators.first(50, random)
        children = operators.mutants(parent, 50, random, strength=1.0)
    """

    size: int  # individuals per generation, by the settings

    @abstractmethod
    def __init__(self, settings: S, player: Player | None) -> None:
        """Take the settings of the engine, and how the performers play."""

    @abstractmethod
    def first(self, count: int, random: np.random.Generator) -> Performers:
        """Return different individuals without parents."""

    @abstractmethod
    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Performers:
        """Return mutated copies of a parent.

        Args:
            parent: A batch of one.
            count: Number of copies.
            random: Draws the mutations.
            strength: Factor of the configured power of mutations of real numbers.
        """


def drawn_key(random: np.random.Generator) -> np.uint64:
    """Draw a key that a kernel's streams are addressed by."""
    return random.integers(1 << 63, dtype=np.uint64)


class Engine(ABC, Generic[S]):
    """What all engines share; see the module's docstring. Subclasses fill the `_` methods.

    Attributes:
        genome: The genome kind that is bred.
        settings_type: The type of the engine's settings.
        population: The setting that is the number of individuals: "population.size".
        operators: First individuals and mutations, for searches to compare the engine with.
        can_forget: Whether `forget` leaves something to go on with.
        kernels: If these are in numba's cache, all kernels of the engine are.
    """

    genome: ClassVar[type[Performers]]
    settings_type: ClassVar[type[msgspec.Struct]]
    population: ClassVar[str]
    operators: ClassVar[type[Operators[Any]] | None] = None
    can_forget: ClassVar[bool] = True
    kernels: ClassVar[tuple[Any, ...]]

    def __init__(self, settings: S | Changes, *, seed: int, player: Player | None = None) -> None:
        """Begin in generation 0.

        Args:
            settings: Of `settings_type`, or nested dictionaries that change its defaults.
            seed: Random seed of the run.
            player: How performers play; None for tasks that are no music, and for performers
                without inputs.

        Raises:
            InputError: If the settings are wrong.
        """
        given = settings if isinstance(settings, Mapping) else tables(settings)
        self.settings: S = changed(self.settings_type(), given)  # type: ignore[assignment]
        self.seed, self.player = seed, player
        self.generation = 0
        self.champion: Champion | None = None

    @classmethod
    @abstractmethod
    def of_shape(cls, settings: S, inputs: int, outputs: int) -> S:
        """Return the settings for performers of a shape.

        `inputs` and `outputs` are the two numbers of `Performers.shape_of`, whatever the genome
        kind makes of them.
        """

    @classmethod
    def check_cases(cls, settings: S, cases: int, by_step: bool) -> None:
        """Raise InputError if the settings need other cases than a fitness has.

        Args:
            settings: The engine's settings.
            cases: Number of cases.
            by_step: Whether there is one case per step of a piece.
        """

    @abstractmethod
    def ask(self) -> Performers:
        """The population of the current generation."""

    def tell(self, scores: Scores) -> None:
        """Take the scores of the population, in its order, and breed the next generation.

        Raises ValueError if there are not as many scores as individuals, `BreedingError` if
        no next generation can be bred.
        """
        performers = self.ask()
        if len(scores) != len(performers):
            raise ValueError(f"{len(scores)} scores came for {len(performers)} individuals")
        best = int(np.argmax(scores.total))
        if scores.ok[best] and (self.champion is None or scores.total[best] > self.champion.score):
            self.champion = Champion(
                performers.take([best]), float(scores.total[best]), self.generation
            )
        self._breed(scores)
        self.generation += 1

    def forget(self) -> None:
        """Drop what is held by a score: it would not be given again, as the fitness has learned.

        The champion goes, and so does whoever survived by a score; the population stays. Raises
        `BreedingError` where an engine can do nothing without older scores.
        """
        self.champion = None
        self._forget()

    def _forget(self) -> None:
        """The subclass's part of `forget`."""

    @abstractmethod
    def _breed(self, scores: Scores) -> None:
        """Replace the population by its offspring."""

    def gallery(self) -> Gallery | None:
        """The good individuals held at this time, None before any was found: the champion alone.

        Engines that hold several give them all.
        """
        if self.champion is None:
            return None
        return Gallery(self.champion.performers, np.array([self.champion.score]))

    def statistics(self) -> dict[str, Any]:
        """Figures of the population for the log: species, sizes. JSON values."""
        return {}

    def state(self) -> State:
        """Everything the next `ask` depends on."""
        state = State(values={"generation": self.generation}) | self._state().inside("breeder")
        if self.champion is not None:
            state |= State(
                self.champion.performers.to_arrays(),
                {"score": self.champion.score, "generation": self.champion.generation},
            ).inside("champion")
        return state

    @abstractmethod
    def _state(self) -> State:
        """The subclass's part of the state."""

    @classmethod
    def restore(
        cls, settings: S | Changes, state: State, *, seed: int, player: Player | None = None
    ) -> Self:
        """The engine whose `state` this is, given the settings and seed it was made with."""
        engine = cls(settings, seed=seed, player=player)
        engine.generation = state.value("generation", Count)
        engine.champion = cls.champion_of(state)
        engine._restore(state.part("breeder"))
        return engine

    @abstractmethod
    def _restore(self, state: State) -> None:
        """Take the subclass's part of the state; `generation` is already that of the state."""

    @classmethod
    def champion_of(cls, state: State) -> Champion | None:
        """The champion in a saved state, without restoring the engine."""
        if "champion" not in state.values:
            return None
        part = state.part("champion")
        performers = cls.genome.from_arrays(part.arrays)
        if len(performers) != 1:
            raise ValueError(f"champion must be one individual, got {len(performers)}")
        return Champion(performers, part.value("score", Finite), part.value("generation", Count))
