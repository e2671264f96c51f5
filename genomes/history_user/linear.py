"""Arithmetic on float32 vectors inside kernels: matrix products, exp, LSTM gates.

Matrices are flat float32 arrays addressed by indices. A matrix with `lanes` columns is stored row
by row; a lane is one sequence. `linear` is the only matrix product. For a column c of the weights
and a lane,

    out[c] = bias[c] + weights[0, c] * x[0] + weights[1, c] * x[1] + ...

is summed in this order, with one rounding per term (fused multiply-add). With 16 lanes, a block of
four columns times 16 lanes stays in registers while the rows are read. With one lane, the block has
64 columns. The order of the sum is fixed and the same in both forms. A lane's bits therefore depend
neither on the form, nor on other lanes, nor on threads.

`exp` is Cephes' expf (S. Moshier): 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2],
with relative error 2e-7. `sigmoid` and `gated` use it and have error 3e-7. NaN is preserved. They
have no branches or calls, so loops over arrays become vector instructions. Arguments are clamped to
+-43: there a float32 sigmoid is 0 or 1, and no product of two powers overflows.
"""

from typing import Any

import numpy as np

from genomes.arrays import Indices, Singles
from genomes.kernels import device
from genomes.vectors import LANES, fused, larger, load, minus, number, plus, spread, store

COLUMNS = 4  # of the weights, times 16 lanes, in registers
WIDE = 64  # columns in registers with a single lane
KEYS = 4  # of the history, times 16 lanes, in registers


@device
def _store_four(a: Any, b: Any, c: Any, d: Any, out: Singles, start: int) -> None:
    """Write four vectors, one after the other."""
    store(a, out, start)
    store(b, out, start + LANES)
    store(c, out, start + 2 * LANES)
    store(d, out, start + 3 * LANES)


