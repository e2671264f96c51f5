"""What shows a run to the user; the command line has a bar and plain lines (`evo.cli.display`)."""

from typing import Any, Protocol

from evo.runs.directory import Run
from evo.runs.loop import Record
from evo.runs.stop import Stop


class Display(Protocol):
    """Shows a run to whoever waits for it."""

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """The run in this directory goes on with generation `first`."""

    def message(self, text: str) -> None:
        """One line that matters."""

    def record(self, record: Record) -> None:
        """One generation is done."""

    def end(self) -> None:
        """No more generations come."""


class Silent:
    """A display that shows nothing; see `Display`."""

    def begin(self, run: Any, stop: Any, first: int) -> None:
        """The run goes on."""

    def message(self, text: str) -> None:
        """One line that matters."""

    def record(self, record: Any) -> None:
        """One generation is done."""

    def end(self) -> None:
        """No more generations come."""
