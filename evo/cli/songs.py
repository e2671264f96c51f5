"""`evo songs`: the embedded tunes, and songs that somebody would like to learn from.

Like `evo.cli.main`, this imports what a command needs when it is carried out: the help is fast.
"""

import sys
from pathlib import Path
from typing import Any

import click

from evo.cli.errors import one_line_errors

COLLECTION_NAMES = ("essen",)  # kept equal to `evo.music.screening.essen` by a test


@click.group()
def songs() -> None:
    """The embedded tunes, and how fit other songs are to learn from."""


@songs.command("list")
@one_line_errors
def list_songs() -> None:
    """List the embedded public-domain tunes, by the name that --song takes."""
    from evo.music.tunes import all_tunes

    tunes = all_tunes()
    width = max(len(name) for name in tunes)
    for name, tune in tunes.items():
        click.echo(f"{name:{width}}  {tune.title}; {tune.origin}; {tune.composer}")


@songs.command("export")
@click.argument("folder", type=click.Path())
@one_line_errors
def export_songs(folder: str) -> None:
    """Write the embedded tunes as MIDI files into a FOLDER."""
    from evo.music.files import user_file
    from evo.music.tunes import tune, tune_names

    with user_file(folder, "cannot be made"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for name in tune_names():
        tune(name).save(Path(folder) / f"{name}.mid")
    click.echo(f"{len(tune_names())} MIDI files in {folder}")


@songs.command("check")
@click.argument("path", required=False, type=click.Path())
@click.option(
    "--corpus", is_flag=False, flag_value=COLLECTION_NAMES[0], type=click.Choice(COLLECTION_NAMES),
    help="Check a collection of music21's instead of a PATH; essen: 8,514 folk songs.",
)  # fmt: skip
@click.option(
    "--keys", type=click.IntRange(1, 128), default=13, show_default=True,
    help="Keys of the instrument.",
)  # fmt: skip
@click.option(
    "--chord", type=click.IntRange(1),
    help="Notes that may begin together; default 4, or 10 for more than 25 keys.",
)  # fmt: skip
@click.option(
    "--steps-per-beat", type=click.IntRange(1, 96),
    help="Refuse what needs a finer piano roll; default: none is refused, for a corpus 2.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Check no more than so many.")
@click.option(
    "--seed", type=click.IntRange(0), help="With --limit: a random sample, not the first."
)
@click.option("--json", "json_file", type=click.Path(), help="Write a record a file as JSON.")
@click.option("--csv", "csv_file", type=click.Path(), help="Write a record a file as a table.")
@click.option("--keep", type=click.Path(), help="Copy the fit ones into this new folder.")
@one_line_errors
def check_songs(path: str | None, corpus: str | None, **options: Any) -> None:
    """Say which MIDI files of a PATH are fit to learn from, and what is wrong with the others.

    PATH is a file, or a folder with everything below it. Faults are: damaged files, pieces for
    other instruments than one piano, live recordings off the grid, tempos that change all the
    time, changing or odd metres, pieces too complex for the keys, too short or too long ones,
    and the same melody again, in whatever key and at whatever tempo.
    """
    from evo.core.errors import InputError
    from evo.music.screening.check import Check
    from evo.music.screening.faults import Demands
    from evo.music.screening.report import Outputs, chosen, files_below, folk_songs_of, survey

    if (path is None) == (corpus is None):
        raise InputError("what to check: give either a PATH or --corpus")
    steps_per_beat = options["steps_per_beat"] or (None if corpus is None else 2)
    demands = Demands(options["keys"], options["chord"], steps_per_beat=steps_per_beat)
    found = files_below(str(path)) if corpus is None else folk_songs_of(corpus, demands)
    outputs = Outputs(options["json_file"], options["csv_file"], options["keep"])
    signal = survey(Check(demands), chosen(found, options["limit"], options["seed"]), outputs)
    if signal:
        sys.exit(128 + signal)


@songs.command("measure")
@click.argument("path", type=click.Path())
@click.option("--corpus", type=click.Path(), help="Compare to this folder, not the embedded tunes.")
@click.option("--json", "json_file", type=click.Path(), help="Write everything as JSON.")
@one_line_errors
def measure_songs(path: str, corpus: str | None, json_file: str | None) -> None:
    """Describe the music of a PATH, beside what is usual in a corpus.

    PATH is a MIDI file, a folder of them, or an embedded tune's name. Measures are of rhythm,
    pitch, form and repetition, and of what is shared with the corpus; of a folder, its variety too.
    """
    from json import dumps

    from rich.console import Console

    from evo.music.files import user_file
    from evo.music.measures.report import report

    document = report(path, Console(), corpus)
    if json_file is not None:
        with user_file(json_file, "cannot be written"):
            Path(json_file).write_text(dumps(document, indent=2) + "\n", encoding="utf-8")