@device
def _four_columns(
    weights: Singles, at: int, stride: int, bias: int,
    state: Singles, row: int, rows: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute four columns of `linear` for 16 lanes."""
    a, b = spread(number(weights, bias)), spread(number(weights, bias + 1))
    c, d = spread(number(weights, bias + 2)), spread(number(weights, bias + 3))
    for _ in range(rows):
        x = load(state, row)
        a, b = (
            fused(spread(number(weights, at)), x, a),
            fused(spread(number(weights, at + 1)), x, b),
        )
        c, d = (
            fused(spread(number(weights, at + 2)), x, c),
            fused(spread(number(weights, at + 3)), x, d),
        )
        at, row = at + stride, row + LANES
    _store_four(a, b, c, d, out, start)


@device
def _one_column(
    weights: Singles, at: int, stride: int, bias: int,
    state: Singles, row: int, rows: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute one column of `linear` for 16 lanes."""
    a = spread(number(weights, bias))
    for _ in range(rows):
        a = fused(spread(number(weights, at)), load(state, row), a)
        at, row = at + stride, row + LANES
    store(a, out, start)


@device
def _wide_columns(
    weights: Singles, at: int, stride: int, bias: int,
    state: Singles, row: int, rows: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute 64 columns of `linear` for a single lane."""
    a, b = load(weights, bias), load(weights, bias + LANES)
    c, d = load(weights, bias + 2 * LANES), load(weights, bias + 3 * LANES)
    for k in range(row, row + rows):
        x = spread(number(state, k))
        a = fused(load(weights, at), x, a)
        b = fused(load(weights, at + LANES), x, b)
        c = fused(load(weights, at + 2 * LANES), x, c)
        d = fused(load(weights, at + 3 * LANES), x, d)
        at += stride
    _store_four(a, b, c, d, out, start)


@device
def _vector_of_columns(
    weights: Singles, at: int, stride: int, bias: int,
    state: Singles, row: int, rows: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute 16 columns of `linear` for a single lane."""
    a = load(weights, bias)
    for k in range(row, row + rows):
        a = fused(load(weights, at), spread(number(state, k)), a)
        at += stride
    store(a, out, start)


@device
def _single_column(
    weights: Singles, at: int, stride: int, bias: int,
    state: Singles, row: int, rows: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute one column of `linear` for a single lane."""
    a = weights[bias]
    for k in range(row, row + rows):
        a = fused(number(weights, at), number(state, k), a)
        at += stride
    out[start] = a


@device
def linear(
    weights: Singles,
    first: int,
    bias: int,
    columns: int,
    lanes: int,
    state: Singles,
    row: int,
    rows: int,
    out: Singles,
) -> None:
    """Compute bias plus the product of weights and rows of the state.

    The last block of columns may overlap the previous one, whose numbers it repeats.

    Args:
        weights: Flat float32 vector with the matrix (rows, columns) and the bias (columns,).
        first: Index of the matrix in `weights`.
        bias: Index of the bias in `weights`.
        columns: Number of outputs.
        lanes: 16 or 1.
        state: Flat float32 (any, lanes).
        row: First row of `state` to read.
        rows: Number of rows to read.
        out: Flat float32 (columns, lanes), written to.
    """
    if lanes == LANES:
        at = row * LANES
        if columns < COLUMNS:
            for c in range(columns):
                _one_column(weights, first + c, columns, bias + c, state, at, rows, out, c * LANES)
        else:
            for begin in range(0, columns, COLUMNS):
                c = min(begin, columns - COLUMNS)
                _four_columns(
                    weights, first + c, columns, bias + c, state, at, rows, out, c * LANES
                )
    elif columns >= WIDE:
        for begin in range(0, columns, WIDE):
            c = min(begin, columns - WIDE)
            _wide_columns(weights, first + c, columns, bias + c, state, row, rows, out, c)
    elif columns >= LANES:
        for begin in range(0, columns, LANES):
            c = min(begin, columns - LANES)
            _vector_of_columns(weights, first + c, columns, bias + c, state, row, rows, out, c)
    else:
        for c in range(columns):
            _single_column(weights, first + c, columns, bias + c, state, row, rows, out, c)


@device
def _four_keys(
    shares: Singles, lags: Indices, count: int,
    past: Singles, now: int, row: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute four keys of `weighted_past` for 16 lanes."""
    a = b = c = d = spread(np.float32(0))
    for k in range(count):
        share, then = load(shares, k * LANES), now - lags[k] * row
        a = fused(share, load(past, then), a)
        b = fused(share, load(past, then + LANES), b)
        c = fused(share, load(past, then + 2 * LANES), c)
        d = fused(share, load(past, then + 3 * LANES), d)
    _store_four(a, b, c, d, out, start)


@device
def _one_key(
    shares: Singles, lags: Indices, count: int,
    past: Singles, now: int, row: int, out: Singles, start: int,
) -> None:  # fmt: skip
    """Compute one key of `weighted_past` for 16 lanes."""
    a = spread(np.float32(0))
    for k in range(count):
        a = fused(load(shares, k * LANES), load(past, now - lags[k] * row), a)
    store(a, out, start)


@device
def weighted_past(
    shares: Singles,
    lags: Indices,
    count: int,
    lanes: int,
    past: Singles,
    step: int,
    width: int,
    keys: int,
    out: Singles,
    start: int,
) -> None:
    """Compute the sum over lags of share times past input, for every key.

    Args:
        shares: Flat float32 (lags, lanes).
        lags: Int64 (lags,), at most `step`.
        count: Number of lags to use.
        lanes: 16 or 1.
        past: Flat float32 (steps, width, lanes).
        step: Current step.
        width: Inputs per step.
        keys: Number of inputs to sum, the first of each step.
        out: Flat float32 with room for (keys, lanes), written to.
        start: Index of the result in `out`.
    """
    row = width * lanes
    now = step * row
    if lanes == LANES:
        if keys < KEYS:
            for key in range(keys):
                at = key * LANES
                _one_key(shares, lags, count, past, now + at, row, out, start + at)
        else:
            for begin in range(0, keys, KEYS):
                at = min(begin, keys - KEYS) * LANES
                _four_keys(shares, lags, count, past, now + at, row, out, start + at)
    else:
        result = out[start : start + keys]
        result[:] = np.float32(0)
        for j in range(count):
            share = shares[j]
            source = now - lags[j] * row
            inputs = past[source : source + keys]
            for key in range(keys):
                result[key] = fused(share, inputs[key], result[key])


_ONE = np.float32(1)
_LOWEST, _HIGHEST = np.float32(-43), np.float32(43)
_LOG2_E, _SHIFT = np.float32(1.44269504088896341), np.float32(12582912)
_MINUS_LN2_HIGH, _MINUS_LN2_LOW = np.float32(-0.693359375), np.float32(2.12194440e-4)
_C0, _C1 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3)
_C2, _C3 = np.float32(8.3334519073e-3), np.float32(4.1665795894e-2)
_C4, _C5 = np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)


@device
def exp(x: np.float32) -> np.float32:
    """Return e to the x, with x clamped to -43 and 43."""
    if x < _LOWEST:
        x = _LOWEST
    if x > _HIGHEST:
        x = _HIGHEST
    shifted = fused(x, _LOG2_E, _SHIFT)  # rounds to a whole number
    n = shifted - _SHIFT
    r = fused(n, _MINUS_LN2_HIGH, x)
    r = fused(n, _MINUS_LN2_LOW, r)
    series = fused(_C0, r, _C1)
    series = fused(series, r, _C2)
    series = fused(series, r, _C3)
    series = fused(series, r, _C4)
    series = fused(series, r, _C5)
    # 2^n: the lowest bits of n + 1.5 * 2^23 are those of n, and become the exponent.
    power = np.int32((np.float32(shifted).view(np.int32) + 127) << 23).view(np.float32)
    result: np.float32 = (fused(series, r * r, r) + _ONE) * power
    return result


@device
def sigmoid(x: np.float32) -> np.float32:
    """Return 1 / (1 + e^-x)."""
    return _ONE / (_ONE + exp(-x))


@device
def gated(x: np.float32, y: np.float32) -> np.float32:
    """Return sigmoid(x) * tanh(y), with a single division.

    Args:
        x: Input of the gate.
        y: The gated value.
    """
    opposite, power = exp(-x), exp(y + y)
    return (power - _ONE) / ((_ONE + opposite) * (_ONE + power))


@device
def shares(scores: Singles, rows: int, lanes: int, highest: Singles, total: Singles) -> None:
    """Replace scores by the numerators of a softmax per lane, and sum them.

    Args:
        scores: Flat float32 (rows, lanes), overwritten.
        rows: Number of scores per lane.
        lanes: 16 or 1.
        highest: Scratch space, float32 (lanes,).
        total: Float32 (lanes,), the sums, written to.
    """
    if lanes == LANES:
        top = load(scores, 0)
        for row in range(1, rows):
            top = larger(top, load(scores, row * LANES))
        for row in range(rows):
            store(minus(load(scores, row * LANES), top), scores, row * LANES)
    else:
        highest[0] = scores[0]
        for row in range(1, rows):
            if scores[row] > highest[0]:
                highest[0] = scores[row]
        for row in range(rows):
            scores[row] -= highest[0]
    powers = scores[: rows * lanes]
    for j in range(rows * lanes):
        powers[j] = exp(powers[j])
    if lanes == LANES:
        sums = load(scores, 0)
        for row in range(1, rows):
            sums = plus(sums, load(scores, row * LANES))
        store(sums, total, 0)
    else:
        total[0] = scores[0]
        for row in range(1, rows):
            total[0] += scores[row]
