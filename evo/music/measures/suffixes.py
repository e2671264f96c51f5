"""Search the tokens of many songs by a sorted suffix array.

The tokens of all songs form one text. A separator, which is no token, ends each song, so no run
crosses songs. The suffixes are sorted by prefix doubling (Manber & Myers, "Suffix arrays", 1993). A
binary search finds the row at which a query would be inserted. The suffixes with the longest
common prefix are the neighbours of that row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evo.music.melody import read_notes, write_tokens
from genomes.arrays import BoolArray, FloatArray, IntArray
from genomes.kernels import device, kernel

SEPARATOR = 0  # no token is 0


def joined(melodies: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Join melodies into one text, for the search of shared runs.

    Args:
        melodies: Tokens of each melody, int64 (tokens,).

    Returns:
        The text, int64 (m,), with a SEPARATOR after each melody; and the index of the melody at
        each position, int64 (m,).
    """
    ended = [np.append(codes, SEPARATOR) for codes in melodies]
    owners = np.repeat(np.arange(len(ended)), [len(codes) for codes in ended])
    text = np.concatenate(ended) if ended else np.zeros(0)
    return text.astype(np.int64), owners.astype(np.int64)


def sorted_suffixes(text: IntArray) -> IntArray:
    """Return the suffix array of a text: all positions, sorted by the text from there on.

    Args:
        text: int64 (m,).

    Returns:
        int64 (m,).
    """
    ranks = np.unique(text, return_inverse=True)[1].astype(np.int64)
    length = 1  # tokens per suffix that the ranks compare
    while len(text) and ranks.max() < len(text) - 1:
        behind = np.zeros_like(ranks)  # 0: end of text
        behind[:-length] = ranks[length:] + 1
        ranks = np.unique(ranks * (len(text) + 1) + behind, return_inverse=True)[1]
        length *= 2
    return np.argsort(ranks).astype(np.int64)


def window_numbers(text: IntArray, size: int) -> IntArray:
    """Number the windows of `size` tokens; equal windows have equal numbers.

    Args:
        text: int64 (m,), tokens and separators.
        size: tokens per window, at least 1.

    Returns:
        int64 (m - size + 1,); -1 for a window with a separator.
    """
    if len(text) < size:
        return np.zeros(0, np.int64)
    single = np.unique(text, return_inverse=True)[1].astype(np.int64)
    numbers, crossed = single, text == SEPARATOR
    for following in range(1, size):
        rest = single[following:]
        pairs = numbers[: len(rest)] * len(text) + rest
        numbers = np.unique(pairs, return_inverse=True)[1]
        crossed = crossed[: len(rest)] | (text[following:] == SEPARATOR)
    return np.where(crossed, -1, numbers).astype(np.int64)


@kernel
def compare(
    grids: BoolArray, text: IntArray, suffixes: IntArray, owners: IntArray, groups: IntArray,
    without: IntArray, min_length: int, longest: IntArray, songs: IntArray, covered: FloatArray,
) -> None:  # fmt: skip
    """Search the melodies of grids for runs of notes that known songs share.

    The last three arrays are the results.

    See `evo.music.measures.similarity.KnownSongs.compare` for the meaning.

    Args:
        grids: bool (n, steps, keys), onsets of the songs to compare.
        text: int64 (m,), see `joined`.
        suffixes: int64 (m,), see `sorted_suffixes`.
        owners: int64 (m,), the song of each position.
        groups: int64 (songs,), the group of each song.
        without: int64 (n,), the group ignored for each grid; -1 for none.
        min_length: minimum tokens of a known run.
        longest: int64 (n,), overwritten with the tokens of the longest shared run.
        songs: int64 (n,), overwritten with a song that shares it.
        covered: float64 (n,), overwritten with the share of tokens in known runs.
    """
    steps = grids.shape[1]
    step, key = np.empty(steps, np.int64), np.empty(steps, np.int64)
    codes = np.empty(steps, np.int64)
    for index in range(len(grids)):
        count = write_tokens(step, key, read_notes(grids[index], step, key), codes)
        border, known, best, best_row, best_start = 0, 0, 0, 0, 0
        for start in range(count):
            row = _sorted_row(codes, start, count, text, suffixes)
            length = 0
            for direction in (-1, 1):
                # The nearest neighbour on this side outside the ignored group.
                near = row if direction == 1 else row - 1
                while (
                    0 <= near < len(suffixes) and groups[owners[suffixes[near]]] == without[index]
                ):
                    near += direction
                if 0 <= near < len(suffixes):
                    common = _common_prefix(codes, start, count, text, suffixes[near])
                    length = max(length, common)
            if length > best:
                best, best_row, best_start = length, row, start
            if length >= min_length:
                known += start + length - max(border, start)
                border = start + length
        longest[index] = best
        covered[index] = known / count if count else 0.0
        if best == 0:
            continue
        # All suffixes that begin with the run are next to its row.
        song = len(groups)
        for direction in (-1, 1):
            row = best_row if direction == 1 else best_row - 1
            while (
                0 <= row < len(suffixes)
                and _common_prefix(codes, best_start, count, text, suffixes[row]) >= best
            ):
                if groups[owners[suffixes[row]]] != without[index]:
                    song = min(song, owners[suffixes[row]])
                row += direction
        songs[index] = song


@device
def _sorted_row(codes: IntArray, start: int, end: int, text: IntArray, suffixes: IntArray) -> int:
    """Return the first row whose suffix is not below `codes[start:end]`."""
    low, high = 0, len(suffixes)
    common_low, common_high = 0, 0  # common prefix lengths at both borders
    while low < high:
        middle = (low + high) // 2
        position = suffixes[middle]
        # A prefix common to both borders is common to all rows between them.
        length = min(common_low, common_high)
        while start + length < end and codes[start + length] == text[position + length]:
            length += 1
        if start + length < end and codes[start + length] > text[position + length]:
            low, common_low = middle + 1, length
        else:
            high, common_high = middle, length
    return low


@device
def _common_prefix(codes: IntArray, start: int, end: int, text: IntArray, position: int) -> int:
    """Return the common prefix length of `codes[start:end]` and a suffix."""
    length = 0
    # The separator never matches a token, so the text is not overrun.
    while start + length < end and codes[start + length] == text[position + length]:
        length += 1
    return length
