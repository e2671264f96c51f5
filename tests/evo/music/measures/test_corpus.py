"""All measures of any roll, and the usual range in a corpus."""

from __future__ import annotations

import warnings
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rolls import few, roll

from evo.music.measures.corpus import (
    MEANINGS,
    MEASURES,
    Corpus,
    Range,
    corpus_range,
    measure,
    outside,
)
from evo.music.measures.report import usual_songs
from evo.music.measures.similarity import KnownSongs
from evo.music.tunes import tune, tune_names

TUNES = [tune(name) for name in tune_names()]
SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


@few
@given(
    arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 6))),
    st.integers(0, 7),
)
def test_measures_do_not_depend_on_the_key(grid, shift) -> None:
    moved = np.zeros((len(grid), 13), np.bool_)
    moved[:, shift : shift + grid.shape[1]] = grid
    known = KnownSongs.of(TUNES[:3])
    there, here = measure(moved, known), measure(grid, known)
    # Where two keys fit equally well, the lower tonic is named.
    ambiguous = {"ends_on_tonic"}
    assert {name: there[name] for name in there if name not in ambiguous} == pytest.approx(
        {name: here[name] for name in here if name not in ambiguous}, nan_ok=True
    )


DEGENERATE = {
    "silence": np.zeros((128, 13), np.bool_),
    "one note": roll(None, 5, None),
    "two notes": roll(5, 5),
    "all ones": np.ones((128, 13), np.bool_),
    "one step": np.ones((1, 1), np.bool_),
    "one silent step": np.zeros((1, 1), np.bool_),
    "no step": np.zeros((0, 13), np.bool_),
    "every key": np.eye(128, dtype=np.bool_),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_rolls_have_measures_and_no_warnings(name) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(DEGENERATE[name], KnownSongs.of(TUNES[:2]))
    assert list(found) == list(MEANINGS)
    assert all(isinstance(value, float) and not np.isinf(value) for value in found.values())


@few
@given(arrays(np.bool_, st.tuples(st.integers(1, 70), st.sampled_from([1, 13, 88]))))
def test_any_roll_has_measures_within_their_bounds(grid) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(grid, KnownSongs.of(TUNES[:2]))
    for name, value in found.items():
        unit = MEANINGS[name][0]
        assert not np.isinf(value)
        if unit == "share":
            assert isnan(value) or -1e-12 <= value <= 1 + 1e-12, name
        if unit == "bits":
            assert isnan(value) or value >= 0


def test_silence_has_counts_of_0_and_no_other_measure() -> None:
    found = measure(DEGENERATE["silence"])
    defined = {name: value for name, value in found.items() if not isnan(value)}
    assert defined == {
        "onset_density": 0, "distinct_keys": 0, "pitch_range": 0, "longest_repeat": 0,
        "longest_silence": 64, "bar_rhythms": 0, "distinct_phrases": 0,
    }  # fmt: skip


def test_a_range_is_what_at_most_one_in_a_hundred_is_outside() -> None:
    assert Range.of([3.0, nan, 1.0, 2.0]) == (1, 2, 3)
    assert Range.of(np.arange(1001)) == (10, 500, 990)
    assert all(map(isnan, Range.of([nan])))


def test_a_range_holds_its_ends_and_nan_only_if_it_is_nan() -> None:
    usual = Range(0.1 + 0.2, 0.5, 1.0)
    assert usual.holds(0.3)  # rounding is forgiven
    assert not usual.holds(0.29)
    assert not usual.holds(nan)
    assert Range(nan, nan, nan).holds(nan)
    assert not Range(nan, nan, nan).holds(1.0)


def test_noise_silence_and_ones_are_outside_the_usual_and_tunes_are_not() -> None:
    ranges = corpus_range(TUNES)
    known = KnownSongs.of(TUNES)
    noise = np.random.default_rng(1).random((128, 13)) < 0.07
    assert {"scale_consistency", "interval_entropy", "repeated_bars", "polyphony"} <= set(
        outside(measure(noise, known), ranges)
    )
    assert len(outside(measure(DEGENERATE["silence"], known), ranges)) > 20
    assert len(outside(measure(DEGENERATE["all ones"], known), ranges)) > 20
    assert outside(measure(TUNES[4]), ranges) == []


def test_a_song_and_its_duplicates_are_not_known_to_itself() -> None:
    moved = np.hstack([np.zeros((128, 2), np.bool_), TUNES[1].onsets])
    songs = [*TUNES, moved]
    runs = [one["known_run"] for one in Corpus.of(songs).measures]
    assert runs[1] == runs[-1] == Corpus.of(TUNES).measures[1]["known_run"] == 5
    assert max(runs) < 10


def test_the_ranges_can_leave_a_family_out() -> None:
    corpus = Corpus.of([roll(*SCALE), roll(*SCALE[::-1]), roll(0, 4, 7, 0, 7, 0)])
    assert corpus.ranges()["distinct_keys"] == (3, 8, 8)
    assert corpus.ranges(without=2)["distinct_keys"] == (8, 8, 8)
    assert usual_songs(corpus) == 0


def test_every_measure_is_explained() -> None:
    assert len({one.name for one in MEASURES}) == len(MEASURES)
    assert all(one.unit and one.meaning and one.function.__doc__ for one in MEASURES)
