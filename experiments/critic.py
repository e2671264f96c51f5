"""Compose pieces that critics classify as songs, and that are new and varied.

    evo run critic --seed 1 --workers 2     or     python experiments/critic.py --seed 1

Critics are classifiers trained on songs (the embedded tunes, or the folder of `--song`) against
rolls that are not songs. Each piece is evolved for a brief: the measures of one song, chosen by the
seed (`evo.fitness.critic.briefs`). The champion is the best piece for the first brief. A note-grid
engine writes a piece for every brief to `pieces/`: MIDI, rolls, and a table of measures and scores
by the critics and by a held-out critic. `critic.pieces = 0` is the original research's search
instead: the critics' score, without limit.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from math import lcm
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from evo.experiments.critic_presets import LENGTHS, PRESETS
from evo.experiments.trained_critics import FILE, critics_in, trained_critics

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.files import write_synced
from evo.core.seeds import MAX_SEED, Role, stream
from evo.core.settings import Changes, Meta
from evo.engines import Gallery, engine_class
from evo.experiment import (
    Experiment,
    Files,
    FindSongs,
    Music,
    ShowMessage,
    Task,
    player_file,
    player_of,
)
from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.corpus import Rolls, of_length, rolls_of
from evo.fitness.critic.features import MIN_BARS
from evo.fitness.critic.lengths import settled
from evo.fitness.critic.panel import FOLDS, Panel
from evo.fitness.critic.report import against_songs, piece_records, pieces_table, summary
from evo.fitness.critic.style import Style
from evo.music.measures import Corpus, plain_ranges
from evo.music.measures.similarity import spread
from evo.music.midi.reading import AUTO, Auto
from evo.music.settings import SongSettings, channels_of, fixed_grid
from evo.music.song import Song
from evo.music.tunes import tune, tune_names
from evo.runs import checkpoint
from genomes.arrays import BoolArray

TUNE_STEPS = 128  # of the embedded tunes


class CriticSettings(SongSettings, frozen=True):
    """The critics' training data, and the pieces to compose."""

    song: Annotated[
        str, Meta(description="A folder of MIDI files; by default all embedded tunes.")
    ] = ""
    steps: Annotated[
        Annotated[int, Meta(ge=MIN_BARS, le=65_536)] | Auto,
        Meta(description="Steps of a piece; auto for the usual length of the songs."),
    ] = AUTO
    pieces: Annotated[
        int,
        Meta(ge=0, le=10_000, description="Pieces, each with a brief of its own; 0 for no briefs."),
    ] = 1
    free_run: Annotated[
        int, Meta(ge=0, le=65_536, description="Longest run of tokens shared with a known song.")
    ] = 7
    critic_seed: Annotated[
        int, Meta(ge=0, le=MAX_SEED, description="Random seed of the critics' training.")
    ] = 0
    rounds: Annotated[
        int, Meta(ge=0, le=100, description="Rounds of retraining the critics with hard negatives.")
    ] = 2
    critics: Annotated[
        str, Meta(description="A run, or its critics.npz, with critics to reuse.")
    ] = ""
    cache: Annotated[
        bool, Meta(description="Keep trained critics in the user's cache, for later runs.")
    ] = True
    durations: Annotated[bool, Meta(description="Play how long notes sound, not only onsets.")] = (
        False
    )


def shape(config: Config, find: FindSongs) -> Music:
    """Return the shape of a piece.

    Args:
        config: The run's configuration.
        find: Finds the songs of `--song`, for automatic sizes.
    """
    table: CriticSettings = config.task
    engine_class(config.run.engine).check_cases(config.engine, table.pieces, by_step=False)
    found = _sizes(table, find)[0] if AUTO in (table.keys, table.steps) else {}
    keys, steps = (found.get(name, getattr(table, name)) for name in ("keys", "steps"))
    return Music(channels_of(table, keys), steps)


def follow_up(config: Config, find: FindSongs) -> Changes:
    """Return keys, resolution, length and bar of the corpus, in place of automatic ones.

    Args:
        config: The run's configuration.
        find: Finds the songs of `--song`.
    """
    grid, style, voices = _sizes(config.task, find)
    bar = style.bar.steps
    lags = (*range(1, bar + 1), *range(bar + 2, 8 * bar + 1, 2))  # as in the preset
    shape: dict[str, int] = {"bar": bar}
    if config.task.durations:
        shape |= {"planes": 2, "keys": 2 * grid["keys"], "voices": voices, "most_voices": voices}
    edits = LENGTHS if config.task.durations else {}
    return {
        "": {"task": grid},
        "grid": {"engine": {"grid": shape, **({"mutation": edits} if edits else {})}},
        "network": {"genome": {"lags": lags}},
    }


