"""Compilation of numba kernels.

A `kernel` is called from Python. It is compiled on first use, and kept (`genomes.kernel_cache`).
A `device` function is called only from kernels. It needs no wrapper for Python, which would
dominate the compilation time of small functions with structs of arrays as arguments. An `inlined`
function is a device function that becomes part of its caller. A call costs some 20 ns per array
argument, and a loop with a call is not vectorized.

Neither reorders nor fuses floating-point operations, so results are reproducible bit for bit. With
NUMBA_DISABLE_JIT=1 nothing is compiled, and both remain Python functions.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from genomes.arrays import Indices
from genomes.kernel_cache import KernelCache, cache_of

Function = TypeVar("Function", bound=Callable[..., Any])

# numba's type information lacks these options.
_njit: Any = numba.njit
_intrinsic: Any = intrinsic
_cgutils: Any = cgutils
_types: Any = types
_config: Any = numba.config
_compile_kernel = _njit(no_cfunc_wrapper=True, error_model="numpy")
_compile_device = _njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")
_compile_inlined = _njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy", inline="always"
)


def kernel(function: Function) -> Function:
    """Compile a function that is called from Python, with caching if possible."""
    if _config.DISABLE_JIT:
        return _without_warnings(function)
    compiled: Any = _compile_kernel(function)
    compiled._cache = cache_of(function)
    return compiled  # type: ignore[no-any-return]


def _without_warnings(function: Function) -> Function:
    """Return an uncompiled function that ignores floating-point warnings, as kernels do."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    uncompiled: Any = run
    return uncompiled  # type: ignore[no-any-return]


def device(function: Function) -> Function:
    """Compile a function that is called only from kernels."""
    compiled: Function = _compile_device(function)
    return compiled


def inlined(function: Function) -> Function:
    """Compile a function into the kernels and device functions that call it."""
    compiled: Function = _compile_inlined(function)
    return compiled


def _uncounted(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return a compiled array, or tuple with arrays, without pointers to reference counts."""
    if isinstance(kind, _types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = _cgutils.get_null_value(array.meminfo.type)
        return array._getvalue()
    if isinstance(kind, _types.BaseTuple):
        parts = _cgutils.unpack_tuple(builder, value)
        parts = [_uncounted(context, builder, *pair) for pair in zip(kind, parts, strict=True)]
        return context.make_tuple(builder, kind, parts)
    return value


def _borrow(typing: Any, arrays: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _uncounted(context, builder, arrays, values[0])

    return arrays(arrays), build


def _itself(arrays: Any) -> Any:
    return arrays


# borrowed(argument): an array, or a named tuple with arrays, without counting references. Otherwise
# every use of an array in a loop, and every view of it, costs two atomic additions. Only arguments
# of a kernel or device function may be borrowed, as the caller keeps them. A variable's memory is
# freed after its last use, even if what was borrowed of it is used later.
borrowed: Any = _itself if _config.DISABLE_JIT else _intrinsic(_borrow)


def is_compiled(dispatcher: Any) -> bool:
    """Return whether a kernel is compiled, in this process or on disk."""
    if _config.DISABLE_JIT or dispatcher.signatures:  # in this process
        return True
    return isinstance(dispatcher._cache, KernelCache) and dispatcher._cache.is_stored()


def cache_folder(dispatcher: Any) -> str | None:
    """Return the folder in which a kernel is kept, or None if it cannot be kept."""
    return None if _config.DISABLE_JIT else dispatcher.stats.cache_path


@device
def zero() -> int:
    """Return a 0 that is not a literal: a literal would cause a second compilation."""
    return int(np.int64(0))


@device
def within(indices: Indices, count: int) -> bool:
    """Return whether all indices are from 0 to `count` - 1.

    Args:
        indices: Int64 (any,).
        count: Number of valid indices.
    """
    fit = True
    for index in indices:
        fit &= 0 <= index < count
    return fit
