"""Compare a song or folder with a corpus, in tables (`evo songs measure`)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from evo.core.errors import MidiError
from evo.music.measures.bars import form
from evo.music.measures.corpus import (
    MEANINGS,
    Corpus,
    Measures,
    Ranges,
    measure,
    metre_of,
    outside,
    plain_ranges,
    ranges_of,
)
from evo.music.measures.similarity import spread
from evo.music.song import Song
from evo.music.song_finder import read_songs
from evo.music.tables import WIDTH, new_table, print_line, show, watched, width_of
from evo.music.tunes import tune, tune_names

EMBEDDED = "the embedded tunes"
DRAWS = 20  # samples of the corpus to compare a folder's variety with
MAX_JUDGED = 200  # maximum corpus size for comparing each song with the others

Document = dict[str, Any]  # JSON values; None if undefined


def report(path: str, console: Console, corpus: str | None = None) -> Document:
    """Measure a song, or a folder of songs, and print a comparison with a corpus.

    Songs are read at their own resolution and in the bars of their metre. A song is compared with
    the songs of the corpus in its metre, or with all if there are few.

    Args:
        path: a MIDI file, a folder of them, or an embedded tune's name.
        console: where to print.
        corpus: a folder (or a file); by default the embedded tunes.

    Returns:
        The printed data, and the measures of every song: "corpus" with "ranges", "songs" with
        "measures", "outside", "form" and "nearest", "unreadable", and for a folder "folder" with
        "ranges", "outside" and "spread".

    Raises:
        MidiError: if a single file, or every file of a folder, cannot be read.
    """
    songs, refused = read(path, console)
    known = [tune(name) for name in tune_names()] if corpus is None else read(corpus, console)[0]
    measured = Corpus.of(known)
    metres = [metre_of(song) for song in songs]
    alike = sorted({index for metre in set(metres) for index in measured.alike(metre=metre)})
    ranges = ranges_of([measured.measures[index] for index in alike])
    ranges_in = {metre: measured.ranges(metre=metre) for metre in set(metres)}
    # A song of the corpus is compared with the other families, not with itself.
    own = _own_families(path, corpus, measured) or [-1] * len(songs)
    pairs = list(zip(songs, own, strict=True))
    measures = [
        measure(song, measured.known, family)
        for song, family in watched(pairs, "measuring", console)
    ]
    document: Document = {
        "corpus": {
            "name": corpus or EMBEDDED,
            "songs": len(known),
            "compared": len(alike),
            "usual": usual_songs(measured),
            "ranges": plain_ranges(ranges),
        },
        "songs": [
            _song(song, measured, found, outside(found, ranges_in[metre]), family)
            for (song, family), found, metre in zip(pairs, measures, metres, strict=True)
        ],
        "unreadable": [
            {"file": Path(error.path).name, "reason": error.reason} for error in refused
        ],
    }
    if os.path.isdir(path):
        document["folder"] = _folder(document["songs"], ranges_of(measures), ranges)
        samples = {"folder": spread(songs), "corpus": _sampled_spread(known, len(songs))}
        document["folder"]["spread"] = {name: _plain(sample) for name, sample in samples.items()}
        _print_folder(document, console)
    else:
        _print_song(document["songs"][0], document["corpus"], console)
    return document


def read(name: str, console: Console) -> tuple[list[Song], list[MidiError]]:
    """Load songs by name in whole bars, and print the files skipped.

    Songs have all 128 keys; a tune has its own.

    Args:
        name: a MIDI file, a folder of them, or an embedded tune's name.
        console: where to print.

    Returns:
        The songs, and the errors of a folder's other files.

    Raises:
        MidiError: if a single file cannot be read, or a folder has no song.
    """
    watch = partial(watched, label="reading", console=console)
    songs, refused = read_songs(name, watch, keys=128, lowest_note=0)
    for error in refused:
        print_line(f"skipped {Path(error.path).name}: {error.reason}", console)
    if not songs:
        raise MidiError(name, f"no song among its {len(refused)} MIDI files")
    return [song.whole_bars(song.steps) for song in songs], refused


def usual_songs(corpus: Corpus) -> int | None:
    """Count the corpus songs inside every range of the other families in their metre.

    Returns:
        The count; None for a single family, or for more than 200 songs (`MAX_JUDGED`).
    """
    kinds = list(zip(corpus.families.tolist(), corpus.metres, strict=True))
    if len(set(corpus.families.tolist())) < 2 or len(corpus.measures) > MAX_JUDGED:
        return None
    others = {kind: corpus.ranges(*kind) for kind in kinds}
    pairs = zip(corpus.measures, kinds, strict=True)
    return sum(not outside(measures, others[kind]) for measures, kind in pairs)


def _own_families(path: str, corpus: str | None, measured: Corpus) -> list[int]:
    """Return the families of the measured songs if they are in the corpus."""
    if corpus is None and not os.path.exists(path):
        return [int(measured.families[tune_names().index(path)])]
    if corpus is not None and os.path.exists(path) and os.path.samefile(path, corpus):
        return [int(family) for family in measured.families]
    return []


def _song(song: Song, corpus: Corpus, measures: Measures, unusual: list[str], own: int) -> Document:
    """Build the document entry of a song."""
    runs, nearest, _ = corpus.known.compare_song(song, own)
    name = corpus.known.names[int(nearest[0])] if runs[0] else None
    return {
        "name": song.name,
        "metre": str(song.metre),
        "form": form(song),
        "measures": _plain(measures),
        "outside": unusual,
        "nearest": {"name": name, "tokens": int(runs[0])},
    }


def _folder(songs: list[Document], folder: Ranges, corpus: Ranges) -> Document:
    """Build the document entry of a folder, without its variety."""
    return {
        "ranges": plain_ranges(folder),
        "outside": {name: sum(name in song["outside"] for song in songs) for name in corpus},
        "usual": sum(not song["outside"] for song in songs),
    }


def _sampled_spread(songs: Sequence[Song], count: int) -> dict[str, float]:
    """Return the mean variety of random samples of `count` songs; of all songs if fewer."""
    if count >= len(songs):
        return spread(songs)
    rng = np.random.default_rng(0)
    draws = DRAWS if count <= 100 else 3
    samples = [
        spread([songs[i] for i in rng.choice(len(songs), count, replace=False)])
        for _ in range(draws)
    ]
    return {name: float(np.mean([sample[name] for sample in samples])) for name in samples[0]}


def _print_song(song: Document, corpus: Document, console: Console) -> None:
    table = new_table("measure", "value", "1 %", "median", "99 %", "")
    explained = width_of(console) >= WIDTH
    if explained:
        table.add_column("", no_wrap=True)
    for name, value in song["measures"].items():
        unit, meaning = MEANINGS[name]
        usual = corpus["ranges"][name]
        marked = name in song["outside"]
        table.add_row(
            name.replace("_", " "),
            _number(value),
            *map(_number, usual.values()),
            _mark(value, usual["high"]) if marked else "",
            *([f"{unit}: {meaning}"] if explained else []),
            style="bold yellow" if marked else None,
        )
    print_line(f"{song['name']}, compared with {_compared(corpus)}", console)
    show(table, console)
    run = song["nearest"]["tokens"]
    near = f"; the longest run it shares, of {run} tokens, with {song['nearest']['name']}"
    print_line(
        f"form {song['form']}{near if run else '; no run shared with a known song'}", console
    )
    unusual = f"outside the usual: {len(song['outside'])} of {len(song['measures'])} measures"
    print_line(unusual + _corpus_itself(corpus), console)


def _print_folder(document: Document, console: Console) -> None:
    corpus, folder, count = document["corpus"], document["folder"], len(document["songs"])
    table = new_table("measure", "1 %", "median", "99 %", "corpus 1 %", "median", "99 %", "outside")
    for name, usual in corpus["ranges"].items():
        strangers = folder["outside"][name]
        table.add_row(
            name.replace("_", " "),
            *map(_number, folder["ranges"][name].values()),
            *map(_number, usual.values()),
            str(strangers) if strangers else "",
            style="bold yellow" if 2 * strangers > count else None,
        )
    print_line(f"{count} songs, compared with {_compared(corpus)}", console)
    show(table, console)
    usual = f"{folder['usual']} of {count} songs are within every range"
    print_line(usual + _corpus_itself(corpus), console)
    table = new_table("variety", "folder", "corpus, as many")
    for name, value in folder["spread"]["folder"].items():
        others = folder["spread"]["corpus"][name]
        table.add_row(name.replace("_", " "), _number(value), _number(others))
    show(table, console)


def _compared(corpus: Document) -> str:
    """Describe the songs of the corpus that others are compared with."""
    if corpus["compared"] == corpus["songs"]:
        return f"{corpus['name']} ({corpus['songs']} songs)"
    return f"{corpus['name']} ({corpus['compared']} of {corpus['songs']} songs, by metre)"


def _corpus_itself(corpus: Document) -> str:
    """Describe how many of the corpus's own songs are inside every range."""
    if corpus["usual"] is None:
        return ""
    return (
        f"; of the corpus's own songs, each compared with the others, {corpus['usual']} of "
        f"{corpus['songs']} are within every range"
    )


def _mark(value: float | None, high: float | None) -> str:
    if value is None:
        return "none"
    return "above" if high is None or value > high else "below"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _plain(figures: Measures) -> dict[str, float | None]:
    return {name: None if isnan(value) else value for name, value in figures.items()}
