"""Random edits of rule lists."""

import numpy as np
import pytest
from breeding import same_arrays
from formulas import random_formulas

from genomes.errors import GenomeError
from genomes.formula.edits import EditRates, edit_lists
from genomes.formula.formulas import Formulas
from genomes.formula.lists import formulas_in, lists_of
from genomes.formula.player import FormulaPlayer

PLAYER = FormulaPlayer(3, (1, 2, 3), bar=4)
RATES = EditRates(PLAYER.inputs, 0.2, 0.3, 0.2)


def test_lists_without_edits_stay_and_others_change() -> None:
    formulas = random_formulas(PLAYER, 20)
    lists = lists_of(formulas, 8, 4)
    edits = np.tile([0, 1, 3], 20)
    edit_lists(RATES, lists, edits, np.uint64(9))
    made = formulas_in(lists, PLAYER)
    Formulas.from_arrays(made.to_arrays())
    still = np.arange(0, 60, 3)
    assert same_arrays(*(
        {"literal": one.take_lists(np.repeat(still, 3)).literal} for one in (made, formulas)
    ))  # fmt: skip
    changes = np.abs(made.sizes() - formulas.sizes())[:, 1, 0]
    assert changes.max() == 1  # one edit adds or removes one rule


def test_many_edits_stay_within_the_room_and_find_every_literal() -> None:
    lists = lists_of(Formulas.silent(PLAYER, 30), 5, 3)
    edit_lists(RATES, lists, np.full(90, 400), np.uint64(2))
    made = formulas_in(lists, PLAYER)
    Formulas.from_arrays(made.to_arrays())
    assert made.sizes()[:, :, 0].max() == 5
    assert np.diff(made.literal_offsets).max() == 3
    assert set(made.literal.tolist()) == set(range(2 * PLAYER.inputs))


def test_arguments_that_do_not_fit_are_refused() -> None:
    lists = lists_of(Formulas.silent(PLAYER, 1), 5, 3)
    with pytest.raises(GenomeError):
        edit_lists(RATES, lists, np.zeros(2, np.int64), np.uint64(2))
