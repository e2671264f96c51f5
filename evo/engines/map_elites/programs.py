"""MAP-Elites for programs, and the operators of programs for the baselines."""

from typing import Any, ClassVar

import numpy as np

from evo.engines.map_elites.engine import MapElites
from evo.engines.map_elites.settings import ProgramElitesSettings
from evo.engines.operators import Operators, drawn_key
from genomes.arrays import Indices
from genomes.player import Player
from genomes.program.edits import breed_code, breed_programs, draw_code, first_programs
from genomes.program.programs import Programs


class ProgramOperators(Operators[ProgramElitesSettings]):
    """The engine's random programs and its edits."""

    def __init__(self, settings: ProgramElitesSettings, player: Player | None) -> None:
        self.size = settings.population.size
        self._rates = settings.rates()._replace(crossover=0.0)

    def first(self, count: int, random: np.random.Generator) -> Any:
        """See `Operators.first`.

        Args:
            count: Number of programs.
            random: Draws the instructions.
        """
        return first_programs(self._rates, count, drawn_key(random))

    def mutants(self, parent: Any, count: int, random: np.random.Generator, strength: float) -> Any:
        """See `Operators.mutants`.

        Args:
            parent: A batch of one program.
            count: Number of copies.
            random: Draws the edits.
            strength: Not used: programs have no real numbers.
        """
        parents = np.zeros((count, 2), np.int64)
        return breed_programs(self._rates, parent, parents, drawn_key(random))


class ProgramElites(MapElites[ProgramElitesSettings]):
    """MAP-Elites for programs; see `evo.engines.map_elites.engine`."""

    genome: ClassVar[Any] = Programs  # no performers
    kernels = (draw_code, breed_code)
    settings_type = ProgramElitesSettings
    operators = ProgramOperators

    @classmethod
    def of_shape(
        cls, settings: ProgramElitesSettings, inputs: int, outputs: int
    ) -> ProgramElitesSettings:
        """See `Engine.of_shape`; programs fit melodies of every shape.

        Args:
            settings: The settings.
            inputs: Not used.
            outputs: Not used.
        """
        return settings

    def _first(self, count: int, key: np.uint64) -> Programs:
        return first_programs(self.settings.rates(), count, key)

    def _children(self, pool: Programs, parents: Indices, key: np.uint64) -> Programs:
        return breed_programs(self.settings.rates(), pool, parents, key)
