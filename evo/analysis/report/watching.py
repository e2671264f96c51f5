"""Follow runs while they go on, by looking at their files. Nothing is written.

A log is read as it grows. The champion, the pieces and the result are read again when one of their
folders or files is replaced.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evo.analysis.compare import find_runs
from evo.analysis.report.collect import damaged, run_report
from evo.analysis.report.data import Page, RunReport
from evo.analysis.report.page import rendered, rendered_part
from evo.analysis.report.several import comparison_of, on_one_scale
from evo.core.errors import DAMAGE, EvoError, InputError, printable
from evo.core.files import open_regular
from evo.runs.listing import is_at_work
from evo.runs.record import parse_record

POLL = 0.2  # seconds between two looks at the logs
PAUSE = 0.5  # minimum seconds between two updates of a page
_DISCOVERY = 2.0  # seconds between two searches for new runs
_MAX_READ = 1 << 24  # bytes of a log at a time
_PLACES = ("headline", "lead", "charts", "music", "settings")
_REPLACED = ("result.json", "champion", "pieces", "checkpoints")


class Part(NamedTuple):
    """A part of a page: the selector of its place, and its HTML."""

    place: str
    html: str


class Runs:
    """The runs at and below some paths, numbered from 1 in the order in which they were found."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self._found: list[Path] = []
        self._lock = threading.Lock()
        self._looked = -_DISCOVERY
        self.left_out: list[str] = []

    @property
    def is_single(self) -> bool:
        """Whether one run is watched, and not a folder."""
        return len(self.paths) == 1 and (self.paths[0] / "config.toml").is_file()

    def found(self) -> list[Path]:
        """Return the runs; new ones are looked for every few seconds."""
        with self._lock:
            if time.monotonic() - self._looked >= _DISCOVERY:
                self._looked = time.monotonic()
                for path in self.paths:
                    try:
                        runs, self.left_out = find_runs([path])
                    except (InputError, OSError):  # there is none yet
                        continue
                    self._found += [run for run in runs if run not in self._found]
            return list(self._found)


class LogTail:
    """The records of a log, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0  # bytes read
        self.records: list[dict[str, Any]] = []

    def grown(self) -> bool:
        """Read new records; return whether there are any, or the log was cut."""
        try:
            with open_regular(self._path) as file:
                size = file.seek(0, os.SEEK_END)
                was_cut = size < self._end
                if was_cut:  # a resumed run repeats generations
                    self._end, self.records = 0, []
                file.seek(self._end)
                content = file.read(min(size - self._end, _MAX_READ))
        except OSError:
            return False
        lines = content.split(b"\n")[:-1]
        if not lines and len(content) == _MAX_READ:  # no record is so long
            self._end += len(content)
        for line in lines:
            self._end += len(line) + 1
            try:
                record = parse_record(line)
            except EvoError:  # damage, which the report of the ended run tells
                continue
            if self.records and record["generation"] <= self.records[-1]["generation"]:
                self.records = []
            self.records.append(record)
        return bool(lines) or was_cut


class RunWatch:
    """One run that is watched."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self._tail = LogTail(path / "log.jsonl")
        self._signature: tuple[Any, ...] = ()

    def changes(self) -> tuple[bool, bool]:
        """Return whether the log has grown, and whether the run's state or champion changed."""
        grown, before = self._tail.grown(), self._signature
        self._signature = (is_at_work(self.path), *(_stamp(self.path / n) for n in _REPLACED))
        return grown, self._signature != before

    @property
    def stamp(self) -> str:
        """What was read last, as text for an address."""
        return "-".join(str(int(part)) for part in (len(self._tail.records), *self._signature))

    def report(self, music: bool) -> RunReport:
        """Return the run's report as it is now.

        Args:
            music: Whether to read the champion and the pieces, too.
        """
        try:
            return run_report(self.path, self.number, records=self._tail.records, music=music)
        except (EvoError, ArithmeticError, *DAMAGE) as error:
            return damaged(self.path, self.number, error)


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def run_page(path: Path, number: int) -> str:
    """Return the page of one run.

    Args:
        path: The run's directory.
        number: Its number.
    """
    watch = RunWatch(path, number)
    watch.changes()
    report = watch.report(music=True)
    title = f"{report.name}: {report.headline}"
    return rendered(Page(title, (report,), live=f"events?{watch.stamp}"))


def overview_page(runs: Runs) -> str:
    """Return the page of several runs: a grid, with a page for each."""
    watches = [RunWatch(path, number) for number, path in enumerate(runs.found(), start=1)]
    for watch in watches:
        watch.changes()
    reports = on_one_scale([watch.report(music=False) for watch in watches])
    return rendered(
        Page(
            ", ".join(printable(str(path)) for path in runs.paths),
            tuple(reports),
            comparison_of(runs.paths),
            tuple(map(printable, runs.left_out)),
            live="events?0",
            overview=True,
        )
    )


def run_events(path: Path, number: int, seen: str) -> Iterator[list[Part]]:
    """Yield the changed parts of a run's page, without end; [] if nothing has changed.

    Args:
        path: The run's directory.
        number: Its number.
        seen: The stamp of the page, which may be older than the present files.
    """
    watch, sent = RunWatch(path, number), time.monotonic()
    watch.changes()
    grown = replaced = watch.stamp != seen
    while True:
        time.sleep(POLL)
        has_grown, was_replaced = watch.changes()
        grown, replaced = grown or has_grown, replaced or was_replaced
        if not (grown or replaced) or time.monotonic() - sent < PAUSE:
            yield []
            continue
        report = watch.report(music=replaced)
        places = [place for place in _PLACES if replaced or place not in ("music", "settings")]
        yield [
            Part(
                "#headline" if place == "headline" else f'[data-part="{place}"]',
                rendered_part(place, run=report, level=2, folded=False),
            )
            for place in places
        ]
        sent, grown, replaced = time.monotonic(), False, False


def overview_events(runs: Runs) -> Iterator[list[Part]]:
    """Yield the changed parts of the page of several runs, without end; see `run_events`."""
    watches: list[RunWatch] = []
    reports: dict[int, RunReport] = {}
    waiting: set[int] = set()
    ended, sent = True, 0.0
    while True:
        for number, path in enumerate(runs.found()[len(watches) :], start=len(watches) + 1):
            watches.append(RunWatch(path, number))
        for watch in watches:
            grown, replaced = watch.changes()
            if grown or replaced:
                waiting.add(watch.number)
            ended = ended or replaced
        if not waiting or time.monotonic() - sent < PAUSE:
            yield []
            time.sleep(POLL)
            continue
        for number in waiting:
            reports[number] = watches[number - 1].report(music=False)
        shown = on_one_scale([reports[number] for number in sorted(reports)])
        parts = [Part("#cards", rendered_part("cards", runs=shown))]
        if ended:
            table = comparison_of(runs.paths)
            parts.append(Part("#comparison", rendered_part("comparison", table=table)))
        yield parts
        waiting, ended, sent = set(), False, time.monotonic()
