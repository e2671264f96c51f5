"""Call a function at an address from kernels."""

import ctypes
from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from genomes.kernels import device

# The type of the functions: float64 -> float64.
PYTHONS: Any = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
_config: Any = numba.config


@intrinsic  # type: ignore[untyped-decorator]
def _call(typing_context: Any, address: Any, z: Any) -> Any:
    """Call a function float64(float64) at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType()])
        pointer = builder.inttoptr(arguments[0], kind.as_pointer())
        # It reads and writes no memory of the kernel, which can be optimised around it.
        return builder.call(pointer, [arguments[1]], attrs=("readnone", "nounwind"))

    return types.float64(types.int64, types.float64), generate


if _config.DISABLE_JIT:

    def call_function(address: int, z: float) -> float:
        """Return the value of the function at an address; without compilation.

        Args:
            address: Address of a function that lives as long as the process.
            z: A number.
        """
        return float(PYTHONS(int(address))(z))

else:

    @device
    def call_function(address: int, z: float) -> float:
        """Return the value of the function at an address.

        Args:
            address: Address of a function that lives as long as the process.
            z: A number.
        """
        return float(_call(address, z))
