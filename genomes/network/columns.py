"""The inputs of feed-forward networks, arranged for their activation.

Most inputs of a song are 0 at most steps, and zeros do not change a sum. So it is listed at which
steps each input is not. A roll is followed by every network of a population, with the same inputs:
its columns are kept.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import borrowed, device, kernel
from genomes.player import Player
from genomes.vectors import LANES

# In steps that are added with vector instructions: the time that a list of steps takes, and each
# step in it. So only long songs with few notes have lists.
_LIST, _LISTED = 160, 20
# Columns of rolls up to this size (in bytes) are kept, and this number of them.
_KEPT_SIZE, _KEPT = 1 << 20, 128


class Columns(NamedTuple):
    """Inputs of feed-forward networks, a row of `values` per input and a column per step.

    The first `leading[i]` steps of input i are added one by one. After them it is nonzero only at
    the steps `nonzero[offsets[i]:offsets[i + 1]]`. An input that is often nonzero has only leading
    steps. Inputs before the start of a song have a level of their own, and are leading.
    """

    steps: int
    values: FloatArray  # (inputs, width): steps, and zeros up to a multiple of the vectors' LANES
    leading: Indices  # (inputs,), multiples of LANES
    offsets: Indices  # (inputs + 1,)
    nonzero: Indices


@device
def aligned(rows: int, width: int) -> FloatArray:
    """Return uninitialised numbers (rows, width) in memory that begins with a line of the cache.

    Vectors that lie in two lines take twice the time.

    Args:
        rows: Number of rows.
        width: Numbers per row, a multiple of LANES.
    """
    memory = np.empty(rows * width + 8)  # a line has 8 numbers
    first = -(memory.ctypes.data // 8) % 8
    return memory[first : first + rows * width].reshape((rows, width))


@device
def _fill_columns(inputs: FloatArray, used: BoolArray, columns: Columns) -> int:
    """Write the columns of the used inputs; return the end of `nonzero`."""
    inputs, used, columns = borrowed(inputs), borrowed(used), borrowed(columns)
    steps, width, end = len(inputs), columns.values.shape[1], 0
    for i in range(len(used)):
        begin = 0
        if used[i]:
            row, present, first = columns.values[i], 0, 0
            for t in range(steps):
                row[t] = inputs[t, i]
                present += row[t] != 0.0
            for t in range(steps, width):
                row[t] = 0.0
            while first < steps and row[first] != 0.0:
                first += 1
            begin = first + -first % LANES
            if _LISTED * (present - first) + _LIST < width - begin:
                for t in range(begin, steps):
                    columns.nonzero[end] = t
                    end += row[t] != 0.0
            else:
                begin = width
        columns.leading[i], columns.offsets[i + 1] = begin, end
    return end


@kernel
def columns_of(inputs: FloatArray, sources: Indices) -> Columns:
    """Return inputs as the kernels read them.

    Args:
        inputs: Float64 (steps, inputs).
        sources: The inputs that will be read; other numbers are ignored.
    """
    steps, count = inputs.shape
    used = np.zeros(count, np.bool_)
    for source in sources:
        if source < count:
            used[source] = True
    width = steps + -steps % LANES
    columns = Columns(
        steps,
        aligned(count, width),
        np.zeros(count, np.int64),
        np.zeros(count + 1, np.int64),
        np.empty(count * (width // _LISTED + 1) + 1, np.int64),
    )
    end = _fill_columns(inputs, used, columns)
    return Columns(steps, columns.values, columns.leading, columns.offsets, columns.nonzero[:end])


def columns_of_roll(player: Player, grid: BoolArray) -> Columns:
    """Return a player's inputs for a roll, which are the same for all networks.

    Args:
        player: The player.
        grid: Bool (steps, keys).
    """
    known = np.ascontiguousarray(grid, np.bool_)
    is_small = 8 * player.inputs * len(known) <= _KEPT_SIZE
    make = _kept_columns if is_small else _kept_columns.__wrapped__
    return make(player, known.shape, known.tobytes())


@lru_cache(maxsize=_KEPT)
def _kept_columns(player: Player, shape: tuple[int, ...], roll: bytes) -> Columns:
    """Return the columns of a roll given by its shape and bytes."""
    grid = np.frombuffer(roll, np.bool_).reshape(shape)
    rows = np.ascontiguousarray(player.input_rows(grid).T)
    return columns_of(rows, np.arange(player.inputs))
