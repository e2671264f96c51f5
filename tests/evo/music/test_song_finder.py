"""Songs given by the user: tunes, files and folders, and the errors for other names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from midi_files import odd_tree

from evo.core.errors import InputError, MidiError
from evo.music.metre import Metre
from evo.music.midi.reading import Reading
from evo.music.midi.write import midi_bytes, write_file
from evo.music.names import MAX_NAME
from evo.music.song import Song
from evo.music.song_finder import SongFinder, find_songs, load_songs, midi_files, read_songs

TUNE = "vo-pole-bereza-stoyala"
TOY = Reading(13, steps_per_beat=2)


def one_note() -> Song:
    return Song(np.eye(1, 13, dtype=np.bool_))


def test_a_name_is_a_tune_a_file_or_a_folder_and_anything_else_an_error(tmp_path: Path) -> None:
    (one,) = find_songs(TUNE, TOY)
    one.save(tmp_path / "a.mid")
    (loaded,) = find_songs(str(tmp_path / "a.mid"), TOY)
    np.testing.assert_array_equal(loaded.onsets, one.onsets)
    assert len(find_songs(str(tmp_path), TOY)) == 1
    (tmp_path / "bad.mid").write_bytes(b"MThd")
    for name in ("no-such-tune", str(tmp_path / "missing.mid"), str(tmp_path / "bad.mid")):
        with pytest.raises(InputError) as caught:
            find_songs(name, TOY)
        assert "\n" not in str(caught.value)
        assert Path(name).name in str(caught.value)


def test_a_folder_gives_its_songs_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.mid", "a.MIDI", "c.mid"):
        one_note().save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no song")
    assert [song.name for song in load_songs(tmp_path, steps=8)] == ["a", "b", "c"]
    assert [song.steps for song in load_songs(tmp_path / "b.mid", steps=8)] == [8]
    (tmp_path / "d.mid").write_text("no song either")
    with pytest.raises(MidiError, match=r"d\.mid: not a MIDI file"):
        load_songs(tmp_path)


def test_a_folder_without_songs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match="file in this folder"):
        load_songs(tmp_path)
    with pytest.raises(MidiError, match="No such file"):
        load_songs(tmp_path / "missing")


def odd_folder(folder: Path) -> None:
    """Write two songs and four files that cannot be learned."""
    for name in ("a.mid", "c.mid", "a.midi", ".hidden.mid"):
        one_note().save(folder / name)
    (folder / "b.mid").write_text("no song")
    (folder / "._c.mid").write_bytes(b"\0\5\x16\7Mac OS X")


def test_files_that_cannot_be_learned_are_left_out_and_named(tmp_path: Path) -> None:
    odd_folder(tmp_path)
    messages: list[str] = []
    find = SongFinder(messages.append)
    songs = find(str(tmp_path), TOY)
    assert [song.name for song in songs] == ["a", "c"]
    assert messages == [
        f"left out: {tmp_path}/._c.mid: is a hidden file",
        f"left out: {tmp_path}/.hidden.mid: is a hidden file",
        f"left out: {tmp_path}/a.midi: another song is called a, too",
        f"left out: {tmp_path}/b.mid: not a MIDI file: it does not begin with MThd",
    ]
    assert find(str(tmp_path), TOY) is songs, "files are read and named once"
    assert len(messages) == 4


def test_a_strict_finder_refuses_a_folder_with_a_file_that_cannot_be_learned(
    tmp_path: Path,
) -> None:
    for name, reason in ((".x.mid", "hidden"), ("b.midi", "not a MIDI"), ("a.midi", "another")):
        folder = tmp_path / name
        folder.mkdir()
        one_note().save(folder / "a.mid")
        assert len(SongFinder(strict=True)(str(folder), TOY)) == 1
        if name == "a.midi":
            one_note().save(folder / name)
        else:
            (folder / name).write_text("no song")
        with pytest.raises(MidiError, match=reason):
            SongFinder(strict=True)(str(folder), TOY)


def test_a_folder_in_which_no_file_can_be_learned_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.mid").write_text("no song")
    with pytest.raises(MidiError, match=r"b\.mid: not a MIDI file"):
        find_songs(str(tmp_path), TOY)


def test_a_folder_never_hides_an_embedded_tune(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / TUNE).mkdir()
    one_note().save(tmp_path / TUNE / "a.mid")
    messages: list[str] = []
    (song,) = SongFinder(messages.append)(TUNE, TOY)
    assert song.name == TUNE
    (message,) = messages
    assert message.endswith(f"write ./{TUNE}")
    assert [song.name for song in find_songs(f"./{TUNE}", TOY)] == ["a"]


def test_any_file_name_gives_a_name_that_files_can_be_named_after(tmp_path: Path) -> None:
    names = [b"caf\xe9", b"x" * 240, b"x" * 239, "\u00e9".encode() * 120, b"new\nline"]
    for name in names:
        one_note().save(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".mid"))
    songs = find_songs(str(tmp_path), TOY)
    assert len({song.name for song in songs}) == len(names)
    for song in songs:
        assert len(song.name.encode()) <= MAX_NAME
        song.save(tmp_path / f"{song.name}.mid")
        assert Song.load(tmp_path / f"{song.name}.mid").name == song.name


def test_what_is_read_to_be_measured_leaves_out_the_files_of_a_folder_that_are_no_songs(
    tmp_path: Path,
) -> None:
    assert [song.name for song in read_songs(TUNE)[0]] == [TUNE]
    for name in ("a.mid", "c.mid"):
        one_note().save(tmp_path / name)
    (tmp_path / "b.mid").write_text("no song")
    watched: list[str] = []

    def watch(paths: list[str]) -> list[str]:
        watched.extend(paths)
        return paths

    songs, refused = read_songs(str(tmp_path), watch, keys=128, lowest_note=0)
    assert [(song.name, song.keys) for song in songs] == [("a", 128), ("c", 128)]
    assert [(Path(error.path).name, error.reason[:15]) for error in refused] == [
        ("b.mid", "not a MIDI file")
    ]
    assert [Path(path).name for path in watched] == ["a.mid", "b.mid", "c.mid"]
    with pytest.raises(MidiError, match="not a MIDI file"):
        read_songs(str(tmp_path / "b.mid"))
    with pytest.raises(MidiError, match="no embedded tune"):
        read_songs("no-such-tune")


def test_files_are_found_below_a_folder_in_order_and_links_do_no_harm(tmp_path: Path) -> None:
    names = odd_tree(tmp_path, one_note().save)
    found = [os.path.relpath(path, tmp_path) for path in midi_files(tmp_path, below=True)]
    odd = ["folder.mid", "itself.mid", "nowhere.mid", "pipe.mid"]
    assert found == sorted([*names, *odd])


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    one_note().save(tmp_path / "a.mid")
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        if os.access(closed, os.R_OK):
            pytest.skip("this user may read every folder")
        assert midi_files(tmp_path, below=True) == [str(tmp_path / "a.mid"), str(closed)]
    finally:
        closed.chmod(0o700)


def test_a_path_without_any_song_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    for path, reason in (
        (tmp_path / "missing", "No such file"),
        (tmp_path / "pipe.mid", "neither a file nor a folder"),
    ):
        with pytest.raises(MidiError, match=reason):
            midi_files(path, below=True)
    (tmp_path / "pipe.mid").unlink()
    with pytest.raises(MidiError, match=r"no \*\.mid"):
        midi_files(tmp_path, below=True)


def melody(path: Path, pitches: list[int], beat: int = 480) -> None:
    """Write a melody of quarter notes, the last two shorter by `beat`."""
    ticks = [480 * number for number in range(len(pitches))]
    ticks[-1] = ticks[-2] + beat
    notes = [(tick, tick + 20, pitch) for tick, pitch in zip(ticks, pitches, strict=True)]
    write_file(path, midi_bytes(notes, ticks_per_beat=480, end_tick=0))


def test_a_single_file_says_what_was_chosen(tmp_path: Path) -> None:
    waltz = Song(np.eye(13, dtype=np.bool_), 67, 4, metre=Metre(3, 4, 4), name="waltz")
    waltz.save(tmp_path / "waltz.mid")
    messages: list[str] = []
    (song,) = SongFinder(messages.append)(str(tmp_path / "waltz.mid"), Reading())
    assert song.bar_starts().tolist() == [4]
    assert messages == [
        f"{tmp_path}/waltz.mid: 13 keys from G4, 4 steps per beat, 3/4, pickup of 1 beat"
    ]


def test_a_folder_gets_the_grid_that_most_of_its_songs_need(tmp_path: Path) -> None:
    for number in range(10):
        melody(tmp_path / f"{number}.mid", [60, 64, 67 + number % 2, 60], 240)
    melody(tmp_path / "fine.mid", [60, 64, 67, 60], 40)
    messages: list[str] = []
    find = SongFinder(messages.append)
    songs = find(str(tmp_path), Reading())
    assert len(songs) == 10
    assert {(song.keys, song.steps_per_beat) for song in songs} == {(9, 2)}
    assert messages == [
        f"left out: {tmp_path}/fine.mid: needs 12 steps per beat, and 2 serve most songs",
        f"{tmp_path}: 10 songs, 9 keys, 2 steps per beat",
    ]
    assert find(str(tmp_path), Reading(9, steps_per_beat=2)) is songs
    with pytest.raises(MidiError, match="needs 12 steps per beat"):
        SongFinder(strict=True)(str(tmp_path), Reading())


def test_tunes_in_abc_are_songs_too(tmp_path: Path) -> None:
    tune = "X:1\nT:Scale\nM:3/4\nL:1/4\nK:G\nD|GAB|c2d|e3|]\n"
    (tmp_path / "scale.abc").write_text(tune)
    (song,) = find_songs(str(tmp_path / "scale.abc"))
    assert (song.name, song.pickup, str(song.metre)) == ("scale", 1, "3/4")
    assert [pitch for _, _, pitch in song.notes()] == [62, 67, 69, 71, 72, 74, 76]
    melody(tmp_path / "other.mid", [60, 64, 67, 60], 240)
    songs = find_songs(str(tmp_path))
    assert [one.name for one in songs] == ["other", "scale"]
    assert {(one.keys, one.steps_per_beat) for one in songs} == {(15, 2)}
    (tmp_path / "two.abc").write_text(tune + "\nX:2\nK:C\nL:1/4\n???\n")
    with pytest.raises(MidiError, match=r"two\.abc"):
        SongFinder(strict=True)(str(tmp_path), Reading())


def test_what_only_midi_files_have_is_refused_for_others() -> None:
    with pytest.raises(InputError, match="leave --track"):
        find_songs(TUNE, Reading(tracks=(1,)))
