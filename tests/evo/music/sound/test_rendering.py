"""Sound: right pitches, silence where the song is silent, one loudness, no clicks, no clipping."""

from __future__ import annotations

import numpy as np
import pytest
from rolls import held, song_of

from evo.core.errors import InputError
from evo.music.song import Song
from evo.music.sound.loudness import CEILING, loudness
from evo.music.sound.mixing import RELEASE
from evo.music.sound.rendering import MAX_SECONDS, RATE, TAIL, render


def level(samples: np.ndarray, start: float, end: float) -> float:
    """Return the root mean square between two times, in seconds."""
    part = samples[round(start * RATE) : round(end * RATE)].astype(np.float64)
    return float(np.sqrt(np.mean(part**2)))


def is_silent(samples: np.ndarray) -> bool:
    """Return whether all samples are far below the least of 16 bits."""
    return float(np.abs(samples).max(initial=0.0)) < 1e-7


def in_decibels(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


def jump(samples: np.ndarray) -> float:
    """Return the largest difference between neighbouring samples."""
    return float(np.abs(np.diff(samples.astype(np.float64), axis=0)).max(initial=0.0))


@pytest.mark.parametrize("note", [21, 45, 60, 69, 72, 108, 127])
def test_a_note_sounds_at_its_pitch(note: int) -> None:
    grid = np.ones((8, 1), dtype=bool)
    samples = render(held(grid, lowest_note=note))[: 2 * RATE].mean(axis=1)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    loudest = np.argmax(spectrum) * RATE / len(samples)
    assert loudest == pytest.approx(440.0 * 2 ** ((note - 69) / 12), abs=0.6)


def test_a_note_rings_for_its_step_and_then_fades_to_silence() -> None:
    samples = render(song_of((4, 0)))
    assert is_silent(samples[: RATE - 1])
    assert level(samples, 1.0, 1.25) > 0.1
    assert level(samples, 1.25, 1.25 + RELEASE) > 0.01
    assert level(samples, 1.25 + RELEASE + 0.1, 1.25 + RELEASE + 0.3) < 0.02
    assert is_silent(samples[round((1.25 + TAIL) * RATE) + 2 :])


def test_a_held_note_rings_until_its_release() -> None:
    notes = [(step, 0) for step in range(8)]
    one = render(song_of(*notes, hold=True))
    assert level(one, 1.75, 2.0) > 0.02
    assert is_silent(one[round((2.0 + TAIL) * RATE) + 2 :])
    repeated = render(song_of(*notes))
    assert level(repeated, 1.75, 2.0) > 2 * level(one, 1.75, 2.0)


def test_a_held_note_falls_by_20_decibels_in_3_seconds_and_low_notes_ring_longer() -> None:
    falls = []
    for note in (21, 28, 40, 52, 60, 67, 76, 88, 100):
        samples = render(held(np.ones((16, 1), dtype=bool), lowest_note=note))
        falls.append(in_decibels(level(samples, 0.05, 0.25) / level(samples, 2.9, 3.1)))
    assert min(falls) >= 20
    assert falls[0] < falls[3] < falls[6] < falls[8]


def test_high_partials_fall_faster_than_low_ones() -> None:
    samples = render(held(np.ones((16, 1), dtype=bool), lowest_note=45), mono=True)[:, 0]
    early, late = (
        np.abs(np.fft.rfft(samples[start : start + RATE] * np.hanning(RATE)))
        for start in (0, 2 * RATE)
    )
    falls = [early[band].max() / late[band].max() for band in (np.s_[100:130], np.s_[1200:1400])]
    assert falls[1] > 3 * falls[0]


def test_a_note_is_the_same_however_often_it_is_repeated() -> None:
    # A note that is struck again stops the one before: sums of both would differ by their phases.
    grid = np.ones((24, 1), dtype=bool)
    for tempo in (97.0, 131.0, 200.0):
        song = Song(grid, tempo=tempo)
        samples, seconds = render(song, mono=True)[:, 0], song.seconds()
        between = range(5, 24, 2)  # of one accent
        peaks = [np.abs(samples[round(seconds[n] * RATE) :][:4000]).max() for n in between]
        assert max(peaks) < 1.08 * min(peaks)


def test_notes_are_louder_on_the_beats_of_their_metre() -> None:
    song = Song(np.ones((16, 1), dtype=bool))
    samples = render(song)
    first, off, second, middle = (level(samples, t, t + 0.2) for t in (0.0, 0.25, 0.5, 1.0))
    assert first > middle > second > off


def test_the_sound_lasts_as_long_as_the_song_and_its_room() -> None:
    for song in (song_of((15, 0)), song_of((0, 0), steps=7, tempo=133.0, steps_per_beat=3)):
        samples = render(song)
        assert samples.dtype == np.float32
        assert samples.shape[1] == 2
        assert len(samples) / RATE == pytest.approx(song.duration + TAIL, abs=2 / RATE)
        assert render(song, mono=True).shape == (len(samples), 1)


@pytest.mark.parametrize("rate", [RATE, 22_050])
@pytest.mark.parametrize("mono", [False, True])
def test_every_song_is_as_loud_and_none_clips(rate: int, mono: bool) -> None:
    dense = np.zeros((16, 88), dtype=bool)
    dense[:, ::7] = True
    sparse = song_of((0, 0), (40, 12), steps=64)
    scale = Song(np.eye(13, dtype=bool)[:12])
    for song in (sparse, scale, Song(dense, lowest_note=21), song_of((0, 0), steps=1)):
        samples = render(song, rate, mono=mono)
        assert np.abs(samples).max() <= CEILING
        assert -20 < loudness(samples, rate) < -14


def test_all_keys_at_once_do_not_clip() -> None:
    samples = render(Song(np.ones((2, 88), dtype=bool), lowest_note=21), 22_050)
    assert 0.3 < np.abs(samples).max() <= CEILING


def test_notes_begin_and_end_without_a_click() -> None:
    # No step between two samples is larger than those within the notes, each played alone.
    notes = [(2, 0), (3, 0), (4, 0), (5, 12), (6, 7)]
    for hold in (False, True):
        samples = render(song_of(*notes, hold=hold))
        assert abs(samples[0]).max() < 1e-6
        assert abs(samples[-1]).max() < 1e-4
        borders = [round(t * RATE) for t in np.arange(2, 8) * 0.25]
        at_borders = max(jump(samples[border - 400 : border + 400]) for border in borders)
        inside = max(jump(samples[border + 1000 : border + 9000]) for border in borders)
        assert at_borders < 1.3 * inside


def test_a_silent_song_is_silence() -> None:
    assert not render(song_of()).any()


def test_a_song_is_looped_in_time_and_only_its_end_rings() -> None:
    song = song_of((0, 0), (3, 5), steps=6, hold=True)
    once, thrice = render(song, mono=True), render(song, mono=True, loop=3)
    assert len(thrice) / RATE == pytest.approx(3 * song.duration + TAIL, abs=2 / RATE)
    part = round(song.duration * RATE)
    first, last = thrice[: part - 10], thrice[2 * part : 3 * part - 10]
    assert in_decibels(float(np.std(last - first) / np.std(first))) < -10  # the room rings on
    assert np.corrcoef(first[:, 0], once[: part - 10, 0])[0, 1] > 0.999


def test_a_song_too_long_for_memory_is_refused() -> None:
    song = Song(np.ones((65_536, 1), dtype=bool))
    with pytest.raises(ValueError, match=f"at most {MAX_SECONDS:.0f} seconds of sound, got 16384"):
        render(song)
    with pytest.raises(InputError, match="at most 1200 seconds of sound, got 1600"):
        render(song_of((0, 0)), loop=400)


def test_the_fastest_and_the_slowest_song_are_rendered() -> None:
    fast = Song(np.ones((1000, 1), dtype=bool), tempo=60_000_000.0, steps_per_beat=32_767)
    slow = held(np.ones((2, 1), dtype=bool), tempo=3.6, steps_per_beat=1)
    for song in (fast, slow):
        assert np.isfinite(render(song)).all()
