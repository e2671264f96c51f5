"""The guessing game: play so that a guesser guesses the next key, but not perfectly.

    evo run guess --seed 1 --workers 2     or     python experiments/guess.py --seed 1

A performer begins by itself and plays on, hearing only itself; guessers that learn while they
listen guess each next step of it. `evo.fitness.guessing.game` tells what is scored, and what else
can be: `--set guess.score=gap` ends in ABAB, `--set guess.score=coevolved` breeds guessers too. The
melody that was bred is left as MIDI, four times as long as it was judged by, with a picture of how
it is guessed, and is judged by a guesser that no search meets.

Networks hear their last six steps; a note grid (`--genome grid`) is the piece itself and as long as
it is; a HistoryUser (`--genome history-user`) is a melody's, one key or the rest at each step.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.seeds import Role
from evo.core.state import State
from evo.engines import Engine, engine_class, genome_of
from evo.engines.baselines.one_plus_one import OnePlusOne
from evo.experiment import Config, Experiment, Say, Task, base_config, merge, player_file
from evo.fitness.guessing.coevolved import CoevolvedGuessing
from evo.fitness.guessing.game import LONGER, SCORES, Guessing
from evo.fitness.guessing.symbols import rolls_of, symbols_of
from evo.music.song import Song, usual_lowest_note
from genomes.arrays import BoolArray
from genomes.base import Streams
from genomes.grid.grids import Grids
from genomes.player import Player

STEPS_PER_BEAT = 2
COEVOLVED = "coevolved"  # a score, beside those of `evo.fitness.guessing.game`
# What a bred guesser hears: a little more than a network that plays.
GUESSER_LAGS = tuple(range(1, 9))
# Found by trying one change at a time on ten seeds. Six steps are heard: what has so short a memory
# and plays by itself comes round sooner or later, and all that selection says is when.
HEARING: dict[str, Any] = {"lags": [*range(1, 7)], "off": 0.0, "on": 1.0}
# Few connections at first, few deleted, and offspring in which few weights change: after 80
# generations 10 of 10 seeds had every figure of the table in `benchmarks/guess.py`, 8 of 10 with
# neat-python's rates.
SPARSE = {
    "initial_connection": "partial_direct 0.2",
    "conn_add_prob": "0.9",
    "conn_delete_prob": "0.3",
    "node_add_prob": "0.05",
    "node_delete_prob": "0.05",
    "weight_mutate_rate": "0.2",
    "weight_replace_rate": "0.05",
    "bias_mutate_rate": "0.1",
    "activation_default": "identity",
    "activation_options": "identity",
}
BREEDING: dict[str, dict[str, dict[str, Any]]] = {
    "neat": {"NEAT": {"pop_size": "96"}, "DefaultGenome": SPARSE},
    "neat-python": {"NEAT": {"pop_size": "96"}, "DefaultGenome": SPARSE},
    "ga": {
        "grid": {"most_voices": 1, "density": [0.5, 1.0]},
        "population": {"size": 192},
        # Nothing makes order like a bar that comes again: with 2 in place of 10, two of six pieces
        # had a complexity above 0.65 of their shuffles', now none of eight.
        "mutation": {"repeat": 10.0},
    },
    "es": {
        "population": {"size": 48},
        "network": {"architecture": "melody", "layers": [8], "last": 8, "history": 16},
    },
}


def default_config(engine: str) -> Config:
    """The configuration of a run with this engine."""
    kind = genome_of(engine)
    table = {
        "score": "gap-resolve",  # or another of `evo.fitness.guessing.game`
        "keys": 13,
        "steps": 192,  # played, and judged by
        # Of the score coevolved: see `evo.fitness.guessing.coevolved`.
        "guessers": 40,
        "rivals": 3,
        "remembered": 6,
        **(HEARING if kind == "network" else {}),
    }
    inputs = {"grid": 192, "network": 13 * len(HEARING["lags"])}.get(kind, 13)
    settings = engine_class(engine).default_settings(inputs, 13)
    config = base_config("guess", engine) | {engine: settings, "guess": table}
    # Playing step by step takes the most time: the chunks are small, so that workers share it.
    changes = {
        "run": {"chunk_size": 12},
        "stop": {"generations": 600 if kind == "grid" else 300, "stagnation": 100},
        engine: BREEDING[engine],
    }
    return merge(config, changes)


def defaults_for(config: Config) -> dict[str, Any]:
    """Without stagnation where guessers are bred: a champion is always of its generation there."""
    return {"stop": {"stagnation": 0}} if config["guess"]["score"] == COEVOLVED else {}


def player_of(config: Config) -> Player | None:
    """How networks of this configuration hear; None for other genome kinds."""
    table = config["guess"]
    if genome_of(config["run"]["engine"]) != "network":
        return None
    try:
        return Player(table["keys"], tuple(table["lags"]), off=table["off"], on=table["on"])
    except ValueError as error:
        raise InputError(f"guess: {error}") from None


def fitness_of(config: Config) -> Guessing:
    """The game that the configuration asks for; InputError for what cannot be."""
    table = config["guess"]
    if not 1 <= table["keys"] <= 128:
        raise InputError(f"guess.keys must be from 1 to 128, got {table['keys']}")
    if table["score"] not in (*SCORES, COEVOLVED):
        raise InputError(
            f"guess.score must be one of {', '.join((*SCORES, COEVOLVED))}, got {table['score']!r}"
        )
    for name, least in (("rivals", 1), ("remembered", 0)):
        if table[name] < least:
            raise InputError(f"guess.{name} must be at least {least}, got {table[name]}")
    if table["guessers"] < max(2, table["rivals"]):
        raise InputError(
            f"guess.guessers must be at least {max(2, table['rivals'])}, as there are "
            f"{table['rivals']} rivals, got {table['guessers']}"
        )
    try:
        if table["score"] != COEVOLVED:
            return Guessing(keys=table["keys"], steps=table["steps"], score=table["score"])
        if issubclass(engine_class(config["run"]["engine"]), OnePlusOne):
            raise InputError(
                "guess.score=coevolved needs an engine that keeps nobody by a score, as scores "
                "change with the guessers; one-plus-one keeps its parent"
            )
        return CoevolvedGuessing(
            keys=table["keys"],
            steps=table["steps"],
            breeder=partial(_guessers, table, _other_seed(config["run"]["seed"])),
            seed=config["run"]["seed"],
            rivals=table["rivals"],
            remembered=table["remembered"],
        )
    except ValueError as error:
        raise InputError(f"guess: {error}") from None


def _other_seed(seed: int) -> int:
    """A seed for breeding guessers that draws nothing that breeding performers draws."""
    return int(np.random.SeedSequence(seed, spawn_key=(int(Role.TRAIN),)).generate_state(1)[0])


def _guessers(table: dict[str, Any], seed: int, state: State | None) -> Engine:
    """What breeds networks that guess the next key, new or restored."""
    player = Player(table["keys"], GUESSER_LAGS, off=0.0, on=1.0)
    kind = engine_class("neat")
    settings = merge(
        kind.default_settings(player.inputs, player.keys),
        {"NEAT": {"pop_size": str(table["guessers"])}, "Modules": {"by_output": "True"}},
    )
    if state is None:
        return kind(settings, seed=seed, player=player)
    return kind.restore(settings, state, seed=seed, player=player)


def shape(config: Config) -> tuple[int, int]:
    """Of a network every key at every lag and every key, of a grid the steps and keys.

    Of a HistoryUser the keys heard and the keys.
    """
    fitness_of(config)
    table = config["guess"]
    player = player_of(config)
    if player is not None:
        return player.inputs, player.keys
    is_grid = genome_of(config["run"]["engine"]) == "grid"
    return (table["steps"] if is_grid else table["keys"]), table["keys"]


def prepare(config: Config, folder: Path, say: Say) -> None:
    """No run of this needs files."""


def task(config: Config, folder: Path) -> Task:
    """Play the guessing game."""
    fitness = fitness_of(config)
    player, lowest_note = player_of(config), usual_lowest_note(fitness.keys)

    def champion_files(performers: Any) -> dict[str, bytes]:
        files = _champion_files(fitness, performers, lowest_note)
        if player is not None:
            files |= player_file(player, lowest_note, STEPS_PER_BEAT)
        return files

    return Task(fitness, player, champion_files, lowest_note)


def melody_of(
    keys: int,
    steps: int,
    performers: Any,
    prompt: BoolArray | None = None,
    streams: Streams | None = None,
    temperature: float = 0.0,
) -> BoolArray:
    """What one performer plays, as its listeners follow it: bool (steps, keys).

    It is longer than the steps it was judged by, but for note grids, which are silent past their
    end. Where a network sounds several keys, it is the highest.
    """
    if prompt is None:
        prompt = np.zeros((0, keys), np.bool_)
    longer = steps * (1 if isinstance(performers, Grids) else LONGER)
    played = performers.perform(prompt, longer, streams, temperature)[0]
    return rolls_of(symbols_of(played), keys)


def _champion_files(fitness: Guessing, performers: Any, lowest_note: int) -> dict[str, bytes]:
    """The melody, longer than it was judged by where it can go on, and how it is guessed."""
    from evo.analysis.plot import guessing_figure, pieces_figure, png_bytes
    from evo.analysis.plot.rolls import ROW_STEPS

    roll = melody_of(fitness.keys, fitness.steps, performers)

    def song(begin: int, end: int, name: str) -> Song:
        return Song(roll[begin:end], lowest_note, STEPS_PER_BEAT, 120.0, name)

    begins = range(0, len(roll), ROW_STEPS)
    width = min(len(roll), ROW_STEPS)
    rows = [song(begin, begin + ROW_STEPS, f"from step {begin}") for begin in begins]
    return {
        "song.mid": song(0, len(roll), "champion").to_midi(),
        "roll.png": png_bytes(pieces_figure(rows, [""] * len(rows), width)),
        "guessing.png": png_bytes(guessing_figure(roll, fitness.steps)),
    }


EXPERIMENT = Experiment(
    name="guess",
    summary="Play so that a guesser guesses the next key, but not perfectly.",
    default_config=default_config,
    shape=shape,
    prepare=prepare,
    task=task,
    defaults_for=defaults_for,
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("guess")
