"""Bars and phrases: common notes and form."""

from __future__ import annotations

import numpy as np
import pytest
from rolls import roll

from evo.music.measures.bars import blocks, common_notes, form, rhythms_of
from evo.music.tunes import tune


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("ode-to-joy", "AABA"),
        ("twinkle-twinkle-little-star", "AABA"),
        ("korobeiniki", "AABB"),
        ("jingle-bells", "ABAC"),
        ("vo-pole-bereza-stoyala", "ABAB"),
        ("mary-had-a-little-lamb", "AAAA"),  # A A' A A'
        ("old-hundredth", "ABCD"),
    ],
)
def test_the_form_of_tunes_is_what_a_musician_would_say(name, letters) -> None:
    assert form(tune(name)) == letters
    assert all(form(song) == letters for song in tune(name).transpositions())


def test_the_form_of_ode_to_joy_is_told_by_its_phrases_of_two_bars() -> None:
    assert form(tune("ode-to-joy"), phrases=8) == "ABACDEAC"


def test_silent_full_and_short_rolls_have_a_form() -> None:
    assert form(np.zeros((128, 13), np.bool_)) == "----"
    assert form(np.ones((128, 13), np.bool_)) == "AAAA"
    assert form(roll(None, 3)) == "A"
    assert form(roll(*[0] * 8, *[None] * 8, *[1] * 3)) == "A-B"


def test_common_notes_are_a_share_of_the_mean() -> None:
    assert common_notes(roll(1, 2, 3, None), roll(1, 2, 4, 5)) == 4 / 7
    assert common_notes(roll(None), roll(None)) == 1.0


def test_blocks_fill_the_last_with_silence() -> None:
    parts = blocks(roll(1, 2, 3), 2)
    assert parts.tolist() == [roll(1, 2).tolist(), roll(3, None).tolist()]


def test_bar_rhythms_leave_silent_bars_out() -> None:
    bars = roll(1, None, 2, 3, None, None, 4, None)
    assert len(rhythms_of(bars, bar=2)) == 2
    assert rhythms_of(np.zeros((8, 2), np.bool_)) == set()
