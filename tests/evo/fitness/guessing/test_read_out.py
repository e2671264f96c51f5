"""Guessers whose activations are read out by an online learner."""

import numpy as np

from evo.fitness.guessing.read_out import RATE, hits_of

ALPHABET = 4


def told(piece: np.ndarray, lag: int) -> np.ndarray:
    """Return activations for the symbol `lag` steps ago: float32 (1, steps, 3)."""
    said = np.full((1, len(piece), ALPHABET - 1), -3.0, np.float32)
    for t in range(lag, len(piece)):
        if piece[t - lag] > 0:
            said[0, t, piece[t - lag] - 1] = 3.0
    return said


def test_what_says_enough_of_the_past_is_learned_from_within_a_piece() -> None:
    piece = np.random.default_rng(1).permutation(np.repeat([0, 1, 2, 3], 3))
    piece = np.tile(piece, 20)  # a period of 12, in no order that the keys themselves tell
    knows, deaf = told(piece, 12), np.zeros((1, len(piece), ALPHABET - 1), np.float32)
    hits = hits_of(np.concatenate([knows, deaf]), piece, ALPHABET)
    assert hits.shape == (2, len(piece))
    assert hits[0, 60:].mean() > 0.95
    assert hits[1, 60:].mean() < 0.5


def test_it_takes_one_step_of_softmax_regression_a_symbol() -> None:
    random = np.random.default_rng(2)
    piece = random.integers(0, ALPHABET, 40)
    said = random.normal(size=(1, 40, ALPHABET - 1)).astype(np.float32)
    weights, wanted = np.zeros((ALPHABET, ALPHABET)), []
    for t, symbol in enumerate(piece):
        heard = np.concatenate([[1.0], np.tanh(said[0, t].astype(float))])
        values = heard @ weights
        wanted.append(values.argmax() == symbol)
        chances = np.exp(values - values.max()) / np.exp(values - values.max()).sum()
        weights += RATE * np.outer(heard, np.eye(ALPHABET)[symbol] - chances)
    assert hits_of(said, piece, ALPHABET)[0].tolist() == wanted


def test_a_guesser_hits_the_same_alone_and_among_others() -> None:
    random = np.random.default_rng(3)
    piece = random.integers(0, ALPHABET, 50)
    said = random.normal(size=(3, 50, ALPHABET - 1)).astype(np.float32)
    together = hits_of(said, piece, ALPHABET)
    assert np.array_equal(together[1:2], hits_of(said[1:2], piece, ALPHABET))
