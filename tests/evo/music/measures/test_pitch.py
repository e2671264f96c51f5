"""Measures of pitch: notes, keys and the moves of the melody."""

from __future__ import annotations

import re
from math import log2

import numpy as np
import pytest
from rolls import roll

from evo.music.measures.corpus import (
    measure,
)
from evo.music.measures.roll import Roll
from evo.music.melody import best_key
from evo.music.song import Song
from evo.music.tunes import all_tunes, book_text, tune, tune_names

TUNES = [tune(name) for name in tune_names()]
SCALE = (0, 2, 4, 5, 7, 9, 11, 12)

# Two bars of 4/4 in eighths: C C E . D . . C | C C E . D . . (C held over the end).
TWO_BARS = roll(0, 0, 4, None, 2, None, None, 0, 0, 0, 4, None, 2, None, None, None)


def test_density_keys_range_and_entropy_are_those_counted_by_hand() -> None:
    found = measure(TWO_BARS)
    assert found["onset_density"] == 9 / 16
    assert found["polyphony"] == 0
    assert found["distinct_keys"] == 3
    assert found["pitch_range"] == 4
    # Five C, two D, two E.
    assert found["pitch_class_entropy"] == pytest.approx(
        5 / 9 * log2(9 / 5) + 2 * 2 / 9 * log2(9 / 2)
    )
    assert found["scale_consistency"] == 1


def test_moves_of_the_melody_are_measured_as_counted_by_hand() -> None:
    # Moves 0 4 -2 -2 0 0 4 -2.
    found = measure(TWO_BARS)
    assert found["mean_interval"] == 14 / 8
    assert found["largest_interval"] == 4
    assert found["repeated_notes"] == 3 / 8
    assert found["stepwise_motion"] == 3 / 8
    assert found["leaps"] == 2 / 8
    assert found["longest_repeat"] == 3
    assert found["rising_motion"] == 2 / 5
    # Up, down two, up, down: four arcs of five moves and 14 semitones.
    assert found["arc_length"] == 5 / 4
    assert found["arc_height"] == 14 / 4
    assert found["interval_entropy"] == pytest.approx(2 * 3 / 8 * log2(8 / 3) + 2 / 8 * log2(8 / 2))


def test_scales_have_their_keys() -> None:
    found = measure(roll(*SCALE))
    assert found["scale_consistency"] == 1
    assert found["ends_on_tonic"] == 1
    minor = roll(9, 11, 12, 2, 4, 5, 8, 9)
    assert measure(minor)["scale_consistency"] == 1  # the harmonic one, with G sharp
    assert measure(np.eye(12, 13, dtype=np.bool_))["scale_consistency"] == pytest.approx(7 / 12)


def test_the_lowest_note_says_which_key_it_is() -> None:
    song = Song(roll(*SCALE), lowest_note=62)
    assert measure(song) == pytest.approx(measure(roll(*SCALE)), nan_ok=True)
    assert best_key(np.roll([4, 0, 2, 0, 3, 2, 0, 3, 0, 1, 0, 1], 2))[0] == 2


def test_the_key_of_every_tune_is_that_of_the_book() -> None:
    written = re.findall(r"^K:([A-G][#b]?)", book_text(), re.MULTILINE)
    assert len(written) == len(TUNES)
    for one, name in zip(all_tunes().values(), written, strict=True):
        grid = np.zeros((one.length, 128), np.bool_)
        for note in one.notes:
            grid[note.onset, note.pitch] = True
        tonic = "C D EF G A B".index(name[0]) + {"": 0, "#": 1, "b": -1}[name[1:]]
        assert Roll(grid, lowest_note=0).key[0] == tonic % 12, one.title
