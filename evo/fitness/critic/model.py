"""A critic: a model of how song-like a piano roll is.

A roll's features (`evo.fitness.critic.features`) are scaled, and read by a few small networks. Each
has one hidden layer of tanh units and two outputs. The means of the outputs are added:

    level   quality, from 1 for songs down to -3 for noise; squared error, linear beyond 1 (Huber,
            1964); separates 30 wrong notes from 40
    share   whether it is a song; cross-entropy, bounded by a tanh; separates no wrong note from one

Scaled inputs are clipped, so that no roll unlike the training data gets an unbounded score. The
networks are trained in `evo.fitness.critic.training`. The same songs and seed give the same bits on
the same number of BLAS threads, which is one under the command `evo`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evo.core.seeds import Role, stream
from evo.fitness.critic.contexts import COMMON_TIME, MAX_STEPS, Bars, Contexts, Counts
from evo.fitness.critic.examples import examples
from evo.fitness.critic.features import names_of, roll_features
from evo.fitness.critic.training import fit, forward
from genomes.arrays import Arrays, BoolArray, FloatArray

CLIP = 3.0  # standard deviations
NETWORKS = 3


@dataclass(frozen=True, eq=False)
class Critic:
    """A trained critic; make it with `Critic.train`."""

    contexts: Contexts
    centre: FloatArray  # (features,)
    scale: FloatArray  # (features,)
    hidden: FloatArray  # (networks, features + 1, units), the last row is the bias
    output: FloatArray  # (networks, units + 1, 2), the last row is the bias
    trained_on: str  # SHA-256 of the songs
    bars: Bars = COMMON_TIME

    @classmethod
    def train(
        cls,
        songs: BoolArray,
        families: Sequence[int],
        seed: int,
        fold: int = 0,
        found: BoolArray | None = None,
        bars: Bars = COMMON_TIME,
    ) -> Self:
        """Train a critic, which takes some seconds.

        Args:
            songs: bool (n, steps, keys).
            families: The same number for songs that are the same tune, (n,).
            seed: Random seed of the training.
            fold: The fold that is left out; part of the random stream's address.
            found: bool (m, steps, keys), pieces of searches that fooled critics (hard negatives).
            bars: The bars of the songs.
        """
        random = stream(seed, Role.TRAIN, fold)
        rows, contexts = examples(songs, families, random, found, bars)
        centre, scale = rows.features.mean(axis=0), rows.features.std(axis=0) + 1e-3
        inputs = np.clip((rows.features - centre) / scale, -CLIP, CLIP)
        layers = [fit(inputs, rows, random) for _ in range(NETWORKS)]
        hidden, output = (np.stack(arrays) for arrays in zip(*layers, strict=True))
        return cls(contexts, centre, scale, hidden, output, hash_of(songs), bars)

    def judge(self, rolls: BoolArray) -> FloatArray:
        """Return how song-like rolls are.

        Most songs score between 0 and 2, training songs about 2, and noise far below 0.

        Args:
            rolls: bool (n, steps, keys).

        Returns:
            float64 (n,).
        """
        return self.judge_features(roll_features(rolls, self.contexts, self.bars))

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
            outputs = forward(inputs, hidden, output)[1][:, 0]
            level += outputs[:, 0] / len(self.hidden)
            share += outputs[:, 1] / len(self.hidden)
        judged: FloatArray = level + 4 / 3 * np.tanh(share / 4)
        return judged

    def to_arrays(self) -> Arrays:
        """Return the critic as plain arrays by name, for `from_arrays`."""
        arrays: Arrays = {f"contexts.{k}": array for k, array in self.contexts._asdict().items()}
        for name in ("centre", "scale", "hidden", "output"):
            arrays[name] = getattr(self, name)
        arrays["bar"] = np.array(self.bars[:5], np.int64)
        arrays["rhythms"] = self.bars.rhythms
        arrays["trained_on"] = np.frombuffer(bytes.fromhex(self.trained_on), np.uint8)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the critic that `to_arrays` described.

        Raises:
            ValueError: For other arrays; the message is one line.
        """
        bars = bars_from(arrays)
        for name, table in Contexts.of(Counts.none(bars), bars)._asdict().items():
            check_array(arrays, f"contexts.{name}", np.float64, table.shape)
        features = len(names_of(bars))
        check_array(arrays, "centre", np.float64, (features,))
        check_array(arrays, "scale", np.float64, (features,))
        check_array(arrays, "hidden", np.float64, (None, features + 1, None))
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
            bars,
        )


def bars_from(arrays: Mapping[str, NDArray[Any]]) -> Bars:
    """Return the bars of a critic's arrays.

    Raises:
        ValueError: If there are none, or impossible ones; the message is one line.
    """
    check_array(arrays, "bar", np.int64, (5,))
    check_array(arrays, "rhythms", np.int64, (None,))
    steps, beat, strong, lead, detailed = arrays["bar"].tolist()
    fits = 1 <= steps <= MAX_STEPS and 1 <= beat <= steps and 1 <= strong <= steps
    if not fits or lead not in (0, steps) or detailed not in (0, 1):
        raise ValueError(f"bar must be of 1 to {MAX_STEPS} steps, got {arrays['bar'].tolist()}")
    rhythms = arrays["rhythms"]
    bars = Bars(steps, beat, strong, lead, detailed, rhythms)
    if bars.events == len(rhythms):  # all that there are
        check_array(arrays, "rhythms", np.int64, (1 << steps,))
    is_sorted = len(rhythms) and rhythms[0] == 0 and (rhythms[1:] > rhythms[:-1]).all()
    if not is_sorted or rhythms[-1] >= 1 << steps or len(rhythms) > 256:
        raise ValueError("rhythms must be increasing, of the bar's steps, and at most 256")
    return bars


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
