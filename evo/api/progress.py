"""Show a run's progress: here in a notebook, elsewhere as the command line does.

In a notebook it is one bar that is redrawn, and at last one line. It is HTML by IPython's own
`display`, so no widgets have to be installed. A display must never end or change a run, so errors
of the frontend are ignored.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any

from evo.api.options import flag
from evo.core.errors import printable
from evo.experiment import Experiment
from evo.runs.directory import Run
from evo.runs.display import Describe, Display, Silent, Status, sparkline
from evo.runs.loop import Record
from evo.runs.stop import Stop

# Minimum seconds between two updates: more would fill the frontend's queue.
PAUSE = 0.3
_BAR, _DONE = "#E4E4E4", "#0072B2"
_CURVE = 24  # characters of the curve of the best fitness


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class Messages(Silent):
    """A display of messages only."""

    def message(self, text: str) -> None:
        """Print one line to the standard error."""
        with suppress(OSError, ValueError):
            print(text, file=sys.stderr)


def display_of(progress: bool | None, chosen: Experiment) -> Display:
    """Return what shows the progress of a run.

    Args:
        progress: Whether to show it; None for a bar on a terminal or in a notebook.
        chosen: The experiment.

    Raises:
        InputError: If `progress` is neither a flag nor None.
    """
    if progress is not None and not flag(progress, "progress"):
        return Messages()
    if in_notebook():
        return NotebookDisplay(chosen.describe)
    from evo.cli.display import BarDisplay, PlainDisplay, Terminal

    terminal = Terminal()
    if terminal.moves:
        return BarDisplay(terminal, chosen.describe)
    return PlainDisplay(terminal, chosen.describe) if progress else Messages()


class NotebookDisplay:
    """A progress bar in the output of a cell; see `evo.runs.display.Display`."""

    def __init__(self, figures: Describe = lambda figures: []) -> None:
        """Take the description of the champion's figures.

        Args:
            figures: Returns the champion's figures in words (`Experiment.describe`).
        """
        self._figures = figures
        self._status: Status | None = None
        self._handle: Any = None
        self._drawn = 0.0
        self._errors = _frontend_errors()

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """See `Display.begin`.

        Args:
            run: Ignored.
            stop: The stop criteria, for the length of the bar.
            first: The next generation.
        """
        self._status = Status(stop, first, self._figures)
        self._draw(self._bar(self._status))

    def message(self, text: str) -> None:
        """See `Display.message`."""
        self._try(lambda: print(printable(text), flush=True))

    def record(self, record: Record) -> None:
        """See `Display.record`."""
        assert self._status is not None
        self._status.add(record)
        if time.monotonic() - self._drawn >= PAUSE:
            self._draw(self._bar(self._status))

    def end(self) -> None:
        """See `Display.end`; the last state stays as one line."""
        if self._status is None or self._status.record is None:
            self._draw("<div>no further generation</div>")
            return
        seconds = self._status.record["wall_seconds"]
        text = f"{self._status.generations}: {self._status}, {seconds:,.1f} s"
        self._draw(f"<div>{escape(text)}</div>")

    @staticmethod
    def _bar(status: Status) -> str:
        """Return the bar, and the current figures below it."""
        bar, share = "", status.share
        if share is not None:
            bar = (
                f'<div style="width:300px;height:8px;background:{_BAR};border-radius:4px">'
                f'<div style="width:{100 * share:.1f}%;height:8px;background:{_DONE};'
                'border-radius:4px"></div></div>'
            )
        head = ", ".join(filter(None, [status.generations, status.pace]))
        curve = sparkline(status.history.values, _CURVE)
        figures = f"{curve} {status}" if len(curve) > 1 else str(status)
        return f"<div>{escape(head)}<br>{bar}{escape(figures)}</div>"

    def _draw(self, html: str) -> None:
        """Show HTML in place of the last."""
        self._drawn = time.monotonic()
        self._try(lambda: self._show(html))

    def _show(self, html: str) -> None:
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(html), display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(HTML(html))  # type: ignore[no-untyped-call]

    def _try(self, action: Callable[[], Any]) -> None:
        """Act, ignoring errors of the frontend."""
        with suppress(*self._errors):
            action()


def _frontend_errors() -> tuple[type[Exception], ...]:
    """Return what a notebook's connection raises: closed sockets, pipes and event loops."""
    errors: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError, ImportError)
    try:
        from zmq import ZMQError
    except ImportError:
        return errors
    return (*errors, ZMQError)
