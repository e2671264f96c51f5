"""The tokens of many songs as one text, searched by its sorted suffixes.

Each song's tokens are ended by a separator, which is no token, so that no run goes from one song
into the next. The suffixes of the text are sorted (Manber & Myers 1993, by prefix doubling): the
suffixes most like what follows a position of another song are the neighbours of the row where it
would be sorted in, which a binary search finds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evo.music.melody import IntArray, read_notes, write_tokens
from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import device, kernel

SEPARATOR = 0  # no token is 0


def joined(melodies: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Return the text of all melodies, and the index of the melody of every position."""
    ended = [np.append(codes, SEPARATOR) for codes in melodies]
    owners = np.repeat(np.arange(len(ended)), [len(codes) for codes in ended])
    text = np.concatenate(ended) if ended else np.zeros(0)
    return text.astype(np.int64), owners.astype(np.int64)


def sorted_suffixes(text: IntArray) -> IntArray:
    """Return the positions of a text in the order of the suffixes that begin there: int64 (m,)."""
    ranks = np.unique(text, return_inverse=True)[1].astype(np.int64)
    length = 1  # the ranks order the suffixes by so many of their first tokens
    while len(text) and ranks.max() < len(text) - 1:
        behind = np.zeros_like(ranks)  # 0: the text is over
        behind[:-length] = ranks[length:] + 1
        ranks = np.unique(ranks * (len(text) + 1) + behind, return_inverse=True)[1]
        length *= 2
    return np.argsort(ranks).astype(np.int64)


def window_numbers(text: IntArray, size: int) -> IntArray:
    """Return a number for the `size` tokens from each position on, -1 where a song ends in them."""
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
    without: IntArray, least: int, longest: IntArray, songs: IntArray, covered: FloatArray,
) -> None:  # fmt: skip
    """Fill in the last three arrays; see `evo.music.measures.similarity.KnownSongs`."""
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
                # The nearest neighbour on this side that is not of the group left out.
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
            if length >= least:
                known += start + length - max(border, start)
                border = start + length
        longest[index] = best
        covered[index] = known / count if count else 0.0
        if best == 0:
            continue
        # All suffixes that begin with the run are around its row.
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
    """Return where `codes[start:end]` would be sorted in: before the first suffix not below it."""
    low, high = 0, len(suffixes)
    common_low, common_high = 0, 0  # tokens in common with the suffixes at both borders
    while low < high:
        middle = (low + high) // 2
        position = suffixes[middle]
        # What both borders have in common, all between them have too.
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
    """Return how many tokens from `codes[start:end]` on are those from `text[position]` on."""
    length = 0
    # Every song ends with a separator, which is no token: the text is never left.
    while start + length < end and codes[start + length] == text[position + length]:
        length += 1
    return length
