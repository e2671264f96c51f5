"""Lags that decide a song: no two steps have the same past at all lags, and different notes.

A player without memory reads the past of a step at fixed lags. Two steps with the same past at all
lags and different notes cannot both be right. In an AABB tune the last step of an A is such a step:
what follows depends on whether it is the first A or the second.

All notes of a step are one *symbol*, a number. Steps before the first are a symbol of their own,
if players read a level of their own there. The *class* of a step is its symbols at all lags. A
class with several next symbols is undecided, and at most its most frequent one can be right.

`further_lags` adds lags by greedy set cover: of all lags, the one that separates the most pairs of
undecided steps, the shortest of several. Some thousands of pairs are looked at at a time, so time
and memory hardly grow with the number of undecided steps. Lags that turn out not to be needed are
left out again. There are at most `MOST`: where every step needs a lag of its own, none helps.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Indices

NEAR = 16  # steps back that are always inputs where lags are chosen
SIXTEENTHS = 4  # steps per beat; near lags are counted in these if steps are shorter
REPEATS = 8  # lags at which songs repeat
MOST = 32  # maximum of further lags
PAIRS = 2_000  # pairs of steps that are separated at a time
CELLS = 20_000_000  # maximum of candidates times pairs in memory
MAX_LAG = 65_536


class Rolls(NamedTuple):
    """Songs as a player reads them.

    Attributes:
        songs: bool (steps, channels) each, with the same number of channels.
        prompt_steps: First steps of every song, which need not be decided.
        silent_start: Whether steps before the first are read as silent steps.
        longest: Maximum lag.
    """

    songs: Sequence[BoolArray]
    prompt_steps: int
    silent_start: bool = False
    longest: int = MAX_LAG


class Deciding(NamedTuple):
    """Result of `further_lags`.

    Attributes:
        added: The further lags, ascending; empty if none is needed or helps.
        before: Steps that can be right without the further lags.
        right: Steps that can be right with them.
        total: Steps to decide.
    """

    added: tuple[int, ...]
    before: int
    right: int
    total: int


class _Steps(NamedTuple):
    """Every step of all songs.

    Attributes:
        symbols: int64 (steps,), from 1.
        place: int64 (steps,), index of the step within its song.
        judged: bool (steps,), whether the step is to be decided.
        start: Symbol of the steps before the first.
    """

    symbols: Indices
    place: Indices
    judged: BoolArray
    start: int

    def past(self, steps: Indices, lag: int) -> Indices:
        """Return the symbols of the past of steps.

        Args:
            steps: int64 (any,), the steps.
            lag: How far back.
        """
        known = self.place[steps] >= lag
        return np.where(known, self.symbols[np.maximum(steps - lag, 0)], self.start)


def further_lags(rolls: Rolls, lags: Sequence[int], without: Sequence[int] = ()) -> Deciding:
    """Return the fewest further lags that decide every step after the prompt, by greedy search.

    Args:
        rolls: The songs.
        lags: Lags in use.
        without: Lags not to add.
    """
    steps = _steps(rolls)
    judged = np.flatnonzero(steps.judged)
    classes = np.zeros(len(judged), np.int64)
    for lag in lags:
        classes = _divided(classes, steps.past(judged, lag))
    undecided, classes = _undecided(steps, judged, classes)
    certain = len(judged) - len(undecided)  # steps that are decided already
    before = certain + _most_frequent(steps.symbols[undecided], classes)
    candidates = np.setdiff1d(np.arange(1, _longest(rolls) + 1), (*lags, *without))
    added: list[int] = []
    left, parts = undecided, classes
    while len(left) and len(added) < MOST:
        chosen = _separating(steps, left, parts, candidates, MOST - len(added))
        if not chosen:
            break
        added += chosen
        candidates = np.setdiff1d(candidates, chosen)
        for lag in chosen:
            parts = _divided(parts, steps.past(left, lag))
        left, parts = _undecided(steps, left, parts)
    added, right = _needed(steps, undecided, classes, added)
    return Deciding(tuple(sorted(added)), before, certain + right, len(judged))


def _needed(
    steps: _Steps, undecided: Indices, classes: Indices, added: list[int]
) -> tuple[list[int], int]:
    """Return the lags without those that decide no further step, and the right steps.

    Args:
        steps: All steps.
        undecided: int64 (any,), steps that are undecided without the lags.
        classes: int64 (any,), their classes.
        added: The lags, the most effective first.
    """

    def right(lags: list[int]) -> int:
        parts = classes
        for lag in lags:
            parts = _divided(parts, steps.past(undecided, lag))
        return _most_frequent(steps.symbols[undecided], parts)

    most = right(added)
    for lag in reversed(added):
        fewer = [other for other in added if other != lag]
        if right(fewer) == most:
            added = fewer
    return added, most


def lags_for(
    rolls: Rolls, usual: tuple[int, ...], steps_per_beat: int, fits: bool
) -> tuple[int, ...]:
    """Return the usual lags if they fit and decide the songs; else lags of the songs themselves.

    For one song these are the near ones, those at which it repeats, and the fewest that decide the
    rest, twice: two inputs that tell steps apart are learned much faster than one. For several
    songs the fewest are added to the usual ones.

    Args:
        rolls: The songs.
        usual: The usual lags.
        steps_per_beat: Resolution of the songs.
        fits: Whether the songs have the metre and resolution that the usual lags are made for.
    """
    chosen = usual
    if len(rolls.songs) == 1 and not (fits and decide(rolls, usual)):
        chosen = tuple(sorted(_near(usual, steps_per_beat) | set(repeats(rolls))))
    added = further_lags(rolls, chosen).added
    again = further_lags(rolls, chosen, without=added).added
    return tuple(sorted((*chosen, *added, *again)))


def _near(usual: tuple[int, ...], steps_per_beat: int) -> set[int]:
    """Return the near ones of the usual lags, which reach back four beats if steps are short."""
    near = {lag for lag in usual if lag <= NEAR}
    if steps_per_beat <= SIXTEENTHS:
        return near
    return {lag for lag in near if lag <= NEAR // 2} | {
        lag * steps_per_beat // SIXTEENTHS for lag in near
    }


def decide(rolls: Rolls, lags: Sequence[int]) -> bool:
    """Return whether lags decide every step after the prompt.

    Args:
        rolls: The songs.
        lags: The lags.
    """
    deciding = further_lags(rolls, lags)
    return deciding.before == deciding.total


def repeats(rolls: Rolls) -> list[int]:
    """Return the lags at which the songs repeat most, at most `REPEATS`.

    The first is the lag at which most notes are those of the step. The next is the best for the
    steps that are not repeated at this lag, and so on. Long collections of songs have none.

    Args:
        rolls: The songs.
    """
    steps = _steps(rolls)
    longest = _longest(rolls)
    left = steps.judged & np.concatenate([song.any(axis=1) for song in rolls.songs])
    if longest * len(left) > CELLS * REPEATS:
        return []

    def repeated(lag: int) -> BoolArray:
        same = steps.symbols[lag:] == steps.symbols[:-lag]
        return np.asarray(same & (steps.place[lag:] >= lag) & left[lag:])

    found: list[int] = []
    for _ in range(REPEATS if longest else 0):
        counts = [int(np.count_nonzero(repeated(lag))) for lag in range(1, longest + 1)]
        if not max(counts):
            break
        found.append(counts.index(max(counts)) + 1)
        left[found[-1] :] &= ~repeated(found[-1])
    return found


def _longest(rolls: Rolls) -> int:
    """Return the longest lag that reaches a step of a song."""
    return min(rolls.longest, max(map(len, rolls.songs)) - 1)


def lags_in_words(rolls: Rolls, lags: tuple[int, ...], chosen: bool, option: str) -> str:
    """Return whether lags decide the songs, in one line.

    It is empty if they do and were not chosen for the songs.

    Args:
        rolls: The songs.
        lags: The lags of a run.
        chosen: Whether they were chosen for the songs.
        option: Name of their setting on the command line.
    """
    deciding = further_lags(rolls, lags)
    total = deciding.total
    if deciding.before == total:
        return f"Lags {_ranges(lags)} decide all {total} steps." if chosen else ""
    problem = f"At most {deciding.before} of {total} steps can be right"
    if deciding.right == deciding.before:
        return f"{problem}: the same notes are followed by different ones, at any lag."
    more = ",".join(map(str, sorted((*lags, *deciding.added))))
    count = "all" if deciding.right == total else str(deciding.right)
    return f"{problem} with these lags, and {count} with --set {option}={more}"


def _ranges(lags: Sequence[int]) -> str:
    """Return lags in words: "1 to 16, 118, 191"."""
    ordered = sorted(lags)
    breaks = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(ordered)) if b != a + 1), len(ordered)]
    words: list[str] = []
    for first, last in pairwise(breaks):
        run = ordered[first:last]
        words += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)
    return ", ".join(words)


def _steps(rolls: Rolls) -> _Steps:
    """Return the steps of all songs."""
    channels = rolls.songs[0].shape[1]
    rows = np.packbits(np.concatenate([np.zeros((1, channels), np.bool_), *rolls.songs]), axis=1)
    numbers = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64) + 1
    place = np.concatenate([np.arange(len(song), dtype=np.int64) for song in rolls.songs])
    start = int(numbers[0]) if rolls.silent_start else 0
    return _Steps(numbers[1:], place, place >= rolls.prompt_steps, start)


def _divided(classes: Indices, symbols: Indices) -> Indices:
    """Return the classes divided by one more symbol per step, numbered from 0."""
    pairs = classes * (symbols.max(initial=0) + 1) + symbols
    return np.unique(pairs, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _undecided(steps: _Steps, chosen: Indices, classes: Indices) -> tuple[Indices, Indices]:
    """Return the steps of classes with several next symbols, and their classes.

    Args:
        steps: All steps.
        chosen: int64 (any,), some of them.
        classes: int64 (any,), their classes.
    """
    symbols = steps.symbols[chosen]
    order = np.lexsort((symbols, classes))
    differs = (np.diff(classes[order]) == 0) & (np.diff(symbols[order]) != 0)
    several = np.zeros(classes.max(initial=0) + 1, np.bool_)
    several[classes[order][1:][differs]] = True
    kept = several[classes]
    return chosen[kept], classes[kept]


def _most_frequent(symbols: Indices, classes: Indices) -> int:
    """Return the number of steps with the most frequent symbol of their class."""
    most = np.zeros(classes.max(initial=0) + 1, np.int64)
    pairs, counts = np.unique(np.stack([classes, symbols]), axis=1, return_counts=True)
    np.maximum.at(most, pairs[0], counts)
    return int(most.sum())


def _pairs(symbols: Indices, classes: Indices) -> tuple[Indices, Indices]:
    """Return pairs of steps with the same class and different symbols.

    In the order of classes and symbols, a step is paired with those 1, 2, 4, 8, ... after it.

    Args:
        symbols: int64 (any,), the next symbol of every step.
        classes: int64 (any,), the class.
    """
    order = np.lexsort((symbols, classes))
    first, second = [], []
    shift = 1
    while shift < len(order):
        one, other = order[:-shift], order[shift:]
        conflict = (classes[one] == classes[other]) & (symbols[one] != symbols[other])
        first.append(one[conflict])
        second.append(other[conflict])
        shift *= 2
    return np.concatenate(first), np.concatenate(second)


def _separating(
    steps: _Steps, undecided: Indices, classes: Indices, candidates: Indices, most: int
) -> list[int]:
    """Return lags that separate some pairs of undecided steps, the most effective first.

    Args:
        steps: All steps.
        undecided: int64 (any,), the undecided ones.
        classes: int64 (any,), their classes.
        candidates: int64 (lags,), ascending.
        most: Maximum number of lags.
    """
    first, second = _pairs(steps.symbols[undecided], classes)
    count = min(PAIRS, max(1, CELLS // max(1, len(candidates))))
    if len(first) > count:
        kept = np.linspace(0, len(first) - 1, count).astype(np.int64)
        first, second = first[kept], second[kept]
    first, second = undecided[first], undecided[second]
    separates = np.zeros((len(candidates), len(first)), np.bool_)
    for row, lag in enumerate(candidates.tolist()):
        separates[row] = steps.past(first, lag) != steps.past(second, lag)
    chosen: list[int] = []
    left = np.ones(len(first), np.bool_)
    while len(chosen) < most and len(candidates):
        gains = separates[:, left].sum(axis=1)
        best = int(np.argmax(gains))
        if not gains[best]:
            break
        chosen.append(int(candidates[best]))
        left &= ~separates[best]
    return chosen
