"""Songs: MIDI to piano roll and back, and edits of songs."""

from __future__ import annotations

from dataclasses import replace
from math import floor
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evo.core.errors import MidiError
from evo.music.corruption import corrupted
from evo.music.metre import Key, Metre
from evo.music.midi.reading import MAX_STEPS, Reading
from evo.music.planes import connected
from evo.music.song import Song

SEED_SONGS = Path(__file__).resolve().parents[3].parent / "shared" / "seed_songs"

rolls = st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 13, 88])).flatmap(
    lambda shape: arrays(np.bool_, shape).filter(np.any)
)
few = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def save(path: Path, *notes: tuple[int, int, int], end: int = 0, ticks: int = 480) -> Path:
    """Write notes (onset, end, pitch), in ticks, as another program does."""
    events = sorted([(on, 1, p) for on, _, p in notes] + [(off, 0, p) for _, off, p in notes])
    track, now = mido.MidiTrack(), 0
    for tick, on, pitch in events:
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=pitch, velocity=64, time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    mido.MidiFile(ticks_per_beat=ticks, tracks=[track]).save(path)
    return path


def judge_grid(path: Path, keys: int, lowest: int, steps_per_beat: int) -> np.ndarray:
    """Return a song as plain mido reads it.

    Nearest step, halves up, and fewest semitones.
    """
    midi = mido.MidiFile(path)
    onsets = []
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                step = floor(tick * steps_per_beat / midi.ticks_per_beat + 0.5)
                onsets.append((step, message.note))
    low, high = min(n for _, n in onsets), max(n for _, n in onsets)
    shift = max(lowest - low, 0) or min(lowest + keys - 1 - high, 0)
    last = max(step for step, _ in onsets)
    grid = np.zeros((last + 1, keys), dtype=bool)
    for step, note in onsets:
        grid[step, note + shift - lowest] = True
    return grid


def keys_of(song: Song) -> list[tuple[int, int]]:
    return [(int(step), int(key)) for step, key in np.argwhere(song.onsets)]


def seed_songs() -> list[Song]:
    """Return the seed songs that fit 13 keys."""
    if not SEED_SONGS.is_dir():
        pytest.skip("the seed songs are not beside this repository: no ../shared/seed_songs")
    songs, too_wide = [], []
    for path in sorted(SEED_SONGS.glob("track_*.mid")):
        try:
            songs.append(Song.load(path, keys=13, steps_per_beat=2))
        except MidiError as error:
            too_wide.append("more than 13" in error.reason)
    assert too_wide == [True, True, True]
    return songs


# The song itself


