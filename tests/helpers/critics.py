"""Hand-written rolls, and critics trained briefly, once, for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

import numpy as np

from evo.fitness.critic import examples, training
from evo.fitness.critic import model as critic_model
from evo.fitness.critic.panel import Panel
from evo.music.tunes import tune, tune_names
from genomes.arrays import BoolArray

STEPS, KEYS = 128, 13


def melody(notes: Sequence[tuple[int, int]], steps: int = STEPS, keys: int = KEYS) -> BoolArray:
    """Return a roll (steps, keys) of notes (step, key)."""
    grid = np.zeros((steps, keys), np.bool_)
    for step, key in notes:
        grid[step, key] = True
    return grid


def random_melody(
    random: np.random.Generator, steps: int = STEPS, keys: int = KEYS, density: float = 0.5
) -> BoolArray:
    """Return one random key at some random steps."""
    places = np.flatnonzero(random.random(steps) < density)
    return melody([(int(t), int(random.integers(keys))) for t in places], steps, keys)


@cache
def tunes() -> BoolArray:
    """Return the embedded tunes: bool (n, 128, 13). Do not change them."""
    songs = np.array([tune(name).onsets for name in tune_names()])
    songs.flags.writeable = False
    return songs


@contextmanager
def short_training(epochs: int = 1, share: float = 0.05) -> Iterator[None]:
    """Train critics briefly: one network each, on few examples."""
    few = {name: int(share * getattr(examples, name)) for name in ("CORRUPTED", "SHUFFLED", "MADE")}
    with (
        patch.multiple(critic_model, NETWORKS=1),
        patch.multiple(training, EPOCHS=epochs),
        patch.multiple(examples, **few),
    ):
        yield


@cache
def panel() -> Panel:
    """Return a panel for all embedded tunes, after a short training."""
    with short_training(epochs=12, share=0.3):
        return Panel.train(tunes(), tune_names(), seed=0)


@cache
def few_panel() -> Panel:
    """Return a barely trained panel for 12 tunes.

    For tests that do not depend on taste.
    """
    with short_training():
        return Panel.train(tunes()[:12], tune_names()[:12], seed=0)
