"""Names of pitches."""

from evo.music.midi.units import note_name


def test_pitches_have_the_names_musicians_use() -> None:
    assert [note_name(pitch) for pitch in (60, 61, 72, 21, 0, 127)] == [
        "C4", "C#4", "C5", "A0", "C-1", "G9",
    ]  # fmt: skip
