"""The settings of NEAT: neat-python's sections, typed, and our own.

Names, meanings and most defaults are neat-python's, so that its files can be read unchanged
(`config_file`).
"""

from typing import Annotated, Literal

import numpy as np

from evo.core.errors import InputError
from evo.core.seeds import MAX_SEED
from evo.core.settings import Meta, Settings
from evo.engines.climb import Climbs
from evo.engines.neat.genome_settings import Chance, Genome, Number, Size, Structure
from genomes.arrays import FloatArray
from genomes.network.assembly.edits import Rates
from genomes.network.assembly.parts import LARGEST

Weight = Annotated[float, Meta(ge=0, le=1e9)]
# Maximum genes of a first population; each takes some 40 bytes.
MAX_GENES = 200_000_000


class Population(Settings, frozen=True):
    """The population, and neat-python's own stop criterion."""

    fitness_criterion: Annotated[
        Literal["max", "min", "mean"],
        Meta(description="In neat-python's files: fitness to compare with the threshold."),
    ] = "max"
    fitness_threshold: Annotated[
        float,
        Meta(
            ge=-1e300,
            le=1e300,
            description="In neat-python's files: fitness at which a run ends.",
        ),
    ] = 0.0
    pop_size: Annotated[
        int, Meta(ge=2, le=1_000_000, description="Individuals per generation.")
    ] = 150
    reset_on_extinction: Annotated[
        bool, Meta(description="Restart when all species died out, instead of ending the run.")
    ] = False
    no_fitness_termination: Annotated[
        bool, Meta(description="In neat-python's files: ignore the threshold.")
    ] = True
    seed: Annotated[
        int,
        Meta(ge=-1, le=MAX_SEED, description="In neat-python's files: random seed; -1 for none."),
    ] = -1


class SpeciesSet(Settings, frozen=True):
    """How networks are divided into species."""

    compatibility_threshold: Annotated[
        Size, Meta(description="Maximum distance from the representative of a species.")
    ] = 3.0


class Stagnation(Settings, frozen=True):
    """The conditions under which a species dies out."""

    species_fitness_func: Annotated[
        Literal["max", "min", "mean", "median", "median2"],
        Meta(description="Fitness of a species, from those of its members."),
    ] = "max"
    max_stagnation: Annotated[
        int, Meta(ge=0, le=1_000_000_000, description="Generations without improvement.")
    ] = 20
    species_elitism: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Best species that never die out.")
    ] = 2


class Reproduction(Settings, frozen=True):
    """Copied members, possible parents, and the minimum size of a species."""

    elitism: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Best members of a species, copied unchanged.")
    ] = 2
    survival_threshold: Annotated[
        Chance, Meta(description="Share of a species that may be parents.")
    ] = 0.2
    min_species_size: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Minimum members of a species.")
    ] = 2


class NeatPythonSettings(Settings, frozen=True):
    """The sections of neat-python's configuration."""

    NEAT: Population = Population()
    DefaultGenome: Structure = Genome()
    DefaultSpeciesSet: SpeciesSet = SpeciesSet()
    DefaultStagnation: Stagnation = Stagnation()
    DefaultReproduction: Reproduction = Reproduction()

    def __post_init__(self) -> None:
        genome, size = self.DefaultGenome, self.NEAT.pop_size
        genes = size * (genome.first_connections + genome.num_hidden + genome.num_outputs)
        if genes > MAX_GENES:
            raise InputError(
                f"a first population of NEAT.pop_size = {size} networks with "
                f"DefaultGenome.num_hidden = {genome.num_hidden} has {genes:,} genes, more than "
                f"the {MAX_GENES:,} that fit in memory"
            )


