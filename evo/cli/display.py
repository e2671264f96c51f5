"""Show a run's progress: two lines that are redrawn on a terminal, plain lines elsewhere.

    ⠹ generation 37 of 200 ━━━━━━━━━────────────────────────── 1:30 left
      95 of 120 steps follow, 61 alone ▁▂▃▅▆▇█ champion 95.20

The first line has the bar. The second has what the champion can do, a sparkline of the best fitness
and the scores. Words that do not fit the width are left out whole, the least important first. A
third line appears when individuals have failed.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import IO, Any, Protocol, Self, cast

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from evo.cli.output import show_line, similar
from evo.runs.directory import Run
from evo.runs.display import ASCII_BLOCKS, BLOCKS, Describe, Status, sparkline
from evo.runs.loop import Record
from evo.runs.stop import Stop

# Minimum seconds between plain lines, so that a long run's output stays readable.
PAUSE = 5.0
REFRESHES = 5  # a second, on a terminal
SPINNER, ASCII_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
MIN_BAR, USUAL_BAR, MAX_BAR = 8, 20, 40  # columns
INDENT = 2


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
        plain = similar(text, self._stream.encoding or "ascii")
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
        self._status: Status | None = None
        self._shown, self._waits = -PAUSE, False

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """See `Display.begin`.

        Args:
            run: Ignored.
            stop: The stop criteria, for the remaining time.
            first: The next generation.
        """
        self._status = Status(stop, first, self._figures)

    def message(self, text: str) -> None:
        """See `Display.message`."""
        show_line(self._console, text)

    def record(self, record: Record) -> None:
        """See `Display.record`."""
        assert self._status is not None
        self._status.add(record)
        self._waits = True
        if time.monotonic() - self._shown >= PAUSE:
            self._show(self._status, self._status.pace)

    def _show(self, status: Status, pace: str = "") -> None:
        self._shown, self._waits = time.monotonic(), False
        line = f"{status.generations}: {status}"
        self.message(f"{line}, {pace}" if pace else line)

    def end(self) -> None:
        """See `Display.end`."""
        if self._status is not None and self._waits:
            self._show(self._status)


class Lines(Protocol):
    """What a `LiveLines` shows: a line with a bar, and lines below it."""

    ended: bool

    @property
    def share(self) -> float | None:
        """Share that is done, 0 to 1; None for no bar."""

    def heads(self) -> list[tuple[str, str]]:
        """Return the texts left and right of the bar: the longest pair first."""

    def below(self, width: int, blocks: str) -> list[str]:
        """Return the lines below the bar.

        Args:
            width: Columns.
            blocks: The characters of a sparkline.
        """


class LiveLines:
    """Lines that are redrawn in place on a terminal; see `Lines`.

    The bar's line comes first. All lines are shorter than the terminal is wide, and their number
    never falls, so that nothing jumps.
    """

    def __init__(self, console: Console, lines: Lines) -> None:
        self._lines = lines
        self._plain = not console.encoding.startswith("utf")
        self._drawn: list[int] = []  # widths of the lines on the screen
        self._began = time.monotonic()
        self._live = Live(
            console=console, get_renderable=lambda: self, refresh_per_second=REFRESHES
        )

    def __enter__(self) -> Self:
        """Draw the lines for the first time, and again a few times a second."""
        self._live.start(refresh=True)
        return self

    def __exit__(self, *exception: object) -> None:
        """Draw the lines for the last time; they stay on the screen."""
        self._lines.ended = True
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        width = max(options.max_width - 1, 1)  # in the last column some terminals wrap
        rows = [self._bar(width), *map(Text, self._below(width))]
        yield self._erased(options.max_width)
        self._drawn = [row.cell_len for row in rows]
        for row in rows:
            row.no_wrap = True
            yield row

    def _below(self, width: int) -> list[str]:
        found = self._lines.below(width - INDENT, ASCII_BLOCKS if self._plain else BLOCKS)
        found += [""] * (len(self._drawn) - 1 - len(found))
        return [" " * INDENT + fitting(line, width - INDENT) for line in found]

    def _erased(self, width: int) -> Control:
        """Return the codes that erase what is left of wider lines after a resize.

        A narrower terminal wraps the lines on the screen. rich has erased as many rows as there
        were lines.
        """
        rows = sum(max(1, -(-length // width)) for length in self._drawn)
        erase = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2))
        return Control(*erase * (rows - len(self._drawn)))

    def _bar(self, width: int) -> Text:
        """Return the spinner, a text, the bar and another text in one line."""
        frames = ASCII_SPINNER if self._plain else SPINNER
        frame = frames[int(REFRESHES * (time.monotonic() - self._began)) % len(frames)]
        share = self._lines.share
        heads = self._lines.heads()
        wanted = USUAL_BAR + 1 if share is not None else 0
        room = width - INDENT
        left, right = next(
            (pair for pair in heads if room - len(" ".join(pair)) >= wanted), heads[-1]
        )
        columns = min(room - len(left) - len(right) - 2, MAX_BAR)
        row = Text(" " * INDENT if self._lines.ended else f"{frame} ", style="cyan")
        if share is None or columns < MIN_BAR:
            row.append(fitting(f"{left}, {right}" if left and right else left + right, room), "")
            return row
        done = int(columns * share)
        full, empty = ("#", "-") if self._plain else ("━", "─")
        row.append(f"{left} ", "default")
        row.append(full * done, "cyan")
        row.append(empty * (columns - done), "dim")
        row.append(f" {right}", "default")
        return row


def fitting(line: str, width: int) -> str:
    """Return a line that is cut to a width in columns, with three dots at its end.

    Args:
        line: The line.
        width: Columns.
    """
    if cell_len(line) <= width:
        return line
    return set_cell_size(line, max(width - 3, 0)) + "..."[: max(width, 0)]


class RunLines:
    """The lines of one run; see `Lines`."""

    def __init__(self, status: Status) -> None:
        self._status, self.ended = status, False

    @property
    def share(self) -> float | None:
        """See `Lines.share`."""
        return self._status.share

    def heads(self) -> list[tuple[str, str]]:
        """See `Lines.heads`; the speed is left out first."""
        status = self._status
        left = status.left or f"{status.elapsed} so far"
        if self.ended:
            left = f"in {status.elapsed}"
        long = ", ".join(filter(None, [status.speed, left]))
        return [(status.generations, long), (status.generations, left)]

    def below(self, width: int, blocks: str) -> list[str]:
        """See `Lines.below`.

        Args:
            width: See `Lines.below`.
            blocks: See `Lines.below`.
        """
        status = self._status
        parts = status.parts
        first, rest = parts[:1], parts[1:]
        if status.record is None:
            return first
        # The sparkline follows the figures, which come before the scores.
        scores = next((i for i, part in enumerate(parts) if part.startswith("champion ")), 1)
        first, rest = parts[:scores], parts[scores:]
        curve = sparkline(status.history.values, 16 if width > 90 else 8, blocks)
        line = ", ".join(first)
        while len(first) > 1 and cell_len(line) > width:
            first = first[:-1]
            line = ", ".join(first)
        if len(curve) > 1 and cell_len(line) + len(curve) < width:
            line = f"{line} {curve}".strip()
            joint = " "
        else:
            joint = ", " if line else ""
        for part in rest:
            if cell_len(line + joint + part) > width:
                break
            line, joint = line + joint + part, ", "
        return [line, *filter(None, [status.failures])]


class BarDisplay:
    """A progress bar with the current figures below it."""

    def __init__(self, console: Console, figures: Describe = lambda figures: []) -> None:
        self._console, self._figures = console, figures
        self._status: Status | None = None
        self._stack = ExitStack()

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """See `Display.begin`.

        Args:
            run: Ignored.
            stop: The stop criteria, for the length of the bar.
            first: The next generation.
        """
        self._status = Status(stop, first, self._figures)
        self._stack.enter_context(LiveLines(self._console, RunLines(self._status)))

    def message(self, text: str) -> None:
        """See `Display.message`."""
        show_line(self._console, text)

    def record(self, record: Record) -> None:
        """See `Display.record`."""
        assert self._status is not None
        self._status.add(record)

    def end(self) -> None:
        """See `Display.end`."""
        self._stack.close()
