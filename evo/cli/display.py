"""Show a run's progress: a bar on a terminal, plain lines elsewhere.

Both read only the log's records.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import IO, Any, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from evo.core.errors import printable
from evo.experiment import number
from evo.runs.directory import Run
from evo.runs.loop import Record
from evo.runs.stop import Stop

# Minimum seconds between plain lines, so that a long run's output stays readable.
_PAUSE = 2.0


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class Pace:
    """Evaluations per second and remaining time, measured in this process."""

    def __init__(self, stop: Stop, first: int) -> None:
        self._stop, self._first = stop, first
        self._base: tuple[int, float] | None = None

    def describe(self, record: Record) -> str:
        """Return a text such as "5,120 evaluations/s, 1:30 left".

        The first call returns "", and later ones measure from its record. The remaining time is the
        minimum over the limits on generations, evaluations and time.
        """
        if self._base is None:
            self._base = (record["evaluations"], record["wall_seconds"])
            return ""
        seconds = record["wall_seconds"] - self._base[1]
        if seconds <= 0:
            return ""
        done = record["generation"] - self._first
        left = []
        if self._stop.generations is not None:
            left.append((self._stop.generations - record["generation"] - 1) * seconds / done)
        rate = (record["evaluations"] - self._base[0]) / seconds
        if self._stop.evaluations is not None:
            left.append((self._stop.evaluations - record["evaluations"]) / max(rate, 1e-9))
        if self._stop.time_limit is not None:
            left.append(self._stop.time_limit - record["wall_seconds"])
        ending = f", {_duration(max(min(left), 0))} left" if left else ""
        return f"{rate:,.0f} evaluations/s{ending}"


Describe = Callable[[Mapping[str, Any]], list[str]]


def describe(record: Record, figures: Describe) -> str:
    """Return a record in one line: scores, species, figures and failures.

    Args:
        record: One line of a log.
        figures: Returns the champion's figures in words (`Experiment.describe`).
    """
    parts = []
    if record["champion"] is not None:
        parts.append(f"champion {number(record['champion'])}")
    if record["best"] is not None:
        parts.append(f"best {number(record['best'])}, mean {number(record['mean'])}")
    if "species" in record["engine"]:
        parts.append(f"{record['engine']['species']} species")
    parts += figures(record["figures"])
    if record["failures"]:
        kinds = ", ".join(f"{count} {kind}" for kind, count in record["failures"].items())
        parts.append(f"failed: {kinds} ({record['failure']})")
    return ", ".join(parts)


class _Output:
    """The standard output, ignoring write errors.

    A display must never end or change a run. Errors such as a closed pipe, a full disk or an
    unsupported character are therefore ignored.
    """

    def __init__(self) -> None:
        if sys.stdout is None:  # closed, or a program without a console (pythonw)
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the end of the process
        self._stream = sys.stdout
        self._broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, or nothing after an error."""
        encoding = self._stream.encoding or "ascii"
        plain = text.encode(encoding, "replace").decode(encoding)
        self._try(lambda: self._stream.write(plain))
        return len(text)

    def flush(self) -> None:
        """Flush the output, unless it has failed."""
        self._try(self._stream.flush)

    def _try(self, action: Callable[[], Any]) -> None:
        if self._broken:
            return
        try:
            action()
        except (OSError, ValueError):  # ValueError: it is closed
            self._broken = True
            # The stream's buffer must not fail again when the interpreter exits.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the end of the process


class Terminal(Console):
    """The standard output for a display; see `_Output`."""

    def __init__(self) -> None:
        super().__init__(file=cast(IO[str], _Output()))

    @property
    def moves(self) -> bool:
        """Whether lines can be redrawn: a terminal, even if FORCE_COLOR is set."""
        try:
            return sys.stdout.isatty() and not self.is_dumb_terminal
        except ValueError:  # it is closed
            return False


class PlainDisplay:
    """Plain lines for a file or a pipe: the first, the last and some between."""

    def __init__(self, console: Console, figures: Describe = lambda figures: []) -> None:
        self._console, self._figures = console, figures
        self._last: Record | None = None
        self._shown = -_PAUSE
        self._pace: Pace | None = None

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """See `Display.begin`.

        Args:
            run: Ignored.
            stop: The stop criteria, for the remaining time.
            first: The next generation.
        """
        self._pace = Pace(stop, first)

    def message(self, text: str) -> None:
        """See `Display.message`."""
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def record(self, record: Record) -> None:
        """See `Display.record`."""
        assert self._pace is not None
        pace = self._pace.describe(record)
        self._last = record
        if time.monotonic() - self._shown >= _PAUSE:
            self._show(record, pace)

    def _show(self, record: Record, pace: str = "") -> None:
        self._shown = time.monotonic()
        self._last = None
        line = f"generation {record['generation']}: {describe(record, self._figures)}"
        self.message(f"{line}, {pace}" if pace else line)

    def end(self) -> None:
        """See `Display.end`."""
        if self._last is not None:
            self._show(self._last)


class BarDisplay:
    """A progress bar with the current figures below it."""

    def __init__(self, console: Console, figures: Describe = lambda figures: []) -> None:
        self._console, self._figures = console, figures
        self._bar: Progress | None = None
        self._task: Any = None
        self._pace: Pace | None = None

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """See `Display.begin`.

        Args:
            run: Ignored.
            stop: The stop criteria, for the length of the bar.
            first: The next generation.
        """
        self._pace = Pace(stop, first)
        self._bar = Progress(
            SpinnerColumn("dots" if self._console.encoding.startswith("utf") else "line"),
            TextColumn("generation {task.completed}", markup=False),
            BarColumn(bar_width=24),
            # Reasons of failures are arbitrary text, which may contain brackets.
            TextColumn("{task.fields[pace]}\n  {task.fields[figures]}", markup=False),
            console=self._console,
        )
        waiting = "the first generation ..."
        self._task = self._bar.add_task(
            "", total=stop.generations, completed=first, pace="", figures=waiting
        )
        self._bar.start()

    def message(self, text: str) -> None:
        """See `Display.message`."""
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def record(self, record: Record) -> None:
        """See `Display.record`."""
        assert self._bar is not None
        assert self._pace is not None
        self._bar.update(
            self._task,
            completed=record["generation"] + 1,
            pace=self._pace.describe(record),
            figures=printable(describe(record, self._figures)),
        )

    def end(self) -> None:
        """See `Display.end`."""
        if self._bar is not None:
            self._bar.stop()
