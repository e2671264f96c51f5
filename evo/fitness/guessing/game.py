"""The guessing game: play so that predictors guess well, not perfectly.

A performer plays `steps` steps in closed loop, without a prompt. The piece is read as one symbol
per step: a key begins, the note is held, or there is a rest (`evo.fitness.guessing.symbols`).
Online predictors guess each symbol (`evo.fitness.guessing.online_predictors`): which key comes,
when, and how long it lasts. The score is made of their losses (bits) and hits, by one of:

    gap-resolve  the default: order x resolve. One key, one length, no rest and noise all score 0.
                 order: the geometric mean of four shares, times 1.2 bits.
                 - gap: the loss per step of the predictor without context, minus that of the one
                   with context, in the later two thirds, at most 1.2 bits.
                 - the same for the sequences of keys, of lengths and of rests of the notes, in bits
                   per step, at most `ENOUGH`. Here the predictor without context knows the
                   frequencies of the later two thirds.
                 resolve: events per 10 steps, at most 1, minus the lost misses and stale hits per
                 10 steps (`evo.fitness.guessing.surprise`). It measures surprise.
                 Negative shares and factors count as 0. A twentieth of resolve and of the mean
                 order, negative or not, is added. It leads a search away from noise and a drone
    gap          the gap alone, at most the one bit of the simplest pattern, minus 0.2 of the loss
                 with context on the whole piece. Of the patterns at the cap, the one that is
                 learned soonest is best: ABAB
    streak       the original research's: a hit earns 1 in a streak of up to 8. After that the
                 penalty doubles with each hit
    band         negated distance of the share of hits, in windows of 32 steps, from 0.6 to 0.9
    accuracy     the share of hits; leads to one key. For control
    -accuracy    the share of misses; leads to noise. For control

`evo.fitness.guessing.coevolved` adds predictors that are bred.

Todd & Werner ("Frankensteinian methods for evolutionary music composition", 1999) found that their
singers collapsed when critics rewarded the expected. They then rewarded surprise: the probability
of the best guess minus that of the actual note. Surprise alone leads to noise here. Narmour and
Huron ("Sweet anticipation", 2006) hold that resolution gives pleasure.

The score is the mean over the predictors with context. Each of them gives one case, its part of it.
"""

from typing import Any

import numpy as np

from evo.core.scores import Scores
from evo.fitness.guessing.held_out_predictor import held_out_hits
from evo.fitness.guessing.measures import measures
from evo.fitness.guessing.online_predictors import (
    CONTEXT,
    FREQUENCIES,
    PERCEPTRON,
    predict,
    predict_pieces,
)
from evo.fitness.guessing.surprise import Hits, count_events, event_counts
from evo.fitness.guessing.symbols import LONGEST, Symbols, alphabet_of, notes_of, symbols_of
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers, Streams

SCORES = ("gap-resolve", "gap", "streak", "band", "accuracy", "-accuracy")

MAX_GAP = 1.2  # bits
SIMPLE_GAP = 1.0
# Bits per step of the order of each viewpoint that is enough: more is not rewarded.
ENOUGH = {"key": 0.5, "length": 0.3, "rest": 0.2}
LONGER = 4  # times the steps: the length of pieces that show whether a performer plays on
GUIDE = 0.05  # weight of gap and resolve by themselves
HASTE = 0.2  # weight of the loss on the whole piece, under the score gap
EVENT_STEPS = 10  # steps per event at which resolve is 1
FREE_STREAK, MAX_DOUBLINGS = 8, 12  # hits without penalty; doublings of the penalty
WINDOW = 32
BAND = (0.6, 0.9)

# The predictors with context, whose guesses count.
PANEL = (CONTEXT, PERCEPTRON)


