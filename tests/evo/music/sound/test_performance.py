"""Accents by the metre."""

import numpy as np
import pytest
from rolls import song_of

from evo.music.metre import Metre
from evo.music.song import Song
from evo.music.sound.performance import (
    BEAT,
    BETWEEN,
    DOWNBEAT,
    MELODY,
    MIDDLE,
    performed,
    velocity,
)

LETTERS = {DOWNBEAT: "D", MIDDLE: "m", BEAT: "b", BETWEEN: "."}


@pytest.mark.parametrize(
    ("metre", "steps_per_beat", "accents"),
    [
        (Metre(4, 4), 2, "D.b.m.b.D.b.m.b."),
        (Metre(3, 4), 2, "D.b.b.D.b.b."),
        (Metre(2, 4), 4, "D...m...D...m..."),
        (Metre(6, 8), 2, "D..m..D..m.."),
        (Metre(9, 8), 2, "D..b..b..D.."),
        (Metre(5, 8), 2, "DbbbbDbbbb"),
        (Metre(4, 4, first_bar=2), 2, "b.D.b.m.b.D.b.m."),
        (Metre(3, 4, changes=((6, 2, 4),)), 2, "D.b.b.D.m.D.m."),
    ],
)
def test_notes_are_accented_by_the_metre(metre: Metre, steps_per_beat: int, accents: str) -> None:
    found = [LETTERS[velocity(metre, steps_per_beat, step)] for step in range(len(accents))]
    assert "".join(found) == accents


def test_bars_that_are_no_whole_steps_have_their_accents_on_the_nearest_step() -> None:
    metre = Metre(3, 8)  # a step is a quarter note: a bar has one and a half
    starts = set(metre.bar_starts(30, 1).tolist())
    for step in range(30):
        assert (velocity(metre, 1, step) == DOWNBEAT) == (step in starts)


def test_the_highest_note_of_a_chord_is_louder() -> None:
    song = song_of((0, 0), (0, 4), (0, 7), (1, 2), steps=4)
    notes = performed(song)
    assert notes.velocities == pytest.approx(
        [DOWNBEAT, DOWNBEAT, DOWNBEAT + MELODY, BETWEEN + MELODY]
    )
    assert notes.notes.tolist() == [60, 64, 67, 62]
    assert notes.starts.tolist() == [0, 0, 0, 0.25]
    assert notes.ends.tolist() == [0.25, 0.25, 0.25, 0.5]
    assert notes.duration == 1.0


def test_a_silent_song_has_no_notes() -> None:
    notes = performed(Song(np.zeros((8, 3), bool)))
    assert len(notes.notes) == len(notes.velocities) == 0
    assert notes.repeated(3).duration == 6.0
