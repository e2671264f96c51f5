"""Formulas as DEAP's trees of and, or and not, and back.

A rule list is a tree: `or_(list, rule)` for a rule that adds, `and_(list, not_(rule))` for one that
removes. Back, every tree becomes a rule list with the same values:

    or_(a, b)     the rules of a, then those of b in disjunctive normal form, which add
    and_(a, b)    the rules of a, then those of not b, which remove
    not_(a)       the normal form of not a; or: always, then those of a, which remove

The shorter of equal choices is taken. A normal form can be exponential in the tree, so there is a
limit, as for the height of trees in DEAP's own examples.
"""

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evo.engines.deap.individuals import Coding, ListIndividual

Rules = list[tuple[bool, list[int]]]  # whether each adds, and its literals
_Terms = list[frozenset[int]]  # a disjunction of conjunctions


class TooLargeError(ValueError):
    """The tree has more rules or literals than there is room for."""


class Trees:
    """Conversion of trees with some number of inputs.

    Attributes:
        pset: The primitive set: `and_`, `or_`, `not_`, the inputs, and `never`.
    """

    def __init__(self, inputs: int, rules: int, literals: int) -> None:
        """Create the primitive set.

        Args:
            inputs: Number of inputs.
            rules: Maximum rules of a tree.
            literals: Maximum literals per rule.
        """
        from deap import gp

        self._rules, self._literals = rules, literals
        self.pset = gp.PrimitiveSet("formula", inputs)
        self.pset.addPrimitive(lambda a, b: a and b, 2, name="and_")
        self.pset.addPrimitive(lambda a, b: a or b, 2, name="or_")
        self.pset.addPrimitive(lambda a: not a, 1, name="not_")
        self._leaves = list(self.pset.terminals[self.pset.ret])
        self._index = {leaf.name: index for index, leaf in enumerate(self._leaves)}
        self.pset.addTerminal(False, name="never")
        self._never = self.pset.terminals[self.pset.ret][-1]
        self._and, self._or, self._not = (
            next(one for one in self.pset.primitives[self.pset.ret] if one.name == name)
            for name in ("and_", "or_", "not_")
        )

    def tree(self, rules: Rules) -> Any:
        """Return a rule list as a tree."""
        from deap import gp

        nodes: list[Any] = [self._never]
        for adds, literals in rules:
            rule = self._conjunction(literals)
            if adds:
                nodes = rule if nodes == [self._never] else [self._or, *nodes, *rule]
            elif nodes != [self._never]:
                nodes = [self._and, *nodes, self._not, *rule]
        return gp.PrimitiveTree(nodes)

    def _conjunction(self, literals: Sequence[int]) -> list[Any]:
        nodes: list[Any] = [] if literals else [self._not, self._never]
        for literal in literals:
            leaf = self._leaves[literal >> 1]
            own = [self._not, leaf] if literal & 1 else [leaf]
            nodes = [self._and, *nodes, *own] if nodes else own
        return nodes

    def rules(self, tree: Sequence[Any]) -> Rules:
        """Return a tree as a rule list.

        Raises:
            TooLargeError: If it has too many rules or literals.
        """
        end, rules = self._rules_from(tree, 0)
        if end != len(tree):
            raise ValueError("a tree that is not complete")
        rules = [(adds, literals) for adds, literals in rules if len(literals) <= self._literals]
        if len(rules) > self._rules:
            raise TooLargeError(f"a tree of {len(rules)} rules, and {self._rules} fit")
        return rules

    def _rules_from(self, tree: Sequence[Any], at: int) -> tuple[int, Rules]:
        """Return the rules of the subtree at an index, and the index after it."""
        node, whole = tree[at], self._as_rules(tree, at, True, True)
        if node.arity == 0:
            return at + 1, whole or []
        if node.arity == 1:
            end, _ = self._rules_from(tree, at + 1)
            removing = self._as_rules(tree, at + 1, True, False)
            return end, self._shortest(whole, None if removing is None else [(True, []), *removing])
        middle, first = self._rules_from(tree, at + 1)
        end, second = self._rules_from(tree, middle)
        adds = node.name == "or_"
        of_first = self._as_rules(tree, at + 1, adds, adds)
        of_second = self._as_rules(tree, middle, adds, adds)
        return end, self._shortest(
            whole,
            None if of_second is None else first + of_second,
            None if of_first is None else second + of_first,
        )

    def _as_rules(self, tree: Sequence[Any], at: int, value: bool, adds: bool) -> Rules | None:
        """Return rules that hold when a subtree has a value; None if they are too many."""
        try:
            terms = self._terms(tree, at, value)[1]
        except TooLargeError:
            return None
        return [(adds, sorted(term)) for term in terms]

    def _shortest(self, *choices: Rules | None) -> Rules:
        """Return the shortest of the choices that are not too large.

        Raises:
            TooLargeError: If all are.
        """
        found = [one for one in choices if one is not None]
        if not found:
            raise TooLargeError(f"a tree of more than {self._rules} rules")
        return min(found, key=_size)

    def _terms(self, tree: Sequence[Any], at: int, value: bool) -> tuple[int, _Terms]:
        """Return when a subtree has a value, in disjunctive normal form, and the index after it."""
        node = tree[at]
        if node.arity == 0:
            if node.name not in self._index:
                return at + 1, [] if value else [frozenset()]
            return at + 1, [frozenset([self._literal(node) ^ (not value)])]
        if node.arity == 1:
            return self._terms(tree, at + 1, not value)
        middle, first = self._terms(tree, at + 1, value)
        end, second = self._terms(tree, middle, value)
        if (node.name == "or_") == value:
            return end, self._shortened(first + second)
        if len(first) * len(second) > self._rules**2:
            raise TooLargeError(f"a tree of more than {self._rules} rules")
        joined = [one | other for one in first for other in second]
        return end, self._shortened([one for one in joined if not any(x ^ 1 in one for x in one)])

    def _literal(self, node: Any) -> int:
        return 2 * self._index[node.name]

    def _shortened(self, terms: _Terms) -> _Terms:
        """Return terms without those that imply another."""
        kept: _Terms = []
        for term in sorted(set(terms), key=lambda one: (len(one), sorted(one))):
            if not any(other <= term for other in kept):
                kept.append(term)
        if len(kept) > self._rules:
            raise TooLargeError(f"a tree of {len(kept)} rules, and {self._rules} fit")
        return kept


