"""Pickups: the first bar line of a melody whose file does not tell it."""

from fractions import Fraction

import numpy as np
import pytest

from evo.music.pickup import found_pickup


def of_lengths(*lengths: int) -> np.ndarray:
    """Return the onsets of notes of these lengths, one after the other."""
    onsets = np.zeros((sum(lengths), 3), np.bool_)
    for number, step in enumerate(np.cumsum([0, *lengths[:-1]]).tolist()):
        onsets[step, number % 3] = True
    return onsets


@pytest.mark.parametrize(
    ("bar", "pickup", "lengths"),
    [
        (6, 2, [4, 2, 6, 4, 2, 4, 2]),  # a waltz in eighths
        (6, 0, [4, 2, 6, 4, 2, 4, 2]),
        (8, 2, [4, 2, 2, 2, 2, 4, 8]),  # 4/4
        (8, 0, [4, 2, 2, 2, 2, 4, 8]),
        (6, 1, [2, 1, 2, 1, 3, 3, 1, 1, 1, 3]),  # a jig
    ],
)
def test_the_first_bar_line_is_where_bars_begin(bar, pickup, lengths) -> None:
    notes = of_lengths(*[pickup] * (pickup > 0), *lengths * 4)
    assert found_pickup(notes, Fraction(bar)) == pickup


def test_rests_at_the_beginning_belong_to_the_first_bar() -> None:
    late = np.vstack([np.zeros((4, 3), np.bool_), of_lengths(2, 6, 6, 6)])
    assert found_pickup(late, Fraction(6)) == 6
    assert found_pickup(late, Fraction(4)) == 0
    assert found_pickup(late, Fraction(5, 2)) == 5


def test_a_few_notes_have_no_pickup() -> None:
    assert found_pickup(of_lengths(1, 2, 2), Fraction(4)) == 0


@pytest.mark.parametrize("length", [1, 2, 4])
def test_an_even_texture_has_no_pickup(length: int) -> None:
    assert found_pickup(of_lengths(*[length] * 48), Fraction(8)) == 0