class Guessing:
    """Score performers by how they are guessed; see the module's docstring.

    Args:
        keys: Keys of the instrument.
        steps: Steps that are played and scored.
        score: One of `SCORES`.

    Raises:
        ValueError: For an unknown score, or too few steps or keys.
    """

    reusable = True
    # Sentinel kernels: if these are in numba's cache, assume that all of the game's are.
    kernels = (predict_pieces, count_events)

    def __init__(self, *, keys: int, steps: int, score: str = "gap-resolve") -> None:
        if score not in SCORES:
            raise ValueError(f"score must be one of {', '.join(SCORES)}, got {score!r}")
        if keys < 1 or steps < 3 * WINDOW:
            raise ValueError(
                f"keys must be at least 1 and steps {3 * WINDOW}, got {keys} and {steps}"
            )
        self.keys, self.steps, self.score = keys, steps, score

    def play(self, performers: Performers, times: int = 1) -> BoolArray:
        """Return the pieces that performers play.

        Args:
            performers: A batch of n.
            times: Length of a piece, as a multiple of the scored steps.

        Returns:
            bool (n, steps, 2 * keys): the onsets, and then the keys that sound.
        """
        return performers.perform(np.zeros((0, 2 * self.keys), np.bool_), times * self.steps)

    def evaluate(self, performers: Performers, streams: Streams) -> Scores:
        """Return the totals, with a case per predictor of the panel.

        Args:
            performers: The batch.
            streams: Not used.
        """
        cases = self.cases(symbols_of(self.play(performers)))
        return Scores.of(cases.mean(axis=1), cases / cases.shape[1])

    def cases(self, symbols: Symbols) -> FloatArray:
        """Return the scores of pieces by each predictor of the panel.

        Args:
            symbols: int64 (n, steps).

        Returns:
            float64 (n, panel).
        """
        losses, hits = predict(symbols, alphabet_of(self.keys))
        hits = hits[PANEL, :]
        if self.score == "gap-resolve":
            scores = guided(order(losses, symbols, self.keys), resolve(hits))
        elif self.score == "gap":
            scores = gap(losses, SIMPLE_GAP) - HASTE * losses[PANEL, :].mean(axis=2)
        elif self.score == "streak":
            scores = streak(hits)
        elif self.score == "band":
            scores = band(hits)
        else:
            scores = hits.mean(axis=2) * (1 if self.score == "accuracy" else -1)
        return scores.T

    def figures(self, performers: Performers) -> dict[str, Any]:
        """Return descriptive measures of one individual's piece, and accuracies.

        Args:
            performers: A batch of one.

        Returns:
            period, keys, longest_run, complexity, complexity_ratio
                                see `evo.fitness.guessing.measures.measures`
            panel_score         gap-resolve, for any score: a fixed measure of progress
            guesser_accuracy    share of the steps that the panel guesses, mean over predictors
            held_out_accuracy   the same of `evo.fitness.guessing.held_out_predictor`
            lasting_period      the period at the end of a piece four times as long; not for note
                                grids, which end in silence there
            solved              always False: the game has no end
        """
        goes_on = not performers.fixed_length
        longer = symbols_of(self.play(performers, LONGER if goes_on else 1))[0]
        piece = longer[: self.steps]
        alphabet = alphabet_of(self.keys)
        random = np.random.default_rng(0)  # of shuffles: the same for every piece
        losses, hits = predict(piece[None], alphabet)
        hits = hits[PANEL, :]
        worth = guided(order(losses, piece[None], self.keys), resolve(hits))
        found = measures(piece, self.keys, random) | {
            "panel_score": round(float(worth.mean()), 3),
            "guesser_accuracy": round(float(hits.mean()), 3),
            "held_out_accuracy": round(float(held_out_hits(piece, alphabet).mean()), 3),
        }
        if goes_on:
            found["lasting_period"] = measures(longer, self.keys, random)["period"]
        return found | {"solved": False}


def later(steps: int) -> int:
    """Return the step at which the later two thirds of a piece begin."""
    return steps // 3


def gap(losses: FloatArray, maximum: float) -> FloatArray:
    """Return how much less the panel loses than the predictor without context.

    Args:
        losses: Bits, float64 (predictors, n, steps).
        maximum: Maximum gap, in bits.

    Returns:
        Bits per step in the later two thirds, below 0 for noise: float64 (panel, n).
    """
    late = losses[:, :, later(losses.shape[2]) :].mean(axis=2)
    gaps: FloatArray = np.minimum(late[FREQUENCIES] - late[PANEL, :], maximum)
    return gaps


