"""Show the progress of a run: the contract of displays, and what they have in common.

A display gets the log's records and nothing else. `Status` turns them into words: what the champion
can do, scores, speed, remaining time. `evo.cli.display` shows them on a terminal or in a pipe,
`evo.api.progress` in a notebook.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

from evo.core.errors import printable
from evo.experiment import number
from evo.runs.directory import Run
from evo.runs.loop import Record
from evo.runs.stop import Stop

# Returns a champion's figures in words (`Experiment.describe`).
Describe = Callable[[Mapping[str, Any]], list[str]]

MAX_HISTORY = 256  # best fitnesses that are kept for the sparkline
BLOCKS, ASCII_BLOCKS = "▁▂▃▄▅▆▇█", "_.,-:=+#"


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


def duration(seconds: float) -> str:
    """Return a time in words of a clock: 1:30, or 2:03:04."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def parts_of(record: Record, figures: Describe = lambda figures: []) -> list[str]:
    """Return a record in words, the most important first.

    What the champion can do comes first, and then scores and species.

    Args:
        record: One line of a log.
        figures: Returns the champion's figures in words.
    """
    parts = list(figures(record["figures"]))
    if record["champion"] is not None:
        parts.append(f"champion {number(record['champion'])}")
    if record["best"] is not None:
        parts += [f"best {number(record['best'])}", f"mean {number(record['mean'])}"]
    if "species" in record["engine"]:
        parts.append(f"{record['engine']['species']} species")
    return [printable(part) for part in parts]


def failures_of(record: Record) -> str:
    """Return a record's failures in words, with one reason; "" without any."""
    if not record["failures"]:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in record["failures"].items())
    return printable(f"failed: {kinds} ({record['failure']})")


def describe(record: Record, figures: Describe = lambda figures: []) -> str:
    """Return a record in one line: figures, scores, species and failures.

    Args:
        record: One line of a log.
        figures: Returns the champion's figures in words.
    """
    return ", ".join(filter(None, [*parts_of(record, figures), failures_of(record)]))


def sparkline(values: Sequence[float], width: int, blocks: str = BLOCKS) -> str:
    """Return a curve of one line, from the first to the last value.

    Args:
        values: The values; NaN for none.
        width: Maximum number of characters.
        blocks: Characters of the heights, the lowest first.
    """
    if len(values) > width:
        edges = [index * len(values) // width for index in range(width + 1)]
        values = [
            max((v for v in values[low:high] if not math.isnan(v)), default=math.nan)
            for low, high in pairwise(edges)
        ]
    known = [value for value in values if not math.isnan(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    # Halves: the difference of two finite numbers may be infinite.
    room = high / 2 - low / 2
    top = len(blocks) - 1
    return "".join(
        " " if math.isnan(value)
        else blocks[round(top * ((value / 2 - low / 2) / room)) if room > 0 else top // 2]
        for value in values
    )  # fmt: skip


class History:
    """The best fitness over the generations, in at most `MAX_HISTORY` numbers.

    When there are more, each two become their maximum.
    """

    def __init__(self) -> None:
        self.values: list[float] = []
        self._every, self._waiting = 1, list[float]()

    def add(self, value: float | None) -> None:
        """Add a generation's best fitness; None if all individuals failed."""
        self._waiting.append(math.nan if value is None else value)
        if len(self._waiting) < self._every:
            return
        self.values.append(_highest(self._waiting))
        self._waiting = []
        if len(self.values) >= MAX_HISTORY:
            pairs = zip(self.values[::2], self.values[1::2], strict=True)
            self.values = [_highest(pair) for pair in pairs]
            self._every *= 2


def _highest(values: Sequence[float]) -> float:
    return max((value for value in values if not math.isnan(value)), default=math.nan)


class Status:
    """The state of a run in words, from its records.

    Speed and remaining time are measured in this process, from its first record on.

    Attributes:
        record: The newest record, or None.
        done: Generations done.
        total: Maximum number of generations, or None.
        history: The best fitness over the generations.
    """

    def __init__(self, stop: Stop, first: int, figures: Describe = lambda figures: []) -> None:
        self._stop, self._figures = stop, figures
        self.record: Record | None = None
        self.done, self.total = first, stop.generations
        self.history = History()
        self._base: tuple[int, int, float] | None = None
        self._began = self._came = time.monotonic()
        self._rate = self._left = math.nan

    def add(self, record: Record) -> None:
        """Take the record of a finished generation."""
        self.history.add(record["best"])
        self._came = time.monotonic()
        generation, evaluations = record["generation"], record["evaluations"]
        self.done = generation + 1
        if self._base is None:
            self._base = (generation, evaluations, record["wall_seconds"])
        seconds = record["wall_seconds"] - self._base[2]
        bred, evaluated = generation - self._base[0], evaluations - self._base[1]
        if seconds > 0 and bred > 0:
            self._rate = evaluated / seconds
            left = []
            if self._stop.generations is not None:
                left.append((self._stop.generations - self.done) * seconds / bred)
            if self._stop.evaluations is not None:
                left.append((self._stop.evaluations - evaluations) / max(self._rate, 1e-9))
            if self._stop.time_limit is not None:
                left.append(self._stop.time_limit - record["wall_seconds"])
            self._left = min(left, default=math.nan)
        self.record = record  # last: another thread may be showing this

    @property
    def share(self) -> float | None:
        """Share of the run that is done, by the limit that is nearest; None without limits."""
        stop, record = self._stop, self.record
        shares = [self.done / stop.generations] if stop.generations else []
        if record is not None and stop.evaluations:
            shares.append(record["evaluations"] / stop.evaluations)
        if stop.time_limit:
            since = time.monotonic() - self._came
            wall = since if record is None else record["wall_seconds"] + since
            shares.append(wall / stop.time_limit)
        return min(max(shares), 1.0) if shares else None

    @property
    def generations(self) -> str:
        """Generations done, and their maximum: "generation 12 of 1,000"."""
        of = "" if self.total is None else f" of {self.total:,}"
        return f"generation {self.done:,}{of}"

    @property
    def speed(self) -> str:
        """Evaluations per second, or ""."""
        return "" if math.isnan(self._rate) else f"{self._rate:,.0f} evaluations/s"

    @property
    def left(self) -> str:
        """The remaining time, or "" if it is unknown.

        It is the minimum over the limits on generations, evaluations and time.
        """
        if math.isnan(self._left):
            return ""
        return f"{duration(max(self._left - (time.monotonic() - self._came), 0.0))} left"

    @property
    def elapsed(self) -> str:
        """The time since the display began."""
        return duration(time.monotonic() - self._began)

    @property
    def pace(self) -> str:
        """Speed and remaining time: "5,120 evaluations/s, 1:30 left"."""
        return ", ".join(filter(None, [self.speed, self.left]))

    @property
    def parts(self) -> list[str]:
        """The newest record in words; see `parts_of`."""
        return ["the first generation ..."] if self.record is None else self._parts(self.record)

    def _parts(self, record: Record) -> list[str]:
        try:
            return parts_of(record, self._figures)
        except Exception:  # noqa: BLE001 - of a plugin's `describe`; a display never ends a run
            return parts_of(record)

    @property
    def failures(self) -> str:
        """The newest record's failures; see `failures_of`."""
        return "" if self.record is None else failures_of(self.record)

    def __str__(self) -> str:
        """Return the newest record in one line, as `describe` does."""
        return ", ".join(filter(None, [*self.parts, self.failures]))
