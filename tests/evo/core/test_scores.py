"""Scores: conversion, named failures in the last rank, and joined chunks."""

from typing import Any

import numpy as np
import pytest

from evo.core.scores import Scores, Status


def test_finite_totals_are_taken_as_they_are() -> None:
    scores = Scores.of([1, 2.5, -3], [[1, 0], [2, 0.5], [-3, 0]])
    assert scores.total.dtype == np.float64
    assert scores.total.tolist() == [1, 2.5, -3]
    assert scores.cases.dtype == np.float32
    assert scores.ok.all()
    assert (scores.failures(), scores.reasons) == ({}, {})


@pytest.mark.parametrize("kind", [np.float32, np.int16, np.uint8, np.bool_])
def test_every_kind_of_number_is_taken(kind: Any) -> None:
    scores = Scores.of(np.array([0, 1], kind), np.array([[0], [1]], kind))
    assert scores.total.tolist() == [0.0, 1.0]
    assert scores.ok.all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_total_that_is_not_finite_fails_its_individual_alone(bad: float) -> None:
    scores = Scores.of([1.0, bad, 2.0], [[1.0], [1.0], [2.0]])
    assert scores.status.tolist() == [Status.OK, Status.NAN, Status.OK]
    assert scores.total.tolist() == [1.0, -np.inf, 2.0]
    assert scores.cases.tolist() == [[1.0], [-np.inf], [2.0]]
    assert scores.failures() == {"nan": 1}
    assert list(scores.reasons) == [1]
    assert str(bad) in scores.reasons[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_case_that_is_not_finite_fails_its_individual_alone(bad: float) -> None:
    scores = Scores.of([1.0, 2.0], [[1.0, bad], [2.0, 0.0]])
    assert scores.total.tolist() == [-np.inf, 2.0]
    assert scores.cases[0].tolist() == [-np.inf, -np.inf]
    assert scores.status.tolist() == [Status.NAN, Status.OK]
    assert list(scores.reasons) == [0]


def test_the_numbers_of_the_fitness_are_not_written_to() -> None:
    total, cases = np.array([1.0, np.nan]), np.array([[1.0], [2.0]], np.float32)
    Scores.of(total, cases)
    assert np.isnan(total[1])
    assert cases.tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize("total", [["a", "b"], [None, 1.0], [object()], [1j], [b"1"]])
def test_what_is_no_number_is_a_type_error(total: Any) -> None:
    with pytest.raises(TypeError, match="total must be numbers, got"):
        Scores.of(total)
    with pytest.raises(TypeError, match="cases must be numbers, got"):
        Scores.of(np.zeros(len(total)), [[one] for one in total])


@pytest.mark.parametrize("total", [3.0, [[1.0], [2.0]]])
def test_totals_of_another_shape_are_refused(total: Any) -> None:
    with pytest.raises(ValueError, match=r"total must be \(n,\), got"):
        Scores.of(total)


@pytest.mark.parametrize("cases", [[1.0, 2.0], [[1.0]], [[[1.0]], [[2.0]]]])
def test_cases_of_another_shape_are_refused(cases: Any) -> None:
    with pytest.raises(ValueError, match=r"cases must be \(2, m\), got"):
        Scores.of([1.0, 2.0], cases)


def test_failed_individuals_rank_last_whatever_the_others_have() -> None:
    scores = Scores.join(
        [
            Scores.of([-1e150, 5.0, np.nan]),
            Scores.failed(2, Status.CRASH, "it died"),
            Scores.of([-4.0]),
        ]
    )
    order = np.argsort(-scores.total, kind="stable")
    assert order.tolist() == [1, 5, 0, 2, 3, 4]
    assert scores.ok.tolist() == [True, True, False, False, False, True]


def test_joined_chunks_keep_order_cases_status_and_reasons() -> None:
    parts = [
        Scores.of([1.0, np.nan], [[1.0, 0.0], [0.0, 0.0]]),
        Scores.failed(2, Status.TIMEOUT, "too slow"),
        Scores.failed(1, Status.CRASH, "it died"),
        Scores.of([2.0], [[1.5, 0.5]]),
    ]
    joined = Scores.join(parts)
    assert len(joined) == 6
    assert joined.total.tolist() == [1.0] + [-np.inf] * 4 + [2.0]
    assert joined.cases.shape == (6, 2)
    assert joined.cases[[0, 5]].tolist() == [[1.0, 0.0], [1.5, 0.5]]
    assert np.isneginf(joined.cases[1:5]).all()
    assert joined.failures() == {"nan": 1, "timeout": 2, "crash": 1}
    assert {i: joined.reasons[i] for i in (2, 3, 4)} == {2: "too slow", 3: "too slow", 4: "it died"}
    assert sorted(joined.reasons) == [1, 2, 3, 4]


def test_joined_chunks_without_cases_have_none() -> None:
    joined = Scores.join([Scores.of([1.0]), Scores.failed(1, Status.ERROR, "no")])
    assert joined.cases is None


def test_scores_by_output_fail_and_join_like_cases() -> None:
    one = Scores.of([1.0, 2.0], by_output=[[0.5, 0.25], [np.nan, 0.0]])
    assert one.by_output.dtype == np.float64
    assert one.total.tolist() == [1.0, -np.inf]
    assert np.isneginf(one.by_output[1]).all()
    joined = Scores.join([Scores.failed(1, Status.CRASH, "it died"), one])
    assert joined.by_output[1].tolist() == [0.5, 0.25]
    assert np.isneginf(joined.by_output[[0, 2]]).all()
    assert (joined.cases, sorted(joined.reasons)) == (None, [0, 2])


def test_chunks_of_different_numbers_of_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="chunks have 2 and 3 columns"):
        Scores.join([Scores.of([1.0], [[1, 2]]), Scores.of([1.0], [[1, 2, 3]])])


def test_scores_print_their_number_and_no_arrays() -> None:
    assert repr(Scores.of([1.0, 2.0])) == "Scores(2 individuals)"
    assert repr(Scores.of([1.0, float("nan")])) == "Scores(2 individuals, 1 failed)"
