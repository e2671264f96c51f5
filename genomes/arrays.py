"""The array types of the genomes, by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
Codes = NDArray[np.uint8]  # indices of functions in a table
Indices = NDArray[np.int64]  # also offsets, node ids and innovation numbers
Singles = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]  # what a batch is made of, by name