def order(losses: FloatArray, symbols: Symbols, keys: int) -> FloatArray:
    """Return the order of pieces as shares of the order that is enough.

    Args:
        losses: Bits of the symbols, float64 (predictors, n, steps).
        symbols: int64 (n, steps).
        keys: Number of keys.

    Returns:
        float64 (4, panel, n), at most 1 each: the gap, and the order of the keys, of the lengths,
        and of the rests.
    """
    notes, steps = notes_of(symbols, keys), symbols.shape[1]
    late = (later(steps) <= notes.start) & (notes.start < steps)
    # A table, as the last bit of numpy's logarithms depends on their place in an array.
    logarithms = np.log2(np.maximum(np.arange(steps + 1), 1))
    shares = [gap(losses, MAX_GAP) / MAX_GAP]
    for name, enough in ENOUGH.items():
        view = getattr(notes, name)
        alphabet = keys if name == "key" else LONGEST + 1
        bits = np.where(late, predict(view, alphabet)[0][PANEL, :], 0.0)
        # Added in order: the sum must not depend on the width, which others of the batch set.
        bits = np.cumsum(bits, axis=2)[:, :, -1]
        gained = (information(view, late, alphabet, logarithms) - bits) / (steps - later(steps))
        shares.append(np.minimum(gained / enough, 1.0))
    return np.stack(shares)


def information(
    view: Symbols, chosen: BoolArray, alphabet: int, logarithms: FloatArray
) -> FloatArray:
    """Return the bits of chosen symbols, coded by their own frequencies.

    Args:
        view: int64 (n, notes), below `alphabet`.
        chosen: bool (n, notes).
        alphabet: Number of symbols.
        logarithms: log2 of every possible count, float64 (notes or more,); 0 for 0.

    Returns:
        Bits per piece, float64 (n,). A predictor that only knows the frequencies of the whole piece
        needs more, if they changed; that would be no order of the chosen symbols.
    """
    counts = np.stack([(chosen & (view == symbol)).sum(axis=1) for symbol in range(alphabet)])
    total = counts.sum(axis=0)
    # Added up symbol by symbol: the order of additions by `sum` depends on the number of pieces.
    coded = np.cumsum(counts * logarithms[counts], axis=0)[-1]
    bits: FloatArray = total * logarithms[total] - coded
    return bits


def resolve(hits: Hits) -> FloatArray:
    """Return the rate of surprises that resolve, at most 1.

    Events and lost misses are counted in the later two thirds, because predictors that still have
    to learn miss anyway. Stale hits are counted in the whole piece.

    Args:
        hits: bool (..., steps).

    Returns:
        float64 (...).
    """
    late = hits[..., later(hits.shape[-1]) :]
    events, lost, _ = event_counts(late)
    stale = event_counts(hits)[2]
    rate = EVENT_STEPS / late.shape[-1]
    resolving: FloatArray = np.minimum(rate * events, 1.0) - rate * (lost + stale)
    return resolving


def guided(shares: FloatArray, surprise: FloatArray) -> FloatArray:
    """Return the product of order and surprise, plus some of each.

    The order in the product is the geometric mean of its shares, where a negative share counts as
    0, as does negative surprise.

    Args:
        shares: The result of `order`, float64 (4, ...).
        surprise: The value of `resolve`, float64 (...).
    """
    # Powers would not do: their last bit depends on the place in an array.
    ordered = np.sqrt(np.sqrt(np.maximum(shares, 0.0).prod(axis=0)))
    worth: FloatArray = MAX_GAP * ordered * np.maximum(surprise, 0.0)
    worth += GUIDE * (MAX_GAP * shares.mean(axis=0) + surprise)
    return worth


def streak(hits: Hits) -> FloatArray:
    """Return the mean of hits minus penalties: at most 1.

    The penalty doubles with each hit beyond `FREE_STREAK` in a row, at most `MAX_DOUBLINGS` times.

    Args:
        hits: bool (..., steps).

    Returns:
        float64 (...).
    """
    running = np.zeros(hits.shape[:-1], np.int64)
    total = np.zeros(hits.shape[:-1])
    for t in range(hits.shape[-1]):
        running = np.where(hits[..., t], running + 1, 0)
        beyond = np.clip(running - FREE_STREAK, 0, MAX_DOUBLINGS)
        total += np.where(beyond > 0, -(2.0**beyond), running > 0)
    mean: FloatArray = total / hits.shape[-1]
    return mean


def band(hits: Hits) -> FloatArray:
    """Return the negated distance of the hit rate from `BAND`.

    It is the mean over windows after the first third.

    Args:
        hits: bool (..., steps).

    Returns:
        float64 (...).
    """
    late = hits[..., later(hits.shape[-1]) :]
    whole = late.shape[-1] // WINDOW
    windows = late[..., late.shape[-1] - whole * WINDOW :]
    shares = windows.reshape(*hits.shape[:-1], whole, WINDOW).mean(axis=-1)
    away = np.maximum(BAND[0] - shares, 0.0) + np.maximum(shares - BAND[1], 0.0)
    missed: FloatArray = -away.mean(axis=-1)
    return missed
