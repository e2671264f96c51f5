"""Reading MIDI files: the right notes, or one line for a broken file."""

from __future__ import annotations

import copy
import io
import os
import random
import struct
from pathlib import Path

import mido
import numpy as np
import pytest

from evo.core.errors import MidiError
from evo.music.midi.read import MAX_BYTES, MidiNotes, list_parts, read_notes, read_piece
from evo.music.midi.scan import MAX_EVENTS, MAX_METAS

NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"  # a C of 96 ticks
END = b"\x00\xff\x2f\x00"


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">L", len(body)) + body


def header(tracks: int = 1, form: int = 1, division: int = 96) -> bytes:
    return chunk(b"MThd", struct.pack(">HHH", form, tracks, division))


def file_of(*tracks: bytes, form: int = 1, division: int = 96) -> bytes:
    chunks = b"".join(chunk(b"MTrk", track) for track in tracks)
    return header(len(tracks), form, division) + chunks


@pytest.fixture
def read(tmp_path: Path):
    def read_bytes(data: bytes) -> MidiNotes:
        path = tmp_path / "song.mid"
        path.write_bytes(data)
        return read_notes(path)

    return read_bytes


def rows(midi: MidiNotes) -> list[tuple[int, ...]]:
    return [tuple(row) for row in midi.notes.tolist()]


# What a whole file says


def test_a_note_has_its_onset_its_end_and_its_pitch(read) -> None:
    midi = read(file_of(b"\x30\x90\x3c\x40\x60\x80\x3c\x40" + b"\x10\xff\x2f\x00"))
    assert rows(midi) == [(48, 144, 60)]
    assert midi.notes.dtype == np.int64
    assert (midi.ticks_per_beat, midi.tempo, midi.end_tick) == (96, 120.0, 160)


def test_a_note_on_without_velocity_is_a_note_off(read) -> None:
    assert rows(read(file_of(b"\x00\x90\x3c\x40\x60\x3c\x00" + END))) == [(0, 96, 60)]


def test_a_note_never_released_ends_with_its_track(read) -> None:
    assert rows(read(file_of(b"\x00\x90\x3c\x40\x60\xff\x2f\x00"))) == [(0, 96, 60)]


def test_of_overlapping_notes_of_one_pitch_the_oldest_ends_first(read) -> None:
    track = b"\x00\x90\x3c\x40\x10\x3c\x40\x10\x80\x3c\x40\x10\x3c\x40" + END
    assert rows(read(file_of(track))) == [(0, 32, 60), (16, 48, 60)]


def test_a_note_struck_twice_and_released_once_ends_where_it_is_struck_again(read) -> None:
    track = b"\x00\x90\x3c\x40\x10\x3c\x40\x10\x3c\x00\x60\x3e\x40\x10\x3e\x00" + END
    assert rows(read(file_of(track))) == [(0, 16, 60), (16, 32, 60), (128, 144, 62)]


def test_a_note_struck_twice_at_once_and_released_once_is_one_note(read) -> None:
    track = b"\x00\x90\x3c\x40\x00\x3c\x40\x10\x3c\x00\x60\x3e\x40\x10\x3e\x00" + END
    assert rows(read(file_of(track))) == [(0, 16, 60), (112, 128, 62)]


def test_notes_of_one_pitch_on_two_channels_or_tracks_do_not_end_each_other(read) -> None:
    two_channels = b"\x00\x90\x3c\x40\x00\x91\x3c\x40\x10\x81\x3c\x40\x10\x80\x3c\x40" + END
    assert rows(read(file_of(two_channels))) == [(0, 16, 60), (0, 32, 60)]
    held, short = b"\x00\x90\x3c\x40\x60\xff\x2f\x00", b"\x00\x90\x3c\x40\x10\x80\x3c\x40" + END
    assert rows(read(file_of(held, short))) == [(0, 16, 60), (0, 96, 60)]


def test_percussion_is_left_out(read) -> None:
    drum = b"\x00\x99\x26\x40\x60\x89\x26\x40"
    assert rows(read(file_of(drum + NOTE + END))) == [(96, 192, 60)]


