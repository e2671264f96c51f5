"""A champion plays anew: freed from its song, with chance, or begun by another song.

Networks that learn a song have one input more than the past: it was 1 while they learned and is 0
when they improvise, so that what hung on it is missing. With a temperature a key sounds by chance,
the likelier the higher its activation; the chances are drawn from a seed, so that what was liked
can be heard again. A note grid hears nothing, so it can only play by chance or after another
beginning. So it is with who was bred to be guessed: there is no song to leave, and without another
beginning it begins by itself.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from evo.cli.configure import known_run
from evo.core.errors import CheckpointError, RunError
from evo.core.seeds import Role, stream
from evo.engines import engine_class
from evo.experiments.guess import STEPS_PER_BEAT, melody_of
from evo.experiments.memorize import kept_songs
from evo.music.library import find_songs
from evo.music.song import Song, usual_lowest_note
from evo.runs.checkpoint import read_arrays
from evo.runs.directory import resume_command
from genomes.grid.grids import Grids
from genomes.network.networks import Networks

# What --improvise plays with when no temperature is given: some surprises in a bar.
IMPROVISING_TEMPERATURE = 0.2
# Of another song, for who was bred without one.
PROMPT_BEATS = 4


def improvise(
    path: Path, improvise: bool, temperature: float | None, seed: int, prompt: str | None
) -> Song:
    """What the champion of the run in `path` plays anew; RunError or InputError in one line."""
    config, _ = known_run(path)
    name = config["run"]["experiment"]
    if name not in ("memorize", "guess"):
        raise RunError(f"{path}: only what was bred by memorize or guess can play anew")
    table = config[name]
    try:
        arrays = read_arrays(path / "champion" / "arrays.npz")
        performers = engine_class(config["run"]["engine"]).genome.from_arrays(arrays)
    except FileNotFoundError:
        raise RunError(
            f"{path}: it has no champion; finish it by `{resume_command(path)}`"
        ) from None
    except (CheckpointError, ArithmeticError, LookupError, TypeError, ValueError) as damage:
        raise RunError(f"{path}: its champion is damaged: {damage}") from None
    if improvise and name == "guess":
        raise RunError(
            f"{path}: its champion learned no song that it could leave; use --temperature or "
            "--prompt"
        )
    if improvise and isinstance(performers, Grids):
        raise RunError(
            f"{path}: its champion is a note grid, which hears nothing that it could leave its "
            "song for; use --temperature or --prompt"
        )
    if improvise:
        if not isinstance(performers, Networks):
            raise RunError(
                f"{path}: its champion is no network with an input that lets it improvise; use "
                "--temperature or --prompt"
            )
        player = getattr(performers, "player", None)
        if player is None or not player.extra_inputs:
            raise RunError(
                f"{path}: its champion learned without the input that lets it improvise; use "
                "--temperature or --prompt, or learn with memorize.extra_inputs=1"
            )
        performers = replace(performers, player=replace(player, extra_inputs=(0.0,)))
    if temperature is None:
        temperature = IMPROVISING_TEMPERATURE if improvise else 0.0
    keys, steps_per_beat = table["keys"], table.get("steps_per_beat", STEPS_PER_BEAT)
    if prompt is not None:
        song = find_songs(prompt, keys, steps_per_beat)[0]
        if song.keys != keys:
            raise RunError(f"{prompt}: it has {song.keys} keys, and the champion plays {keys}")
    elif name == "memorize":
        song = kept_songs(config, path)[0]
    else:  # one silent step, of which nothing is played
        silence = np.zeros((1, keys), np.bool_)
        song = Song(silence, usual_lowest_note(keys), steps_per_beat, 120.0, "melody")
    streams = [stream(seed, Role.PLAY)]
    if name == "memorize":
        beginning = song.grid[: table["prompt_steps"]]
        played = performers.perform(beginning, len(song.grid), streams, temperature)[0]
    else:
        given = 0 if prompt is None else PROMPT_BEATS * steps_per_beat
        beginning = song.grid[:given]
        played = melody_of(keys, table["steps"], performers, beginning, streams, temperature)
    parts = [song.name, "improvised" if improvise else "", f"t{temperature:g}", f"seed{seed}"]
    name = "-".join(part for part in parts if part)
    return Song(played, song.lowest_note, song.steps_per_beat, song.tempo, name)