def test_a_song_cannot_be_changed_from_outside() -> None:
    grid = np.zeros((4, 13), dtype=bool)
    song = Song(grid)
    grid[0, 0] = True
    assert not song.onsets.any()
    with pytest.raises(ValueError, match="read-only"):
        song.onsets[0, 0] = True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"onsets": np.zeros((4, 13))}, r"onsets: expected a bool array .*, got float64 \(4, 13\)"),
        (
            {"onsets": np.zeros(4, dtype=bool)},
            r"onsets: expected .*got bool \(4,\)",
        ),
        (
            {"onsets": np.zeros((0, 13), dtype=bool)},
            "onsets: number of steps: expected 1 to",
        ),
        ({"onsets": np.zeros((4, 129), dtype=bool)}, "onsets: number of keys: expected 1 to 128"),
        ({"sounding": np.zeros((4, 12), dtype=bool)}, r"sounding: expected \(4, 13\), got"),
        ({"sounding": np.ones((4, 13), dtype=bool)}, "sounding: a key sounds without an onset"),
        ({"program": 128}, "program: expected 0 to 127, got 128"),
        ({"tempo_changes": ((2, 90.0), (2, 100.0))}, "tempo_changes: expected increasing steps"),
        ({"key_changes": ((4, Key(1)),)}, "key_changes: expected increasing steps from 1 to 3"),
        ({"metre": Metre(changes=((9, 3, 4),))}, r"metre.changes: expected increasing steps"),
        ({"lowest_note": 116}, "lowest_note: expected 0 to 115, got 116"),
        ({"lowest_note": 60.0}, "lowest_note: expected an integer"),
        ({"steps_per_beat": 0}, "steps_per_beat: expected 1 to 32,767, got 0"),
        ({"tempo": -1.0}, "tempo: expected"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        Song(**{"onsets": np.zeros((4, 13), dtype=bool)} | arguments)


def test_songs_are_equal_when_they_sound_the_same() -> None:
    grid = np.eye(13, dtype=bool)
    song = Song(grid, name="a")
    assert song == Song(grid, name="b", tempo=120.00001)
    assert hash(song) == hash(Song(grid, name="b"))
    assert song != Song(~grid)
    assert song != Song(grid, tempo=60.0)
    assert song != Song(grid, lowest_note=61)
    assert song != Song(grid, sounding=np.maximum.accumulate(grid))
    assert song != Song(grid, metre=Metre(3))
    assert song != Song(grid, key=Key(1))
    assert song != Song(grid, program=1)
    assert song != Song(grid, tempo_changes=((2, 60.0),))
    assert song != grid.tobytes()


def test_a_song_tells_what_it_is_in_one_line() -> None:
    song = Song(np.eye(13, dtype=bool), name="scale")
    assert repr(song) == "Song('scale', 13 steps x 13 keys C4..C5, 13 notes, 4/4, 3.2 s)"
    assert (song.steps, song.keys, song.duration) == (13, 13, 3.25)


# From MIDI


def test_onsets_fall_on_the_nearest_step(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, 60), (230, 480, 62), (500, 960, 64), (700, 960, 72))
    song = Song.load(path, steps_per_beat=2)
    assert keys_of(song) == [(0, 0), (1, 2), (2, 4), (3, 12)]
    assert (song.name, song.lowest_note, song.keys, song.steps) == ("a", 60, 13, 4)
    assert keys_of(Song.load(path, steps_per_beat=4)) == [(0, 0), (2, 2), (4, 4), (6, 12)]


def test_halves_between_two_steps_are_rounded_up(tmp_path: Path) -> None:
    sixteenths = [(120 * n, 120 * n + 120, 60 + n) for n in range(7)]
    song = Song.load(save(tmp_path / "a.mid", *sixteenths), steps_per_beat=2)
    assert [step for step, _ in keys_of(song)] == [0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("pitches", "lowest_note"), [((60, 72), 60), ((58, 65), 58), ((70, 75), 63), ((20, 20), 20)]
)
def test_a_song_keeps_its_pitch_on_the_keys_given(pitches, lowest_note, tmp_path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, pitches[0]), (240, 480, pitches[1]))
    song = Song.load(path, keys=13)
    assert song.lowest_note == lowest_note
    assert [pitch for _, _, pitch in song.notes()] == list(pitches)
    moved = Song.load(path, keys=13, lowest_note=60)
    assert keys_of(moved) == [(step, key) for step, key in keys_of(song)]


def test_automatic_keys_are_the_range_of_the_notes(tmp_path: Path) -> None:
    song = Song.load(save(tmp_path / "a.mid", (0, 240, 55), (240, 480, 73)))
    assert (song.lowest_note, song.keys, keys_of(song)) == (55, 19, [(0, 0), (1, 18)])


def test_a_song_too_wide_for_the_keys_is_refused_with_advice(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, 60), (240, 480, 73))
    with pytest.raises(MidiError) as caught:
        Song.load(path, keys=13)
    assert str(caught.value) == (
        f"{path}: needs 14 keys, C4 to C#5, more than 13: load it with --keys auto or --keys 88"
    )
    piano = Song.load(path, keys=88)
    assert (piano.lowest_note, keys_of(piano)) == (21, [(0, 39), (1, 52)])
    widest = save(tmp_path / "b.mid", (0, 240, 0), (240, 480, 127))
    with pytest.raises(MidiError, match="--keys 128"):
        Song.load(widest, keys=88)
    assert keys_of(Song.load(widest, keys=128)) == [(0, 0), (1, 127)]


