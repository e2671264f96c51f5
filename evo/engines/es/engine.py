"""Evolution strategies behind ask and tell: a distribution over weight vectors, not a population.

The genome is HistoryUsers of one shape, a row of weights each (`genomes.history_user.networks`).
One generation:

1. `ask` draws noise at the generation's address (`es_noise`) and makes every individual from the
   mean: mean + deviations x noise, rounded to float32;
2. `tell` hands the noise and the scores to the strategy (`es_openai`, `es_snes`, `es_sep_cma`,
   `es_weighted_mean`), which moves the mean and the deviations.

The state is what the strategy remembers, a few vectors of one individual's length; the population
of a generation is drawn anew when an engine is restored, bit for bit. A failed individual ranks
last; a generation in which all failed changes nothing but the next noise.

Whoever compares individuals wants them to be judged by the same thing: a fitness that draws
sequences or opponents should draw the same for a whole generation (common random numbers). That is
the fitness's matter: the streams it is given differ between individuals, the generation does not.

The champion is the best individual told of. With a fitness that is noisy or learns (`reusable` is
False) that is mostly the luckiest; `population.evaluate_mean` puts the mean, which is what these
strategies really improve, among those that are judged; with `population.champion` "mean" the newest
mean is the champion, whatever the luck of earlier generations.
"""

from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes, changed
from evo.core.state import State
from evo.engines.base import Champion, Engine
from evo.engines.es.noise import Noise
from evo.engines.es.operators import HistoryUserOperators
from evo.engines.es.settings import StrategySettings
from evo.engines.es.strategy import Credit, norm
from genomes.arrays import FloatArray
from genomes.history_user.lstm import follow_song, run_sequences
from genomes.history_user.networks import HistoryUsers
from genomes.player import Player


class EvolutionStrategy(Engine[StrategySettings]):
    """The engine.

    HistoryUsers hear the music itself, so that a `player` is of no use but must have the same keys.
    """

    genome = HistoryUsers
    settings_type = StrategySettings
    operators = HistoryUserOperators
    population = "population.size"
    kernels = (run_sequences, follow_song)

    def __init__(
        self, settings: StrategySettings | Changes, *, seed: int, player: Player | None = None
    ) -> None:
        super().__init__(settings, seed=seed, player=player)
        keys = self.settings.shape.keys
        if player is not None and player.keys != keys:
            raise InputError(f"es: the player has {player.keys} keys, the networks have {keys}")
        self._strategy = self.settings.start(self._first_mean())
        self._noise: Noise | None = None
        self._population: HistoryUsers | None = None

    @classmethod
    def of_shape(cls, settings: StrategySettings, inputs: int, outputs: int) -> StrategySettings:
        """See `Engine.of_shape`; the shape is inputs per step, and keys."""
        return changed(settings, {"network": {"inputs": inputs, "keys": outputs}}, "es")

    def _first_mean(self) -> FloatArray:
        network, random = self.settings.network, stream(self.seed, Role.INITIALISE)
        first = HistoryUsers.initial(
            self.settings.shape, random, 1, network.scale, network.forget_bias
        )
        mean: FloatArray = first.weights[0].astype(np.float64)
        return mean

    def ask(self) -> HistoryUsers:
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
            # A distribution that ran away to infinity is judged, and fails, like any other.
            with np.errstate(over="ignore"):
                rows[:first] = strategy.mean
                for place, point in enumerate(strategy.points(self._noise), start=first):
                    rows[place] = point
            self._population = HistoryUsers(self.settings.shape, rows)
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
            places = self.settings.shape.places_by_output
            credit = Credit(own, places) if len(places) == own.shape[1] else None
        self._strategy.update(self._noise, total, credit)
        self._noise = self._population = None

    def statistics(self) -> dict[str, Any]:
        """Of the strategy: sigma, lengths of the mean and of the last step's direction.

        Sigma is the geometric mean of the weights' deviations; where they differ, the least and
        the most follow.
        """
        strategy = self._strategy
        deviations = strategy.deviations
        with np.errstate(divide="ignore"):  # one that shrank to nothing
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
