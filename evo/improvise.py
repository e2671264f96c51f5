"""A champion plays anew: freed from its song, with chance, or begun by another song.

Networks that learn a song have one input more than the past: it was 1 while they learned and is 0
when they improvise, so that what hung on it is missing. With a temperature a key sounds by chance,
the likelier the higher its activation; the chances are drawn from a seed, so that what was liked
can be heard again. A note grid hears nothing, so it can only play by chance or after another
beginning.
"""

from dataclasses import replace
from pathlib import Path

from evo.checkpoint import Damaged, read_arrays
from evo.configure import known_run
from evo.engines import engine_class
from evo.experiments.memorize import find_songs, kept_songs
from evo.run import RunError
from evo.seeds import Role, stream
from evo.song import Song
from genomes.grid import Grids
from genomes.network import Networks

# What --improvise plays with when no temperature is given: some surprises in a bar.
IMPROVISING_TEMPERATURE = 0.2


def improvise(
    path: Path, improvise: bool, temperature: float | None, seed: int, prompt: str | None
) -> Song:
    """What the champion of the run in `path` plays anew; RunError or InputError in one line."""
    config, _ = known_run(path)
    if "memorize" not in config:
        raise RunError(f"{path}: only what learned songs by `evo run memorize` can play anew")
    table = config["memorize"]
    try:
        arrays = read_arrays(path / "champion" / "arrays.npz")
        performers = engine_class(config["run"]["engine"]).genome.from_arrays(arrays)
    except FileNotFoundError:
        raise RunError(f"{path}: it has no champion; finish it by `evo resume {path}`") from None
    except (Damaged, ArithmeticError, LookupError, TypeError, ValueError) as damage:
        raise RunError(f"{path}: its champion is damaged: {damage}") from None
    if improvise and isinstance(performers, Grids):
        raise RunError(
            f"{path}: its champion is a note grid, which hears nothing that it could leave its "
            "song for; use --temperature or --prompt"
        )
    if improvise:
        player = getattr(performers, "player", None)
        if not isinstance(performers, Networks) or player is None or not player.extra_inputs:
            raise RunError(
                f"{path}: its champion learned without the input that lets it improvise; use "
                "--temperature or --prompt, or learn with memorize.extra_inputs=1"
            )
        performers = replace(performers, player=replace(player, extra_inputs=(0.0,)))
    if temperature is None:
        temperature = IMPROVISING_TEMPERATURE if improvise else 0.0
    if prompt is None:
        song = kept_songs(config, path)[0]
    else:
        song = find_songs(prompt, table["keys"], table["steps_per_beat"])[0]
    beginning = song.grid[: table["prompt_steps"]]
    streams = [stream(seed, Role.PLAY)]
    played = performers.perform(beginning, len(song.grid), streams, temperature)[0]
    parts = [song.name, "improvised" if improvise else "", f"t{temperature:g}", f"seed{seed}"]
    name = "-".join(part for part in parts if part)
    return Song(played, song.lowest_note, song.steps_per_beat, song.tempo, name)
