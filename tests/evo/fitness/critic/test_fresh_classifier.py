"""A fresh classifier: area 0.5 for equal sets, 1 for separable ones."""

import warnings

import numpy as np
import pytest

from evo.fitness.critic.fresh_classifier import area_under_curve, classifier_auc


def draws(seed: int, songs: int, found: int, columns: int, apart: float = 0.0) -> float:
    """Return the area for normal numbers with the first column shifted."""
    random = np.random.default_rng(seed)
    one, other = random.normal(size=(songs, columns)), random.normal(size=(found, columns))
    other[:, 0] += apart
    return classifier_auc(one, other, np.random.default_rng(seed + 1000))


# The area


def test_the_area_is_the_chance_that_one_is_above_another() -> None:
    assert area_under_curve(np.array([3.0, 4]), np.array([1.0, 2])) == 1
    assert area_under_curve(np.array([1.0, 2]), np.array([3.0, 4])) == 0
    assert area_under_curve(np.array([1.0, 3]), np.array([2.0])) == 0.5
    assert area_under_curve(np.array([1.0, 1, 2]), np.array([1.0])) == pytest.approx(2 / 3)
    assert area_under_curve(np.ones(5), np.ones(7)) == 0.5


def test_the_area_is_that_of_every_pair_compared() -> None:
    random = np.random.default_rng(0)
    one, other = random.integers(5, size=20) * 1.0, random.integers(4, size=30) * 1.0
    pairs = [float(a > b) + (a == b) / 2 for a in one for b in other]
    assert area_under_curve(one, other) == pytest.approx(np.mean(pairs))


# The classifier


@pytest.mark.parametrize(("songs", "found", "columns"), [(46, 20, 60), (46, 46, 10), (60, 8, 30)])
def test_what_is_the_same_is_not_told_apart(songs: int, found: int, columns: int) -> None:
    areas = [draws(seed, songs, found, columns) for seed in range(10)]
    assert 0.4 < np.mean(areas) < 0.55  # a pooled, cross-validated area is a little low
    assert min(areas) > 0.1
    assert max(areas) < 0.85


@pytest.mark.parametrize(("songs", "found"), [(46, 20), (20, 46), (46, 8), (5, 5)])
def test_what_is_far_apart_is_told_apart_always(songs: int, found: int) -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(songs, 20)), random.normal(size=(found, 20)) + 3
    assert classifier_auc(one, other, random) == 1.0


def test_the_further_apart_the_better_it_is_told() -> None:
    areas = [
        np.mean([draws(seed, 46, 20, 20, apart) for seed in range(6)]) for apart in (0, 1, 2, 4)
    ]
    assert (np.diff(areas) > 0.03).all()
    assert areas[-1] > 0.9


def test_numbers_of_any_size_tell_the_same() -> None:
    """Columns are scaled, and one that is always the same does no harm."""
    random = np.random.default_rng(3)
    one, other = random.normal(size=(30, 5)), random.normal(size=(15, 5)) + 0.7
    plain = classifier_auc(one, other, np.random.default_rng(0))
    scale, shift = np.array([1e-3, 1e3, 1, 10, 0.5]), np.array([0, 1e3, -5, 0, 2])
    changed = classifier_auc(one * scale + shift, other * scale + shift, np.random.default_rng(0))
    # Scales have 0.000001 added, or one of 0 would divide.
    assert changed == pytest.approx(plain, abs=0.01)
    constant = [np.c_[rows, np.zeros(len(rows))] for rows in (one, other)]
    assert classifier_auc(*constant, np.random.default_rng(0)) == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize(("songs", "found"), [(0, 5), (1, 5), (5, 0), (5, 1), (0, 0)])
def test_fewer_than_two_of_either_say_nothing(songs: int, found: int) -> None:
    area = classifier_auc(np.zeros((songs, 3)), np.zeros((found, 3)), np.random.default_rng(0))
    assert np.isnan(area)


@pytest.mark.parametrize(("songs", "found"), [(2, 2), (2, 30), (30, 2), (3, 4)])
def test_two_songs_and_two_pieces_are_enough_for_an_area_from_0_to_1(
    songs: int, found: int
) -> None:
    assert 0 <= draws(1, songs, found, 4) <= 1


def test_the_same_generator_gives_the_same_area() -> None:
    assert draws(5, 30, 12, 50) == draws(5, 30, 12, 50)
    random = np.random.default_rng(1)
    one, other = random.normal(size=(30, 6)), random.normal(size=(12, 6)) + 0.3
    areas = {classifier_auc(one, other, np.random.default_rng(seed)) for seed in range(5)}
    assert len(areas) > 1
    assert max(areas) - min(areas) < 0.2


def test_more_numbers_than_rows_and_outliers_are_no_trouble() -> None:
    random = np.random.default_rng(2)
    one, other = random.normal(size=(12, 60)), random.normal(size=(6, 60))
    other[0, :20] = 1e6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 <= classifier_auc(one, other, random) <= 1


def test_each_is_judged_by_a_classifier_that_never_saw_it() -> None:
    """Numbers that only identify individuals do not help on held-out ones."""
    areas = []
    for seed in range(10):
        rows = np.eye(40)
        areas.append(classifier_auc(rows[:20], rows[20:], np.random.default_rng(seed)))
    assert np.mean(areas) < 0.6
