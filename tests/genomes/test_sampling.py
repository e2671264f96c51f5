"""Sampling: notes by chance are in the key, the rhythm and the voices of the songs."""

import numpy as np
import pytest

from genomes.grid.grids import Grids
from genomes.sampling import PLAIN, Sampling, frequencies, sample_rows, sampling_of, trust

BAR, KEYS = 6, 12


def melody(bars: int = 40) -> np.ndarray:
    """Return a waltz on four keys: a quarter note, two eighths, and a rest."""
    roll = np.zeros((bars * BAR, KEYS), np.bool_)
    for bar in range(bars):
        for number, position in enumerate((0, 2, 3)):
            roll[bar * BAR + position, (0, 4, 7, 11)[(bar + number) % 4]] = True
    return roll


def drawn(sampling: Sampling, temperature: float, steps: int = 600) -> np.ndarray:
    """Return a roll drawn with activations of 0."""
    chances = np.random.default_rng(1).random((1, steps, KEYS))
    played = np.zeros((1, steps, KEYS), np.bool_)
    sample_rows(np.zeros((1, steps, KEYS)), temperature, sampling, chances, 0, played)
    return played[0]


def test_plain_sampling_is_the_sigmoid_of_the_activation() -> None:
    activations = np.random.default_rng(2).normal(size=(1, 50, KEYS))
    chances = np.random.default_rng(3).random((1, 50, KEYS))
    played = np.zeros((1, 50, KEYS), np.bool_)
    sample_rows(activations.copy(), 0.5, PLAIN, chances, 10, played)
    expected = chances < 1 / (1 + np.exp(-activations / 0.5))
    assert np.array_equal(played[0, 10:], expected[0, 10:])
    assert not played[0, :10].any()


def test_without_a_network_notes_have_the_frequencies_of_the_songs() -> None:
    song = melody()
    offset = frequencies([song], KEYS, BAR)
    played = drawn(Sampling(1.0, offset, 1, KEYS), 1.0)
    assert played.sum(axis=1).max() == 1
    assert played[:, [0, 4, 7, 11]].sum() >= 0.97 * played.sum()
    attacks = played.any(axis=1).reshape(-1, BAR).mean(axis=0)
    assert (attacks[[0, 2, 3]] > 0.85).all()
    assert (attacks[[1, 4, 5]] < 0.1).all()


def test_the_highest_log_odds_stay_where_notes_are_limited() -> None:
    activations = np.arange(KEYS, dtype=np.float64)[None, None] + 50.0
    played = np.zeros((1, 1, KEYS), np.bool_)
    limited = Sampling(1.0, np.zeros((1, 1)), 2, 8)  # the last four channels are not counted
    sample_rows(activations, 1.0, limited, np.full((1, 1, KEYS), 0.5), 0, played)
    assert np.flatnonzero(played[0, 0]).tolist() == [6, 7, 8, 9, 10, 11]


def test_activations_are_trusted_as_far_as_they_are_right() -> None:
    random = np.random.default_rng(4)
    target = random.random(4000) < 0.3
    offsets = np.full(4000, np.log(0.3 / 0.7))
    signs = np.where(target, 1.0, -1.0)
    right, _ = trust(signs, offsets, target)
    often, _ = trust(np.where(random.random(4000) < 0.8, signs, -signs), offsets, target)
    never, _ = trust(random.normal(size=4000), offsets, target)
    assert right > 2 * often > 8 * never
    assert trust(-signs, offsets, target)[0] == 0.0
    assert np.isfinite(trust(np.full(4000, np.nan), offsets, target)).all()


@pytest.mark.parametrize("durations", [False, True])
def test_a_performer_plays_by_chance_in_the_manner_of_its_song(durations: bool) -> None:
    song = melody()
    roll = np.hstack([song, song]) if durations else song
    grids = Grids(roll[None])
    random = np.random.default_rng(5)
    sampling = sampling_of(grids, [roll], KEYS, BAR, 8, 0.7, random)
    played = grids.perform(roll[:8], len(roll), [random], 0.7, sampling)[0]
    onsets = played[:, :KEYS]
    assert onsets.sum(axis=1).max() == 1
    assert onsets.sum() == pytest.approx(song.sum(), rel=0.2)
    assert onsets[:, [0, 4, 7, 11]].sum() >= 0.97 * onsets.sum()
    if durations:
        assert played[:, KEYS:].sum() == pytest.approx(roll[:, KEYS:].sum(), rel=0.3)
