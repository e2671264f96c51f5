"""Array types of the genomes, checks of untrusted arrays, and offsets of rows."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

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
Kind = TypeVar("Kind", bound=np.generic)


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


def for_kernels(array: NDArray[Kind]) -> NDArray[Kind]:
    """Return a contiguous, writable array, the only type kernels are compiled for."""
    return np.require(array, requirements=["C", "W"])


def offsets_of(lengths: Sequence[int] | NDArray[Any]) -> Indices:
    """Return the first entry of each row of these lengths, and the end: int64 (rows + 1,)."""
    ends = np.cumsum(np.asarray(lengths, np.int64))
    return np.concatenate([np.zeros(1, np.int64), ends])


def are_offsets(offsets: Indices, count: int) -> bool:
    """Return whether offsets rise from 0 to `count`.

    Args:
        offsets: Int64 (any,).
        count: Number of entries.
    """
    # Not by differences, which wrap.
    rising = len(offsets) > 0 and bool((offsets[1:] >= offsets[:-1]).all())
    return rising and bool(offsets[0] == 0 and offsets[-1] == count)


def rows_taken(offsets: Indices, chosen: Indices) -> tuple[Indices, Indices]:
    """Return the entries of some rows, and the offsets of these rows.

    Args:
        offsets: Int64 (rows + 1,).
        chosen: Int64 (any,), rows.
    """
    first, lengths = offsets[chosen], offsets[chosen + 1] - offsets[chosen]
    made = offsets_of(lengths)
    entries = np.arange(made[-1]) + np.repeat(first - made[:-1], lengths)
    return entries, made
