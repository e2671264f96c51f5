"""Where a song repeats itself."""

import numpy as np
from rolls import held

from evo.music.repetition import autocorrelation, peak_distances, repeat_distances
from evo.music.song import Song


def phrase(steps: int = 32, keys: int = 13, seed: int = 1) -> np.ndarray:
    """Return one note, drawn, at every other step."""
    random = np.random.default_rng(seed)
    grid = np.zeros((steps, keys), np.bool_)
    grid[np.arange(0, steps, 2), random.integers(0, keys, steps // 2)] = True
    return grid


def test_a_song_that_is_played_again_has_1_at_its_length() -> None:
    shares = autocorrelation(Song(np.tile(phrase(), (4, 1))), 80)
    assert shares.shape == (80,)
    assert np.flatnonzero(shares == 1.0).tolist() == [31, 63]
    assert not shares[0::2].any()  # no note is an odd number of steps from another


def test_the_share_is_of_the_notes_that_have_so_many_steps_before_them() -> None:
    other = phrase(seed=2)
    song = Song(np.concatenate([phrase(), phrase(), other]))
    both = song.onsets[32:] & song.onsets[:-32]
    assert autocorrelation(song, 40)[31] == both.sum() / 32
    assert not autocorrelation(Song(np.zeros((64, 13), np.bool_)), 80).any()


def test_a_held_note_begins_once() -> None:
    grid = np.repeat(phrase(16), 2, axis=0)
    short = np.zeros_like(grid)
    short[::2] = grid[::2]
    held_shares = autocorrelation(held(np.tile(grid, (2, 1))), 40)
    np.testing.assert_array_equal(held_shares, autocorrelation(Song(np.tile(short, (2, 1))), 40))


def test_repeat_distances_are_those_of_phrases_that_come_again() -> None:
    song = Song(np.tile(phrase(), (4, 1)))
    assert repeat_distances(song, 80).tolist() == [32, 64]
    assert repeat_distances(song, 64).tolist() == [32, 64]
    assert repeat_distances(song, 63).tolist() == [32]
    assert repeat_distances(song, 7).tolist() == []
    once = Song(np.concatenate([phrase(seed=seed) for seed in (1, 2, 1, 3)]))
    assert repeat_distances(once, 80).tolist() == [64]


def test_what_comes_again_within_a_bar_is_no_repeat() -> None:
    assert repeat_distances(Song(np.tile(phrase(4), (32, 1))), 7).tolist() == []
    assert repeat_distances(Song(np.zeros((64, 13), np.bool_)), 80).tolist() == []


def test_bars_have_four_beats() -> None:
    song = Song(np.tile(phrase(16), (8, 1)), steps_per_beat=4)
    assert repeat_distances(song, 15).tolist() == []
    assert repeat_distances(song, 40).tolist() == [16, 32]


def test_a_bar_is_read_most_where_the_sum_of_its_weights_is_highest() -> None:
    weights = np.zeros((20, 3), np.float32)
    weights[0:8] = [0.4, 0.35, 0.25]
    weights[8:11, 1] = 1.0
    weights[11:16, 2] = 0.9
    weights[16:, 1] = 0.5
    peaks = peak_distances(weights, np.array([2, 16, 32]), 8)
    assert peaks.tolist() == [2, 32, 16]
    assert peak_distances(weights[:0], np.array([2, 16, 32]), 8).tolist() == []
