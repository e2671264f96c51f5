"""Learn songs note for note: after the first 8 steps every further step must be exactly right.

    evo run memorize --song SONG.mid --seed 1     or     python experiments/memorize.py --seed 1

A network hears the past at some lags and says which keys sound next; a note grid (`--genome grid`)
is a piece of music itself, hears nothing, and can learn one song. Either is bred while hearing
the true past (`mode = "follow"`), which is dense and parallel over steps, and judged at the end in
closed loop, hearing only itself: a player that follows without error also performs without.
"""

import json
from pathlib import Path
from typing import Any

from evo.engines import engine_class, genome_of
from evo.experiment import Config, Experiment, InputError, Say, Task, base_config, merge
from evo.files import write_synced
from evo.fitness.memorization import Memorization
from evo.song import MidiError, Song, load_songs
from evo.tunes import tune, tune_names
from genomes.grid_edits import MUTATIONS
from genomes.grid_operators import CROSSOVERS
from genomes.player import Player

# What each engine starts from: how the past is heard, and the engine's own settings. Found by
# trying one change at a time on several songs and seeds; `benchmarks/notes.md` tells the trials.
HEARING: dict[str, dict[str, Any]] = {
    # Every step of the last two bars, every other beat of the twelve before. Zeros and ones: what
    # hangs on a key that did not sound then contributes nothing, so that one change of the network
    # disturbs few steps.
    # The extra input is 1 while a song is learned, and 0 to improvise (`evo play --improvise`).
    "neat": {
        "lags": [*range(1, 17), *range(20, 97, 4)],
        "off": 0.0,
        "on": 1.0,
        "before_start": -1.0,
        "extra_inputs": [1.0],
    },
    # Few inputs, each lag double the one before: the beat, the bar and the phrase are all heard.
    "neat-python": {
        "lags": [1, 2, 4, 8, 16, 32],
        "off": -1.0,
        "on": 1.0,
        "before_start": -1.0,
        "extra_inputs": [],
    },
    "ga": {},  # grids hear nothing
    "es": {},  # a HistoryUser hears one step after the other
}
BREEDING: dict[str, dict[str, dict[str, Any]]] = {
    # A wrong step costs a squared hinge of at least 1: a key that is below has nothing wrong.
    "neat": {
        "NEAT": {"pop_size": "150"},
        "Modules": {"by_output": "True", "freeze_below": "1.0"},
    },
    # Networks that start unconnected and grow, and offspring in which few weights change, learn
    # far more than neat-python's defaults.
    "neat-python": {
        "NEAT": {"pop_size": "150"},
        "DefaultGenome": {
            "initial_connection": "unconnected",
            "conn_add_prob": "0.9",
            "conn_delete_prob": "0.3",
            "node_add_prob": "0.05",
            "node_delete_prob": "0.05",
            "weight_mutate_rate": "0.2",
            "weight_replace_rate": "0.01",
            "bias_mutate_rate": "0.1",
            "bias_replace_rate": "0.01",
        },
        "DefaultReproduction": {"min_species_size": "1"},
    },
    # There is one case a step, so that every step is a search of its own and all go on at once: the
    # best at every step so far is kept, and a child takes each step from the best of its parents.
    "ga": {
        "grid": {"density": [0.3, 0.8]},
        "population": {"size": 50, "survival": "elites"},
        "selection": {"kind": "random"},
        "crossover": dict.fromkeys(CROSSOVERS, 0.0)
        | {"rate": 1.0, "credit": 1.0, "credit_parents": 8},
        "mutation": dict.fromkeys(MUTATIONS, 0.0)
        | {"rate": 1.0, "edits": 6.0, "replace": 6.0, "add": 2.0, "delete": 1.0},
    },
    # Ranked by the squared hinge of what is short of right, and not by the totals, whose part that
    # still grows when all but a few steps are right is small: those stalled with two or three steps
    # wrong. Few lags, where songs repeat themselves, in place of a history of 80 steps: fewer
    # weights. And what a network has learned by heart must not decay.
    "es": {
        "population": {"size": 32, "evaluate_mean": True},
        "strategy": {"sigma": 0.1, "by_output": True},
        "openai": {"weight_decay": 0.0},
        "network": {
            "architecture": "united",
            "layers": [24],
            "last": 24,
            "lags": [7, 8, 15, 16, 31, 32, 63, 64],
            "scale": 0.5,
            "forget_bias": 0.0,
        },
    },
}
IDENTITY = {"DefaultGenome": {"activation_default": "identity", "activation_options": "identity"}}


def default_config(engine: str) -> Config:
    """The configuration of a run with this engine."""
    keys = 13
    hearing = HEARING[engine]
    inputs, changes = keys, {}
    if genome_of(engine) == "grid":
        inputs = 128  # steps; `shape` says how many they really are
    elif genome_of(engine) == "network":
        inputs, changes = keys * len(hearing["lags"]) + len(hearing["extra_inputs"]), IDENTITY
    settings = engine_class(engine).default_settings(inputs, keys)
    config = base_config("memorize", engine) | {
        engine: settings,
        "memorize": {
            "song": "vo-pole-bereza-stoyala",  # or a MIDI file, or a folder of them
            "mode": "follow",
            "keys": keys,
            "steps_per_beat": 2,
            "prompt_steps": 8,
            **hearing,
        },
    }
    if genome_of(engine) == "history-user":  # small generations, many of them
        config = merge(config, {"stop": {"generations": 5000}, "run": {"chunk_size": 16}})
    return merge(merge(config, {engine: changes}), {engine: BREEDING[engine]})


