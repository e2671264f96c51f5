"""Writing MIDI files: written songs can be read again, and others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evo.core.errors import InputError, MidiError
from evo.music.midi.read import read_notes
from evo.music.midi.write import Signatures, midi_bytes, write_file


def test_written_notes_are_read_again(tmp_path: Path) -> None:
    path, notes = tmp_path / "song.mid", [(0, 96, 60), (96, 192, 60), (96, 500, 127), (100, 101, 0)]
    content = midi_bytes(
        notes, ticks_per_beat=96, end_tick=1000, name="Кузнечик", signatures=Signatures([(0, 60.0)])
    )
    write_file(path, content)
    midi = read_notes(path)
    assert midi.notes.tolist() == sorted(list(note) for note in notes)
    assert (midi.ticks_per_beat, midi.tempo, midi.end_tick) == (96, 60.0, 1000)


def test_the_same_notes_give_the_same_bytes_in_any_order() -> None:
    notes = [(0, 96, 60), (96, 192, 60), (96, 192, 64)]
    forwards = midi_bytes(notes, ticks_per_beat=96, end_tick=0)
    assert midi_bytes(notes[::-1], ticks_per_beat=96, end_tick=0) == forwards


def test_a_file_that_cannot_be_written_gives_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "song.mid"):
        with pytest.raises(MidiError, match="cannot be written") as caught:
            write_file(path, midi_bytes([(0, 96, 60)], ticks_per_beat=96, end_tick=96))
        assert caught.value.path == str(path)
        assert str(caught.value) == f"{path}: {caught.value.reason}"
        assert len(str(caught.value).splitlines()) == 1


def test_a_file_too_large_to_be_read_is_not_made(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("evo.music.midi.write.MAX_MESSAGES", 1000)
    most = (1000 - 4) // 2
    notes = [(tick, tick + 1, 60) for tick in range(most + 1)]
    content = midi_bytes(notes[:most], ticks_per_beat=1, end_tick=0)
    write_file(tmp_path / "song.mid", content)
    assert len(read_notes(tmp_path / "song.mid").notes) == most
    with pytest.raises(InputError, match="too large"):
        midi_bytes(notes, ticks_per_beat=1, end_tick=0)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"notes": [(5, 5, 60)]}, "notes"),
        ({"notes": [(0, 5, 128)]}, "notes"),
        ({"notes": [(-1, 5, 60)]}, "notes"),
        ({"notes": [(2**28, 2**28 + 1, 60)]}, "notes"),
        ({"ticks_per_beat": 0}, "ticks_per_beat"),
        ({"ticks_per_beat": 32_768}, "ticks_per_beat"),
        ({"signatures": Signatures([(0, 0.0)])}, "tempo"),
        ({"signatures": Signatures([(0, 3.0)])}, "tempo"),
        ({"signatures": Signatures([(0, float("nan"))])}, "tempo"),
        ({"signatures": Signatures([(0, float("inf"))])}, "tempo"),
    ],
)
def test_what_midi_cannot_hold_is_refused_by_name(change, argument) -> None:
    arguments = {"notes": [(0, 5, 60)], "ticks_per_beat": 96, "end_tick": 0} | change
    with pytest.raises(ValueError, match=f"^{argument}: expected"):
        midi_bytes(**arguments)
