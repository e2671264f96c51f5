"""Ears: guessers that learn while they listen to a piece, each piece from nothing.

Before every step an ear gives each symbol a chance, from what it heard of the piece so far; its
guess is the likeliest symbol, its loss is -log2 of the chance of the symbol that came. Then it
hears that symbol and learns. So an ear has no state that outlives a piece, and needs no training.

    FREQUENCIES     how often each symbol came: a back-off model of order 0, deaf to all context
    CONTEXT         back-off over the contexts of the last 0 to ORDER symbols; after a context the
                    chance is (count + BACK_OFF * chance after the one shorter) / (all + BACK_OFF)
    PERCEPTRON      softmax regression on the last HEARD symbols, one step of gradient a symbol

The counts of a context are found by looking back through the piece, which takes no table whose size
grows with the number of keys and is quicker than clearing one for pieces of some hundred steps.
"""

import math

import numpy as np
from numpy.typing import NDArray

from evo.fitness.guessing.softmax import likeliest, to_chances
from evo.fitness.guessing.symbols import Symbols
from genomes.kernels import device, kernel

FREQUENCIES, CONTEXT, PERCEPTRON = 0, 1, 2
EARS = ("frequencies", "context", "perceptron")

ORDER = 3  # symbols of the longest context
BACK_OFF = 0.5
HEARD = 6  # symbols that the perceptron hears
RATE = 0.2  # of its learning

Floats = NDArray[np.float64]


@device
def _back_off(
    symbols: Symbols, t: int, counts: Floats, totals: Floats, order: int, chances: Floats
) -> None:
    """Chances of the symbols at step t after the contexts up to `order` symbols."""
    alphabet = len(chances)
    for symbol in range(alphabet):
        chances[symbol] = 1.0 / alphabet
    for length in range(order + 1):
        if totals[length] == 0.0:
            return
        for symbol in range(alphabet):
            chances[symbol] = (counts[length, symbol] + BACK_OFF * chances[symbol]) / (
                totals[length] + BACK_OFF
            )


@device
def _count(symbols: Symbols, t: int, counts: Floats, totals: Floats) -> None:
    """What followed the contexts of step t before: counts (ORDER + 1, alphabet) and their sums."""
    counts[:] = 0.0
    totals[:] = 0.0
    for past in range(t):
        for length in range(ORDER + 1):
            if length > 0 and (past < length or symbols[past - length] != symbols[t - length]):
                break
            counts[length, symbols[past]] += 1.0
            totals[length] += 1.0


@device
def _regress(symbols: Symbols, t: int, weights: Floats, bias: Floats, chances: Floats) -> None:
    """Chances by softmax regression; `weights` are (HEARD, alphabet heard, alphabet said)."""
    alphabet = len(chances)
    for symbol in range(alphabet):
        value = bias[symbol]
        for lag in range(min(HEARD, t)):
            value += weights[lag, symbols[t - 1 - lag], symbol]
        chances[symbol] = value
    to_chances(chances)


@device
def _learn(symbols: Symbols, t: int, weights: Floats, bias: Floats, chances: Floats) -> None:
    """One step of gradient towards the symbol that came at t."""
    for symbol in range(len(chances)):
        change = RATE * ((1.0 if symbol == symbols[t] else 0.0) - chances[symbol])
        bias[symbol] += change
        for lag in range(min(HEARD, t)):
            weights[lag, symbols[t - 1 - lag], symbol] += change


@kernel
def listen_to(symbols: Symbols, alphabet: int, losses: Floats, guesses: NDArray[np.int64]) -> None:
    """Let every ear hear every piece, int64 (n, steps) below `alphabet`; see `listen`."""
    n, steps = symbols.shape
    counts, totals = np.empty((ORDER + 1, alphabet)), np.empty(ORDER + 1)
    weights, bias = np.empty((HEARD, alphabet, alphabet)), np.empty(alphabet)
    chances = np.empty(alphabet)
    for i in range(n):
        piece = symbols[i]
        weights[:] = 0.0
        bias[:] = 0.0
        for t in range(steps):
            _count(piece, t, counts, totals)
            for ear in range(3):
                if ear == FREQUENCIES:
                    _back_off(piece, t, counts, totals, 0, chances)
                elif ear == CONTEXT:
                    _back_off(piece, t, counts, totals, ORDER, chances)
                else:
                    _regress(piece, t, weights, bias, chances)
                losses[ear, i, t] = -math.log2(max(chances[piece[t]], 1e-9))
                guesses[ear, i, t] = likeliest(chances)
            _learn(piece, t, weights, bias, chances)


def listen(symbols: Symbols, alphabet: int) -> tuple[Floats, NDArray[np.bool_]]:
    """What the ears make of pieces, int64 (n, steps) of symbols below `alphabet`.

    Returns the losses in bits, float64 (ears, n, steps), and whether each guess was right, bool
    (ears, n, steps), the ears in the order of `EARS`. A piece's numbers depend on no other piece.

    Raises:
        ValueError: for symbols out of the alphabet.
    """
    if symbols.size and not 0 <= symbols.min() <= symbols.max() < alphabet:
        raise ValueError(
            f"symbols must be from 0 to {alphabet - 1}, got {symbols.min()} to {symbols.max()}"
        )
    shape = (len(EARS), *symbols.shape)
    losses, guesses = np.empty(shape), np.empty(shape, np.int64)
    listen_to(np.ascontiguousarray(symbols, np.int64), alphabet, losses, guesses)
    return losses, guesses == symbols
