"""ABC of folk collections: what is played, and the line of what cannot be understood."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from evo.core.errors import AbcError, MidiError
from evo.music.abc.blocks import blocks
from evo.music.abc.fields import FieldError, read_key, read_length, read_metre, read_tempo
from evo.music.abc.songs import song_of_block, songs_of_abc
from evo.music.metre import Key, Metre

HEADER = "X:1\nT:A title\nM:4/4\nL:1/4\nK:C\n"


def song(body, header=HEADER, **options):
    (only,) = songs_of_abc(header + body + "\n", **options)
    return only


def notes(body, header=HEADER):
    """Return (onset, length, pitch) in quarter notes."""
    found = song(body, header)
    beat = found.steps_per_beat
    return [(on / beat, (off - on) / beat, pitch) for on, off, pitch in found.notes()]


def pitches(body, header=HEADER):
    return [pitch for _, _, pitch in notes(body, header)]


def lengths(body, header=HEADER):
    return [length for _, length, _ in notes(body, header)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C2 D3/2 E/|", [2, 1.5, 0.5]),
        ("C/ D// E/4 F3/|", [0.5, 0.25, 0.25, 1.5]),
        ("C>D E<F|", [1.5, 0.5, 0.5, 1.5]),
        ("C>>D E2|", [1.75, 0.25, 2]),
        ('C > "Am" D ~E !trill! < F|', [1.5, 0.5, 0.5, 1.5]),
        ("(3CDE (5:4:5C/D/E/F/G/ z|", [2 / 3] * 3 + [0.4] * 5),
        ("(3:2:2C2D E2|", [4 / 3, 2 / 3, 2]),
        ("(3C>DE F2|", [1, 1 / 3, 2 / 3, 2]),
        ("C{dc}D{/E}E F|", [1, 1, 1, 1]),
        ("C y2 x D z `E|", [1, 1, 1]),
        ("C-C- C2|C4|", [4, 4]),
    ],
)
def test_lengths(body, expected) -> None:
    assert lengths(body) == pytest.approx(expected, abs=0.03)


def test_duplets_and_quadruplets_follow_the_metre() -> None:
    jig = HEADER.replace("M:4/4", "M:6/8").replace("L:1/4", "L:1/8")
    assert lengths("(2CD EFG|", jig) == [0.75, 0.75, 0.5, 0.5, 0.5]
    assert lengths("(4CDEF GAB|", jig) == pytest.approx([0.375] * 4 + [0.5] * 3)


def test_a_tie_to_another_pitch_is_a_slur_and_one_over_a_bar_carries_its_accidental() -> None:
    assert notes("^F4-|F2 F-G|") == [(0, 6, 66), (6, 1, 65), (7, 1, 67)]


def test_an_accidental_lasts_to_the_end_of_the_bar_in_every_octave_also_of_grace_notes() -> None:
    assert pitches("^F F f F|F2 z2|{^c}d c2 z|") == [66, 66, 78, 66, 65, 74, 73]
    assert pitches("^^F F __B =B|") == [67, 67, 69, 71]


def test_chords_sound_together_and_overlays_and_voices_too() -> None:
    assert notes("[CEG]2 [^Fc]/|") == [
        (0, 2, 60), (0, 2, 64), (0, 2, 67), (2, 0.5, 66), (2, 0.5, 72)
    ]  # fmt: skip
    assert notes("C2 D2 & E4|") == [(0, 2, 60), (0, 4, 64), (2, 2, 62)]
    voices = "V:1\nC2 D2|\nV:2 octave=-1\nE4|\n[V:1]E4|\n[V:2]F4|"
    assert notes(voices) == [(0, 2, 60), (0, 4, 52), (2, 2, 62), (4, 4, 53), (4, 4, 64)]


def test_a_chord_lasts_as_its_first_note() -> None:
    assert notes("[C2E]2 D|") == [(0, 2, 64), (0, 4, 60), (4, 1, 62)]


@pytest.mark.parametrize(
    ("body", "played"),
    [
        ("|:C4:|D4|", "CCD"),
        ("C4:|D4:|E4|", "CCDDE"),
        ("C4::D4:|", "CCDD"),
        ("|:C4|1 D4:|2 E4|F4|", "CDCEF"),
        ("C4|[1 D4:|[2 E4:|F4|", "CDCEF"),
        ("|:C4|1,3 D4:|2 E4:|", "CDCECD"),
        ("|:C4|1 D4:|2 E4||F4|1 G4:|2 A4|]", "CDCEFGFA"),
        ("|::C4::|D4|", "CCCD"),
        ("|:C4:||:D4:|", "CCDD"),
        ("C4 [|] :|", "CC"),
    ],
)
def test_repeats_are_written_out(body, played) -> None:
    letters = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G", 69: "A"}
    assert "".join(letters[pitch] for pitch in pitches(body)) == played


def test_parts_are_played_in_the_order_of_the_header() -> None:
    header = HEADER.replace("T:A title", "P:A2(BA)2")
    assert pitches("P:A\nC4|\nP:B\nD4|", header) == [60, 60, 62, 60, 62, 60]
    assert pitches("P:Verse\nC4|\nP:Chorus\nD4|", header) == [60, 62]


def test_metre_pickup_key_and_tempo_of_a_song() -> None:
    found = song("G|c3 B|[M:3/4][Q:1/4=90]A3|\nK:G\nF3|]", HEADER.replace("K:C", "Q:80\nK:Am"))
    assert found.metre == Metre(4, 4, 1, ((5, 3, 4),))
    assert (found.pickup, found.steps_per_beat) == (1, 1)
    assert (found.key, found.key_changes) == (Key(0, True), ((8, Key(1)),))
    assert (found.tempo, found.tempo_changes) == (80.0, ((5, 90.0),))
    assert found.name == "A title"


def test_a_part_that_begins_with_a_pickup_leaves_the_bars_where_they_are() -> None:
    found = song("|:G|CDEF|GAB:|:c|BAGF|EDC:|")
    assert found.metre == Metre(4, 4, 1)
    assert found.bar_starts().tolist() == [1, 5, 9, 13, 17, 21, 25, 29]


def test_after_an_irregular_bar_bars_are_counted_anew() -> None:
    assert song("CDEF|GAB|CDEF|C4|]").metre == Metre(4, 4, 0, ((7, 4, 4),))


@pytest.mark.parametrize(
    ("body", "resolution"),
    [
        ("C4|", 1), ("C/D/E2z|", 2), ("(3CDE z2|", 3), ("C>D E2|", 2), ("(3C/D/E/ F3|", 3),
        ("C3/4D/4 E3|", 4), ("(3C/D/E/ F/G/ z2|", 6), ("(3C/4D/4E/4 F/8 z3|", 24),
    ],
)  # fmt: skip
def test_the_resolution_is_the_coarsest_that_fits(body, resolution) -> None:
    assert song(body).steps_per_beat == resolution


def test_resolution_and_keys_can_be_given() -> None:
    found = song("C E c2|", steps_per_beat=4, keys=13)
    assert (found.steps_per_beat, found.keys, found.lowest_note) == (4, 13, 60)
    with pytest.raises(MidiError, match="span 13 keys, more than 12"):
        song("C c|", keys=12)


@pytest.mark.parametrize(
    ("value", "fifths", "minor"),
    [
        ("G", 1, False), ("Bb", -2, False), ("F#m", 3, True), ("A minor", 0, True),
        ("Ador", 1, False), ("D Mixolydian", 1, False), ("Ephr", 0, False), ("Flyd", 0, False),
        ("Bloc", 0, False), ("C aeolian", -3, True), ("DMaj", 2, False), ("Hp", 2, False),
        ("none", 0, False), ("", 0, False), ("G clef=bass", 1, False), ("D bass", 2, False),
    ],
)  # fmt: skip
def test_keys(value, fifths, minor) -> None:
    assert read_key(value)[1:3] == (fifths, minor)


def test_keys_with_accidentals_octaves_and_clefs() -> None:
    assert read_key("D ^g").signature == {"F": 1, "C": 1, "G": 1}
    assert read_key("Dmix=c").signature == {"F": 1, "C": 0}
    assert read_key("D exp _b ^c").signature == {"B": -1, "C": 1}
    assert read_key("clef=treble-8").shift == -12
    assert read_key("clef=treble-8").signature is None
    assert read_key("G octave=1 transpose=-2").shift == 10


@pytest.mark.parametrize("value", ["Es", "H", "Bn", "G#", "Gfoo", "D sound=A", "G clef"])
def test_an_unknown_key_is_refused(value) -> None:
    with pytest.raises(FieldError):
        read_key(value)


def test_metres_lengths_and_tempos() -> None:
    assert [read_metre(text) for text in ("C", "C|", "6/8", "(2+3)/8", "none")] == [
        (4, 4), (2, 2), (6, 8), (5, 8), None
    ]  # fmt: skip
    eighth = Fraction(1, 8)
    tempos = {
        "1/4=120": 120, "3/8=60": 90, '"Allegro" 1/4 = 96': 96, "240": 120, "C3=40": 60,
        '"Slow"': None, "1/4 1/8=40": 60,
    }  # fmt: skip
    assert {text: read_tempo(text, eighth) for text in tempos} == tempos
    for read, text in ((read_metre, "3/7"), (read_metre, "4"), (read_length, "1/0")):
        with pytest.raises(FieldError):
            read(text)


def test_the_unit_note_follows_from_the_metre() -> None:
    assert lengths("C|", "X:1\nM:2/4\nK:C\n") == [0.25]
    assert lengths("C|", "X:1\nM:3/4\nK:C\n") == [0.5]
    assert lengths("C|", "X:1\nK:C\n") == [0.5]


def test_fields_may_come_in_any_order_and_texts_are_skipped() -> None:
    header = "X:3\nL:1/4\nZ:me\nM:3/4\nN:with | bars\nT:One\nT:Two\n%%MIDI program 73\nK:D\n"
    found = song("F G A|\nw:la la la\n% words\nN:a note\nD:|\n", header)
    assert (found.name, found.program, found.key) == ("One", 73, Key(2))
    assert len(found.notes()) == 8  # the last line ends a repeat


def test_several_tunes_have_names_and_share_the_fields_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "book.abc"
    path.write_text("M:3/4\nL:1/4\n\nX:1\nT:One Day\nK:C\nCDE|\n\nfree text\n\nX:2\nK:C\nC3|\n")
    songs = songs_of_abc(path)
    assert [found.name for found in songs] == ["book-001-one-day", "book-002"]
    assert [found.metre.beats for found in songs] == [3, 3]


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("C2\n?C5^|", 7, "cannot read '^|"),
        ("C2\n(3CD|", 7, "a tuplet lacks 1 notes"),
        ("C2\nC>|", 7, "broken rhythm without a note"),
        ("C2\n!D.C.! C|", 7, "write the music in playing order"),
        ("C2\nm:~G=GAG", 7, "macros"),
        ("C2\nK:Q", 7, "cannot read K:Q"),
        ("C2\n[CE|G]", 7, "cannot read '[CE|G]"),
        ("C2\n^/C", 7, "cannot read '^/C"),
        ("C2\nC,,,,,,,,", 7, "outside the range of MIDI"),
        ("|:C|1 D:|\n|3 E|", 6, "a repeat without an ending 2"),
        ("C2|\n\nD|E|", 8, "music after an empty line"),
        ("z4|", 1, "a tune without notes"),
        ("%", 6, "a tune without a melody"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(body, line, reason) -> None:
    (block,) = blocks(HEADER + body)
    with pytest.raises(AbcError) as caught:
        song_of_block(block)
    assert (caught.value.line, reason in str(caught.value)) == (line, True), str(caught.value)


def test_an_error_names_the_file_and_other_tunes_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "book.abc"
    path.write_text(HEADER + "C4|\n\n" + HEADER + "C^|\n")
    with pytest.raises(MidiError, match=r"book\.abc: line 13: cannot read"):
        songs_of_abc(path)
    refused: list[MidiError] = []
    assert len(songs_of_abc(path, refuse=refused.append)) == len(refused) == 1


@pytest.mark.parametrize("content", [b"", b"no tune\n", b"\0MThd\n"])
def test_a_file_without_a_tune_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.abc"
    path.write_bytes(content)
    with pytest.raises(MidiError, match=r"a\.abc: "):
        songs_of_abc(path)


def test_repeats_cannot_make_a_tune_endless() -> None:
    with pytest.raises(MidiError, match="too long to be written out"):
        song("|" + ":" * 70_000 + "C D E F G A B c" + ":" * 70_000 + "|")


def test_garbage_raises_nothing_else() -> None:
    rng = np.random.default_rng(1)
    pieces = [
        *"CDEFGABcdefgabzxXZ|[]():'\",-<>=^_123/&%!{}~ \n\\.", "|:", ":|", "[1", "(3", "[K:",
        "[M:3/4]", "V:1\n", "K:D\n", "::", "P:A\n", "^^", "[CE]2",
    ]  # fmt: skip
    for _ in range(400):
        body = "".join(rng.choice(pieces, size=25))
        try:
            songs_of_abc(HEADER + body)
        except MidiError:
            continue
