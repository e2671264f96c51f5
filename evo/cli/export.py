"""The command `evo export`: write a champion's music, or a song, as a file of another format."""

from pathlib import Path

import click

from evo.cli.errors import one_line_errors

# The names of `evo.music.export.FORMATS`, which takes time to import.
FORMAT_NAMES = ("mid", "abc", "musicxml", "svg", "wav", "flac", "ogg", "mp3")


@click.command()
@click.argument("what", metavar="RUN|SONG")
@click.option("--to", required=True, type=click.Choice(FORMAT_NAMES), help="Format.")
@click.option("--output", type=click.Path(), help="Output file.")
@one_line_errors
def export(what: str, to: str, output: str | None) -> None:
    """Write the music of a RUN's champion or a SONG (MIDI or ABC file, or embedded tune) as a file.

    The formats are MIDI, sheets (ABC, MusicXML, or SVG by verovio), and sound (WAV; FLAC, OGG and
    MP3 by soundfile). The file is written beside the champion or in the current directory.

    Args:
        what: Path of a run, or name of a song.
        to: Name of the format.
        output: Path of the file, or None.

    Raises:
        InputError: If the song is wrong, or cannot be written in this format.
        RunError: If the run has no champion that can play.
    """
    from evo.cli.music import CHAMPIONS_SONG, champions_song, is_run
    from evo.core.errors import InputError, printable
    from evo.core.user_files import write_output
    from evo.music.export import exported
    from evo.music.midi.reading import Reading
    from evo.music.song_finder import SongFinder

    path = Path(what)
    if is_run(path):
        song, folder, source = champions_song(path), path, path / CHAMPIONS_SONG
        name = f"champion/song.{to}"
    else:
        song, *others = SongFinder(strict=True)(what, Reading())
        if others:
            raise InputError(
                f"{what}: it has {len(others) + 1} songs; give a file with one of them"
            )
        folder, source, name = Path(), path, f"{path.stem}.{to}"
    target = Path(output) if output is not None else folder / name
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"{target}: this is the song itself; give another file by --output")
    click.echo(printable(str(write_output(output, folder, name, exported(song, to)))))
