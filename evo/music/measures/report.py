"""The measures of a song or a folder beside those of a corpus, as tables (`evo songs measure`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from evo.core.errors import MidiError
from evo.music.library import read_songs
from evo.music.measures.bars import form
from evo.music.measures.corpus import (
    MEANINGS,
    Corpus,
    Measures,
    Range,
    Ranges,
    measure,
    outside,
    ranges_of,
)
from evo.music.measures.similarity import RUN, spread
from evo.music.melody import BAR, onsets
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

EMBEDDED = "the embedded tunes"
WIDTH = 100  # columns of the widest table, and where there is no terminal
DRAWS = 20  # samples of the corpus that a folder's variety is held beside
MOST_JUDGED = 200  # songs of a corpus that are each held against the others

Value = Any  # of JSON
Item = TypeVar("Item")


def report(path: str, console: Console, corpus: str | None = None) -> dict[str, Value]:
    """Measure a song, or every song of a folder, and print it beside what is usual in a corpus.

    Songs are read in eighths and in bars of 4/4, at their own pitch, whatever their range.

    Args:
        path: a MIDI file, a folder of them, or an embedded tune's name.
        console: where to print.
        corpus: a folder (or a file); by default the embedded tunes.

    Returns:
        What was printed, and the measures of every song, in values that JSON knows (None for what
        is not defined): "corpus" with "ranges", "songs" with "measures", "outside", "form" and
        "nearest", "unreadable", and of a folder "folder" with "ranges", "outside" and "spread".

    Raises:
        MidiError: for a single file that cannot be read, and if nothing can.
    """
    songs, unreadable = read(path, console)
    if corpus is None:
        known_songs = [tune(name) for name in tune_names()]
    else:
        known_songs, _ = read(corpus, console)
    measured = Corpus.of(known_songs)
    ranges = measured.ranges()
    # A song of the corpus is compared to the other families of it, not to itself.
    own = _own_families(path, corpus, measured)
    rows = [
        _measure_one(song, measured, ranges, own[index] if own else -1)
        for index, song in enumerate(_progress(songs, "measuring", console))
    ]
    document: dict[str, Value] = {
        "corpus": {
            "name": corpus or EMBEDDED,
            "songs": len(known_songs),
            "usual": usual_songs(measured),
            "ranges": _plain_ranges(ranges),
        },
        "songs": [_plain_song(row) for row in rows],
        "unreadable": [
            {"file": Path(error.path).name, "reason": error.reason} for error in unreadable
        ],
    }
    if not os.path.isdir(path):
        _print_song(rows[0], ranges, document["corpus"], console)
        return document
    folder = ranges_of([row["measures"] for row in rows])
    counts = {name: sum(name in row["outside"] for row in rows) for name in ranges}
    variety = {
        "folder": spread(songs),
        "corpus": _spread_of_as_many(known_songs, len(songs)),
    }
    document["folder"] = {
        "ranges": _plain_ranges(folder),
        "outside": counts,
        "usual": sum(not row["outside"] for row in rows),
        "spread": {whose: _plain(figures) for whose, figures in variety.items()},
    }
    _print_folder(document, folder, ranges, variety, console)
    return document


def read(name: str, console: Console) -> tuple[list[Song], list[MidiError]]:
    """Return the songs of a name in whole bars, and the errors of a folder's other files.

    Songs have all 128 keys, a tune its own. What is skipped is said.

    Raises:
        MidiError: for a single file that cannot be read, and for a folder without any song.
    """
    watch = partial(_progress, what="reading", console=console)
    songs, refused = read_songs(name, watch, keys=128, lowest_note=0)
    for error in refused:
        _say(console, f"skipped {Path(error.path).name}: {error.reason}")
    if not songs:
        raise MidiError(name, f"no song among its {len(refused)} MIDI files")
    return [song.whole_bars(-(-song.steps // BAR) * BAR) for song in songs], refused


def usual_songs(corpus: Corpus) -> int | None:
    """How many songs of a corpus are within every range of the other families' songs.

    None where that says nothing, of a single family, and of more than 200 songs (`MOST_JUDGED`).
    """
    names = set(corpus.families.tolist())
    if len(names) < 2 or len(corpus.measures) > MOST_JUDGED:
        return None
    others = {family: corpus.ranges(family) for family in names}
    pairs = zip(corpus.measures, corpus.families.tolist(), strict=True)
    return sum(not outside(measures, others[family]) for measures, family in pairs)


def _own_families(path: str, corpus: str | None, measured: Corpus) -> list[int]:
    """The families of the songs measured, if they are songs of the corpus; else none."""
    if corpus is None and not os.path.exists(path):
        return [int(measured.families[tune_names().index(path)])]
    if corpus is not None and os.path.exists(path) and os.path.samefile(path, corpus):
        return [int(family) for family in measured.families]
    return []


def _measure_one(song: Song, corpus: Corpus, ranges: Ranges, own: int) -> dict[str, Any]:
    measures = measure(song, corpus.known, own)
    runs, nearest, _ = corpus.known.compare(onsets(song)[None], RUN, [own])
    name = corpus.known.names[int(nearest[0])] if runs[0] else None
    return {
        "name": song.name,
        "form": form(song),
        "measures": measures,
        "outside": outside(measures, ranges),
        "nearest": {"name": name, "tokens": int(runs[0])},
    }


def _spread_of_as_many(songs: Sequence[Song], count: int) -> dict[str, float]:
    """The variety of `count` songs of a corpus: the mean over samples; of all, if it has fewer."""
    if count >= len(songs):
        return spread(songs)
    rng = np.random.default_rng(0)
    draws = DRAWS if count <= 100 else 3
    samples = [
        spread([songs[i] for i in rng.choice(len(songs), count, replace=False)])
        for _ in range(draws)
    ]
    return {name: float(np.mean([one[name] for one in samples])) for name in samples[0]}


def _print_song(
    row: dict[str, Any], ranges: Ranges, corpus: dict[str, Value], console: Console
) -> None:
    table = _table("measure", "value", "1 %", "median", "99 %", "")
    explained = _width(console) >= WIDTH
    if explained:
        table.add_column("", no_wrap=True)
    for name, value in row["measures"].items():
        unit, meaning = MEANINGS[name]
        marked = name in row["outside"]
        table.add_row(
            name.replace("_", " "),
            _number(value),
            *map(_number, ranges[name]),
            _mark(value, ranges[name]) if marked else "",
            *([f"{unit}: {meaning}"] if explained else []),
            style="bold yellow" if marked else None,
        )
    _say(console, f"{row['name']}, beside {corpus['name']} ({corpus['songs']} songs)")
    _print_table(table, console)
    run = row["nearest"]["tokens"]
    near = f"; the longest run it shares, of {run} tokens, with {row['nearest']['name']}"
    _say(console, f"form {row['form']}{near if run else '; no run shared with a known song'}")
    unusual = f"outside the usual: {len(row['outside'])} of {len(row['measures'])} measures"
    _say(console, unusual + _corpus_itself(corpus))


def _print_folder(
    document: dict[str, Value],
    folder: Ranges,
    ranges: Ranges,
    variety: dict[str, dict[str, float]],
    console: Console,
) -> None:
    corpus, count = document["corpus"], len(document["songs"])
    table = _table("measure", "1 %", "median", "99 %", "corpus 1 %", "median", "99 %", "outside")
    for name, usual in ranges.items():
        strangers = document["folder"]["outside"][name]
        table.add_row(
            name.replace("_", " "),
            *map(_number, folder[name]),
            *map(_number, usual),
            str(strangers) if strangers else "",
            style="bold yellow" if 2 * strangers > count else None,
        )
    _say(console, f"{count} songs, beside {corpus['name']} ({corpus['songs']} songs)")
    _print_table(table, console)
    usual_ones = f"{document['folder']['usual']} of {count} songs are within every range"
    _say(console, usual_ones + _corpus_itself(corpus))
    table = _table("variety", "folder", "corpus, as many")
    for name, value in variety["folder"].items():
        table.add_row(name.replace("_", " "), _number(value), _number(variety["corpus"][name]))
    _print_table(table, console)


def _corpus_itself(corpus: dict[str, Value]) -> str:
    """How hard it is to be usual: what the corpus's own songs reach."""
    if corpus["usual"] is None:
        return ""
    return (
        f"; of the corpus's own songs, each held against the others, {corpus['usual']} of "
        f"{corpus['songs']} are within every range"
    )