def _sizes(table: CriticSettings, find: FindSongs) -> tuple[dict[str, int], Style, int]:
    """Return keys, resolution and length of the training set, its style, and its voices."""
    if table.critics:
        critics = critics_in(Path(table.critics))
        rolls, style = critics.songs, critics.style
    else:
        rolls, _, style = corpus_of(table, find)
    sizes = {"steps": rolls.shape[1], "keys": rolls.shape[2]}
    voices = int(np.median(rolls.sum(axis=2).max(axis=1)))  # usual most onsets at a step
    return sizes | {"steps_per_beat": style.steps_per_beat}, style, voices


def corpus_of(
    table: CriticSettings,
    find: FindSongs,
    show_message: ShowMessage = lambda text: None,
    durations: bool = False,
) -> Rolls:
    """Return the songs to learn from, bool (n, steps, keys), their names and style.

    Args:
        table: The settings.
        find: Finds the songs of `--song`.
        show_message: Shows messages to the user.
        durations: Whether the keys that sound follow the onsets: bool (n, steps, 2 * keys).
    """
    if table.song:
        given = table.reading()
        songs = find(table.song, replace(given, keys=AUTO, steps_per_beat=AUTO))
        keys, resolution = songs[0].keys, songs[0].steps_per_beat
        if table.keys != AUTO:
            keys = table.keys
        if table.steps_per_beat != AUTO:
            resolution = lcm(resolution, table.steps_per_beat)
        if (keys, resolution) != (songs[0].keys, songs[0].steps_per_beat):
            songs = find(table.song, replace(given, keys=keys, steps_per_beat=resolution))
        return rolls_of(songs, table.steps_per_beat, table.steps, show_message, durations)
    if table.keys not in (13, AUTO) or table.steps_per_beat not in (2, AUTO):
        raise InputError("the embedded tunes have 13 keys; for others give a --song FOLDER")
    steps = TUNE_STEPS if table.steps == AUTO else table.steps
    songs = [tune(name) for name in tune_names()]
    rolls = [of_length(song.roll(durations), steps, onsets=song.onsets) for song in songs]
    together = np.array(rolls)
    return settled(together, True) if durations else together, list(tune_names()), Style()


def prepare(config: Config, folder: Path, show_message: ShowMessage, find: FindSongs) -> None:
    """Train the critics, or copy them from the cache or another run, into the run.

    Args:
        config: The run's configuration.
        folder: The run's directory.
        show_message: Shows messages to the user.
        find: Finds the songs of `--song`.
    """
    table: CriticSettings = config.task
    if table.critics:
        if table.song:
            raise InputError(
                "critic.critics brings the songs it was trained on; leave --song or it out"
            )
        critics = _loaded(Path(table.critics), table)
    else:
        rolls, names, style = corpus_of(table, find, show_message, table.durations)
        sounding = None
        if table.durations:
            rolls, sounding = np.split(rolls, 2, axis=2)
        most = len(rolls) - len(rolls) // FOLDS  # one fold is held out
        if table.pieces > most and len(rolls) >= 3 * FOLDS:  # fewer are refused in any case
            raise InputError(
                f"{table.pieces} pieces need a song each for their briefs, and of these "
                f"{len(rolls)} songs {most} can be one; give more songs, or --set "
                f"critic.pieces={most}"
            )
        critics = trained_critics(
            rolls, names, style,
            seed=table.critic_seed, rounds=table.rounds, show_message=show_message,
            cache=table.cache,
        )  # fmt: skip
        critics = replace(critics, sounding=sounding)
    write_synced(folder / FILE, checkpoint.pack_arrays(critics.to_arrays()))


