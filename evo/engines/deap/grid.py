"""DEAP over note grids.

A list has the cells of a grid as 0 and 1, step after step: the cell of step t and key k is at
t * keys + k. An array is bool (steps, keys).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.settings import changed
from evo.core.state import State
from evo.engines.deap.engine import Deap
from evo.engines.deap.individuals import Coding
from evo.engines.deap.settings import DeapGridSettings
from evo.engines.operators import drawn_key
from genomes.base import unchecked
from genomes.grid.grids import Grids
from genomes.grid.operators import first_grids

CELLS = 2  # mean mutated cells of a grid, by default


class GridDeap(Deap[DeapGridSettings]):
    """The engine deap for note grids.

    With `grid.most_voices`, surplus notes of a step are removed at random from every child.
    """

    genome = Grids
    settings_type = DeapGridSettings
    kernels = (first_grids,)

    @classmethod
    def of_shape(cls, settings: DeapGridSettings, inputs: int, outputs: int) -> DeapGridSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Steps of each grid.
            outputs: Keys of each grid.
        """
        return changed(settings, {"grid": {"steps": inputs, "keys": outputs}}, "deap-grid")

    def _keys(self) -> int:
        return self.settings.grid.keys

    def _coded(self) -> Coding:
        grid, as_array = self.settings.grid, self.settings.population.individual == "array"
        return Coding((grid.steps, grid.keys), np.bool_, as_array, "grid")

    def _mate(self) -> Callable[..., Any]:
        from deap import tools

        mate = self.settings.mate
        cross: Callable[..., Any] = getattr(tools, mate.kind)
        return partial(cross, indpb=mate.indpb) if mate.kind == "cxUniform" else cross

    def _mutate(self) -> Callable[..., Any]:
        from deap import tools

        mutate = self.settings.mutate
        share = mutate.indpb or min(1.0, CELLS / self.settings.genes)
        return partial(getattr(tools, mutate.kind), indpb=share)

    def _first(self, random: np.random.Generator) -> NDArray[Any]:
        size, shape = self.settings.population.size, self._coding.shape
        rows: NDArray[Any] = first_grids(self.settings.first().rates(), size, drawn_key(random))
        return rows.reshape(size, *shape)

    def _repaired(self, rows: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
        grid = self.settings.grid
        most, shape = grid.most_voices, rows.shape
        rows = rows.reshape(len(rows), -1, grid.keys // grid.planes)  # a row per step and plane
        full = rows.sum(axis=2) > most
        if not most or not full.any():
            return rows.reshape(shape)
        chances = np.where(rows[full], random.random((int(full.sum()), rows.shape[2])), 2.0)
        rank = chances.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        rows[full] &= rank < most
        return rows.reshape(shape)

    def _performers(self, rows: NDArray[Any]) -> Grids:
        return unchecked(Grids, notes=rows)

    def _rows_in(self, state: State) -> NDArray[Any]:
        return Grids.from_arrays(state.arrays).notes

    def statistics(self) -> dict[str, Any]:
        """Return the engine's figures, and mean notes per grid."""
        rows = self._asked()
        return super().statistics() | {"mean_notes": int(np.count_nonzero(rows)) / len(rows)}
