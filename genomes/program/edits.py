"""Random programs, crossover and mutation of programs.

Crossover joins the beginning of one parent and the end of another. Mutation inserts, removes,
replaces or changes an instruction, or exchanges two. An individual's random numbers are addressed
by the generation's key and its index (`genomes.randomness`).
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import Indices
from genomes.base import unchecked
from genomes.errors import GenomeError
from genomes.kernels import device, kernel
from genomes.program.evaluation import Code
from genomes.program.operations import MAX_AMOUNT, MAX_LENGTH, OPERATIONS, SCOPES
from genomes.program.programs import Programs
from genomes.randomness import Stream, below, start_stream, uniform

_OPERATIONS, _SCOPES = len(OPERATIONS), len(SCOPES)


class ProgramRates(NamedTuple):
    """Parameters of random programs and of their variation.

    Attributes:
        longest: Maximum instructions of a program, 1 to `MAX_LENGTH`.
        first: Maximum instructions of a random program, 1 to `longest`.
        crossover: Share of children with two parents.
        another_edit: Probability of one more edit after each.
    """

    longest: int = MAX_LENGTH
    first: int = 4
    crossover: float = 0.3
    another_edit: float = 0.3


def no_code(count: int) -> Code:
    """Return the code of empty programs."""
    shape = (count, MAX_LENGTH)
    return Code(
        np.zeros(count, np.int64),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.int8),
    )


@device
def _amount(stream: Stream) -> int:
    drawn = below(stream, 2 * MAX_AMOUNT) - MAX_AMOUNT
    return drawn + (drawn >= 0)


@device
def _put(code: Code, row: int, place: int, stream: Stream) -> None:
    """Write a random instruction."""
    code.operations[row, place] = below(stream, _OPERATIONS)
    code.scopes[row, place] = below(stream, _SCOPES)
    code.amounts[row, place] = _amount(stream)


@device
def _copy(source: Code, row: int, place: int, target: Code, other: int, to: int) -> None:
    """Copy an instruction."""
    target.operations[other, to] = source.operations[row, place]
    target.scopes[other, to] = source.scopes[row, place]
    target.amounts[other, to] = source.amounts[row, place]


@device
def _insert(code: Code, row: int, stream: Stream) -> None:
    """Insert a random instruction; the program must not be full."""
    place = below(stream, code.lengths[row] + 1)
    for index in range(code.lengths[row], place, -1):
        _copy(code, row, index - 1, code, row, index)
    _put(code, row, place, stream)
    code.lengths[row] += 1


@device
def _remove(code: Code, row: int, stream: Stream) -> None:
    """Remove an instruction; the program must not be empty."""
    for index in range(below(stream, code.lengths[row]), code.lengths[row] - 1):
        _copy(code, row, index + 1, code, row, index)
    code.lengths[row] -= 1
    last = code.lengths[row]
    code.operations[row, last], code.scopes[row, last], code.amounts[row, last] = 0, 0, 0


@device
def _edit(rates: ProgramRates, code: Code, row: int, stream: Stream) -> None:
    """Apply one random edit to a program."""
    length, kind = code.lengths[row], uniform(stream)
    if length == 0 or (kind < 0.3 and length < rates.longest):
        _insert(code, row, stream)
    elif kind < 0.5 and length > 1:
        _remove(code, row, stream)
    elif kind < 0.65:
        _put(code, row, below(stream, length), stream)
    elif kind < 0.9 or length < 2:  # change a part of an instruction
        place, part = below(stream, length), below(stream, 3)
        if part == 0:
            code.operations[row, place] = below(stream, _OPERATIONS)
        elif part == 1:
            code.scopes[row, place] = below(stream, _SCOPES)
        else:
            code.amounts[row, place] = _amount(stream)
    else:
        place = below(stream, length - 1)
        other = place + 1 + below(stream, length - 1 - place)
        for rows in (code.operations, code.scopes):
            rows[row, place], rows[row, other] = rows[row, other], rows[row, place]
        amounts = code.amounts[row]
        amounts[place], amounts[other] = amounts[other], amounts[place]


@kernel
def draw_code(rates: ProgramRates, code: Code, key: np.uint64) -> None:
    """Write random programs into empty code.

    Args:
        rates: Parameters of the programs.
        code: Empty programs (`no_code`), written to.
        key: Key of the random streams.
    """
    stream = np.zeros(1, np.uint64)
    for row in range(len(code.lengths)):
        start_stream(stream, key, row)
        for _ in range(1 + below(stream, rates.first)):
            _insert(code, row, stream)


@kernel
def breed_code(
    rates: ProgramRates, pool: Code, parents: Indices, children: Code, key: np.uint64
) -> None:
    """Write the children of parents into empty code; see `breed_programs`.

    Args:
        rates: Parameters of the variation.
        pool: The parents.
        parents: Int64 (children, 2), valid indices in the pool.
        children: Empty programs (`no_code`), written to.
        key: Key of the random streams.
    """
    stream = np.zeros(1, np.uint64)
    for row in range(len(parents)):
        start_stream(stream, key, row)
        first, second = parents[row]
        head, tail = pool.lengths[first], pool.lengths[second]
        if uniform(stream) < rates.crossover:
            head = below(stream, head + 1)
            tail = below(stream, tail + 1)
        for place in range(head):
            _copy(pool, first, place, children, row, place)
        length = head
        for place in range(tail, pool.lengths[second]):
            if length < rates.longest:
                _copy(pool, second, place, children, row, length)
                length += 1
        children.lengths[row] = length
        _edit(rates, children, row, stream)
        while uniform(stream) < rates.another_edit:
            _edit(rates, children, row, stream)


def _check(rates: ProgramRates) -> None:
    if not 1 <= rates.first <= rates.longest <= MAX_LENGTH:
        raise GenomeError(f"rates must have 1 <= first <= longest <= {MAX_LENGTH}")
    if not 0 <= rates.another_edit < 1:
        raise GenomeError("rates.another_edit must be from 0 to below 1")


def first_programs(rates: ProgramRates, count: int, key: np.uint64) -> Programs:
    """Return random programs.

    Args:
        rates: Parameters of the programs.
        count: Number of programs.
        key: Key of the random streams.

    Raises:
        GenomeError: If the rates are impossible.
    """
    _check(rates)
    code = no_code(count)
    draw_code(rates, code, key)
    return _batch(code)


def breed_programs(
    rates: ProgramRates, pool: Programs, parents: Indices, key: np.uint64
) -> Programs:
    """Return mutated children of parents in a pool, some of them crossed.

    Args:
        rates: Parameters of the variation.
        pool: The parents.
        parents: Int64 (children, 2), indices in the pool. A child without crossover is of the
            first parent.
        key: Key of the random streams.

    Raises:
        GenomeError: If the arguments do not fit each other.
    """
    _check(rates)
    known = parents.ndim == 2 and parents.shape[1] == 2
    if not known or ((parents < 0) | (parents >= len(pool))).any():
        raise GenomeError("parents must be (children, 2) indices into the pool")
    children = no_code(len(parents))
    breed_code(rates, pool.code, parents, children, key)
    return _batch(children)


def _batch(code: Code) -> Programs:
    return unchecked(Programs, **code._asdict())
