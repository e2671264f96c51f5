"""How alike songs are: runs of notes they share, duplicates among them, and the variety of many.

Songs are compared by the tokens of their melodies, each an interval and the steps it takes (see
`evo.music.melody`): a run of them in two songs is the same tune, in whatever key.

`KnownSongs` finds for each of many grids the longest run that it shares with any of the songs
known. Their tokens stand in one text with separators between the songs, and the suffixes of the
text are sorted (Manber & Myers 1993, by prefix doubling): the suffixes most like what follows a
position are the neighbours of the place where it would be sorted in, which a binary search finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evo.music.measures.bars import form, rhythms_of
from evo.music.melody import BAR, IntArray, read_notes, tokens, waits, write_tokens
from evo.music.song import Song
from genomes.base import BoolArray
from genomes.kernels import kernel, part

FloatArray = NDArray[np.float64]

RUN = 4  # tokens: shorter common runs are found between any two songs, and say nothing
# From this share of tokens in common runs on, two songs are the same tune; see `families`.
SAME_SONG = 0.45
SAME_RUN = 6  # tokens: the shortest run that counts there

MOST_PAIRED = 300  # songs that are compared pair by pair

_SEPARATOR = 0  # no token is 0


class Shared(NamedTuple):
    """What one song has of another."""

    longest: int  # tokens of the longest run in both
    share: float  # of the first song's tokens that lie in such runs; 0 of none


def shared(a: Song | ArrayLike, b: Song | ArrayLike, least: int = RUN) -> Shared:
    """The longest run of tokens in both songs, and how much of `a` is in runs of `least` or more.

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
        """Sort the tokens of songs, or of bool grids (steps, keys).

        Args:
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
        text, owners = _text([tokens(song) for song in songs])
        return cls(tuple(names), numbers.astype(np.int64), text, _sorted_suffixes(text), owners)

    def __len__(self) -> int:
        return len(self.names)

    def longest_runs(
        self, grids: ArrayLike, without: ArrayLike | None = None
    ) -> tuple[IntArray, IntArray]:
        """The longest run of tokens that each grid shares with any song, and with which.

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
        """As `longest_runs`, and how much of each grid is known.

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
        _compare(
            array, self.text, self.suffixes, self.owners, self.groups,
            left_out.astype(np.int64), least, longest, songs, covered,
        )  # fmt: skip
        return longest, songs, covered


def families(songs: Sequence[Song | ArrayLike]) -> IntArray:
    """Which songs are the same tune: the number of its group for each, int64 (songs,).

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
    text, owners = _text(melodies)
    windows = _window_numbers(text, SAME_RUN)
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
    """The families of more than one song, as lists of indices in order."""
    members: dict[int, list[int]] = {}
    for index, family in enumerate(families(songs).tolist()):
        members.setdefault(family, []).append(index)
    return [group for group in members.values() if len(group) > 1]


