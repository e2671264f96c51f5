"""Species: who belongs to which, how they fare, and how many offspring each may have.

Explicit fitness sharing as in NEAT (Stanley & Miikkulainen 2002): a species' offspring are in
proportion to its mean fitness above the worst of the population, halfway from its present size;
a species that has not improved for `max_stagnation` generations dies out, unless it is among the
`species_elitism` best. The formulas are neat-python's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from evo.core.state import Count, Finite
from genomes.arrays import FloatArray

# neat-python's median is the upper of the two middle values; median2 is their mean.
_SUMMARIES: dict[str, Callable[[FloatArray], float]] = {
    "max": lambda f: float(f.max()),
    "min": lambda f: float(f.min()),
    "mean": lambda f: float(f.mean()),
    "median": lambda f: float(np.sort(f)[len(f) // 2]),
    "median2": lambda f: float(np.median(f)),
}


class SpeciesHistory(msgspec.Struct, forbid_unknown_fields=True):
    """What a checkpoint keeps of a species beside its members."""

    key: Count
    created: Count
    last_improved: Count
    best: Finite | None


@dataclass
class Species:
    """One species. `members` are places in the population."""

    key: int
    created: int
    last_improved: int
    best: float | None
    members: NDArray[np.int64]

    def to_values(self) -> dict[str, Any]:
        """JSON values; the members are kept by the population."""
        names = SpeciesHistory.__struct_fields__
        return {name: getattr(self, name) for name in names}


def survivors(
    species: Sequence[Species],
    fitness: FloatArray,
    generation: int,
    summary: str,
    max_stagnation: int,
    species_elitism: int,
) -> list[Species]:
    """The species that may reproduce, worst first; notes which ones improved."""
    standing = []
    for one in species:
        value = _SUMMARIES[summary](fitness[one.members])
        if one.best is None or value > one.best:
            one.best, one.last_improved = value, generation
        standing.append(value)
    order = sorted(range(len(species)), key=standing.__getitem__)
    left = len(species)
    kept = []
    for rank, place in enumerate(order):
        one = species[place]
        spared = left <= species_elitism or len(order) - rank <= species_elitism
        if not spared and generation - one.last_improved >= max_stagnation:
            left -= 1
        else:
            kept.append(one)
    return kept


def offspring_counts(
    species: Sequence[Species], fitness: FloatArray, population: int, smallest: int
) -> list[int]:
    """How many of the next `population` each species gets, at least `smallest`.

    Raises ValueError when there are too many species for that.
    """
    if len(species) * smallest > population:
        raise ValueError(
            f"{len(species)} species of at least {smallest} do not fit a population of "
            f"{population}; raise compatibility_threshold or the population"
        )
    everybody = fitness[np.concatenate([one.members for one in species])]
    worst, spread = everybody.min(), max(1.0, float(np.ptp(everybody)))
    shared = [(float(fitness[one.members].mean()) - worst) / spread for one in species]
    total = sum(shared)
    wanted = []
    for share, one in zip(shared, species, strict=True):
        size = len(one.members)
        goal = max(smallest, share / total * population) if total > 0 else smallest
        change = (goal - size) / 2
        step = round(change)
        if step == 0 and change != 0:
            step = 1 if change > 0 else -1
        wanted.append(size + step)
    scale = population / sum(wanted)
    counts = [max(smallest, round(size * scale)) for size in wanted]
    # What rounding left over goes to the small, what it gave too much is taken from the large.
    while sum(counts) < population:
        counts[counts.index(min(counts))] += 1
    while sum(counts) > population:
        counts[counts.index(max(counts))] -= 1
    return counts
