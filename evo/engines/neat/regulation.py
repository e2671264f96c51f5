"""Rates and thresholds that adapt during a run: number of species, network size, mutation power.

The options of the section `Selection`, besides the choice of parents (`evo.engines.neat.parents`):

    target_species      number of species to aim at. The compatibility threshold changes by
                        `threshold_step` per generation. With too many species, those within the
                        new threshold merge. 0: no target
    complexity          none, or phased (Green, "Phased searching with NEAT", 2004). Networks grow
                        until they have gained `complexity_ceiling` genes on average. Then
                        structure is only deleted, until that gain is lost or shrinking stalls.
                        Unlike a parsimony term, this needs no weight per fitness
    adaptive_rates      adapt the power of weight and bias mutations by the one-fifth rule
                        (Rechenberg, "Evolutionsstrategie", 1973). It shrinks while less than a
                        fifth of the children are fitter than their fitter parent, to a tenth at
                        most. It grows while more are, to the configured power at most
    weights             the only values of weights, such as "-1 1" (binary networks with the
                        activation `step`); empty for any number. A mutation draws another value, at
                        `weight_replace_rate`. Biases stay real numbers. Nothing adapts here; the
                        mutation is in `genomes.network.variation`

The defaults follow measurements: adaptive rates helped, and phases of deletion bound memory. Each
option was tried alone, with a population of 150. XOR: `experiments/xor.py`, seeds 0 to 31, number
solved within 300 generations, and median generation. Tunes: `Modules.by_output = False`, settings
and inputs of `experiments/memorize.py` for neat-python, 120 generations, seeds 0 to 2, mean score
of the champion (120 is perfect):

                            XOR solved  median   vo-pole-bereza-stoyala   ode-to-joy
    none                        32        21             87.1                47.3
    adaptive_rates              32        19.5           97.6                58.1
    target_species 5            32        30.5           85.8                39.2
    target_species 10           32        28             71.5                37.5
    phased, ceiling 10          32        22             67.3                36.6
    phased, ceiling 50          32        21             85.2                46.6
    phased, ceiling 500         32        21             87.1                47.3
    weights -1 1                23       112.5           96.4                60.1
    the same with step          13        >300          (no dense score to climb)

- Adaptive rates: over 100 seeds, XOR took a median of 19 generations instead of 23, all solved. On
  korobeiniki and jingle-bells (300 generations, seeds 3 to 5) the means were 98.9 and 72.5 instead
  of 92.6 and 67.7. A fixed quarter of the power did nearly as well (96.6, 52.7; XOR 22), but has to
  be found by hand. A power above the configured one, up to ten times, was no better. It also
  founded more species than a small population has room for.
- Phases of deletion slow learning where they begin. With a ceiling of 500 none began above. They
  are the only bound on size: under random fitness, networks reached 2,060 genes after 2,400
  generations without deletions, and at most 662 on average with them.
- Binary weights learn tunes well at `weight_replace_rate` 0.01, and XOR badly.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from evo.core.state import Count, Finite, Positive, State
from evo.engines.neat.settings import SelectionSettings
from genomes.arrays import BoolArray, FloatArray
from genomes.network.rates import Attribute, Rates

_LOWEST_THRESHOLD = 0.05
# A phase of deletion ends after this many generations without a smaller mean size.
_PATIENCE = 10
# The one-fifth rule: target share, rate of change, and minimum of the power.
_SUCCESS, _ADAPTATION, _WEAKEST = 0.2, 0.5, 0.1


@dataclass
class Regulation:
    """The adapting rates and thresholds, and what they are derived from.

    Attributes:
        threshold: Compatibility threshold.
        floor: Mean genes per network when growth last began.
        lowest: Minimum of mean genes per network since deletion began; None during growth.
        since_lowest: Generations since that minimum.
        power: Factor of the configured mutation power.
        parent_fitness: float64 (n,), fitness of each individual's fitter parent; empty for none.
        mutated: bool (n,), whether each individual was mutated; else it is a copy.
    """

    threshold: float
    floor: float | None = None
    lowest: float | None = None
    since_lowest: int = 0
    power: float = 1.0
    parent_fitness: FloatArray = field(default_factory=lambda: np.empty(0))
    mutated: BoolArray = field(default_factory=lambda: np.empty(0, np.bool_))

    def begin(self) -> None:
        """Clear the record of parents, as an initial population has none."""
        self.parent_fitness, self.mutated = np.empty(0), np.empty(0, np.bool_)

    def watch_species(self, count: int, selection: SelectionSettings) -> None:
        """Move the compatibility threshold towards the target number of species.

        Args:
            count: Number of species.
            selection: Has the target and the step.
        """
        if selection.target_species and count != selection.target_species:
            step = selection.threshold_step
            self.threshold += step if count > selection.target_species else -step
            self.threshold = max(_LOWEST_THRESHOLD, self.threshold)

    def watch_complexity(self, genes: float, selection: SelectionSettings) -> None:
        """Switch between growth and a phase of deletion (phased search), by mean network size.

        Args:
            genes: Mean number of genes per network.
            selection: Has the kind of regulation and the ceiling.
        """
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
        """Adapt the mutation power to the share of improved children.

        A noisy or learning fitness also changes the scores of unchanged copies. The median of that
        change is subtracted, because it is neither success nor failure of a mutation.

        Args:
            fitness: float64 (n,), of the present generation.
            selection: Has `adaptive_rates`.
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
        """Return the configured rates of variation as they are regulated now."""
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
        """Return figures for the log: threshold, phase and mutation power, if regulated."""
        figures: dict[str, Any] = {}
        if selection.target_species:
            figures["compatibility_threshold"] = self.threshold
        if selection.complexity != "none":
            figures["pruning"] = self.lowest is not None
        if selection.adaptive_rates:
            figures["mutation_power"] = self.power
        return figures

    def state(self) -> State:
        """Return everything that the next generation's regulation depends on."""
        values = asdict(self)
        arrays = {name: values.pop(name) for name in ("parent_fitness", "mutated")}
        return State(arrays, values)

    @classmethod
    def restore(cls, state: State) -> "Regulation":
        """Return the regulation saved in a state."""
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
