"""The settings of the engine for formulas.

`annealing` is for a fitness that says what should be played (`Engine.teach`). Its costs and
temperatures are in literals: an error that costs 6 is worth a rule of up to 6 literals.

`variation` and `population.parents` are for all others, where scores alone select.
"""

import math
from typing import Annotated

import numpy as np

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings
from genomes.arrays import FloatArray, Indices
from genomes.formula.edits import EditRates
from genomes.formula.search import Annealing as AnnealingRates
from genomes.player import LARGEST_INPUTS

Share = Annotated[float, Meta(ge=0, le=1)]
# Maximum literals that the lists of one generation have room for.
MAX_ROOM = 250_000_000
MAX_ERROR = 1e6  # literals
STEPS = 128  # of songs, for which `annealing.edits` are


class Shape(Settings, frozen=True):
    """The shape of formulas."""

    inputs: Annotated[
        int, Meta(ge=1, le=LARGEST_INPUTS, description="Inputs: keys at lags, and bar positions.")
    ] = 840
    keys: Annotated[
        int, Meta(ge=1, le=65_536, description="Keys; twice as many with durations.")
    ] = 13
    rules: Annotated[int, Meta(ge=1, le=8_192, description="Maximum rules per key.")] = 64
    literals: Annotated[int, Meta(ge=1, le=64, description="Maximum literals per rule.")] = 8
    negated: Annotated[Share, Meta(description="Share of new literals that are negated.")] = 0.1


class Population(Settings, frozen=True):
    """The number of formulas."""

    size: Annotated[
        int, Meta(ge=1, le=100_000, description="Formulas per generation; chains, if annealed.")
    ] = 100
    parents: Annotated[
        int, Meta(ge=1, le=100_000, description="Best formulas that survive as parents.")
    ] = 20


class Annealing(Settings, frozen=True):
    """The search by lessons."""

    edits: Annotated[
        int,
        Meta(
            ge=1, le=10_000_000,
            description="Edits per formula and generation, for 128 steps of songs; they grow with "
            "the square root of the steps.",
        ),
    ] = 400_000  # fmt: skip
    cooling: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Generations of each annealing.")
    ] = 10
    hot: Annotated[
        float, Meta(ge=1e-3, le=1e3, description="Temperature at the beginning, in literals.")
    ] = 0.8
    reheated: Annotated[
        float,
        Meta(ge=1e-3, le=1e3, description="The same of later annealings, from the best formula."),
    ] = 0.6
    cold: Annotated[
        float, Meta(ge=1e-3, le=1e3, description="Temperature at the end, in literals.")
    ] = 0.1
    error: Annotated[
        float,
        Meta(ge=1e-3, le=MAX_ERROR, description="Cost of a wrong step of a key, in literals."),
    ] = 6.0
    sounding: Annotated[
        int, Meta(ge=1, le=64, description="Weight of steps at which something should sound.")
    ] = 1
    growth: Annotated[
        float, Meta(ge=1, le=100, description="Factor of the same with each further annealing.")
    ] = 2.0
    aimed: Annotated[
        Share, Meta(description="Share of edits that are aimed at a step that is wrong.")
    ] = 1.0

    def __post_init__(self) -> None:
        if self.cold > min(self.hot, self.reheated):
            raise InputError("annealing.cold must be at most hot and reheated")


class Variation(Settings, frozen=True):
    """Children of selected parents, where scores alone select."""

    crossover: Annotated[
        Share, Meta(description="Probability that keys come from two parents.")
    ] = 0.3
    edits: Annotated[
        float, Meta(ge=0, le=1_000, description="Mean further edits of a child, after one.")
    ] = 1.0
    insert: Annotated[Share, Meta(description="Share of edits that add a rule.")] = 0.25
    remove: Annotated[Share, Meta(description="Share of edits that remove a rule.")] = 0.1
    tournament_size: Annotated[
        int, Meta(ge=1, le=100_000, description="Parents drawn, of which the best is chosen.")
    ] = 2
    by_output: Annotated[
        bool,
        Meta(description="Select the rules of each key by the key's score, if there is one."),
    ] = True

    def __post_init__(self) -> None:
        if self.insert + self.remove > 1:
            raise InputError("variation.insert and remove must be at most 1 together")


class AnnealSettings(Settings, frozen=True):
    """All settings of the engine anneal."""

    formula: Shape = Shape()
    population: Population = Population()
    annealing: Annealing = Annealing()
    variation: Variation = Variation()

    def __post_init__(self) -> None:
        shape, size = self.formula, self.population.size
        room = size * shape.keys * shape.rules * shape.literals
        if room > MAX_ROOM:
            raise InputError(
                f"population.size x keys x rules x literals is {room:,}, more than the "
                f"{MAX_ROOM:,} that fit in memory"
            )

    def edit_rates(self) -> EditRates:
        """Return the parameters of random edits, for kernels."""
        variation = self.variation
        return EditRates(
            self.formula.inputs, self.formula.negated, variation.insert, variation.remove
        )

    def annealing_rates(self, generation: int) -> AnnealingRates:
        """Return the parameters of the search in a generation, for kernels."""
        table = self.annealing
        hot = table.hot if generation < table.cooling else table.reheated
        ratio, done = table.cold / hot, generation % table.cooling
        # Some errors are worth longer rules than others, if all steps are to be right.
        annealings = min(generation // table.cooling, 20)
        error = min(table.error * table.growth**annealings, MAX_ERROR)
        return AnnealingRates(
            hot * ratio ** (done / table.cooling),
            hot * ratio ** ((done + 1) / table.cooling),
            error,
            table.aimed,
            self.formula.negated,
        )

    def shared_edits(self, costs: FloatArray, steps: int) -> Indices:
        """Return the edits of each rule list in a generation.

        They are in proportion to the costs, so that hard keys get more.

        Args:
            costs: Float64 (n, lists), costs of the best lists.
            steps: Steps of the lessons.

        Returns:
            int64 (n * lists,).
        """
        total = self.annealing.edits * math.sqrt(max(1.0, steps / STEPS))
        sums = np.maximum(costs.sum(axis=1, keepdims=True), 1.0)
        edits: Indices = np.ceil(costs / sums * total).astype(np.int64).ravel()
        return edits
