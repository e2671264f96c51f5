"""Programs as text and as JSON, and back.

The JSON document has the instructions in order:

    {"format": "program-1", "instructions": [{"do": "transpose", "where": "even bars", "by": -2}]}

`genomes.program.operations` says what they mean. The text has a line per instruction.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from genomes.errors import GenomeError
from genomes.program.operations import MAX_AMOUNT, MAX_LENGTH, OPERATIONS, SCOPES

FORMAT = "program-1"


class Instruction(NamedTuple):
    """One instruction of a program.

    Attributes:
        operation: One of `OPERATIONS`.
        scope: One of `SCOPES`.
        amount: From -`MAX_AMOUNT` to `MAX_AMOUNT`, not 0.
    """

    operation: str
    scope: str
    amount: int


class _Entry(msgspec.Struct):
    do: str
    where: str
    by: int


class _Document(msgspec.Struct):
    format: str
    instructions: list[_Entry]


def program_json(program: Sequence[Instruction], about: Mapping[str, Any]) -> bytes:
    """Return a program as a JSON document.

    Args:
        program: Its instructions.
        about: Further entries.
    """
    entries = [
        {"do": operation, "where": scope, "by": amount} for operation, scope, amount in program
    ]
    document = {"format": FORMAT, "instructions": entries, **about}
    return json.dumps(document, indent=2).encode() + b"\n"


def program_of_json(document: bytes) -> list[Instruction]:
    """Return the instructions of a JSON document.

    Raises:
        GenomeError: If it describes no program.
    """
    try:
        found = msgspec.json.decode(document, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise GenomeError(f"is no program: {error}") from None
    if found.format != FORMAT:
        raise GenomeError(f"format must be {FORMAT!r}, got {found.format!r}")
    program = [Instruction(entry.do, entry.where, entry.by) for entry in found.instructions]
    for operation, scope, amount in program:
        is_known = operation in OPERATIONS and scope in SCOPES
        if not is_known or not 0 < abs(amount) <= MAX_AMOUNT:
            raise GenomeError(f"there is no instruction {operation!r}, {scope!r}, {amount}")
    if len(program) > MAX_LENGTH:
        raise GenomeError(f"a program must have at most {MAX_LENGTH} instructions")
    return program


def program_text(program: Sequence[Instruction]) -> str:
    """Return a program as text, a line per instruction: "transpose -2, even bars".

    The scope is left out where it is ignored.
    """
    if not program:
        return "nothing"
    return "\n".join(
        f"{of.operation} {of.amount:+d}" + (f", {of.scope}" if of.operation != "mode" else "")
        for of in program
    )
