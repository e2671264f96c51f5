"""A piece as one symbol per step, which is what predictors guess.

Symbol 0 is the rest, symbol k + 1 is key k. Where several keys sound at once, only the highest
counts: a listener follows it as the melody.
"""

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray

Symbols = NDArray[np.int64]


def symbols_of(rolls: BoolArray) -> Symbols:
    """Return the symbols of bool (..., steps, keys) rolls: int64 (..., steps), from 0 to keys."""
    keys = rolls.shape[-1]
    highest = keys - np.argmax(rolls[..., ::-1], axis=-1)
    return np.where(rolls.any(axis=-1), highest, 0).astype(np.int64)


def rolls_of(symbols: Symbols, keys: int) -> BoolArray:
    """Return the rolls with these symbols, at most a key per step: bool (..., steps, keys)."""
    rolls: BoolArray = symbols[..., None] == np.arange(1, keys + 1)
    return rolls
