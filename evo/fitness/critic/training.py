"""Train the networks of a critic.

Training uses Adam (Kingma & Ba, 2015), noise on the inputs (Bishop, "Training with noise is
equivalent to Tikhonov regularization", 1995) and weight decay. The loss is that of
`evo.fitness.critic.model`. Everything is float64.
"""

from typing import Any

import numpy as np

from evo.fitness.critic.examples import Examples
from genomes.arrays import FloatArray

HIDDEN = 32
EPOCHS, BATCH, RATE, NOISE, DECAY = 60, 256, 3e-3, 0.3, 1e-3


def forward(inputs: FloatArray, hidden: FloatArray, output: FloatArray) -> tuple[Any, Any]:
    """Return the activations of hidden units and outputs of one network.

    Args:
        inputs: float64 (..., features), scaled features.
        hidden: float64 (features + 1, units), the last row is the bias.
        output: float64 (units + 1, 2), the last row is the bias.

    Returns:
        float64 (..., units), and float64 (..., 2).
    """
    units = np.tanh(inputs @ hidden[:-1] + hidden[-1])
    return units, units @ output[:-1] + output[-1]


def fit(
    inputs: FloatArray, rows: Examples, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Train one network, and return its layers.

    Args:
        inputs: float64 (n, features), the scaled features of the examples.
        rows: The examples, with their target level, target share, and weight.
        random: Draws initial weights, batches and noise.

    Returns:
        Hidden layer, float64 (features + 1, HIDDEN), and output layer, float64 (HIDDEN + 1, 2).
    """
    count, width = inputs.shape
    hidden = random.normal(0, width**-0.5, (width + 1, HIDDEN))
    output = random.normal(0, HIDDEN**-0.5, (HIDDEN + 1, 2))
    hidden[-1] = output[-1] = 0.0
    layers = (hidden, output)
    means = tuple(np.zeros_like(layer) for layer in layers)
    squares = tuple(np.zeros_like(layer) for layer in layers)
    batches = max(count // BATCH, 1)
    for step in range(EPOCHS * batches):
        if step % batches == 0:
            order = random.permutation(count)
        batch = order[step % batches * BATCH : (step % batches + 1) * BATCH]
        noisy = inputs[batch] + NOISE * random.standard_normal((len(batch), width), np.float32)
        units, outputs = forward(noisy, hidden, output)
        wrong = np.empty_like(outputs)
        wrong[:, 0] = np.clip(outputs[:, 0] - rows.level[batch], -1, 1)
        wrong[:, 1] = 1 / (1 + np.exp(-outputs[:, 1])) - rows.share[batch]
        wrong *= rows.weight[batch, None] / len(batch)
        back = wrong @ output[:-1].T * (1 - units**2)
        gradients = (
            np.vstack([noisy.T @ back, back.sum(axis=0)]),
            np.vstack([units.T @ wrong, wrong.sum(axis=0)]),
        )
        rate = RATE * (1 - step / (EPOCHS * batches))
        for layer, gradient, mean, square in zip(layers, gradients, means, squares, strict=True):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            layer[:-1] *= 1 - rate * DECAY
            layer -= (
                rate * mean / (1 - 0.9 ** (step + 1))
                / (np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-8)
            )  # fmt: skip
    return layers
