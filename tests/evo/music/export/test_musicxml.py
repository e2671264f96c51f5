"""The elements of MusicXML: attributes, pickup, beams, ties, tuplets, accidentals, voices."""

from xml.etree import ElementTree as ET

from evo.music.export import musicxml_text
from evo.music.metre import Key, Metre
from evo.music.planes import planes_of
from evo.music.song import Song


def document(notes, steps_per_beat=2, **options):
    end = max(release for _, release, _ in notes)
    onsets, sounding = planes_of([(on, off, pitch - 36) for on, off, pitch in notes], end, 60)
    options = {"key": Key(0), "name": "A <song>"} | options
    return ET.fromstring(
        musicxml_text(Song(onsets, 36, steps_per_beat, sounding=sounding, **options))
    )


def texts(element, path):
    return [found.text for found in element.iterfind(path)]


def test_attributes_pickup_and_title() -> None:
    root = document(
        [(4, 6, 70), (6, 12, 70), (12, 14, 72)],
        metre=Metre(3, 4, 6),
        key=Key(-2, True),
        program=40,
        tempo=90.0,
    )
    assert texts(root, ".//work-title") == ["A <song>"]
    assert texts(root, ".//midi-program") == ["41"]
    bars = root.findall(".//measure")
    assert [bar.attrib for bar in bars] == [
        {"number": "0", "implicit": "yes"}, {"number": "1"}, {"number": "2"}
    ]  # fmt: skip
    paths = ("fifths", "mode", "beats", "beat-type", "sign", "per-minute")
    assert [root.findtext(f".//{path}") for path in paths] == ["-2", "minor", "3", "4", "G", "90"]
    assert [note.findtext("duration") for note in bars[2].iter("note")] == ["1", "1"]


def test_beams_by_the_beats_of_the_metre() -> None:
    root = document([(n, n + 1, 72) for n in range(6)], metre=Metre(6, 8))
    assert texts(root, ".//beam") == ["begin", "continue", "end"] * 2
    root = document([(0, 3, 72), (3, 4, 72), (4, 5, 72), (5, 6, 72), (6, 8, 72)], 4)
    beams = [
        [(beam.get("number"), beam.text) for beam in note.iter("beam")]
        for note in root.iter("note")
    ]
    assert beams[:5] == [
        [("1", "begin")], [("1", "end"), ("2", "backward hook")],
        [("1", "begin"), ("2", "begin")], [("1", "continue"), ("2", "end")], [("1", "end")],
    ]  # fmt: skip


def test_a_tied_accidental_is_printed_once_and_in_the_next_bar_anew() -> None:
    root = document([(0, 9, 66), (9, 10, 66), (10, 16, 78)])
    signs = [note.findtext("accidental") for note in root.iter("note")]
    assert signs == ["sharp", None, "sharp", "sharp"]
    ties = [[tie.get("type") for tie in note.iter("tied")] for note in root.iter("note")]
    assert ties[:3] == [["start"], ["stop"], []]


def test_tuplets_are_marked_from_start_to_stop() -> None:
    root = document([(0, 1, 72), (1, 2, 74), (2, 3, 76), (3, 12, 72)], 3)
    assert [mark.get("type") for mark in root.iter("tuplet")] == ["start", "stop"]
    assert texts(root, ".//actual-notes") == ["3"] * 3
    assert texts(root, ".//type") == ["eighth"] * 3 + ["half"]


def test_voices_go_back_and_chords_share_their_time() -> None:
    chords = [(n, n + 2, pitch) for n in (0, 2, 4, 6) for pitch in (60, 64, 67)]
    root = document([*chords, (0, 8, 72), (0, 8, 74)])
    assert texts(root, ".//backup/duration") == ["4"]
    assert len(root.findall(".//chord")) == 1 + 4 * 2
    assert set(texts(root, ".//voice")) == {"1", "2"}


def test_part_music_has_two_staves() -> None:
    parts = ([72, 74, 76, 72], [67, 67, 67, 67], [60, 59, 60, 60], [48, 50, 48, 43])
    root = document([(2 * n, 2 * n + 2, part[n]) for part in parts for n in range(4)])
    assert texts(root, ".//staves") == ["2"]
    assert texts(root, ".//sign") == ["G", "F"]
    staves = [(note.findtext("voice"), note.findtext("staff")) for note in root.iter("note")]
    assert sorted(set(staves)) == [("1", "1"), ("2", "1"), ("3", "2"), ("4", "2")]