def player_of(config: Config) -> Player | None:
    """How networks of this configuration hear and play; None for other genome kinds.

    InputError for what cannot be.
    """
    table = config["memorize"]
    if genome_of(config["run"]["engine"]) != "network":
        return None
    try:
        return Player(
            table["keys"],
            tuple(table["lags"]),
            off=table["off"],
            on=table["on"],
            before_start=table["before_start"],
            extra_inputs=tuple(float(level) for level in table["extra_inputs"]),
        )
    except ValueError as error:
        raise InputError(f"memorize: {error}") from None


def shape(config: Config) -> tuple[int, int]:
    """Of a network every key at every lag and every key, of a grid the song's steps and keys.

    Of a HistoryUser the keys heard and the keys.
    """
    player = player_of(config)
    if player is not None:
        return player.inputs, player.keys
    table = config["memorize"]
    if genome_of(config["run"]["engine"]) == "history-user":
        return table["keys"], table["keys"]
    songs = find_songs(table["song"], table["keys"], table["steps_per_beat"])
    if len(songs) > 1:
        raise InputError(
            f"{table['song']}: it holds {len(songs)} songs, and a note grid learns one; give one "
            "of them, or --genome network"
        )
    return len(songs[0].grid), table["keys"]


def find_songs(name: str, keys: int, steps_per_beat: int) -> list[Song]:
    """The songs of a MIDI file, a folder of them, or an embedded tune's name, in whole bars.

    Raises InputError in one line if there are none.
    """
    path = Path(name)
    if not path.exists() and not path.suffix:
        if name in tune_names():
            return [tune(name)]
        raise InputError(
            f"{name!r} is no file, no folder and no embedded tune; see `evo songs list`"
        )
    try:
        songs = load_songs(path, keys=keys, steps_per_beat=steps_per_beat)
    except MidiError as error:
        raise InputError(str(error)) from None
    return [song.whole_bars() for song in songs]


def prepare(config: Config, folder: Path, say: Say) -> None:
    """Copy the songs into the run, so that it needs no other file."""
    table = config["memorize"]
    songs = find_songs(table["song"], table["keys"], table["steps_per_beat"])
    (folder / "songs").mkdir()
    for song in songs:
        path = folder / "songs" / f"{song.name}.mid"
        if path.exists():
            raise InputError(f"{table['song']}: two of its songs are called {song.name}")
        try:
            content = song.to_midi()
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
        write_synced(path, content)


def kept_songs(config: Config, folder: Path) -> list[Song]:
    """The songs that `prepare` put into the run."""
    table = config["memorize"]
    return load_songs(folder / "songs", keys=table["keys"], steps_per_beat=table["steps_per_beat"])


def task(config: Config, folder: Path) -> Task:
    """Memorise the songs that were copied into the run."""
    table = config["memorize"]
    player = player_of(config)
    try:
        songs = kept_songs(config, folder)
        fitness = Memorization(songs, table["prompt_steps"], table["mode"])
    except (MidiError, ValueError) as error:
        raise InputError(str(error)) from None

    def champion_files(performers: Any) -> dict[str, bytes]:
        return _champion_files(songs, performers, player, table["prompt_steps"])

    return Task(fitness, player, champion_files, songs[0].lowest_note)


def _champion_files(
    songs: list[Song], performers: Any, player: Player | None, prompt_steps: int
) -> dict[str, bytes]:
    """What the champion plays of every song, the first as song.mid and roll.png.

    Where it has a history, reading.png shows where it reads it while it follows the first song.
    """
    from evo.plot import png_bytes, reading_figure, rolls_figure
    from genomes.history_user import HistoryUsers, hear

    files: dict[str, bytes] = {}
    for number, song in enumerate(songs, start=1):
        played = performers.perform(song.grid[:prompt_steps], len(song.grid))[0]
        performance = Song(
            played, song.lowest_note, song.steps_per_beat, song.tempo, f"{song.name} (champion)"
        )
        ending = "" if number == 1 else f"-{number:03d}"
        files[f"song{ending}.mid"] = performance.to_midi()
        files[f"roll{ending}.png"] = png_bytes(rolls_figure(song, played, prompt_steps))
    if isinstance(performers, HistoryUsers) and performers.shape.architecture != "lstm":
        weights = performers.attention(hear(songs[0].grid))[0, 0]
        distances = [lag + 1 for lag in performers.shape.lags]  # it hears delayed by one step
        files["reading.png"] = png_bytes(reading_figure(songs[0], weights, distances))
    if player is None:
        return files
    instrument = {
        "lowest_note": songs[0].lowest_note,
        "steps_per_beat": songs[0].steps_per_beat,
        "prompt_steps": prompt_steps,
    }
    document = player.to_values() | instrument
    files["player.json"] = json.dumps(document, indent=2).encode() + b"\n"
    return files


EXPERIMENT = Experiment(
    name="memorize",
    summary="Learn songs note for note.",
    default_config=default_config,
    shape=shape,
    prepare=prepare,
    task=task,
)

if __name__ == "__main__":
    from evo.cli import run_script

    run_script("memorize")
