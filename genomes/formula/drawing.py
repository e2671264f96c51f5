"""Rules as rows of a drawing: literals by steps ago, the last step at the right.

Only the steps that a rule reads have a column, so that marks have room for their names.
"""

from collections.abc import Callable, Sequence
from itertools import dropwhile
from typing import NamedTuple

from genomes.formula.formulas import Formulas
from genomes.formula.text import described, rules_of

MAX_ROWS = 120  # rules that are drawn


class Mark(NamedTuple):
    """One literal of a rule.

    Attributes:
        ago: Steps ago; 0 for a position in the bar.
        name: Name of the key, the interval, or the position.
        negated: Whether it must not be so.
    """

    ago: int
    name: str
    negated: bool


class DrawnRule(NamedTuple):
    """One rule.

    Attributes:
        owner: What is decided, at the first rule of a list; otherwise "".
        adds: Whether it lets the key sound.
        marks: Its literals.
    """

    owner: str
    adds: bool
    marks: tuple[Mark, ...]


def drawn_rules(formulas: Formulas, name_of: Callable[[int], str]) -> list[DrawnRule]:
    """Return the rules of a batch of one, from the highest key to the lowest.

    Rules without an effect, before the first that adds, are left out.

    Args:
        formulas: The batch.
        name_of: Returns the name of a channel.
    """
    player, found = formulas.player, []
    for index in range(player.lists - 1, -1, -1):
        owner = name_of(index) if not player.relative else ("held" if index else "any key")
        for adds, literals in dropwhile(lambda rule: not rule[0], rules_of(formulas, index)):
            marks = tuple(_mark(described(player, literal), name_of) for literal in literals)
            found.append(DrawnRule(owner, adds, marks))
            owner = ""
    return found


def _mark(literal: dict[str, int], name_of: Callable[[int], str]) -> Mark:
    negated = "not" in literal
    if "position" in literal:
        return Mark(0, f"step {literal['position'] + 1}", negated)
    if "key" in literal:
        return Mark(literal["ago"], name_of(literal["key"]), negated)
    held = "held " if literal["plane"] else ""
    return Mark(literal["ago"], f"{held}{literal['interval']:+d}", negated)


def columns_of(rules: Sequence[DrawnRule]) -> dict[int, int]:
    """Return the column of each number of steps ago that is read, from the left.

    The position in the bar (0 steps ago) is the last.

    Args:
        rules: The rules that are drawn.
    """
    read = {mark.ago for rule in rules for mark in rule.marks}
    return {ago: column for column, ago in enumerate(sorted(read, reverse=True))}


def sizes_in_words(formulas: Formulas) -> str:
    """Return the size of a batch of one: 25 literals in 21 rules for 5 of 13 keys."""
    sizes = formulas.sizes()[0]
    rules, literals = sizes.sum(axis=0)
    used = int((sizes[:, 0] > 0).sum())
    return f"{literals:,} literals in {rules:,} rules, for {used} of {len(sizes)} lists"
