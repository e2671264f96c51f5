"""A piece as one symbol per step, the input of predictors.

Symbol 0 is the rest, and symbol k + 1 is key k. Of several keys at once only the highest counts: a
listener follows it as the melody.
"""

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray

Symbols = NDArray[np.int64]


def symbols_of(rolls: BoolArray) -> Symbols:
    """Return the symbols of rolls.

    Args:
        rolls: bool (..., steps, keys).

    Returns:
        int64 (..., steps), from 0 to keys.
    """
    keys = rolls.shape[-1]
    highest = keys - np.argmax(rolls[..., ::-1], axis=-1)
    return np.where(rolls.any(axis=-1), highest, 0).astype(np.int64)


def rolls_of(symbols: Symbols, keys: int) -> BoolArray:
    """Return the rolls with these symbols, at most one key per step.

    Args:
        symbols: int64 (..., steps).
        keys: Number of keys.

    Returns:
        bool (..., steps, keys).
    """
    rolls: BoolArray = symbols[..., None] == np.arange(1, keys + 1)
    return rolls
