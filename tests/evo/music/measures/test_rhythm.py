"""Measures of rhythm: waits, beats and bars."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from rolls import roll

from evo.music.measures.corpus import (
    measure,
)
from evo.music.song import Song
from evo.music.tunes import tune

# Two bars of 4/4 in eighths: C C E . D . . C | C C E . D . . (C held over the end).
TWO_BARS = roll(0, 0, 4, None, 2, None, None, 0, 0, 0, 4, None, 2, None, None, None)


def test_waits_are_measured_in_beats_and_by_their_entropy_and_contrast() -> None:
    # Waits 1 1 2 3 1 1 1 2, and 4 to the end.
    found = measure(TWO_BARS)
    assert found["wait_entropy"] == pytest.approx(
        5 / 8 * log2(8 / 5) + 2 / 8 * log2(8 / 2) + 1 / 8 * log2(8)
    )
    assert found["shortest_wait"] == 0.5
    assert found["longest_wait"] == 1.5
    assert found["longest_silence"] == 1.5
    # Neighbours 1 1, 1 2, 2 3, 3 1, 1 1, 1 1, 1 2.
    assert found["wait_contrast"] == pytest.approx(
        100 * (0 + 1 / 1.5 + 1 / 2.5 + 2 / 2 + 0 + 0 + 1 / 1.5) / 7
    )
    assert found["on_strong_beats"] == 4 / 9  # steps 0, 4, 8, 12
    assert found["off_beat"] == 3 / 9  # 1, 7, 9
    assert found["syncopation"] == 0
    assert found["bar_rhythms"] == 2
    assert found["rhythm_variety"] == 1
    assert found["groove_consistency"] == 7 / 8


def test_an_onset_held_over_the_beat_is_a_syncopation() -> None:
    assert measure(roll(1, 2, None, 3, 4, None))["syncopation"] == 1 / 4
    assert measure(roll(1, 2))["syncopation"] == 0  # there is no beat after the end


def test_beats_follow_the_resolution() -> None:
    coarse = tune("ode-to-joy")
    fine = np.zeros((256, 13), np.bool_)
    fine[::2] = coarse.onsets
    found = measure(Song(fine, steps_per_beat=4))
    same = measure(coarse)
    differing = {"onset_density", "longest_silence", "groove_consistency"}  # count steps
    assert {name: found[name] for name in found if name not in differing} == pytest.approx(
        {name: same[name] for name in same if name not in differing}
    )
