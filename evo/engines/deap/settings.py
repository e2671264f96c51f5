"""The settings of the DEAP engines, with DEAP's names.

`algorithm.kind`, as in `deap.algorithms`:
    eaSimple          parents are selected from this generation, with repetition; then varAnd
    eaMuPlusLambda    the `mu` selected of parents and children are the next parents; then varOr
    eaMuCommaLambda   the `mu` selected of the children are the next parents; then varOr

`population.size` is DEAP's `n`, and `lambda_` of the last two. The first population counts as
children, so it may be larger than `mu`.

`select.kind`, `mate.kind` and `mutate.kind` are functions of `deap.tools`. A user's own functions
(`evo.engines.deap.operators`) replace them.

Every individual of a generation is evaluated, also an unchanged copy. Parents that survive
(eaMuPlusLambda) and the hall of fame keep their scores.
"""

from functools import cached_property
from typing import Annotated, Literal

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings
from evo.engines.anneal.settings import Shape as FormulaShape
from evo.engines.es.settings import NetworkSettings
from evo.engines.ga.settings import GridSettings, GridShape
from evo.engines.ga.settings import Population as GridPopulation
from genomes.history_user.shape import Shape

Share = Annotated[float, Meta(ge=0, le=1)]
Size = Annotated[int, Meta(ge=0, le=100_000)]
# Maximum genes of one generation: a gene of a list takes some 32 bytes.
MAX_GENES = 100_000_000
# They select the best of all, so they need more individuals than they select.
BEST = ("selBest", "selNSGA2")


class Population(Settings, frozen=True):
    """The number of individuals, and their form."""

    size: Annotated[
        int, Meta(ge=2, le=100_000, description="Individuals per generation; n or lambda_.")
    ] = 100
    elitism: Annotated[
        Size,
        Meta(
            description="Size of the hall of fame, whose individuals replace as many children; "
            "not with eaMuPlusLambda."
        ),
    ] = 1
    individual: Annotated[
        Literal["list", "array"],
        Meta(description="Form of the individuals that operators take: a flat list or an array."),
    ] = "list"

    def __post_init__(self) -> None:
        if self.elitism >= self.size:
            raise InputError(f"elitism ({self.elitism}) must be less than size ({self.size})")


class Algorithm(Settings, frozen=True):
    """The algorithm and its probabilities."""

    kind: Annotated[
        Literal["eaSimple", "eaMuPlusLambda", "eaMuCommaLambda"],
        Meta(description="Algorithm of deap.algorithms."),
    ] = "eaMuPlusLambda"
    cxpb: Annotated[Share, Meta(description="Probability of crossover (mate).")] = 0.5
    mutpb: Annotated[Share, Meta(description="Probability of mutation (mutate).")] = 0.5
    mu: Annotated[
        Size,
        Meta(description="Selected parents, with eaMuPlusLambda and eaMuCommaLambda; 0 for size."),
    ] = 0

    def __post_init__(self) -> None:
        if self.kind != "eaSimple" and self.cxpb + self.mutpb > 1:
            raise InputError(
                f"cxpb + mutpb must be at most 1 with {self.kind}, got {self.cxpb + self.mutpb:g}"
            )


class Select(Settings, frozen=True):
    """How individuals are selected."""

    kind: Annotated[
        Literal[
            "selTournament",
            "selRoulette",
            "selStochasticUniversalSampling",
            "selRandom",
            "selBest",
            "selNSGA2",
            "selLexicase",
            "selAutomaticEpsilonLexicase",
        ],
        Meta(description="Selection of deap.tools."),
    ] = "selTournament"
    tournsize: Annotated[int, Meta(ge=1, le=100_000, description="Individuals per tournament.")] = 3
    goals: Annotated[
        bool,
        Meta(
            description="Fitness values are the cases of the task, not their total; always with "
            "selNSGA2 and lexicase."
        ),
    ] = False

    @property
    def needs_cases(self) -> bool:
        """Whether an individual's fitness has a value per case."""
        return self.goals or self.kind == "selNSGA2" or "Lexicase" in self.kind


class GridMate(Settings, frozen=True):
    """Crossover of note grids."""

    kind: Annotated[
        Literal["cxOnePoint", "cxTwoPoint", "cxUniform"],
        Meta(description="Crossover of deap.tools."),
    ] = "cxTwoPoint"
    indpb: Annotated[
        Share, Meta(description="With cxUniform: probability of exchanging a cell.")
    ] = 0.5


class GridMutate(Settings, frozen=True):
    """Mutation of note grids."""

    kind: Annotated[
        Literal["mutFlipBit", "mutShuffleIndexes"],
        Meta(description="Mutation of deap.tools."),
    ] = "mutFlipBit"
    indpb: Annotated[
        Share, Meta(description="Probability of mutating a cell; 0 for 2 cells of a grid.")
    ] = 0.0


