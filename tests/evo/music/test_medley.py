"""Songs joined into one."""

from dataclasses import replace

import numpy as np
import pytest

from evo.core.errors import InputError
from evo.music.medley import joined
from evo.music.metre import Key, Metre
from evo.music.song import MAX_STEPS, Song
from evo.music.tunes import tune


def song(steps: int = 16, first: int = 0, **more: object) -> Song:
    onsets = np.zeros((steps, 13), np.bool_)
    onsets[first::2, 3] = True
    return Song(onsets, **more)


def test_parts_follow_each_other_in_whole_bars() -> None:
    whole = joined([tune("ode-to-joy"), song(10), song()], "all")
    assert whole.name == "all"
    assert whole.steps == 128 + 16 + 16
    assert (whole.onsets[:128] == tune("ode-to-joy").onsets).all()
    assert np.flatnonzero(whole.onsets[128:].any(axis=1))[-1] == 30
    assert not whole.onsets[138:144].any()
    assert whole.metre == tune("ode-to-joy").metre


def test_a_later_part_has_its_pickup_at_the_end_of_a_bar() -> None:
    upbeat = song(18, metre=Metre(4, 4, first_bar=2))
    whole = joined([upbeat, upbeat], "all")
    assert whole.metre.first_bar == 2
    assert whole.steps == 18 + 6 + 18
    assert not whole.onsets[18:24].any()
    assert whole.onsets[24].any()
    assert whole.bar_starts().tolist() == [2, 10, 18, 26, 34]


def test_metres_keys_and_tempos_change_with_the_parts() -> None:
    waltz = song(12, metre=Metre(3, 4), key=Key(0, minor=True), tempo=90)
    changing = song(20, metre=Metre(4, 4, changes=((8, 3, 4),)), key=Key(-3), tempo=90)
    whole = joined([song(key=Key(-3)), waltz, waltz, changing], "all")
    assert whole.metre.changes == ((16, 3, 4), (40, 4, 4), (48, 3, 4))
    assert whole.key_changes == ((16, Key(0, minor=True)), (40, Key(-3)))
    assert whole.tempo_changes == ((16, 90.0),)
    assert whole.to_midi()


def test_parts_that_cannot_be_joined_are_refused() -> None:
    with pytest.raises(ValueError, match="the same keys"):
        joined([song(), replace(song(), lowest_note=50)], "all")
    with pytest.raises(InputError, match="all: lasts"):
        joined([song(MAX_STEPS), song()], "all")
