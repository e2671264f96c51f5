"""Exported formulas can be played by their text alone, and read back."""

import json
import re
from itertools import takewhile
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays
from formulas import random_formulas

from genomes.errors import GenomeError
from genomes.formula import text as module
from genomes.formula.player import FormulaPlayer
from genomes.formula.text import export_formula, formula_text, formulas_of, read_formula

PLAYERS = (
    FormulaPlayer(3, (1, 2, 5), bar=4),
    FormulaPlayer(4, (1, 3), bar=3, planes=2),
    FormulaPlayer(3, (1, 4), bar=4, relative=True),
    FormulaPlayer(6, (1, 2), bar=2, planes=2, relative=True),
)
NAMES = ("E4", "F4", "G#4", "A4")


def documented() -> dict[str, Any]:
    """Return the functions that the module's docstring gives to play a document."""
    lines = (module.__doc__ or "").split("\n")
    code = [line[4:] for line in lines if line.startswith("    ")]
    first = next(place for place, line in enumerate(code) if line.startswith("def plays"))
    found: dict[str, Any] = {}
    exec("\n".join(code[first:]), found)
    return found


@pytest.mark.parametrize("player", PLAYERS)
def test_the_documented_lines_play_the_json(player: FormulaPlayer) -> None:
    plays = documented()["plays"]
    for seed in range(3):
        formula = random_formulas(player, 1, seed)
        document = json.loads(formula.export({"fitness": 1.5})["formula.json"])
        assert document["metadata"] == {"fitness": 1.5}
        played: list[Any] = []
        for step in range(25):
            row = [plays(document, played, step, key) for key in range(player.keys)]
            played.append(row)
        alone = formula.perform(np.zeros((0, player.keys), np.bool_), 25)[0]
        np.testing.assert_array_equal(alone, played)


@pytest.mark.parametrize("player", PLAYERS)
def test_a_document_is_read_back(player: FormulaPlayer) -> None:
    formula = random_formulas(player, 1, 5)
    again = read_formula(export_formula(formula, {}))
    assert same_arrays(again.to_arrays(), formula.to_arrays())


def literal_of(words: str, played: Any, step: int, bar: int) -> bool:
    negated = words.startswith("not ")
    words = words.removeprefix("not ")
    if words == "always":
        return True
    at = re.fullmatch(r"at step (\d+) of the bar", words)
    if at:
        true = step % bar == int(at[1]) - 1
    else:
        found = re.fullmatch(r"(\S+) (\d+) steps? ago", words)
        assert found is not None, words
        back = step - int(found[2])
        true = back >= 0 and bool(played[back][NAMES.index(found[1])])
    return true != negated


def test_the_text_alone_can_be_played() -> None:
    player = PLAYERS[0]
    for seed in range(4):
        formula = random_formulas(player, 1, seed)
        lines = formula_text(formula, NAMES.__getitem__).split("\n")
        rules = [line for line in lines[lines.index("") + 1 :] if line]
        played: list[list[bool]] = []
        for step in range(25):
            row, key = [False] * player.keys, -1
            for line in rules:
                begin, _, words = line.strip().partition("if ")
                if not line.startswith(" "):
                    key = NAMES.index(begin.strip())
                if all(literal_of(one, played, step, 4) for one in words.split(" and ")):
                    row[key] = begin != "but not "
            played.append(row)
        alone = formula.perform(np.zeros((0, 3), np.bool_), 25)[0]
        np.testing.assert_array_equal(alone, played)


def test_the_text_reads_as_a_sentence() -> None:
    player = FormulaPlayer(2, (1, 2), bar=4)
    rules = [(False, [1]), (True, [0, 7]), (False, [8]), (True, [])]
    lines = formula_text(formulas_of(player, [rules, []]), NAMES.__getitem__).split("\n")
    head = list(takewhile(bool, lines))
    assert head[-1].endswith("A bar has 4 steps; the first step is its step 1.")
    assert lines[len(head) + 1 :] == [
        "E4 if E4 1 step ago and not F4 2 steps ago",
        "    but not if at step 1 of the bar",
        "    or if always",
        "",
    ]


WRONG = {
    "no JSON": b"{",
    "another format": b'{"format": "x", "keys": 1, "lags": [1], "bar": 0, "planes": 1, '
    b'"relative": false, "lists": [[]]}',
    "too few lists": b'{"format": "formula-1", "keys": 2, "lags": [1], "bar": 0, "planes": 1, '
    b'"relative": false, "lists": [[]]}',
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_other_documents_are_refused(document: bytes) -> None:
    with pytest.raises(GenomeError, match="formula"):
        read_formula(document)


@pytest.mark.parametrize("literal", [
    {"key": 3, "ago": 1}, {"key": -1, "ago": 1}, {"key": 0, "ago": 9}, {"position": 4},
    {"interval": 0, "ago": 1}, {},
])  # fmt: skip
def test_literals_that_do_not_exist_are_refused(literal: dict[str, int]) -> None:
    document = json.loads(export_formula(random_formulas(PLAYERS[0], 1), {}))
    document["lists"][0] = [{"sounds": True, "if": [literal]}]
    with pytest.raises(GenomeError, match="formula: "):
        read_formula(json.dumps(document))


def test_one_formula_is_exported_at_a_time() -> None:
    with pytest.raises(ValueError, match="one formula"):
        export_formula(random_formulas(PLAYERS[0], 2), {})
