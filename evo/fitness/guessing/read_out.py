"""Bred predictors that learn: how their outputs become guesses.

A performer that follows a piece has one output per key and step. Their meaning is learned online,
anew for each piece: softmax regression from tanh of the outputs to the next symbol, one gradient
step per symbol. So a bred predictor only has to output useful features of the past, and need not
know the piece (Hinton & Nowlan, "How learning can guide evolution", 1987).
"""

import math

import numpy as np

from evo.fitness.guessing.probabilities import best_guess, to_probabilities
from evo.fitness.guessing.symbols import Symbols
from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.kernels import kernel

RATE = 0.3


@kernel
def guess_from(outputs: Singles, piece: Symbols, weights: FloatArray, guesses: Indices) -> None:
    """Guess a piece from the outputs of a predictor.

    Args:
        outputs: float32 (steps, keys).
        piece: int64 (steps,), symbols.
        weights: Zeros, float64 (1 + keys, alphabet), the bias first; learned in place.
        guesses: int64 (steps,), written.
    """
    steps, keys = outputs.shape
    alphabet = weights.shape[1]
    inputs, probabilities = np.empty(1 + keys), np.empty(alphabet)
    inputs[0] = 1.0
    for t in range(steps):
        for key in range(keys):
            inputs[1 + key] = math.tanh(outputs[t, key])
        for symbol in range(alphabet):
            value = 0.0
            for i in range(1 + keys):
                value += inputs[i] * weights[i, symbol]
            probabilities[symbol] = value
        guesses[t] = best_guess(probabilities)
        to_probabilities(probabilities)
        for symbol in range(alphabet):
            right = 1.0 if symbol == piece[t] else 0.0
            change = RATE * (right - probabilities[symbol])
            for i in range(1 + keys):
                weights[i, symbol] += change * inputs[i]


def hits_of(outputs: Singles, piece: Symbols, alphabet: int) -> BoolArray:
    """Return which steps of a piece each predictor guesses.

    Args:
        outputs: float32 (n, steps, keys), from `Performers.follow`.
        piece: int64 (steps,), below `alphabet`.
        alphabet: Number of symbols.

    Returns:
        bool (n, steps).
    """
    guesses = np.empty(outputs.shape[:2], np.int64)
    for i in range(len(outputs)):
        weights = np.zeros((1 + outputs.shape[2], alphabet))
        guess_from(outputs[i], piece, weights, guesses[i])
    hits: BoolArray = guesses == piece
    return hits