class WeightMate(Settings, frozen=True):
    """Crossover of weights."""

    kind: Annotated[
        Literal["cxOnePoint", "cxTwoPoint", "cxUniform", "cxBlend", "cxSimulatedBinary"],
        Meta(description="Crossover of deap.tools."),
    ] = "cxUniform"
    indpb: Annotated[
        Share, Meta(description="With cxUniform: probability of exchanging a weight.")
    ] = 0.5
    alpha: Annotated[
        float, Meta(ge=0, le=100, description="With cxBlend: range beyond the parents.")
    ] = 0.1
    eta: Annotated[
        float, Meta(ge=0, le=1e6, description="With cxSimulatedBinary: similarity to the parents.")
    ] = 20.0


class WeightMutate(Settings, frozen=True):
    """Mutation of weights: mutGaussian with mean 0."""

    sigma: Annotated[
        float, Meta(ge=0, le=1e6, description="Standard deviation of the change of a weight.")
    ] = 0.1
    indpb: Annotated[Share, Meta(description="Probability of mutating a weight.")] = 0.1


class DeapSettings(Settings, frozen=True):
    """What the engines of all genome kinds share."""

    population: Population = Population()
    algorithm: Algorithm = Algorithm()
    select: Select = Select()

    def __post_init__(self) -> None:
        size, mu, kind = self.population.size, self.algorithm.mu, self.algorithm.kind
        if mu > size:
            raise InputError(f"algorithm.mu must be at most population.size, {size}, got {mu}")
        if kind != "eaSimple" and mu == 1 and self.algorithm.cxpb:
            raise InputError("algorithm.mu must be at least 2 if algorithm.cxpb is above 0")
        children = kind == "eaSimple" or (kind == "eaMuCommaLambda" and self.mu == size)
        if children and self.select.kind in BEST:
            raise InputError(
                f"select.kind {self.select.kind} would select every individual once with {kind}; "
                "choose algorithm.kind eaMuPlusLambda, or eaMuCommaLambda with a smaller mu"
            )
        if size * self.genes > MAX_GENES:
            raise InputError(
                f"population.size x genes is {size * self.genes:,}, more than the {MAX_GENES:,} "
                "that fit in memory"
            )

    @property
    def mu(self) -> int:
        """Selected parents."""
        return self.algorithm.mu or self.population.size

    @property
    def elites(self) -> int:
        """Size of the hall of fame; 0 if parents survive."""
        plus = self.algorithm.kind == "eaMuPlusLambda"
        return 0 if plus else self.population.elitism

    @property
    def genes(self) -> int:
        """Genes of an individual."""
        raise NotImplementedError


class DeapGridSettings(DeapSettings, frozen=True):
    """All settings of the engine deap for note grids."""

    grid: GridShape = GridShape()
    mate: GridMate = GridMate()
    mutate: GridMutate = GridMutate()

    @property
    def genes(self) -> int:
        """Cells of a grid."""
        return self.grid.steps * self.grid.keys

    def first(self) -> GridSettings:
        """Return the settings of the genetic algorithm that draw the same initial grids."""
        return GridSettings(grid=self.grid, population=GridPopulation(size=1, elitism=0))


class DeapHistoryUserSettings(DeapSettings, frozen=True, dict=True):
    """All settings of the engine deap for the weights of HistoryUsers."""

    network: NetworkSettings = NetworkSettings()
    mate: WeightMate = WeightMate()
    mutate: WeightMutate = WeightMutate()

    @cached_property
    def shape(self) -> Shape:
        """The sizes of the HistoryUsers."""
        return self.network.shape()

    @property
    def genes(self) -> int:
        """Weights of a HistoryUser."""
        return self.shape.weights


class TreeMate(Settings, frozen=True):
    """Crossover of trees."""

    kind: Annotated[
        Literal["cxOnePoint", "cxOnePointLeafBiased"],
        Meta(description="Crossover of deap.gp."),
    ] = "cxOnePoint"
    termpb: Annotated[
        Share, Meta(description="With cxOnePointLeafBiased: probability of crossing at a leaf.")
    ] = 0.1
    indpb: Annotated[
        Share, Meta(description="Probability of crossing a key's trees; one at least.")
    ] = 0.3


class TreeMutate(Settings, frozen=True):
    """Mutation of trees."""

    kind: Annotated[
        Literal["mutUniform", "mutNodeReplacement", "mutInsert", "mutShrink", "edits"],
        Meta(description="Mutation of deap.gp, or edits of the engine anneal."),
    ] = "mutUniform"
    height: Annotated[
        int, Meta(ge=0, le=8, description="With mutUniform: maximum height of the new subtree.")
    ] = 2
    indpb: Annotated[
        Share, Meta(description="Probability of mutating a key's tree; one at least.")
    ] = 0.1


class DeapFormulaSettings(DeapSettings, frozen=True):
    """All settings of the engine deap for formulas."""

    formula: FormulaShape = FormulaShape()
    mate: TreeMate = TreeMate()
    mutate: TreeMutate = TreeMutate()

    @property
    def genes(self) -> int:
        """Literals that a formula has room for, and the signs of its rules."""
        shape = self.formula
        return shape.keys * shape.rules * (1 + shape.literals)
