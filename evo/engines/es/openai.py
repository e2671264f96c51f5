"""OpenAI-ES: stochastic gradient ascent on the expected score (Salimans et al. 2017).

One generation, of pairs of individuals at mean +/- sigma noise:

1. scores become centred ranks u, from 1/2 to -1/2;
2. the gradient is the average of u x noise, less `weight_decay` x mean;
3. Adam (Kingma & Ba 2015) takes one step along it. Adam is indifferent to the gradient's scale,
   which is why it is not divided by sigma: as in the authors' code, weight decay is then relative
   to an average of ranks, and means the same under every sigma.

A weight that leads to one output alone can be judged by that output's score alone (`Credit`): what
the other outputs do is only noise to it.

Sigma is the same for all weights and does not adapt: it shrinks by `sigma_decay` a generation, as
the learning rate does by its own decay.

Salimans, Ho, Chen, Sidor & Sutskever, "Evolution strategies as a scalable alternative to
reinforcement learning", arXiv:1703.03864; code: github.com/openai/evolution-strategies-starter.
"""

import numpy as np

from evo.core.state import Count, State
from evo.engines.es.noise import Noise
from evo.engines.es.strategy import Credit, Strategy, centred_ranks, norm
from genomes.arrays import FloatArray

# What keeps Adam from dividing by nothing.
_EPSILON = 1e-8


class OpenAI(Strategy):
    """See the module's docstring."""

    antithetic = True

    def __init__(
        self,
        mean: FloatArray,
        sigma: float,
        individuals: int,
        *,
        learning_rate: float = 0.01,
        learning_rate_decay: float = 1.0,
        sigma_decay: float = 1.0,
        weight_decay: float = 0.005,
        momentum: float = 0.9,
        second_momentum: float = 0.999,
    ) -> None:
        """`learning_rate` is how far a weight goes in one step, at most about."""
        super().__init__(mean, sigma, individuals)
        self.learning_rate, self.learning_rate_decay = learning_rate, learning_rate_decay
        self.sigma_decay, self.weight_decay = sigma_decay, weight_decay
        self.momentum, self.second_momentum = momentum, second_momentum
        self.first_moment = np.zeros_like(self.mean)
        self.second_moment = np.zeros_like(self.mean)
        self.updates = 0

    def _update(self, noise: Noise, scores: FloatArray, credit: Credit | None) -> None:
        gradient = noise.weighted(centred_ranks(scores)) / len(scores)
        if credit is not None:
            for places, own in zip(credit.places, credit.scores.T, strict=True):
                gradient[places] = noise.at(places).weighted(centred_ranks(own)) / len(scores)
        self.gradient_norm = norm(gradient)
        self._adam(gradient - self.weight_decay * self.mean)
        self.sigma *= self.sigma_decay

    def _adam(self, gradient: FloatArray) -> None:
        """One step of Adam, upwards."""
        rate = self.learning_rate * self.learning_rate_decay**self.updates
        self.updates += 1
        first, second = self.momentum, self.second_momentum
        self.first_moment = first * self.first_moment + (1.0 - first) * gradient
        self.second_moment = second * self.second_moment + (1.0 - second) * np.square(gradient)
        # Both moments began at 0 and are that much too small.
        direction = self.first_moment / (1.0 - first**self.updates)
        spread = np.sqrt(self.second_moment / (1.0 - second**self.updates))
        self.mean = self.mean + rate * direction / (spread + _EPSILON)

    def state(self) -> State:
        """See `Strategy.state`."""
        moments = {"first_moment": self.first_moment, "second_moment": self.second_moment}
        return super().state() | State(moments, {"updates": self.updates})

    def restore(self, state: State) -> None:
        """See `Strategy.restore`."""
        super().restore(state)
        self.first_moment = state.array("first_moment", np.float64, self.mean.shape)
        self.second_moment = state.array("second_moment", np.float64, self.mean.shape)
        self.updates = state.value("updates", Count)
