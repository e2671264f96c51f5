"""Lessons in words of 64 rows, for searches that count errors by bits.

A column has one bit per row. Rows that stand for several steps are repeated, so that an error
counts as many steps as it costs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, Indices, offsets_of
from genomes.formula.evaluation import Words
from genomes.kernels import device
from genomes.lessons import Lessons

_BITS = 64


class PackedLessons(NamedTuple):
    """Lessons as columns of bits.

    Attributes:
        columns: uint64 (inputs, words).
        wanted: uint64 (outputs, words).
        valid: uint64 (words,), the rows that exist.
        offsets: int64 (rows + 1,), the true inputs of each row.
        true: int32 (any,), indices of these inputs.
    """

    columns: Words
    wanted: Words
    valid: Words
    offsets: Indices
    true: NDArray[np.int32]


def packed(rows: BoolArray) -> Words:
    """Return rows as columns of bits.

    Args:
        rows: bool (any, rows).

    Returns:
        uint64 (any, words); bit b of word w is row 64 * w + b.
    """
    words = (rows.shape[1] + _BITS - 1) // _BITS
    padded = np.zeros((len(rows), words * _BITS // 8), np.uint8)
    some = np.packbits(rows, axis=1, bitorder="little")
    padded[:, : some.shape[1]] = some
    return padded.view("<u8").astype(np.uint64)


def pack_lessons(lessons: Lessons, sounding: int = 1) -> PackedLessons:
    """Return lessons as columns of bits.

    Args:
        lessons: The lessons.
        sounding: Times that a row is repeated if something should sound.
    """
    inputs, wanted = lessons.inputs, lessons.wanted
    counts = np.where(wanted.any(axis=0), lessons.counts * sounding, lessons.counts)
    if counts.max(initial=1) > 1:
        inputs, wanted = np.repeat(inputs, counts, axis=1), np.repeat(wanted, counts, axis=1)
    true = np.nonzero(inputs.T)[1].astype(np.int32)
    lengths = inputs.sum(axis=0, dtype=np.int64)
    return PackedLessons(
        packed(inputs),
        packed(wanted),
        packed(np.ones((1, inputs.shape[1]), np.bool_))[0],
        offsets_of(lengths),
        true,
    )


_M1, _M2 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_M4, _SUM = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_S1, _S2, _S4, _S56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


@device
def bits_in(word: np.uint64) -> int:
    """Return the number of bits that are 1; compilers replace this by one instruction."""
    word = word - ((word >> _S1) & _M1)
    word = (word & _M2) + ((word >> _S2) & _M2)
    word = (word + (word >> _S4)) & _M4
    return int((word * _SUM) >> _S56)
