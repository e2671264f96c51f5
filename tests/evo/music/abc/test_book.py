"""The ABC reader: accepted notation, and the line and reason of each refusal."""

import pytest

from evo.core.errors import AbcError
from evo.music.abc import Note, read_tunes

HEADER = """X:7
T:A title
O:A place
C:trad.
N:folk song, author unknown
M:4/4
L:1/8
Q:1/4=120
K:C
"""
BODY_LINE = 10  # the first line after the header


def tune(body, key="C", metre="4/4"):
    text = HEADER.replace("K:C", f"K:{key}").replace("M:4/4", f"M:{metre}") + body
    (only,) = read_tunes(text)
    return only


def pitches(body, key="C", metre="4/4"):
    return [note.pitch for note in tune(body, key, metre).notes]


def test_a_tune_carries_its_header() -> None:
    found = tune("C8|]", key="G")
    assert (found.number, found.title, found.origin) == (7, "A title", "A place")
    assert (found.composer, found.public_domain) == ("trad.", "folk song, author unknown")
    assert (found.metre, found.tempo, found.key) == ((4, 4), 120, "G")


def test_letters_and_marks_name_octaves() -> None:
    assert pitches("C2C,2c2c'2|]") == [60, 48, 72, 84]
    assert pitches("C,,2c''2A2b2|]") == [36, 96, 69, 83]


def test_numbers_are_lengths_and_rests_take_time() -> None:
    found = tune("C3 D z2 E2|]")
    assert found.notes == (Note(0, 3, 60), Note(3, 1, 62), Note(6, 2, 64))
    assert found.length == 8
    assert tune("C6 z2|]").length == 8


def test_an_accidental_lasts_to_the_end_of_its_bar_in_every_octave() -> None:
    assert pitches("^F2F2f2G2|F2z6|]") == [66, 66, 78, 67, 65]
    assert pitches("_B2=B2B2z2|]") == [70, 71, 71]


def test_a_natural_lifts_the_key_signature_for_one_bar() -> None:
    assert pitches("=F2F2z4|F8|]", key="G") == [65, 65, 66]


@pytest.mark.parametrize(
    ("key", "scale"),
    [
        ("C", [60, 62, 64, 65, 67, 69, 71]),
        ("G", [60, 62, 64, 66, 67, 69, 71]),
        ("Dmaj", [61, 62, 64, 66, 67, 69, 71]),
        ("F", [60, 62, 64, 65, 67, 69, 70]),
        ("Eb", [60, 62, 63, 65, 67, 68, 70]),
        ("Am", [60, 62, 64, 65, 67, 69, 71]),
        ("Emin", [60, 62, 64, 66, 67, 69, 71]),
        ("F#m", [61, 62, 64, 66, 68, 69, 71]),
        ("Ddor", [60, 62, 64, 65, 67, 69, 71]),
        ("Gdor", [60, 62, 64, 65, 67, 69, 70]),
        ("C#", [61, 63, 65, 66, 68, 70, 72]),
        ("Cb", [59, 61, 63, 64, 66, 68, 70]),
    ],
)
def test_the_key_alters_its_letters(key, scale) -> None:
    assert pitches("CDEFGABz|]", key=key) == scale


def test_a_tie_joins_two_notes_over_the_bar_line() -> None:
    found = tune("C6 E2-|E2 C6|]")
    assert found.notes == (Note(0, 6, 60), Note(6, 4, 64), Note(10, 6, 60))


def test_a_tied_accidental_is_written_again() -> None:
    assert tune("z4 ^F4-|^F8|]").notes == (Note(4, 12, 66),)


def test_a_repeat_is_sung_twice() -> None:
    assert pitches("|:C8|D8:|E8|]") == [60, 62, 60, 62, 64]
    assert pitches("C8|:D8:| |:E8:|") == [60, 62, 62, 64, 64]


def test_a_repeat_takes_its_endings_in_turn() -> None:
    assert pitches("|:C8|[1 D8:|[2 E8|F8|]") == [60, 62, 60, 64, 65]


def test_a_repeat_forgets_the_accidentals_of_the_bar_it_leaves() -> None:
    assert pitches("|:F4 ^F4:|") == [65, 66, 65, 66]


def test_an_upbeat_is_made_up_by_the_last_bar() -> None:
    found = tune("G2|C8|D6|]")
    assert [note.onset for note in found.notes] == [0, 2, 10]
    assert found.length == 16


