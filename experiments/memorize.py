"""Learn songs note for note: after the first 8 steps every further step must be exactly right.

    evo run memorize --song SONG.mid --seed 1     or     python experiments/memorize.py --seed 1

A network hears the past at some lags and says which keys sound next; a note grid (`--genome grid`)
is a piece of music itself, hears nothing, and can learn one song. Either is bred while hearing
the true past (`mode = "follow"`), which is dense and parallel over steps, and judged at the end in
closed loop, hearing only itself: a player that follows without error also performs without.

With `mode = "likelihood"` songs are not learned note for note: players are judged by the chance
that they give to every next step (`evo.fitness.next_step`), and some songs can be held out, to see
what was learned of songs at large. That is what HistoryUsers learn of a folder of songs:

    evo run memorize --genome history-user --song FOLDER --seed 1
    evo play RUN --temperature 0.7 --seed 3
"""

from pathlib import Path
from typing import Any

from evo.core.errors import InputError, MidiError
from evo.core.files import write_synced
from evo.core.seeds import Role, stream
from evo.engines import base_of, engine_class, genome_of
from evo.experiment import Config, Experiment, Say, Task, base_config, merge, player_file
from evo.fitness.base import Fitness
from evo.fitness.memorization import Memorization
from evo.fitness.next_step import NextStep
from evo.music.library import find_songs, load_songs
from evo.music.song import Song
from genomes.base import BoolArray
from genomes.grid.edits import MUTATIONS
from genomes.grid.operators import CROSSOVERS
from genomes.player import Player

