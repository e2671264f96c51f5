"""Annealed edits: what they count, keep and reach."""

from typing import Any

import numpy as np
import pytest
from breeding import same_arrays
from formulas import random_formulas

from genomes.errors import GenomeError
from genomes.formula.formulas import Formulas
from genomes.formula.lists import Lists, formulas_in, lists_of
from genomes.formula.packing import pack_lessons
from genomes.formula.player import FormulaPlayer
from genomes.formula.search import Annealing, search_lists
from genomes.lessons import Taught

PLAYER = FormulaPlayer(3, (1, 2, 3, 5, 8, 13, 21), bar=4)
ROLL = np.random.default_rng(3).random((150, 3)) < 0.25
LESSONS = PLAYER.lessons(Taught((ROLL,), 8))
PACKED = pack_lessons(LESSONS)
COOLING = Annealing(0.8, 0.1, 6.0, 1.0, 0.2)


def wrong_of(formulas: Formulas) -> Any:
    """Return the wrong steps of each list, by what it plays."""
    said = formulas.follow(ROLL)[:, 8:] > 0
    return (said != ROLL[8:]).sum(axis=1)


def searched(lists: Lists, best: Lists, edits: int, key: int = 5) -> Any:
    count = np.full(len(lists.counts), edits)
    return search_lists(PACKED, COOLING, count, lists, best, np.uint64(key))


def test_wrong_rows_are_those_of_the_formula() -> None:
    formulas = random_formulas(PLAYER, 6)
    lists = lists_of(formulas, 8, 4)
    wrong = searched(lists.copy(), lists, 0)
    assert LESSONS.achievable == len(ROLL) - 8
    np.testing.assert_array_equal(wrong.reshape(6, 3), wrong_of(formulas))
    assert same_arrays(formulas_in(lists, PLAYER).to_arrays(), formulas.to_arrays())


def test_the_best_is_never_worse_and_is_counted_right() -> None:
    """Cached columns would drift if an accepted edit renewed the wrong ones."""
    formulas = random_formulas(PLAYER, 4)
    current = lists_of(formulas, 40, 4)
    best = current.copy()
    costs = 6.0 * wrong_of(formulas) + formulas.sizes()[:, :, 1]
    for key in range(6):
        wrong = searched(current, best, 500, key).reshape(4, 3)
        made = formulas_in(best, PLAYER)
        np.testing.assert_array_equal(wrong, wrong_of(made))
        now = 6.0 * wrong + made.sizes()[:, :, 1]
        assert (now <= costs).all()
        costs = now
    assert wrong.sum() < wrong_of(formulas).sum() / 2
    assert made.sizes()[:, :, 0].max() <= 40
    # The current lists are valid formulas, too.
    Formulas.from_arrays(formulas_in(current, PLAYER).to_arrays())


def test_a_list_is_searched_alone() -> None:
    """A list's result depends on its rules, its index and the key alone."""
    whole, part = (lists_of(Formulas.silent(PLAYER, n), 10, 4) for n in (3, 1))
    searched(whole.copy(), whole, 300)
    searched(part.copy(), part, 300)
    both = formulas_in(whole, PLAYER).take([0]).to_arrays()
    assert same_arrays(both, formulas_in(part, PLAYER).to_arrays())


def test_full_lists_are_edited_within_their_room() -> None:
    lists = lists_of(Formulas.silent(PLAYER, 2), 2, 1)
    searched(lists.copy(), lists, 3000)
    sizes = formulas_in(lists, PLAYER).sizes()
    assert sizes[:, :, 0].max() <= 2
    with pytest.raises(GenomeError, match="at most 1 rules"):
        lists_of(random_formulas(PLAYER, 3), 1, 4)


def test_rows_that_stand_for_several_steps_count_as_often() -> None:
    song = np.tile(ROLL[:20], (4, 1))
    lessons = PLAYER.lessons(Taught((song,), 8))
    assert len(lessons.counts) < lessons.steps
    assert len(pack_lessons(lessons).offsets) - 1 == lessons.achievable
    sounding = int(lessons.counts[lessons.wanted.any(axis=0)].sum())
    assert len(pack_lessons(lessons, 3).offsets) - 1 == lessons.achievable + 2 * sounding


def test_lists_that_do_not_fit_are_refused() -> None:
    lists = lists_of(Formulas.silent(PLAYER, 1), 4, 4)
    other = lists_of(Formulas.silent(PLAYER, 1), 5, 4)
    with pytest.raises(GenomeError):
        searched(lists, other, 1)
    with pytest.raises(GenomeError):
        search_lists(PACKED, COOLING, np.zeros(2, np.int64), lists, lists, np.uint64(1))
