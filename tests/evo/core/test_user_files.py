"""Files given by the user: an error is one line with the path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evo.core.errors import InputError, MidiError
from evo.core.user_files import UserTextFile, user_file
from evo.music.song import Song


def test_an_error_of_the_system_names_the_file_what_failed_and_why(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "two\nlines"
    with (
        pytest.raises(InputError, match="cannot be read: No such file or directory") as caught,
        user_file(path, "cannot be read"),
    ):
        path.read_bytes()
    assert str(caught.value).startswith(f"{tmp_path}/missing/two\\nlines: ")
    with pytest.raises(MidiError) as of_midi, user_file(path, "cannot be read", MidiError):
        path.read_bytes()
    assert of_midi.value.reason == "cannot be read: No such file or directory"


def test_a_mistake_of_the_program_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a bug") as caught, user_file(tmp_path, "cannot be read"):
        raise ValueError("a bug")
    assert type(caught.value) is ValueError


def test_a_full_disk_is_told_however_late_the_text_is_written() -> None:
    file = UserTextFile("/dev/full")
    file.write("a line\n")
    with pytest.raises(InputError, match="/dev/full: cannot be written: No space left"):
        file.close()


def test_a_sound_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "song.wav"
    with pytest.raises(InputError, match=r"song\.wav: cannot be written: No such file"):
        Song(np.ones((1, 1), np.bool_)).to_wav(path)
