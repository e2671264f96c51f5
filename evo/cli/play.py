"""The command `evo play`: show and render a champion's music, or a song."""

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
    from evo.cli.music import champions_song, is_run
    from evo.core.errors import InputError, RunError, printable
    from evo.core.files import replace_inside
    from evo.core.user_files import user_file
    from evo.music.song_finder import find_songs
    from evo.music.sound import wav_bytes
    from evo.music.text_roll import text_roll

    path = Path(what)
    if freedom["temperature"] is not None and not isfinite(freedom["temperature"]):
        raise InputError("--temperature must be a finite number")
    given_run = is_run(path)
    anew = freedom["improvise"] or freedom["prompt"] or freedom["temperature"] is not None
    if anew and not given_run:
        raise RunError(f"{path}: only a run's champion can improvise, and there is no run here")
    if anew:
        from evo.api.improvise import improvise

        song = improvise(path, **freedom)
        folder, name = path, f"improvisations/{song.name}.wav"
        score = f"improvisations/{song.name}.mid"
        with user_file(path / score, "cannot be written"):
            replace_inside(path, score, song.to_midi())
        click.echo(printable(str(path / score)))
    elif given_run:
        song, folder, name = champions_song(path), path, "champion/song.wav"
    else:
        song, folder, name = find_songs(what)[0], Path(), f"{path.stem}.wav"
    print(text_roll(song))  # click.echo takes any ASCII output for UTF-8
    target = Path(wav) if wav is not None else folder / name
    with user_file(target, "cannot be written"):
        if wav is not None:
            song.to_wav(target)
        else:
            replace_inside(folder, name, wav_bytes(song))
    click.echo(printable(f"{song.duration:.0f} s of sound: {target}"))
