"""The guessing game: play so that a guesser guesses the next key, but not perfectly.

A performer plays `steps` steps by itself, without a prompt. What it plays is read as one symbol a
step (`evo.fitness.guessing.symbols`), and ears that learn while they listen guess each
(`evo.fitness.guessing.predictors`). Of their losses (bits) and hits the score is made, by one of
these choices:

    gap-resolve  the default: gap x resolve, in which one key and noise are both worth nothing.
                 gap: what the ear that is deaf to context loses a step more than the ear that hears
                 it, in the later two thirds, at most 1.2 bits: how much order there is to hear.
                 resolve: events in 10 steps, at most 1, less the lost misses and stale hits in 10
                 steps (`evo.fitness.guessing.surprise`): how the order surprises.
                 Of either what is below 0 counts as 0; but a twentieth of both, also below 0, is
                 added, which draws a search out of noise and out of a drone
    gap          the gap alone, at most the one bit that the simplest pattern has, less 0.2 of what
                 the ears that hear context lose on the whole piece, so that of the patterns that
                 reach the cap the one that is learned soonest is best: ABAB
    streak       the original research's: a hit earns 1, until the streak is longer than 8; from
                 there on the penalty doubles with each hit
    band         how far the share of hits is, in windows of 32 steps, from a band of 0.6 to 0.9
    accuracy     the share of hits: ends in one key. For control
    -accuracy    the share of misses: ends in noise. For control

`evo.fitness.guessing.coevolved` adds guessers that are bred.

Todd & Werner ("Frankensteinian methods for evolutionary music composition", 1999) saw their singers
collapse when critics rewarded what they expected, and had them rewarded for surprise, which is what
an ear expects less than its best guess. Surprise alone ends in noise here. What resolves is what
Narmour and Huron ("Sweet anticipation", 2006) hold for the pleasure of it.

The score is the mean over the ears that hear context; there is a case an ear, its part of it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.fitness.guessing.held_out import held_out_hits
from evo.fitness.guessing.measures import measures
from evo.fitness.guessing.predictors import CONTEXT, FREQUENCIES, PERCEPTRON, listen, listen_to
from evo.fitness.guessing.surprise import count_events, counted
from evo.fitness.guessing.symbols import Symbols, symbols_of
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers, Streams

SCORES = ("gap-resolve", "gap", "streak", "band", "accuracy", "-accuracy")

MOST_GAP = 1.2  # bits
SIMPLE_GAP = 1.0
LONGER = 4  # times the steps: as long are pieces that show whether a performer goes on
GUIDE = 0.05  # of gap and resolve by themselves
HASTE = 0.2  # of the loss on the whole piece, under the score gap
EVENT_STEPS = 10  # there is to be an event in so many
FREE_STREAK, LONGEST_PENALTY = 8, 12  # hits; the penalty doubles no more often
WINDOW = 32
BAND = (0.6, 0.9)

# The ears that hear context, whose guesses count.
PANEL = (CONTEXT, PERCEPTRON)

Hits = NDArray[np.bool_]


class Guessing:
    """Scores performers by how they are guessed; see the module's docstring.

    Raises:
        ValueError: for a score that there is not, or too few steps or keys.
    """

    reusable = True
    # That tell whether the game's were compiled before, as an engine's do.
    kernels = (listen_to, count_events)

    def __init__(self, *, keys: int, steps: int, score: str = "gap-resolve") -> None:
        if score not in SCORES:
            raise ValueError(f"score must be one of {', '.join(SCORES)}, got {score!r}")
        if keys < 1 or steps < 3 * WINDOW:
            raise ValueError(
                f"keys must be at least 1 and steps {3 * WINDOW}, got {keys} and {steps}"
            )
        self.keys, self.steps, self.score = keys, steps, score

    def play(self, performers: Performers, times: int = 1) -> BoolArray:
        """What performers play, so many times as long as it is judged: bool (n, steps, keys)."""
        return performers.perform(np.zeros((0, self.keys), np.bool_), times * self.steps)

    def evaluate(self, performers: Performers, streams: Streams) -> Scores:
        """Totals of a batch, and a case an ear of the panel."""
        cases = self.cases(symbols_of(self.play(performers)))
        return Scores.of(cases.mean(axis=1), cases / cases.shape[1])

    def cases(self, symbols: Symbols) -> FloatArray:
        """What each ear of the panel makes of pieces, int64 (n, steps): float64 (n, ears)."""
        losses, hits = listen(symbols, self.keys + 1)
        hits = hits[PANEL, :]
        if self.score == "gap-resolve":
            scores = guided(gap(losses, MOST_GAP), resolve(hits))
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
        """What one individual plays is like, and how it is guessed.

        period, keys, longest_run, complexity, complexity_ratio
                            see `evo.fitness.guessing.measures.measures`
        panel_score         gap-resolve, whatever the score is: a fixed measure of progress
        guesser_accuracy    share of the steps that the panel guesses, mean over its ears
        held_out_accuracy   the same of an ear that no search meets, `evo.fitness.guessing.held_out`
        lasting_period      the period at the end of a piece four times as long, for players that
                            can go on; a note grid, which ends in silence there, has none

        `solved` is always False: the game has no end.
        """
        goes_on = not performers.fixed_length
        longer = symbols_of(self.play(performers, LONGER if goes_on else 1))[0]
        piece = longer[: self.steps]
        random = np.random.default_rng(0)  # of shuffles: the same for every piece
        losses, hits = listen(piece[None], self.keys + 1)
        hits = hits[PANEL, :]
        worth = guided(gap(losses, MOST_GAP), resolve(hits))
        found = measures(piece, random) | {
            "panel_score": round(float(worth.mean()), 3),
            "guesser_accuracy": round(float(hits.mean()), 3),
            "held_out_accuracy": round(float(held_out_hits(piece, self.keys + 1).mean()), 3),
        }
        if goes_on:
            found["lasting_period"] = measures(longer, random)["period"]
        return found | {"solved": False}


def later(steps: int) -> int:
    """Where the later two thirds of a piece begin, by when ears had time to learn."""
    return steps // 3


def gap(losses: FloatArray, most: float) -> FloatArray:
    """How much less the panel loses than the ear that is deaf to context.

    `losses` are bits, float64 (all ears, n, steps). Returns bits a step in the later two thirds,
    at most `most`, and below 0 for noise: float64 (ears of the panel, n).
    """
    late = losses[:, :, later(losses.shape[2]) :].mean(axis=2)
    gaps: FloatArray = np.minimum(late[FREQUENCIES] - late[PANEL, :], most)
    return gaps


def resolve(hits: Hits) -> FloatArray:
    """How hits, bool (..., steps), resolve, 1 at most: float64 (...).

    Events and lost misses are those of the later two thirds, as ears that still have to learn miss
    anyway; hits grow stale anywhere.
    """
    late = hits[..., later(hits.shape[-1]) :]
    events, lost, _ = counted(late)
    stale = counted(hits)[2]
    rate = EVENT_STEPS / late.shape[-1]
    resolving: FloatArray = np.minimum(rate * events, 1.0) - rate * (lost + stale)
    return resolving


def guided(order: FloatArray, surprise: FloatArray) -> FloatArray:
    """The product of gap and resolve where both are above 0, and a little of each."""
    worth: FloatArray = np.maximum(order, 0.0) * np.maximum(surprise, 0.0)
    return worth + GUIDE * (order + surprise)


def streak(hits: Hits) -> FloatArray:
    """Hits, less a penalty that doubles with each beyond `FREE_STREAK` in a row: mean a step.

    Of bool (..., steps); at most 1. A penalty doubles `LONGEST_PENALTY` times at most.
    """
    running = np.zeros(hits.shape[:-1], np.int64)
    total = np.zeros(hits.shape[:-1])
    for t in range(hits.shape[-1]):
        running = np.where(hits[..., t], running + 1, 0)
        beyond = np.clip(running - FREE_STREAK, 0, LONGEST_PENALTY)
        total += np.where(beyond > 0, -(2.0**beyond), running > 0)
    mean: FloatArray = total / hits.shape[-1]
    return mean


def band(hits: Hits) -> FloatArray:
    """How far the share of hits is from `BAND`, negated: mean over windows after the first third.

    Of bool (..., steps); 0 at best.
    """
    late = hits[..., later(hits.shape[-1]) :]
    whole = late.shape[-1] // WINDOW
    windows = late[..., late.shape[-1] - whole * WINDOW :]
    shares = windows.reshape(*hits.shape[:-1], whole, WINDOW).mean(axis=-1)
    away = np.maximum(BAND[0] - shares, 0.0) + np.maximum(shares - BAND[1], 0.0)
    missed: FloatArray = -away.mean(axis=-1)
    return missed
