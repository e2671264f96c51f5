"""Similarity of songs: shared runs, known songs, duplicates, forms and variety."""

from __future__ import annotations

import dill
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rolls import few, roll, small, tokens_twin

from evo.music.measures.similarity import (
    RUN,
    KnownSongs,
    duplicates,
    families,
    shared,
    spread,
)
from evo.music.melody import tokens
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

TUNES = [tune(name) for name in tune_names()]


def runs_of(melody: list) -> dict[tuple, int]:
    """Return all runs of a melody, each with its first position."""
    runs: dict[tuple, int] = {}
    for start in range(len(melody)):
        for end in range(start + 1, len(melody) + 1):
            runs.setdefault(tuple(melody[start:end]), start)
    return runs


def compare_twin(
    grid: np.ndarray, known: list[list[tuple[int, int]]], least: int
) -> tuple[int, int, float]:
    """Return `KnownSongs.compare`, computed by trying every run."""
    melody = tokens_twin(grid)
    in_songs = [set(runs_of(song)) for song in known]
    best, song, covered = 0, -1, set()
    for start in range(len(melody)):
        for end in range(start + 1, len(melody) + 1):
            owners = [i for i, runs in enumerate(in_songs) if tuple(melody[start:end]) in runs]
            if owners and end - start > best:
                best, song = end - start, owners[0]
            if owners and end - start >= least:
                covered.update(range(start, end))
    return best, song, len(covered) / len(melody) if melody else 0.0


batches = st.tuples(st.integers(1, 4), st.integers(1, 14)).flatmap(
    lambda shape: arrays(np.bool_, (*shape, 3))
)


# --- two songs


def test_a_transposed_run_shared_by_two_songs_is_found_with_its_share() -> None:
    theme = [0, 2, 4, 5, 7]
    a, b = roll(*theme, 12, 0, 12), roll(9, *(key + 3 for key in theme), 1)
    assert shared(a, b) == (4, 4 / 7)
    assert shared(a, b, min_length=5).share == 0.0
    assert shared(b, a).share == 4 / 6


@few
@given(small, small, st.integers(1, 4))
def test_shared_is_what_trying_every_run_finds(a, b, least) -> None:
    longest, _, share = compare_twin(a, [tokens_twin(b)], least)
    assert shared(a, b, least) == (longest, share)


# --- known songs


@few
@given(batches, st.lists(small, max_size=4), st.integers(1, 4))
def test_known_songs_are_what_trying_every_run_finds(grids, songs, least) -> None:
    melodies = [tokens_twin(song) for song in songs]
    found = KnownSongs.of(songs).compare(grids, least)
    expected = [compare_twin(grid, melodies, least) for grid in grids]
    for column, values in zip(zip(*expected, strict=True), found, strict=True):
        assert values.tolist() == list(column)


@few
@given(batches, st.lists(st.tuples(small, st.integers(0, 2)), min_size=1, max_size=4))
def test_known_songs_of_a_left_out_group_are_not_found(grids, songs) -> None:
    rolls, groups = [song for song, _ in songs], [group for _, group in songs]
    known = KnownSongs.of(rolls, groups=groups)
    others = [i for i, group in enumerate(groups) if group != 1]
    without = KnownSongs.of([rolls[i] for i in others])
    lengths, found, shares = known.compare(grids, 2, without=np.ones(len(grids), int))
    expected, indices, expected_shares = without.compare(grids, 2)
    assert lengths.tolist() == expected.tolist()
    assert shares.tolist() == expected_shares.tolist()
    assert found.tolist() == [others[i] if i >= 0 else -1 for i in indices]


def test_every_tune_is_found_in_every_key() -> None:
    known = KnownSongs.of(TUNES)
    for index, song in enumerate(TUNES):
        grids = np.stack([one.onsets for one in song.transpositions()])
        lengths, songs, shares = known.compare(grids)
        assert set(lengths) == {len(tokens(song))}
        assert set(songs) == {index}
        assert set(shares) == {1.0}


def test_silence_is_like_no_song() -> None:
    grids = np.stack([roll(None, None), roll(None, 3)])
    lengths, songs, shares = KnownSongs.of(TUNES).compare(grids)
    assert (lengths.tolist(), songs.tolist(), shares.tolist()) == ([0, 0], [-1, -1], [0, 0])


def test_without_known_songs_the_longest_run_is_0_of_no_song() -> None:
    lengths, songs = KnownSongs.of([]).longest_runs(TUNES[0].onsets[None])
    assert (lengths.tolist(), songs.tolist()) == ([0], [-1])


def test_a_run_never_goes_from_one_song_into_the_next() -> None:
    known = KnownSongs.of([roll(0, 1), roll(0, 2)])
    assert known.longest_runs(roll(0, 1, 3)[None])[0].tolist() == [1]


