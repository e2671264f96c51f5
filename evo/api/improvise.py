"""Play new music with a champion: without its song, sampled, or from another prompt.

Networks that learn a song have an extra input. It is 1 during learning and 0 during improvisation,
which removes its influence. With a sampling temperature, each key sounds with a probability that
increases with its activation. A seed makes the result reproducible. A note grid has no inputs, so
it can only be sampled or continue another prompt. Champions of the guessing game have learned no
song; without a prompt they start from silence.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.errors import RunError
from evo.core.seeds import Role, stream
from evo.music.midi.reading import Reading
from evo.music.settings import channels_of
from evo.music.song import Song
from evo.music.song_finder import find_songs
from evo.runs.champion import load_champion
from evo.runs.loading import load_run

# Default temperature of --improvise: a few surprises per bar.
IMPROVISING_TEMPERATURE = 0.2


def improvise(
    path: Path, improvise: bool, temperature: float | None, seed: int, prompt: str | None
) -> Song:
    """Return new music played by the champion of a run.

    Args:
        path: The run's directory.
        improvise: Set the extra input of the learned song to 0.
        temperature: Sampling temperature; None for the default.
        seed: Random seed of the sampling.
        prompt: Name of a song to begin with; None for the champion's own beginning.

    Raises:
        RunError: If the champion is missing or damaged, or cannot play anything new.
        InputError: If there is no such song.
    """
    config, experiment = load_run(path)
    improvising, resolution = experiment.improvising, experiment.resolution
    if improvising is None or resolution is None:
        raise RunError(f"{path}: a champion of {experiment.name} cannot improvise")
    keys, steps_per_beat = resolution(config)
    channels = channels_of(config.task, keys)
    performers = _champion(path, config.run.engine, channels)
    if improvise:
        performers = _freed(path, performers, improvising.has_song)
    if temperature is None:
        temperature = IMPROVISING_TEMPERATURE if improvise else 0.0
    begin = (
        find_songs(prompt, Reading(keys, steps_per_beat=steps_per_beat))[0]
        if prompt is not None
        else None
    )
    if begin is not None and begin.keys != keys:
        raise RunError(f"{prompt}: it has {begin.keys} keys, and the champion plays {keys}")
    streams = [stream(seed, Role.PLAY)]
    song = improvising.play(config, path, performers, begin, streams, temperature)
    parts = [song.name, "improvised" if improvise else "", f"t{temperature:g}", f"seed{seed}"]
    name = "-".join(part for part in parts if part)
    return replace(song, name=name)


def _champion(path: Path, engine: str, channels: int) -> Any:
    """Return a run's champion as a batch of one, which plays these channels."""
    performers = load_champion(path, engine)
    try:
        performers.perform(np.zeros((1, channels), np.bool_), 1)
    except ValueError as error:
        raise RunError(
            f"{path}: its champion does not fit config.toml, which has {channels} channels: {error}"
        ) from None
    return performers


def _freed(path: Path, performers: Any, has_song: bool) -> Any:
    """Return a champion with the input of its song set to 0."""
    if not has_song:
        raise RunError(
            f"{path}: its champion learned no song that it could leave; "
            "use --temperature or --prompt"
        )
    try:
        return performers.improvising()
    except ValueError as error:
        raise RunError(f"{path}: its champion {error}; use --temperature or --prompt") from None
