"""Formulas as trees of and, or and not, and DEAP's genetic programming over them."""

import random
from functools import partial
from typing import Any

import numpy as np
import pytest
from deap import gp
from formulas import random_formulas

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores
from evo.engines.deap.formula import FormulaDeap
from evo.engines.deap.trees import Rules, TooLargeError, Trees
from genomes.formula.player import FormulaPlayer
from genomes.formula.text import rules_of

INPUTS = 5
TREES = Trees(INPUTS, 40, 6)
PLAYER = FormulaPlayer(2, (1, 2), bar=2)
SETTINGS = {"formula": {"inputs": PLAYER.inputs, "keys": 2}, "population": {"size": 12}}


def value_of_rules(rules: Rules, inputs: Any) -> bool:
    value = False
    for adds, literals in rules:
        if all(inputs[one >> 1] != bool(one & 1) for one in literals):
            value = adds
    return value


def value_of_tree(tree: Any, inputs: Any) -> bool:
    """Return the value by DEAP's own text of the tree."""
    names = {f"ARG{place}": value for place, value in enumerate(inputs)}
    scope = {
        "never": False,
        "and_": lambda a, b: a and b,
        "or_": lambda a, b: a or b,
        "not_": lambda a: not a,
    }
    return bool(eval(str(tree), scope | names))


def every_input() -> Any:
    return [[bool(number >> place & 1) for place in range(INPUTS)] for number in range(1 << INPUTS)]


def test_rules_are_the_values_of_any_tree() -> None:
    random.seed(3)
    for _ in range(60):
        tree = gp.PrimitiveTree(gp.genHalfAndHalf(TREES.pset, 0, 4))
        rules = TREES.rules(tree)
        for inputs in every_input():
            assert value_of_rules(rules, inputs) == value_of_tree(tree, inputs), str(tree)


def test_rules_are_a_tree_and_the_same_rules_again() -> None:
    player = FormulaPlayer(1, (1, 2, 3, 4, 5))
    formulas = random_formulas(player, 40)
    for index in range(40):
        rules = rules_of(formulas, index)
        again = TREES.rules(TREES.tree(rules))
        for inputs in every_input():
            assert value_of_rules(again, inputs) == value_of_rules(rules, inputs)
        assert len(again) <= max(len(rules), 1)


def test_trees_that_are_too_large_are_refused() -> None:
    small = Trees(INPUTS, 2, 6)
    tree = TREES.tree([(True, [0]), (True, [2]), (True, [4])])
    with pytest.raises(TooLargeError, match="3 rules, and 2 fit"):
        small.rules(tree)


def notes(engine: FormulaDeap) -> Scores:
    return Scores.of(engine.ask().perform(np.zeros((1, 2), np.bool_), 20).sum(axis=(1, 2)))


@pytest.mark.parametrize("kind", ["mutNodeReplacement", "mutInsert", "mutShrink"])
def test_every_mutation_breeds(kind: str) -> None:
    engine = FormulaDeap(SETTINGS | {"mutate": {"kind": kind}}, seed=1, player=PLAYER)
    for _ in range(5):
        engine.tell(notes(engine))
    assert len(engine.ask()) == 12


def test_a_users_mutation_takes_trees() -> None:
    pset = Trees(PLAYER.inputs, 1, 1).pset
    grow = partial(gp.genFull, min_=0, max_=1)

    def mutate(individual: Any) -> Any:
        (individual[0],) = gp.mutUniform(individual[0], grow, pset)
        return (individual,)

    engine = FormulaDeap(SETTINGS, seed=1, player=PLAYER, functions={"mutate": mutate})
    engine.tell(notes(engine))
    engine.tell(notes(engine))
    wrong = FormulaDeap(SETTINGS, seed=1, player=PLAYER, functions={"mutate": lambda one: ([1],)})
    with pytest.raises(BreedingError, match="list of 2 trees"):
        wrong.tell(notes(wrong))


def test_individuals_are_no_arrays() -> None:
    with pytest.raises(InputError, match="must be list"):
        FormulaDeap({"population": {"individual": "array"}}, seed=1)


def test_states_of_another_player_are_refused() -> None:
    engine = FormulaDeap(SETTINGS, seed=1, player=PLAYER)
    other = FormulaPlayer(2, (1, 3), bar=2)
    with pytest.raises(ValueError, match="of the player"):
        FormulaDeap.restore(engine.settings, engine.state(), seed=1, player=other)
