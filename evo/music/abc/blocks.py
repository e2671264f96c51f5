"""Split an ABC file into tunes: header, body and the fields that all tunes share.

A tune begins with `X:` and ends at an empty line; its header ends with `K:`. Fields before the
first `X:` hold for all tunes. Other text between tunes is free text, without music. A file without
any `X:` is one tune.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evo.core.errors import AbcError

FIELD = re.compile(r"([A-Za-z+])\s?:(.*)")
SHARED = "MLQ"  # fields of the file's header that hold for its tunes
# In these fields every character counts until the comment, which a backslash can prevent.
_COMMENT = re.compile(r"(?<!\\)%.*")


@dataclass(frozen=True)
class Line:
    """A line of a tune: its number in the file, and its text without comments."""

    number: int
    text: str


@dataclass
class Block:
    """A tune as lines.

    Attributes:
        shared: fields of the file's header.
        lines: the tune's lines, of header and body.
        stray: the first line after the tune's end that looks like music, or None.
    """

    shared: tuple[Line, ...]
    lines: list[Line] = field(default_factory=list)
    stray: Line | None = None


def blocks(text: str) -> Iterator[Block]:
    """Yield the tunes of a file, in order."""
    lines = [
        Line(number, _without_comment(line)) for number, line in enumerate(text.splitlines(), 1)
    ]
    any_number = any(_is_number(line.text) for line in lines)
    shared: list[Line] = []
    block: Block | None = None
    has_key = has_ended = False
    for line in lines:
        found = FIELD.match(line.text)
        if _is_number(line.text) if any_number else bool(found) and block is None:
            if block is not None:
                yield block
            block = Block(tuple(shared))
            has_key = has_ended = False
        if block is None:
            if found and found[1] in SHARED:
                shared.append(line)
        elif has_ended:
            if "|" in line.text and not found and not line.text.startswith("%"):
                block.stray = block.stray or line
        elif line.text:
            block.lines.append(line)
            has_key = has_key or _is_key(line.text)
        else:  # within a header some programs write empty lines
            has_ended = has_key
    if block is not None:
        yield block


def header_length(block: Block) -> int:
    """Return the number of lines up to the first `K:`.

    Raises:
        AbcError: if there is none, or the tune is broken off by an empty line.
    """
    if block.stray is not None:
        raise AbcError(block.stray.number, "music after an empty line, which ends a tune")
    for index, line in enumerate(block.lines):
        if _is_key(line.text):
            return index + 1
    raise AbcError(block.lines[-1].number, "a tune without K:, the key")


def _is_number(text: str) -> bool:
    return re.match(r"X\s?:", text) is not None


def _is_key(text: str) -> bool:
    return re.match(r"K\s?:", text) is not None


def _without_comment(line: str) -> str:
    """Return the line without comment and surrounding space; a directive (%%) is kept.

    A line that is a comment alone is not empty: it becomes a remark, `r:`.
    """
    if line.startswith("%%"):
        return line.strip()
    text = _COMMENT.sub("", line).strip()
    return text if text or not line.strip() else "r:"
