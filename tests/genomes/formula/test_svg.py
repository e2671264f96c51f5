"""Pictures of formulas for notebooks."""

from xml.etree import ElementTree

from formulas import random_formulas

from genomes.formula.drawing import MAX_ROWS
from genomes.formula.player import FormulaPlayer
from genomes.formula.text import formulas_of

SVG = "{http://www.w3.org/2000/svg}"


def test_every_literal_is_a_mark_with_a_title() -> None:
    player = FormulaPlayer(2, (1, 2), bar=4)
    formula = formulas_of(player, [[(True, [0, 7]), (False, [8])], []])
    root = ElementTree.fromstring(formula._repr_svg_() or "")
    titles = [title.text for title in root.findall(f".//{SVG}circle/{SVG}title")]
    assert titles == ["key 0 1 steps ago", "not key 1 2 steps ago", "step 1 of the bar"]
    texts = ["".join(element.itertext()) for element in root.iter()]
    assert "3 literals in 2 rules, for 1 of 2 lists" in texts


def test_large_and_empty_formulas_are_drawn_and_batches_are_not() -> None:
    player = FormulaPlayer(3, (1, 4), relative=True)
    large = random_formulas(player, 1, rules=3 * MAX_ROWS)
    assert f"the first {MAX_ROWS} rules are drawn" in (large._repr_svg_() or "")
    assert formulas_of(player, [[]])._repr_svg_() is not None
    assert random_formulas(player, 2)._repr_svg_() is None