MODES = ("follow", "perform", "likelihood")
# Of what is played by chance at the end of a run: how much chance, and how many are drawn.
TEMPERATURE, DRAWN = 0.7, 8
LEARNED, HELD_OUT = "songs", "held-out"  # folders of a run

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
# What HistoryUsers start from where they learn to foresee many songs: a fifth of the songs held
# out, and every lag of ten bars, so that where they read is found and not given.
FORESEEING: dict[str, dict[str, Any]] = {
    "memorize": {"mode": "likelihood", "held_out": 0.2, "batch": 16},
    "stop": {"generations": 3000},
    "es": {
        # Sixteen songs a generation tell nothing of the luck of other generations.
        "population": {"size": 32, "evaluate_mean": True, "champion": "mean"},
        "strategy": {"sigma": 0.1, "by_output": False},
        # A little decay keeps them from being sure of songs that they do not know.
        "openai": {"weight_decay": 0.002},
        "network": {
            "architecture": "melody",
            "layers": [16],
            "last": 16,
            "lags": [],
            "history": 80,
            "scale": 1.0,
            "forget_bias": 1.0,
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
            "mode": "",  # see `defaults_for`; the next two are for likelihood
            "held_out": 0.0,  # share of the songs
            "batch": 0,  # songs a generation; 0 for all
            "keys": keys,
            "steps_per_beat": 2,
            "prompt_steps": 8,
            **hearing,
        },
    }
    if genome_of(engine) == "history-user":  # small generations, many of them
        config = merge(config, {"stop": {"generations": 5000}, "run": {"chunk_size": 16}})
    return merge(merge(config, {engine: changes}), {engine: BREEDING[engine]})


def defaults_for(config: Config) -> dict[str, Any]:
    """The mode where none is said, and what else follows from it.

    It is follow, or likelihood where HistoryUsers learn several songs.
    """
    table, engine = config["memorize"], config["run"]["engine"]
    reads = genome_of(engine) == "history-user"
    mode = table["mode"] or ("likelihood" if reads and _several_songs(table) else "follow")
    if mode != "likelihood":
        return {"memorize": {"mode": mode}}
    if reads:
        return FORESEEING
    changes: dict[str, Any] = {"memorize": {"mode": mode}}
    if base_of(engine) == "neat":  # there is no score by output
        changes["neat"] = {"Modules": {"by_output": "False"}}
    return changes


def _several_songs(table: dict[str, Any]) -> bool:
    if not Path(table["song"]).is_dir():
        return False
    return len(find_songs(table["song"], table["keys"], table["steps_per_beat"])) > 1


def held_out_count(songs: int, share: float) -> int:
    """How many of so many songs are held out; there is always one left to learn from.

    Raises InputError for what is no share.
    """
    if not 0.0 <= share < 1.0:
        raise InputError(f"memorize.held_out must be a share from 0 to less than 1, got {share:g}")
    return min(round(songs * share), songs - 1)


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


def prepare(config: Config, folder: Path, say: Say) -> None:
    """Copy the songs into the run, so that it needs no other file."""
    table = config["memorize"]
    songs = find_songs(table["song"], table["keys"], table["steps_per_beat"])
    if table["mode"] not in MODES:
        raise InputError(f"memorize.mode must be one of {', '.join(MODES)}, got {table['mode']!r}")
    if table["batch"] < 0:
        raise InputError(f"memorize.batch must be at least 0 songs, got {table['batch']}")
    count = held_out_count(len(songs), table["held_out"])
    for name in ("held_out", "batch"):
        if table["mode"] != "likelihood" and table[name]:
            raise InputError(
                f"memorize.{name} is for memorize.mode=likelihood, and the mode is "
                f"{table['mode']}; leave it out"
            )
    names = [song.name for song in songs]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise InputError(f"{table['song']}: two of its songs are called {twice[0]}")
    random = stream(config["run"]["seed"], Role.TRAIN)
    held_out = set(random.permutation(len(songs))[:count].tolist())
    for place, song in enumerate(songs):
        kept = folder / (HELD_OUT if place in held_out else LEARNED)
        kept.mkdir(exist_ok=True)
        path = kept / f"{song.name}.mid"
        try:
            content = song.to_midi()
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
        write_synced(path, content)


def kept_songs(config: Config, folder: Path, kept: str = LEARNED) -> list[Song]:
    """The songs that `prepare` put into the run, to be learned or held out."""
    table = config["memorize"]
    if kept == HELD_OUT and not (folder / kept).exists():
        return []
    return load_songs(folder / kept, keys=table["keys"], steps_per_beat=table["steps_per_beat"])


def task(config: Config, folder: Path) -> Task:
    """Memorise the songs that were copied into the run."""
    table = config["memorize"]
    player = player_of(config)
    fitness: Fitness
    try:
        songs, held_out = (kept_songs(config, folder, kept) for kept in (LEARNED, HELD_OUT))
        if table["mode"] == "likelihood":
            fitness = NextStep(songs, held_out, table["prompt_steps"], table["batch"])
        else:
            fitness = Memorization(songs, table["prompt_steps"], table["mode"])
    except (MidiError, ValueError) as error:
        raise InputError(str(error)) from None

    def champion_files(performers: Any) -> dict[str, bytes]:
        if table["mode"] == "likelihood":
            files = _melodies(songs, performers, table["prompt_steps"], config["run"]["seed"])
        else:
            files = _performances(songs, performers, table["prompt_steps"])
        if player is not None:
            files |= player_file(
                player, songs[0].lowest_note, songs[0].steps_per_beat, table["prompt_steps"]
            )
        return files | _reading_files(songs, held_out, performers)

    return Task(fitness, player, champion_files, songs[0].lowest_note)


def _performances(songs: list[Song], performers: Any, prompt_steps: int) -> dict[str, bytes]:
    """What the champion plays of every song it learned, the first as song.mid and roll.png."""
    from evo.analysis.plot import png_bytes, rolls_figure

    files: dict[str, bytes] = {}
    for number, song in enumerate(songs, start=1):
        played = performers.perform(song.grid[:prompt_steps], len(song.grid))[0]
        ending = "" if number == 1 else f"-{number:03d}"
        files[f"song{ending}.mid"] = _played(song, played).to_midi()
        files[f"roll{ending}.png"] = png_bytes(rolls_figure(song, played, prompt_steps))
    return files


def _melodies(songs: list[Song], performers: Any, prompt_steps: int, seed: int) -> dict[str, bytes]:
    """What the champion plays by chance, by its own chances, after each song's beginning.

    The likeliest at every step would be silence, mostly. The first is song.mid, roll.png has the
    first few.
    """
    from evo.analysis.plot import pieces_figure, png_bytes

    files: dict[str, bytes] = {}
    melodies = []
    for number, song in enumerate(songs, start=1):
        streams = [stream(seed, Role.PLAY, individual=number)]
        beginning, steps = song.grid[:prompt_steps], len(song.grid)
        played = performers.perform(beginning, steps, streams, TEMPERATURE)[0]
        melodies.append(_played(song, played))
        files["song.mid" if number == 1 else f"song-{number:03d}.mid"] = melodies[-1].to_midi()
    drawn = melodies[:DRAWN]
    notes = [f"temperature {TEMPERATURE:g}, after the first {prompt_steps} steps"] * len(drawn)
    return files | {"roll.png": png_bytes(pieces_figure(drawn, notes))}


def _played(song: Song, played: BoolArray) -> Song:
    name = f"{song.name} (champion)"
    return Song(played, song.lowest_note, song.steps_per_beat, song.tempo, name)


def _reading_files(songs: list[Song], held_out: list[Song], performers: Any) -> dict[str, bytes]:
    """Where a champion with a history reads it while it follows songs.

    reading.png is of the first song; where there are several, lags.png is of all of them, those
    held out last.
    """
    from evo.analysis.plot import lags_figure, png_bytes, reading_figure
    from genomes.history_user.networks import HistoryUsers, hear

    if not isinstance(performers, HistoryUsers) or performers.shape.architecture == "lstm":
        return {}
    everything = [*songs, *held_out]
    weights = [performers.attention(hear(song.grid))[0, 0] for song in everything]
    distances = [lag + 1 for lag in performers.shape.lags]  # it hears delayed by one step
    files = {"reading.png": png_bytes(reading_figure(songs[0], weights[0], distances))}
    if len(everything) > 1:
        figure = lags_figure(everything, weights, distances, held_out=len(held_out))
        files["lags.png"] = png_bytes(figure)
    return files


EXPERIMENT = Experiment(
    name="memorize",
    summary="Learn songs note for note.",
    default_config=default_config,
    shape=shape,
    prepare=prepare,
    task=task,
    defaults_for=defaults_for,
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("memorize")
