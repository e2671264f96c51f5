"""The settings of the genetic engine for note grids.

Three settings decide how the engine searches:

`population.survival`, the pool that parents are chosen from:
    comma      this generation
    plus       the `parents` best so far; children compete with parents
    elites     the best at each case so far (multi-task MAP-Elites; Mouret & Maguire, "Quality
               diversity for multi-task optimization", 2020)
    islands    every case has an equal part of the population. There children compete with parents
               at this case alone. Every 50 generations the best grid at a case is copied to its
               island. With `population.shared`, survival is by the case less that cost times the
               square root of the number of bars and two-bar patterns (`genomes.grid.patterns`)
               that a grid has in common with the best of earlier islands, a generation before. A
               migrant must be better than the island by the cost of all that it brings along

`selection.kind`, how parents are chosen from the pool:
    tournament                  the best total of `tournament_size` drawn at random
    lexicase, epsilon-lexicase  see `evo.engines.selection.lexicase`
    nsga2                       tournament by front and crowding, with cases as goals; with plus
                                this is NSGA-II (`evo.engines.selection.pareto`)
    random                      uniform; with elites, uniform over cases, which is MAP-Elites

`crossover.credit`: each step of a child comes from the parent with the better case there. It needs
a fitness with one case per step.

Survivors are not evaluated again: with a noisy or learning fitness their scores become stale.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings
from evo.engines.climb import Climbs
from genomes.arrays import FloatArray
from genomes.grid.cells import GridRates
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import CROSSOVERS

Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(ge=0, le=1e9)]
# Maximum bytes of the notes of one generation.
MAX_NOTES = 4_000_000_000


def cumulated(table: Settings, kinds: Sequence[str]) -> FloatArray:
    """Return the cumulative probabilities of some kinds.

    Args:
        table: Has the weight of every kind.
        kinds: Names of weights in the table.

    Returns:
        float64 (kinds,), rising to 1.

    Raises:
        InputError: If all weights are 0.
    """
    weights = np.array([getattr(table, kind) for kind in kinds])
    total = weights.sum()
    if not total:
        raise InputError(f"one of {kinds[0]} to {kinds[-1]} must be above 0")
    chances: FloatArray = np.cumsum(weights) / total
    # Rounding must not give a last kind of weight 0 a chance.
    chances[np.flatnonzero(weights)[-1] :] = 1.0
    return chances


class GridShape(Settings, frozen=True):
    """The shape of the grids, and the density of random notes."""

    steps: Annotated[int, Meta(ge=1, le=65_536, description="Steps of every grid.")] = 128
    keys: Annotated[
        int, Meta(ge=1, le=256, description="Keys of every grid; twice as many with durations.")
    ] = 13
    planes: Annotated[
        int,
        Meta(ge=1, le=2, description="1 for onsets; 2 for onsets, and then the keys that sound."),
    ] = 1
    bar: Annotated[
        int,
        Meta(ge=1, le=65_536, description="Steps of a bar; crossover cuts at bar lines."),
    ] = 8
    voices: Annotated[
        int,
        Meta(ge=0, le=128, description="Possible onsets per step of random material; 0 for noise."),
    ] = 1
    most_voices: Annotated[
        int, Meta(ge=0, le=128, description="Maximum notes at a step; 0 for any number.")
    ] = 0
    density: Annotated[
        tuple[Share, Share],
        Meta(description="Range of the chance of an onset; each first grid draws its own."),
    ] = (0.2, 0.6)

    def __post_init__(self) -> None:
        if self.most_voices and self.voices > self.most_voices:
            raise InputError("voices must not be more than most_voices")
        if self.keys % self.planes:
            raise InputError(f"keys must be even with 2 planes, got {self.keys}")
        if self.density[0] > self.density[1]:
            raise InputError(f"density must have the lower number first, got {self.density}")


class Population(Settings, frozen=True):
    """The number of children, and the kind of survival."""

    size: Annotated[int, Meta(ge=1, le=1_000_000, description="Children per generation.")] = 150
    survival: Annotated[
        Literal["comma", "plus", "elites", "islands"],
        Meta(description="Pool that parents are chosen from."),
    ] = "comma"
    parents: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="Survivors with plus, and on each island; 0 for the number of children.",
        ),
    ] = 0
    elitism: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="With comma, best individuals copied unchanged."),
    ] = 2
    climb: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000_000,
            description="Begin with mutants of the best first grid, until none was better for this "
            "many generations; 0 for a population at once.",
        ),
    ] = 0
    climbs: Climbs = 1
    shared: Annotated[
        float,
        Meta(
            ge=0,
            le=1e9,
            description="With islands, cost of a bar or pattern of the best of an earlier island.",
        ),
    ] = 0.0

    def __post_init__(self) -> None:
        if self.copies >= self.size:
            raise InputError(f"elitism ({self.elitism}) must be less than size ({self.size})")

    @property
    def copies(self) -> int:
        """Number of best individuals copied per generation (elitism); 0 if parents survive."""
        return self.elitism if self.survival == "comma" else 0


class Selection(Settings, frozen=True):
    """How parents are chosen."""

    kind: Annotated[
        Literal["tournament", "lexicase", "epsilon-lexicase", "nsga2", "random"],
        Meta(description="How parents are chosen from the pool."),
    ] = "tournament"
    tournament_size: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Individuals per tournament.")
    ] = 3


class Crossover(Settings, frozen=True):
    """How parents are combined; kinds are drawn in proportion to their weights."""

    rate: Annotated[Share, Meta(description="Share of children with more than one parent.")] = 0.7
    one_point: Annotated[Weight, Meta(description="Weight of one cut at a bar line.")] = 1.0
    two_points: Annotated[Weight, Meta(description="Weight of two cuts at bar lines.")] = 1.0
    uniform: Annotated[Weight, Meta(description="Weight of bars drawn one by one.")] = 1.0
    credit: Annotated[Weight, Meta(description="Weight of steps by their cases.")] = 0.0
    credit_parents: Annotated[
        int, Meta(ge=2, le=65_536, description="Parents of a child by credit.")
    ] = 2

    def __post_init__(self) -> None:
        cumulated(self, CROSSOVERS)


class Mutation(Settings, frozen=True):
    """How children are edited; kinds are drawn in proportion to their weights."""

    rate: Annotated[Share, Meta(description="Share of crossed children that are mutated.")] = 0.8
    edits: Annotated[
        float, Meta(ge=1, le=65_536, description="Mean number of edits of a mutated child.")
    ] = 2.0
    variation: Annotated[Share, Meta(description="Share of repetitions that are varied.")] = 0.5
    pitch: Annotated[Weight, Meta(description="Weight of moving a note to another key.")] = 4.0
    time: Annotated[Weight, Meta(description="Weight of moving a note to another step.")] = 3.0
    add: Annotated[Weight, Meta(description="Weight of a new note.")] = 2.0
    delete: Annotated[Weight, Meta(description="Weight of removing a note.")] = 2.0
    replace: Annotated[Weight, Meta(description="Weight of new notes at a step.")] = 2.0
    transpose: Annotated[Weight, Meta(description="Weight of transposing a phrase.")] = 1.0
    repeat: Annotated[Weight, Meta(description="Weight of repeating a phrase.")] = 2.0
    retrograde: Annotated[Weight, Meta(description="Weight of reversing a phrase.")] = 0.5
    shift: Annotated[Weight, Meta(description="Weight of shifting a phrase in time.")] = 0.5
    swap: Annotated[Weight, Meta(description="Weight of swapping two phrases.")] = 1.0
    length: Annotated[Weight, Meta(description="Weight of other lengths of notes.")] = 0.0
    echo: Annotated[Weight, Meta(description="Weight of an edit in all equal bars.")] = 0.0
    restate: Annotated[Weight, Meta(description="Weight of restating a motive.")] = 0.0

    def __post_init__(self) -> None:
        cumulated(self, MUTATIONS)


class GridSettings(Settings, frozen=True):
    """All settings of the engine; see the module's docstring."""

    grid: GridShape = GridShape()
    population: Population = Population()
    selection: Selection = Selection()
    crossover: Crossover = Crossover()
    mutation: Mutation = Mutation()

    def __post_init__(self) -> None:
        if self.population.survival == "islands" and self.selection.kind not in (
            "tournament",
            "random",
        ):
            raise InputError("on islands, selection.kind must be tournament or random")
        notes = self.population.size * self.grid.steps * self.grid.keys
        if notes > MAX_NOTES:
            raise InputError(
                f"population.size x grid.steps x grid.keys is {notes:,}, more than the "
                f"{MAX_NOTES:,} that fit in memory"
            )

    @property
    def by_credit(self) -> bool:
        """Whether crossover uses cases: each step comes from the parent that is better there."""
        return self.crossover.rate > 0 and self.crossover.credit > 0

    @property
    def needs_cases(self) -> bool:
        """Whether survival, selection or crossover uses cases."""
        by_cases = self.selection.kind in ("lexicase", "epsilon-lexicase", "nsga2")
        return by_cases or self.population.survival in ("elites", "islands") or self.by_credit

    def rates(self) -> GridRates:
        """Return the settings as the kernels read them."""
        grid, crossover, mutation = self.grid, self.crossover, self.mutation
        return GridRates(
            grid.steps,
            grid.keys,
            min(grid.bar, grid.steps),
            grid.voices,
            grid.most_voices,
            grid.density[0],
            grid.density[1],
            crossover.rate,
            cumulated(crossover, CROSSOVERS),
            mutation.rate,
            1.0 - 1.0 / mutation.edits,
            cumulated(mutation, MUTATIONS),
            mutation.variation,
            grid.planes,
        )
