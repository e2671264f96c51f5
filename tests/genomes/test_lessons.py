"""Lessons are the different windows, and what should most often be played after each."""

from typing import Any

import numpy as np
import pytest

from genomes.errors import GenomeError
from genomes.lessons import Lessons, Taught, checked_taught


def columns(*rows: str) -> np.ndarray:
    """Return bool (bits, steps); each string is a step."""
    return np.array([[bit == "1" for bit in row] for row in rows], np.bool_).T


def test_equal_windows_become_one_and_the_most_frequent_continuation_is_wanted() -> None:
    windows = columns("00", "10", "10", "11", "10", "00")
    wanted = columns("1", "0", "1", "1", "1", "0")
    lessons = Lessons.of(windows, wanted)
    np.testing.assert_array_equal(lessons.inputs, columns("00", "10", "11"))
    assert lessons.steps == 6
    # After 00 both continuations are as frequent: the first is wanted.
    assert lessons.wanted.tolist() == [[True, True, True]]
    assert lessons.counts.tolist() == [1, 2, 1]
    assert lessons.achievable == 4
    assert lessons.right(lessons.wanted) == 4
    assert lessons.right(columns("1", "0", "1")) == 2


def test_every_step_can_be_right_if_no_window_returns() -> None:
    random = np.random.default_rng(0)
    windows, wanted = random.random((30, 200)) < 0.5, random.random((4, 200)) < 0.5
    lessons = Lessons.of(windows, wanted)
    np.testing.assert_array_equal(lessons.inputs, windows)
    np.testing.assert_array_equal(lessons.wanted, wanted)
    assert lessons.achievable == lessons.steps == 200


def test_there_may_be_no_input_and_no_step() -> None:
    assert Lessons.of(columns("", "", ""), columns("1", "0", "1")).achievable == 2
    none = Lessons.of(np.zeros((3, 0), np.bool_), np.zeros((2, 0), np.bool_))
    assert (none.achievable, none.steps) == (0, 0)


ROLL = np.zeros((6, 3), np.bool_)


@pytest.mark.parametrize(("taught", "words"), [
    (Taught((), 2), "one or more"), ((ROLL, 2), "one or more"), (7, "give Taught"),
    (Taught((ROLL, ROLL[:, :2]), 2), "a roll must be bool"),
    (Taught((ROLL[0],), 0), "a roll must be bool"),
    (Taught((ROLL * 1.0,), 0), "a roll must be bool"),
    (Taught((ROLL,), 6), "prompt_steps must be"), (Taught((ROLL,), -1), "prompt_steps must be"),
    (Taught((ROLL,), 0, -1), "bar must be"),
])  # fmt: skip
def test_what_cannot_be_taught_is_refused(taught: Any, words: str) -> None:
    with pytest.raises(GenomeError, match=words):
        checked_taught(taught)


def test_a_plain_tuple_is_taught_as_well() -> None:
    assert checked_taught(([ROLL], 2)) == Taught((ROLL,), 2)
