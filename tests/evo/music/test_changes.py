"""Songs at another tempo, pitch or instrument."""

import math

import numpy as np
import pytest
from rolls import song_of

from evo.core.errors import InputError
from evo.music.metre import Key
from evo.music.song import Song

SONG = song_of(
    (0, 0), (3, 12), (8, 5), tempo=90.0, tempo_changes=((8, 45.0),),
    key=Key(2), key_changes=((4, Key(-3, True)),),
)  # fmt: skip


def test_later_tempos_keep_their_ratio() -> None:
    fast = SONG.changed(tempo=180)
    assert (fast.tempo, fast.tempo_changes) == (180, ((8, 90.0),))
    assert np.allclose(fast.seconds() * 2, SONG.seconds())


@pytest.mark.parametrize("semitones", [-60, -1, 0, 5, 55])
def test_a_song_is_transposed_onto_the_keys_that_it_needs(semitones: int) -> None:
    other = SONG.changed(transpose=semitones)
    assert [(a, b, note - semitones) for a, b, note in other.notes()] == SONG.notes()
    assert other.changed(transpose=-semitones).notes() == SONG.notes()


def test_keys_without_notes_may_leave_the_range_of_midi() -> None:
    grid = np.zeros((4, 128), bool)
    grid[:, 60] = True
    for semitones in (-60, 67):
        assert {note for _, _, note in Song(grid, 0).changed(transpose=semitones).notes()} == {
            60 + semitones
        }
    silent = Song(np.zeros((4, 12), bool))
    assert silent.changed(transpose=7) == silent


def test_key_signatures_follow() -> None:
    other = SONG.changed(transpose=2)
    assert (other.key, other.key_changes) == (Key(4), ((4, Key(-1, True)),))
    assert SONG.changed(transpose=12).key == Key(2)


def test_the_program_changes() -> None:
    assert SONG.changed(program=40).program == 40


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tempo": 1e9}, "tempo: expected 3.6 to 60,000,000"),
        ({"tempo": 0}, "tempo: expected"),
        ({"tempo": -90}, "tempo: expected"),
        ({"tempo": 5}, "per minute, got 2.5"),  # of its second half
        ({"tempo": math.nan}, "tempo: expected"),
        ({"tempo": math.inf}, "tempo: expected"),
        (
            {"transpose": 56},
            "transpose: expected -60 to 55 to stay within the notes of MIDI, got 56",
        ),
        ({"transpose": -(10**9)}, "transpose: expected"),
        ({"program": 128}, "program: expected 0 to 127, got 128"),
    ],
)
def test_what_midi_has_not_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SONG.changed(**change)
