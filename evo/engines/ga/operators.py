"""Initial note grids and mutations of note grids, for the baselines."""

from typing import Any

import numpy as np

from evo.engines.ga.settings import GridSettings
from evo.engines.operators import Operators, drawn_key
from genomes.base import Performers
from genomes.grid.grids import Grids
from genomes.grid.operators import breed_grids, first_grids
from genomes.player import Player


class GridOperators(Operators[GridSettings]):
    """The genetic algorithm's random grids and its musical edits."""

    def __init__(self, settings: GridSettings, player: Player | None) -> None:
        self.size = settings.population.size
        self._rates = settings.rates()._replace(crossover=0.0)  # uncrossed children are mutated

    def first(self, count: int, random: np.random.Generator) -> Grids:
        """See `Operators.first`.

        Args:
            count: Number of grids.
            random: Draws the notes.
        """
        return self._grids(first_grids(self._rates, count, drawn_key(random)))

    def mutants(
        self,
        parent: Performers,
        count: int,
        random: np.random.Generator,
        strength: float,
        copies: int = 0,
    ) -> Grids:
        """See `Operators.mutants`.

        Args:
            parent: A batch of one grid.
            count: Number of copies.
            random: Draws the edits.
            strength: Not used: grids have no real numbers.
            copies: Number of the first copies that are not mutated.
        """
        assert isinstance(parent, Grids)
        itself = np.zeros((count, 2), np.int64)
        no_cases = np.empty((1, 0), np.float32)
        notes = parent.notes.reshape(1, -1)
        return self._grids(
            breed_grids(self._rates, notes, no_cases, itself, copies, drawn_key(random))
        )

    def _grids(self, rows: Any) -> Grids:
        return Grids(rows.reshape(len(rows), self._rates.steps, self._rates.keys))
