"""Make the standard streams accept everything that a command prints, and print tables.

A terminal may lack the characters of a piano roll, and a program that starts `evo` may have closed
its streams. Neither is a reason to fail.
"""

import codecs
import os
import re
import sys
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # rich is slow to import
    from rich.console import Console, ConsoleOptions
    from rich.table import Table

# A piano roll keeps its meaning in any encoding.
_SIMILAR = {"●": "#", "·": ".", "…": "...", "×": "x", "−": "-", "–": "-"}
_UNLIMITED = 1 << 16  # columns of a file or a pipe
_INDENT, _GAP = 2, 2  # columns


def accept_everything() -> None:
    """Replace characters that the output cannot encode, and closed streams."""
    codecs.register_error("kuznechik", _similar)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the program that started this one
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="kuznechik")


def similar(text: str, encoding: str) -> str:
    """Return the text with similar characters for those that an encoding lacks.

    Args:
        text: Any text.
        encoding: Name of the encoding.
    """
    codecs.register_error("kuznechik", _similar)
    return text.encode(encoding, "kuznechik").decode(encoding)


def _similar(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    missing = error.object[error.start : error.end]
    return "".join(_SIMILAR.get(character, "?") for character in missing), error.end


def standard_output() -> "Console":
    """Return the standard output for tables: as wide as the terminal, unlimited in a pipe."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, markup=False)
    return console if console.is_terminal else Console(
        highlight=False, emoji=False, markup=False, width=_UNLIMITED
    )  # fmt: skip


def show_line(console: "Console", text: str) -> None:
    """Print one line of any text; on a terminal, wrapped between words.

    A command is not wrapped, so that it can be copied.

    Args:
        console: Where to print.
        text: The text, which may have brackets and unprintable characters.
    """
    from evo.core.errors import printable

    line = printable(text)
    redrawn = console.is_terminal and not console.is_dumb_terminal
    as_is = not redrawn or line.rpartition(": ")[2].startswith("evo ")
    overflow: Any = None if as_is else "fold"
    console.print(line, markup=False, highlight=False, soft_wrap=as_is, overflow=overflow)


def show_text(console: "Console", text: str) -> None:
    """Print text whose first lines may be a table, so that it fits a terminal.

    A table ends at an empty line, and its cells are two spaces apart.

    Args:
        console: Where to print.
        text: The text.
    """
    table, _, rest = text.partition("\n\n")
    lines = table.splitlines()
    head, *rows = [re.split(r"\s{2,}", line.strip()) for line in lines] or [[]]
    fits = not console.is_terminal or max(map(len, lines), default=0) <= console.width
    if fits or any(len(row) != len(head) for row in rows):
        rest = text
    else:
        print_table(console, head, rows, stacked=True)
        console.print()
    for line in rest.split("\n"):
        show_line(console, line)


def print_table(
    console: "Console",
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int] = (),
    stacked: bool = False,
) -> None:
    """Print rows in the widest layout that fits, so that nothing is cut.

    This is a table with a line per row, or one with the first cell on a line of its own. On a
    narrow terminal it is wrapped text: the names and values of each row.

    Args:
        console: Where to print.
        head: Names of the columns.
        rows: The cells of every row.
        numbers: Indices of columns that are aligned to the right.
        stacked: Whether the first cell has a line of its own at any width.
    """
    from rich.text import Text

    table = _table(head, rows, numbers)
    fits = console.measure(table, options=_wide(console)).maximum <= console.width
    if fits and not stacked:
        console.print(table)
        return
    indent = " " * _INDENT
    inner = [(indent + row[1], *row[2:]) for row in (head, *rows)]
    below = _table(inner[0], inner[1:], [index - 1 for index in numbers])
    lines: list[str] = []
    if console.measure(below, options=_wide(console)).maximum <= console.width:
        with console.capture() as captured:
            console.print(below)
        heading, *lines = captured.get().splitlines()
        console.print(Text.from_ansi(heading))
    for index, (first, *rest) in enumerate(rows):
        console.print(Text(first), overflow="fold")
        if lines:
            console.print(Text.from_ansi(lines[index]))
            continue
        pairs = [f"{name} {cell}" for name, cell in zip(head[1:], rest, strict=True) if cell]
        room = max(console.width - _INDENT, 1)
        for line in wrapped(pairs, room) if len(rest) > 1 else wrap(rest[0], room):
            console.print(Text(indent + line), overflow="fold")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for index, name in enumerate(head):
        justify: Any = "right" if index in numbers else "left"
        table.add_column(Text(name), no_wrap=True, justify=justify)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _wide(console: "Console") -> "ConsoleOptions":
    """Return options of an unlimited width, to measure what a table needs."""
    return console.options.update(width=_UNLIMITED)


def wrapped(parts: Sequence[str], width: int) -> list[str]:
    """Return parts with commas between them, in lines of a width in columns.

    Args:
        parts: Texts that are not broken.
        width: Columns.
    """
    from rich.cells import cell_len

    lines: list[str] = []
    for index, part in enumerate(parts):
        text = part + ("," if index < len(parts) - 1 else "")
        if lines and cell_len(lines[-1]) + 1 + cell_len(text) <= width:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return lines