def _loaded(path: Path, table: CriticSettings) -> Panel:
    """Return the critics in a file, checked against the configured shape."""
    critics: Panel = critics_in(path)
    shaped = (*critics.songs.shape[1:], critics.style.steps_per_beat)
    if shaped != (table.steps, table.keys, table.steps_per_beat):
        raise InputError(
            f"{path}: its critics know songs of {shaped[0]} steps and {shaped[1]} keys, not of "
            f"{table.steps} and {table.keys}; {shaped[2]} steps per beat, not "
            f"{table.steps_per_beat}"
        )
    if table.durations and critics.sounding is None:
        raise InputError(
            f"{path}: its critics know no lengths of notes; train others with --durations"
        )
    return critics


def task(config: Config, folder: Path) -> Task:
    """Return the task to compose for the run's critics.

    Args:
        config: The run's configuration.
        folder: The run's directory.
    """
    table: CriticSettings = config.task
    critics = _loaded(folder / FILE, table)
    try:
        fitness = critics.fitness(table.pieces, config.run.seed, table.free_run, table.durations)
    except ValueError as error:
        raise InputError(f"critic: {error}") from None
    keys, steps_per_beat = fixed_grid(config)
    player = player_of(config, channels_of(table, keys))
    lowest_note = critics.style.lowest_note

    def champion_files(performers: Any) -> Files:
        files = _files(critics.style, fitness, fitness.play(performers), ["song"])
        return files | player_file(player, lowest_note, steps_per_beat, durations=table.durations)

    def pieces(gallery: Gallery) -> tuple[Files, dict[str, Any]]:
        rolls = fitness.play(gallery.performers)
        return _pieces(critics, fitness, rolls, gallery, config.run.seed)

    return Task(fitness, player, champion_files, lowest_note, pieces)


def _songs(
    style: Style, fitness: PleaseCritics, rolls: BoolArray, names: Sequence[str]
) -> list[Song]:
    """Return played pieces as songs."""
    durations = fitness.lengths is not None
    return [style.song(roll, name, durations) for roll, name in zip(rolls, names, strict=True)]


def _files(
    style: Style, fitness: PleaseCritics, rolls: BoolArray, names: Sequence[str]
) -> dict[str, bytes]:
    """Return every piece as MIDI and sheets, and a picture of all."""
    from evo.analysis.plot import pieces_figure, png_bytes
    from evo.music.export.files import song_files

    pieces = _songs(style, fitness, rolls, names)
    notes = [
        f"held-out critic {of['held_out_critic']:.2f}, above {of['held_out_percentile']:.0f} % of "
        f"songs; longest known run {of['longest_run']}"
        for of in fitness.figures_of(rolls)
    ]
    files = {"roll.png": png_bytes(pieces_figure(pieces, notes))}
    for piece in pieces:
        files |= song_files(piece, piece.name)
    return files


def _pieces(
    critics: Panel,
    fitness: PleaseCritics,
    rolls: BoolArray,
    gallery: Gallery,
    seed: int,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of a gallery's pieces, and summary figures."""
    briefs: Sequence[str] = [""] * len(rolls)
    if fitness.briefs is not None:  # selection by total uses the first brief only
        songs = fitness.briefs.songs
        briefs = songs if gallery.by_case else [songs[0]] * len(rolls)
    names = [f"piece-{number:02d}" for number in range(1, len(rolls) + 1)]
    pieces = _songs(critics.style, fitness, rolls, names)
    corpus = Corpus.of(critics.corpus())
    records = piece_records(critics, fitness, rolls, pieces, briefs, corpus)
    for record, score in zip(records, gallery.scores, strict=True):
        record["score"] = float(score)
    together = summary(critics, fitness, rolls, pieces, records, stream(seed, Role.TRAIN, 0, 1))
    compared = against_songs(pieces, critics.corpus())
    document = {
        **together,
        "against_songs": compared,
        "spread": spread(pieces),
        "ranges": plain_ranges(corpus.ranges()),
        "records": records,
    }
    files = _files(critics.style, fitness, rolls, names)
    files["pieces.json"] = json.dumps(document, indent=2).encode() + b"\n"
    files["pieces.txt"] = pieces_table(records, together, compared).encode()
    return files, together


EXPERIMENT = Experiment(
    name="critic",
    summary="Compose pieces that critics take for songs.",
    settings_type=CriticSettings,
    task=task,
    shape=shape,
    prepare=prepare,
    presets=PRESETS,
    default_genome="grid",
    follow_up=follow_up,
    describe=lambda figures: (
        [f"above {figures['held_out_percentile']:.0f} % of songs"] if figures else []
    ),
    resolution=fixed_grid,
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("critic")
