"""How alike songs are: runs of notes they share, duplicates among them, and the variety of many.

Songs are compared by the tokens of their melodies, each an interval and the steps it takes (see
`evo.music.melody`): a run of them in two songs is the same tune, in whatever key.

`KnownSongs` finds for each of many grids the longest run that it shares with any of the songs
known; see `evo.music.measures.suffixes` for how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evo.music.measures.bars import form, rhythms_of
from evo.music.measures.suffixes import compare, joined, sorted_suffixes, window_numbers
from evo.music.melody import BAR, IntArray, tokens, waits
from evo.music.song import Song
from genomes.arrays import FloatArray
from genomes.kernels import kernel

RUN = 4  # tokens: shorter common runs are found between any two songs, and say nothing
# From this share of tokens in common runs on, two songs are the same tune; see `families`.
SAME_SONG = 0.45
SAME_RUN = 6  # tokens: the shortest run that counts there

MOST_PAIRED = 300  # songs that are compared pair by pair


class Shared(NamedTuple):
    """What one song has of another."""

    longest: int  # tokens of the longest run in both
    share: float  # of the first song's tokens that lie in such runs; 0 of none


def shared(a: Song | ArrayLike, b: Song | ArrayLike, least: int = RUN) -> Shared:
    """Return the longest run of tokens in both songs, and how much of `a` is in shared runs.

    Args:
        a, b: songs, or bool grids (steps, keys).
        least: tokens of the shortest run that counts towards the share, from 1 on.
    """
    longest, covered = _common_runs(tokens(a), tokens(b), least)
    return Shared(int(longest), covered / max(len(tokens(a)), 1))


@dataclass(frozen=True, eq=False)
class KnownSongs:
    """Songs to which others are compared; arrays only, so that it travels to workers.

    Attributes:
        names: of the songs, in order.
        groups: int64 (songs,), a number for each song; `longest_runs` can leave a group out.
        text: int64 (m,), the tokens of all songs, each song ended by a separator.
        suffixes: int64 (m,), the positions of the text in the order of what follows them.
        owners: int64 (m,), the index of the song of each position.
    """

    names: tuple[str, ...]
    groups: IntArray
    text: IntArray
    suffixes: IntArray
    owners: IntArray

    @classmethod
    def of(
        cls,
        songs: Sequence[Song | ArrayLike],
        names: Sequence[str] | None = None,
        groups: ArrayLike | None = None,
    ) -> KnownSongs:
        """Sort the tokens of songs.

        Args:
            songs: songs, or bool grids (steps, keys).
            names: one a song; by default their own, or their numbers.
            groups: int (songs,); by default every song is its own group. See `families`.

        Raises:
            ValueError: for another number of names or groups than of songs.
        """
        if names is None:
            names = [
                song.name if isinstance(song, Song) else str(index)
                for index, song in enumerate(songs)
            ]
        numbers = np.arange(len(songs)) if groups is None else np.asarray(groups)
        if len(names) != len(songs) or numbers.shape != (len(songs),):
            raise ValueError(
                f"names, groups: expected one for each of {len(songs)} songs, "
                f"got {len(names)} and {numbers.shape}"
            )
        text, owners = joined([tokens(song) for song in songs])
        return cls(tuple(names), numbers.astype(np.int64), text, sorted_suffixes(text), owners)

    def __len__(self) -> int:
        return len(self.names)

    def longest_runs(
        self, grids: ArrayLike, without: ArrayLike | None = None
    ) -> tuple[IntArray, IntArray]:
        """Return the longest run of tokens that each grid shares with a song, and with which.

        Args:
            grids: bool (n, steps, keys).
            without: int (n,), the group of songs that each grid is not compared to; -1 for none.

        Returns:
            Two int64 arrays (n,): the number of tokens, and the index of a song with that run, the
            lowest of those with the first such run of the grid. 0 and -1 where nothing is shared,
            as by a grid of fewer than two notes.
        """
        longest, songs, _ = self.compare(grids, without=without)
        return longest, songs

    def compare(
        self, grids: ArrayLike, least: int = RUN, without: ArrayLike | None = None
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return what `longest_runs` does, and how much of each grid is known.

        Args:
            grids: bool (n, steps, keys).
            least: tokens of the shortest run that counts as known.
            without: int (n,), the group of songs that each grid is not compared to; -1 for none.

        Returns:
            The two arrays of `longest_runs`, and a float64 (n,): the share of the grid's tokens in
            runs of `least` or more tokens, each shared with some song; 0 without tokens.
        """
        array = np.ascontiguousarray(grids)
        if array.dtype != np.bool_ or array.ndim != 3 or array.shape[2] > 128:
            raise ValueError(
                f"grids: expected bool (n, steps, up to 128 keys), got {array.dtype} {array.shape}"
            )
        if not array.flags.writeable:
            array = array.copy()  # or numba compiles the kernel once more
        count = len(array)
        left_out = np.full(count, -1) if without is None else np.asarray(without)
        if left_out.shape != (count,):
            raise ValueError(f"without: expected int ({count},), got {left_out.shape}")
        longest, songs = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        covered = np.zeros(count)
        compare(
            array, self.text, self.suffixes, self.owners, self.groups,
            left_out.astype(np.int64), least, longest, songs, covered,
        )  # fmt: skip
        return longest, songs, covered


