"""A run as a table for spreadsheets: `log.csv` in its directory, a row per generation.

Columns are those of `Run.log.columns()`: "best", "figures.solved", "engine.species". Lists are left
out. A new column, such as a kind of failure that did not occur before, is added at the right, and
the file is written again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from evo.core.files import replace_inside, without_links
from evo.runs.loggers.base import LoggedRun, Logger
from evo.runs.record import flat

_FIRST = ("generation", "evaluations", "best", "mean", "worst", "champion", "champion_generation")


class CsvLogger(Logger):
    """Writes `log.csv`."""

    output = "log.csv"

    def __init__(self) -> None:
        """Wait for a run."""
        self._folder = Path()
        self._columns: list[str] = []
        self._file: TextIO | None = None

    def begin(self, run: LoggedRun) -> None:
        """Write the file anew, with the generations before the first one.

        Args:
            run: The run.
        """
        self._folder = run.path
        rows = [_row(record) for record in run.records]
        self._columns = _ordered(name for row in rows for name in row)
        self._write(rows)

    def record(self, record: dict[str, Any]) -> None:
        """Append a row.

        Args:
            record: The generation's record.
        """
        row = _row(record)
        new = [name for name in row if name not in self._columns]
        if new:
            rows = self._read()
            self._columns = _ordered([*self._columns, *new])
            self._write([*rows, row])
            return
        if self._file is None:
            self._file = open(  # noqa: SIM115 - open for as long as the run
                self._path, "a", encoding="utf-8", newline="", opener=without_links
            )
        self._file.write(self._text([row]))
        self._file.flush()

    def end(self, result: dict[str, Any]) -> None:
        """Close the file.

        Args:
            result: Ignored.
        """
        self._close()

    @property
    def _path(self) -> Path:
        return self._folder / self.output

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self) -> list[dict[str, Any]]:
        """Return the rows that the file has."""
        self._close()
        with open(self._path, encoding="utf-8", newline="", opener=without_links) as file:
            return list(csv.DictReader(file))

    def _write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the file anew."""
        self._close()
        head = self._text([dict(zip(self._columns, self._columns, strict=True))])
        content = head + self._text(rows) if self._columns else ""
        replace_inside(self._folder, self.output, content.encode())

    def _text(self, rows: Iterable[Mapping[str, Any]]) -> str:
        """Return rows as lines; missing counts of failures are 0."""
        missing = [0 if name.startswith("failures.") else "" for name in self._columns]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            cells = zip(self._columns, missing, strict=True)
            writer.writerow([row.get(name, empty) for name, empty in cells])
        return text.getvalue()


def _ordered(names: Iterable[str]) -> list[str]:
    """Return the columns: those of every run first, then the others by name."""
    given = set(names)
    return [name for name in _FIRST if name in given] + sorted(given - set(_FIRST))


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a record by column; what has no value is empty."""
    return {
        name: "" if value is None or value != value else value
        for name, value in flat(record).items()
        if not isinstance(value, list | dict)
    }
