"""Contexts: counts, probabilities that sum to one, and subtraction of a song's own counts."""

from itertools import pairwise

import numpy as np
import pytest
from critics import melody, random_melody, tunes

from evo.fitness.critic.contexts import (
    COMMON_TIME,
    DEGREES,
    INTERVALS,
    SMOOTHING,
    Contexts,
    Counts,
    smoothed,
)
from evo.music.melody import Bar

SONGS = tunes()[:12]
BAR = Bar().steps
DURATIONS, RHYTHMS = COMMON_TIME.durations, COMMON_TIME.events


def same(one: Counts | Contexts, other: Counts | Contexts) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_the_tables_are_as_large_as_what_they_count() -> None:
    assert [table.shape for table in Counts.none()] == [
        (INTERVALS, INTERVALS, INTERVALS),
        (BAR, DURATIONS, DURATIONS),
        (RHYTHMS, RHYTHMS),
        (2, DEGREES, DEGREES),
    ]
    assert not any(table.any() for table in Counts.none())


def test_counts_are_of_what_follows_what() -> None:
    # C major, notes every 2 steps but the last: 0 4 7 4 0 in bar 1 and 2, then 0 after 12 steps.
    notes = [(0, 0), (2, 4), (4, 7), (6, 4), (8, 0), (20, 0)]
    counts = Counts.of(melody(notes, 32)[None])
    ways = [b[1] - a[1] + 12 for a, b in pairwise(notes)]  # 16 15 9 8 12
    assert {tuple(cell) for cell in np.argwhere(counts.interval)} == {
        (16, 15, 9), (15, 9, 8), (9, 8, 12),
    }  # fmt: skip
    assert ways == [16, 15, 9, 8, 12]
    assert counts.duration[2, 1, 1] == counts.duration[4, 1, 1] == counts.duration[6, 1, 1] == 1
    assert counts.duration[0, 1, DURATIONS - 1] == 1  # 12 steps are among the longest
    assert counts.duration.sum() == 4
    first, second, third = 0b01010101, 0b00000001, 0b00010000
    assert counts.bar[0, first] == counts.bar[first, second] == counts.bar[second, third] == 1
    assert counts.bar[third, 0] == 1
    assert counts.bar.sum() == 4
    assert counts.degree[0].sum() == 5
    assert counts.degree[0, 0, 4] == counts.degree[0, 4, 7] == counts.degree[0, 0, 0] == 1
    assert not counts.degree[1].any()


def test_wide_intervals_count_as_the_widest() -> None:
    counts = Counts.of(melody([(0, 0), (1, 40), (2, 0), (3, 30)], 32, 88)[None])
    assert counts.interval[24, 0, 24] == 1


def test_silence_counts_nothing() -> None:
    assert same(Counts.of(np.zeros((3, 64, 13), np.bool_)), Counts.none())


def test_songs_together_have_the_sum_of_the_songs_counts() -> None:
    apart = Counts.none()
    for song in SONGS:
        apart = apart.plus(Counts.of(song[None]))
    assert same(apart, Counts.of(SONGS))
    assert same(Counts.of(SONGS[:2]), Counts.of(SONGS[:1]).plus(Counts.of(SONGS[1:2])))


def test_a_songs_own_counts_are_taken_away_exactly() -> None:
    others = Counts.of(SONGS).plus(Counts.of(SONGS[4:5]), -1.0)
    assert same(others, Counts.of(np.delete(SONGS, 4, axis=0)))


def test_counts_are_the_same_in_every_key() -> None:
    wide = np.zeros((len(SONGS), 128, 30), np.bool_)
    wide[:, :, :13] = SONGS
    assert same(Counts.of(np.roll(wide, 7, axis=2)), Counts.of(wide))


@pytest.mark.parametrize("songs", [SONGS, SONGS[:1], SONGS[:0], np.zeros((1, 32, 13), np.bool_)])
def test_the_probabilities_of_what_may_follow_sum_to_one_and_none_is_0(songs: np.ndarray) -> None:
    contexts = Contexts.of(Counts.of(songs))
    for name, bits in contexts._asdict().items():
        assert np.isfinite(bits).all(), name
        assert (bits >= 0).all(), name
        np.testing.assert_allclose((2.0**-bits).sum(axis=-1), 1.0, rtol=1e-9, err_msg=name)


