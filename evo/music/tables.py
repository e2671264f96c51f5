"""Print tables, lines and progress of reports to terminals, pipes and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from evo.core.errors import printable

WIDTH = 100  # columns where there is no terminal
MIN_FOR_BAR = 100  # minimum number of items for a progress bar

Item = TypeVar("Item")


def new_table(first: str, *others: str) -> Table:
    """Return a table with a column of names and columns of numbers.

    Args:
        first: heading of the names.
        others: headings of the numbers.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def width_of(console: Console) -> int:
    """Return the columns available for a table."""
    return console.width if console.is_terminal else max(console.width, WIDTH)


def show(table: Table, console: Console) -> None:
    """Print a table without trailing blanks.

    Args:
        table: the table.
        console: destination.
    """
    before = console.width
    console.width = width_of(console)
    try:
        with console.capture() as capture:
            console.print(table, markup=False)
    finally:
        console.width = before
    for line in capture.get().splitlines():
        click.echo(line.rstrip(), file=console.file)


def print_line(text: str, console: Console) -> None:
    """Print a line verbatim, without markup or wrapping.

    Args:
        text: the line.
        console: destination.
    """
    if console.is_terminal:  # rich keeps a progress bar below the line
        console.print(printable(text), markup=False, highlight=False, soft_wrap=True)
    else:
        click.echo(printable(text), file=console.file)


def watched(items: Sequence[Item], label: str, console: Console) -> Iterable[Item]:
    """Return the items, with a progress bar if many and on a terminal.

    Args:
        items: items to iterate over.
        label: label of the progress bar.
        console: destination of the progress bar.
    """
    if not console.is_terminal or len(items) < MIN_FOR_BAR:
        return items
    return track(items, label, console=console, transient=True)
