"""OpenAI-ES: stochastic gradient ascent on the expected score (Salimans et al. 2017).

One update, from pairs of individuals at mean +/- sigma x noise:

1. Scores become centred ranks u, from 1/2 to -1/2.
2. The gradient is the average of u x noise, minus `weight_decay` x mean.
3. Adam (Kingma & Ba 2015) takes one step along it.
4. The learning rate and sigma, the same for all weights, shrink by their decays.

Adam is invariant to the gradient's scale, so the gradient is not divided by sigma. As in the
authors' code, weight decay is relative to an average of ranks, independent of sigma.

Weights that lead to one output alone can be ranked by that output's score (`Credit`). The other
outputs are only noise to them.

Salimans, Ho, Chen, Sidor & Sutskever, "Evolution strategies as a scalable alternative to
reinforcement learning", arXiv:1703.03864; code: github.com/openai/evolution-strategies-starter.
"""

import numpy as np

from evo.core.state import Count, State
from evo.engines.es.noise import Noise
from evo.engines.es.strategy import Credit, Strategy, centred_ranks, norm
from genomes.arrays import FloatArray

# Keeps Adam from dividing by 0.
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
        """Start at a mean.

        Args:
            mean: float64 (weights,).
            sigma: Standard deviation of every weight.
            individuals: Individuals per generation, an even number.
            learning_rate: Approximate maximum change of a weight per update.
            learning_rate_decay: Factor of the learning rate after an update.
            sigma_decay: Factor of sigma after an update.
            weight_decay: Share of the mean that is subtracted from the gradient.
            momentum: Decay of Adam's first moment.
            second_momentum: Decay of Adam's second moment.
        """
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
            for indices, own in zip(credit.indices, credit.scores.T, strict=True):
                gradient[indices] = noise.at(indices).weighted(centred_ranks(own)) / len(scores)
        self.gradient_norm = norm(gradient)
        self._adam(gradient - self.weight_decay * self.mean)
        self.sigma *= self.sigma_decay

    def _adam(self, gradient: FloatArray) -> None:
        """Take one step of Adam uphill."""
        rate = self.learning_rate * self.learning_rate_decay**self.updates
        self.updates += 1
        first, second = self.momentum, self.second_momentum
        self.first_moment = first * self.first_moment + (1.0 - first) * gradient
        self.second_moment = second * self.second_moment + (1.0 - second) * np.square(gradient)
        # Correct the bias of moments that start at 0.
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
