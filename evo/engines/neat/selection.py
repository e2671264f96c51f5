"""Options of NEAT's selection: who becomes a parent, and what is regulated on the way.

They stand in the section `Selection`, beside neat-python's:

    parents             how parents are chosen within a species:
                        truncation: the best `survival_threshold` of it, all alike
                        tournament: the best of `tournament_size` drawn at random
                        lexicase: cases in random order, each leaves only those that are best at it
                        (Spector, "Assessment of problem modality by differential performance of
                        lexicase selection in genetic programming", 2012)
                        epsilon-lexicase: the same, where being within the median absolute deviation
                        of the species' best is as good as being best (La Cava et al.,
                        "Epsilon-lexicase selection for regression", 2016, static form)
    target_species      how many species there should be: the compatibility threshold moves by
                        `threshold_step` a generation towards that, and where there are more, those
                        that it no longer tells apart become one; 0 leaves both alone
    complexity          none, or phased: when networks have on average `complexity_ceiling` genes
                        more than when they last began to grow, structure is only deleted until
                        they are back there or shrink no more (Green, "Phased searching with NEAT",
                        2004). A phase of deletion asks fitness what can be spared; a parsimony term
                        would have to be weighed against every fitness's scale anew
    weights             the only values that weights may have, as in "-1 1" (with the activation
                        `step`: binary networks); empty for any number. A mutation is then another
                        letter, at `weight_replace_rate`. Biases stay numbers
    adaptive_rates      True: the power of weight and bias mutations shrinks, down to a tenth, while
                        less than a fifth of the children are fitter than their fitter parent, and
                        grows again, up to the configured one, while more are (Rechenberg,
                        "Evolutionsstrategie", 1973)

Only what a measurement showed to help is on by default: adaptive rates, and phases of deletion as
a bound on memory. Each option alone against none, population 150: XOR by `experiments/xor.py`,
seeds 0 to 31, solved within 300 generations and their median; two tunes followed by the species
path (`Modules.by_output = False`) with the settings and hearing that `experiments/memorize.py` has
for neat-python, 120 generations, seeds 0 to 2, mean score of the champion (120 is perfect):

                            XOR solved  median   vo-pole-bereza-stoyala   ode-to-joy
    none                        32        21             87.1                47.3
    adaptive_rates              32        19.5           97.6                58.1
    tournament of 3             31        50.5           84.3                38.7
    tournament of 7             32        33.5           91.9                44.9
    lexicase                    28        59             57.6                18.6
    epsilon-lexicase            32        44             91.9                38.9
    target_species 5            32        30.5           85.8                39.2
    target_species 10           32        28             71.5                37.5
    phased, ceiling 10          32        22             67.3                36.6
    phased, ceiling 50          32        21             85.2                46.6
    phased, ceiling 500         32        21             87.1                47.3
    weights -1 1                23       112.5           96.4                60.1
    the same with step          13        >300          (no dense score to climb)

- Adaptive rates: over 100 seeds, XOR takes 19 generations in the median and not 23, all solved. On
  two more tunes (korobeiniki, jingle-bells; 300 generations, seeds 3 to 5) the means are 98.9 and
  72.5 against 92.6 and 67.7. A fixed quarter of the power does nearly as well (96.6, 52.7; XOR 22):
  what helps is that nobody has to find it. A power above the configured one, up to ten times, was
  no better, and founds more species than a small population has room for.
- Phases of deletion cost learning where they bite: at 500 they did not begin in any of the above.
  They bound what nothing else does: under a fitness of pure chance and without deletions a network
  had 2,060 genes after 2,400 generations, and with them never more than 662 on average.
- Lexicase keeps specialists, one a step, that know little else, and its networks are larger; with
  adaptive rates epsilon-lexicase does worse than without (82.7, 41.1). Small species breed fewer
  children of what is best. A tournament of 7 is as good as truncation on tunes, within what
  seeds differ, and slower on XOR.
- Binary weights learn tunes well at `weight_replace_rate` 0.01, and XOR badly: a choice of
  representation, which is for the user.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.state import Count, Finite, Positive, State
from evo.engines.neat.settings import SelectionSettings
from evo.engines.selection.lexicase import lexicase, within_epsilon
from genomes.arrays import FloatArray
from genomes.network.rates import Attribute, Rates

Places = NDArray[np.int64]

_LOWEST_THRESHOLD = 0.05
# Deletion goes on for so many generations after networks were smallest.
_PATIENCE = 10
# The one-fifth rule: how fast the power changes, and how weak it may become.
_SUCCESS, _ADAPTATION, _WEAKEST = 0.2, 0.5, 0.1


def needs_cases(settings: SelectionSettings) -> bool:
    """Whether parents are chosen by the cases of a fitness."""
    return settings.parents in ("lexicase", "epsilon-lexicase")


def choose_pairs(
    settings: SelectionSettings,
    ranked: Places,
    count: int,
    cases: NDArray[np.float32] | None,
    survival_threshold: float,
    random: np.random.Generator,
) -> Places:
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
        best: Places = drawn.min(axis=2)
        return ranked[best]
    assert cases is not None
    table = cases[ranked]
    judged = within_epsilon(table) if settings.parents == "epsilon-lexicase" else table
    return ranked[lexicase(judged, 2 * count, random)].reshape(count, 2)


@dataclass
class Regulation:
    """What is regulated from generation to generation."""

    threshold: float  # of compatibility
    floor: float | None = None  # genes a network when growth last began
    lowest: float | None = None  # genes a network since deletion began, None while they grow
    since_lowest: int = 0
    power: float = 1.0  # of mutations, times the configured one
    # Of every individual: its fitter parent's fitness, and whether it was mutated or is a copy.
    parent_fitness: FloatArray = field(default_factory=lambda: np.empty(0))
    mutated: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    def begin(self) -> None:
        """Take the population for a first one, of no parents."""
        self.parent_fitness, self.mutated = np.empty(0), np.empty(0, np.bool_)

    def watch_species(self, count: int, selection: SelectionSettings) -> None:
        """Move the threshold towards the species that there should be."""
        if selection.target_species and count != selection.target_species:
            step = selection.threshold_step
            self.threshold += step if count > selection.target_species else -step
            self.threshold = max(_LOWEST_THRESHOLD, self.threshold)

    def watch_complexity(self, genes: float, selection: SelectionSettings) -> None:
        """Begin and end phases of deletion; `genes` is the mean number of a network."""
        if selection.complexity == "none":
            return
        if self.floor is None:
            self.floor = genes
        if self.lowest is None:
            if genes > self.floor + selection.complexity_ceiling:
                self.lowest, self.since_lowest = genes, 0
            return
        self.since_lowest = 0 if genes < self.lowest else self.since_lowest + 1
        self.lowest = min(genes, self.lowest)
        if genes <= self.floor or self.since_lowest >= _PATIENCE:
            self.floor, self.lowest = genes, None

    def watch_success(self, fitness: FloatArray, selection: SelectionSettings) -> None:
        """Adapt the power of mutations to how many children were fitter than their parents.

        By how much unchanged copies are scored otherwise than before, a fitness that learns or is
        noisy has moved by itself; that is no success or failure of the children.
        """
        if not selection.adaptive_rates or not self.mutated.any():
            return
        gained = fitness - self.parent_fitness
        if not self.mutated.all():
            gained -= np.median(gained[~self.mutated])
        success = float((gained[self.mutated] > 0).mean())
        power = self.power * float(np.exp(_ADAPTATION * (success - _SUCCESS)))
        self.power = min(1.0, max(_WEAKEST, power))

    def rates(self, rates: Rates) -> Rates:
        """The rates of variation as they are regulated now."""
        if self.lowest is not None:
            rates = rates._replace(
                node_add=0.0,
                node_delete=min(1.0, rates.node_delete + rates.node_add),
                connection_add=0.0,
                connection_delete=min(1.0, rates.connection_delete + rates.connection_add),
            )
        if self.power != 1.0:
            rates = rates._replace(weight=self._scaled(rates.weight), bias=self._scaled(rates.bias))
        return rates

    def _scaled(self, attribute: Attribute) -> Attribute:
        return attribute._replace(mutate_power=attribute.mutate_power * self.power)

    def statistics(self, selection: SelectionSettings) -> dict[str, Any]:
        """Figures for the log, of what is regulated."""
        figures: dict[str, Any] = {}
        if selection.target_species:
            figures["compatibility_threshold"] = self.threshold
        if selection.complexity != "none":
            figures["pruning"] = self.lowest is not None
        if selection.adaptive_rates:
            figures["mutation_power"] = self.power
        return figures

    def state(self) -> State:
        """Everything that the next generation's regulation depends on."""
        values = asdict(self)
        arrays = {name: values.pop(name) for name in ("parent_fitness", "mutated")}
        return State(arrays, values)

    @classmethod
    def restore(cls, state: State) -> "Regulation":
        """The regulation whose `state` this is."""
        mutated = state.array("mutated", np.bool_, (None,))
        parent_fitness = state.array("parent_fitness", np.float64, (len(mutated),))
        return cls(
            threshold=state.value("threshold", Finite),
            floor=state.value("floor", Finite | None),
            lowest=state.value("lowest", Finite | None),
            since_lowest=state.value("since_lowest", Count),
            power=state.value("power", Positive),
            parent_fitness=parent_fitness,
            mutated=mutated,
        )
