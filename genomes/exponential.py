"""The exponential function for loops in kernels: the C library's values, at vector speed.

A call of the C library in a loop prevents vector instructions. The algorithm here is that of the
GNU C library and ARM's optimized routines (S. Nagy): exp(x) = 2^(k / 128) * exp(r). Powers of 2 are
from a table, and exp(r) is a polynomial of degree 5, as |r| <= ln 2 / 256. Products are fused with
sums as there. So results do not depend on the processor, and are that library's to the last bit
wherever it uses such instructions.
"""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from genomes.arrays import FloatArray, Indices
from genomes.kernels import inlined
from genomes.vectors import fused

_config: Any = numba.config
_intrinsic: Any = intrinsic

_BITS = 7  # the table has 128 entries
_STEPS = 1 << _BITS
_SHIFT = 52 - _BITS  # of k, so that its whole part is added to the exponent of a float64
_PER_STEP = float.fromhex("0x1.71547652b82fep0") * _STEPS  # 128 / ln 2
_STEP_HIGH = float.fromhex("-0x1.62e42fefa0000p-8")  # -ln 2 / 128 in two parts
_STEP_LOW = float.fromhex("-0x1.cf79abc9e3b39p-47")
_ROUNDING = float.fromhex("0x1.8p52")  # adding it rounds to a whole number
_C2 = float.fromhex("0x1.ffffffffffdbdp-2")
_C3 = float.fromhex("0x1.555555555543cp-3")
_C4 = float.fromhex("0x1.55555cf172b91p-5")
_C5 = float.fromhex("0x1.1111167a4d017p-7")


def _powers() -> tuple[Indices, FloatArray]:
    """Return bits of 2^(i / 128) minus those of i, and the relative errors of rounding it."""
    bits, errors = np.empty(_STEPS, np.int64), np.empty(_STEPS)
    with localcontext() as context:
        context.prec = 60
        for i in range(_STEPS):
            power = (Decimal(2).ln() * i / _STEPS).exp()
            bits[i] = np.float64(power).view(np.int64) - (i << _SHIFT)
            errors[i] = float(power / Decimal(float(power)) - 1)
    return bits, errors


_POWERS, _ERRORS = _powers()


def _bits(typing: Any, number: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.IntType(64))

    return types.int64(types.float64), build


def _number(typing: Any, bits: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.DoubleType())

    return types.float64(types.int64), build


# The bits of a float64 as an int64, and the reverse.
_bits_of: Any = _intrinsic(_bits)
_number_of: Any = _intrinsic(_number)


@inlined
def _exp(x: float) -> float:
    """Return e to the power of `x`, which is from -700 to 700, or NaN."""
    shifted = fused(_PER_STEP, x, _ROUNDING)
    k = _bits_of(shifted)
    whole = shifted - _ROUNDING
    r = fused(whole, _STEP_LOW, fused(whole, _STEP_HIGH, x))
    square = r * r
    index = k & (_STEPS - 1)
    rest = fused(r, _C3, _C2)
    rest = fused(square, rest, _ERRORS[index] + r)
    rest = fused(square * square, fused(r, _C5, _C4), rest)
    power = _number_of(_POWERS[index] + (k << _SHIFT))
    return float(fused(power, rest, power))


exp: Callable[[float], float] = math.exp if _config.DISABLE_JIT else _exp
