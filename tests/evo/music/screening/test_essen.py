"""Folk songs of other packages: read right, converted, kept; one line where they are missing."""

from __future__ import annotations

import importlib.util
import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from evo.cli.main import main
from evo.core.errors import AbcError, InputError, MidiError
from evo.music.abc import read_melody
from evo.music.screening.essen import FolkSong, folk_songs, to_song
from evo.music.song_finder import load_songs

needs_music21 = pytest.mark.skipif(
    importlib.util.find_spec("music21") is None,
    reason="music21 is not installed: pip install 'kuznechik[corpus]'",
)

HEADER = "T: A tune\nN: A0001\nO: Europa\nR: Lied,\nof two lines\nM: 2/4\nL: 1/8\nK: G\n"


def song(body: str, header: str = HEADER) -> FolkSong:
    return FolkSong("a-tune", header + body)


def pitches(body: str) -> list[int]:
    return [pitch for _, _, pitch, _ in song(body).read().notes.tolist()]


def test_a_song_is_read_with_its_metre_and_its_times() -> None:
    piece = song("G2AB | c4\nz2F2 |\n").read()
    assert piece.notes.tolist() == [
        [0, 480, 67, 0], [480, 720, 69, 0], [720, 960, 71, 0], [960, 1920, 72, 0],
        [2400, 2880, 66, 0],
    ]  # fmt: skip
    assert piece.metres == ((0, 2, 4),)
    assert (piece.ticks_per_beat, piece.end_tick) == (480, 2880)


def test_an_accidental_holds_to_the_bar_line_and_not_to_the_end_of_the_line() -> None:
    assert pitches("_B B | B =F\nF | F") == [70, 70, 71, 65, 65, 66]


def test_a_tie_takes_its_accidental_over_the_bar_line_and_between_two_pitches_is_a_slur() -> None:
    assert pitches("=F4- | F2 F2 | F2-=F2 | z4-z4") == [65, 66, 66, 65]


def test_sixteenths_are_written_in_twice_their_note_values() -> None:
    short = HEADER.replace("L: 1/8", "L: 1/16")
    even, uneven = song("G2A2B2c2", short).read(), song("G2ABc2", short).read()
    assert even.notes[:, 0].tolist() == [0, 240, 480, 720]
    assert uneven.notes[:, 0].tolist() == [0, 480, 720, 960]


def test_a_song_without_a_metre_has_none() -> None:
    assert song("G4", HEADER.replace("2/4", "none")).read().metres == ((0, 0, 4),)
    assert song("G4", HEADER.replace("2/4", "FREI4/4")).read().metres == ((0, 0, 4),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEADER + "G2 | 3A2", "line 1: cannot read '3A2'"),
        (HEADER.replace("K: G", "K: H") + "G2", "K:H"),
        (HEADER.replace("1/8", "1:8") + "G2", "L:1:8"),
        (HEADER.replace("1/8", "1/9999999") + "G2", "unit note"),
        ("", "L:"),
        ("\xff\0", "L:"),
    ],
)
def test_a_song_that_breaks_the_notation_is_refused_by_its_name(text: str, reason: str) -> None:
    with pytest.raises(MidiError) as caught:
        FolkSong("a-tune", text).read()
    assert caught.value.path == "a-tune"
    assert reason in caught.value.reason


def test_mutations_of_a_song_are_read_or_refused() -> None:
    chance = random.Random(4)
    whole = HEADER + "G2AB | c4-\nc2=F2 | z4"
    for _ in range(300):
        letters = list(whole)
        for _ in range(3):
            letters[chance.randrange(len(letters))] = chance.choice("XKLM:/|z-=_^,'0129\n G")
        try:
            FolkSong("a-tune", "".join(letters)).read()
        except MidiError as error:
            assert len(str(error).splitlines()) == 1


def test_a_melody_without_bars_is_refused_where_it_cannot_be_read() -> None:
    with pytest.raises(AbcError, match="line 2"):
        read_melody("G A\nB ?", "G")


def test_a_song_is_moved_into_the_keys() -> None:
    low = song("G,,2A,,2B,,2C,2").read()
    converted = to_song(low, "low", 13, 2)
    assert (converted.keys, converted.lowest_note, converted.steps) == (13, 60, 8)
    notes = [pitch for _, _, pitch in converted.notes()]
    assert [pitch - notes[0] for pitch in notes] == [0, 2, 4, 5]
    with pytest.raises(ValueError, match="too many"):
        to_song(song("G,,2g2").read(), "wide", 13, 2)


def test_where_music21_is_missing_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'kuznechik\[corpus\]'"):
        list(folk_songs("essen"))
    result = CliRunner().invoke(main, ["songs", "check", "--corpus", "essen"])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


@needs_music21
def test_the_essen_songs_are_checked_and_kept_ready_to_learn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["songs", "check", "--corpus", "essen", "--limit", "60", "--seed", "3"]
    result = CliRunner().invoke(main, [*arguments, "--keep", "kept"])
    assert result.exit_code == 0, result.output
    kept = load_songs("kept")
    assert f"{len(kept)} of 60 are fit" in result.output
    assert len(kept) > 15
    assert all(one.keys == 13 and one.steps_per_beat == 2 for one in kept)


@needs_music21
def test_the_essen_songs_are_read_as_music21_reads_them() -> None:
    converter = pytest.importorskip("music21.converter")
    songs = list(folk_songs("essen"))
    assert len(songs) > 8_000
    assert len({song.name for song in songs}) == len(songs)
    # What we take for a slur, of two pitches, music21 takes for a tie of the first.
    plain = [song for song in songs if not re.search(r"-[_^=]", song.text)]
    assert len(plain) > len(songs) - 100
    for one in random.Random(11).sample(plain, 25):
        ours = one.read()
        # The version makes it let accidentals hold to the end of the bar.
        theirs = converter.parse(f"%abc-2.1\nX:1\n{one.text.strip()}\n", format="abc").stripTies()
        flat = [
            (float(note.getOffsetInHierarchy(theirs)), float(note.quarterLength), note.pitch.midi)
            for note in theirs.recurse().notes
        ]
        scale = 960 if any(onset % 0.5 for onset, _, _ in flat) else 480
        assert ours.notes[:, :3].tolist() == [
            [onset * scale, (onset + length) * scale, pitch] for onset, length, pitch in flat
        ]
