"""Rule lists in rows of equal length, for kernels that edit them."""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Indices, offsets_of
from genomes.base import unchecked
from genomes.errors import GenomeError
from genomes.formula.evaluation import Literals
from genomes.formula.formulas import Formulas
from genomes.formula.player import FormulaPlayer
from genomes.kernels import device


class Lists(NamedTuple):
    """Rule lists with room to grow.

    Attributes:
        literals: int32 (lists, rules, literals); those beyond `sizes` mean nothing.
        sizes: int64 (lists, rules), literals of each rule.
        adds: bool (lists, rules), whether a rule adds.
        counts: int64 (lists,), rules of each list.
    """

    literals: Literals
    sizes: Indices
    adds: BoolArray
    counts: Indices

    def copy(self) -> "Lists":
        """Return a copy."""
        return Lists(self.literals.copy(), self.sizes.copy(), self.adds.copy(), self.counts.copy())


def lists_of(formulas: Formulas, rules: int, literals: int) -> Lists:
    """Return the rule lists of a batch in rows of equal length.

    Args:
        formulas: The batch.
        rules: Room for rules per list.
        literals: Room for literals per rule.

    Raises:
        GenomeError: If a list has no room.
    """
    counts, sizes = np.diff(formulas.list_offsets), np.diff(formulas.literal_offsets)
    if counts.max(initial=0) > rules or sizes.max(initial=0) > literals:
        raise GenomeError(
            f"formulas must have at most {rules} rules per key and {literals} literals per rule, "
            f"got {counts.max(initial=0)} and {sizes.max(initial=0)}"
        )
    made = Lists(
        np.zeros((len(counts), rules, literals), np.int32),
        np.zeros((len(counts), rules), np.int64),
        np.zeros((len(counts), rules), np.bool_),
        counts,
    )
    used = np.arange(rules) < counts[:, None]
    made.sizes[used] = sizes
    made.adds[used] = formulas.adds
    made.literals[np.arange(literals) < made.sizes[:, :, None]] = formulas.literal
    return made


def formulas_in(lists: Lists, player: FormulaPlayer) -> Formulas:
    """Return rule lists as a batch of formulas.

    Args:
        lists: The lists of every individual, one individual after another.
        player: What formulas read.
    """
    used = np.arange(lists.adds.shape[1]) < lists.counts[:, None]
    sizes = lists.sizes * used
    within = np.arange(lists.literals.shape[2]) < sizes[:, :, None]
    return unchecked(
        Formulas,
        player=player,
        list_offsets=offsets_of(lists.counts),
        adds=lists.adds[used],
        literal_offsets=offsets_of(sizes[used]),
        literal=lists.literals[within],
    )


@device
def copy_list(source: Lists, row: int, target: Lists, other: int) -> None:
    """Copy a rule list.

    Args:
        source: Lists to copy from.
        row: Index of the list.
        target: Lists with as much room, written to.
        other: Index of the copy.
    """
    count = source.counts[row]
    target.counts[other] = count
    for rule in range(count):
        target.sizes[other, rule] = source.sizes[row, rule]
        target.adds[other, rule] = source.adds[row, rule]
        for place in range(source.sizes[row, rule]):
            target.literals[other, rule, place] = source.literals[row, rule, place]


@device
def put_rule(lists: Lists, row: int, rule: int, adds: bool, literals: Literals, size: int) -> None:
    """Replace a rule.

    Args:
        lists: The lists, written to.
        row: Index of the list.
        rule: Index of the rule in the list.
        adds: Whether the rule adds.
        literals: Int32 (any,), its literals first.
        size: Number of literals.
    """
    lists.adds[row, rule], lists.sizes[row, rule] = adds, size
    for place in range(size):
        lists.literals[row, rule, place] = literals[place]


@device
def open_rule(lists: Lists, row: int, rule: int) -> None:
    """Move the rules from an index on, to make room for one; the list must not be full.

    Args:
        lists: The lists, written to.
        row: Index of the list.
        rule: Index of the free rule.
    """
    for index in range(lists.counts[row], rule, -1):
        put_rule(
            lists, row, index, lists.adds[row, index - 1], lists.literals[row, index - 1],
            lists.sizes[row, index - 1],
        )  # fmt: skip
    lists.counts[row] += 1


@device
def drop_rule(lists: Lists, row: int, rule: int) -> None:
    """Remove a rule.

    Args:
        lists: The lists, written to.
        row: Index of the list.
        rule: Index of the rule.
    """
    lists.counts[row] -= 1
    for index in range(rule, lists.counts[row]):
        put_rule(
            lists, row, index, lists.adds[row, index + 1], lists.literals[row, index + 1],
            lists.sizes[row, index + 1],
        )  # fmt: skip
