"""Which species reproduce (stagnation), and how many offspring each gets (fitness sharing).

As in NEAT (Stanley & Miikkulainen 2002), a species gets offspring in proportion to its mean fitness
above the worst of the population. Its size moves halfway towards that number. A species without
improvement for `max_stagnation` generations dies out, unless it is among the `species_elitism`
best. The formulas are neat-python's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from evo.core.state import Count, Finite
from genomes.arrays import FloatArray, Indices

# neat-python's median is the upper of the two middle values; median2 is their mean.
_SUMMARIES: dict[str, Callable[[FloatArray], float]] = {
    "max": lambda f: float(f.max()),
    "min": lambda f: float(f.min()),
    "mean": lambda f: float(f.mean()),
    "median": lambda f: float(np.sort(f)[len(f) // 2]),
    "median2": lambda f: float(np.median(f)),
}


class SpeciesHistory(msgspec.Struct, forbid_unknown_fields=True):
    """Values of a `Species` in a checkpoint; its members are stored separately."""

    key: Count
    created: Count
    last_improved: Count
    best: Finite | None


@dataclass
class Species:
    """One species.

    Attributes:
        key: Its number, by which it is the same species in all generations.
        created: Generation in which it was founded.
        last_improved: Last generation in which its fitness exceeded `best`.
        best: Highest fitness of the species so far; None before its first evaluation.
        members: Indices in the population.
    """

    key: int
    created: int
    last_improved: int
    best: float | None
    members: Indices

    def to_values(self) -> dict[str, Any]:
        """Return its JSON values; the state of the population holds the members."""
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
    """Return the species that may reproduce, worst first; the others are stagnant.

    Also updates `best` and `last_improved` of every species.

    Args:
        species: All species of the population.
        fitness: float64 (n,), of every individual.
        generation: The current generation.
        summary: How a species' fitness is made of its members': "max", "mean", ...
        max_stagnation: Generations without improvement after which a species dies out.
        species_elitism: Number of best species that never die out.
    """
    standing = []
    for group in species:
        value = _SUMMARIES[summary](fitness[group.members])
        if group.best is None or value > group.best:
            group.best, group.last_improved = value, generation
        standing.append(value)
    order = sorted(range(len(species)), key=standing.__getitem__)
    left = len(species)
    kept = []
    for rank, index in enumerate(order):
        group = species[index]
        spared = left <= species_elitism or len(order) - rank <= species_elitism
        if not spared and generation - group.last_improved >= max_stagnation:
            left -= 1
        else:
            kept.append(group)
    return kept


def offspring_counts(
    species: Sequence[Species], fitness: FloatArray, population: int, smallest: int
) -> list[int]:
    """Return the number of offspring of each species.

    Args:
        species: The species that reproduce.
        fitness: float64 (n,), of every individual.
        population: Size of the next population, the sum of the result.
        smallest: Minimum offspring per species.

    Raises:
        ValueError: If the population is too small for `smallest` offspring per species.
    """
    if len(species) * smallest > population:
        raise ValueError(
            f"{len(species)} species of at least {smallest} do not fit a population of "
            f"{population}; raise compatibility_threshold or the population"
        )
    members = fitness[np.concatenate([group.members for group in species])]
    worst, spread = members.min(), max(1.0, float(np.ptp(members)))
    shared = [(float(fitness[group.members].mean()) - worst) / spread for group in species]
    total = sum(shared)
    targets = []
    for share, group in zip(shared, species, strict=True):
        size = len(group.members)
        goal = max(smallest, share / total * population) if total > 0 else smallest
        change = (goal - size) / 2
        step = round(change)
        if step == 0 and change != 0:
            step = 1 if change > 0 else -1
        targets.append(size + step)
    scale = population / sum(targets)
    counts = [max(smallest, round(size * scale)) for size in targets]
    # Correct the rounding: add to the smallest species, take from the largest.
    while sum(counts) < population:
        counts[counts.index(min(counts))] += 1
    while sum(counts) > population:
        counts[counts.index(max(counts))] -= 1
    return counts
