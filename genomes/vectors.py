"""Vectors of 16 numbers in registers, for use inside kernels.

LLVM does not keep a block of sums in vector registers during a loop over arrays. With such loops
alone the forward pass of a HistoryUser takes 8.6 times as long (`benchmarks/history_user.py`). Here
a vector is a value, made and used by operations of one or two instructions. The surrounding loops
are plain numba.

Each lane is rounded like a single number. Arrays are contiguous float32 or float64; indices count
in memory order; neither is checked. Without compilation (NUMBA_DISABLE_JIT) a vector is a small
array.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core import config as _config
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

LANES = 16  # a vector of AVX-512 in float32, two of AVX2

# numba's type information does not cover these uses.
_cgutils: Any = cgutils
config: Any = _config
_primitive: Any = models.PrimitiveModel
_register: Any = register_model
_intrinsic: Any = intrinsic


class Vector(types.Type):  # type: ignore[misc]  # numba is typed in part only
    """The numba type of a vector of numbers."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


@_register(Vector)
class _VectorModel(_primitive):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Vector) -> None:
        number = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(number, LANES))


def _operation(typed: Callable[..., Any], plain: Callable[..., Any]) -> Any:
    """Return the compiled operation, or its NumPy version if compilation is disabled."""
    return plain if config.DISABLE_JIT else _intrinsic(typed)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, start: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [start])


def _load(typing: Any, array: Any, start: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _pointer(context, builder, array, *values)
        vector = context.get_value_type(signature.return_type).as_pointer()
        return builder.load(builder.bitcast(pointer, vector), align=array.dtype.bitwidth // 8)

    return Vector(array.dtype)(array, types.intp), build


def _store(typing: Any, vector: Any, array: Any, start: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _pointer(context, builder, array, *values[1:])
        target = builder.bitcast(pointer, values[0].type.as_pointer())
        builder.store(values[0], target, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(vector, array, types.intp), build


def _spread(typing: Any, number: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        vector = context.get_value_type(signature.return_type)
        nothing, first = ir.Constant(vector, ir.Undefined), ir.IntType(32)
        inserted = builder.insert_element(nothing, values[0], first(0))
        zeros = ir.Constant(ir.VectorType(first, LANES), None)
        return builder.shuffle_vector(inserted, nothing, zeros)

    return Vector(number)(number), build


def _number(typing: Any, array: Any, start: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_pointer(context, builder, array, *values))

    return array.dtype(array, types.intp), build


def _fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = values[0].type
        bits = f"{getattr(a, 'dtype', a).bitwidth}"
        name = f"llvm.fma.v{LANES}f{bits}" if isinstance(a, Vector) else f"llvm.fma.f{bits}"
        function = ir.FunctionType(kind, [kind] * 3)
        return builder.call(_cgutils.get_or_insert_function(builder.module, function, name), values)

    return a(a, a, a), build


def _of_two(instruction: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    def typed(typing: Any, a: Any, b: Any) -> Any:
        return a(a, a), lambda context, builder, signature, values: instruction(builder, *values)

    return typed


def _plain_store(vector: Any, array: Any, start: int) -> None:
    array.reshape(-1)[start : start + LANES] = vector


def _plain_fused(a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c in double precision; rounding twice can change the last bit."""
    return (np.float64(a) * np.float64(b) + np.float64(c)).astype(c.dtype)


# load(array, index), store(vector, array, index), number(array, index) for one number, and
# spread(number) into every lane.
load = _operation(_load, lambda array, start: array.reshape(-1)[start : start + LANES].copy())
store = _operation(_store, _plain_store)
number = _operation(_number, lambda array, start: array.reshape(-1)[start])
spread = _operation(_spread, lambda number: np.full(LANES, number))
# a * b + c rounded once, of vectors or of numbers.
fused = _operation(_fused, _plain_fused)
plus = _operation(_of_two(lambda builder, a, b: builder.fadd(a, b)), lambda a, b: a + b)
minus = _operation(_of_two(lambda builder, a, b: builder.fsub(a, b)), lambda a, b: a - b)
times = _operation(_of_two(lambda builder, a, b: builder.fmul(a, b)), lambda a, b: a * b)
larger = _operation(  # the larger of two numbers per lane; the first one if either is NaN
    _of_two(lambda builder, a, b: builder.select(builder.fcmp_ordered(">", b, a), b, a)),
    lambda a, b: np.where(b > a, b, a),
)
