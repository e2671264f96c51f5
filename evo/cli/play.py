"""The command `evo play`: show and render a champion's music, or a song."""

import shlex
from math import isfinite
from pathlib import Path
from typing import Any

import click

from evo.cli.errors import one_line_errors


@click.command()
@click.argument("what", metavar="RUN|SONG")
@click.option("--improvise", is_flag=True, help="Play without the learned song.")
@click.option(
    "--temperature", type=click.FloatRange(0), help="Sampling temperature; 0 is deterministic."
)
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed for --temperature.")
@click.option("--prompt", help="Begin with the first steps of this song instead.")
@click.option("--wav", type=click.Path(), help="Output WAV file.")
@one_line_errors
def play(what: str, wav: str | None, **freedom: Any) -> None:
    """Show the music of a RUN's champion or a SONG (MIDI file or embedded tune).

    The sound is written as a WAV file, beside the champion or in the current directory. With
    --improvise, --temperature or --prompt the champion plays new music, into RUN/improvisations.

    Args:
        what: Path of a run, or name of a song.
        wav: Path of the sound, or None.
        freedom: The options of `improvise`.

    Raises:
        InputError: If the song or an option is wrong.
        RunError: If the run has no champion that can play.
    """
    from evo.core.errors import InputError, RunError, printable
    from evo.core.files import replace_inside
    from evo.core.user_files import user_file
    from evo.music.synth import wav_bytes
    from evo.music.text_roll import text_roll

    path = Path(what)
    is_run = (path / "config.toml").exists()
    if freedom["temperature"] is not None and not isfinite(freedom["temperature"]):
        raise InputError("--temperature must be a finite number")
    _refuse_batch(path)
    anew = freedom["improvise"] or freedom["prompt"] or freedom["temperature"] is not None
    if anew and not is_run:
        raise RunError(f"{path}: only a run's champion can improvise, and there is no run here")
    if anew:
        from evo.cli.improvise import improvise

        song = improvise(path, **freedom)
        folder, name = path, f"improvisations/{song.name}.wav"
        score = f"improvisations/{song.name}.mid"
        with user_file(path / score, "cannot be written"):
            replace_inside(path, score, song.to_midi())
        click.echo(printable(str(path / score)))
    elif is_run:
        song, folder, name = _champions_song(path), path, "champion/song.wav"
    else:
        song, folder, name = _song(what), Path(), f"{path.stem}.wav"
    print(text_roll(song))  # click.echo takes any ASCII output for UTF-8
    target = Path(wav) if wav is not None else folder / name
    with user_file(target, "cannot be written"):
        if wav is not None:
            song.to_wav(target)
        else:
            replace_inside(folder, name, wav_bytes(song))
    click.echo(printable(f"{song.duration:.0f} s of sound: {target}"))


def _refuse_batch(path: Path) -> None:
    """Raise RunError for a folder of seeds, which has no champion of its own."""
    from evo.core.errors import RunError
    from evo.runs.description import is_batch

    if is_batch(path):
        runs = sorted(folder.name for folder in path.glob("seed*"))
        raise RunError(
            f"{path}: it holds the runs {', '.join(runs)}; play one of them"
            if runs
            else f"{path}: none of its runs has begun"
        )


def _champions_song(path: Path) -> Any:
    """Return the stored performance of a run's champion."""
    from evo.core.errors import RunError
    from evo.music.song import Song
    from evo.runs.description import resume_command
    from evo.runs.loading import load_run

    performance = path / "champion" / "song.mid"
    _, experiment = load_run(path)
    if experiment.resolution is None:
        raise RunError(
            f"{path}: its experiment {experiment.name} makes no music; look at the run by "
            f"`evo plot {shlex.quote(str(path))}`"
        )
    if not performance.exists():
        raise RunError(
            f"{path}: it has no champion's song; finish the run by `{resume_command(path)}`"
        )
    return Song.load(performance)


def _song(what: str) -> Any:
    """Return the song by a name or path."""
    from evo.music.song_finder import find_songs

    return find_songs(what)[0]
