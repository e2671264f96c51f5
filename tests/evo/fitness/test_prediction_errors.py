"""The errors of one pass are those of the plain formulas, to the last bit."""

import numpy as np
import pytest

from evo.fitness.prediction_errors import prediction_errors, step_cases


@pytest.mark.parametrize("channels", [1, 7, 8, 13, 24, 127])
@pytest.mark.parametrize("prompt_steps", [0, 8])
def test_the_errors_are_those_of_the_formulas(channels: int, prompt_steps: int) -> None:
    random = np.random.default_rng(channels)
    activations = (3 * random.standard_normal((3, 40, channels))).astype(np.float32)
    activations[0, 20, 0] = np.nan
    activations[1, 21, 0] = np.inf
    song = random.random((40, channels)) < 0.2
    squashed = np.tanh(activations, dtype=np.float64)
    activations[2, prompt_steps:] = np.where(song, 2.0, -2.0)[prompt_steps:]
    right, error, loss = prediction_errors(activations, squashed, song, prompt_steps, 3.0)

    outputs, target = activations[:, prompt_steps:].astype(np.float64), song[prompt_steps:]
    squashed = squashed[:, prompt_steps:]
    weight = np.where(target, 3.0, 1.0)
    expected = (weight * (squashed - np.where(target, 1.0, -1.0)) ** 2).sum(axis=2)
    short = np.maximum(1.0 - np.where(target, outputs, -outputs), 0.0)
    np.testing.assert_array_equal(right, ((outputs > 0) == target).all(axis=2))
    np.testing.assert_array_equal(error, expected)
    np.testing.assert_array_equal(loss, (short**2).sum(axis=1))
    assert right[2].all()


def test_the_cases_are_those_of_the_formulas() -> None:
    random = np.random.default_rng(1)
    right, error = random.random((4, 40)) < 0.7, random.random((4, 40)) * 9.0
    right[2] = True
    balance, silence = random.random(40), 21.0
    table = np.empty((4, 50))
    step_cases(right, error, balance, silence, table, 5)

    error = np.where(right.all(axis=1, keepdims=True), 0.0, error / 4)
    exact = 2 * right * balance - 1 / 40
    dense = 1 / 40 - error / silence
    np.testing.assert_array_equal(table[:, 5:45], 40 * (exact + dense) / 2)
