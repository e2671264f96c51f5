"""The text of ABC sheets: bars, beams, ties, tuplets, voices, accidentals and fields."""

import pytest

from evo.music.export import abc_text
from evo.music.metre import Key, Metre
from evo.music.planes import planes_of
from evo.music.song import Song

C_MAJOR = Key(0)


def sheet(notes, steps_per_beat=2, **options):
    """Return the music of a song: its lines after the header."""
    end = max(release for _, release, _ in notes)
    onsets, sounding = planes_of([(on, off, pitch - 36) for on, off, pitch in notes], end, 60)
    options = {"key": C_MAJOR, "name": "A song"} | options
    song = Song(onsets, 36, steps_per_beat, sounding=sounding, **options)
    lines = abc_text(song).splitlines()
    return lines[next(n for n, line in enumerate(lines) if line.startswith("K:")) + 1 :]


def melody(lengths, first=0, pitch=72, **options):
    """Return the music of notes of these lengths, one after the other."""
    notes, now = [], first
    for length in lengths:
        notes.append((now, now + length, pitch))
        now += length
    return sheet(notes, **options)


@pytest.mark.parametrize(
    ("metre", "lengths", "music"),
    [
        ((4, 4), [1] * 8, "cc cc cc cc |]"),
        ((6, 8), [1] * 6, "ccc ccc |]"),
        ((3, 4), [1] * 6, "cc cc cc |]"),
        ((5, 8), [1] * 5, "ccc cc |]"),
        ((7, 8), [1] * 7, "cc cc ccc |]"),
        ((2, 2), [1] * 8, "cccc cccc |]"),
        ((4, 4), [1, 2, 1, 4], "c c2 c c4 |]"),
        ((4, 4), [3, 2, 3], "c3 c- cc- c2 |]"),
        ((4, 4), [6, 6, 4], "c6 c2- | c4 c4 |]"),
        ((4, 4), [5, 3], "c4- cc- c2 |]"),
        ((6, 8), [4, 2], "c3- c c2 |]"),
        ((4, 4), [20], "c8- | c8- | c4 z4 |]"),
        ((4, 4), [1, 3], "cc- c2 z4 |]"),
        ((6, 8), [2], "c2 z z3 |]"),
        ((9, 8), [18], "c6- c3- | c6- c3 |]"),
    ],
)
def test_lengths_are_note_values_of_the_metre(metre, lengths, music) -> None:
    assert " ".join(melody(lengths, metre=Metre(*metre))) == music


@pytest.mark.parametrize(
    ("steps_per_beat", "lengths", "music"),
    [
        (3, [1, 1, 1, 9], "(3:2:3ccc c6 |]"),
        (3, [2, 1, 9], "(3:2:2c2 c c6 |]"),
        (3, [2, 2, 2, 6], "(3:2:3c2 c2 c2 c4 |]"),
        (6, [1, 1, 1, 3, 18], "(3:2:3cccc2 c12 |]"),
        (5, [1] * 5 + [15], "(5:4:5ccccc c12 |]"),
        (4, [3, 1, 1, 3, 8], "c3c cc3 c8 |]"),
    ],
)
def test_tuplets(steps_per_beat, lengths, music) -> None:
    assert " ".join(melody(lengths, steps_per_beat=steps_per_beat)) == music


def test_a_pickup_and_the_last_bar_are_a_whole_bar() -> None:
    assert melody([1, 1, 6, 2, 2], first=4, metre=Metre(3, 4, 6)) == ["cc | c6 | c2 c2 |]"]
    assert melody([2, 6, 6], first=4, metre=Metre(3, 4, 6)) == ["c2 | c6 | c6 |]"]


def test_accidentals_follow_the_key_and_hold_to_the_end_of_the_bar() -> None:
    notes = [(n, n + 1, pitch) for n, pitch in enumerate((66, 66, 65, 78, 70, 68, 66, 72))]
    assert sheet(notes, key=Key(1)) == ["FF =F^f _B^G ^Fc |]"]
    assert sheet(notes, key=Key(-2)) == ["^FF =F^f B_A ^Fc |]"]


def test_chords_and_voices() -> None:
    chords = [(n, n + 2, pitch) for n in (0, 2, 4, 6) for pitch in (60, 64, 67)]
    held = [(0, 8, 72)]
    lines = sheet(chords + held + [(0, 8, 74)])
    assert lines == ["V:1 clef=treble", "[cd]8 |]", "V:2 clef=treble", "[CEG]2 " * 4 + "|]"]


def test_part_music_has_a_voice_for_every_part() -> None:
    parts = ([72, 74, 76, 72], [67, 67, 67, 67], [60, 59, 60, 60], [48, 50, 48, 43])
    notes = [(2 * n, 2 * n + 2, part[n]) for part in parts for n in range(4)]
    assert sheet(notes) == [
        "V:1 clef=treble", "c2 d2 e2 c2 |]", "V:2 clef=treble", "G2 G2 G2 G2 |]",
        "V:3 clef=bass", "C2 B,2 C2 C2 |]", "V:4 clef=bass", "C,2 D,2 C,2 G,,2 |]",
    ]  # fmt: skip


def test_changes_are_fields_where_they_begin() -> None:
    lines = melody(
        [2] * 8,
        metre=Metre(4, 4, 0, ((8, 3, 4),)),
        key_changes=((8, Key(1)),),
        tempo_changes=((4, 90.0),),
    )
    assert lines == ["c2 c2", "Q:1/4=90", "c2 c2 |", "M:3/4", "K:G", "c2 c2 c2 | c2 z2 z2 |]"]


def test_the_header_has_metre_key_tempo_and_instrument() -> None:
    onsets, sounding = planes_of([(0, 3, 0)], 6, 1)
    metre = Metre(6, 8)
    song = Song(onsets, 45, 2, 90.0, "50 %\nof it", sounding, metre, Key(-3, True), 40)
    assert abc_text(song).splitlines() == [
        "%abc-2.1",
        "X:1",
        "T:50 \\% of it",
        "M:6/8",
        "L:1/8",
        "Q:3/8=60",
        "%%kuznechik steps_per_beat=2 lowest_note=45 keys=1 steps=6 lead=0 first_bar=0 key=1",
        "%%MIDI program 40",
        "K:Cm clef=bass",
        "=A,,3 z3 |]",
    ]


def test_a_song_without_a_key_gets_the_one_that_fits() -> None:
    scale = (62, 64, 66, 67, 69, 71, 73, 74, 74, 66, 69, 62, 62, 69, 66, 62)
    notes = [(n, n + 1, pitch) for n, pitch in enumerate(scale)]
    assert sheet(notes, key=None)[0].startswith("DE FG AB cd |")
