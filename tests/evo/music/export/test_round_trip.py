"""Sheets say what the song says: ABC is read back, and MusicXML is followed note by note."""

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from evo.core.errors import InputError
from evo.music.abc.songs import songs_of_abc
from evo.music.export import abc_text, musicxml_text, song_files
from evo.music.metre import Key, Metre
from evo.music.planes import planes_of
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

REAL_SONGS = Path(__file__).parents[5] / "shared" / "real_songs"
METRES = ((4, 4), (3, 4), (6, 8), (9, 8), (2, 2), (5, 8), (7, 8), (3, 8), (12, 8), (3, 2))


def random_song(seed: int) -> Song:
    """Return a song of random notes, metre, pickup and changes."""
    rng = np.random.default_rng(seed)
    per_beat = int(rng.choice([1, 2, 3, 4, 5, 6, 8, 12, 24]))
    beats, unit = METRES[rng.integers(len(METRES))]
    bar = Metre(beats, unit).bar(per_beat)
    steps, keys = int(4 * bar) + 1, int(rng.integers(1, 30))
    first_bar = int(rng.integers(0, int(bar))) if rng.random() < 0.5 else 0
    starts = [first_bar // 2, *rng.integers(first_bar // 2, steps, 20).tolist()]
    if seed % 2:
        ends = [start + int(rng.integers(1, 3 * per_beat + 1)) for start in starts]
    else:
        starts = sorted(set(starts))
        ends = [*starts[1:], steps]
    notes = [(on, off, int(rng.integers(keys))) for on, off in zip(starts, ends, strict=True)]
    onsets, sounding = planes_of(notes, steps, keys)
    last = max(start for start in starts)
    middle = int(first_bar + 2 * bar)
    is_changed = bar.denominator == 1 and middle < last
    return Song(
        onsets,
        int(rng.integers(20, 90)),
        per_beat,
        float(rng.integers(40, 240)),
        f"random {seed}",
        sounding,
        Metre(beats, unit, first_bar, ((middle, 4, 4 * unit),) if is_changed else ()),
        Key(int(rng.integers(-6, 8)), bool(rng.integers(2))) if seed % 3 else None,
        int(rng.integers(0, 128)),
        ((last, 61.5),) if last else (),
        ((middle, Key(-7, True)),) if is_changed and seed % 3 else (),
    )


def notes_of(text: str, song: Song, lead: Fraction) -> list[tuple[Fraction, Fraction, int]]:
    """Return the notes of MusicXML in steps, with ties joined."""
    semitones = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    found: list[tuple[Fraction, Fraction, int]] = []
    open_notes: dict[tuple[str, int], int] = {}
    now = onset = Fraction(0)
    root = ET.fromstring(text)
    divisions = int(root.findtext(".//divisions") or 0)
    for measure in root.iter("measure"):
        for element in measure:
            length = Fraction(int(element.findtext("duration") or 0), divisions)
            if element.tag == "backup":
                now -= length
            elif element.tag == "note":
                if element.find("chord") is None:
                    onset, now = now, now + length
                pitch = element.find("pitch")
                if pitch is None:
                    continue
                midi = 12 * (int(pitch.findtext("octave") or 0) + 1)
                midi += semitones[pitch.findtext("step") or ""] + int(pitch.findtext("alter") or 0)
                place = element.findtext("voice") or "", midi
                ties = [tie.get("type") for tie in element.iter("tie")]
                if "stop" in ties:
                    index = open_notes.pop(place)
                    found[index] = (found[index][0], onset + length, midi)
                else:
                    index = len(found)
                    found.append((onset, onset + length, midi))
                if "start" in ties:
                    open_notes[place] = index
    assert open_notes == {}
    scale = song.steps_per_beat
    return sorted((on * scale + lead, off * scale + lead, midi) for on, off, midi in found)


def check_musicxml(song: Song) -> None:
    """Compare the notes of a song's MusicXML, and the lengths of its note values."""
    text = musicxml_text(song)
    values = {
        "breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25,
        "32nd": 1 / 8, "64th": 1 / 16, "128th": 1 / 32, "256th": 1 / 64,
    }  # fmt: skip
    root = ET.fromstring(text)
    divisions = int(root.findtext(".//divisions") or 0)
    for note in root.iter("note"):
        kind = note.findtext("type")
        if kind is None:  # the rest of a whole bar
            continue
        length = Fraction(values[kind]) * (Fraction(3, 2) if note.find("dot") is not None else 1)
        actual = int(note.findtext("time-modification/actual-notes") or 1)
        normal = int(note.findtext("time-modification/normal-notes") or 1)
        assert length * normal / actual * divisions == int(note.findtext("duration") or 0)
    first = song.notes()[0][0]
    lead = Fraction(first if song.pickup else song.metre.first_bar)
    notes = notes_of(text, song, lead)
    assert notes == sorted((Fraction(on), Fraction(off), pitch) for on, off, pitch in song.notes())


@pytest.mark.parametrize("seed", range(60))
def test_a_random_song_is_read_back_and_written_as_musicxml(seed: int) -> None:
    song = random_song(seed)
    assert songs_of_abc(abc_text(song)) == [song]
    check_musicxml(song)


def test_every_embedded_tune_is_read_back() -> None:
    for name in tune_names():
        song = tune(name)
        assert songs_of_abc(abc_text(song)) == [song]


@pytest.mark.skipif(not REAL_SONGS.is_dir(), reason="the folder ../shared of songs is missing")
def test_real_songs_are_read_back_and_written_as_musicxml() -> None:
    for path in sorted(REAL_SONGS.glob("*.mid"))[::5]:
        song = Song.load(path)
        assert songs_of_abc(abc_text(song)) == [song], path.name
        check_musicxml(song)


def test_the_same_song_has_the_same_sheets() -> None:
    song = random_song(1)
    files = song_files(song, "song")
    assert list(files) == ["song.mid", "song.abc", "song.musicxml"]
    assert files == song_files(song, "song")


def test_silence_is_a_rest() -> None:
    silent = Song(np.zeros((8, 13), np.bool_), name="silence")
    assert abc_text(silent).splitlines()[-1] == "z8 |]"
    assert 'measure="yes"' in musicxml_text(silent)


def test_a_resolution_without_note_values_is_refused() -> None:
    onsets, sounding = planes_of([(0, 1, 0), (1, 3, 1)], 202, 2)
    with pytest.raises(InputError, match="a tuplet of 101 notes"):
        abc_text(Song(onsets, steps_per_beat=101, sounding=sounding))