def test_the_tempo_is_the_earliest_one(read) -> None:
    late = b"\x60\xff\x51\x03\x03\xd0\x90" + END  # 240 at tick 96
    first = b"\x00\xff\x51\x03\x0f\x42\x40" + NOTE + END  # 60 at tick 0
    assert read(file_of(late, first)).tempo == 60.0


def test_formats_0_1_and_2_are_read(read) -> None:
    for form in (0, 1, 2):
        assert rows(read(file_of(NOTE + END, form=form))) == [(0, 96, 60)]


def test_unknown_chunks_a_long_header_and_bytes_after_the_last_track_are_skipped(read) -> None:
    long_header = chunk(b"MThd", struct.pack(">HHH", 1, 1, 96) + b"more")
    data = long_header + chunk(b"XFIH", b"abc") + chunk(b"MTrk", NOTE + END) + b"garbage"
    assert rows(read(data)) == [(0, 96, 60)]


def test_a_header_that_announces_other_tracks_than_there_are_is_read(read) -> None:
    track = chunk(b"MTrk", NOTE + END)
    for announced in (0, 2, 300):
        for rest in (b"", b"junk", b"0123456789", bytes(64)):
            assert rows(read(header(announced) + track + rest)) == [(0, 96, 60)]


def test_a_track_that_announces_too_many_bytes_is_read_up_to_its_end(read) -> None:
    track = b"MTrk\xff\xff\xff\xff" + NOTE + END
    assert rows(read(header() + track)) == [(0, 96, 60)]
    assert rows(read(header(2) + track + track)) == [(0, 96, 60)] * 2


def test_events_after_the_end_of_a_track_are_ignored(read) -> None:
    assert rows(read(file_of(NOTE + END + NOTE + b"\xf4"))) == [(0, 96, 60)]


def test_running_status_outlives_a_real_time_message(read) -> None:
    assert rows(read(file_of(b"\x00\x90\x3c\x40\x00\xf8\x60\x3c\x00" + END))) == [(0, 96, 60)]


def test_smpte_frames_are_converted_to_beats(read) -> None:
    # 25 frames of 40 ticks: a tick is a millisecond.
    midi = read(file_of(NOTE + END, division=0xE728))
    assert (midi.ticks_per_beat, midi.tempo, rows(midi)) == (500, 120.0, [(0, 96, 60)])
    slow = b"\x00\xff\x51\x03\x0f\x42\x40" + NOTE + END  # a beat lasts a second
    assert read(file_of(slow, division=0xE728)).ticks_per_beat == 1_000
    midi = read(file_of(NOTE + END, division=0xE350))  # 30,000 / 1,001 frames of 80 ticks
    assert midi.ticks_per_beat / midi.end_tick == 40 * 30_000 / 1_001 / 96


def test_one_piece_of_format_2_must_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "songs.mid"
    tempo = b"\x00\xff\x51\x03\x0f\x42\x40"
    other = tempo + b"\x00\x90\x48\x40\x30\x48\x00" + END
    path.write_bytes(file_of(NOTE + END, END, other, form=2))
    with pytest.raises(MidiError, match=r"several pieces .*--track 1, 3$"):
        read_piece(path)
    first, last = read_piece(path, tracks=[1]), read_piece(path, tracks=[3])
    assert (first.notes.tolist(), first.tempo, first.end_tick) == ([[0, 96, 60, 0]], 120.0, 96)
    assert (last.notes.tolist(), last.tempo, last.end_tick) == ([[0, 48, 72, 0]], 60.0, 48)


