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
@click.option("--tempo", type=float, help="Quarter notes per minute.")
@click.option("--transpose", type=int, default=0, help="Semitones up; negative is down.")
@click.option("--program", type=click.IntRange(0, 127), help="MIDI program of --soundfont.")
@click.option("--soundfont", type=click.Path(), help="Instruments: a .sf2 or .sf3 file.")
@click.option("--loop", type=click.IntRange(0), default=1, help="Times to play; 0 until Ctrl-C.")
@click.option("--listen", is_flag=True, help="Play on this machine's loudspeakers.")
@click.option("--out", type=click.Path(), help="Output file: .wav, .ogg, .flac or .mp3.")
@one_line_errors
def play(what: str, **options: Any) -> None:
    """Show the music of a RUN's champion or a SONG (MIDI file or embedded tune).

    The sound is written as a WAV file, beside the champion or in the current directory. With
    --listen it is played, and a file is written only with --out. With --improvise, --temperature or
    --prompt the champion plays new music, into RUN/improvisations. --tempo and --transpose change
    the sound, and no file of notes.

    Args:
        what: Path of a run, or name of a song.
        options: The options by name.

    Raises:
        InputError: If the song or an option is wrong.
        RunError: If the run has no champion that can play.
    """
    from evo.core.errors import printable
    from evo.core.user_files import write_output
    from evo.music.sound import sound_of
    from evo.music.sound.files import kind_of
    from evo.music.text_roll import text_roll

    _check(options)
    out, sounding = options["out"], {name: options[name] for name in ("soundfont", "loop")}
    kind = "wav" if out is None else kind_of(out)
    song, folder, name = _music(Path(what), what, options)
    song = song.changed(**{name: options[name] for name in ("tempo", "transpose", "program")})
    is_written = out is not None or not options["listen"]
    content = sound_of(song, kind, **sounding) if is_written else b""
    print(text_roll(song))  # click.echo takes any ASCII output for UTF-8
    if is_written:
        target = write_output(out, folder, name, content)
        length = song.duration * options["loop"]
        click.echo(printable(f"{length:.0f} s of sound: {target}"))
    if options["listen"]:
        song.listen(**sounding)


def _check(options: dict[str, Any]) -> None:
    """Raise InputError if options do not fit each other."""
    from evo.core.errors import InputError

    if options["temperature"] is not None and not isfinite(options["temperature"]):
        raise InputError("--temperature must be a finite number")
    if options["program"] is not None and options["soundfont"] is None:
        raise InputError("--program needs the instruments of a --soundfont; without, it is a piano")
    if not options["loop"] and (options["out"] is not None or not options["listen"]):
        raise InputError("--loop 0 plays without end, so it needs --listen, and no --out")


def _music(path: Path, what: str, options: dict[str, Any]) -> tuple[Any, Path, str]:
    """Return the song, and folder and name of the file of its sound."""
    from evo.cli.music import champions_song, is_run
    from evo.core.errors import RunError, printable
    from evo.core.user_files import write_output
    from evo.music.song_finder import find_songs

    given_run = is_run(path)
    freedom = {name: options[name] for name in ("improvise", "temperature", "seed", "prompt")}
    if freedom["improvise"] or freedom["prompt"] or freedom["temperature"] is not None:
        if not given_run:
            raise RunError(f"{path}: only a run's champion can improvise, and there is no run here")
        from evo.api.improvise import improvise

        song = improvise(path, **freedom)
        score = f"improvisations/{song.name}.mid"
        click.echo(printable(str(write_output(None, path, score, song.to_midi()))))
        return song, path, f"improvisations/{song.name}.wav"
    if given_run:
        return champions_song(path), path, "champion/song.wav"
    return find_songs(what)[0], Path(), f"{path.stem}.wav"
