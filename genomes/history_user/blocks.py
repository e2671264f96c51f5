"""Sequences in blocks of 16, as the kernels of the LSTM take them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Singles, for_kernels
from genomes.vectors import LANES

MAX_SINGLE = 5  # at most this many sequences are faster one by one than as a block of 16

# Sequences side by side: arrays (blocks, steps, inputs, lanes), of 16 lanes and of one; or tuples
# of arrays that begin with such an array.
Blocks = Sequence[Any]


def blocks_of(sequences: NDArray[Any]) -> list[NDArray[Any]]:
    """Return sequences (sequences, steps, inputs) in blocks for kernels."""
    count, steps, inputs = sequences.shape
    rest = count % LANES
    full = count - rest if rest <= MAX_SINGLE else count - rest + LANES
    blocks = []
    if full:
        padded = np.zeros((full, steps, inputs), sequences.dtype)
        padded[: min(count, full)] = sequences[:full]
        lanes = padded.reshape(full // LANES, LANES, steps, inputs)
        blocks.append(np.ascontiguousarray(lanes.transpose(0, 2, 3, 1)))
    if full < count:
        blocks.append(for_kernels(sequences[full:, :, :, None]))
    return blocks


class LazyBlocks(Sequence[Blocks]):
    """Blocks of every individual's own sequences, built on access."""

    def __init__(self, inputs: Singles, blocks: Callable[[Singles], Blocks]) -> None:
        self._inputs, self._blocks = inputs, blocks

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, index: Any) -> Any:
        return self._blocks(self._inputs[index])