def test_a_key_sounds_from_its_onset_to_its_release(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 720, 60), (240, 250, 62), (480, 960, 60), (0, 240, 64))
    song = Song.load(path, steps_per_beat=2)
    assert np.flatnonzero(song.sounding[:, 0]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(song.sounding[:, 2]).tolist() == [1]
    assert np.flatnonzero(song.sounding[:, 4]).tolist() == [0]
    assert keys_of(song) == [(0, 0), (0, 4), (1, 2), (2, 0)]
    assert song.notes() == [(0, 1, 64), (0, 2, 60), (1, 2, 62), (2, 4, 60)]


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ((0, 480, 960), 1),
        ((0, 240, 720), 2),
        ((0, 160, 320), 3),
        ((0, 120, 480), 4),
        ((0, 80, 240), 6),
        ((0, 60, 480), 8),
        ((0, 120, 160), 12),
        ((0, 30, 480), 16),
        ((0, 20, 60), 24),
    ],
)
def test_the_resolution_is_the_coarsest_that_keeps_every_onset(ticks, expected, tmp_path) -> None:
    notes = [(tick, tick + 10, 60 + number) for number, tick in enumerate(ticks)]
    song = Song.load(save(tmp_path / "a.mid", *notes))
    assert song.steps_per_beat == expected
    assert [step * 480 for step, _ in keys_of(song)] == [tick * expected for tick in ticks]


def test_a_resolution_that_loses_onsets_says_how_many(tmp_path: Path) -> None:
    notes = [(120 * number, 120 * number + 60, 60) for number in range(8)]
    path = save(tmp_path / "a.mid", *notes)
    assert Song.read(path, Reading())[1] == ()
    song, remarks = Song.read(path, Reading(steps_per_beat=2))
    assert len(song.notes()) == 5
    assert remarks[0].startswith("3 of 8 onsets are lost at 2 steps per beat")
    assert remarks[1].startswith("4 of 8 onsets are between the steps")


def test_a_regular_file_on_another_beat_is_recognised(tmp_path: Path) -> None:
    notes = [(256 * number, 256 * number + 200, 60 + number % 5) for number in range(12)]
    path = save(tmp_path / "a.mid", *notes)
    song, remarks = Song.read(path, Reading())
    assert (song.steps_per_beat, song.tempo) == (2, 112.5)
    assert [step for step, _ in keys_of(song)] == list(range(12))
    assert remarks[0].startswith("regular; the beat is 512 ticks, not 480")
    declared, _ = Song.read(path, Reading(beat_ticks=480))
    assert declared.tempo == 120.0
    assert Song.read(path, Reading(beat_ticks=256))[0].steps_per_beat == 1


def test_metre_key_program_and_tempos_are_kept(tmp_path: Path) -> None:
    track = mido.MidiTrack()
    meta, message = mido.MetaMessage, mido.Message
    track += [
        meta("set_tempo", tempo=600_000, time=0),
        meta("time_signature", numerator=3, denominator=4, time=0),
        meta("key_signature", key="F#m", time=0),
        message("program_change", program=73, time=0),
        *(
            message(kind, note=62, velocity=64, time=time)
            for _ in range(6)
            for kind, time in (("note_on", 0), ("note_off", 480))
        ),
        meta("set_tempo", tempo=500_000, time=0),
        meta("time_signature", numerator=2, denominator=4, time=0),
        meta("key_signature", key="D", time=0),
        *(
            message(kind, note=62, velocity=64, time=time)
            for _ in range(4)
            for kind, time in (("note_on", 0), ("note_off", 480))
        ),
    ]
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "a.mid")
    song = Song.load(tmp_path / "a.mid")
    assert (song.tempo, song.tempo_changes) == (100.0, ((6, 120.0),))
    assert song.metre == Metre(3, 4, 0, ((6, 2, 4),))
    assert (song.key, song.key_changes, song.program) == (Key(3, True), ((6, Key(2)),), 73)
    assert song.bar_starts().tolist() == [0, 3, 6, 8]
    assert song.duration == pytest.approx(6 * 0.6 + 4 * 0.5)
    song.save(tmp_path / "b.mid")
    assert Song.load(tmp_path / "b.mid") == song


