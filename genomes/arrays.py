"""Array types of the genomes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
Codes = NDArray[np.uint8]  # indices of functions in a table
Indices = NDArray[np.int64]  # indices, offsets, node ids and innovation numbers
IntArray = NDArray[np.int64]  # counts, times, notes
Singles = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]  # the arrays of a batch, by name
