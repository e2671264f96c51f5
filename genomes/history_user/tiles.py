"""Blocks of float32 numbers that stay in registers, written in LLVM's own terms.

numba by itself does not keep a block of sums in vector registers while a loop runs. The intrinsics
here do, each a dozen LLVM instructions in a loop; `genomes.history_user.vectors` says what they
compute and calls them. They run at the processor's peak, a fifth faster than sgemm at the sizes of
an LSTM.

Arrays are flat and in one piece: their strides are not looked at.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic as _intrinsic

# numba's type information does not cover what is done with these.
intrinsic: Any = _intrinsic
_function: Any = cgutils.get_or_insert_function

LANES = 16  # sequences side by side: a vector of AVX-512, two of AVX2
COLUMNS = 4  # of the weights, times 16 lanes, in registers
WIDE = 64  # columns in registers with a single lane
KEYS = 4  # of the history, times 16 lanes, in registers

_FLOAT, _INT, _SHORT = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, LANES)


# Pieces of LLVM. `b` is the builder.


def _fma(b: Any, kind: Any, *numbers: Any) -> Any:
    suffix = f"v{LANES}f32" if kind is _VECTOR else "f32"
    function = ir.FunctionType(kind, [kind] * 3)
    name = f"llvm.fma.{suffix}"
    return b.call(_function(b.module, function, name), numbers)


def _load(b: Any, kind: Any, data: Any, place: Any) -> Any:
    pointer = b.gep(data, [place])
    return b.load(b.bitcast(pointer, kind.as_pointer()), align=4)


def _store(b: Any, value: Any, data: Any, place: Any) -> None:
    b.store(value, b.bitcast(b.gep(data, [place]), value.type.as_pointer()), align=4)


def _repeated(b: Any, number: Any) -> Any:
    """A number in every lane of a vector."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = b.insert_element(nothing, number, _SHORT(0))
    return b.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_SHORT, LANES), None))


def _accumulate(b: Any, count: Any, starts: list[Any], terms: Any) -> list[Any]:
    """`starts`, to each of which `terms(k, sums)` adds its term for every k below `count`."""
    before = b.block
    loop, after = b.append_basic_block("terms"), b.append_basic_block("summed")
    b.cbranch(b.icmp_signed(">", count, _INT(0)), loop, after)
    b.position_at_end(loop)
    k = b.phi(_INT)
    sums = [b.phi(start.type) for start in starts]
    added = terms(k, sums)
    following = b.add(k, _INT(1))
    end = b.block
    b.cbranch(b.icmp_signed("<", following, count), loop, after)
    k.add_incoming(_INT(0), before)
    k.add_incoming(following, end)
    for place, start in enumerate(starts):
        sums[place].add_incoming(start, before)
        sums[place].add_incoming(added[place], end)
    b.position_at_end(after)
    results = []
    for place, start in enumerate(starts):
        result = b.phi(start.type)
        result.add_incoming(start, before)
        result.add_incoming(added[place], end)
        results.append(result)
    return results


def _data(context: Any, b: Any, signature: Any, values: Any) -> list[Any]:
    """Arrays as pointers to their first number, all else as it is."""
    return [
        context.make_array(kind)(context, b, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, values, strict=True)
    ]


def _product_of_lanes(columns: int) -> Any:
    """`columns` columns of `linear` for 16 lanes."""

    @intrinsic
    def product(  # type: ignore[no-untyped-def]
        typing, weights, first, stride, bias, state, row, rows, out, place
    ):
        def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
            values = _data(context, b, signature, values)
            weights, first, stride, bias, state, row, rows, out, place = values

            def terms(k: Any, sums: list[Any]) -> list[Any]:
                heard = _load(b, _VECTOR, state, b.add(row, b.mul(k, _INT(LANES))))
                at = b.add(first, b.mul(k, stride))
                added = []
                for column, total in enumerate(sums):
                    weight = _load(b, _FLOAT, weights, b.add(at, _INT(column)))
                    added.append(_fma(b, _VECTOR, _repeated(b, weight), heard, total))
                return added

            starts = [
                _repeated(b, _load(b, _FLOAT, weights, b.add(bias, _INT(column))))
                for column in range(columns)
            ]
            for column, total in enumerate(_accumulate(b, rows, starts, terms)):
                _store(b, total, out, b.add(place, _INT(column * LANES)))
            return context.get_dummy_value()

        return types.void(weights, *[types.intp] * 3, state, *[types.intp] * 2, out, types.intp), (
            generate
        )

    return product


