"""Measures of structure: repetition, and how phrases end."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rolls import few, roll

from evo.music.measures.corpus import (
    measure,
)
from evo.music.measures.structure import lempel_ziv

SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


def test_a_repeated_bar_is_measured_as_nothing_but_repetition() -> None:
    bar = (0, None, 4, None, 7, None, 5, None)
    found = measure(roll(*bar * 16))
    assert found["repeated_bars"] == 15 / 16
    assert found["bar_similarity"] == found["phrase_similarity"] == 1
    assert found["distinct_phrases"] == 1
    assert found["self_repetition"] == 1
    assert found["rhythm_variety"] == 1 / 16
    assert found["groove_consistency"] == 1
    assert found["phrase_ends"] == 0


def test_bar_similarity_is_the_mean_over_pairs() -> None:
    a, b, c = (0, 1, 2, 3, 4, 5, 6, 7), (0, 1, 2, 3, 7, 7, 7, 0), (9, 9, 9, 9, 9, 9, 9, 9)
    silent = [None] * 8  # is left out
    found = measure(roll(*a, *silent, *b, *c))["bar_similarity"]
    assert found == pytest.approx((4 / 8 + 0 + 0) / 3)


def test_self_repetition_covers_runs_of_four_tokens_in_any_key() -> None:
    theme = (0, 1, 3, 6, 10)  # four tokens
    again = tuple(key + 2 for key in theme)
    # 4 tokens, the leap, 4 tokens.
    assert measure(roll(*theme, *again))["self_repetition"] == pytest.approx(8 / 9)
    assert measure(roll(*theme))["self_repetition"] == 0


def test_phrase_ends_are_the_share_of_phrases_that_end_in_a_long_wait() -> None:
    running = [0, 2] * 12
    rest = [4, 5, 4, None, None, None, None, None]
    assert measure(roll(*running, *rest, *running, *[1] * 8))["phrase_ends"] == 1 / 2
    assert measure(roll(*running, *rest, *running, *rest))["phrase_ends"] == 1


def test_the_zipf_slope_is_that_of_frequencies_counted_by_hand() -> None:
    assert measure(roll(*SCALE[:2], 0, 2, 0))["zipf_slope"] == 0  # two tokens, twice each
    # Repeated notes four times, a step up twice: ranks 1 and 2, log frequency falls by log 2.
    found = measure(roll(0, 0, 0, 1, 1, 1, 2))["zipf_slope"]
    assert found == pytest.approx(-log(2) / log(2))


def test_lempel_ziv_counts_the_published_example() -> None:
    def count(text: str) -> int:
        return lempel_ziv(np.array([int(digit) for digit in text], np.int64))

    assert count("0001101001000101") == 6
    assert count("0" * 50) == 2
    assert count("01" * 25) == 3
    assert count("") == 0


@few
@given(arrays(np.int64, st.integers(0, 24), elements=st.integers(0, 2)))
def test_lempel_ziv_is_that_of_the_definition(symbols) -> None:
    text = "".join(map(str, symbols))
    pieces, start = 0, 0
    while start < len(text):
        length = 1
        while start + length <= len(text) and (
            text[start : start + length] in text[: start + length - 1]
        ):
            length += 1
        pieces, start = pieces + 1, start + length
    assert lempel_ziv(symbols) == pieces
