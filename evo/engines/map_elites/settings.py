"""The settings of MAP-Elites: the grid of the archive, and the population."""

from math import prod
from typing import Annotated

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings
from genomes.program.edits import ProgramRates
from genomes.program.operations import MAX_LENGTH

Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
Cells = Annotated[int, Meta(ge=1, le=1000)]
Share = Annotated[float, Meta(ge=0, le=1)]
MAX_CELLS = 100_000


class ArchiveSettings(Settings, frozen=True):
    """The grid over behaviours: a range and a number of cells per dimension."""

    low: Annotated[
        tuple[Number, ...], Meta(description="Lower end of the grid, per dimension.")
    ] = (0.0, 0.0)
    high: Annotated[
        tuple[Number, ...], Meta(description="Upper end of the grid, per dimension.")
    ] = (1.0, 1.0)
    cells: Annotated[tuple[Cells, ...], Meta(description="Cells of the grid, per dimension.")] = (
        8,
        8,
    )

    def __post_init__(self) -> None:
        if not 1 <= len(self.low) == len(self.high) == len(self.cells):
            raise InputError(
                "low, high and cells must have a number per dimension, got "
                f"{len(self.low)}, {len(self.high)} and {len(self.cells)}"
            )
        if any(low >= high for low, high in zip(self.low, self.high, strict=True)):
            raise InputError(f"low must be below high, got {self.low} and {self.high}")
        if prod(self.cells) > MAX_CELLS:
            raise InputError(
                f"cells must be at most {MAX_CELLS:,} in all, got {prod(self.cells):,}"
            )


class ElitesPopulation(Settings, frozen=True):
    """The number of children."""

    size: Annotated[int, Meta(ge=1, le=1_000_000, description="Children per generation.")] = 64


class ProgramVariation(Settings, frozen=True):
    """Random programs, and the variation of programs."""

    longest: Annotated[
        int, Meta(ge=1, le=MAX_LENGTH, description="Maximum instructions of a program.")
    ] = MAX_LENGTH
    first: Annotated[
        int, Meta(ge=1, le=MAX_LENGTH, description="Maximum instructions of a random program.")
    ] = 4
    crossover: Annotated[Share, Meta(description="Share of children with two parents.")] = 0.3
    edits: Annotated[float, Meta(ge=1, le=1000, description="Mean number of edits of a child.")] = (
        1.5
    )

    def __post_init__(self) -> None:
        if self.first > self.longest:
            raise InputError(f"first ({self.first}) must be at most longest ({self.longest})")


class ProgramElitesSettings(Settings, frozen=True):
    """All settings of the engine for programs."""

    population: ElitesPopulation = ElitesPopulation()
    archive: ArchiveSettings = ArchiveSettings()
    variation: ProgramVariation = ProgramVariation()

    def rates(self) -> ProgramRates:
        """Return the settings as the kernels read them."""
        of = self.variation
        return ProgramRates(of.longest, of.first, of.crossover, 1.0 - 1.0 / of.edits)
