"""Several running sums at once, in vector instructions.

LLVM does not find these by itself, as numba configures it: the loop is spelled out for it here.
Each sum is a lane of its own, so that every term is rounded and added in its place, as by a loop
over scalars.
"""

from typing import Any

import numba.core.cgutils
import numba.extending
import numba.np.arrayobj
from llvmlite import ir
from numba import types

LANES = 16

# numba's type information lacks these.
cgutils: Any = numba.core.cgutils
arrayobj: Any = numba.np.arrayobj


def _sum_rows(
    typing_context: Any, table: Any, rows: Any, factors: Any, count: Any, first: Any, sums: Any
) -> Any:
    """sums[first + k] = table[rows[0], first + k] * factors[0] + ..., for k below `LANES`.

    `table` and `factors` are float64, `rows` int64, all contiguous; the first `count` of rows and
    factors are added, in their order, to 0.0. Nothing is checked.
    """
    signature = types.void(table, rows, factors, types.int64, types.int64, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def array(place: int) -> Any:
            return arrayobj.make_array(signature.args[place])(context, builder, arguments[place])

        count, first = arguments[3], arguments[4]
        width = cgutils.unpack_tuple(builder, array(0).shape)[1]
        vector = ir.VectorType(ir.DoubleType(), LANES)
        index = ir.VectorType(ir.IntType(32), LANES)
        total = cgutils.alloca_once_value(builder, ir.Constant(vector, [0.0] * LANES))
        with cgutils.for_range(builder, count) as loop:
            row = builder.load(builder.gep(array(1).data, [loop.index]))
            factor = builder.load(builder.gep(array(2).data, [loop.index]))
            place = builder.add(builder.mul(row, width), first)
            lanes = builder.bitcast(builder.gep(array(0).data, [place]), vector.as_pointer())
            terms = builder.load(lanes, align=8)
            one = builder.insert_element(
                ir.Constant(vector, ir.Undefined), factor, ir.Constant(ir.IntType(32), 0)
            )
            factors = builder.shuffle_vector(
                one, ir.Constant(vector, ir.Undefined), ir.Constant(index, [0] * LANES)
            )
            added = builder.fadd(builder.load(total), builder.fmul(terms, factors))
            builder.store(added, total)
        lanes = builder.bitcast(builder.gep(array(5).data, [first]), vector.as_pointer())
        builder.store(builder.load(total), lanes, align=8)
        return context.get_dummy_value()

    return signature, generate


sum_rows: Any = numba.extending.intrinsic(_sum_rows)
