"""Counterexamples: any shape, reproducible by seed, and true to their names."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from critics import melody, random_melody, tunes

from evo.fitness.critic.contexts import Contexts, Counts
from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP, SCALES, corrupted, markov
from evo.fitness.critic.examples import LEVELS
from genomes.arrays import BoolArray

SHAPES = [(128, 13), (64, 13), (100, 5), (32, 1), (35, 2), (128, 88)]
CONTEXTS = Contexts.of(Counts.of(tunes()[:20]))
SEEDS = range(30)
ODD = random_melody(np.random.default_rng(5), 100)
SONGS = [tunes()[3], tunes()[20], ODD]


def made(name: str, seed: int, steps: int = 128, keys: int = 13) -> BoolArray:
    return MADE_UP[name](steps, keys, np.random.default_rng(seed))


def from_song(name: str, song: BoolArray, seed: int) -> BoolArray:
    return FROM_SONGS[name](song, np.random.default_rng(seed))


def rows(grid: BoolArray) -> Counter[bytes]:
    """Return the rows of a roll, in any order."""
    return Counter(row.tobytes() for row in grid)


def bars(grid: BoolArray) -> list[bytes]:
    """Return the whole bars of a roll."""
    return [grid[start : start + 8].tobytes() for start in range(0, len(grid) - 7, 8)]


def period(grid: BoolArray) -> int:
    """Return the steps after which a roll repeats itself, to its end."""
    return next(p for p in range(1, len(grid) + 1) if (grid[p:] == grid[:-p]).all())


def line(grid: BoolArray) -> list[int]:
    """Return the keys of a monophonic roll, in order."""
    assert (grid.sum(axis=1) <= 1).all()
    return [int(key) for key in np.nonzero(grid)[1]]


# All kinds


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MADE_UP)
def test_what_is_made_up_is_a_roll_of_the_shape_and_the_same_for_the_same_seed(
    name: str, shape: tuple[int, int]
) -> None:
    for seed in range(8):
        grid = made(name, seed, *shape)
        assert grid.dtype == np.bool_
        assert grid.shape == shape
        assert grid.tobytes() == made(name, seed, *shape).tobytes()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FROM_SONGS)
def test_what_is_made_from_a_song_has_its_shape_and_leaves_the_song_as_it_was(
    name: str, shape: tuple[int, int]
) -> None:
    songs = [random_melody(np.random.default_rng(1), *shape), np.zeros(shape, np.bool_)]
    for song in songs:
        before = song.copy()
        for seed in range(8):
            grid = from_song(name, song, seed)
            assert grid.dtype == np.bool_
            assert grid.shape == shape
            assert grid.tobytes() == from_song(name, song, seed).tobytes()
            assert song.tobytes() == before.tobytes()
            grid[:] = True  # its own, not the song's
            assert song.tobytes() == before.tobytes()


@pytest.mark.parametrize("name", [*MADE_UP, *FROM_SONGS])
def test_other_seeds_make_other_counterexamples(name: str) -> None:
    made_ones = {
        (made(name, s) if name in MADE_UP else from_song(name, ODD, s)).tobytes() for s in SEEDS
    }
    assert len(made_ones) >= 3


def test_every_kind_has_a_level_below_that_of_songs() -> None:
    assert set(LEVELS) == {*MADE_UP, *FROM_SONGS, "markov", "found"}
    assert max(LEVELS.values()) < 1


# What is made up


def test_silence_has_up_to_three_notes() -> None:
    assert {int(made("silence", seed).sum()) for seed in SEEDS} == {0, 1, 2, 3}


def test_all_keys_are_all_of_them_at_regular_steps() -> None:
    for seed in SEEDS:
        grid = made("all keys", seed)
        places = np.flatnonzero(grid.any(axis=1))
        assert grid[places].all()
        assert len(set(np.diff(places))) == 1


def test_noise_is_of_every_density_and_sparse_noise_as_dense_as_songs() -> None:
    densities = [made("noise", seed).mean() for seed in range(100)]
    assert min(densities) < 0.02
    assert max(densities) > 0.9
    for seed in range(100):
        assert 0.1 < made("sparse noise", seed).sum() / 128 < 1.5


def test_one_note_is_one_key_and_two_notes_are_at_most_two() -> None:
    for seed in SEEDS:
        assert len(set(line(made("one note", seed)))) <= 1
        assert len(set(line(made("two notes", seed)))) <= 2
    assert sum(len(set(line(made("two notes", seed)))) == 2 for seed in SEEDS) > 20


def test_a_scale_goes_by_the_steps_of_a_scale_in_even_time() -> None:
    for seed in SEEDS:
        grid = made("scale", seed)
        keys = line(grid)
        assert any({key % 12 for key in keys} <= set(scale) for scale in SCALES)
        assert len(set(np.diff(np.flatnonzero(grid.any(axis=1))))) == 1
        # From each key it goes to two at most: one above and one below, or back to the start.
        goes = {key: {b for a, b in pairwise(keys) if a == key} for key in keys}
        assert max(map(len, goes.values())) <= 2


def test_a_figure_comes_over_and_over() -> None:
    for seed in SEEDS:
        keys = line(made("figure", seed))
        assert any(keys[p:] == keys[:-p] for p in range(1, 9))


def test_a_random_loop_repeats_after_at_most_four_bars() -> None:
    periods = {period(made("random loop", seed)) for seed in SEEDS}
    assert {8, 16, 32} <= periods
    assert max(periods) <= 32


def test_a_walk_moves_by_small_steps_and_stays_in_the_keys() -> None:
    for seed in SEEDS:
        keys = line(made("walk", seed, 128, 88))
        # 5 keys at most, or 5 keys of a scale, from step to step.
        assert len(keys) < 2 or np.abs(np.diff(keys)).max() < 88 / 2
    small = [np.abs(np.diff(line(made("walk", seed, 128, 88)))).mean() for seed in SEEDS]
    assert np.median(small) < 6


def test_scale_notes_are_of_one_scale() -> None:
    for seed in SEEDS:
        found = {key % 12 for key in line(made("scale notes", seed, 128, 25))}
        assert any(found <= {(root + d) % 12 for d in scale}
                   for scale in SCALES[:3] for root in range(12))  # fmt: skip


# What is made from songs


@pytest.mark.parametrize("song", SONGS)
class TestFromASong:
    def test_shuffled_notes_keep_the_rhythm_and_the_notes(self, song: BoolArray) -> None:
        for seed in range(5):
            grid = from_song("shuffled notes", song, seed)
            assert grid.any(axis=1).tolist() == song.any(axis=1).tolist()
            assert rows(grid) == rows(song)
            assert (grid != song).any()

    def test_shuffled_steps_keep_the_steps_of_the_song_or_of_every_bar(
        self, song: BoolArray
    ) -> None:
        within = 0
        for seed in SEEDS:
            grid = from_song("shuffled steps", song, seed)
            assert rows(grid) == rows(song)
            within += all(
                rows(grid[t : t + 8]) == rows(song[t : t + 8]) for t in range(0, len(song), 8)
            )
        assert 0 < within < len(SEEDS)

    def test_shuffled_bars_keep_the_bars_and_what_is_left_over(self, song: BoolArray) -> None:
        whole = len(song) // 8 * 8
        for seed in range(5):
            grid = from_song("shuffled bars", song, seed)
            assert Counter(bars(grid)) == Counter(bars(song))
            assert (grid[whole:] == song[whole:]).all()
            assert (grid != song).any()

    def test_a_song_loop_is_one_or_two_bars_of_the_song_again_and_again(
        self, song: BoolArray
    ) -> None:
        for seed in SEEDS:
            grid = from_song("song loop", song, seed)
            assert period(grid) in (1, 2, 4, 8, 16)
            assert set(bars(grid)) <= set(bars(song))

    def test_a_phrase_loop_is_a_quarter_of_the_song_again_and_again(self, song: BoolArray) -> None:
        quarter = len(song) // 32 * 8
        parts = [song[at : at + quarter].tobytes() for at in range(0, len(song) - 7, quarter)]
        for seed in range(8):
            grid = from_song("phrase loop", song, seed)
            assert (grid[quarter:] == grid[:-quarter]).all()
            assert grid[:quarter].tobytes() in parts

    def test_shifted_is_the_song_an_odd_number_of_steps_late(self, song: BoolArray) -> None:
        late = {np.roll(song, n, axis=0).tobytes() for n in (1, 3, 5, 7)}
        assert {from_song("shifted", song, seed).tobytes() for seed in SEEDS} == late

    def test_one_rhythm_plays_the_songs_keys_in_order(self, song: BoolArray) -> None:
        wanted = song[song.any(axis=1)]
        for seed in SEEDS:
            grid = from_song("one rhythm", song, seed)
            played = grid[grid.any(axis=1)]
            assert (played == np.resize(wanted, played.shape)).all()

    def test_wrong_pitches_keep_the_rhythm(self, song: BoolArray) -> None:
        for seed in range(8):
            grid = from_song("wrong pitches", song, seed)
            assert grid.any(axis=1).tolist() == song.any(axis=1).tolist()
            assert (grid.sum(axis=1) <= 1).all()

    def test_corrupted_has_so_many_wrong_steps(self, song: BoolArray) -> None:
        for errors in (0, 1, 7, 64):
            grid = corrupted(song, errors, np.random.default_rng(errors))
            assert (grid != song).any(axis=1).sum() == errors


# The Markov chain


@pytest.mark.parametrize("shape", SHAPES)
def test_markov_plays_one_voice_in_the_keys(shape: tuple[int, int]) -> None:
    for seed in range(8):
        grid = markov(CONTEXTS, *shape, np.random.default_rng(seed))
        assert grid.shape == shape
        assert grid.dtype == np.bool_
        assert grid[0].any()
        assert (grid.sum(axis=1) <= 1).all()
        again = markov(CONTEXTS, *shape, np.random.default_rng(seed))
        assert grid.tobytes() == again.tobytes()


def test_markov_says_what_its_songs_say() -> None:
    """Songs that go up a tone every two steps make it do the same."""
    stairs = melody([(2 * i, 2 * i) for i in range(60)], 128, 128)
    contexts = Contexts.of(Counts.of(np.array([stairs] * 40)))
    ways, waits = [], []
    for seed in range(20):
        grid = markov(contexts, 32, 128, np.random.default_rng(seed))
        ways += np.diff(line(grid)).tolist()
        waits += np.diff(np.flatnonzero(grid.any(axis=1))).tolist()
    assert np.mean(np.equal(ways, 2)) > 0.8
    assert np.mean(np.equal(waits, 2)) > 0.95


def test_markov_keeps_to_the_rhythm_of_its_songs() -> None:
    """Songs of 3 steps and 1 step in turn, from the beat on, make it do the same."""
    dotted = melody([(4 * beat + late, beat % 5) for beat in range(32) for late in (0, 3)])
    contexts = Contexts.of(Counts.of(np.array([dotted] * 40)))
    places: list[int] = []
    for seed in range(20):
        grid = markov(contexts, 128, 13, np.random.default_rng(seed))
        places += (np.flatnonzero(grid.any(axis=1))[8:] % 4).tolist()
    assert np.isin(places, (0, 3)).mean() > 0.9
