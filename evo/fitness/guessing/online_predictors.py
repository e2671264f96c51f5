"""Online predictors of the next symbol, reset for every piece.

Before every step a predictor gives each symbol a probability, from the piece so far. Its guess is
the most probable symbol; its loss is -log2 of the actual symbol's probability. Then it
learns from that symbol. It needs no training, and keeps no state between pieces.

    FREQUENCIES     frequency of each symbol: a back-off model of order 0, without context
    CONTEXT         back-off over the contexts of the last 0 to ORDER symbols. The probability after
                    a context is (count + BACK_OFF * p) / (all + BACK_OFF), where p is the
                    probability after the next shorter context
    PERCEPTRON      softmax regression on the last WINDOW symbols, one gradient step per symbol

The counts of a context are found by searching the piece backwards. That needs no table that grows
with the number of keys. For pieces of some hundred steps it is also faster than clearing one.
"""

import math

import numpy as np

from evo.fitness.guessing.probabilities import best_guess, to_probabilities
from evo.fitness.guessing.symbols import Symbols
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device, kernel

FREQUENCIES, CONTEXT, PERCEPTRON = 0, 1, 2
PREDICTORS = ("frequencies", "context", "perceptron")

ORDER = 3  # symbols of the longest context
BACK_OFF = 0.5
WINDOW = 6  # last symbols that the perceptron reads
RATE = 0.2  # learning rate of the perceptron


@device
def _back_off(
    symbols: Symbols,
    t: int,
    counts: FloatArray,
    totals: FloatArray,
    order: int,
    probabilities: FloatArray,
) -> None:
    """Write the probabilities at step t, with contexts up to `order`."""
    alphabet = len(probabilities)
    for symbol in range(alphabet):
        probabilities[symbol] = 1.0 / alphabet
    for length in range(order + 1):
        if totals[length] == 0.0:
            return
        for symbol in range(alphabet):
            probabilities[symbol] = (counts[length, symbol] + BACK_OFF * probabilities[symbol]) / (
                totals[length] + BACK_OFF
            )


@device
def _count(symbols: Symbols, t: int, counts: FloatArray, totals: FloatArray) -> None:
    """Count the symbols after the contexts of step t, and sums."""
    counts[:] = 0.0
    totals[:] = 0.0
    for past in range(t):
        for length in range(ORDER + 1):
            if length > 0 and (past < length or symbols[past - length] != symbols[t - length]):
                break
            counts[length, symbols[past]] += 1.0
            totals[length] += 1.0


@device
def _regress(
    symbols: Symbols, t: int, weights: FloatArray, bias: FloatArray, probabilities: FloatArray
) -> None:
    """Write the perceptron's probabilities; `weights` are (WINDOW, alphabet, alphabet)."""
    for symbol in range(len(probabilities)):
        value = bias[symbol]
        for lag in range(min(WINDOW, t)):
            value += weights[lag, symbols[t - 1 - lag], symbol]
        probabilities[symbol] = value
    to_probabilities(probabilities)


@device
def _learn(
    symbols: Symbols, t: int, weights: FloatArray, bias: FloatArray, probabilities: FloatArray
) -> None:
    """Take one gradient step towards the symbol at step t."""
    for symbol in range(len(probabilities)):
        change = RATE * ((1.0 if symbol == symbols[t] else 0.0) - probabilities[symbol])
        bias[symbol] += change
        for lag in range(min(WINDOW, t)):
            weights[lag, symbols[t - 1 - lag], symbol] += change


@kernel
def predict_pieces(symbols: Symbols, alphabet: int, losses: FloatArray, guesses: Indices) -> None:
    """Run every predictor on every piece; see `predict`.

    Args:
        symbols: int64 (n, steps).
        alphabet: Number of symbols.
        losses: float64 (predictors, n, steps), written.
        guesses: int64 (predictors, n, steps), written.
    """
    n, steps = symbols.shape
    counts, totals = np.empty((ORDER + 1, alphabet)), np.empty(ORDER + 1)
    weights, bias = np.empty((WINDOW, alphabet, alphabet)), np.empty(alphabet)
    probabilities = np.empty(alphabet)
    for i in range(n):
        piece = symbols[i]
        weights[:] = 0.0
        bias[:] = 0.0
        for t in range(steps):
            _count(piece, t, counts, totals)
            for predictor in range(3):
                if predictor == FREQUENCIES:
                    _back_off(piece, t, counts, totals, 0, probabilities)
                elif predictor == CONTEXT:
                    _back_off(piece, t, counts, totals, ORDER, probabilities)
                else:
                    _regress(piece, t, weights, bias, probabilities)
                losses[predictor, i, t] = -math.log2(max(probabilities[piece[t]], 1e-9))
                guesses[predictor, i, t] = best_guess(probabilities)
            _learn(piece, t, weights, bias, probabilities)


def predict(symbols: Symbols, alphabet: int) -> tuple[FloatArray, BoolArray]:
    """Run the predictors on pieces, independently of each other.

    Args:
        symbols: int64 (n, steps), below `alphabet`.
        alphabet: Number of symbols.

    Returns:
        Losses in bits, float64 (predictors, n, steps), and whether each guess was right, bool
        (predictors, n, steps). The predictors are in the order of `PREDICTORS`.

    Raises:
        ValueError: If a symbol is outside the alphabet.
    """
    if symbols.size and not 0 <= symbols.min() <= symbols.max() < alphabet:
        raise ValueError(
            f"symbols must be from 0 to {alphabet - 1}, got {symbols.min()} to {symbols.max()}"
        )
    shape = (len(PREDICTORS), *symbols.shape)
    losses, guesses = np.empty(shape), np.empty(shape, np.int64)
    predict_pieces(np.ascontiguousarray(symbols, np.int64), alphabet, losses, guesses)
    return losses, guesses == symbols
