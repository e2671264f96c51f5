"""Melodies that are played by chance take the form of a learned song."""

import numpy as np
import pytest

from genomes.arrays import BoolArray, Indices
from genomes.reader.corpus import Corpus
from genomes.reader.forms import forms_of
from genomes.reader.player import ReaderPlayer
from genomes.reader.readers import Readers

REST, BAR = 5, 4
A, B, C = [0, REST, 2, REST], [1, REST, 3, REST], [4, 4, 4, REST]
SONG = np.array([*A, *B, *A, *C], np.int64)


def roll_of(symbols: Indices) -> BoolArray:
    return np.eye(REST + 1, dtype=np.bool_)[symbols][:, :REST]


def readers(songs: list[Indices], n: int = 1, forms: bool = True) -> Readers:
    player = ReaderPlayer(REST, bar=BAR, forms=forms)
    weights = np.zeros((n, player.weights), np.float32)
    return Readers(Corpus.of(player, [roll_of(song) for song in songs]), weights)


def melodies(of: Readers, steps: int, count: int) -> list[Indices]:
    """Return melodies played by chance from nothing, as keys and rests."""
    found = []
    for seed in range(count):
        played = of.perform(
            np.zeros((0, REST), np.bool_), steps, [np.random.default_rng(seed)], 1.0
        )[0]
        found.append(np.where(played.any(axis=1), played.argmax(axis=1), REST))
    return found


def test_a_form_names_bars_and_rhythms_that_come_again() -> None:
    forms = forms_of([SONG], REST, BAR)
    assert forms.restated.tolist() == [-1, -1, 0, -1]
    assert forms.rhythm.tolist() == [-1, 0, 1, -1]
    assert forms.ends.tolist() == [4]
    np.testing.assert_allclose(forms.shares.sum(axis=1), 1)
    assert forms.shares[0].argmax() == 4


def test_a_form_has_its_range_and_the_notes_of_its_bars() -> None:
    forms = forms_of([SONG, np.array([REST] * 5 + [2, REST, REST])], REST, BAR)
    assert forms.onsets.tolist() == [2, 2, 2, 3, 0, 1]
    assert forms.begins.tolist() == [0, 0, 0, 0, -1, 1]
    assert (forms.lowest.tolist(), forms.highest.tolist()) == ([0, 2], [4, 2])
    assert forms.rate == pytest.approx(10 / 24)


def test_bars_close_before_long_waits_and_at_the_end() -> None:
    forms = forms_of([np.array([0, 1, 2, 3, 0, REST, REST, REST, 0, 1, 2, 3])], REST, BAR)
    assert forms.closes.tolist() == [-1, 0, 3]


def test_songs_without_a_note_in_a_whole_bar_have_no_form() -> None:
    forms = forms_of([np.full(8, REST), np.array([0, 1]), SONG], REST, BAR)
    assert forms.offsets.tolist() == [0, 4]


@pytest.mark.parametrize(("bars", "chosen"), [(1, [2, 4]), (3, [4]), (9, [4])])
def test_forms_that_last_are_preferred(bars: int, chosen: list[int]) -> None:
    forms = forms_of([SONG[:8], SONG], REST, BAR).lasting(bars)
    assert np.diff(forms.offsets).tolist() == chosen
    assert forms.restated.tolist() == ([-1, -1] if bars == 1 else []) + [-1, -1, 0, -1]


def test_a_melody_restates_its_bars_and_ends_where_its_form_does() -> None:
    played = melodies(readers([SONG]), 16, 30)
    again = [np.array_equal(one[:4], one[8:12]) for one in played]
    assert np.mean(again) > 0.8  # each step with 98 %
    assert np.mean([one[14] == 4 and one[15] == REST for one in played]) > 0.8
    assert len({one[:4].tobytes() for one in played}) > 20  # what is restated is its own


def test_a_melody_longer_than_its_form_begins_again() -> None:
    played = melodies(readers([SONG]), 32, 10)
    assert np.mean([one[16:30] == one[:14] for one in played]) > 0.9


def test_a_melody_fills_the_range_of_its_form_and_leaves_no_bar_empty() -> None:
    keys = np.array([2, 2, 1, 2, 3, 2, 2, 3, 0, 2, 2, 4, 2, 3, 1, 2])
    song = np.full(2 * len(keys), REST)
    song[::2] = keys
    song[1::8] = keys[::4]  # rhythms of two bars, in turn
    played = melodies(readers([song, np.roll(song, 8)]), 32, 40)
    short = melodies(readers([song]), 16, 100)
    ends = [(one[one < REST].min(), one[one < REST].max()) for one in short]
    assert np.mean([end == (0, 4) for end in ends]) > 0.8
    assert np.mean([(one.reshape(-1, BAR) == REST).all(axis=1) for one in played]) < 0.05
    # Weights of 0 expect a note in 5 of 6 steps, and the songs have one in 5 of 8.
    assert 5 / 8 < np.mean([(one != REST).mean() for one in played]) < 0.78


def test_a_form_with_a_note_on_every_step_is_played() -> None:
    (played,) = melodies(readers([np.arange(16) % 4]), 16, 1)
    assert (played != REST).mean() > 0.8


def test_without_forms_the_memory_alone_repeats() -> None:
    free = melodies(readers([SONG], forms=False), 16, 30)
    assert np.mean([np.array_equal(one[:4], one[8:12]) for one in free]) < 0.5


def test_a_low_temperature_plays_the_likeliest_keys_and_no_silence() -> None:
    of = readers([SONG])
    none = np.zeros((0, REST), np.bool_)
    cold, colder = (
        of.perform(none, 16, [np.random.default_rng(1)], temperature)[0]
        for temperature in (1e-3, 1e-300)
    )
    np.testing.assert_array_equal(cold, colder)
    assert colder.any(axis=1).sum() > 4
