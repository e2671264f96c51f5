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
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.state import State
from genomes.base import Performers
from genomes.player import Player

Settings = Mapping[str, Any]


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


class Engine(ABC):
    """What all engines share; see the module's docstring. Subclasses fill the `_` methods.

    The *shape* of performers is two numbers: inputs and outputs of a network, steps and keys of a
    note grid.
    """

    genome: ClassVar[type[Performers]]
    # The kernels that tell whether the others were compiled before, too.
    kernels: ClassVar[tuple[Any, ...]]

    def __init__(self, settings: Settings, *, seed: int, player: Player | None = None) -> None:
        """A new engine in generation 0.

        `settings` is the engine's own part of the configuration; ValueError says what is wrong
        with it in one line. `player` is how its performers hear and play, None for tasks that are
        no music and for performers that hear nothing.
        """
        self.settings, self.seed, self.player = settings, seed, player
        self.generation = 0
        self.champion: Champion | None = None

    @classmethod
    @abstractmethod
    def default_settings(cls, inputs: int, outputs: int) -> dict[str, Any]:
        """Settings that a configuration starts from, for performers of this shape.

        `inputs` and `outputs` are the shape's two numbers, whatever the genome kind makes of them.
        """

    @classmethod
    @abstractmethod
    def shape_setting(cls, inputs: int, outputs: int) -> dict[str, Any]:
        """The changed settings for performers of this shape, as nested tables."""

    @classmethod
    @abstractmethod
    def population_setting(cls, individuals: int) -> dict[str, Any]:
        """The changed settings for a population of so many, as nested tables."""

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

    def _forget(self) -> None:  # noqa: B027 - most engines hold nothing by score
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
        cls, settings: Settings, state: State, *, seed: int, player: Player | None = None
    ) -> Self:
        """The engine whose `state` this is, given the settings and seed it was made with."""
        engine = cls(settings, seed=seed, player=player)
        engine.generation = state.values["generation"]
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
        return Champion(performers, part.values["score"], part.values["generation"])
