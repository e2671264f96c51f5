"""Programs: individuals that map any melody to a variation of it.

A program is a list of instructions (`genomes.program.operations`), applied one after another. It
needs no more of a melody than its notes, its bars and its key (`genomes.program.themes`). So one
program varies melodies of any metre, length and number of keys.

A program is no performer: it plays nothing after a prompt, and has no `follow` and no `perform`.

Memory order: one row per program in each of three arrays, with room for `MAX_LENGTH` instructions.
Entries beyond a program's length are 0, so equal programs have equal rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import (
    Arrays,
    BoolArray,
    Codes,
    Indices,
    checked_array,
    checked_field,
    for_kernels,
)
from genomes.base import selected, short_repr, unchecked
from genomes.errors import GenomeError
from genomes.individual import Individual, Individuals
from genomes.program.evaluation import Amounts, Code, vary_themes
from genomes.program.operations import MAX_AMOUNT, MAX_LENGTH, OPERATIONS, SCOPES
from genomes.program.text import Instruction, program_json, program_text
from genomes.program.themes import Themes

_FIELDS = {"lengths": np.int64, "operations": np.uint8, "scopes": np.uint8, "amounts": np.int8}


@dataclass(frozen=True, eq=False)
class Programs(Individuals):
    """A batch of n programs; see the module's docstring.

    Raises:
        GenomeError: If the arrays do not describe programs.
    """

    settings_type: ClassVar[Any] = None
    fixed_length: ClassVar[bool] = False

    lengths: Indices  # (n,)
    operations: Codes  # (n, MAX_LENGTH), indices in OPERATIONS
    scopes: Codes  # (n, MAX_LENGTH), indices in SCOPES
    amounts: Amounts  # (n, MAX_LENGTH), not 0

    def __post_init__(self) -> None:
        lengths = checked_array("lengths", self.lengths, np.int64, ("n",))
        rows = {
            name: checked_array(name, getattr(self, name), kind, (len(lengths), MAX_LENGTH))
            for name, kind in _FIELDS.items()
            if name != "lengths"
        }
        if len(lengths) and not 0 <= lengths.min() <= lengths.max() <= MAX_LENGTH:
            raise GenomeError(f"lengths must be from 0 to {MAX_LENGTH}")
        used = np.arange(MAX_LENGTH) < lengths[:, None]
        for name, row in rows.items():
            if row[~used].any():
                raise GenomeError(f"{name} must be 0 beyond a program's length")
        for name, known in (("operations", OPERATIONS), ("scopes", SCOPES)):
            if rows[name].max(initial=0) >= len(known):
                raise GenomeError(f"{name} must be from 0 to {len(known) - 1}")
        amounts = rows["amounts"]
        is_known = (amounts >= -MAX_AMOUNT) & (amounts <= MAX_AMOUNT) & (amounts != 0)
        if not is_known[used].all():
            raise GenomeError(f"amounts must be from -{MAX_AMOUNT} to {MAX_AMOUNT}, and not 0")
        vars(self).update(lengths=lengths, **rows)

    @classmethod
    def player_of(cls, settings: None, keys: int) -> None:
        """See `Genomes.player_of`; a program plays nothing.

        Args:
            settings: None.
            keys: Ignored.
        """

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: None) -> tuple[int, int]:
        """See `Genomes.shape_of`: programs fit melodies of every shape.

        Args:
            keys: Keys of the instrument.
            steps: Steps of a melody.
            player: None.
        """
        return steps, keys

    @classmethod
    def of(cls, programs: Sequence[Sequence[Instruction]]) -> Self:
        """Return a batch of programs given as lists of instructions.

        Args:
            programs: Instructions of each program: names of operation and scope, and the amount.

        Raises:
            GenomeError: If there is no such operation, scope or amount, or a program is too long.
        """
        lengths = np.array([len(program) for program in programs], np.int64)
        if len(lengths) and lengths.max() > MAX_LENGTH:
            raise GenomeError(f"programs must have at most {MAX_LENGTH} instructions")
        rows = np.zeros((3, len(lengths), MAX_LENGTH), np.int64)
        for number, program in enumerate(programs):
            for place, (operation, scope, amount) in enumerate(program):
                if operation not in OPERATIONS or scope not in SCOPES:
                    raise GenomeError(f"there is no instruction {operation!r}, {scope!r}")
                rows[:, number, place] = OPERATIONS.index(operation), SCOPES.index(scope), amount
        if np.abs(rows[2]).max(initial=0) > MAX_AMOUNT:
            raise GenomeError(f"amounts must be from -{MAX_AMOUNT} to {MAX_AMOUNT}, and not 0")
        operations, scopes, amounts = rows
        return cls(
            lengths, operations.astype(np.uint8), scopes.astype(np.uint8), amounts.astype(np.int8)
        )

    def instructions(self) -> list[list[Instruction]]:
        """Return the instructions of every program, as `of` takes them."""
        return [
            [
                Instruction(
                    OPERATIONS[self.operations[n, i]],
                    SCOPES[self.scopes[n, i]],
                    int(self.amounts[n, i]),
                )
                for i in range(self.lengths[n])
            ]
            for n in range(len(self))
        ]

    def individuals(self) -> Sequence["Program"]:
        """Return every program alone."""
        return [Program(self.take([index])) for index in range(len(self))]

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Genomes.export`: the program as JSON and as text."""
        (program,) = self.instructions()
        return {
            "program.json": program_json(program, about),
            "program.txt": f"{program_text(program)}\n".encode(),
        }

    def __len__(self) -> int:
        return len(self.lengths)

    def __repr__(self) -> str:
        return short_repr(self, program=len(self), instruction=int(self.lengths.sum()))

    @property
    def code(self) -> Code:
        """The programs as kernels read them."""
        return Code(*(for_kernels(getattr(self, name)) for name in _FIELDS))

    def vary(self, themes: Themes) -> BoolArray:
        """Return the variation of every theme by every program.

        Args:
            themes: m melodies.

        Returns:
            Bool (n, m, steps, keys), with a note per step at most.
        """
        varied: BoolArray = vary_themes(self.code, themes)
        return varied

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Genomes.take`."""
        chosen = selected(len(self), indices)
        return unchecked(type(self), **{name: getattr(self, name)[chosen] for name in _FIELDS})

    def joined(self, other: Self) -> Self:
        """Return these programs, then the others."""
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in _FIELDS}
        return unchecked(type(self), **{k: np.concatenate(pair) for k, pair in pairs.items()})

    def to_arrays(self) -> Arrays:
        """See `Genomes.to_arrays`."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Genomes.from_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Ignored, as the checks are cheap.
        """
        lengths = checked_field(arrays, "lengths", np.int64, ("n",))
        shape = (len(lengths), MAX_LENGTH)
        rows = (
            checked_field(arrays, name, kind, shape)
            for name, kind in _FIELDS.items()
            if name != "lengths"
        )
        return cls(lengths, *rows)


class Program(Individual):
    """One program."""

    def vary(self, themes: Themes) -> BoolArray:
        """Return the variation of every theme: bool (m, steps, keys)."""
        varied: BoolArray = self.batch.vary(themes)[0]
        return varied

    def __str__(self) -> str:
        return program_text(self.batch.instructions()[0])
