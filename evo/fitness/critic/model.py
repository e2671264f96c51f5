"""A critic: a model of how song-like a piano roll is.

A roll's features (`evo.fitness.critic.features`) are scaled, and read by a few small networks. Each
has one hidden layer of tanh units and two outputs. The means of the outputs are added:

    level   quality, from 1 for songs down to -3 for noise; squared error, linear beyond 1 (Huber,
            1964); separates 30 wrong notes from 40
    share   whether it is a song; cross-entropy, bounded by a tanh; separates no wrong note from one

Training uses Adam (Kingma & Ba, 2015), noise on the inputs (Bishop, "Training with noise is
equivalent to Tikhonov regularization", 1995) and weight decay. Scaled inputs are clipped, so that
no roll unlike the training data gets an unbounded score. Everything is float64. The same songs and
seed give the same bits on the same number of BLAS threads, which is one under the command `evo`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evo.core.seeds import Role, stream
from evo.fitness.critic.contexts import Contexts, Counts
from evo.fitness.critic.examples import Examples, examples
from evo.fitness.critic.features import NAMES, roll_features
from genomes.arrays import Arrays, BoolArray, FloatArray

CLIP = 3.0  # standard deviations
NETWORKS, HIDDEN = 3, 32
EPOCHS, BATCH, RATE, NOISE, DECAY = 60, 256, 3e-3, 0.3, 1e-3


@dataclass(frozen=True, eq=False)
class Critic:
    """A trained critic; make it with `Critic.train`."""

    contexts: Contexts
    centre: FloatArray  # (features,)
    scale: FloatArray  # (features,)
    hidden: FloatArray  # (networks, features + 1, units), the last row is the bias
    output: FloatArray  # (networks, units + 1, 2), the last row is the bias
    trained_on: str  # SHA-256 of the songs

    @classmethod
    def train(
        cls,
        songs: BoolArray,
        families: Sequence[int],
        seed: int,
        fold: int = 0,
        found: BoolArray | None = None,
    ) -> Self:
        """Train a critic, which takes some seconds.

        Args:
            songs: bool (n, steps, keys).
            families: The same number for songs that are the same tune, (n,).
            seed: Random seed of the training.
            fold: The fold that is left out; part of the random stream's address.
            found: bool (m, steps, keys), pieces of searches that fooled critics (hard negatives).
        """
        random = stream(seed, Role.TRAIN, fold)
        rows, contexts = examples(songs, families, random, found)
        centre, scale = rows.features.mean(axis=0), rows.features.std(axis=0) + 1e-3
        inputs = np.clip((rows.features - centre) / scale, -CLIP, CLIP)
        layers = [_fit(inputs, rows, random) for _ in range(NETWORKS)]
        hidden, output = (np.stack(arrays) for arrays in zip(*layers, strict=True))
        return cls(contexts, centre, scale, hidden, output, hash_of(songs))

    def judge(self, rolls: BoolArray) -> FloatArray:
        """Return how song-like rolls are.

        Most songs score between 0 and 2, training songs about 2, and noise far below 0.

        Args:
            rolls: bool (n, steps, keys).

        Returns:
            float64 (n,).
        """
        return self.judge_features(roll_features(rolls, self.contexts))

    def judge_features(self, features: FloatArray) -> FloatArray:
        """Return how song-like rolls are, from their features under `contexts`.

        Args:
            features: float64 (n, features).

        Returns:
            float64 (n,).
        """
        scaled = np.clip((features - self.centre) / self.scale, -CLIP, CLIP)
        # One product per row: in one large product, rounding depends on the other rows.
        inputs = scaled[:, None, :]
        level, share = np.zeros(len(inputs)), np.zeros(len(inputs))
        for hidden, output in zip(self.hidden, self.output, strict=True):
            outputs = _forward(inputs, hidden, output)[1][:, 0]
            level += outputs[:, 0] / len(self.hidden)
            share += outputs[:, 1] / len(self.hidden)
        judged: FloatArray = level + 4 / 3 * np.tanh(share / 4)
        return judged

    def to_arrays(self) -> Arrays:
        """Return everything as plain arrays."""
        arrays: Arrays = {f"contexts.{k}": array for k, array in self.contexts._asdict().items()}
        for name in ("centre", "scale", "hidden", "output"):
            arrays[name] = getattr(self, name)
        arrays["trained_on"] = np.frombuffer(bytes.fromhex(self.trained_on), np.uint8)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the critic that `to_arrays` described.

        Raises:
            ValueError: For other arrays; the message is one line.
        """
        for name, table in Contexts.of(Counts.none())._asdict().items():
            check_array(arrays, f"contexts.{name}", np.float64, table.shape)
        check_array(arrays, "centre", np.float64, (len(NAMES),))
        check_array(arrays, "scale", np.float64, (len(NAMES),))
        check_array(arrays, "hidden", np.float64, (None, len(NAMES) + 1, None))
        networks, _, units = arrays["hidden"].shape
        check_array(arrays, "output", np.float64, (networks, units + 1, 2))
        check_array(arrays, "trained_on", np.uint8, (32,))
        if not networks:
            raise ValueError("hidden must be of at least one network")
        if not (arrays["scale"] > 0).all():
            raise ValueError("scale must be above 0")
        contexts = Contexts(*(arrays[f"contexts.{name}"] for name in Contexts._fields))
        return cls(
            contexts,
            arrays["centre"],
            arrays["scale"],
            arrays["hidden"],
            arrays["output"],
            arrays["trained_on"].tobytes().hex(),
        )


def check_array(
    arrays: Mapping[str, NDArray[Any]],
    name: str,
    dtype: type[np.generic],
    shape: tuple[int | None, ...],
) -> None:
    """Check name, dtype, shape and values of an array.

    Args:
        arrays: Arrays by name.
        name: The required array.
        dtype: Its dtype; np.str_ for text of any length.
        shape: Its shape; None for any length.

    Raises:
        ValueError: If it is missing, does not fit, or is not finite; the message is one line.
    """
    if name not in arrays:
        raise ValueError(f"there must be an array {name!r}")
    found = arrays[name]
    fits = len(found.shape) == len(shape) and all(
        expected in (None, length) for expected, length in zip(shape, found.shape, strict=True)
    )
    is_text = dtype is np.str_ and found.dtype.kind == "U"
    if not fits or not (is_text or found.dtype == dtype):
        expected = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(
            f"{name} must be {dtype.__name__} ({expected}), got {found.dtype} {found.shape}"
        )
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise ValueError(f"{name} must be finite numbers")


def hash_of(songs: BoolArray) -> str:
    """Return the SHA-256 of a training set, in hexadecimal digits.

    Args:
        songs: bool (n, steps, keys).
    """
    content = sha256(repr(songs.shape).encode())
    content.update(np.packbits(songs).tobytes())
    return content.hexdigest()


def _forward(inputs: FloatArray, hidden: FloatArray, output: FloatArray) -> tuple[Any, Any]:
    """Return the activations of hidden units and outputs of one network."""
    units = np.tanh(inputs @ hidden[:-1] + hidden[-1])
    return units, units @ output[:-1] + output[-1]


def _fit(
    inputs: FloatArray, rows: Examples, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the trained layers of one network."""
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
        units, outputs = _forward(noisy, hidden, output)
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
