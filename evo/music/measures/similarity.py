"""Compare songs: shared runs of notes, duplicates, and the variety of a set.

Songs are compared by their melodies' tokens (`evo.music.melody`), each an interval and a wait. A
run of tokens shared by two songs is the same tune, in any key. Songs of different resolutions are
compared at their common multiple.

`KnownSongs` finds the longest run that a grid shares with any known song, by a suffix array
(`evo.music.measures.suffixes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lcm, nan
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evo.music.measures.bars import form, rhythms_of
from evo.music.measures.suffixes import (
    SEPARATOR,
    compare,
    joined,
    sorted_suffixes,
    window_numbers,
)
from evo.music.melody import INTERVALS, onsets, tokens, waits
from evo.music.song import Song
from genomes.arrays import FloatArray, IntArray
from genomes.kernels import kernel

GRID_STEPS = 2  # steps per beat of grids
RUN = 4  # tokens; shorter runs are common between unrelated songs
# Minimum share of tokens in common runs for the same tune; see `families`.
SAME_SONG = 0.45
SAME_RUN = 6  # minimum tokens of a common run for `SAME_SONG`

MAX_PAIRED = 300  # maximum number of songs compared in pairs


class Shared(NamedTuple):
    """The overlap of one song with another."""

    longest: int  # tokens of the longest common run
    share: float  # share of the first song's tokens in common runs; 0 without tokens


def shared(a: Song | ArrayLike, b: Song | ArrayLike, min_length: int = RUN) -> Shared:
    """Return the longest run of tokens in both songs, and the share of `a` covered.

    Args:
        a: a song, or a bool grid (steps, keys).
        b: a song, or a bool grid (steps, keys).
        min_length: minimum tokens of a run that counts towards the share, at least 1.
    """
    first, second = melodies_of([a, b])[0]
    longest, covered = _common_runs(first, second, min_length)
    return Shared(int(longest), covered / max(len(first), 1))


@dataclass(frozen=True, eq=False)
class KnownSongs:
    """Songs for comparison; only arrays, so that workers can receive them.

    Attributes:
        names: names of the songs, in order.
        groups: int64 (songs,), the group of each song; `longest_runs` can ignore one.
        text: int64 (m,), the tokens of all songs, each song ended by a separator.
        suffixes: int64 (m,), the positions of the text, sorted by their suffixes.
        owners: int64 (m,), the song index of each position.
        steps_per_beat: the resolution of the tokens.
    """

    names: tuple[str, ...]
    groups: IntArray
    text: IntArray
    suffixes: IntArray
    owners: IntArray
    steps_per_beat: int = GRID_STEPS

    @classmethod
    def of(
        cls,
        songs: Sequence[Song | ArrayLike],
        names: Sequence[str] | None = None,
        groups: ArrayLike | None = None,
    ) -> KnownSongs:
        """Build the suffix array of songs.

        Args:
            songs: songs, or bool grids (steps, keys).
            names: a name per song; by default their own, or their numbers.
            groups: int (songs,); by default every song is its own group. See `families`.

        Raises:
            ValueError: if the numbers of names or groups and of songs differ.
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
        melodies, resolution = melodies_of(songs)
        text, owners = joined(melodies)
        suffixes = sorted_suffixes(text)
        return cls(tuple(names), numbers.astype(np.int64), text, suffixes, owners, resolution)

    def __len__(self) -> int:
        return len(self.names)

    def compare_song(
        self, song: Song | ArrayLike, without: int = -1, min_length: int = RUN
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Compare one song of any resolution; see `compare`.

        Args:
            song: a song, or a bool grid (steps, keys).
            without: the group of songs ignored; -1 for none.
            min_length: minimum tokens of a known run.
        """
        resolution = _resolution(song)
        common = lcm(resolution, self.steps_per_beat)
        known, grid = self, onsets(song)
        if common != self.steps_per_beat:  # the order of the suffixes stays
            text = _refined(self.text, common // self.steps_per_beat)
            known = replace(self, text=text, steps_per_beat=common)
        if common != resolution:
            grid = np.zeros((len(grid) * (common // resolution), grid.shape[1]), np.bool_)
            grid[:: common // resolution] = onsets(song)
        return known.compare(grid[None], min_length, [without])

    def longest_runs(
        self, grids: ArrayLike, without: ArrayLike | None = None
    ) -> tuple[IntArray, IntArray]:
        """Return the longest run of tokens that each grid shares with a song.

        Args:
            grids: bool (n, steps, keys), at the resolution of the tokens.
            without: int (n,), the group of songs ignored for each grid; -1 for none.

        Returns:
            Two int64 arrays (n,): the number of tokens, and the index of a song with that run.
            Among several, the first such run of the grid counts, and the lowest index. 0 and -1
            if nothing is shared, as for a grid of fewer than two notes.

        Raises:
            ValueError: if an array has another type or shape.
        """
        longest, songs, _ = self.compare(grids, without=without)
        return longest, songs

    def compare(
        self, grids: ArrayLike, min_length: int = RUN, without: ArrayLike | None = None
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the arrays of `longest_runs`, and the known share of each grid.

        Args:
            grids: bool (n, steps, keys), at the resolution of the tokens.
            min_length: minimum tokens of a known run.
            without: int (n,), the group of songs ignored for each grid; -1 for none.

        Returns:
            The two arrays of `longest_runs`, and a float64 (n,): the share of the grid's tokens in
            runs of at least `min_length` tokens that some song shares; 0 without tokens.

        Raises:
            ValueError: if an array has another type or shape.
        """
        array = np.ascontiguousarray(grids)
        if array.dtype != np.bool_ or array.ndim != 3 or array.shape[2] > 128:
            raise ValueError(
                f"grids: expected bool (n, steps, up to 128 keys), got {array.dtype} {array.shape}"
            )
        if not array.flags.writeable:
            array = array.copy()  # a read-only array would make numba compile again
        count = len(array)
        left_out = np.full(count, -1) if without is None else np.asarray(without)
        if left_out.shape != (count,):
            raise ValueError(f"without: expected int ({count},), got {left_out.shape}")
        longest, songs = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        covered = np.zeros(count)
        compare(
            array, self.text, self.suffixes, self.owners, self.groups,
            left_out.astype(np.int64), min_length, longest, songs, covered,
        )  # fmt: skip
        return longest, songs, covered


def melodies_of(songs: Sequence[Song | ArrayLike]) -> tuple[list[IntArray], int]:
    """Return the tokens of songs at a common resolution, and that resolution.

    Args:
        songs: songs, or bool grids (steps, keys), which have 2 steps per beat.
    """
    resolution = lcm(*(_resolution(song) for song in songs)) if songs else GRID_STEPS
    return [_refined(tokens(song), resolution // _resolution(song)) for song in songs], resolution


def _resolution(song: Song | ArrayLike) -> int:
    return song.steps_per_beat if isinstance(song, Song) else GRID_STEPS


def _refined(codes: IntArray, factor: int) -> IntArray:
    """Return tokens, or a text of tokens, with longer waits."""
    if factor == 1:
        return codes
    return np.where(codes == SEPARATOR, SEPARATOR, codes + waits(codes) * (factor - 1) * INTERVALS)


def _rhythms(song: Song | ArrayLike, bar: int | None, resolution: int) -> set[tuple[int, ...]]:
    """Return the distinct bar rhythms, as steps of onsets at a resolution."""
    factor = resolution // _resolution(song)
    return {
        tuple((np.flatnonzero(np.frombuffer(rhythm, np.bool_)) * factor).tolist())
        for rhythm in rhythms_of(song, bar)
    }


def families(songs: Sequence[Song | ArrayLike]) -> IntArray:
    """Number the families of songs with the same tune: int64 (songs,).

    Two songs are of one family if their melodies are equal up to transposition, or if most of their
    tokens are in common runs. A common run has at least 6 tokens (`SAME_RUN`). The shares of both
    songs in such runs must average 45 % (`SAME_SONG`). The relation is transitive, so a split by
    families leaks no tune.

    A tune with a tenth of its notes changed passes, and so does a quarter of a tune. Among the
    embedded tunes, Twinkle and Baa, Baa, Black Sheep pass, and Mary Had a Little Lamb and
    Goodnight, Ladies. Each pair is one tune with different words. No other pair reaches 24 %.

    Families are numbered in the order of their first songs.
    """
    melodies = melodies_of(songs)[0]
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
    # The songs of each window without duplicates, sorted by window.
    inside = np.flatnonzero(windows >= 0)
    pairs = np.unique(np.stack([windows[inside], owners[inside]]), axis=1)
    bounds = np.searchsorted(pairs[0], np.arange(windows.max(initial=-1) + 2))
    songs_of = np.ascontiguousarray(pairs[1])
    starts = np.searchsorted(owners, np.arange(len(songs)))
    for song, start in enumerate(starts.tolist()):
        length = len(melodies[song])
        numbers = windows[start : start + max(0, length + 1 - SAME_RUN)]
        covered = _covered_by_each(numbers, songs_of, bounds, SAME_RUN, len(songs))
        # If the mean of two shares reaches the bound, one of them does.
        for other in np.flatnonzero(covered >= max(SAME_SONG * length, 1)).tolist():
            back = _common_runs(melodies[other], melodies[song], SAME_RUN)[1]
            mean = (covered[other] / length + back / len(melodies[other])) / 2
            if mean >= SAME_SONG:
                parents[root(song)] = root(other)
    labels: dict[int, int] = {}
    roots = [root(index) for index in range(len(songs))]
    return np.array([labels.setdefault(top, len(labels)) for top in roots], np.int64)


def duplicates(songs: Sequence[Song | ArrayLike]) -> list[list[int]]:
    """Return the families of at least two songs, as lists of indices."""
    members: dict[int, list[int]] = {}
    for index, family in enumerate(families(songs).tolist()):
        members.setdefault(family, []).append(index)
    return [group for group in members.values() if len(group) > 1]


def spread(songs: Sequence[Song | ArrayLike], bar: int | None = None) -> dict[str, float]:
    """Measure the variety of a set of songs, such as a search's champions.

    Args:
        songs: songs, or bool grids (steps, keys); they may differ in shape.
        bar: steps per bar; by default each song's own, or 8 for a grid.

    Returns:
        songs: number of songs.
        families: number of distinct tunes, see `families`.
        mean_shared_run: tokens of the longest run shared by two songs, mean over all pairs.
        mean_shared_share: share of a song's tokens in runs of at least 4 (`RUN`) tokens of another
            song, mean over all ordered pairs.
        bar_rhythms: distinct bar rhythms of all songs together.
        forms: distinct forms of four phrases, see `evo.music.measures.bars.form`.
        shortest_waits: number of distinct minima of the songs' inter-onset intervals.

        The means are nan for fewer than two songs. They use at most 300 songs (`MAX_PAIRED`),
        evenly spaced.
    """
    melodies, resolution = melodies_of(songs)
    compared = melodies[:: -(-len(melodies) // MAX_PAIRED) or 1]
    pairs = [
        (*_common_runs(a, b, RUN), len(a))
        for i, a in enumerate(compared)
        for j, b in enumerate(compared)
        if i != j
    ]
    rhythms = set().union(*(_rhythms(song, bar, resolution) for song in songs))
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
def _common_runs(a: IntArray, b: IntArray, min_length: int) -> tuple[int, int]:
    """Return the longest common run, and the tokens of `a` in common runs."""
    # ending[j + 1]: length of the common run that ends at a[i] and b[j].
    ending = np.zeros(len(b) + 1, np.int64)
    longest, covered, border = 0, 0, 0
    for i in range(len(a)):
        run = 0
        for j in range(len(b) - 1, -1, -1):
            ending[j + 1] = ending[j] + 1 if a[i] == b[j] else 0
            run = max(run, ending[j + 1])
        longest = max(longest, run)
        if run >= min_length:
            covered += i + 1 - max(border, i + 1 - run)
            border = i + 1
    return longest, covered


@kernel
def _covered_by_each(
    windows: IntArray, songs_of: IntArray, bounds: IntArray, size: int, count: int
) -> IntArray:
    """Count one song's tokens in windows shared with each other song.

    Args:
        windows: int64, the number of the window at each position of the song.
        songs_of: the songs of window w are `songs_of[bounds[w] : bounds[w + 1]]`.
        bounds: see `songs_of`.
        size: tokens per window.
        count: number of songs.

    Returns:
        int64 (count,).
    """
    covered, border = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for position, window in enumerate(windows):
        for other in songs_of[bounds[window] : bounds[window + 1]]:
            covered[other] += position + size - max(border[other], position)
            border[other] = position + size
    return covered