def test_known_songs_travel_and_take_rolls_of_any_layout() -> None:
    known = dill.loads(dill.dumps(KnownSongs.of(TUNES)))  # noqa: S301 - as workers do
    grids = np.stack([song.onsets for song in TUNES[:4]])
    grids.flags.writeable = False
    assert known.longest_runs(grids)[1].tolist() == [0, 1, 2, 3]
    assert known.longest_runs(np.asfortranarray(grids))[1].tolist() == [0, 1, 2, 3]
    assert known.names == tuple(tune_names())


def test_known_songs_refuse_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="one for each of 1 songs"):
        KnownSongs.of([roll(1)], names=["a", "b"])
    known = KnownSongs.of([roll(1, 2)])
    with pytest.raises(ValueError, match=r"grids: expected bool \(n, steps"):
        known.longest_runs(roll(1, 2))
    with pytest.raises(ValueError, match=r"without: expected int \(1,\)"):
        known.longest_runs(roll(1, 2)[None], without=[1, 2])


# --- duplicates


def changed(song: Song, notes: int, seed: int) -> np.ndarray:
    """Return the song with this many notes on other keys."""
    rng = np.random.default_rng(seed)
    grid = song.onsets.copy()
    for step in rng.choice(np.flatnonzero(grid.any(axis=1)), notes, replace=False):
        key = rng.choice(np.flatnonzero(~grid[step]))
        grid[step] = np.arange(song.keys) == key
    return grid


def test_the_tunes_of_the_book_are_families_only_where_they_are_the_same_tune() -> None:
    names = tune_names()
    groups = [[names[i] for i in group] for group in duplicates(TUNES)]
    assert groups == [
        ["twinkle-twinkle-little-star", "baa-baa-black-sheep"],
        ["mary-had-a-little-lamb", "goodnight-ladies"],
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_tune_with_a_few_changed_notes_in_another_key_is_the_same(seed) -> None:
    varied = []
    for song in TUNES:
        grid = np.zeros((song.steps, song.keys + 5), np.bool_)
        grid[:, 5:] = changed(song, 3, seed)
        varied.append(grid)
    alone = families(TUNES)
    together = families([*TUNES, *varied])
    assert together[: len(TUNES)].tolist() == alone.tolist()
    assert together[len(TUNES) :].tolist() == alone.tolist()


def test_half_a_tune_belongs_to_it() -> None:
    assert duplicates([TUNES[1], TUNES[4], TUNES[1].onsets[:64]]) == [[0, 2]]


def test_families_are_numbered_in_order_and_pass_friends_on() -> None:
    a = list(np.random.default_rng(0).integers(0, 13, 60))
    b = list(np.random.default_rng(1).integers(0, 13, 60))
    both = roll(*a[:30], *b[:30])  # like either, which are not alike
    assert families([roll(*a), roll(*b)]).tolist() == [0, 1]
    assert families([roll(*a), roll(3, 5), roll(*b), both]).tolist() == [0, 1, 0, 0]
    assert families([]).tolist() == []


def test_short_and_silent_songs_are_families_when_their_melodies_are_equal() -> None:
    songs = [roll(0, 2), roll(None, None), roll(4, 6), roll(4, 7), roll(None)]
    assert families(songs).tolist() == [0, 1, 0, 2, 1]


# --- variety


def test_copies_have_no_variety() -> None:
    figures = spread([TUNES[1], TUNES[1].onsets])
    assert figures == {
        "songs": 2,
        "families": 1,
        "mean_shared_run": len(tokens(TUNES[1])),
        "mean_shared_share": 1.0,
        "bar_rhythms": 4,
        "forms": 1,
        "shortest_waits": 1,
    }


def test_the_mean_of_the_pairs_is_taken() -> None:
    songs = TUNES[:4]
    pairs = [shared(a, b, RUN) for a in songs for b in songs if a is not b]
    figures = spread(songs)
    assert figures["mean_shared_run"] == pytest.approx(np.mean([one.longest for one in pairs]))
    assert figures["mean_shared_share"] == pytest.approx(np.mean([one.share for one in pairs]))


def test_the_book_is_varied() -> None:
    figures = spread(TUNES)
    assert figures["families"] == len(TUNES) - 2
    assert figures["mean_shared_run"] < 3
    assert figures["forms"] >= 8
    assert figures["bar_rhythms"] >= 30
    assert figures["shortest_waits"] == 3


def test_one_song_has_no_shared_run_and_no_song_counts_as_0() -> None:
    assert np.isnan(spread([TUNES[0]])["mean_shared_run"])
    assert spread([])["songs"] == 0
