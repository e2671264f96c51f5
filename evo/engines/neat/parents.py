"""Choose the parents of each child within a species.

The option `parents` of the section `Selection`:

    truncation          at random from the best `survival_threshold` of the species
    tournament          the best of `tournament_size` drawn at random
    lexicase            cases in random order, each keeps only the best at it (Spector, "Assessment
                        of problem modality by differential performance of lexicase selection in
                        genetic programming", 2012)
    epsilon-lexicase    the same, but each case also keeps members within the median absolute
                        deviation of the best (La Cava et al., "Epsilon-lexicase selection for
                        regression", 2016, static form)

The default, truncation, follows measurements. They were made as in `evo.engines.neat.regulation`:

                            XOR solved  median   vo-pole-bereza-stoyala   ode-to-joy
    truncation                  32        21             87.1                47.3
    tournament of 3             31        50.5           84.3                38.7
    tournament of 7             32        33.5           91.9                44.9
    lexicase                    28        59             57.6                18.6
    epsilon-lexicase            32        44             91.9                38.9

- Lexicase keeps specialists for single steps, and its networks are larger. With adaptive rates
  epsilon-lexicase does worse than without (82.7, 41.1).
- A tournament of 7 equals truncation on tunes within the spread of the seeds, and is slower on XOR.
"""

import numpy as np

from evo.engines.neat.settings import SelectionSettings
from evo.engines.selection.lexicase import lexicase, within_epsilon
from genomes.arrays import Indices, Singles


def needs_cases(settings: SelectionSettings) -> bool:
    """Return whether parents are chosen by the cases of a fitness."""
    return settings.parents in ("lexicase", "epsilon-lexicase")


def choose_pairs(
    settings: SelectionSettings,
    ranked: Indices,
    count: int,
    cases: Singles | None,
    survival_threshold: float,
    random: np.random.Generator,
) -> Indices:
    """Choose the two parents of each child within a species.

    Args:
        settings: How parents are chosen.
        ranked: int64 (members,), the species' members by index, the fittest first.
        count: Number of children.
        cases: float32 (n, m), of the whole population; for lexicase only.
        survival_threshold: Share of the species that truncation chooses from.
        random: Draws the parents.

    Returns:
        int64 (count, 2), indices in the population.
    """
    if settings.parents == "truncation":
        parents = ranked[: max(2, int(np.ceil(survival_threshold * len(ranked))))]
        return parents[random.integers(len(parents), size=(count, 2))]
    if settings.parents == "tournament":
        drawn = random.integers(len(ranked), size=(count, 2, settings.tournament_size))
        best: Indices = drawn.min(axis=2)
        return ranked[best]
    assert cases is not None
    table = cases[ranked]
    judged = within_epsilon(table) if settings.parents == "epsilon-lexicase" else table
    return ranked[lexicase(judged, 2 * count, random)].reshape(count, 2)
