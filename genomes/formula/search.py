"""Annealed edits of rule lists by lessons: one kernel call is thousands of edits per list.

Every list is searched by itself, from its current rules:

1. An edit is proposed: a new rule, a rule removed, or one with a literal added, removed, replaced
   or negated. Most edits are aimed: at a row that is wrong, a new rule or literal holds.
2. Its cost is `error` times the wrong rows, plus the literals. A cheaper or equal list replaces the
   current one; one that costs d more does so with probability exp(-d / temperature) (Metropolis).
3. The cheapest list so far is kept.

An edit costs the same in a long list as in a short one. What the rules before rule i decide is a
column of bits (`before[i]`). The rules from i on change it in a way that two columns describe:
whether the row is left as it is (`kept[i]`), and otherwise what it becomes (`made[i]`):

    value after all rules = (value before rule i & kept[i]) | made[i]

So a changed rule i needs the column of its literals and one pass over the words. Only an accepted
edit renews the columns.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, Indices
from genomes.errors import GenomeError
from genomes.formula.edits import change_rule, random_literal
from genomes.formula.evaluation import Literals, Words
from genomes.formula.lists import Lists, copy_list, drop_rule, open_rule, put_rule
from genomes.formula.packing import PackedLessons, bits_in
from genomes.kernels import device, inlined, kernel
from genomes.randomness import Stream, below, start_stream, uniform

_ALL, _NONE, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0), np.uint64(1)
_BITS = 64
_RENEWED = 64  # edits between changes of the temperature
_TRIES = 32  # for a literal of the wanted value
_INSERT, _REMOVE = 0.15, 0.07  # shares of edits that add or remove a rule
MODIFY, INSERT, REMOVE = range(3)


class Annealing(NamedTuple):
    """Parameters of a search.

    Attributes:
        hot: Temperature at the first edit, in literals.
        cold: Temperature at the last edit, above 0.
        error: Cost of a wrong row, in literals.
        aimed: Share of edits that are aimed, 0 to 1.
        negated: Share of new literals that are negated, 0 to 1.
    """

    hot: float
    cold: float
    error: float
    aimed: float
    negated: float


class _Columns(NamedTuple):
    """Cached columns of one list.

    Attributes:
        rules: uint64 (rules, words), rows in which each rule holds.
        before: uint64 (rules + 1, words), values before each rule.
        kept: uint64 (rules + 1, words), rows that no rule from an index on decides.
        made: uint64 (rules + 1, words), rows that these rules let sound.
        wrong: int64 (rows,), the wrong rows first.
    """

    rules: Words
    before: Words
    kept: Words
    made: Words
    wrong: Indices


@inlined
def _fill(source: Words, literals: Literals, size: int, column: Words) -> None:
    """Write the rows in which all literals hold."""
    for word in range(len(column)):
        column[word] = _ALL
    for place in range(size):
        literal = literals[place]
        index, flipped = literal >> 1, _ALL if literal & 1 else _NONE
        for word in range(len(column)):
            column[word] &= source[index, word] ^ flipped


@device
def _renew(columns: _Columns, lists: Lists, row: int, first: int, last: int) -> None:
    """Compute the values after rule `first` again, and what the rules up to `last` do."""
    count, words = lists.counts[row], columns.rules.shape[1]
    for rule in range(first, count):
        holds, value, after = columns.rules[rule], columns.before[rule], columns.before[rule + 1]
        if lists.adds[row, rule]:
            for word in range(words):
                after[word] = value[word] | holds[word]
        else:
            for word in range(words):
                after[word] = value[word] & ~holds[word]
    columns.kept[count] = _ALL
    columns.made[count] = _NONE
    for rule in range(min(last, count - 1), -1, -1):
        holds = columns.rules[rule]
        kept, made = columns.kept[rule + 1], columns.made[rule + 1]
        for word in range(words):
            columns.kept[rule, word] = kept[word] & ~holds[word]
        if lists.adds[row, rule]:
            for word in range(words):
                columns.made[rule, word] = (holds[word] & kept[word]) | made[word]
        else:
            for word in range(words):
                columns.made[rule, word] = made[word]


@device
def _list_wrong(lessons: PackedLessons, output: int, cached: _Columns, count: int) -> int:
    """Write the rows that are wrong after all rules; return how many there are."""
    before, wanted, valid, rows = cached.before, lessons.wanted, lessons.valid, cached.wrong
    found = 0
    for word in range(len(valid)):
        bits = (before[count, word] ^ wanted[output, word]) & valid[word]
        while bits != _NONE:
            lowest = bits & (~bits + _ONE)
            rows[found] = word * _BITS + bits_in(lowest - _ONE)
            found += 1
            bits ^= lowest
    return found


@inlined
def _errors_of(
    before: Words,
    kept: Words,
    made: Words,
    wanted: Words,
    valid: Words,
    output: int,
    rule: int,
    after: int,
    adds: bool,
    column: Words,
    most: int,
) -> int:
    """Return the wrong rows if a rule of this column follows the value before a rule.

    `after` is the first of the rules that follow. Counting ends when there are more than `most`.
    """  # fmt: skip
    errors, some = 0, _ALL if adds else _NONE
    for word in range(len(column)):
        hit = column[word]
        value = (before[rule, word] & ~hit) | (hit & some)
        value = (value & kept[after, word]) | made[after, word]
        errors += bits_in((value ^ wanted[output, word]) & valid[word])
        if errors > most:
            break
    return errors


@inlined
def _literal(
    columns: Words, offsets: Indices, true: Literals, negated: float, at: int, stream: Stream
) -> int:
    """Return a random literal that holds in a row; any literal if `at` is -1."""
    inputs = columns.shape[0]
    if at < 0:
        return random_literal(inputs, negated, stream)
    is_negated = uniform(stream) < negated
    first, count = offsets[at], offsets[at + 1] - offsets[at]
    if not is_negated and count > 0:
        return 2 * int(true[first + below(stream, count)])
    word, bit = at // _BITS, np.uint64(at % _BITS)
    index = below(stream, inputs)
    for _ in range(_TRIES):
        if not (columns[index, word] >> bit) & _ONE:
            break
        index = below(stream, inputs)
    return 2 * index + 1


@inlined
def _propose(
    columns: Words,
    offsets: Indices,
    true: Literals,
    negated: float,
    at: int,
    at_wanted: bool,
    old: Literals,
    sizes: Indices,
    adds: BoolArray,
    row: int,
    count: int,
    new: Literals,
    stream: Stream,
) -> tuple[int, int, bool, int]:
    """Draw an edit: its kind, the rule, whether this adds, and the number of its `new` literals.

    New literals hold in row `at`, where the key is wanted or not; unless `at` is -1.
    """  # fmt: skip
    chance = uniform(stream)
    if count == 0 or (chance < _INSERT and count < adds.shape[1]):
        rule = below(stream, count + 1) if uniform(stream) < 0.5 else count
        is_added = at_wanted if at >= 0 else uniform(stream) < 0.5
        size = 1
        while size < min(4, len(new)) and uniform(stream) < 0.5:
            size += 1
        for place in range(size):
            new[place] = _literal(columns, offsets, true, negated, at, stream)
        return INSERT, rule, is_added, size
    rule = below(stream, count)
    if chance < _INSERT + _REMOVE:
        return REMOVE, rule, True, 0
    size = sizes[row, rule]
    for place in range(size):
        new[place] = old[row, rule, place]
    aim = at if uniform(stream) < 0.5 else -1
    literal = _literal(columns, offsets, true, negated, aim, stream)
    size, is_added = change_rule(new, size, adds[row, rule], literal, stream)
    return MODIFY, rule, is_added, size


@device
def _accept(
    columns: _Columns,
    lists: Lists,
    row: int,
    kind: int,
    rule: int,
    adds: bool,
    literals: Literals,
    size: int,
    column: Words,
) -> None:
    """Apply an edit, and renew the columns."""  # fmt: skip
    count = lists.counts[row]
    if kind == REMOVE:
        drop_rule(lists, row, rule)
        for index in range(rule, count):
            columns.kept[index] = columns.kept[index + 1]
            columns.made[index] = columns.made[index + 1]
            if index + 1 < count:
                columns.rules[index] = columns.rules[index + 1]
    else:
        if kind == INSERT:
            open_rule(lists, row, rule)
            for index in range(count, rule, -1):
                columns.rules[index] = columns.rules[index - 1]
            for index in range(count + 1, rule, -1):
                columns.kept[index] = columns.kept[index - 1]
                columns.made[index] = columns.made[index - 1]
        put_rule(lists, row, rule, adds, literals, size)
        columns.rules[rule] = column
    _renew(columns, lists, row, rule, rule)


@device
def _begin(
    lessons: PackedLessons, output: int, columns: _Columns, lists: Lists, row: int
) -> tuple[int, int]:
    """Compute all columns of a list; return its wrong rows and its literals."""
    size = 0
    for rule in range(lists.counts[row]):
        _fill(
            lessons.columns, lists.literals[row, rule], lists.sizes[row, rule], columns.rules[rule]
        )
        size += lists.sizes[row, rule]
    columns.before[0] = _NONE
    _renew(columns, lists, row, 0, lists.counts[row] - 1)
    return _list_wrong(lessons, output, columns, lists.counts[row]), size


@device
def _search_list(
    lessons: PackedLessons,
    output: int,
    annealing: Annealing,
    lists: Lists,
    best: Lists,
    row: int,
    edits: int,
    best_cost: float,
    cached: _Columns,
    column: Words,
    new: Literals,
    stream: Stream,
) -> None:
    """Search one list."""  # fmt: skip
    wrong, size = _begin(lessons, output, cached, lists, row)
    # Fields are taken out of their tuples here: inside the loop each would count references.
    columns, wanted, valid, offsets, true = lessons
    old, sizes, adds, counts = lists
    _, before, kept, made, wrong_rows = cached
    temperature = annealing.hot
    for edit in range(edits):
        if edit % _RENEWED == 0:
            share = edit / edits
            temperature = annealing.hot * (annealing.cold / annealing.hot) ** share
        at, at_wanted = -1, False
        if wrong > 0 and uniform(stream) < annealing.aimed:
            at = wrong_rows[below(stream, wrong)]
            at_wanted = (wanted[output, at // _BITS] >> np.uint64(at % _BITS)) & _ONE != _NONE
        kind, rule, is_added, now = _propose(
            columns, offsets, true, annealing.negated, at, at_wanted, old, sizes, adds, row,
            counts[row], new, stream,
        )  # fmt: skip
        grown = now - (0 if kind == INSERT else sizes[row, rule])
        if kind == REMOVE:
            for word in range(len(column)):
                column[word] = _NONE
        else:
            _fill(columns, new, now, column)
        # The cost that may be added: a change of d passes with probability exp(-d / temperature).
        allowed = -temperature * math.log(1.0 - uniform(stream)) - grown
        most = wrong + math.floor(allowed / annealing.error)
        after = rule if kind == INSERT else rule + 1
        errors = _errors_of(
            before, kept, made, wanted, valid, output, rule, after, is_added, column, most
        )
        if errors > most:
            continue
        _accept(cached, lists, row, kind, rule, is_added, new, now, column)
        wrong = _list_wrong(lessons, output, cached, counts[row])
        size += grown
        cost = annealing.error * wrong + size
        if cost < best_cost:
            best_cost = cost
            copy_list(lists, row, best, row)


@kernel
def search_lists(
    lessons: PackedLessons, annealing: Annealing, edits: Indices, lists: Lists, best: Lists,
    key: np.uint64,
) -> Indices:  # fmt: skip
    """Search every list, from its current rules.

    List i belongs to output i % outputs, and draws from stream i under `key`.

    Args:
        lessons: What should be played.
        annealing: Parameters of the search.
        edits: Int64 (lists,), the number of edits of each.
        lists: The current lists, written to.
        best: The cheapest lists so far, with as much room; written to.
        key: Key of the random streams.

    Returns:
        Int64 (lists,), the wrong rows of the best lists.

    Raises:
        GenomeError: If the lists do not fit the lessons or each other.
    """
    outputs, words = lessons.wanted.shape
    rules, most = lists.literals.shape[1], lists.literals.shape[2]
    fits = best.literals.shape == lists.literals.shape and len(edits) == len(lists.counts)
    if not fits or len(edits) % max(outputs, 1) != 0:
        raise GenomeError("lists, best and edits must be as many, of the outputs of the lessons")
    columns = _Columns(
        np.zeros((rules, words), np.uint64),
        np.zeros((rules + 1, words), np.uint64),
        np.zeros((rules + 2, words), np.uint64),
        np.zeros((rules + 2, words), np.uint64),
        np.zeros(len(lessons.offsets) - 1, np.int64),
    )
    column, literals = np.zeros(words, np.uint64), np.zeros(most, np.int32)
    stream = np.zeros(1, np.uint64)
    errors = np.zeros(len(lists.counts), np.int64)
    for row in range(len(lists.counts)):
        output = row % outputs
        start_stream(stream, key, row)
        wrong, size = _begin(lessons, output, columns, best, row)
        cost = annealing.error * wrong + size
        if cost > 0.0 and edits[row] > 0:
            _search_list(
                lessons, output, annealing, lists, best, row, edits[row], cost, columns, column,
                literals, stream,
            )  # fmt: skip
            wrong, _ = _begin(lessons, output, columns, best, row)
        errors[row] = wrong
    return errors
