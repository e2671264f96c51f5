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
        if self.shape.by_content:
            return self.by_content(said)
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

    def by_content(self, said: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probabilities, and the share of every lag in them."""
        shape, views, keys = self.shape, self.views, self.shape.keys
        query = said @ views["query_weights"] + views["query_bias"]
        scores = said @ views["read_weights"] + views["read_bias"]
        heard = [one[:keys] > 0.5 for one in self.past]
        if shape.melody:  # the highest key alone, or the rest
            highest = [np.flatnonzero(one)[-1:] for one in heard]
            chosen = [one[0] if len(one) else keys for one in highest]
            heard = [np.arange(keys) == one for one in chosen]
        steps = [one.tobytes() for one in heard]
        exponents = np.empty(len(heard) + 1)
        for lag in range(len(heard)):
            exponents[lag] = query[:-1] @ features(steps, lag + 1)
            if lag in shape.lags:
                exponents[lag] += scores[shape.lags.index(lag)]
        exponents[-1] = query[-1]
        weights = softmax(exponents)
        prior = said @ views["output_weights"] + views["output_bias"]
        chances = weights[-1] * (softmax(prior) if shape.melody else sigmoid(prior))
        for lag, weight in enumerate(weights[:-1]):
            read = self.past[-1 - lag][:keys]
            if shape.melody:
                read = np.append(heard[-1 - lag], not heard[-1 - lag].any())
            chances = chances + weight * read
        return chances, np.pad(weights[:-1], (0, 512 - len(heard)))


def features(steps: list[bytes], distance: int) -> FloatArray:
    """Return the features of the step at a distance before the next one.

    Args:
        steps: The bits of the keys at every step so far.
        distance: At least 1.
    """
    pairs = list(zip(steps[::-1], steps[::-1][distance:], strict=False))  # the newest first
    length = next((n for n, (own, other) in enumerate(pairs) if own != other), len(pairs))
    rhythm = next((n for n, (own, other) in enumerate(pairs) if any(own) != any(other)), len(pairs))
    found: list[float] = [length >= least for least in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)]
    found += [rhythm >= least for least in (2, 4, 8, 16)]
    found += [distance % period == 0 for period in (2, 4, 8, 16, 32)]
    found += [distance == exactly for exactly in (8, 16, 32, 64)]
    found += [distance < 8, np.log(distance) / 4]
    window = [(own, other) for own, other in pairs[:16] if any(own) or any(other)]
    hits = sum(own == other for own, other in window)
    share = hits / len(window) * len(pairs[:16]) / 16 if window else 0.0
    level = int(share * 32 + 0.5) / 32
    return np.array([*found, level, level > 0.9], np.float64)


def _raw(shape: Shape, said: FloatArray) -> FloatArray:
    if shape.architecture == "plain" or shape.by_content:
        return said
    return softmax(said) if shape.architecture == "melody" else sigmoid(said)


def _activation(shape: Shape, said: FloatArray) -> FloatArray:
    if shape.architecture == "content-melody":
        said = np.log(said)
    if shape.architecture in ("plain", "content"):
        chance = np.clip(said, 1e-6, 1 - 1e-6)
        return np.asarray(np.log(chance / (1 - chance)))
    if shape.melody:
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