def test_tracks_channels_and_parts_are_chosen(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    named = b"\x00\xff\x03\x04Left\x00\xc1\x28"
    second = named + b"\x00\x91\x30\x40\x60\x81\x30\x40" + NOTE + END
    path.write_bytes(file_of(NOTE + END, second))
    assert list_parts(path) == [
        "part 1: track 1, channel 1, program 1 (piano), 1 note, C4 to C4",
        "part 2: track 2, channel 2, Left, program 41 (strings), 1 note, C3 to C3",
        "part 3: track 2, channel 1, Left, program 1 (piano), 1 note, C4 to C4",
    ]
    assert len(read_piece(path).parts) == 3
    low = [[0, 96, 48, 0]]
    assert read_piece(path, tracks=[2]).notes.tolist() == [*low, [96, 192, 60, 1]]
    assert read_piece(path, channels=[2]).notes.tolist() == low
    assert read_piece(path, parts=[2]).notes.tolist() == low
    assert read_piece(path, parts=[2]).parts[0].programs == (40,)
    assert read_piece(path, tracks=[1]).end_tick == 96
    with pytest.raises(MidiError, match=r"no notes in what was chosen; there is part 1: track 1"):
        read_piece(path, tracks=[3])


def test_running_status_outlives_a_meta_event_as_many_programs_write_it(read) -> None:
    track = b"\x00\x90\x3c\x40\x00\xff\x01\x01x\x60\x3c\x00" + END
    assert rows(read(file_of(track))) == [(0, 96, 60)]


def test_the_time_of_events_that_say_nothing_to_a_song_counts(read) -> None:
    unknown, controller = b"\x10\xff\x60\x02ab", b"\x10\xb0\x40\x7f"
    exclusive, escape = b"\x10\xf0\x02\x01\xf7", b"\x10\xf7\x01\xff"
    track = unknown + controller + exclusive + escape + NOTE + END
    assert rows(read(file_of(track))) == [(64, 160, 60)]


def test_ticks_beyond_32_bits_are_kept_exactly(read) -> None:
    wait = b"\xff\xff\xff\x7f"
    track = (wait + b"\xb0\x40\x00") * 40 + NOTE + END
    assert rows(read(file_of(track, division=1))) == [(40 * (2**28 - 1), 40 * (2**28 - 1) + 96, 60)]


DROPPED = {
    "a tempo of one byte": b"\xff\x51\x01\x07",
    "a metre of one byte": b"\xff\x58\x01\x03",
    "a metre of no beats": b"\xff\x58\x04\x00\x02\x18\x08",
    "a metre of absurd units": b"\xff\x58\x04\x03\xff\x18\x08",
    "a tempo of zero": b"\xff\x51\x03\x00\x00\x00",
    "a real-time message": b"\xf8",
    "a song position": b"\xf2\x01\x02",
    "a key signature of one byte": b"\xff\x59\x01\x02",
    "a key signature of nine sharps": b"\xff\x59\x02\x09\x00",
    "a key signature of mode 7": b"\xff\x59\x02\x01\x07",
    "an unknown frame rate": b"\xff\x54\x05\xff\x00\x00\x00\x00",
    "a time code of one byte": b"\xff\x54\x01\x00",
    "another program's data": b"\xff\x7f\x03abc",
    "a mark that is too long": b"\xff\x7f\x82\x01}kuznechik" + bytes(247),
}


@pytest.mark.parametrize("name", DROPPED)
def test_an_odd_event_that_no_song_needs_is_dropped(name: str, tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(file_of(b"\x10" + DROPPED[name] + NOTE + END))
    piece = read_piece(path)
    assert piece.notes.tolist() == [[16, 112, 60, 0]]
    assert (piece.tempos, piece.metres, piece.keys, piece.mark) == ((), (), (), None)


def test_key_signatures_names_and_the_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    mark = b"\x00\xff\x7f\x0c}kuznechik 1"
    named = b"\x00\xff\x03\x07M\xe9lodie" + NOTE + END
    path.write_bytes(
        file_of(b"\x05\xff\x59\x02\xfd\x01" + END, mark + b"\x00\xff\x59\x02\x02\x00" + named)
    )
    piece = read_piece(path)
    assert piece.keys == ((0, 2, False), (5, -3, True))
    assert piece.mark == b"}kuznechik 1"
    assert [part.name for part in piece.parts] == ["Mélodie"]


# What is wrong with a broken one


def test_an_error_survives_being_copied_from_one_process_to_another() -> None:
    error = copy.copy(MidiError(Path("song.mid"), "no notes"))
    assert (error.path, error.reason, str(error)) == ("song.mid", "no notes", "song.mid: no notes")


BROKEN = {
    "an empty file": (b"", "empty"),
    "SMPTE frames with two tempos": (
        file_of(
            b"\x00\xff\x51\x03\x07\xa1\x20" + b"\x00\xff\x51\x03\x0f\x42\x40" + NOTE + END,
            division=0xE728,
        ),
        "timed in SMPTE frames with 2 tempos",
    ),
    "99 SMPTE frames": (file_of(NOTE + END, division=0x9D28), "99 frames"),
    "SMPTE frames without ticks": (file_of(NOTE + END, division=0xE700), "0 ticks"),
    "a second track cut in its name": (file_of(NOTE + END, NOTE + END, form=1)[:-14], "after 1"),
    "too many tempos": (
        file_of(NOTE + b"\x00\xff\x51\x03\x07\xa1\x20" * (MAX_METAS + 1) + END),
        f"more than {MAX_METAS:,} tempos",
    ),
    "a text file": (b"Twinkle, twinkle, little star\n", "not a MIDI file"),
    "a header cut short": (header()[:10], "truncated"),
    "a header of no length": (b"MThd" + bytes(20), "header"),
    "a header longer than the file": (b"MThd\xff\xff\xff\xff" + bytes(20), "header"),
    "format 3": (file_of(NOTE + END, form=3), "format 3"),
    "no tracks": (header(tracks=0), "0 tracks"),
    "40,000 tracks": (file_of(*[NOTE + END] * 40_000), "more than 4,096 tracks"),
    "zero ticks": (file_of(NOTE + END, division=0), "zero ticks"),
    "a track cut short": (file_of(NOTE + END)[:-3], "truncated"),
    "a track longer than the file": (header() + b"MTrk\xff\xff\xff\xff" + NOTE, "truncated"),
    "a megabyte of delta time": (file_of(b"\xff" * 1_000_000 + b"\x00" + NOTE), "four bytes"),
    "a megabyte of length": (
        file_of(NOTE + b"\x00\xff\x01" + b"\x81" * 1_000_000 + b"\x00"),
        "four bytes",
    ),
    "a number of five bytes": (file_of(b"\x80\x80\x80\x80\x00" + NOTE[1:] + END), "four bytes"),
    "an exclusive event of absurd length": (
        file_of(NOTE + b"\x00\xf0\xff\xff\xff\x7f" + b"x" * 99),
        "runs past its track",
    ),
    "a text of absurd length": (
        file_of(NOTE + b"\x00\xff\x01\xff\xff\xff\x7f" + b"x" * 99),
        "runs past its track",
    ),
    "an event cut by the end of its track": (file_of(NOTE + b"\x00\x90\x3c"), "runs past"),
    "a delta time and nothing after it": (file_of(NOTE + b"\x00"), "runs past"),
    "a pitch above 127": (file_of(b"\x00\x90\xbc\x40" + END), "above 127"),
    "a velocity above 127": (file_of(b"\x00\x90\x3c\xc0" + END), "above 127"),
    "data without a status": (file_of(b"\x00\x3c\x40" + END), "without a status"),
    "running status after an exclusive event": (
        file_of(NOTE + b"\x00\xf0\x01\xf7\x00\x3c\x40" + END),
        "without a status",
    ),
    "an undefined status": (file_of(NOTE + b"\x00\xf4" + END), "status 0xf4"),
    "no notes": (file_of(END), "no notes"),
    "tracks without any event": (file_of(b"", b""), "no notes"),
    "only notes of no velocity": (file_of(b"\x00\x90\x3c\x00" + END), "no notes"),
    "only percussion": (file_of(b"\x00\x99\x26\x40\x60\x89\x26\x40" + END), "but percussion"),
    "2 MB of program changes": (
        file_of(NOTE + b"\x00\xc0\x00" + b"\x00\x00" * 990_000 + END),
        f"more than {MAX_EVENTS:,}",
    ),
    "2 MB of notes": (
        file_of(b"\x00\x90\x3c\x40" + b"\x00\x3c\x40" * 660_000 + END),
        f"more than {MAX_EVENTS:,}",
    ),
    "a file too large to be a song": (file_of(NOTE + END) + bytes(MAX_BYTES), "too large"),
}


def assert_one_line(error: MidiError, path: Path) -> None:
    assert error.path == str(path)
    assert str(error) == f"{path}: {error.reason}"
    assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_file_gives_one_line_with_the_path_and_the_reason(damage, read, tmp_path) -> None:
    data, reason = BROKEN[damage]
    with pytest.raises(MidiError) as caught:
        read(data)
    assert reason in caught.value.reason
    assert_one_line(caught.value, tmp_path / "song.mid")


def test_the_place_of_the_damage_is_told(read) -> None:
    data = file_of(NOTE + END, NOTE + b"\x00\xf4" + END)
    with pytest.raises(MidiError) as caught:
        read(data)
    place = "status 0xf4 in the event at offset 8 (track 2, at byte"
    assert place in caught.value.reason
    start = int(caught.value.reason.rstrip(")").split()[-1])
    assert data[start + 8 : start + 10] == b"\x00\xf4"


def test_what_is_no_regular_file_is_refused_without_being_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mid"
    os.mkfifo(pipe)
    paths = {tmp_path: "directory", tmp_path / "missing.mid": "No such file", pipe: "not a regular"}
    paths[Path("/dev/zero")] = "not a regular"
    for path, reason in paths.items():
        with pytest.raises(MidiError, match=reason) as caught:
            read_notes(path)
        assert_one_line(caught.value, path)
    with pytest.raises(MidiError, match="null byte"):
        read_notes("song\0.mid")


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.mid"
    path.write_bytes(file_of(NOTE + END))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(MidiError, match="Permission denied"):
        read_notes(path)


def test_a_path_with_line_breaks_still_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(MidiError) as caught:
        read_notes(tmp_path / "two\nlines\x1b.mid")
    assert str(caught.value).isprintable()


def whole_file() -> bytes:
    """Return a small file with every kind of event, written by mido."""
    first = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="fuzz"),
            mido.MetaMessage("set_tempo", tempo=400_000),
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("key_signature", key="Am"),
            mido.MetaMessage("smpte_offset", hours=1),
            mido.MetaMessage("sequencer_specific", data=(1, 2, 3)),
            mido.Message("sysex", data=(1, 2, 3), time=10),
        ]
    )
    second = mido.MidiTrack([mido.Message("program_change", program=3)])
    for pitch in (60, 62, 64, 72, 60):
        second.append(mido.Message("note_on", note=pitch, velocity=70, time=240))
        second.append(mido.Message("pitchwheel", pitch=100, time=5))
        second.append(mido.Message("note_off", note=pitch, time=235))
    buffer = io.BytesIO()
    mido.MidiFile(tracks=[first, second]).save(file=buffer)
    return buffer.getvalue()


def test_mutations_of_a_file_are_read_or_refused_and_never_come_back_empty(read) -> None:
    whole, chance = whole_file(), random.Random(20)
    mutations = [whole[:length] for length in range(len(whole))]
    mutations += [chance.randbytes(chance.randrange(1, 200)) for _ in range(50)]
    mutations += [whole[:22] + chance.randbytes(150) for _ in range(50)]
    for _ in range(500):
        mutation = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            mutation[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        mutations.append(bytes(mutation))
    refusals = []
    for mutation in mutations:
        try:
            midi = read(mutation)
        except MidiError as error:
            refusals.append(str(error))
            continue
        assert len(midi.notes) > 0
        assert (midi.notes[:, 0] <= midi.notes[:, 1]).all()
        assert midi.tempo > 0
    assert len(whole) < len(refusals) < len(mutations)
    assert all(len(refusal.splitlines()) == 1 for refusal in refusals)