class ModuleSettings(Settings, frozen=True):
    """Credit by output: every output is bred separately (`evo.engines.neat.by_output`).

    Each weight is the relative frequency of an edit.
    """

    by_output: Annotated[bool, Meta(description="Breed every output by its own score.")] = False
    move_bias: Annotated[Weight, Meta(description="Weight of moving a bias.")] = 0.02
    move_weight: Annotated[Weight, Meta(description="Weight of moving a weight.")] = 0.6
    add_connection: Annotated[Weight, Meta(description="Weight of a new connection.")] = 0.2
    remove_connection: Annotated[Weight, Meta(description="Weight of removing a connection.")] = (
        0.05
    )
    add_conjunction: Annotated[Weight, Meta(description="Weight of a new conjunction.")] = 0.03
    split_connection: Annotated[
        Weight, Meta(description="Weight of making a connection a conjunction.")
    ] = 0.02
    add_condition: Annotated[Weight, Meta(description="Weight of a new condition.")] = 0.03
    remove_condition: Annotated[Weight, Meta(description="Weight of removing a condition.")] = 0.01
    parsimony: Annotated[Size, Meta(description="Score that one gene costs.")] = 0.03
    freeze_below: Annotated[
        Size, Meta(description="Stop breeding an output when its loss is below this; 0 for never.")
    ] = 0.0
    negative: Annotated[Chance, Meta(description="Chance that a condition is negated.")] = 0.2
    further: Annotated[
        Chance, Meta(description="Chance of one more condition of a new conjunction.")
    ] = 0.1
    smallest: Annotated[Size, Meta(description="Smallest move of a weight or bias.")] = 0.05
    decades: Annotated[Size, Meta(description="Decades from the smallest move to the largest.")] = (
        2.0
    )

    rounds: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="Rounds of edits per generation, with lessons."),
    ] = 20
    aimed: Annotated[
        Chance, Meta(description="Share of edits aimed at a wrong step, with lessons.")
    ] = 0.5
    temperature: Annotated[
        Size, Meta(description="Loss that an edit may cost at first, with Selection.weights.")
    ] = 0.2
    thresholds: Annotated[
        Literal["free", "strict"],
        Meta(description="Thresholds and biases: any, or all 0 (with Selection.weights)."),
    ] = "free"

    def rates(self, letters: FloatArray) -> Rates:
        """Return the rates and sizes of edits as the kernels read them.

        Args:
            letters: The only values of weights; empty for any.
        """
        given = {name: getattr(self, name) for name in Rates._fields if hasattr(self, name)}
        return Rates(**given, letters=letters, strict=self.thresholds == "strict")


class SelectionSettings(Settings, frozen=True):
    """How parents are chosen within a species, and which rates adapt.

    `evo.engines.neat.parents` and `evo.engines.neat.regulation` explain the options.
    """

    parents: Annotated[
        Literal["truncation", "tournament", "lexicase", "epsilon-lexicase"],
        Meta(description="How parents are chosen within a species."),
    ] = "truncation"
    tournament_size: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Individuals per tournament.")
    ] = 3
    target_species: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="Species that the threshold aims at; 0 for any."),
    ] = 0
    threshold_step: Annotated[
        Size, Meta(description="Change of the compatibility threshold per generation.")
    ] = 0.1
    complexity: Annotated[
        Literal["none", "phased"],
        Meta(description="Alternate phases of growth and of deletion, or not."),
    ] = "phased"
    complexity_ceiling: Annotated[
        float, Meta(ge=1, le=1e12, description="Mean genes gained before deletion begins.")
    ] = 500.0
    weights: Annotated[
        tuple[Number, ...], Meta(description="The only values of weights; empty for any number.")
    ] = ()
    adaptive_rates: Annotated[
        bool, Meta(description="Adapt the mutation power by the 1/5 success rule.")
    ] = True
    climb: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000_000,
            description="Begin with mutants of the best first network, until none was better for "
            "this many generations; 0 for a population at once.",
        ),
    ] = 0
    climbs: Climbs = 1

    def __post_init__(self) -> None:
        if len(set(self.weights)) < len(self.weights) or len(self.weights) == 1:
            raise InputError(
                "weights must be empty or two and more different numbers, got "
                f"{' '.join(f'{weight:g}' for weight in self.weights)!r}"
            )


class NeatSettings(NeatPythonSettings, frozen=True):
    """neat-python's sections and our own."""

    Modules: ModuleSettings = ModuleSettings()
    Selection: SelectionSettings = SelectionSettings()

    def __post_init__(self) -> None:
        super().__post_init__()
        default, weights = SelectionSettings(), self.Selection.weights
        if self.Modules.thresholds == "strict" and not weights:
            raise InputError("Modules.thresholds = strict needs Selection.weights, such as -1 1")
        whole = all(weight % 1 == 0 and 0 < abs(weight) <= LARGEST for weight in weights)
        if self.Modules.by_output and not whole:
            raise InputError(
                "Selection.weights must be whole with Modules.by_output, not 0, and at most "
                f"{LARGEST:,.0f}"
            )
        if not sum(self.Modules.rates(np.empty(0))[:8]):
            raise InputError("Modules: one of the weights of edits must be above 0")
        changed = [
            name
            for name in SelectionSettings.__struct_fields__
            if name != "weights" and getattr(self.Selection, name) != getattr(default, name)
        ]
        if self.Modules.by_output and changed:
            raise InputError(f"Selection.{changed[0]} needs Modules.by_output = false")


# Without our additions that change what neat-python's settings do. With neat-python's own
# configuration of XOR, 3 of 10 seeds were unsolved after 300 generations with them, 1 without.
AS_NEAT_PYTHON = {"Selection": {"complexity": "none", "adaptive_rates": False}}
