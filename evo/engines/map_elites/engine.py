"""MAP-Elites (Mouret & Clune, "Illuminating search spaces by mapping elites", 2015).

The archive is a grid over behaviours (`Scores.behaviour`). One call of `tell` breeds a generation:

1. Survival. Every individual competes with the archive's individual of the same cell, by total.
   Individuals beyond the grid are discarded.
2. Selection. The parents of all children are drawn from the archive, each cell equally likely.
3. Variation, by the genome kind (`_children`).

While the archive is empty, new random individuals are drawn. The engine knows nothing of the
fitness. Without behaviours, all individuals share one cell: the best so far has mutated children.

The archive is the gallery. Random numbers come from streams addressed by (seed, generation, child).
"""

from abc import abstractmethod
from typing import Any, TypeVar

import numpy as np

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import State
from evo.engines.base import Engine, Gallery
from evo.engines.map_elites.archive import Archive, cells_of
from evo.engines.map_elites.settings import ArchiveSettings
from evo.engines.operators import drawn_key
from genomes.arrays import Indices

S = TypeVar("S", bound=Any)


class MapElites(Engine[S]):
    """The algorithm for one genome kind; see the module's docstring.

    The kind needs `joined`, which concatenates two batches. The settings need the tables
    `population`, with `size`, and `archive`.
    """

    population = "population.size"

    def __init__(self, settings: Any, **more: Any) -> None:
        super().__init__(settings, **more)
        self._population: Any = None
        self._archive: Archive | None = None

    @abstractmethod
    def _first(self, count: int, key: np.uint64) -> Any:
        """Return random individuals, drawn from streams under a key."""

    @abstractmethod
    def _children(self, pool: Any, parents: Indices, key: np.uint64) -> Any:
        """Return children of int64 (n, 2) parents in a pool, drawn from streams under a key."""

    @property
    def _grid(self) -> ArchiveSettings:
        grid: ArchiveSettings = self.settings.archive
        return grid

    def ask(self) -> Any:
        """See `Engine.ask`."""
        if self._population is None:
            key = drawn_key(stream(self.seed, Role.INITIALISE, self.generation))
            self._population = self._first(self.settings.population.size, key)
        return self._population

    def _breed(self, scores: Scores) -> None:
        population = self.ask()
        behaviour, dimensions = scores.behaviour, len(self._grid.cells)
        if behaviour is not None and behaviour.shape[1] != dimensions:
            raise BreedingError(
                f"map-elites: the archive has {dimensions} dimensions, and the fitness describes "
                f"behaviours by {behaviour.shape[1]} numbers"
            )
        cells = cells_of(self._grid, behaviour, len(population))
        before = self._archive or Archive(population.take([]), np.empty(0), np.empty(0, np.int64))
        archive = before.joined(population, scores.total, cells)
        size = self.settings.population.size
        if not len(archive):
            key = drawn_key(stream(self.seed, Role.INITIALISE, self.generation + 1))
            self._population = self._first(size, key)
            return
        self._archive = archive
        parents = stream(self.seed, Role.BREED, self.generation).integers(
            len(archive), size=(size, 2)
        )
        key = drawn_key(stream(self.seed, Role.BREED, self.generation, 1))
        self._population = self._children(archive.performers, parents, key)

    def _forget(self) -> None:
        self._archive = None

    def gallery(self) -> Gallery | None:
        """See `Engine.gallery`: the archive, best first."""
        if self._archive is None:
            return super().gallery()
        order = np.argsort(-self._archive.total, kind="stable")
        return Gallery(self._archive.performers.take(order), self._archive.total[order])

    def statistics(self) -> dict[str, Any]:
        """Return the number of cells with an individual, their share, and their mean score."""
        archive = self._archive
        if archive is None:
            return {"filled_cells": 0, "coverage": 0.0}
        return {
            "filled_cells": len(archive),
            "coverage": len(archive) / int(np.prod(self._grid.cells)),
            "mean_elite": float(archive.total.mean()),
        }

    def _state(self) -> State:
        state = State(self.ask().to_arrays()).inside("population")
        if self._archive is None:
            return state
        kept = State({"total": self._archive.total, "cells": self._archive.cells})
        elites = State(self._archive.performers.to_arrays()).inside("elites")
        return state | (kept | elites).inside("archive")

    def _restore(self, state: State) -> None:
        population = self.genome.from_arrays(state.part("population").arrays)
        if len(population) != self.settings.population.size:
            raise ValueError(
                f"the population must have {self.settings.population.size} individuals"
            )
        self._population = population
        if "archive" not in state.values:
            return
        kept = state.part("archive")
        elites = self.genome.from_arrays(kept.part("elites").arrays)
        total = kept.array("total", np.float64, (len(elites),))
        cells = kept.array("cells", np.int64, (len(elites),))
        count = int(np.prod(self._grid.cells))
        if not len(elites) or cells[0] < 0 or cells[-1] >= count or (cells[1:] <= cells[:-1]).any():
            raise ValueError("cells must be increasing, within the grid, and at least one")
        if not np.isfinite(total).all():
            raise ValueError("total must be finite")
        self._archive = Archive(elites, total, cells)