def spread(songs: Sequence[Song | ArrayLike], bar: int = BAR) -> dict[str, float]:
    """The variety of many songs, such as a search's champions.

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


def _text(melodies: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """The tokens of all songs, each ended by a separator, and the song of every position."""
    ended = [np.append(codes, _SEPARATOR) for codes in melodies]
    owners = np.repeat(np.arange(len(ended)), [len(codes) for codes in ended])
    text = np.concatenate(ended) if ended else np.zeros(0)
    return text.astype(np.int64), owners.astype(np.int64)


def _sorted_suffixes(text: IntArray) -> IntArray:
    """The positions of a text in the order of the suffixes that begin there: int64 (m,)."""
    ranks = np.unique(text, return_inverse=True)[1].astype(np.int64)
    length = 1  # the ranks order the suffixes by so many of their first tokens
    while len(text) and ranks.max() < len(text) - 1:
        behind = np.zeros_like(ranks)  # 0: the text is over
        behind[:-length] = ranks[length:] + 1
        ranks = np.unique(ranks * (len(text) + 1) + behind, return_inverse=True)[1]
        length *= 2
    return np.argsort(ranks).astype(np.int64)


def _window_numbers(text: IntArray, size: int) -> IntArray:
    """A number for the `size` tokens from each position on; -1 where a separator is among them."""
    if len(text) < size:
        return np.zeros(0, np.int64)
    single = np.unique(text, return_inverse=True)[1].astype(np.int64)
    numbers, crossed = single, text == _SEPARATOR
    for following in range(1, size):
        rest = single[following:]
        pairs = numbers[: len(rest)] * len(text) + rest
        numbers = np.unique(pairs, return_inverse=True)[1]
        crossed = crossed[: len(rest)] | (text[following:] == _SEPARATOR)
    return np.where(crossed, -1, numbers).astype(np.int64)


@kernel
def _common_runs(a: IntArray, b: IntArray, least: int) -> tuple[int, int]:
    """Longest run of tokens in both, and how many tokens of `a` are in such runs of `least`."""
    ending = np.zeros(
        len(b) + 1, np.int64
    )  # the run that ends at the last token of a and each of b
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


@part
def _common_prefix(codes: IntArray, start: int, end: int, text: IntArray, place: int) -> int:
    """How many tokens from `codes[start:end]` on are those from `text[place]` on."""
    length = 0
    # Every song ends with a separator, which is no token: the text is never left.
    while start + length < end and codes[start + length] == text[place + length]:
        length += 1
    return length


@part
def _sorted_place(codes: IntArray, start: int, end: int, text: IntArray, suffixes: IntArray) -> int:
    """Where `codes[start:end]` would be sorted in: before the first suffix not below it."""
    low, high = 0, len(suffixes)
    common_low, common_high = 0, 0  # tokens in common with the suffixes at both borders
    while low < high:
        middle = (low + high) // 2
        place = suffixes[middle]
        # What both borders have in common, all between them have too.
        length = min(common_low, common_high)
        while start + length < end and codes[start + length] == text[place + length]:
            length += 1
        if start + length < end and codes[start + length] > text[place + length]:
            low, common_low = middle + 1, length
        else:
            high, common_high = middle, length
    return low


@kernel
def _compare(
    grids: BoolArray, text: IntArray, suffixes: IntArray, owners: IntArray, groups: IntArray,
    without: IntArray, least: int, longest: IntArray, songs: IntArray, covered: FloatArray,
) -> None:  # fmt: skip
    """Fill in the last three; see `KnownSongs.compare`."""
    steps = grids.shape[1]
    step, key, codes = (
        np.empty(steps, np.int64),
        np.empty(steps, np.int64),
        np.empty(steps, np.int64),
    )
    for index in range(len(grids)):
        count = write_tokens(step, key, read_notes(grids[index], step, key), codes)
        border, known, best, best_place, best_start = 0, 0, 0, 0, 0
        for start in range(count):
            place = _sorted_place(codes, start, count, text, suffixes)
            length = 0
            for direction in (-1, 1):
                # The nearest neighbour on this side that is not of the group left out.
                row = place if direction == 1 else place - 1
                while 0 <= row < len(suffixes) and groups[owners[suffixes[row]]] == without[index]:
                    row += direction
                if 0 <= row < len(suffixes):
                    common = _common_prefix(codes, start, count, text, suffixes[row])
                    length = max(length, common)
            if length > best:
                best, best_place, best_start = length, place, start
            if length >= least:
                known += start + length - max(border, start)
                border = start + length
        longest[index] = best
        covered[index] = known / count if count else 0.0
        if best == 0:
            continue
        # All suffixes that begin with the run are around its place.
        song = len(groups)
        for direction in (-1, 1):
            row = best_place if direction == 1 else best_place - 1
            while (
                0 <= row < len(suffixes)
                and _common_prefix(codes, best_start, count, text, suffixes[row]) >= best
            ):
                if groups[owners[suffixes[row]]] != without[index]:
                    song = min(song, owners[suffixes[row]])
                row += direction
        songs[index] = song


@kernel
def _covered_by_each(
    windows: IntArray, songs_of: IntArray, bounds: IntArray, size: int, count: int
) -> IntArray:
    """How many tokens of one song are in windows of `size` that another has: int64 (count,).

    Args:
        windows: int64, the number of the window at each position of the song.
        songs_of: the songs of window w are `songs_of[bounds[w] : bounds[w + 1]]`.
    """
    covered, border = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for position, window in enumerate(windows):
        for other in songs_of[bounds[window] : bounds[window + 1]]:
            covered[other] += position + size - max(border[other], position)
            border[other] = position + size
    return covered
