"""Run `evo songs check`: read, judge, record and copy candidates, one at a time.

A candidate has its own functions to read and to write it, so that files and songs of a collection
are handled alike. Records are written at once, so an interrupted check keeps its results.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evo.core.errors import InputError, printable
from evo.core.interrupt import Interrupts
from evo.core.user_files import UserTextFile, user_file
from evo.music.midi.read import MidiPiece, read_piece
from evo.music.screening.check import Check, Report
from evo.music.screening.demands import Demands
from evo.music.screening.essen import FolkSong, folk_songs, to_song
from evo.music.screening.facts import Facts
from evo.music.screening.faults import FAULTS
from evo.music.song_finder import midi_files
from evo.music.tables import new_table, print_line, show, watched

MAX_LISTED = 50  # maximum number of pieces listed in a table
COLUMNS = ("path", "fit", "faults", "reasons", "same_as", "keys", *(f.name for f in fields(Facts)))

Record = Callable[[Report], None]  # writes one report


class Candidate(NamedTuple):
    """A piece to check.

    Attributes:
        name: Its name in the report.
        path: Its path relative to the folder that is searched.
        read: Reads it.
        keep: Writes a copy to a path.
    """

    name: str
    path: str
    read: Callable[[], MidiPiece]
    keep: Callable[[Path], object]


class Outputs(NamedTuple):
    """Where results are written; None for nowhere.

    Attributes:
        json: Path of the records as a JSON array.
        csv: Path of the records as a table.
        keep: Folder for copies of the files that are fit.
    """

    json: str | None = None
    csv: str | None = None
    keep: str | None = None


def files_below(path: str) -> list[Candidate]:
    """Return a MIDI file, or all MIDI files below a folder, as candidates.

    Raises:
        MidiError: if there is no MIDI file.
    """
    root = path if Path(path).is_dir() else str(Path(path).parent)
    return [
        Candidate(
            name,
            str(Path(name).relative_to(root)),
            partial(read_piece, name),
            partial(shutil.copyfile, name),
        )
        for name in midi_files(path, below=True)
    ]


def folk_songs_of(collection: str, demands: Demands) -> list[Candidate]:
    """Return the songs of a collection as candidates.

    Fit ones are saved as MIDI files, transposed to fit the keys.

    Args:
        collection: name of the collection.
        demands: the requirements; gives the keys and the resolution.
    """

    def candidate(song: FolkSong) -> Candidate:
        def keep(target: Path) -> None:
            to_song(song.read(), song.name, demands.keys, demands.steps_per_beat or 2).save(target)

        return Candidate(song.name, f"{song.name}.mid", song.read, keep)

    return [candidate(song) for song in folk_songs(collection)]


def chosen(found: list[Candidate], limit: int | None, seed: int | None) -> list[Candidate]:
    """Return the first `limit` candidates or, with a seed, a random sample.

    Args:
        found: all candidates.
        limit: maximum number; None for all.
        seed: random seed of the sample; None takes the first.

    Returns:
        The candidates, in their original order.
    """
    if limit is None or limit >= len(found):
        return found
    if seed is None:
        return found[:limit]
    sample = random.Random(seed).sample(range(len(found)), limit)
    return [found[index] for index in sorted(sample)]


def survey(check: Check, candidates: list[Candidate], outputs: Outputs) -> int:
    """Check the candidates and print the results.

    Args:
        check: judges the pieces and counts.
        candidates: pieces to check, in this order.
        outputs: destinations of records and copies.

    Returns:
        The signal that interrupted the check, or 0.
    """
    console = Console()
    started = time.monotonic()
    reports, signal = _checked(check, candidates, outputs, console)
    if reports:
        show(pieces_table(reports), console)
        print_line("", console)
        for _, report in reports:
            if not report.fit:
                print_line(str(report), console)
    if check.fit < check.pieces:
        print_line("", console)
    show(summary_table(check), console)
    print_line("", console)
    if signal:
        print_line(f"stopped after {check.pieces:,} of {len(candidates):,}", console)
    if finer := resolutions(check):
        print_line(finer, console)
    copied = f", copied into {Path(outputs.keep)}" if outputs.keep is not None else ""
    print_line(
        f"{check.fit:,} of {check.pieces:,} are fit to learn from, with {check.demands.keys} keys"
        f"{copied} ({time.monotonic() - started:.1f} s)",
        console,
    )
    return signal


def _checked(
    check: Check, candidates: list[Candidate], outputs: Outputs, console: Console
) -> tuple[list[tuple[str, Report]], int]:
    """Check the candidates; return the reports if few, and the interrupting signal.

    If there are many, unfit ones are printed at once.
    """
    reports = []
    with ExitStack() as stack:
        folder = empty_folder(outputs.keep) if outputs.keep is not None else None
        records: list[Record] = []
        if outputs.json is not None:
            records.append(stack.enter_context(json_records(Path(outputs.json))))
        if outputs.csv is not None:
            records.append(stack.enter_context(csv_records(Path(outputs.csv))))
        interrupts = stack.enter_context(Interrupts())
        for candidate in watched(candidates, "checking", console):
            if interrupts.received is not None:
                break
            report = check.piece(candidate.name, candidate.read)
            for write in records:
                write(report)
            if folder is not None and report.fit:
                target = free_name(folder, candidate.path)
                with user_file(target, "cannot be written"):
                    candidate.keep(target)
            if len(candidates) <= MAX_LISTED:
                reports.append((candidate.path, report))
            elif not report.fit:
                print_line(str(report), console)
    return reports, int(interrupts.received or 0)


@contextmanager
def json_records(path: Path) -> Iterator[Record]:
    """Open a JSON file, and give the function that writes a report into its array.

    There is one record per line. The array is closed even after an error.
    """
    with closing(UserTextFile(path)) as file:
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
def csv_records(path: Path) -> Iterator[Record]:
    """Open a CSV file, and give the function that writes a report; lists are joined by blanks."""
    with closing(UserTextFile(path, errors="backslashreplace", newline="")) as file:
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
    """Return an empty folder to copy into, creating it if needed.

    Raises:
        InputError: if the folder is not empty or cannot be created.
    """
    folder = Path(path)
    with user_file(folder, "cannot be made"):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder}: exists and is not empty; nothing in it will be replaced")
    return folder


def free_name(folder: Path, name: str) -> Path:
    """Return an unused path in a folder: "a/b.mid" gives "a-b.mid" or "a-b-2.mid".

    Args:
        folder: the folder.
        name: a relative path, flattened to one name.
    """
    flat = Path("-".join(part for part in Path(name).parts if part not in ("/", "..", ".")))
    target, number = folder / flat, 1
    while target.exists():
        number += 1
        target = folder / f"{flat.stem}-{number}{flat.suffix}"
    return target


def pieces_table(reports: Sequence[tuple[str, Report]]) -> Table:
    """Build a table with a row per piece: name, facts and kinds of faults."""
    table = new_table("file", "notes", "keys", "chord", "beats", "tempo")
    for heading in ("metre", "grid", "verdict"):
        table.add_column(heading)
    for name, report in reports:
        facts = report.facts
        figures = [""] * 7
        if facts is not None:
            figures = [
                f"{facts.notes:,}", str(facts.keys), str(facts.chord), f"{facts.beats:,.0f}",
                f"{facts.tempo:.0f}", " ".join(facts.metres[:2]), facts.grid,
            ]  # fmt: skip
        verdict = ", ".join(fault.kind for fault in report.faults) or "fit"
        style = "green" if report.fit else "red"
        table.add_row(*map(Text, (printable(name), *figures)), Text(verdict, style))
    return table


def summary_table(check: Check) -> Table:
    """Build a table of the number of pieces per fault, and of fit ones."""
    table = new_table("fault", "files", "share")
    rows = [(title, check.faults[kind], "") for kind, title in FAULTS.items() if check.faults[kind]]
    for title, count, style in [*rows, ("fit to learn from", check.fit, "green")]:
        share = f"{count / check.pieces:.1%}" if check.pieces else ""
        table.add_row(title, f"{count:,}", share, style=style)
    return table


def resolutions(check: Check) -> str:
    """Describe the fit pieces that need an unusual resolution."""
    finer = [
        f"{count:,} with steps_per_beat={steps}"
        for steps, count in sorted(check.steps_per_beat.items())
        if steps != 2
    ]
    return f"of the fit ones, load {', '.join(finer)}" if finer else ""
