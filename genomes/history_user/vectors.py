"""Arithmetic on float32 vectors inside kernels: matrix products, exp, and an LSTM's gates.

Matrices are flat float32 arrays and places in them; a matrix of `lanes` columns has its rows one
after the other, and a lane is one sequence. `linear` is the one matrix product: for a column c of
the weights and a lane,

    out[c] = bias[c] + weights[0, c] * x[0] + weights[1, c] * x[1] + ...

summed in this order with one rounding a term (fused multiply-add). It has two forms. With 16 lanes
a block of four columns times 16 lanes stays in registers while the rows go by; with one lane it is
64 columns. The order of the sum is the same in both, and none of it is left to a library or to the
compiler, so that a lane's bits depend neither on the form, nor on the other lanes, nor on threads.

`exp` is Cephes' expf (S. Moshier): 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2],
accurate to 2e-7 of its value; `sigmoid` and `gated` are made of it and accurate to 3e-7. A NaN
stays one. They are free of branches and calls, so that a loop over an array becomes vector
instructions. Beyond 43 the powers stay where they are: a sigmoid is then 0 or 1 to float32, and no
product of two of them overflows.
"""

import numpy as np

from genomes.arrays import Indices, Singles
from genomes.history_user.tiles import (
    COLUMNS,
    KEYS,
    LANES,
    WIDE,
    four_columns,
    four_keys,
    fused,
    highest_row,
    lower_rows,
    one_column,
    one_key,
    power_of_two,
    single_column,
    sum_of_rows,
    vector_of_columns,
    wide_columns,
)
from genomes.kernels import device


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
    """out (columns, lanes) = bias (columns,) + weights (rows, columns) by rows of the state.

    `first` and `bias` are places in `weights`, `row` the first of the rows in `state`. The last
    block of columns reaches back over those already done, whose numbers it writes once more.
    """
    if lanes == LANES:
        at = row * LANES
        if columns < COLUMNS:
            for c in range(columns):
                one_column(weights, first + c, columns, bias + c, state, at, rows, out, c * LANES)
        else:
            for begin in range(0, columns, COLUMNS):
                c = min(begin, columns - COLUMNS)
                four_columns(weights, first + c, columns, bias + c, state, at, rows, out, c * LANES)
    elif columns >= WIDE:
        for begin in range(0, columns, WIDE):
            c = min(begin, columns - WIDE)
            wide_columns(weights, first + c, columns, bias + c, state, row, rows, out, c)
    elif columns >= LANES:
        for begin in range(0, columns, LANES):
            c = min(begin, columns - LANES)
            vector_of_columns(weights, first + c, columns, bias + c, state, row, rows, out, c)
    else:
        for c in range(columns):
            single_column(weights, first + c, columns, bias + c, state, row, rows, out, c)


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
    place: int,
) -> None:
    """out (keys, lanes) from `place` on: the sum over the first `count` lags of share times past.

    `shares` is (lags, lanes), `past` (steps, width, lanes), of which the first `keys` rows of a
    step are read; no lag reaches beyond its start.
    """
    row = width * lanes
    now = step * row
    if lanes == LANES:
        if keys < KEYS:
            for key in range(keys):
                at = key * LANES
                one_key(shares, lags, count, past, now + at, row, out, place + at)
        else:
            for begin in range(0, keys, KEYS):
                at = min(begin, keys - KEYS) * LANES
                four_keys(shares, lags, count, past, now + at, row, out, place + at)
    else:
        said = out[place : place + keys]
        said[:] = np.float32(0)
        for j in range(count):
            share = shares[j]
            start = now - lags[j] * row
            heard = past[start : start + keys]
            for key in range(keys):
                said[key] = fused(share, heard[key], said[key])


_ONE = np.float32(1)
_LOWEST, _HIGHEST = np.float32(-43), np.float32(43)
_LOG2_E, _SHIFT = np.float32(1.44269504088896341), np.float32(12582912)
_MINUS_LN2_HIGH, _MINUS_LN2_LOW = np.float32(-0.693359375), np.float32(2.12194440e-4)
_C0, _C1 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3)
_C2, _C3 = np.float32(8.3334519073e-3), np.float32(4.1665795894e-2)
_C4, _C5 = np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)


@device
def exp(x: np.float32) -> np.float32:
    """e to the x, of x between -43 and 43 and of the nearer end beyond."""
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
    result: np.float32 = (fused(series, r * r, r) + _ONE) * power_of_two(shifted)
    return result


@device
def sigmoid(x: np.float32) -> np.float32:
    """1 / (1 + e^-x)."""
    return _ONE / (_ONE + exp(-x))


@device
def gated(x: np.float32, y: np.float32) -> np.float32:
    """sigmoid(x) * tanh(y) with a single division."""
    opposite, power = exp(-x), exp(y + y)
    return (power - _ONE) / ((_ONE + opposite) * (_ONE + power))


@device
def shares(scores: Singles, rows: int, lanes: int, highest: Singles, total: Singles) -> None:
    """The softmax of `scores` (rows, lanes), lane by lane, without its division.

    Scores become their powers and `total` (lanes,) their sum; `highest` is working memory.
    """
    if lanes == LANES:
        highest_row(scores, rows, highest)
        lower_rows(scores, rows, highest)
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
        sum_of_rows(scores, rows, total)
    else:
        total[0] = scores[0]
        for row in range(1, rows):
            total[0] += scores[row]