def test_without_songs_all_is_equally_likely() -> None:
    contexts = Contexts.of(Counts.none())
    np.testing.assert_allclose(contexts.intervals, np.log2(INTERVALS))
    np.testing.assert_allclose(contexts.duration, np.log2(DURATIONS))
    np.testing.assert_allclose(contexts.degree, np.log2(DEGREES))
    np.testing.assert_allclose(contexts.bar, np.log2(RHYTHMS))


def test_what_songs_do_after_an_interval_is_likelier_there_than_elsewhere() -> None:
    # Every fourth up is followed by a tone down, and by nothing else.
    keys = [0, 5, 3, 4, 9, 7, 8]
    contexts = Contexts.of(Counts.of(melody([(2 * i, k) for i, k in enumerate(keys)], 32)[None]))
    after_fourth, after_tone = contexts.interval[12 + 5], contexts.interval[12 - 2]
    assert after_fourth.argmin() == 12 - 2
    assert after_fourth[12 - 2] < after_tone[12 - 2]
    # After two intervals it is surer still.
    assert contexts.intervals[12 + 1, 12 + 5, 12 - 2] < after_fourth[12 - 2]


def test_an_unheard_wait_is_expected_as_its_position_in_the_bar_has_it() -> None:
    # On the beat notes last 3 steps, off it 1, and so on.
    dotted = [(4 * bar + late, bar % 5) for bar in range(30) for late in (0, 3)]
    contexts = Contexts.of(Counts.of(melody(dotted)[None]))
    unheard = 6  # a wait of 7 steps before
    for position, wait in ((0, 3), (3, 1), (4, 3), (7, 1)):
        assert contexts.duration[position, unheard].argmin() == wait - 1
        assert 2 ** -contexts.duration[position, unheard, wait - 1] > 0.8
    # At the other positions nothing was heard: 3 steps and 1 step are as likely.
    np.testing.assert_allclose(contexts.duration[1, unheard, 0], contexts.duration[1, 5, 2], 0.05)


def test_an_unheard_bar_is_likelier_with_its_onsets_at_the_usual_places() -> None:
    rhythm = Contexts.of(Counts.of(SONGS)).rhythm
    heard = Counts.of(SONGS).bar.sum(axis=0)
    on_beats, off_beats = 0b01010001, 0b10101110
    assert rhythm[on_beats] < rhythm[off_beats]
    unheard = np.flatnonzero(heard == 0)
    onsets_off_beats = np.array([bin(r & 0b10101010).count("1") for r in unheard])
    assert rhythm[unheard][onsets_off_beats == 4].mean() > rhythm[unheard].mean() + 1


def test_smoothing_mixes_in_so_many_observations_of_the_shorter_context() -> None:
    counts, shorter = np.array([[6.0, 0, 0], [0, 0, 0]]), np.array([0.5, 0.25, 0.25])
    mixed = smoothed(counts, shorter)
    assert mixed[0].tolist() == pytest.approx([7 / 8, 0.5 / 8, 0.5 / 8])
    assert mixed[1].tolist() == pytest.approx(shorter)
    assert SMOOTHING == 2.0


def test_several_contexts_together_have_one_axis_more() -> None:
    several = [Contexts.of(Counts.of(song[None])) for song in SONGS[:3]]
    together = Contexts.together(several)
    for place, one in enumerate(several):
        assert same(Contexts(*(table[place] for table in together)), one)


def test_random_rolls_count_every_pair_of_notes_once() -> None:
    random = np.random.default_rng(0)
    for steps in (32, 100, 128):
        grid = random_melody(random, steps)
        notes = int(grid.any(axis=1).sum())
        counts = Counts.of(grid[None])
        assert counts.degree.sum() == notes - 1
        assert counts.duration.sum() == notes - 2
        assert counts.interval.sum() == notes - 3
        assert counts.bar.sum() == steps // 8
