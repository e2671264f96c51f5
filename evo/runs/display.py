"""The display contract of a run; `evo.cli.display` has a bar and plain lines."""

from typing import Any, Protocol

from evo.runs.directory import Run
from evo.runs.loop import Record
from evo.runs.stop import Stop


class Display(Protocol):
    """Shows the progress of a run."""

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """Start showing a run.

        Args:
            run: The open run directory.
            stop: Its stop criteria.
            first: The next generation.
        """

    def message(self, text: str) -> None:
        """Show one line of text."""

    def record(self, record: Record) -> None:
        """Show the log record of a finished generation."""

    def end(self) -> None:
        """Stop showing: no more generations follow."""


class Silent:
    """A display that shows nothing; see `Display`."""

    def begin(self, run: Any, stop: Any, first: int) -> None:
        """See `Display.begin`.

        Args:
            run: Ignored.
            stop: Ignored.
            first: Ignored.
        """

    def message(self, text: str) -> None:
        """See `Display.message`."""

    def record(self, record: Any) -> None:
        """See `Display.record`."""

    def end(self) -> None:
        """See `Display.end`."""
