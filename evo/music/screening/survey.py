"""A whole check as the command line carries it out: what to check, in which order, shown how.

A candidate knows how it is read and how it is written elsewhere, so that files and the songs of a
collection go the same way: read, judged, recorded, copied when fit, and forgotten.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from evo.core.interrupt import Interrupts
from evo.music.library import midi_files
from evo.music.midi.read import MidiPiece, read_piece
from evo.music.screening.check import Check
from evo.music.screening.essen import FolkSong, folk_songs, to_song
from evo.music.screening.faults import Demands
from evo.music.screening.report import (
    csv_records,
    empty_folder,
    free_name,
    json_records,
    pieces_table,
    rendered,
    resolutions,
    summary_table,
)

FEW = 50  # pieces that are shown one by one in a table


class Candidate(NamedTuple):
    """Something to check: its name, its path from where the search began, and what can be done."""

    name: str
    path: str
    read: Callable[[], MidiPiece]
    keep: Callable[[Path], object]


class Outputs(NamedTuple):
    """Where records and copies go; None for nowhere."""

    json: str | None
    csv: str | None
    keep: str | None


def files_below(path: str) -> list[Candidate]:
    """A MIDI file, or all of a folder; MidiError for a path without any."""
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
    """The songs of a collection; they are kept as MIDI files, moved into the keys."""

    def candidate(song: FolkSong) -> Candidate:
        def keep(target: Path) -> None:
            to_song(song.read(), song.name, demands.keys, demands.steps_per_beat or 2).save(target)

        return Candidate(song.name, f"{song.name}.mid", song.read, keep)

    return [candidate(song) for song in folk_songs(collection)]


def chosen(found: list[Candidate], limit: int | None, seed: int | None) -> list[Candidate]:
    """The first `limit` candidates or, with a seed, a random sample in the same order."""
    if limit is None or limit >= len(found):
        return found
    if seed is None:
        return found[:limit]
    sample = random.Random(seed).sample(range(len(found)), limit)
    return [found[place] for place in sorted(sample)]


def survey(check: Check, candidates: list[Candidate], outputs: Outputs) -> int:
    """Check the candidates and say what came of it; the signal that ended it early, or 0."""
    console = Console()
    started = time.monotonic()
    few = len(candidates) <= FEW
    reports = []
    with ExitStack() as stack:
        folder = empty_folder(outputs.keep) if outputs.keep is not None else None
        records = []
        if outputs.json is not None:
            records.append(stack.enter_context(json_records(Path(outputs.json))))
        if outputs.csv is not None:
            records.append(stack.enter_context(csv_records(Path(outputs.csv))))
        interrupts = stack.enter_context(Interrupts())
        say, advance = stack.enter_context(_progress(console, len(candidates)))
        for candidate in candidates:
            if interrupts.received is not None:
                break
            report = check.piece(candidate.name, candidate.read)
            for write in records:
                write(report)
            if folder is not None and report.fit:
                candidate.keep(free_name(folder, candidate.path))
            if few:
                reports.append((candidate.path, report))
            elif not report.fit:
                say(str(report))
            advance()

    if few:
        click.echo(rendered(pieces_table(reports), console))
        click.echo()
        for _, report in reports:
            if not report.fit:
                click.echo(str(report))
    if check.fit < check.pieces:
        click.echo()
    click.echo(rendered(summary_table(check), console))
    click.echo()
    if interrupts.received is not None:
        click.echo(f"stopped after {check.pieces:,} of {len(candidates):,}")
    if resolutions(check):
        click.echo(resolutions(check))
    copied = f", copied into {folder}" if folder is not None else ""
    click.echo(
        f"{check.fit:,} of {check.pieces:,} are fit to learn from, with {check.demands.keys} keys"
        f"{copied} ({time.monotonic() - started:.1f} s)"
    )
    return int(interrupts.received or 0)


@contextmanager
def _progress(
    console: Console, total: int
) -> Iterator[tuple[Callable[[str], object], Callable[[], object]]]:
    """How to print a line and how to count on: above a progress bar on a terminal, plain else."""
    if not console.is_terminal:
        yield click.echo, lambda: None
        return
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("checking", total=total)
        yield (
            partial(console.print, markup=False, highlight=False, soft_wrap=True),
            partial(bar.advance, task),
        )
