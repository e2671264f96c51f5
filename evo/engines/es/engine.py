"""Evolution strategies: a distribution over weight vectors instead of a population.

An individual is a row of weights: a HistoryUser of one shape, or a reader
(`evo.engines.es.readers`). One generation:

1. Sample (`noise.Noise.draw`). Standard normal noise is drawn for every individual. Some strategies
   draw antithetic pairs: each noise vector and its negation.
2. Individuals (`strategy.Strategy.points`). Each is mean + deviations x noise, as float32. `ask`
   returns them, preceded by the mean itself with `population.evaluate_mean`.
3. Champion. `tell` keeps the best individual, or the mean with `population.champion` "mean".
4. Rank shaping (`strategy.shaped`). All strategies but weighted-mean replace scores by utilities of
   their ranks. Ties share the average; failed individuals rank last.
5. Update (`openai`, `snes`, `sep_cma` or `weighted_mean`). The strategy moves the mean, and
   possibly the deviations, towards the noise with high scores. Each module has its formulas.
   If all individuals failed, nothing changes but the next noise.

The state is that of the strategy, a few vectors of one individual's length. Noise is a function of
its address, so a restored engine draws the same population again, bit for bit.

Individuals should be scored on the same task. A fitness that draws sequences or opponents should
draw them once per generation, from `streams.common` (common random numbers).

With a noisy or learning fitness the highest score usually belongs to a lucky individual, not a good
one. `population.evaluate_mean` also scores the mean, which the strategies improve. With
`population.champion` "mean" the newest mean is the champion.
"""

from abc import abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes, changed
from evo.core.state import State
from evo.engines.base import Champion, Engine
from evo.engines.es.noise import Noise
from evo.engines.es.operators import HistoryUserOperators
from evo.engines.es.settings import SharedSettings, StrategySettings
from evo.engines.es.strategy import Credit, norm
from evo.engines.own_functions import Functions
from genomes.arrays import FloatArray, Indices, Singles
from genomes.base import Performers
from genomes.errors import GenomeError
from genomes.history_user.content import run_past
from genomes.history_user.initial import adopted
from genomes.history_user.lstm import follow_song, run_sequences
from genomes.history_user.networks import HistoryUsers
from genomes.player import Player

S = TypeVar("S", bound=SharedSettings)


