"""The picture and the text of a formula."""

import pytest
from formulas import random_formulas

from evo.analysis.plot import formula_figure, png_bytes
from evo.analysis.plot.formula import formula_files
from genomes.formula.drawing import MAX_ROWS
from genomes.formula.player import FormulaPlayer
from genomes.formula.text import formulas_of

PLAYER = FormulaPlayer(4, (1, 8, 70), bar=4, planes=2)


def words(figure: object) -> set[str]:
    return {text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))}


def test_a_formula_is_drawn_and_written_with_names_of_notes() -> None:
    formula = formulas_of(PLAYER, [[(True, [0, 7])], [], [(True, [2 * 12])], []])
    found = words(formula_figure(formula, 60))
    assert {
        "C4",
        "C4 held",
        "C#4 held",
        "step 1",
        "3 literals in 2 rules, for 2 of 4 lists",
    } <= found
    files = formula_files(formula, 60)
    assert files["formula.png"].startswith(b"\x89PNG")
    text = files["formula.txt"].decode()
    assert "C4 if C4 1 step ago and not C#4 held 1 step ago\n" in text
    assert "key 0 if key 0 1 step ago" in formula_files(formula, None)["formula.txt"].decode()


def test_large_formulas_are_drawn_in_part_and_batches_are_refused() -> None:
    large = random_formulas(FormulaPlayer(2, (1, 2)), 1, rules=3 * MAX_ROWS)
    assert any("more rules" in text for text in words(formula_figure(large)))
    assert png_bytes(formula_figure(formulas_of(PLAYER, [[]] * 4))).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="batch of one"):
        formula_figure(random_formulas(PLAYER, 2))
