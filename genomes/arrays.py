"""Array types of the genomes, and checks of untrusted arrays: type and shape."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from genomes.errors import GenomeError

BoolArray = NDArray[np.bool_]
Codes = NDArray[np.uint8]  # indices of functions in a table
Indices = NDArray[np.int64]  # indices, offsets, node ids and innovation numbers
Levels = NDArray[np.int8]  # -1, 0 or 1
IntArray = NDArray[np.int64]  # counts, times, notes
Singles = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]  # the arrays of a batch, by name


def checked_array(
    name: str, array: Any, dtype: DTypeLike, shape: Sequence[int | str]
) -> NDArray[Any]:
    """Return an array as contiguous memory after checking its type and shape.

    Args:
        name: Name of the array in messages.
        array: The value to check.
        dtype: Required dtype.
        shape: Required length of every axis; a name instead of a number accepts any length.

    Raises:
        GenomeError: If it does not fit.
    """
    is_array = isinstance(array, np.ndarray)
    if (
        not is_array
        or array.dtype != dtype
        or array.ndim != len(shape)
        or any(
            length != own
            for own, length in zip(array.shape, shape, strict=True)
            if not isinstance(length, str)
        )
    ):
        expected = f"{np.dtype(dtype)} ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
        given = f"{array.dtype} {array.shape}" if is_array else type(array).__name__
        raise GenomeError(f"{name} must be {expected}, got {given}")
    whole: NDArray[Any] = np.ascontiguousarray(array).reshape(array.shape)
    if whole.dtype == np.bool_ and whole.size and whole.view(np.uint8).max() > 1:
        raise GenomeError(f"{name} must be 0 or 1 in every byte")  # kernels read only one bit
    return whole


def checked_field(
    arrays: Mapping[str, NDArray[Any]], name: str, dtype: DTypeLike, shape: Sequence[int | str]
) -> NDArray[Any]:
    """Return one array of a batch after checking its type and shape.

    Args:
        arrays: The arrays by name.
        name: Name of the array.
        dtype: Required dtype.
        shape: Required length of every axis; a name instead of a number accepts any length.

    Raises:
        GenomeError: If it is missing or does not fit.
    """
    if name not in arrays:
        raise GenomeError(f"the arrays lack {name}")
    return checked_array(name, arrays[name], dtype, shape)
