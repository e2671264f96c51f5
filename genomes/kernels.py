"""How kernels are compiled.

A `kernel` is called from Python; it is compiled when it is first needed and kept on disk beside its
module (or where NUMBA_CACHE_DIR says). A `device` function is called from kernels only, which saves
compiling the wrappers that Python would need; with the structs of arrays passed here they are most
of a small function's compilation time.

Neither reorders nor fuses floating-point operations: the same input gives the same bits. With
NUMBA_DISABLE_JIT=1 nothing is compiled, and both are what they are in Python.
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np

from genomes.arrays import Indices

Function = TypeVar("Function", bound=Callable[..., Any])

# numba's type information lacks these options.
_njit: Any = numba.njit
_config: Any = numba.config
_compile_kernel = _njit(cache=True, no_cfunc_wrapper=True, error_model="numpy")
_compile_unkept = _njit(no_cfunc_wrapper=True, error_model="numpy")
_compile_device = _njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")


def kernel(function: Function) -> Function:
    """Compile a function that Python calls; kept on disk where any place can be written."""
    if _config.DISABLE_JIT:
        return _without_warnings(function)
    compiled: Function
    try:
        compiled = _compile_kernel(function)
    except RuntimeError:  # numba found nowhere to keep it: compile it in every process
        compiled = _compile_unkept(function)
    return compiled


def _without_warnings(function: Function) -> Function:
    """A function as it is, but with the arithmetic of kernels: what overflows is no warning."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    uncompiled: Any = run
    return uncompiled  # type: ignore[no-any-return]


def device(function: Function) -> Function:
    """Compile a function that is called from kernels only, never from Python."""
    compiled: Function = _compile_device(function)
    return compiled


def is_compiled(dispatcher: Any) -> bool:
    """Whether a kernel was compiled before, for its source as it is and this Python.

    A guess by the files of numba's cache, good enough to announce a wait: a wrong one costs only
    time.
    """
    if _config.DISABLE_JIT or dispatcher.signatures:  # in this process
        return True
    if dispatcher.stats.cache_path is None:
        return False
    function = dispatcher.py_func
    source = Path(function.__code__.co_filename)
    tag = f"py{sys.version_info.major}{sys.version_info.minor}"
    written = [
        index.stat().st_mtime
        for index in Path(dispatcher.stats.cache_path).glob(
            f"{source.stem}.{function.__name__}-*.{tag}.nbi"
        )
    ]
    return bool(written) and max(written) >= source.stat().st_mtime


@device
def zero() -> int:
    """A 0 to pass on: a literal one would compile what it is passed to twice."""
    return int(np.int64(0))


@device
def within(indices: Indices, count: int) -> bool:
    """Return whether all are indices of `count` things, counted from the first."""
    fit = True
    for index in indices:
        fit &= 0 <= index < count
    return fit


@device
def are_offsets(offsets: Indices, rows: int, count: int) -> bool:
    """Return whether offsets divide `count` things into `rows`."""
    if len(offsets) != rows + 1 or offsets[0] != 0 or offsets[rows] != count:
        return False
    fit = True
    for row in range(rows):
        fit &= offsets[row] <= offsets[row + 1]
    return fit
