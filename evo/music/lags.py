"""Lags that decide a song: which steps differ although their past at some lags is the same.

A player without memory reads the past of a step at fixed lags. Two steps with the same past at all
lags and different notes cannot both be right. In an AABB tune the last step of an A is such a step:
what follows depends on whether it is the first A or the second.

All notes of a step are one *symbol*, a number. Steps before the first are a symbol of their own,
as players read a level of their own there. The *class* of a step is its symbols at all lags. So a
class with several next symbols is undecided, and at most its most frequent one can be right.

`further_lags` adds lags by greedy set cover: of all lags, the one that separates the most pairs of
undecided steps, the shortest of several. Pairs are neighbours in the order of classes and symbols,
a few thousand at a time, so time and memory hardly grow with the number of undecided steps.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Indices

PAIRS = 2_000  # pairs of steps that are separated at a time
CELLS = 20_000_000  # maximum of candidates times pairs in memory


class Deciding(NamedTuple):
    """Result of `further_lags`.

    Attributes:
        added: The further lags, ascending; empty if the lags decide all steps or none helps.
        right: Steps that can be right with the given and the further lags.
        total: Steps to decide.
    """

    added: tuple[int, ...]
    right: int
    total: int


class _Steps(NamedTuple):
    """Every step of all songs.

    Attributes:
        symbols: int64 (steps,), from 1.
        index: int64 (steps,), index of the step within its song.
        judged: bool (steps,), whether the step is to be decided.
    """

    symbols: Indices
    index: Indices
    judged: BoolArray

    def past(self, steps: Indices, lag: int) -> Indices:
        """Return the symbols at a lag; 0 before the start."""
        return np.where(self.index[steps] >= lag, self.symbols[np.maximum(steps - lag, 0)], 0)


def further_lags(
    rolls: Sequence[BoolArray],
    prompt_steps: int,
    lags: Sequence[int],
    longest: int = 65_536,
) -> Deciding:
    """Return the fewest further lags that decide every step after the prompt, by greedy search.

    Args:
        rolls: Songs, bool (steps, channels) each, with the same number of channels.
        prompt_steps: First steps of every song, which need not be decided.
        lags: Lags in use.
        longest: Maximum lag.

    Returns:
        The lags to add, and how many steps can be right with them.
    """
    steps = _steps(rolls, prompt_steps)
    judged = np.flatnonzero(steps.judged)
    classes = np.zeros(len(judged), np.int64)
    for lag in lags:
        classes = _divided(classes, steps.past(judged, lag))
    open_steps, classes = _undecided(steps.symbols[judged], classes, judged)
    certain = len(judged) - len(open_steps)
    added: list[int] = []
    candidates = np.setdiff1d(np.arange(1, min(longest, max(map(len, rolls)) - 1) + 1), lags)
    while len(open_steps):
        chosen = _separating(steps, open_steps, classes, candidates)
        if not chosen:
            break
        added += chosen
        candidates = np.setdiff1d(candidates, chosen)
        for lag in chosen:
            classes = _divided(classes, steps.past(open_steps, lag))
        left, classes = _undecided(steps.symbols[open_steps], classes, open_steps)
        certain += len(open_steps) - len(left)
        open_steps = left
    right = certain + _most_frequent(steps.symbols[open_steps], classes)
    return Deciding(tuple(sorted(added)), right, len(judged))


def _steps(rolls: Sequence[BoolArray], prompt_steps: int) -> _Steps:
    rows = np.packbits(np.concatenate(rolls), axis=1)
    symbols = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64) + 1
    index = np.concatenate([np.arange(len(roll), dtype=np.int64) for roll in rolls])
    return _Steps(symbols, index, index >= prompt_steps)


def _divided(classes: Indices, symbols: Indices) -> Indices:
    """Return the classes divided by one more symbol per step, numbered from 0."""
    pairs = classes * (symbols.max(initial=0) + 1) + symbols
    return np.unique(pairs, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _undecided(symbols: Indices, classes: Indices, steps: Indices) -> tuple[Indices, Indices]:
    """Return the steps of classes with several next symbols, and their classes."""
    several = np.zeros(classes.max(initial=0) + 1, np.bool_)
    order = np.lexsort((symbols, classes))
    same_class = classes[order][1:] == classes[order][:-1]
    several[classes[order][1:][same_class & (np.diff(symbols[order]) != 0)]] = True
    kept = several[classes]
    return steps[kept], classes[kept]


def _most_frequent(symbols: Indices, classes: Indices) -> int:
    """Return the number of steps with the most frequent symbol of their class."""
    most = np.zeros(classes.max(initial=0) + 1, np.int64)
    pairs, counts = np.unique(np.stack([classes, symbols]), axis=1, return_counts=True)
    np.maximum.at(most, pairs[0], counts)
    return int(most.sum())


def _separating(
    steps: _Steps, open_steps: Indices, classes: Indices, candidates: Indices
) -> list[int]:
    """Return lags that separate some pairs of undecided steps, the most effective first."""
    order = np.lexsort((steps.symbols[open_steps], classes))
    first, second = order[:-1], order[1:]
    conflict = (classes[first] == classes[second]) & (
        steps.symbols[open_steps[first]] != steps.symbols[open_steps[second]]
    )
    count = min(PAIRS, max(1, CELLS // max(1, len(candidates))))
    pairs = np.flatnonzero(conflict)[:count]
    first, second = open_steps[first[pairs]], open_steps[second[pairs]]
    separates = np.zeros((len(candidates), len(first)), np.bool_)
    for row, lag in enumerate(candidates.tolist()):
        separates[row] = steps.past(first, lag) != steps.past(second, lag)
    chosen = []
    left = np.ones(len(first), np.bool_)
    while True:
        gains = separates[:, left].sum(axis=1)
        best = int(np.argmax(gains)) if len(gains) else 0
        if not len(gains) or gains[best] == 0:
            return chosen
        chosen.append(int(candidates[best]))
        left &= ~separates[best]
