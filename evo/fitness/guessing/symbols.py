"""A piece as one symbol a step, which is what is guessed.

Symbol 0 is the rest, symbol k + 1 the key k. Where several keys sound at once, the highest is what
a listener follows as the melody; the others are not heard.
"""

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray

Symbols = NDArray[np.int64]


def symbols_of(rolls: BoolArray) -> Symbols:
    """The symbols of bool (..., steps, keys) rolls: int64 (..., steps), from 0 to keys."""
    keys = rolls.shape[-1]
    highest = keys - np.argmax(rolls[..., ::-1], axis=-1)
    return np.where(rolls.any(axis=-1), highest, 0).astype(np.int64)


def rolls_of(symbols: Symbols, keys: int) -> BoolArray:
    """The rolls that have these symbols, a key a step at most: bool (..., steps, keys)."""
    rolls: BoolArray = symbols[..., None] == np.arange(1, keys + 1)
    return rolls