def test_an_upbeat_fills_the_bar_it_is_repeated_in() -> None:
    found = tune("|:G2|C8|D6:|")
    assert [note.onset for note in found.notes] == [0, 2, 10, 16, 18, 26]
    assert tune("|:G2|C8|[1 D6:|[2 D8|E6|]").length == 2 + 8 + 6 + 2 + 8 + 8 + 6


def test_a_double_bar_may_stand_inside_a_bar() -> None:
    assert tune("C6||D2|E8|]").length == 16


def test_comments_and_wrapped_lines_are_no_music() -> None:
    assert pitches("% words\nC4 D4| % the first line\nE8|]") == [60, 62, 64]


def test_tunes_are_parted_by_empty_lines() -> None:
    book = "% a book\n\n" + HEADER + "C8|]\n\n\n" + HEADER.replace("X:7", "X:8") + "D8|]\n"
    assert [(one.number, one.notes[0].pitch) for one in read_tunes(book)] == [(7, 60), (8, 62)]
    assert read_tunes("") == []


def test_metre_and_unit_note_give_the_bar() -> None:
    assert tune("C2D2|E4|]", metre="2/4").length == 8
    assert tune("C2D2E2|]", metre="3/4").metre == (3, 4)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("C8|\nC2h6|]", "cannot read 'h6"),
        ("C8|\nC3/2D5|]", "cannot read '/2D5"),
        ("C8|\n^^C8|]", "cannot read '^^C8"),
        ("C8|\nC2>D2z4|]", "cannot read '>D2"),
        ("C8|\n[CEG]8|]", "cannot read '[CEG]8"),
        ("C8|\n(3CDEz6|]", "cannot read '(3CDE"),
        ('C8|\n"Am"C8|]', 'cannot read \'"Am"'),
        ("C8|\nw: words", "cannot read 'w: words'"),
        ("C8|\nz4-z4|]", "cannot read '-z4"),
        ("C8|\nC7|D8|]", "a bar has 7 of 8"),
        ("C8|\nC9|]", "does not fit"),
        ("C8|\nC4D4E|]", "does not fit"),
        ("C8|\nC0D8|]", "does not fit"),
        ("C8|\n|D8|]", "a bar has 0 of 8"),
        ("C8|\nD7|]", "the last bar has 7"),
        ("G2|C8|\nD8|]", "the last bar has 0 unit notes, the upbeat 2"),
        ("C8|\nC8-|D8|]", "two different pitches"),
        ("C8|\nC4-z4|]", "a tie to a rest"),
        ("C8|\nC8-|]", "a tie without a following note"),
        ("C8|\nC8:|", "no beginning"),
        ("C8|\n|:D8|:E8:|", "a repeat inside a repeat"),
        ("C8|\n|:D8:|:E8:|", "cannot read ':E8"),
        ("C8|\n|:D8|]", "not closed"),
        ("C8|\n|:D8|[1 E8:|", "not closed"),
        ("C8|\n|:D8|[1 E8:|F8|]", "a second ending must directly follow"),
        ("C8|\n|:D8|[2 E8:|", "a second ending must directly follow"),
        ("C8|\n[1 D8|]", "a first ending must be in a repeat"),
        ("C8|\n|:D8[1 E8:|[2 F8|]", "a first ending must be in a repeat"),
        ("C8|\n%%MIDI program 1\nD8|]", "directives"),
    ],
)
def test_what_the_reader_does_not_understand_is_named_with_its_line(body, reason) -> None:
    with pytest.raises(AbcError) as caught:
        tune(body)
    assert caught.value.line == BODY_LINE + 1
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"line {BODY_LINE + 1}: ")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("X:7", "X:seven", 1),
        ("T:A title", "T:", 2),
        ("T:A title", "A title", 2),
        ("T:A title", "R:reel", 2),
        ("O:A place", "T:another title", 3),
        ("O:A place\n", "", 9),
        ("X:7\nT:A title", "T:A title\nX:7", 1),
        ("M:4/4", "M:C", 6),
        ("M:4/4", "M:3/32", 6),
        ("L:1/8", "L:0/8", 7),
        ("Q:1/4=120", "Q:120", 8),
        ("Q:1/4=120", "Q:1/4=0", 8),
        ("K:C", "K:Cphr", 9),
        ("K:C", "K:G#", 9),
        ("K:C", "K:H", 9),
    ],
)
def test_a_header_with_a_fault_is_refused_with_its_line(old, new, line) -> None:
    with pytest.raises(AbcError) as caught:
        read_tunes(HEADER.replace(old, new) + "C8|]")
    assert caught.value.line == line


def test_a_tune_without_a_melody_is_refused() -> None:
    with pytest.raises(AbcError, match="line 9: a tune without a melody"):
        read_tunes(HEADER)
