"""Songs: MIDI to piano roll and back, and edits of songs."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evo.core.errors import MidiError
from evo.music.song import MAX_STEPS, Song

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

    Nearest step, fewest semitones, whole bars from 128 steps.
    """
    midi = mido.MidiFile(path)
    onsets = []
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                onsets.append((round(tick * steps_per_beat / midi.ticks_per_beat), message.note))
    low, high = min(n for _, n in onsets), max(n for _, n in onsets)
    shift = max(lowest - low, 0) or min(lowest + keys - 1 - high, 0)
    last = max(step for step, _ in onsets)
    grid = np.zeros((128 if last < 128 else -(-(last + 1) // 8) * 8, keys), dtype=bool)
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
            songs.append(Song.load(path))
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
        ({"grid": np.zeros((4, 13))}, r"grid: expected a bool array .*, got float64 \(4, 13\)"),
        ({"grid": np.zeros(4, dtype=bool)}, r"grid: expected .*\(steps, keys\), got bool \(4,\)"),
        ({"grid": np.zeros((0, 13), dtype=bool)}, "grid: number of steps: expected 1 to 65,536"),
        ({"grid": np.zeros((4, 129), dtype=bool)}, "grid: number of keys: expected 1 to 128"),
        ({"lowest_note": 116}, "lowest_note: expected 0 to 115, got 116"),
        ({"lowest_note": 60.0}, "lowest_note: expected an integer"),
        ({"steps_per_beat": 0}, "steps_per_beat: expected 1 to 32,767, got 0"),
        ({"tempo": -1.0}, "tempo: expected"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        Song(**{"grid": np.zeros((4, 13), dtype=bool)} | arguments)


def test_songs_are_equal_when_they_sound_the_same() -> None:
    grid = np.eye(13, dtype=bool)
    song = Song(grid, name="a")
    assert song == Song(grid, name="b", tempo=120.00001)
    assert hash(song) == hash(Song(grid, name="b"))
    assert song != Song(~grid)
    assert song != Song(grid, tempo=60.0)
    assert song != Song(grid, lowest_note=61)
    assert song != Song(grid, hold=True)
    assert song != grid.tobytes()


def test_a_song_tells_what_it_is_in_one_line() -> None:
    song = Song(np.eye(13, dtype=bool), name="scale")
    assert repr(song) == "Song('scale', 13 steps x 13 keys C4..C5, 13 notes, 3.2 s)"
    assert (song.steps, song.keys, song.duration) == (13, 13, 3.25)


# From MIDI


def test_onsets_fall_on_the_nearest_step(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, 60), (230, 480, 62), (500, 960, 64), (700, 960, 72))
    song = Song.load(path)
    assert keys_of(song) == [(0, 0), (1, 2), (2, 4), (3, 12)]
    assert (song.name, song.lowest_note, song.steps_per_beat, song.steps) == ("a", 60, 2, 4)
    assert keys_of(Song.load(path, steps_per_beat=4)) == [(0, 0), (2, 2), (4, 4), (6, 12)]


@pytest.mark.parametrize(
    ("pitches", "expected"),
    [((60, 72), (0, 12)), ((58, 65), (0, 7)), ((70, 75), (7, 12)), ((20, 20), (0, 0))],
)
def test_a_song_off_the_keys_moves_by_the_fewest_semitones(pitches, expected, tmp_path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, pitches[0]), (240, 480, pitches[1]))
    assert keys_of(Song.load(path)) == [(0, expected[0]), (1, expected[1])]


def test_a_song_too_wide_for_the_keys_is_refused_with_advice(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 240, 60), (240, 480, 73))
    with pytest.raises(MidiError) as caught:
        Song.load(path)
    assert str(caught.value) == (
        f"{path}: needs 14 keys, C4 to C#5, more than 13: load it with keys=88"
    )
    piano = Song.load(path, keys=88)
    assert (piano.lowest_note, keys_of(piano)) == (21, [(0, 39), (1, 52)])
    widest = save(tmp_path / "b.mid", (0, 240, 0), (240, 480, 127))
    with pytest.raises(MidiError, match="keys=128, lowest_note=0"):
        Song.load(widest, keys=88)
    assert keys_of(Song.load(widest, keys=128, lowest_note=0)) == [(0, 0), (1, 127)]


def test_a_held_key_is_on_from_its_onset_to_its_release(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (0, 720, 60), (240, 250, 62), (480, 960, 60), (0, 240, 64))
    held = Song.load(path, hold=True)
    assert np.flatnonzero(held.onsets[:, 0]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(held.onsets[:, 2]).tolist() == [1]
    assert np.flatnonzero(held.onsets[:, 4]).tolist() == [0]
    assert keys_of(Song.load(path)) == [(0, 0), (0, 4), (1, 2), (2, 0)]


def test_the_length_is_that_of_the_file_or_as_asked(tmp_path: Path) -> None:
    assert Song.load(save(tmp_path / "a.mid", (0, 240, 60), end=1900)).steps == 8
    assert Song.load(save(tmp_path / "b.mid", (0, 1900, 60))).steps == 8
    assert Song.load(save(tmp_path / "c.mid", (0, 1, 60), (960, 961, 60))).steps == 5
    path = save(tmp_path / "d.mid", (0, 960, 60), (960, 1200, 62))
    assert keys_of(Song.load(path, steps=100)) == [(0, 0), (4, 2)]
    assert Song.load(path, steps=100).steps == 100
    assert keys_of(Song.load(path, steps=2, hold=True)) == [(0, 0), (1, 0)]


def test_a_song_never_comes_back_silently_empty(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (960, 1200, 60))
    with pytest.raises(MidiError, match="no notes in the first 4 steps"):
        Song.load(path, steps=4)
    with pytest.raises(MidiError, match="no notes"):
        Song.load(save(tmp_path / "b.mid"))


def test_an_endless_song_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", (2**28 - 2, 2**28 - 1, 60), ticks=1)
    with pytest.raises(MidiError, match="lasts 536870910 steps, at most 65536"):
        Song.load(path, steps_per_beat=2)
    longest = save(tmp_path / "b.mid", (0, 1, 60), end=MAX_STEPS, ticks=2)
    assert Song.load(longest).steps == MAX_STEPS
    with pytest.raises(MidiError, match="cut it with steps=N"):
        Song.load(save(tmp_path / "c.mid", (0, 1, 60), end=MAX_STEPS + 1, ticks=2))
    assert Song.load(tmp_path / "c.mid", steps=8).steps == 8


@pytest.mark.parametrize(
    "options",
    [{"keys": 0}, {"keys": 129}, {"lowest_note": 120}, {"steps_per_beat": 0}, {"steps": 0}],
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
        assert np.array_equal(song.whole_bars().onsets, judged)
        assert judged.shape == (128, 13)


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
    song = Song.load(path, steps_per_beat=steps_per_beat).whole_bars()
    assert np.array_equal(song.onsets, judge_grid(path, 13, 60, steps_per_beat))


# To MIDI and back


@few
@given(
    grid=rolls, hold=st.booleans(), steps_per_beat=st.integers(1, 1000), silence=st.integers(0, 9)
)
def test_saving_and_loading_gives_the_same_song(grid, hold, steps_per_beat, silence, tmp_path):
    steps, keys = grid.shape
    grid = np.vstack([grid, np.zeros((silence, keys), dtype=bool)])
    song = Song(grid, 21, steps_per_beat, 133.0, hold=hold)
    song.save(tmp_path / "a.mid")
    again = Song.load(
        tmp_path / "a.mid", keys=keys, lowest_note=21, steps_per_beat=steps_per_beat, hold=hold
    )
    assert again == song
    assert again.onsets.shape == (steps + silence, keys)


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


def test_a_held_key_is_saved_as_one_note(tmp_path: Path) -> None:
    grid = np.array([[1], [1], [0], [1]], dtype=bool)
    assert Song(grid, hold=True).notes() == [(0, 2, 60), (3, 4, 60)]
    assert Song(grid).notes() == [(0, 1, 60), (1, 2, 60), (3, 4, 60)]


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

    assert steps_of(20, 19) == steps_of(500, 127) == steps_of(500, None) == 128
    assert steps_of(500, 128) == steps_of(129, 128) == steps_of(300, 135) == 136
    assert steps_of(20, 10, minimum=4, bar=6) == 12
    assert steps_of(20, 3, minimum=4, bar=6) == 4


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


def test_a_window_holds_the_steps_before() -> None:
    grid = np.random.default_rng(1).random((10, 3)) < 0.5
    lags = [1, 2, 5, 0, 100]
    for before_start in (False, True):
        windows = Song(grid).windows(lags, before_start)
        assert windows.shape == (10, 5, 3)
        assert windows.dtype == np.bool_
        for step in range(10):
            for i, lag in enumerate(lags):
                expected = grid[step - lag] if step >= lag else [before_start] * 3
                assert windows[step, i].tolist() == list(expected)


@pytest.mark.parametrize("lags", [[-1], [1.5], [[1, 2]], 3, ["a"], [2**70], []])
def test_lags_that_are_no_steps_back_are_refused(lags) -> None:
    with pytest.raises(ValueError, match="lags: expected"):
        Song(np.eye(13, dtype=bool)).windows(lags)


@few
@given(grid=rolls, errors=st.integers(0, 80), seed=st.integers(0, 9))
def test_corruption_changes_as_many_steps_as_there_are_errors(grid, errors, seed) -> None:
    song = Song(grid, lowest_note=21)
    wrong = song.corrupted(errors, np.random.default_rng(seed))
    changed = (wrong.onsets != grid).any(axis=1)
    if song.keys > 2 or errors <= song.steps:
        assert changed.sum() == min(errors, song.steps)
    if song.keys > 1:
        assert (wrong.onsets[changed].sum(axis=1) == 1).all()
    assert wrong == song.corrupted(errors, np.random.default_rng(seed))
    assert (song.onsets == grid).all()


def test_corruption_adds_to_silent_steps_and_moves_sounding_ones() -> None:
    silent = Song(np.zeros((50, 13), dtype=bool)).corrupted(10, np.random.default_rng(0))
    assert silent.onsets.sum() == 10
    chords = np.zeros((200, 13), dtype=bool)
    chords[:, [0, 4, 7]] = True
    wrong = Song(chords).corrupted(200, np.random.default_rng(0)).onsets
    assert (wrong.sum(axis=1) == 1).all()
    assert wrong.any(axis=0).all()
