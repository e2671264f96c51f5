"""The commands `evo songs`: embedded tunes, and checks of other songs.

As in `evo.cli.main`, each command imports its modules itself, so the help is fast.
"""

import sys
from pathlib import Path
from typing import Any

import click

from evo.cli.errors import one_line_errors
from evo.cli.output import print_table, standard_output

COLLECTION_NAMES = ("essen",)  # kept equal to `evo.music.screening.essen` by a test
PROFILE_NAMES = ("melody", "piano", "any")  # kept equal to `evo.music.screening.demands` by a test


@click.group()
def songs() -> None:
    """List the embedded tunes, and check or measure other songs."""


@songs.command("list")
@one_line_errors
def list_songs() -> None:
    """List the embedded public-domain tunes by their name for --song."""
    from evo.music.tunes import all_tunes

    rows = [
        (name, f"{tune.title}; {tune.origin}; {tune.composer}")
        for name, tune in all_tunes().items()
    ]
    print_table(standard_output(), ("name for --song", "song"), rows)


@songs.command("export")
@click.argument("folder", type=click.Path())
@one_line_errors
def export_songs(folder: str) -> None:
    """Write the embedded tunes as MIDI files into FOLDER."""
    from evo.core.user_files import user_file
    from evo.music.tunes import tune, tune_names

    with user_file(folder, "cannot be made"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for name in tune_names():
        tune(name).save(Path(folder) / f"{name}.mid")
    click.echo(f"{len(tune_names())} MIDI files in {folder}")


@songs.command("parts")
@click.argument("file", type=click.Path())
@one_line_errors
def list_of_parts(file: str) -> None:
    """List the parts of a MIDI FILE, for --part, --track and --channel of `evo run`."""
    from evo.core.errors import printable
    from evo.music.midi.read import list_parts

    for line in list_parts(file):
        click.echo(printable(line))


@songs.command("check")
@click.argument("path", required=False, type=click.Path())
@click.option(
    "--corpus", is_flag=False, flag_value=COLLECTION_NAMES[0], type=click.Choice(COLLECTION_NAMES),
    help="Check a music21 collection instead of a PATH; essen: 8,514 folk songs.",
)  # fmt: skip
@click.option(
    "--profile", type=click.Choice(PROFILE_NAMES),
    help="Demands on a piece; default: melody, or piano for more than 25 keys.",
)  # fmt: skip
@click.option(
    "--keys", type=click.IntRange(1, 128),
    help="Keys of the instrument; default: those of the profile, for a corpus 13.",
)  # fmt: skip
@click.option(
    "--chord", type=click.IntRange(1, 128),
    help="Maximum number of notes that begin together; default: that of the profile.",
)  # fmt: skip
@click.option(
    "--steps-per-beat", type=click.IntRange(1, 96),
    help="Reject songs that need a finer piano roll; default: no limit, for a corpus 2.",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE",
    help="Change a demand, such as odd_metres=true; repeatable.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Maximum number of songs to check.")
@click.option("--seed", type=click.IntRange(0), help="With --limit: seed of a random sample.")
@click.option("--json", "json_file", type=click.Path(), help="Write one record per file as JSON.")
@click.option("--csv", "csv_file", type=click.Path(), help="Write one record per file as CSV.")
@click.option("--keep", type=click.Path(), help="Copy suitable songs into this new folder.")
@one_line_errors
def check_songs(path: str | None, corpus: str | None, **options: Any) -> None:
    """List which MIDI files in PATH are suitable for learning, and the faults of the others.

    PATH is a file, or a folder including its subfolders. Faults are: damaged files, pieces for
    other instruments than a piano, live recordings off the grid, constantly changing tempos,
    changing or odd metres, more notes or wider hands than can be played, pieces too short or too
    long, and repeated melodies in any key and tempo.

    A profile says what is refused: `melody` expects a voice or a few, `piano` what two hands can
    play, and `any` takes whatever can be read.

    Args:
        path: Path of a file or folder, or None with a corpus.
        corpus: Name of a corpus, or None.
        options: The other options by name.

    Raises:
        InputError: If not exactly one of path and corpus is given.
    """
    from evo.core.errors import InputError
    from evo.music.screening.check import Check
    from evo.music.screening.demands import demands_of
    from evo.music.screening.report import Outputs, chosen, files_below, folk_songs_of, survey

    if (path is None) == (corpus is None):
        raise InputError("what to check: give either a PATH or --corpus")
    # A corpus is for the simplified instrument, unless the options say otherwise.
    given = {} if corpus is None else {"keys": 13, "steps_per_beat": 2}
    for name in ("keys", "chord", "steps_per_beat"):
        if options[name] is not None:
            given[name] = options[name]
    demands = demands_of(options["profile"], given, options["settings"])
    found = files_below(str(path)) if corpus is None else folk_songs_of(corpus, demands)
    outputs = Outputs(options["json_file"], options["csv_file"], options["keep"])
    signal = survey(Check(demands), chosen(found, options["limit"], options["seed"]), outputs)
    if signal:
        sys.exit(128 + signal)


@songs.command("measure")
@click.argument("path", type=click.Path())
@click.option(
    "--corpus", type=click.Path(), help="Compare with this folder instead of the embedded tunes."
)
@click.option("--json", "json_file", type=click.Path(), help="Write everything as JSON.")
@one_line_errors
def measure_songs(path: str, corpus: str | None, json_file: str | None) -> None:
    """Describe the music in PATH, compared with a corpus.

    PATH is a MIDI file, a folder of them, or an embedded tune's name. There are measures of rhythm,
    pitch, form, repetition and material shared with the corpus. For a folder, variety is measured
    too.

    Args:
        path: Path of songs, or name of a tune.
        corpus: Path of a folder, or None for the embedded tunes.
        json_file: Path of a JSON file to write, or None.
    """
    from json import dumps

    from rich.console import Console

    from evo.core.user_files import user_file
    from evo.music.measures.report import report

    document = report(path, Console(), corpus)
    if json_file is not None:
        with user_file(json_file, "cannot be written"):
            Path(json_file).write_text(dumps(document, indent=2) + "\n", encoding="utf-8")
