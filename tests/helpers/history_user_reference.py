"""Reference HistoryUsers: one individual, sequence and step at a time, in float64.

This is a readable version of `genomes.history_user.networks`; the tests compare the two. `views`
is one individual's weights by name (`Shape.views`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, FloatArray
from genomes.history_user.networks import Shape

Views = Mapping[str, NDArray[Any]]


def sigmoid(x: FloatArray) -> FloatArray:
    """Return 1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


def softmax(x: FloatArray) -> FloatArray:
    """Return e^x over its sum."""
    powers = np.exp(x - x.max())
    return np.asarray(powers / powers.sum())


class LSTMCell:
    """One LSTM at one moment: `said` is its last output, (units,)."""

    def __init__(self, views: Views, name: str) -> None:
        self.input, self.recurrent = views[f"{name}_input"], views[f"{name}_recurrent"]
        self.bias = views[f"{name}_bias"]
        self.cells = self.said = np.zeros(self.bias.shape[1])

    def hear(self, x: FloatArray) -> FloatArray:
        """Return the output for the next input."""
        sums = (
            np.einsum("i,igu->gu", x, self.input)
            + np.einsum("i,igu->gu", self.said, self.recurrent)
            + self.bias
        )
        enter, forget, leave = sigmoid(sums[:3])
        self.cells = forget * self.cells + enter * np.tanh(sums[3])
        self.said = leave * np.tanh(self.cells)
        return self.said


@dataclass
class ReferenceUser:
    """One HistoryUser with `past` as its previous inputs."""

    shape: Shape
    views: Views
    past: list[FloatArray] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = [f"lstm{place}" for place in range(len(self.shape.layers))]
        self.stack = [LSTMCell(self.views, name) for name in names]
        extra = {"united": "last", "melody": "ear"}.get(self.shape.architecture)
        self.extra = LSTMCell(self.views, extra) if extra else None

    def hear(self, x: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Return the outputs and the lag weights for one input.

        The outputs are those before any sigmoid or softmax.
        """
        self.past.append(np.asarray(x, np.float64))
        said = x
        for cell in self.stack:
            said = cell.hear(said)
        if self.shape.architecture == "lstm":
            return said @ self.views["output_weights"] + self.views["output_bias"], None
        weights = softmax(said @ self.views["read_weights"] + self.views["read_bias"])
        read = np.zeros(self.shape.keys)
        for weight, lag in zip(weights, self.shape.lags, strict=True):
            if lag < len(self.past):
                read += weight * self.past[-1 - lag][: self.shape.keys]
        if self.extra is None:
            return read, weights
        if self.shape.architecture == "united":
            heard = self.extra.hear(np.concatenate([read, x]))
        else:
            heard = np.concatenate([self.extra.hear(x), read])
        return heard @ self.views["output_weights"] + self.views["output_bias"], weights


def _raw(shape: Shape, said: FloatArray) -> FloatArray:
    if shape.architecture == "plain":
        return said
    return softmax(said) if shape.architecture == "melody" else sigmoid(said)


def _activation(shape: Shape, said: FloatArray) -> FloatArray:
    if shape.architecture == "plain":
        chance = np.clip(said, 1e-6, 1 - 1e-6)
        return np.asarray(np.log(chance / (1 - chance)))
    if shape.architecture == "melody":
        others = [np.delete(said, key).max() for key in range(shape.keys)]
        return np.asarray(said[: shape.keys] - others)
    return said


def forward(shape: Shape, views: Views, inputs: FloatArray) -> FloatArray:
    """Return raw outputs (steps, outputs) of one sequence (steps, inputs)."""
    user = ReferenceUser(shape, views)
    return np.array([_raw(shape, user.hear(x)[0]) for x in inputs])


def attention(shape: Shape, views: Views, inputs: FloatArray) -> FloatArray:
    """Return the weights of the lags (steps, lags) for one sequence."""
    user = ReferenceUser(shape, views)
    return np.array([user.hear(x)[1] for x in inputs])


def follow(shape: Shape, views: Views, grid: BoolArray) -> FloatArray:
    """Return activations (steps, keys) for every step, from the steps before."""
    user = ReferenceUser(shape, views)
    heard = [np.zeros(shape.keys), *grid[:-1].astype(np.float64)][: len(grid)]
    return np.array([_activation(shape, user.hear(x)[0]) for x in heard])


def perform(shape: Shape, views: Views, prompt: BoolArray, steps: int) -> BoolArray:
    """Return the performance (steps, keys) after a prompt, at temperature 0."""
    user = ReferenceUser(shape, views)
    played: list[BoolArray] = []
    for step in range(steps):
        heard = played[-1].astype(np.float64) if played else np.zeros(shape.keys)
        activation = _activation(shape, user.hear(heard)[0])
        played.append(prompt[step] if step < len(prompt) else activation > 0)
    return np.array(played)