@pytest.mark.parametrize(
    ("signatures", "first_onset", "first_bar", "pickup"),
    [
        ([(0, 1, 4), (480, 3, 4)], 0, 1, 1),  # a first bar of a beat
        ([(0, 3, 4), (480, 3, 4)], 0, 1, 1),  # the signature, again
        ([(0, 3, 4)], 960, 3, 1),  # rests before the pickup
        ([(0, 3, 4)], 1440, 0, 0),  # a bar of rests
    ],
)
def test_a_pickup_is_read_from_the_file(
    signatures, first_onset, first_bar, pickup, tmp_path
) -> None:
    conductor, now = mido.MidiTrack(), 0
    for tick, beats, unit in signatures:
        conductor.append(
            mido.MetaMessage("time_signature", numerator=beats, denominator=unit, time=tick - now)
        )
        now = tick
    notes = mido.MidiTrack()
    for number in range(7):
        time = first_onset if number == 0 else 0
        notes.append(mido.Message("note_on", note=60 + number, velocity=64, time=time))
        notes.append(mido.Message("note_off", note=60 + number, velocity=64, time=480))
    mido.MidiFile(ticks_per_beat=480, tracks=[conductor, notes]).save(tmp_path / "a.mid")
    song = Song.load(tmp_path / "a.mid")
    assert (song.metre.first_bar, song.pickup) == (first_bar, pickup)
    assert str(song.metre) == "3/4"


def test_the_length_is_that_of_the_file_or_as_asked(tmp_path: Path) -> None:
    assert Song.load(save(tmp_path / "a.mid", (0, 240, 60), end=1900)).steps == 4
    assert Song.load(save(tmp_path / "b.mid", (0, 1900, 60)), steps_per_beat=2).steps == 8
    assert Song.load(save(tmp_path / "c.mid", (0, 1, 60), (960, 961, 60))).steps == 3
    path = save(tmp_path / "d.mid", (0, 960, 60), (960, 1200, 62))
    assert keys_of(Song.load(path, steps=100)) == [(0, 0), (2, 2)]
    assert Song.load(path, steps=100).steps == 100
    assert Song.load(path, steps=2, steps_per_beat=2).notes() == [(0, 2, 60)]


def test_a_song_never_comes_back_silently_empty(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (960, 1200, 60))
    with pytest.raises(MidiError, match="no notes in the first 2 steps"):
        Song.load(path, steps=2)
    with pytest.raises(MidiError, match="no notes"):
        Song.load(save(tmp_path / "b.mid"))


def test_an_endless_song_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (2**28 - 2, 2**28 - 1, 60), ticks=1)
    with pytest.raises(MidiError, match="lasts 536870910 steps, at most 65536"):
        Song.load(path, steps_per_beat=2)
    longest = save(tmp_path / "b.mid", (0, 1, 60), end=MAX_STEPS, ticks=2)
    assert Song.load(longest, steps_per_beat=2).steps == MAX_STEPS
    with pytest.raises(MidiError, match="cut it with steps=N"):
        Song.load(
            save(tmp_path / "c.mid", (0, 1, 60), end=MAX_STEPS + 1, ticks=2), steps_per_beat=2
        )
    assert Song.load(tmp_path / "c.mid", steps=8).steps == 8


