"""The guessing game: play melodies that a predictor predicts well, but not perfectly.

    evo run guess --seed 1 --workers 2     or     python experiments/guess.py --seed 1

A performer starts from silence and receives only its own output. Predictors that learn online guess
which key comes next, when, and how long it lasts. `evo.fitness.guessing.game` defines the scores.
`--set guess.score=gap` converges to ABAB; `--set guess.score=coevolved` evolves the predictors too.
The champion's melody is saved as MIDI, four times as long as it was scored, with a plot of its
predictability. A held-out predictor evaluates it.

The inputs of networks are their last six steps. A note grid (`--genome grid`) is the piece itself
and has a fixed length. A HistoryUser (`--genome history-user`) plays a melody: one
new or held note or a rest per step.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.seeds import Role
from evo.core.settings import Changes, Meta, Settings, changed
from evo.core.state import State
from evo.engines import Engine, engine_class
from evo.experiment import (
    Experiment,
    FindSongs,
    Improvising,
    Line,
    Music,
    Panel,
    Task,
    player_file,
    player_of,
)
from evo.fitness.guessing.coevolved import CoevolvedGuessing
from evo.fitness.guessing.game import LONGER, WINDOW, Guessing
from evo.fitness.guessing.symbols import rolls_of, symbols_of
from evo.music.metre import metre_of
from evo.music.midi.reading import usual_lowest_note
from evo.music.settings import channels_of
from evo.music.song import Song
from evo.music.text_roll import row_starts
from genomes.arrays import BoolArray
from genomes.base import Streams
from genomes.player import Player

COEVOLVED = "coevolved"  # a score, beside those of `evo.fitness.guessing.game`
# Input lags of an evolved guesser: slightly more than those of a performer.
GUESSER_LAGS = tuple(range(1, 9))
# Tuned one change at a time on ten seeds.
PRESETS: dict[str, Changes] = {
    # Inputs are the last six steps. With so short a memory every network eventually repeats
    # itself; selection only decides when. Few initial connections, few deletions and few weight
    # changes per child helped before there was a rhythm (`benchmarks/notes.md`). Without the bias
    # all first networks begin a note at every step, and none has notes of two lengths. Climbs end
    # at summits of very different heights: after 20,000 evaluations two seeds had 0.45 and 0.94
    # with one climb and a population, and three had 1.27 to 1.30 with five climbs. Short climbs
    # soon leave low summits: after 3,840 evaluations, none of 12 seeds was below 0.15 with a
    # patience of two generations, three with three, and two with five.
    "network": {
        "genome": {"lags": tuple(range(1, 7))},
        "engine": {
            "NEAT": {"pop_size": 96},
            "Selection": {"climb": 2, "climbs": 20},
            "DefaultGenome": {
                "initial_connection": "partial_direct 0.1",
                "bias_init_mean": -2.0,
                "conn_add_prob": 0.9,
                "conn_delete_prob": 0.3,
                "node_add_prob": 0.05,
                "node_delete_prob": 0.05,
                "weight_mutate_rate": 0.2,
                "weight_replace_rate": 0.05,
                "bias_mutate_rate": 0.1,
                "activation_default": "identity",
                "activation_options": ("identity",),
            },
        },
    },
    "grid": {
        "engine": {
            "grid": {"most_voices": 1, "density": (0.5, 1.0)},
            "population": {"size": 192, "climb": 5, "climbs": 10},
            # Repeated bars create order. With 2 instead of 10, two of six pieces had a complexity
            # above 0.65 of their shuffles', now none of eight.
            "mutation": {"repeat": 10.0, "length": 6.0},
        },
        "stop": {"generations": 600},
    },
    "history-user": {
        "engine": {
            "population": {"size": 48},
            "network": {"architecture": "melody", "layers": (8,), "last": 8, "history": 16},
            "strategy": {"sigma": 0.2},
        },
    },
    # Large changes: small ones keep a network at the period that it plays.
    "deap-history-user": {
        "engine": {
            "algorithm": {"kind": "eaSimple", "cxpb": 0.5, "mutpb": 0.9},
            "mutate": {"sigma": 0.5, "indpb": 0.2},
        },
    },
    # Step-by-step inference dominates the time, so small chunks balance the workers.
    "": {"run": {"chunk_size": 12}, "stop": {"stagnation": 100}},
}


class GuessSettings(Settings, frozen=True):
    """Settings of the experiment: the score, and the length of a piece."""

    durations: ClassVar[bool] = True  # a performer plays how long notes sound

    score: Annotated[
        Literal["gap-resolve", "gap", "streak", "band", "accuracy", "-accuracy", "coevolved"],
        Meta(description="The score (`evo.fitness.guessing`); coevolved evolves guessers too."),
    ] = "gap-resolve"
    keys: Annotated[int, Meta(ge=1, le=128, description="Keys of the instrument.")] = 13
    steps: Annotated[
        int, Meta(ge=3 * WINDOW, le=65_536, description="Steps that are played and scored.")
    ] = 192
    steps_per_beat: Annotated[int, Meta(ge=1, le=96, description="Steps per quarter note.")] = 2
    metre: Annotated[
        str, Meta(description="Time signature of the melodies, for their bar lines: 3/4.")
    ] = "4/4"
    guessers: Annotated[
        int, Meta(ge=2, le=100_000, description="With coevolved: guessers per generation.")
    ] = 40
    rivals: Annotated[
        int, Meta(ge=1, le=1000, description="With coevolved: guessers that score a performer.")
    ] = 3
    remembered: Annotated[
        int, Meta(ge=0, le=1000, description="With coevolved: earlier champions that score too.")
    ] = 6

    def __post_init__(self) -> None:
        metre_of(self.metre)
        if self.guessers < self.rivals:
            raise InputError(
                f"guessers must be at least {self.rivals}, as there are {self.rivals} rivals, "
                f"got {self.guessers}"
            )


def follow_up(config: Config, find: FindSongs) -> Mapping[str, Changes]:
    """Return the planes of grids; and if guessers evolve, no stagnation limit.

    The champion then always comes from the current generation.

    Args:
        config: The run's configuration.
        find: Not used.
    """
    table: GuessSettings = config.task
    planes = {"planes": 2, "keys": channels_of(table, table.keys)}
    changes: dict[str, Changes] = {"grid": {"engine": {"grid": planes}}}
    return changes | ({"": {"stop": {"stagnation": 0}}} if table.score == COEVOLVED else {})


def fitness_of(config: Config) -> Guessing:
    """Return the fitness of a configuration.

    Raises:
        InputError: If the engine cannot be used with the score.
    """
    table: GuessSettings = config.task
    if table.score != COEVOLVED:
        return Guessing(keys=table.keys, steps=table.steps, score=table.score)
    if not engine_class(config.run.engine).can_forget:
        raise InputError(
            "guess.score=coevolved needs an engine that keeps no individual by score, as scores "
            f"change with the guessers; {config.run.engine} keeps its parent"
        )
    return CoevolvedGuessing(
        keys=table.keys,
        steps=table.steps,
        breeder=partial(_guessers, table, _other_seed(config.run.seed)),
        seed=config.run.seed,
        rivals=table.rivals,
        remembered=table.remembered,
    )


def _other_seed(seed: int) -> int:
    """Return an independent seed for evolving guessers."""
    return int(np.random.SeedSequence(seed, spawn_key=(int(Role.TRAIN),)).generate_state(1)[0])


def _guessers(table: GuessSettings, seed: int, state: State | None) -> Engine[Any]:
    """Return the engine that evolves guessers, new or restored."""
    player = Player(channels_of(table, table.keys), GUESSER_LAGS, off=0.0, on=1.0)
    kind = engine_class("neat")
    settings = changed(
        kind.of_shape(kind.settings_type(), player.inputs, player.keys),
        {"NEAT": {"pop_size": table.guessers}, "Modules": {"by_output": True}},
    )
    if state is None:
        return kind(settings, seed=seed, player=player)
    return kind.restore(settings, state, seed=seed, player=player)


def shape(config: Config, find: FindSongs) -> Music:
    """Return the shape of a piece.

    Args:
        config: The run's configuration.
        find: Not used.

    Raises:
        InputError: If the engine cannot be used with the score.
    """
    fitness_of(config)
    return Music(channels_of(config.task, config.task.keys), config.task.steps)


def task(config: Config, folder: Path) -> Task:
    """Return the guessing game as a task.

    Args:
        config: The run's configuration.
        folder: Not used.
    """
    fitness = fitness_of(config)
    player, silent = player_of(config, channels_of(config.task, fitness.keys)), _silent(config)

    def champion_files(performers: Any) -> dict[str, bytes]:
        files = _champion_files(fitness, performers, silent)
        return files | player_file(
            player, silent.lowest_note, silent.steps_per_beat, durations=True
        )

    return Task(fitness, player, champion_files, silent.lowest_note)


def melody_of(
    keys: int,
    steps: int,
    performers: Any,
    prompt: BoolArray | None = None,
    streams: Streams | None = None,
    temperature: float = 0.0,
) -> BoolArray:
    """Return the melody of one performer, as the predictors receive it.

    Of several simultaneous keys it has the highest. Performers without a fixed length play longer
    than they were scored.

    Args:
        keys: Number of keys.
        steps: Steps that are scored.
        performers: A batch of one.
        prompt: Bool (steps, 2 * keys), or None to start from silence.
        streams: Random streams, needed with a temperature.
        temperature: Sampling temperature; 0 is deterministic.

    Returns:
        Bool (time, 2 * keys): the onsets, and then the keys that sound.
    """
    if prompt is None:
        prompt = np.zeros((0, 2 * keys), np.bool_)
    longer = steps * (1 if performers.fixed_length else LONGER)
    played = performers.perform(prompt, longer, streams, temperature)[0]
    return rolls_of(symbols_of(played), keys)


def _silent(config: Config) -> Song:
    """Return a silent step, with the instrument and the metre of the melodies."""
    table: GuessSettings = config.task
    silence = np.zeros((1, table.keys), np.bool_)
    lowest_note, metre = usual_lowest_note(table.keys), metre_of(table.metre)
    return Song(silence, lowest_note, table.steps_per_beat, 120.0, "champion", metre=metre)


def _champion_files(fitness: Guessing, performers: Any, silent: Song) -> dict[str, bytes]:
    """Return the champion's melody, its roll and its predictability."""
    from evo.analysis.plot import guessing_figure, pieces_figure, png_bytes
    from evo.analysis.plot.rolls import ROW_STEPS
    from evo.music.export.files import song_files

    roll = melody_of(fitness.keys, fitness.steps, performers)

    melody = silent.played(roll)
    begins = row_starts(melody, ROW_STEPS)
    ends = [*begins[1:], len(roll)]
    width = max(end - begin for begin, end in zip(begins, ends, strict=True))
    rows = [
        replace(silent.played(roll[begin:end]), name=f"from step {begin}")
        for begin, end in zip(begins, ends, strict=True)
    ]
    return {
        **song_files(melody, "song"),
        "roll.png": png_bytes(pieces_figure(rows, [""] * len(rows), width)),
        "guessing.png": png_bytes(guessing_figure(melody, fitness.steps)),
    }


