"""The ear that no search meets: a small network that learns while it listens.

Steady surprise is the blind spot of whoever is surprised. So what was bred is judged by an ear of
another kind: one hidden layer of UNITS tanh units on the last HEARD symbols, more than any ear of
the search hears, and a softmax; one step of gradient (Adagrad, Duchi, Hazan & Singer 2011) on each
symbol that comes, from the same small random weights for every piece.
"""

import math

import numpy as np
from numpy.typing import NDArray

from evo.fitness.guessing.softmax import likeliest, to_chances
from evo.fitness.guessing.symbols import Symbols
from genomes.kernels import device, kernel

HEARD = 12  # symbols
UNITS = 24
RATE = 0.1

Floats = NDArray[np.float64]


@device
def _move(weight: Floats, squares: Floats, place: int, gradient: float) -> None:
    """One step of Adagrad on one weight."""
    squares[place] += gradient * gradient
    weight[place] -= RATE * gradient / (math.sqrt(squares[place]) + 1e-8)


@kernel
def guess_with(
    piece: Symbols,
    inner: Floats,
    outer: Floats,
    guesses: NDArray[np.int64],
) -> None:
    """Guess a piece, int64 (steps,), with first weights that are learned from in place.

    `inner` is float64 (1 + HEARD * alphabet, UNITS), the bias first; `outer` (1 + UNITS, alphabet).
    """
    steps, alphabet = len(piece), outer.shape[1]
    inner_squares, outer_squares = np.zeros_like(inner), np.zeros_like(outer)
    units, blame, chances = np.empty(UNITS), np.empty(UNITS), np.empty(alphabet)
    for t in range(steps):
        heard = min(HEARD, t)
        for unit in range(UNITS):
            value = inner[0, unit]
            for lag in range(heard):
                value += inner[1 + lag * alphabet + piece[t - 1 - lag], unit]
            units[unit] = math.tanh(value)
        for symbol in range(alphabet):
            value = outer[0, symbol]
            for unit in range(UNITS):
                value += outer[1 + unit, symbol] * units[unit]
            chances[symbol] = value
        guesses[t] = likeliest(chances)
        to_chances(chances)
        blame[:] = 0.0
        for symbol in range(alphabet):
            error = chances[symbol] - (1.0 if symbol == piece[t] else 0.0)
            for unit in range(UNITS):
                blame[unit] += error * outer[1 + unit, symbol]
                _move(outer[1 + unit], outer_squares[1 + unit], symbol, error * units[unit])
            _move(outer[0], outer_squares[0], symbol, error)
        for unit in range(UNITS):
            gradient = blame[unit] * (1.0 - units[unit] * units[unit])
            _move(inner[0], inner_squares[0], unit, gradient)
            for lag in range(heard):
                row = 1 + lag * alphabet + piece[t - 1 - lag]
                _move(inner[row], inner_squares[row], unit, gradient)


def held_out_hits(symbols: Symbols, alphabet: int) -> NDArray[np.bool_]:
    """Whether the ear guesses each step of one piece, int64 (steps,) below `alphabet`: bool."""
    random = np.random.default_rng(0)
    inner = random.normal(0.0, 0.3, (1 + HEARD * alphabet, UNITS))
    outer = random.normal(0.0, 0.3, (1 + UNITS, alphabet))
    guesses = np.empty(len(symbols), np.int64)
    guess_with(np.ascontiguousarray(symbols, np.int64), inner, outer, guesses)
    hits: NDArray[np.bool_] = guesses == symbols
    return hits