def _mark(value: float, usual: Range) -> str:
    if isnan(value):
        return "none"
    return "above" if isnan(usual.high) or value > usual.high else "below"


def _number(value: float) -> str:
    if isnan(value):
        return "-"
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _width(console: Console) -> int:
    return console.width if console.is_terminal else max(console.width, WIDTH)


def _print_table(table: Table, console: Console) -> None:
    before = console.width
    console.width = _width(console)
    try:
        console.print(table, markup=False)
    finally:
        console.width = before


def _say(console: Console, text: str) -> None:
    """A line as it is: names are no markup, and a pipe gets no line breaks."""
    line = "".join(character if character.isprintable() else "?" for character in text)
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _progress(items: Sequence[Item], what: str, console: Console) -> Iterable[Item]:
    if not console.is_terminal or len(items) < 100:
        return items
    return track(items, what, console=console, transient=True)


def _plain(figures: Measures) -> dict[str, Value]:
    return {name: None if isnan(value) else value for name, value in figures.items()}


def _plain_ranges(ranges: Ranges) -> dict[str, Value]:
    return {name: _plain(usual._asdict()) for name, usual in ranges.items()}


def _plain_song(row: dict[str, Any]) -> dict[str, Value]:
    return row | {"measures": _plain(row["measures"])}
