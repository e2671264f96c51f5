"""The settings of the evolution strategies.

Only the table of the chosen strategy has an effect; sep-cma has no table.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Literal

import msgspec
import numpy as np

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings, tables
from evo.engines.es.openai import OpenAI
from evo.engines.es.sep_cma import SepCMA
from evo.engines.es.snes import SNES
from evo.engines.es.strategy import Strategy
from evo.engines.es.weighted_mean import WeightedMean
from genomes.arrays import FloatArray
from genomes.history_user.networks import Shape

Rate = Annotated[float, Meta(ge=0, le=1e6)]
Share = Annotated[float, Meta(ge=0, le=1)]
# Adam divides by 1 - momentum.
Momentum = Annotated[float, Meta(ge=0, le=0.999_999)]
Units = Annotated[int, Meta(ge=1, le=65_536)]

STRATEGIES: dict[str, Callable[..., Strategy]] = {
    "openai": OpenAI,
    "snes": SNES,
    "sep-cma": SepCMA,
    "weighted-mean": WeightedMean,
}
# Maximum number of weights of one generation.
MAX_WEIGHTS = 250_000_000


class Population(Settings, frozen=True):
    """The number of individuals, and the kind of champion."""

    size: Annotated[
        int,
        Meta(ge=2, le=1_000_000, description="Individuals per generation; even with pairs."),
    ] = 32
    evaluate_mean: Annotated[
        bool,
        Meta(description="Evaluate the mean as one more individual; use it with a noisy fitness."),
    ] = False
    champion: Annotated[
        Literal["best", "mean"],
        Meta(description="The champion: the best individual so far, or the newest mean."),
    ] = "best"

    def __post_init__(self) -> None:
        if self.champion == "mean" and not self.evaluate_mean:
            raise InputError("champion mean needs population.evaluate_mean")


class StrategyChoice(Settings, frozen=True):
    """Which strategy moves the distribution, and its initial width."""

    kind: Annotated[
        Literal["openai", "snes", "sep-cma", "weighted-mean"],
        Meta(description="Strategy; the table of the same name has its settings."),
    ] = "openai"
    sigma: Annotated[
        float, Meta(gt=0, le=1e6, description="Initial standard deviation of every weight.")
    ] = 0.1
    by_output: Annotated[
        bool,
        Meta(
            description="Rank by the sum of the scores per output; with openai, rank the weights "
            "of one output by its own score."
        ),
    ] = False


class OpenAISettings(Settings, frozen=True):
    """OpenAI-ES: gradient steps by Adam."""

    learning_rate: Annotated[Rate, Meta(description="Maximum change of a weight, about.")] = 0.05
    learning_rate_decay: Annotated[
        Share, Meta(description="Factor of the learning rate after a generation.")
    ] = 1.0
    sigma_decay: Annotated[Share, Meta(description="Factor of sigma after a generation.")] = 1.0
    weight_decay: Annotated[
        Rate, Meta(description="Share of the mean that is subtracted from the gradient.")
    ] = 0.005
    momentum: Annotated[Momentum, Meta(description="Decay of Adam's first moment.")] = 0.9
    second_momentum: Annotated[Momentum, Meta(description="Decay of Adam's second moment.")] = 0.999


class SNESSettings(Settings, frozen=True):
    """Separable natural evolution strategy."""

    learning_rate: Annotated[
        Rate, Meta(description="Learning rate of the mean; 1 is the natural step.")
    ] = 1.0
    sigma_rate: Annotated[
        Rate,
        Meta(description="Learning rate of the deviations; 0 for the default."),
    ] = 0.0
    antithetic: Annotated[
        bool, Meta(description="Draw individuals in pairs of opposite noise.")
    ] = False


class WeightedMeanSettings(Settings, frozen=True):
    """The mean of the individuals, weighted by their scores."""

    sigma_decay: Annotated[Share, Meta(description="Factor of sigma after a generation.")] = 0.99


class NetworkSettings(Settings, frozen=True):
    """The HistoryUser to breed; see `genomes.history_user.shape.Shape`."""

    keys: Annotated[
        int, Meta(ge=1, le=65_536, description="Outputs; a melody network adds one for the rest.")
    ] = 13
    inputs: Annotated[
        int, Meta(ge=0, le=65_536, description="Inputs per step, keys first; 0 for the keys alone.")
    ] = 0
    architecture: Annotated[
        Literal["plain", "united", "melody", "lstm", "content", "content-melody"],
        Meta(description="Kind of network; content and content-melody read past steps by content."),
    ] = "plain"
    layers: Annotated[tuple[Units, ...], Meta(description="Units of each LSTM of the stack.")] = (
        70,
        50,
    )
    history: Annotated[
        int, Meta(ge=1, le=65_536, description="Read the inputs of 1 to this many steps ago.")
    ] = 80
    lags: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=65_536)], ...],
        Meta(description="Read the inputs of these rising numbers of steps ago instead."),
    ] = ()
    last: Annotated[
        Units, Meta(description="Units of the last LSTM (united), or of the input LSTM (melody).")
    ] = 50
    scale: Annotated[float, Meta(ge=0, le=1e6, description="Scale of the initial weights.")] = 1.0
    forget_bias: Annotated[
        float, Meta(ge=-100, le=100, description="Initial bias of the forget gates.")
    ] = 1.0

    def __post_init__(self) -> None:
        self.shape()

    def shape(self) -> Shape:
        """Return the shape that the settings describe.

        Raises:
            InputError: If there is no such shape.
        """
        lags = self.lags or range(1, self.history + 1)
        try:
            return Shape(
                self.keys, self.inputs, self.layers, tuple(lags), self.architecture, self.last
            )
        except ValueError as error:
            raise InputError(str(error)) from None


class SharedSettings(Settings, frozen=True, dict=True):
    """Settings of the engines of all genome kinds, a table per topic."""

    population: Population = Population()
    strategy: StrategyChoice = StrategyChoice()
    openai: OpenAISettings = OpenAISettings()
    snes: SNESSettings = SNESSettings()
    weighted_mean: WeightedMeanSettings = msgspec.field(
        default=WeightedMeanSettings(), name="weighted-mean"
    )

    def __post_init__(self) -> None:
        size, kind = self.population.size, self.strategy.kind
        if size % 2 and self.start(np.zeros(2), 2).antithetic:
            raise InputError(
                f"population.size must be even, as {kind} has antithetic pairs, got {size}"
            )
        weights = size * self.weights
        if weights > MAX_WEIGHTS:
            raise InputError(
                f"population.size x weights is {weights:,}, more than the {MAX_WEIGHTS:,} that "
                "fit in memory"
            )

    @property
    def weights(self) -> int:
        """Weights of an individual."""
        return 0

    def start(self, mean: FloatArray, individuals: int | None = None) -> Strategy:
        """Return the chosen strategy at its start.

        Args:
            mean: float64 (weights,), the initial mean.
            individuals: Individuals per generation; by default the population's size.
        """
        kind = self.strategy.kind
        own = tables(self).get(kind, {})
        return STRATEGIES[kind](
            mean, self.strategy.sigma, individuals or self.population.size, **own
        )


class StrategySettings(SharedSettings, frozen=True, dict=True):
    """All settings of the engine for HistoryUsers."""

    network: NetworkSettings = NetworkSettings()

    @cached_property
    def shape(self) -> Shape:
        """The sizes of the HistoryUsers that are bred."""
        return self.network.shape()

    @property
    def weights(self) -> int:
        """See `SharedSettings.weights`."""
        return self.shape.weights


class ReaderTable(Settings, frozen=True):
    """The size of the readers to breed; the table [reader] says what they read."""

    keys: Annotated[int, Meta(ge=1, le=65_536, description="Channels of the instrument.")] = 13


class ReaderStrategySettings(SharedSettings, frozen=True, dict=True):
    """All settings of the engine for readers."""

    population: Population = Population(size=20)
    strategy: StrategyChoice = StrategyChoice(kind="snes", sigma=0.5)
    shape: ReaderTable = ReaderTable()

    @property
    def weights(self) -> int:
        """See `SharedSettings.weights`; an upper bound."""
        return self.shape.keys + 256
