"""neat-python's reproduction with a population that may grow, as in its releases before 1.1.

Every species has at least `min_species_size` members. With many species, that is more than the
population. Earlier releases let the population grow; later ones raise an error. A first population
with hidden nodes has this many species, because its networks share no hidden nodes.
"""

from typing import Any

from neat import DefaultReproduction

# Largest growth of the population; a compatibility threshold near 0 would double it endlessly.
MAX_GROWTH = 4


class GrowingReproduction(DefaultReproduction):  # type: ignore[misc]  # neat-python has no types
    """Reproduction that keeps neat-python's numbers where they fit, and grows where not."""

    def _adjust_spawn_exact(
        self, spawn_amounts: list[int], pop_size: int, min_species_size: int
    ) -> list[int]:
        """Return the offspring of every species; called by neat-python.

        Args:
            spawn_amounts: Offspring by fitness, at least the minimum each.
            pop_size: Configured size of the population.
            min_species_size: Minimum offspring per species.

        Raises:
            RuntimeError: If the population would grow more than `MAX_GROWTH` times.
        """
        smallest = len(spawn_amounts) * min_species_size
        if pop_size < smallest <= MAX_GROWTH * pop_size:
            return spawn_amounts
        amounts: Any = super()._adjust_spawn_exact(spawn_amounts, pop_size, min_species_size)
        return list(amounts)
