"""Pairs of songs that share a bar, or two bars in any key."""

import numpy as np

from evo.music.measures.shared_bars import patterns_of, shares_of_pairs
from evo.music.metre import Metre
from evo.music.song import Song
from genomes.arrays import BoolArray


def grid(*bars: tuple[int, ...]) -> BoolArray:
    """Return bars of 8 steps with a note of each key on every other step."""
    roll = np.zeros((8 * len(bars), 13), np.bool_)
    for index, keys in enumerate(bars):
        for place, key in enumerate(keys):
            roll[8 * index + 2 * place, key] = True
    return roll


A, B, C = (0, 2, 4, 5), (7, 5, 4), (4, 0, 7, 2)


def test_pairs_share_bars_and_patterns_in_any_key() -> None:
    one, two = grid(A, B, C), grid(C, B, A)
    higher = grid(*(tuple(key + 2 for key in bar) for bar in (A, B)), (0,))
    assert shares_of_pairs([one, two]) == (1.0, 0.0)
    assert shares_of_pairs([one, higher]) == (0.0, 1.0)
    assert shares_of_pairs([one, two, higher]) == (1 / 3, 1 / 3)
    assert shares_of_pairs([one]) == shares_of_pairs([]) == (0.0, 0.0)


def test_common_bars_of_few_notes_do_not_count() -> None:
    assert patterns_of(grid((0, 2), (4,), (), A)) == (patterns_of(grid(A))[0], set())
    assert len(patterns_of(grid((0, 2), (4, 5)))[1]) == 1


def test_bars_begin_after_the_pickup_and_have_an_absolute_pitch() -> None:
    upbeat = Song(np.concatenate([grid(A)[-2:], grid(B, A)]), metre=Metre(4, 4, 2))
    plain = Song(grid(B, C))
    assert shares_of_pairs([upbeat, plain]) == (1.0, 0.0)
    assert shares_of_pairs([upbeat, Song(grid(B, C), 48)])[0] == 0.0
