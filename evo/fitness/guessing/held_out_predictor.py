"""A predictor for evaluation only: a small network that learns online.

A search can exploit the weaknesses of its predictors. So its result is evaluated by a predictor of
another kind. It has one hidden layer of UNITS tanh units on the last WINDOW symbols, more than any
predictor of the search reads, and a softmax. It takes one gradient step (Adagrad, Duchi, Hazan &
Singer 2011) per symbol, from the same small random weights for every piece.
"""

import math

import numpy as np

from evo.fitness.guessing.probabilities import best_guess, to_probabilities
from evo.fitness.guessing.symbols import Symbols
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device, kernel

WINDOW = 12  # last symbols that are read
UNITS = 24
RATE = 0.1


@device
def _move(weight: FloatArray, squares: FloatArray, index: int, gradient: float) -> None:
    """Take one step of Adagrad on one weight."""
    squares[index] += gradient * gradient
    weight[index] -= RATE * gradient / (math.sqrt(squares[index]) + 1e-8)


@kernel
def guess_with(piece: Symbols, inner: FloatArray, outer: FloatArray, guesses: Indices) -> None:
    """Guess a piece.

    Args:
        piece: int64 (steps,), symbols.
        inner: Initial weights, float64 (1 + WINDOW * alphabet, UNITS), the bias first; learned in
            place.
        outer: Initial weights, float64 (1 + UNITS, alphabet), the bias first; learned in place.
        guesses: int64 (steps,), written.
    """
    steps, alphabet = len(piece), outer.shape[1]
    inner_squares, outer_squares = np.zeros_like(inner), np.zeros_like(outer)
    units, blame, probabilities = np.empty(UNITS), np.empty(UNITS), np.empty(alphabet)
    for t in range(steps):
        window = min(WINDOW, t)
        for unit in range(UNITS):
            value = inner[0, unit]
            for lag in range(window):
                value += inner[1 + lag * alphabet + piece[t - 1 - lag], unit]
            units[unit] = math.tanh(value)
        for symbol in range(alphabet):
            value = outer[0, symbol]
            for unit in range(UNITS):
                value += outer[1 + unit, symbol] * units[unit]
            probabilities[symbol] = value
        guesses[t] = best_guess(probabilities)
        to_probabilities(probabilities)
        blame[:] = 0.0
        for symbol in range(alphabet):
            error = probabilities[symbol] - (1.0 if symbol == piece[t] else 0.0)
            for unit in range(UNITS):
                blame[unit] += error * outer[1 + unit, symbol]
                _move(outer[1 + unit], outer_squares[1 + unit], symbol, error * units[unit])
            _move(outer[0], outer_squares[0], symbol, error)
        for unit in range(UNITS):
            gradient = blame[unit] * (1.0 - units[unit] * units[unit])
            _move(inner[0], inner_squares[0], unit, gradient)
            for lag in range(window):
                row = 1 + lag * alphabet + piece[t - 1 - lag]
                _move(inner[row], inner_squares[row], unit, gradient)


def held_out_hits(symbols: Symbols, alphabet: int) -> BoolArray:
    """Return which steps of a piece the predictor guesses.

    Args:
        symbols: int64 (steps,), below `alphabet`.
        alphabet: Number of symbols.

    Returns:
        bool (steps,).
    """
    random = np.random.default_rng(0)
    inner = random.normal(0.0, 0.3, (1 + WINDOW * alphabet, UNITS))
    outer = random.normal(0.0, 0.3, (1 + UNITS, alphabet))
    guesses = np.empty(len(symbols), np.int64)
    guess_with(np.ascontiguousarray(symbols, np.int64), inner, outer, guesses)
    hits: BoolArray = guesses == symbols
    return hits
