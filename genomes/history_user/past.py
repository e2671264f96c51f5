"""Comparisons of the steps of sequences, which all individuals of a batch share."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from genomes.arrays import Indices, Singles
from genomes.history_user.blocks import blocks_of
from genomes.reader.pairs import LEVELS, Bytes, compare_steps, step_symbols

REACH = 512  # steps
_KEPT = 128  # songs, which most often come again in the next generation
_LARGEST_KEPT = 1 << 17  # pairs


class Past(NamedTuple):
    """Sequences side by side.

    Attributes:
        inputs: Float32 (blocks, steps, inputs, lanes); sequence i is lane i % lanes of block i //
            lanes. Excess lanes are ignored.
        sounds: Float32 (blocks, steps, outputs, lanes), the keys to read, or the key or the rest.
        match: Uint8 (blocks, steps, reach, lanes), the class of the match of every pair; row d - 1
            is distance d from the next step.
        level: Uint8, of the same shape, the level of agreement.
    """

    inputs: Singles
    sounds: Singles
    match: Bytes
    level: Bytes


class Compared(NamedTuple):
    """A sequence whose steps were compared.

    Attributes:
        symbols: Int64 (steps,), the key that is read at each step, or the rest.
        match: Uint8 (steps, reach); see `Past`.
        level: Uint8 (steps, reach).
    """

    symbols: Indices
    match: Bytes
    level: Bytes


def past_of(inputs: Singles, keys: int, melody: bool) -> list[Past]:
    """Return sequences in blocks for kernels, and the classes of all pairs of their steps.

    Args:
        inputs: Float32 (sequences, steps, inputs), keys first. A key sounds if its input is above
            one half.
        keys: Number of keys.
        melody: Whether one of the keys or the rest is read.
    """
    if not len(inputs):
        return []
    steps = inputs.shape[1]
    is_small = steps * min(REACH, steps) <= _LARGEST_KEPT
    compare = _compared if is_small else _compared.__wrapped__
    rolls = inputs[:, :, :keys] > 0.5
    found = [compare(roll.tobytes(), keys, melody) for roll in rolls]
    symbols, match, level = (np.stack(parts) for parts in zip(*found, strict=True))
    sounds = inputs[:, :, :keys]
    if melody:
        sounds = (symbols[:, :, None] == np.arange(keys + 1)).astype(np.float32)
    arrays = (inputs, sounds, match, level)
    return [Past(*blocks) for blocks in zip(*map(blocks_of, arrays), strict=True)]


@lru_cache(maxsize=_KEPT)
def _compared(content: bytes, keys: int, melody: bool) -> Compared:
    """Compare the steps of a roll, the bytes of bool (steps, keys)."""
    roll = np.frombuffer(content, np.bool_).reshape(-1, keys).copy()
    steps = len(roll)
    symbols = np.append(step_symbols(roll, melody), 0)  # and the step to predict last
    codes, _, _ = compare_steps(symbols, keys if melody else 0, min(REACH, steps), False)
    match, level = np.divmod(codes[1:], LEVELS)
    known = Compared(symbols[:steps], match.astype(np.uint8), level.astype(np.uint8))
    for array in known:
        array.flags.writeable = False
    return known
