"""A champion plays anew: freed from its song, with chance, or begun by another song.

Networks that learn a song have one input more than the past: it was 1 while they learned and is 0
when they improvise, so that what hung on it is missing. With a temperature a key sounds by chance,
the likelier the higher its activation; the chances are drawn from a seed, so that what was liked
can be heard again. A note grid hears nothing, so it can only play by chance or after another
beginning. So it is with who was bred to be guessed: there is no song to leave, and without another
beginning it begins by itself.
"""

from pathlib import Path
from typing import Any

from evo.core.errors import CheckpointError, RunError
from evo.core.seeds import Role, stream
from evo.engines import engine_class
from evo.music.library import find_songs
from evo.music.song import Song
from evo.runs.checkpoint import read_arrays
from evo.runs.description import resume_command
from evo.runs.loading import load_run

# What --improvise plays with when no temperature is given: some surprises in a bar.
IMPROVISING_TEMPERATURE = 0.2


def improvise(
    path: Path, improvise: bool, temperature: float | None, seed: int, prompt: str | None
) -> Song:
    """Return something new that the champion of a run plays.

    Args:
        path: The run's directory.
        improvise: Let the champion leave its song.
        temperature: Sampling temperature; None for the default.
        seed: Random seed of the sampling.
        prompt: Name of a song to begin with, None for the champion's own beginning.

    Raises:
        RunError: If the champion is missing or damaged, or cannot play anything new.
        InputError: If there is no song by the name.
    """
    config, experiment = load_run(path)
    how, resolution = experiment.improvising, experiment.resolution
    if how is None or resolution is None:
        raise RunError(f"{path}: a champion of {experiment.name} cannot play anew")
    performers = _champion(path, config.run.engine)
    if improvise:
        performers = _freed(path, performers, how.has_song)
    if temperature is None:
        temperature = IMPROVISING_TEMPERATURE if improvise else 0.0
    keys, steps_per_beat = resolution(config)
    begin = find_songs(prompt, keys, steps_per_beat)[0] if prompt is not None else None
    if begin is not None and begin.keys != keys:
        raise RunError(f"{prompt}: it has {begin.keys} keys, and the champion plays {keys}")
    streams = [stream(seed, Role.PLAY)]
    song = how.play(config, path, performers, begin, streams, temperature)
    parts = [song.name, "improvised" if improvise else "", f"t{temperature:g}", f"seed{seed}"]
    name = "-".join(part for part in parts if part)
    return Song(song.grid, song.lowest_note, song.steps_per_beat, song.tempo, name)


def _champion(path: Path, engine: str) -> Any:
    """Return the champion of a run, a batch of one."""
    try:
        arrays = read_arrays(path / "champion" / "arrays.npz")
        return engine_class(engine).genome.from_arrays(arrays)
    except FileNotFoundError:
        raise RunError(
            f"{path}: it has no champion; finish it by `{resume_command(path)}`"
        ) from None
    except (CheckpointError, ArithmeticError, LookupError, TypeError, ValueError) as damage:
        raise RunError(f"{path}: its champion is damaged: {damage}") from None


def _freed(path: Path, performers: Any, has_song: bool) -> Any:
    """Return a champion freed from its song."""
    if not has_song:
        raise RunError(
            f"{path}: its champion learned no song that it could leave; use --temperature or "
            "--prompt"
        )
    try:
        return performers.improvising()
    except ValueError as error:
        raise RunError(f"{path}: its champion {error}; use --temperature or --prompt") from None