def families(songs: Sequence[Song | ArrayLike]) -> IntArray:
    """Return the number of each song's family, the songs of the same tune: int64 (songs,).

    Two songs are of one family when their melodies are equal up to transposition, or when they
    share most of their tokens: the share of the one's in runs of at least 6 tokens (`SAME_RUN`)
    that the other has too, and the other way round, are 45 % (`SAME_SONG`) on average. That holds
    for a tune with a tenth of its notes changed and for a quarter of a tune by itself; of the
    embedded tunes it holds for Twinkle and Baa, Baa, Black Sheep, and for Mary Had a Little Lamb
    and Goodnight, Ladies, which are each the same tune to other words; no other two of the book
    reach 24 %. A family's family belongs to it; splits that keep families together leak no tune.

    Families are numbered in the order of their first songs.
    """
    melodies = [tokens(song) for song in songs]
    parents = list(range(len(songs)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = index = parents[parents[index]]
        return index

    first: dict[bytes, int] = {}
    for index, codes in enumerate(melodies):
        parents[index] = first.setdefault(codes.tobytes(), index)
    text, owners = joined(melodies)
    windows = window_numbers(text, SAME_RUN)
    # The songs of each window, each song once, one window's after the other's.
    inside = np.flatnonzero(windows >= 0)
    pairs = np.unique(np.stack([windows[inside], owners[inside]]), axis=1)
    bounds = np.searchsorted(pairs[0], np.arange(windows.max(initial=-1) + 2))
    songs_of = np.ascontiguousarray(pairs[1])
    starts = np.searchsorted(owners, np.arange(len(songs)))
    for song, start in enumerate(starts.tolist()):
        length = len(melodies[song])
        numbers = windows[start : start + max(0, length + 1 - SAME_RUN)]
        covered = _covered_by_each(numbers, songs_of, bounds, SAME_RUN, len(songs))
        # Of two shares whose mean is enough, one is.
        for other in np.flatnonzero(covered >= max(SAME_SONG * length, 1)).tolist():
            back = _common_runs(melodies[other], melodies[song], SAME_RUN)[1]
            mean = (covered[other] / length + back / len(melodies[other])) / 2
            if mean >= SAME_SONG:
                parents[root(song)] = root(other)
    labels: dict[int, int] = {}
    roots = [root(index) for index in range(len(songs))]
    return np.array([labels.setdefault(one, len(labels)) for one in roots], np.int64)


def duplicates(songs: Sequence[Song | ArrayLike]) -> list[list[int]]:
    """Return the families of more than one song, as lists of indices in order."""
    members: dict[int, list[int]] = {}
    for index, family in enumerate(families(songs).tolist()):
        members.setdefault(family, []).append(index)
    return [group for group in members.values() if len(group) > 1]


def spread(songs: Sequence[Song | ArrayLike], bar: int = BAR) -> dict[str, float]:
    """Return the variety of many songs, such as a search's champions.

    Args:
        songs: songs, or bool grids (steps, keys); they may differ in shape.
        bar: steps in a bar.

    Returns:
        songs: how many.
        families: how many different tunes, see `families`.
        mean_shared_run: longest run of tokens that two songs share, mean over all pairs.
        mean_shared_share: share of a song's tokens in runs of 4 (`RUN`) or more that another has
            too, mean over all ordered pairs.
        bar_rhythms: different rhythms of a bar in all songs together.
        forms: different forms of four phrases, see `evo.music.measures.bars.form`.
        shortest_waits: different shortest inter-onset intervals of a song.

        The means are nan for fewer than two songs; of more than 300 (`MOST_PAIRED`) they compare
        at most 300, evenly spaced. All but they count the songs together.
    """
    melodies = [tokens(song) for song in songs]
    compared = melodies[:: -(-len(melodies) // MOST_PAIRED) or 1]
    pairs = [
        (*_common_runs(a, b, RUN), len(a))
        for i, a in enumerate(compared)
        for j, b in enumerate(compared)
        if i != j
    ]
    rhythms = set().union(*(rhythms_of(song, bar) for song in songs))
    return {
        "songs": len(songs),
        "families": len(set(families(songs).tolist())),
        "mean_shared_run": fmean(run for run, _, _ in pairs) if pairs else nan,
        "mean_shared_share": fmean(n / max(of, 1) for _, n, of in pairs) if pairs else nan,
        "bar_rhythms": len(rhythms),
        "forms": len({form(song, bar) for song in songs}),
        "shortest_waits": len({int(waits(codes).min()) for codes in melodies if len(codes)}),
    }


@kernel
def _common_runs(a: IntArray, b: IntArray, least: int) -> tuple[int, int]:
    """Return the longest common run, and how many tokens of `a` are in common runs of `least`."""
    # The run that ends at the last token of a and at each of b.
    ending = np.zeros(len(b) + 1, np.int64)
    longest, covered, border = 0, 0, 0
    for i in range(len(a)):
        here = 0
        for j in range(len(b) - 1, -1, -1):
            ending[j + 1] = ending[j] + 1 if a[i] == b[j] else 0
            here = max(here, ending[j + 1])
        longest = max(longest, here)
        if here >= least:
            covered += i + 1 - max(border, i + 1 - here)
            border = i + 1
    return longest, covered


@kernel
def _covered_by_each(
    windows: IntArray, songs_of: IntArray, bounds: IntArray, size: int, count: int
) -> IntArray:
    """Return how many tokens of one song are in windows that each other song has.

    Args:
        windows: int64, the number of the window at each position of the song.
        songs_of, bounds: the songs of window w are `songs_of[bounds[w] : bounds[w + 1]]`.
        size: tokens of a window.
        count: how many songs there are.

    Returns:
        int64 (count,).
    """
    covered, border = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for position, window in enumerate(windows):
        for other in songs_of[bounds[window] : bounds[window + 1]]:
            covered[other] += position + size - max(border[other], position)
            border[other] = position + size
    return covered