@pytest.mark.parametrize(
    "options",
    [{"keys": 0}, {"keys": 129}, {"lowest_note": 128}, {"steps_per_beat": 0}, {"steps": 0}],
)
def test_an_argument_out_of_range_is_named(options, tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, 60))
    with pytest.raises(ValueError, match=f"^{next(iter(options))}: expected"):
        Song.load(path, **options)


def test_seed_songs_read_as_plain_mido_reads_them() -> None:
    songs = seed_songs()
    assert len(songs) == 31
    for song in songs:
        judged = judge_grid(SEED_SONGS / f"{song.name}.mid", 13, 60, 2)
        whole = song.whole_bars()
        assert np.array_equal(whole.onsets[: len(judged)], judged)
        assert not whole.onsets[len(judged) :].any()
        assert (whole.steps - whole.metre.first_bar) % 8 == 0


def test_seed_songs_in_all_positions_give_7920_objects() -> None:
    assert sum(120 * len(song.transpositions()) for song in seed_songs()) == 7920


@few
@given(
    notes=st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1, 900), st.integers(55, 67)),
        min_size=1,
        max_size=20,
    ),
    ticks=st.sampled_from([1, 7, 96, 480]),
    steps_per_beat=st.integers(1, 5),
)
def test_any_tune_reads_as_plain_mido_reads_it(notes, ticks, steps_per_beat, tmp_path) -> None:
    notes = [(on * ticks // 96, on * ticks // 96 + long, pitch) for on, long, pitch in notes]
    path = save(tmp_path / "a.mid", *notes, ticks=ticks)
    song = Song.load(path, keys=13, lowest_note=60, steps_per_beat=steps_per_beat)
    judged = judge_grid(path, 13, 60, steps_per_beat)
    assert np.array_equal(song.onsets[: len(judged)], judged)
    assert not song.onsets[len(judged) :].any()


# To MIDI and back


@st.composite
def songs(draw):
    """Draw songs with notes of any length, metre, pickup, key, program and tempo map."""
    onsets = draw(rolls)
    silence = draw(st.integers(0, 9))
    onsets = np.vstack([onsets, np.zeros((silence, onsets.shape[1]), dtype=bool)])
    steps = len(onsets)
    held = draw(arrays(np.bool_, onsets.shape))
    at = draw(st.lists(st.integers(1, max(steps - 1, 1)), unique=True, max_size=3))
    at = sorted(step for step in at if step < steps)
    beat = draw(st.integers(1, 1000))
    unit = draw(st.sampled_from([2, 4, 8]))
    metre = Metre(draw(st.integers(2, 9)), unit)
    first_bar = draw(st.integers(0, min(int(metre.bar(beat)), steps - 1)))
    changes = [(step, 11, 4) for step in at[:1] if step > first_bar]
    keys = st.builds(Key, st.integers(-7, 7), st.booleans())
    return Song(
        onsets,
        21,
        beat,
        draw(st.sampled_from([133.0, 60.0])),
        sounding=connected(onsets, held),
        metre=replace(metre, first_bar=first_bar, changes=tuple(changes)),
        key=draw(keys),
        program=draw(st.integers(0, 127)),
        tempo_changes=tuple((step, 100.0 + step) for step in at),
        key_changes=tuple((step, Key(step % 2 - 5, True)) for step in at[1:2]),
    )


@few
@given(song=songs())
def test_saving_and_loading_gives_the_same_song(song, tmp_path):
    if not song.onsets.any():
        return
    if song.key_changes and song.key_changes[0][1] == song.key:
        song = replace(song, key_changes=())
    song.save(tmp_path / "a.mid")
    assert Song.load(tmp_path / "a.mid") == song
    given = Song.load(
        tmp_path / "a.mid", keys=song.keys, lowest_note=21, steps_per_beat=song.steps_per_beat
    )
    assert given == song


@pytest.mark.parametrize("mark", [b"}kuznechik", b"}kuznechik{}", b"}kuznechik[1]", b"}kuz"])
def test_a_strange_mark_is_no_harm(mark: bytes, tmp_path: Path) -> None:
    midi = mido.MidiFile(save(tmp_path / "a.mid", (0, 240, 60), (240, 480, 64)))
    midi.tracks[0].insert(0, mido.MetaMessage("sequencer_specific", data=tuple(mark), time=0))
    midi.save(tmp_path / "b.mid")
    assert Song.load(tmp_path / "b.mid") == Song.load(tmp_path / "a.mid")


def test_the_longest_song_and_the_finest_steps_survive_saving(tmp_path: Path) -> None:
    grid = np.zeros((MAX_STEPS, 13), dtype=bool)
    grid[[0, 5, -1], [0, 7, 12]] = True
    for steps_per_beat, tempo in ((1, 3.6), (32_767, 1e6)):
        song = Song(grid, steps_per_beat=steps_per_beat, tempo=tempo)
        song.save(tmp_path / "a.mid")
        assert Song.load(tmp_path / "a.mid", steps_per_beat=steps_per_beat) == song


def test_the_same_song_gives_the_same_bytes(tmp_path: Path) -> None:
    song = Song(np.eye(13, dtype=bool), name="Кузнечик")
    song.save(tmp_path / "a.mid")
    song.save(tmp_path / "b.mid")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_a_held_key_is_one_note_and_a_repeated_one_is_two() -> None:
    onsets = np.array([[1], [0], [1], [1]], dtype=bool)
    held = np.ones((4, 1), dtype=bool)
    assert Song(onsets, sounding=held).notes() == [(0, 2, 60), (2, 3, 60), (3, 4, 60)]
    assert Song(onsets).notes() == [(0, 1, 60), (2, 3, 60), (3, 4, 60)]


def test_a_song_that_cannot_be_saved_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(MidiError, match="cannot be written: Is a directory"):
        Song(np.eye(13, dtype=bool)).save(tmp_path)


# What can be made of a song


def test_whole_bars_cut_and_add_only_silence() -> None:
    def steps_of(length: int, last: int | None, **options: int) -> int:
        grid = np.zeros((length, 13), dtype=bool)
        if last is not None:
            grid[last] = True
        whole = Song(grid).whole_bars(**options)
        assert whole.onsets.sum() == grid.sum()
        return whole.steps

    assert steps_of(20, 19) == steps_of(500, 23) == 24
    assert steps_of(500, None) == 8
    assert steps_of(20, 3, minimum=12) == 16
    waltz = Song(np.eye(13, dtype=bool), metre=Metre(3, 4, 2))
    assert waltz.whole_bars().steps == 14
    assert waltz.bar_starts().tolist() == [2, 8]


def test_a_roll_with_durations_has_both_planes() -> None:
    onsets = np.array([[1, 0], [0, 0], [1, 1]], dtype=bool)
    sounding = np.array([[1, 0], [1, 0], [1, 1]], dtype=bool)
    song = Song(onsets, 67, 4, 90.0, sounding=sounding, metre=Metre(3), key=Key(1))
    assert np.array_equal(song.roll(), onsets)
    assert np.array_equal(song.roll(durations=True), np.hstack([onsets, sounding]))
    assert song.played(song.roll(durations=True)) == song


def test_a_played_roll_keeps_pitch_metre_key_and_tempo() -> None:
    song = Song(np.eye(8, dtype=bool), 67, 4, 90.0, metre=Metre(3, 4, 1), key=Key(1), program=40)
    onsets = np.zeros((20, 8), dtype=bool)
    onsets[[0, 2, 9], [7, 3, 0]] = True
    played = song.played(onsets)
    assert played.notes() == [(0, 2, 74), (2, 9, 70), (9, 20, 67)]
    late = song.played(np.vstack([onsets, np.zeros_like(onsets)]))
    assert late.notes()[-1] == (9, 21, 67)  # at most a bar
    assert (played.metre, played.key, played.program) == (song.metre, song.key, 40)
    loose = np.hstack([onsets, np.ones_like(onsets)])
    assert [note[2] for note in song.played(loose).notes()] == [74, 70, 67]


def test_transpositions_are_all_positions_on_the_keys() -> None:
    grid = np.zeros((4, 13), dtype=bool)
    grid[[0, 1, 2], [3, 10, 5]] = True
    songs = Song(grid).transpositions()
    assert [keys_of(song)[0][1] for song in songs] == [0, 1, 2, 3, 4, 5]
    assert all(np.diff([key for _, key in keys_of(song)]).tolist() == [7, -5] for song in songs)
    for semitones in (-4, 3):
        with pytest.raises(ValueError, match="semitones: expected -3 to 2"):
            Song(grid).transposed(semitones)
    silent = Song(np.zeros((4, 13), dtype=bool))
    assert silent.transpositions() == [silent]


@few
@given(grid=rolls, errors=st.integers(0, 80), seed=st.integers(0, 9))
def test_corruption_changes_as_many_steps_as_there_are_errors(grid, errors, seed) -> None:
    steps, keys = grid.shape
    before = grid.copy()
    wrong = corrupted(grid, errors, np.random.default_rng(seed))
    changed = (wrong != grid).any(axis=1)
    if keys > 2 or errors <= steps:
        assert changed.sum() == min(errors, steps)
    if keys > 1:
        assert (wrong[changed].sum(axis=1) == 1).all()
    assert np.array_equal(wrong, corrupted(grid, errors, np.random.default_rng(seed)))
    assert np.array_equal(grid, before)


def test_corruption_adds_to_silent_steps_and_moves_sounding_ones() -> None:
    silent = corrupted(np.zeros((50, 13), dtype=bool), 10, np.random.default_rng(0))
    assert silent.sum() == 10
    chords = np.zeros((200, 13), dtype=bool)
    chords[:, [0, 4, 7]] = True
    wrong = corrupted(chords, 200, np.random.default_rng(0))
    assert (wrong.sum(axis=1) == 1).all()
    assert wrong.any(axis=0).all()


def test_a_short_bar_between_two_is_kept(tmp_path: Path) -> None:
    onsets = np.ones((20, 1), dtype=bool)
    metre = Metre(3, 4, 0, ((5, 3, 4),))  # the second bar has two beats
    song = Song(onsets, 60, 1, metre=metre)
    song.save(tmp_path / "a.mid")
    again = Song.load(tmp_path / "a.mid")
    assert again == song
    assert again.bar_starts().tolist() == [0, 3, 5, 8, 11, 14, 17]


@pytest.mark.parametrize(("change", "first_bar"), [(False, 1), (True, 0)])
def test_a_later_time_signature_tells_where_bars_begin(change, first_bar, tmp_path: Path) -> None:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0))
    for number, beats in enumerate([1, 3] * 10):  # long notes begin on the second beat
        if change and number == 16:
            track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4, time=0))
        track.append(mido.Message("note_on", note=60, velocity=64, time=0))
        track.append(mido.Message("note_off", note=60, velocity=64, time=480 * beats))
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "a.mid")
    assert Song.load(tmp_path / "a.mid").metre.first_bar == first_bar


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("mid", b"MThd"), ("abc", b"%abc"), ("musicxml", b"<?xml"), ("wav", b"RIFF")],
)
def test_a_song_is_saved_as_the_suffix_says(suffix: str, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"song.{suffix}"
    Song(np.eye(13, dtype=bool), name="scale").save(path)
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"metre": (3, 4)}, r"Metre\(3, 4\)"), ({"key": "G"}, "a Key of"), ({"key": Key(9)}, "a Key")],
)
def test_a_metre_or_key_of_another_type_is_refused(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        Song(np.eye(4, dtype=bool), **arguments)