def _size(rules: Rules) -> tuple[int, int]:
    return len(rules), sum(len(literals) for _, literals in rules)


class TreeIndividual(ListIndividual):
    """A list of trees; a copy has copies of the trees, which operators change in place."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = type(self)(copy.deepcopy(tree, memo) for tree in self)
        vars(made).update(copy.deepcopy(vars(self), memo))
        return made


class TreeCoding(Coding):
    """A row of a population of formulas as a list of trees.

    A row is int32 (lists, rules, 1 + literals): 0 for no rule, 1 for one that adds or 2 for one
    that removes; then 1 + each literal, and 0 for none.
    """

    trees: Trees

    @classmethod
    def of(cls, lists: int, rules: int, trees: Trees, literals: int) -> "TreeCoding":
        """Return the coding of formulas.

        Args:
            lists: Rule lists of a formula.
            rules: Maximum rules of a list.
            trees: Conversion of trees.
            literals: Maximum literals of a rule.
        """
        made = cls((lists, rules, 1 + literals), np.int32, False, "formula")
        made.trees = trees
        return made

    def individual_type(self, goals: int) -> type[Any]:
        """Return the class of individuals whose fitness has this many values, to be maximised."""
        flat = super().individual_type(goals)
        return type("Individual", (TreeIndividual,), {"fitness_type": flat.fitness_type})

    def individual(self, kind: type[Any], row: NDArray[Any]) -> Any:
        """Return a row as a list of trees.

        Args:
            kind: From `individual_type`.
            row: One row of the population.
        """
        return kind([self.trees.tree(rules_in(one)) for one in row])

    def row(self, individual: Any) -> NDArray[Any]:
        """Return the row of a list of trees.

        Args:
            individual: The trees.

        Raises:
            ValueError: If it is something else, or too large.
        """
        if not isinstance(individual, list) or len(individual) != self.shape[0]:
            raise ValueError(f"something else than a list of {self.shape[0]} trees")
        made = np.zeros(self.shape, np.int32)
        for place, tree in enumerate(individual):
            if not all(hasattr(node, "arity") for node in tree):
                raise ValueError("a list of something else than trees of deap.gp")
            write_rules(made[place], self.trees.rules(tree))
        return made


def rules_in(table: NDArray[Any]) -> Rules:
    """Return the rules in one list of a row: int32 (rules, 1 + literals)."""
    return [
        (int(rule[0]) == 1, [int(literal) - 1 for literal in rule[1:] if literal])
        for rule in table
        if rule[0]
    ]


def write_rules(table: NDArray[Any], rules: Rules) -> None:
    """Write rules into one list of a row.

    Args:
        table: Int32 (rules, 1 + literals), zeros; written to.
        rules: The rules.
    """
    for place, (adds, literals) in enumerate(rules):
        table[place, 0] = 1 if adds else 2
        table[place, 1 : 1 + len(literals)] = np.asarray(literals, np.int32) + 1
