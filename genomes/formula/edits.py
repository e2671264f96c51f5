"""Random edits of rule lists, for searches that know scores alone.

An edit is one of: a new rule at a random index, a rule removed, and a rule with a literal added,
removed, replaced or negated, or turned from adding to removing. An edit without a possible target
is replaced by a new rule.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import Indices
from genomes.errors import GenomeError
from genomes.formula.evaluation import Literals
from genomes.formula.lists import Lists, drop_rule, open_rule, put_rule
from genomes.kernels import device, kernel
from genomes.randomness import Stream, below, start_stream, uniform


class EditRates(NamedTuple):
    """Parameters of random edits.

    Attributes:
        inputs: Number of inputs.
        negated: Share of new literals that are negated.
        insert: Probability of a new rule.
        remove: Probability of removing a rule; the others change one.
    """

    inputs: int
    negated: float
    insert: float
    remove: float


@device
def random_literal(inputs: int, negated: float, stream: Stream) -> int:
    """Return a random literal.

    Args:
        inputs: Number of inputs.
        negated: Probability that it is negated.
        stream: Random stream.
    """
    is_negated = uniform(stream) < negated
    return 2 * below(stream, inputs) + is_negated


@device
def change_rule(
    literals: Literals, size: int, adds: bool, literal: int, stream: Stream
) -> tuple[int, bool]:
    """Change the literals of a rule in place; return their number, and whether it adds.

    Args:
        literals: Int32 (room,), written to.
        size: Number of literals.
        adds: Whether the rule adds.
        literal: A new literal, which is used if one is added or replaced.
        stream: Random stream.
    """
    chance = uniform(stream)
    if size == 0 or (chance < 0.2 and size < len(literals)):
        literals[size] = literal
        return size + 1, adds
    if chance < 0.42 and size > 1:
        literals[below(stream, size)] = literals[size - 1]
        return size - 1, adds
    if chance < 0.5:
        literals[below(stream, size)] ^= 1
    elif chance < 0.55:
        return size, not adds
    else:
        literals[below(stream, size)] = literal
    return size, adds


@device
def _edit(rates: EditRates, lists: Lists, row: int, literals: Literals, stream: Stream) -> None:
    """Apply a random edit to a list."""
    count, chance = lists.counts[row], uniform(stream)
    if count == 0 or (chance < rates.insert and count < lists.adds.shape[1]):
        rule, adds = below(stream, count + 1), uniform(stream) < 0.5 or count == 0
        size = 1
        while size < min(4, len(literals)) and uniform(stream) < 0.5:
            size += 1
        for place in range(size):
            literals[place] = random_literal(rates.inputs, rates.negated, stream)
        open_rule(lists, row, rule)
        put_rule(lists, row, rule, adds, literals, size)
        return
    rule = below(stream, count)
    if chance < rates.insert + rates.remove:
        drop_rule(lists, row, rule)
        return
    for place in range(lists.sizes[row, rule]):
        literals[place] = lists.literals[row, rule, place]
    new = random_literal(rates.inputs, rates.negated, stream)
    size, adds = change_rule(literals, lists.sizes[row, rule], lists.adds[row, rule], new, stream)
    put_rule(lists, row, rule, adds, literals, size)


@kernel
def edit_lists(rates: EditRates, lists: Lists, edits: Indices, key: np.uint64) -> None:
    """Apply random edits to rule lists.

    List i draws from stream i under `key`.

    Args:
        rates: Parameters of the edits.
        lists: The lists, written to.
        edits: Int64 (lists,), the number of edits of each.
        key: Key of the random streams.

    Raises:
        GenomeError: If the arguments do not fit each other.
    """
    if len(edits) != len(lists.counts) or rates.inputs < 1:
        raise GenomeError("edits must be one number per list, and rates.inputs at least 1")
    stream, literals = np.zeros(1, np.uint64), np.zeros(lists.literals.shape[2], np.int32)
    for row in range(len(edits)):
        start_stream(stream, key, row)
        for _ in range(edits[row]):
            _edit(rates, lists, row, literals, stream)