def resolution(config: Config) -> tuple[int, int]:
    """Return the number of keys, and the steps per beat."""
    return config.task.keys, config.task.steps_per_beat


def improvise(
    config: Config,
    folder: Path,
    performers: Any,
    begin: Song | None,
    streams: Streams,
    temperature: float,
) -> Song:
    """Play a melody with a champion.

    A grid plays its own melody, and others one of several times `task.steps`. With a song to begin
    with, its first bar is the prompt, and is part of the melody.

    Args:
        config: The run's configuration.
        folder: Not used.
        performers: A batch of one.
        begin: Song to begin with; None to start from silence.
        streams: Random streams.
        temperature: Sampling temperature; 0 is deterministic.
    """
    keys, steps, given = config.task.keys, config.task.steps, 0
    if begin is None:  # one silent step, which is not played
        begin = replace(_silent(config), name="melody")
    else:
        given = begin.metre.first_bar + begin.bar
    prompt = begin.roll(durations=True)[:given]
    played = melody_of(keys, steps, performers, prompt, streams, temperature)
    return begin.played(played)


def outcome(result: Mapping[str, Any]) -> str:
    """Return a result's figures in words."""
    if "guesser_accuracy" not in result:
        return ""
    period = f"period {result['period']}" if result["period"] else "no period"
    keys = f"{result['keys']} key{'' if result['keys'] == 1 else 's'}"
    return f"{period}, {keys}, {result['guesser_accuracy']:.0%} guessed"


def describe(figures: Mapping[str, Any]) -> list[str]:
    """Return a champion's figures in words."""
    return [outcome(figures)] if "guesser_accuracy" in figures else []


EXPERIMENT = Experiment(
    name="guess",
    summary="Play melodies that a predictor predicts well, but not perfectly.",
    settings_type=GuessSettings,
    task=task,
    shape=shape,
    presets=PRESETS,
    follow_up=follow_up,
    describe=describe,
    outcome=outcome,
    panels=(
        Panel(
            "panel's score",
            (Line("champion, by the panel alone, which does not change", "panel_score"),),
            height=0.85,
            not_score=True,
        ),
        Panel(
            "guessed",
            (
                Line("champion, by the panel", "guesser_accuracy"),
                Line("by a predictor that no search meets", "held_out_accuracy"),
                Line("by its opponents", "opponents_accuracy"),
                Line("best pieces, by the best bred guesser", "guessers_best"),
            ),
            top=1.0,
        ),
    ),
    resolution=resolution,
    improvising=Improvising(improvise, has_song=False),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("guess")
