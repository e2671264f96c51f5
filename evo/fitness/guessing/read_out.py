"""Guessers that are bred and learn: what a performer says is read out by whoever learns as it goes.

A performer that follows a piece says one activation a key at every step. What they mean is learned
while listening, each piece from nothing: softmax regression from the activations, pressed into
-1 to 1, to the next symbol, one step of gradient a symbol. So a performer bred as a guesser has to
say what is worth knowing of the past, and need not have met the piece (Hinton & Nowlan, "How
learning can guide evolution", 1987).
"""

import math

import numpy as np
from numpy.typing import NDArray

from evo.fitness.guessing.softmax import likeliest, to_chances
from evo.fitness.guessing.symbols import Symbols
from genomes.kernels import kernel

RATE = 0.3

Floats = NDArray[np.float64]


@kernel
def guess_from(
    said: NDArray[np.float32], piece: Symbols, weights: Floats, guesses: NDArray[np.int64]
) -> None:
    """Guess a piece, int64 (steps,), from what was said of each step, float32 (steps, keys).

    `weights` are zeros, float64 (1 + keys, alphabet), the bias first; they are learned in place.
    """
    steps, keys = said.shape
    alphabet = weights.shape[1]
    heard, chances = np.empty(1 + keys), np.empty(alphabet)
    heard[0] = 1.0
    for t in range(steps):
        for key in range(keys):
            heard[1 + key] = math.tanh(said[t, key])
        for symbol in range(alphabet):
            value = 0.0
            for i in range(1 + keys):
                value += heard[i] * weights[i, symbol]
            chances[symbol] = value
        guesses[t] = likeliest(chances)
        to_chances(chances)
        for symbol in range(alphabet):
            right = 1.0 if symbol == piece[t] else 0.0
            change = RATE * (right - chances[symbol])
            for i in range(1 + keys):
                weights[i, symbol] += change * heard[i]


def hits_of(said: NDArray[np.float32], piece: Symbols, alphabet: int) -> NDArray[np.bool_]:
    """Which steps of a piece each guesser guesses: bool (n, steps).

    `said` is float32 (n, steps, keys), from `Performers.follow`; `piece` int64 (steps,) below
    `alphabet`.
    """
    guesses = np.empty(said.shape[:2], np.int64)
    for i in range(len(said)):
        weights = np.zeros((1 + said.shape[2], alphabet))
        guess_from(said[i], piece, weights, guesses[i])
    hits: NDArray[np.bool_] = guesses == piece
    return hits
