"""DEAP over the weights of HistoryUsers.

An individual is a list of floats or a float64 array (weights,), in the order of
`genomes.history_user.shape.Shape.parts`. Children are rounded to float32.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.settings import changed
from evo.core.state import State
from evo.engines.deap.engine import Deap
from evo.engines.deap.individuals import Coding
from evo.engines.deap.settings import DeapHistoryUserSettings
from genomes.history_user.content import run_past
from genomes.history_user.lstm import follow_song, run_sequences
from genomes.history_user.networks import HistoryUsers


class HistoryUserDeap(Deap[DeapHistoryUserSettings]):
    """The engine deap for the weights of HistoryUsers."""

    genome = HistoryUsers
    settings_type = DeapHistoryUserSettings
    kernels = (run_sequences, follow_song, run_past)

    @classmethod
    def of_shape(
        cls, settings: DeapHistoryUserSettings, inputs: int, outputs: int
    ) -> DeapHistoryUserSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Inputs per step.
            outputs: Keys, the outputs per step.
        """
        network = {"inputs": inputs, "keys": outputs}
        return changed(settings, {"network": network}, "deap-history-user")

    def _keys(self) -> int:
        return self.settings.network.keys

    def _coded(self) -> Coding:
        as_array = self.settings.population.individual == "array"
        return Coding((self.settings.shape.weights,), np.float32, as_array, "vector of weights")

    def _mate(self) -> Callable[..., Any]:
        from deap import tools

        mate = self.settings.mate
        cross: Callable[..., Any] = getattr(tools, mate.kind)
        option = {"cxUniform": "indpb", "cxBlend": "alpha", "cxSimulatedBinary": "eta"}
        if mate.kind not in option:
            return cross
        name = option[mate.kind]
        return partial(cross, **{name: getattr(mate, name)})

    def _mutate(self) -> Callable[..., Any]:
        from deap import tools

        mutate = self.settings.mutate
        return partial(tools.mutGaussian, mu=0.0, sigma=mutate.sigma, indpb=mutate.indpb)

    def _first(self, random: np.random.Generator) -> NDArray[Any]:
        network, size = self.settings.network, self.settings.population.size
        return HistoryUsers.initial(
            self.settings.shape, random, size, network.scale, network.forget_bias
        ).weights

    def _performers(self, rows: NDArray[Any]) -> HistoryUsers:
        return HistoryUsers(self.settings.shape, rows)

    def _rows_in(self, state: State) -> NDArray[Any]:
        saved = HistoryUsers.from_arrays(state.arrays)
        if saved.shape != self.settings.shape:
            raise ValueError("networks must have the shape of the settings")
        return saved.weights