def _product_of_columns(vectors: int, kind: Any) -> Any:
    """`vectors` vectors of columns of `linear` for a single lane; `kind` may be one number."""
    width = LANES if kind is _VECTOR else 1

    @intrinsic
    def product(  # type: ignore[no-untyped-def]
        typing, weights, first, stride, bias, state, row, rows, out, place
    ):
        def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
            values = _data(context, b, signature, values)
            weights, first, stride, bias, state, row, rows, out, place = values

            def terms(k: Any, sums: list[Any]) -> list[Any]:
                heard = _load(b, _FLOAT, state, b.add(row, k))
                heard = _repeated(b, heard) if kind is _VECTOR else heard
                at = b.add(first, b.mul(k, stride))
                return [
                    _fma(b, kind, _load(b, kind, weights, b.add(at, _INT(v * width))), heard, total)
                    for v, total in enumerate(sums)
                ]

            starts = [_load(b, kind, weights, b.add(bias, _INT(v * width))) for v in range(vectors)]
            for v, total in enumerate(_accumulate(b, rows, starts, terms)):
                _store(b, total, out, b.add(place, _INT(v * width)))
            return context.get_dummy_value()

        return types.void(weights, *[types.intp] * 3, state, *[types.intp] * 2, out, types.intp), (
            generate
        )

    return product


def _reading_of_lanes(keys: int) -> Any:
    """`keys` keys of `weighted_past` for 16 lanes."""

    @intrinsic
    def reading(  # type: ignore[no-untyped-def]
        typing, shares, lags, count, past, now, row, out, place
    ):
        def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
            values = _data(context, b, signature, values)
            shares, lags, count, past, now, row, out, place = values

            def terms(k: Any, sums: list[Any]) -> list[Any]:
                share = _load(b, _VECTOR, shares, b.mul(k, _INT(LANES)))
                lag = b.load(b.gep(lags, [k]))
                then = b.sub(now, b.mul(lag, row))
                return [
                    _fma(
                        b,
                        _VECTOR,
                        share,
                        _load(b, _VECTOR, past, b.add(then, _INT(key * LANES))),
                        total,
                    )
                    for key, total in enumerate(sums)
                ]

            starts = [ir.Constant(_VECTOR, None)] * keys
            for key, total in enumerate(_accumulate(b, count, starts, terms)):
                _store(b, total, out, b.add(place, _INT(key * LANES)))
            return context.get_dummy_value()

        return types.void(
            shares, lags, types.intp, past, types.intp, types.intp, out, types.intp
        ), generate

    return reading


def _fold_of_lanes(add: Any) -> Any:
    """Rows of 16 lanes made one by `add(b, total, row)`."""

    @intrinsic
    def fold(typing, rows, count, out):  # type: ignore[no-untyped-def]
        def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
            rows, count, out = _data(context, b, signature, values)

            def terms(k: Any, totals: list[Any]) -> list[Any]:
                row = _load(b, _VECTOR, rows, b.mul(b.add(k, _INT(1)), _INT(LANES)))
                return [add(b, totals[0], row)]

            first = _load(b, _VECTOR, rows, _INT(0))
            total = _accumulate(b, b.sub(count, _INT(1)), [first], terms)[0]
            _store(b, total, out, _INT(0))
            return context.get_dummy_value()

        return types.void(rows, types.intp, out), generate

    return fold


def _larger(b: Any, one: Any, other: Any) -> Any:
    return b.select(b.fcmp_ordered(">", other, one), other, one)


@intrinsic
def lower_rows(typing, rows, count, by):  # type: ignore[no-untyped-def]
    """Subtract the 16 lanes of `by` from every one of `count` rows."""

    def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
        rows, count, by = _data(context, b, signature, values)
        lowering = _load(b, _VECTOR, by, _INT(0))

        def terms(k: Any, nothing: list[Any]) -> list[Any]:
            place = b.mul(k, _INT(LANES))
            _store(b, b.fsub(_load(b, _VECTOR, rows, place), lowering), rows, place)
            return []

        _accumulate(b, count, [], terms)
        return context.get_dummy_value()

    return types.void(rows, types.intp, by), generate


@intrinsic
def fused(typing, a, b, c):  # type: ignore[no-untyped-def]
    """a * b + c of float32, rounded once."""

    def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
        return _fma(b, _FLOAT, *values)

    return types.float32(types.float32, types.float32, types.float32), generate


@intrinsic
def power_of_two(typing, shifted):  # type: ignore[no-untyped-def]
    """2^n of n + 1.5 * 2^23, whose lowest bits are n: they become the exponent."""

    def generate(context, b, signature, values):  # type: ignore[no-untyped-def]
        exponent = b.add(b.bitcast(values[0], _SHORT), _SHORT(127))
        return b.bitcast(b.shl(exponent, _SHORT(23)), _FLOAT)

    return types.float32(types.float32), generate


four_columns, one_column = _product_of_lanes(COLUMNS), _product_of_lanes(1)
wide_columns = _product_of_columns(WIDE // LANES, _VECTOR)
vector_of_columns = _product_of_columns(1, _VECTOR)
single_column = _product_of_columns(1, _FLOAT)
four_keys, one_key = _reading_of_lanes(KEYS), _reading_of_lanes(1)
highest_row = _fold_of_lanes(_larger)
sum_of_rows = _fold_of_lanes(lambda b, total, row: b.fadd(total, row))