class VectorStrategy(Engine[S], Generic[S]):
    """The engine for all strategies; subclasses know the genome kind."""

    population = "population.size"

    def __init__(
        self,
        settings: S | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        self._check_player(player)
        self._strategy = self.settings.start(self._first_mean())
        self._noise: Noise | None = None
        self._population: Performers | None = None

    def _check_player(self, player: Player | None) -> None:
        """Check that the player fits the settings.

        Raises:
            InputError: If it does not.
        """

    @abstractmethod
    def _first_mean(self) -> FloatArray:
        """Return the initial mean, float64 (weights,)."""

    @abstractmethod
    def _individuals(self, rows: Singles) -> Performers:
        """Return individuals of these weights, float32 (n, weights)."""

    def _indices_by_output(self) -> Indices:
        """Return indices of the weights of one output alone, (outputs, weights per output)."""
        return np.empty((0, 0), np.int64)

    def ask(self) -> Performers:
        """See `Engine.ask`."""
        if self._population is None:
            strategy, first = self._strategy, int(self.settings.population.evaluate_mean)
            self._noise = Noise.draw(
                self.seed,
                self.generation,
                strategy.individuals,
                len(strategy.mean),
                strategy.antithetic,
            )
            rows = np.empty((strategy.individuals + first, len(strategy.mean)), np.float32)
            # Weights beyond float32 become infinite: such an individual fails its evaluation.
            with np.errstate(over="ignore"):
                rows[:first] = strategy.mean
                for index, point in enumerate(strategy.points(self._noise), start=first):
                    rows[index] = point
            self._population = self._individuals(rows)
        return self._population

    def _breed(self, scores: Scores) -> None:
        assert self._noise is not None  # `tell` has asked
        first = int(self.settings.population.evaluate_mean)
        if self.settings.population.champion == "mean" and scores.ok[0]:
            mean = self.ask().take([0])
            self.champion = Champion(mean, float(scores.total[0]), self.generation)
        total, credit = scores.total[first:], None
        if self.settings.strategy.by_output and scores.by_output is not None:
            own = np.where(scores.ok[:, None], scores.by_output, -np.inf)[first:]
            total = own.sum(axis=1)
            indices = self._indices_by_output()
            credit = Credit(own, indices) if len(indices) == own.shape[1] else None
        self._strategy.update(self._noise, total, credit)
        self._noise = self._population = None

    def keep(self, champion: Champion) -> None:
        """See `Engine.keep`; the mean stays champion if the settings say so."""
        if self.settings.population.champion != "mean":
            super().keep(champion)

    def statistics(self) -> dict[str, Any]:
        """Return sigma, and the norms of mean and last step.

        Sigma is the geometric mean of the deviations. If they differ, their minimum and maximum
        follow.
        """
        strategy = self._strategy
        deviations = strategy.deviations
        with np.errstate(divide="ignore"):  # a deviation that shrank to 0
            sigma = np.exp(np.log(deviations).mean())
        figures = {
            "sigma": sigma,
            "mean_norm": norm(strategy.mean),
            "gradient_norm": strategy.gradient_norm,
        }
        if len(deviations) > 1:
            figures |= {"least_sigma": deviations.min(), "most_sigma": deviations.max()}
        return {name: float(value) for name, value in figures.items()}

    def _state(self) -> State:
        return self._strategy.state()

    def _restore(self, state: State) -> None:
        self._strategy.restore(state)
        if self._strategy.has_diverged:
            raise ValueError("mean and deviations must be finite")


class EvolutionStrategy(VectorStrategy[StrategySettings]):
    """Evolution strategies for HistoryUsers.

    HistoryUsers read the music itself, so a `player` is not used, but must have the same number of
    keys.
    """

    genome = HistoryUsers
    settings_type = StrategySettings
    operators = HistoryUserOperators
    kernels = (run_sequences, follow_song, run_past)

    def _check_player(self, player: Player | None) -> None:
        keys = self.settings.shape.keys
        if player is not None and player.keys != keys:
            raise InputError(f"es: the player has {player.keys} keys, the networks have {keys}")

    @classmethod
    def of_shape(cls, settings: StrategySettings, inputs: int, outputs: int) -> StrategySettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Inputs per step.
            outputs: Keys, the outputs per step.
        """
        return changed(settings, {"network": {"inputs": inputs, "keys": outputs}}, "es")

    def _first_mean(self) -> FloatArray:
        network, random = self.settings.network, stream(self.seed, Role.INITIALISE)
        first = HistoryUsers.initial(
            self.settings.shape, random, 1, network.scale, network.forget_bias
        )
        mean: FloatArray = first.weights[0].astype(np.float64)
        return mean

    def start_from(self, performers: Performers) -> None:
        """See `Engine.start_from`; the mean has its weights where the parts agree.

        Args:
            performers: A HistoryUser.
        """
        if not isinstance(performers, HistoryUsers):
            raise InputError(f"es: a HistoryUser cannot start from {type(performers).__name__}")
        own = self._first_mean().astype(np.float32)
        try:
            mean = adopted(self.settings.shape, own, performers.shape, performers.weights[0])
        except GenomeError as error:
            raise InputError(f"es: the network to start from does not fit: {error}") from None
        self._strategy = self.settings.start(mean.astype(np.float64))
        self._population = None

    def _individuals(self, rows: Singles) -> HistoryUsers:
        return HistoryUsers(self.settings.shape, rows)

    def _indices_by_output(self) -> Indices:
        return self.settings.shape.indices_by_output
