"""What a check of songs leaves: records in a file, lines and tables on the screen, copies.

Records are written as they come, so that an interrupted check leaves what it found.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evo.core.errors import InputError, printable
from evo.music.screening.check import Check, Report
from evo.music.screening.faults import FAULTS, Facts

COLUMNS = ("path", "fit", "faults", "reasons", "same_as", "keys", *(f.name for f in fields(Facts)))


class Records(Protocol):
    """Takes one report after the other."""

    def __call__(self, report: Report) -> None: ...


@contextmanager
def json_records(path: Path) -> Iterator[Records]:
    """Writes reports as a JSON array, a record a line; it is whole whenever the context ends."""
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"

        def write(report: Report) -> None:
            nonlocal separator
            file.write(separator + json.dumps(report.record()))
            separator = ",\n"

        try:
            yield write
        finally:
            file.write("[]\n" if separator == "[\n" else "\n]\n")


@contextmanager
def csv_records(path: Path) -> Iterator[Records]:
    """Writes reports as a table of comma-separated values; lists are joined by blanks."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()

        def write(report: Report) -> None:
            row: dict[str, Any] = report.record()
            facts = row.pop("facts") or {}
            row["reasons"] = "; ".join(map(str, report.faults))
            row["faults"] = [fault.kind for fault in report.faults]
            for name, value in {**row, **facts}.items():
                row[name] = " ".join(map(str, value)) if isinstance(value, list | tuple) else value
            table.writerow(row)

        yield write


def empty_folder(path: str) -> Path:
    """A folder to copy into, made unless it is there; InputError for one that is not empty."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(f"{folder}: exists and is not empty; nothing in it will be replaced")
    return folder


def free_name(folder: Path, name: str) -> Path:
    """A place in a folder for a file from anywhere: "a/b.mid" goes to "a-b.mid", or "a-b-2.mid"."""
    flat = Path("-".join(part for part in Path(name).parts if part not in ("/", "..", ".")))
    target, number = folder / flat, 1
    while target.exists():
        number += 1
        target = folder / f"{flat.stem}-{number}{flat.suffix}"
    return target


def pieces_table(reports: Sequence[tuple[str, Report]]) -> Table:
    """A row a piece, each with the name to show: what it is like, and the faults in a word each."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("file", overflow="fold")
    for heading in ("notes", "keys", "chord", "beats", "tempo"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("metre", "grid", "verdict"):
        table.add_column(heading)
    for name, report in reports:
        facts = report.facts
        figures = ["", "", "", "", "", "", ""]
        if facts is not None:
            figures = [
                f"{facts.notes:,}", str(facts.keys), str(facts.chord), f"{facts.beats:,.0f}",
                f"{facts.tempo:.0f}", " ".join(facts.metres[:2]), facts.grid,
            ]  # fmt: skip
        verdict = ", ".join(fault.kind for fault in report.faults) or "fit"
        table.add_row(
            Text(printable(name)), *map(Text, figures),
            Text(verdict, style="green" if report.fit else "red"),
        )  # fmt: skip
    return table


def summary_table(check: Check) -> Table:
    """How many pieces have each fault, and how many are fit."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("fault")
    table.add_column("files", justify="right")
    table.add_column("share", justify="right")
    rows = [(title, check.faults[kind], "") for kind, title in FAULTS.items() if check.faults[kind]]
    for title, count, style in [*rows, ("fit to learn from", check.fit, "green")]:
        share = f"{count / check.pieces:.1%}" if check.pieces else ""
        table.add_row(title, f"{count:,}", share, style=style)
    return table


def resolutions(check: Check) -> str:
    """What the fit pieces need of a piano roll, where it is more than the usual; or nothing."""
    finer = [
        f"{count:,} with steps_per_beat={steps}"
        for steps, count in sorted(check.steps_per_beat.items())
        if steps != 2
    ]
    return f"of the fit ones, load {', '.join(finer)}" if finer else ""


def rendered(table: Table, console: Console) -> str:
    """A table as text for a console; wide where nobody looks on."""
    with console.capture() as capture:
        console.print(table, width=None if console.is_terminal else 120)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
