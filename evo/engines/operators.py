"""Initial individuals and mutations of a genome kind, apart from the engine that breeds it."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import msgspec
import numpy as np

from genomes.base import Performers
from genomes.player import Player

S = TypeVar("S", bound=msgspec.Struct)


class Operators(ABC, Generic[S]):
    """Initial individuals and mutations of a genome kind, for the baselines.

    They are those of an engine, with its settings. The difference between an engine and a baseline
    with its operators is the gain by selection, survival and crossover.

        operators = GridOperators(settings, player)
        population = operators.first(50, random)
        children = operators.mutants(parent, 50, random, strength=1.0)
    """

    size: int  # individuals per generation

    @abstractmethod
    def __init__(self, settings: S, player: Player | None) -> None:
        """Create the operators.

        Args:
            settings: Settings of the engine.
            player: How the performers play.
        """

    @abstractmethod
    def first(self, count: int, random: np.random.Generator) -> Performers:
        """Return random individuals.

        Args:
            count: Number of individuals.
            random: Draws the individuals.
        """

    @abstractmethod
    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Performers:
        """Return mutated copies of a parent.

        Args:
            parent: A batch of one.
            count: Number of copies.
            random: Draws the mutations.
            strength: Factor of the configured mutation power of real numbers.
        """


def drawn_key(random: np.random.Generator) -> np.uint64:
    """Draw the key that addresses a kernel's random streams."""
    return random.integers(1 << 63, dtype=np.uint64)
