"""Compose: pieces that critics take for songs, that are new, and that vary as songs do.

    evo run critic --seed 1 --workers 2     or     python experiments/critic.py --seed 1

Critics are trained on songs (the embedded tunes, or the folder of `--song`) and on everything that
is no song. Then pieces are bred, each to a brief: the numbers of one song, drawn by the seed
(`evo.fitness.critic.briefs` tells why). The champion is the best ever for the first brief; a
note-grid engine leaves a piece for every brief in `pieces/`: MIDI, rolls and a table of what the
critics, the critic that the search never met, and the descriptive measures say of them.

`critic.pieces = 0` is the original research's search instead: what critics like best, without end.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from evo.core.config import Config
from evo.core.errors import CheckpointError, InputError
from evo.core.files import write_synced
from evo.core.seeds import Individuals, Role, stream
from evo.core.settings import Changes, Meta, Settings, changed
from evo.engines import Gallery, default_engine, engine_class
from evo.experiment import (
    Experiment,
    Files,
    FindSongs,
    Music,
    Say,
    Task,
    player_file,
    player_of,
)
from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.features import MIN_STEPS, roll_features
from evo.fitness.critic.fresh_classifier import classifier_auc
from evo.fitness.critic.hard_negatives import train
from evo.fitness.critic.panel import FOLDS, Panel
from evo.music.measures import Corpus, measure, outside
from evo.music.measures.similarity import spread
from evo.music.melody import BAR
from evo.music.song import Song, usual_lowest_note
from evo.music.tunes import tune, tune_names
from evo.runs import checkpoint
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers

FILE = "critics.npz"
STEPS_PER_BEAT = 2  # critics read bars of 8 steps
SAMPLES = 10  # of songs, to say what a fresh classifier makes of no difference
# A search for what critics like too well.
SEARCH_GENERATIONS, SEARCH_POPULATION = 150, 128
PRESETS: dict[str, Changes] = {
    # Inputs are every step of the last bar and every other step of the seven before, and nothing
    # else: networks have no prompt, and begin by themselves.
    "network": {
        "genome": {"lags": (*range(1, 9), *range(10, 65, 2))},
        "engine": {
            "DefaultGenome": {
                "activation_default": "identity",
                "activation_options": ("identity",),
            },
            "NEAT": {"pop_size": 150},
        },
    },
    # Every brief has an island of its own: where parents mix, all pieces share their bars.
    "grid": {
        "engine": {
            "grid": {"most_voices": 1, "density": (0.2, 0.7)},
            "population": {"size": 512, "survival": "islands", "parents": 32},
            "selection": {"kind": "tournament", "tournament_size": 2},
        },
        "task": {"pieces": 8},
        "stop": {"generations": 1500},
    },
    "history-user": {
        "engine": {"network": {"architecture": "united", "layers": (24,), "last": 24}},
    },
    "": {"checkpoints": {"every": 100, "keep_every": 0}},
}


class CriticSettings(Settings, frozen=True):
    """What critics learn from, and what is composed."""

    song: Annotated[
        str, Meta(description="A folder of MIDI files; by default all embedded tunes.")
    ] = ""
    keys: Annotated[int, Meta(ge=2, le=128, description="Keys of the instrument.")] = 13
    steps: Annotated[int, Meta(ge=MIN_STEPS, le=65_536, description="Steps of a piece.")] = 128
    pieces: Annotated[
        int,
        Meta(ge=0, le=10_000, description="Pieces, each with a brief of its own; 0 for no briefs."),
    ] = 1
    free_run: Annotated[
        int,
        Meta(
            ge=0, le=65_536, description="Tokens of a known song that a piece may share in a row."
        ),
    ] = 7
    critic_seed: Annotated[
        int, Meta(ge=0, le=(1 << 63) - 1, description="Random seed of the critics' training.")
    ] = 0
    rounds: Annotated[
        int,
        Meta(ge=0, le=100, description="Times that critics are trained again with hard negatives."),
    ] = 2
    critics: Annotated[
        str, Meta(description="A run, or its critics.npz, whose critics are used.")
    ] = ""


def shape(config: Config, find: FindSongs) -> Music:
    """Return keys and steps."""
    table: CriticSettings = config.task
    engine_class(config.run.engine).check_cases(config.engine, table.pieces, by_step=False)
    return Music(table.keys, table.steps)


def of_length(song: BoolArray, steps: int) -> BoolArray:
    """A song's roll as (steps, keys): cut, or, when it is at most half as long, played again."""
    sounding = np.flatnonzero(song.any(axis=1))
    bars = int(sounding[-1]) // BAR + 1 if len(sounding) else 1
    played = np.zeros((max(BAR * bars, len(song)), song.shape[1]), np.bool_)
    played[: len(song)] = song
    if BAR * bars <= steps // 2:
        return np.resize(played[: BAR * bars], (steps, song.shape[1]))
    roll = np.zeros((steps, song.shape[1]), np.bool_)
    roll[: len(played)] = played[:steps]
    return roll


def corpus_of(table: CriticSettings, find: FindSongs) -> tuple[BoolArray, list[str]]:
    """Return the songs to learn from, bool (n, steps, keys), and their names."""
    if table.song:
        songs = find(table.song, table.keys, STEPS_PER_BEAT)
    elif table.keys != 13:
        raise InputError("the embedded tunes have 13 keys; for others give a --song FOLDER")
    else:
        songs = [tune(name) for name in tune_names()]
    rolls = np.array([of_length(song.grid, table.steps) for song in songs])
    return rolls, [song.name for song in songs]


def prepare(config: Config, folder: Path, say: Say, find: FindSongs) -> None:
    """Train the critics, or copy them, into the run."""
    table: CriticSettings = config.task
    if table.critics:
        if table.song:
            raise InputError(
                "critic.critics brings the songs it was trained on; leave --song or it out"
            )
        critics = _loaded(Path(table.critics), table)
    else:
        rolls, names = corpus_of(table, find)
        if table.pieces > max(len(rolls), 3 * FOLDS):  # fewer songs are refused in any case
            raise InputError(
                f"{table.pieces} pieces need as many songs for their briefs, and there are "
                f"{len(rolls)}"
            )
        try:
            critics = train(rolls, names, table.critic_seed, table.rounds, say, climb)
        except ValueError as error:
            raise InputError(str(error)) from None
    write_synced(folder / FILE, checkpoint.pack_arrays(critics.to_arrays()))


def climb(fitness: PleaseCritics, seed: int) -> tuple[Performers, FloatArray]:
    """Search for what critics like best, without a brief.

    Returns:
        The survivors of a genetic search, the best first, and their scores: float64 (n,).
    """
    kind = engine_class(default_engine("grid"))
    survivors = {"size": SEARCH_POPULATION, "survival": "plus", "parents": 64}
    settings = changed(
        kind.of_shape(kind.settings_type(), fitness.steps, fitness.keys), {"population": survivors}
    )
    engine = kind(settings, seed=seed)
    streams = Individuals(0, Role.EVALUATE, 0, range(SEARCH_POPULATION))
    for _ in range(SEARCH_GENERATIONS):
        engine.tell(fitness.evaluate(engine.ask(), streams))
    gallery = engine.gallery()
    assert gallery is not None
    return gallery.performers, gallery.scores


def _loaded(path: Path, table: CriticSettings) -> Panel:
    """Return the critics in a file, for rolls as the configuration has them."""
    if path.is_dir():
        path /= FILE
    try:
        critics = Panel.from_arrays(checkpoint.read_arrays(path.resolve()))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file of critics") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (CheckpointError, ValueError) as error:
        raise InputError(f"{path}: holds no critics: {error}") from None
    shaped = critics.songs.shape[1:]
    if shaped != (table.steps, table.keys):
        raise InputError(
            f"{path}: its critics know songs of {shaped[0]} steps and {shaped[1]} keys, not of "
            f"{table.steps} and {table.keys}"
        )
    return critics


def task(config: Config, folder: Path) -> Task:
    """Return the task to please the critics that were trained for the run."""
    table: CriticSettings = config.task
    critics = _loaded(folder / FILE, table)
    try:
        fitness = critics.fitness(table.pieces, config.run.seed, table.free_run)
    except ValueError as error:
        raise InputError(f"critic: {error}") from None
    player, lowest_note = player_of(config, table.keys), usual_lowest_note(table.keys)

    def champion_files(performers: Any) -> Files:
        files = _files(fitness, fitness.play(performers), ["song"])
        return files | player_file(player, lowest_note, STEPS_PER_BEAT)

    def pieces(gallery: Gallery) -> tuple[Files, dict[str, Any]]:
        rolls = fitness.play(gallery.performers)
        return _pieces(critics, fitness, rolls, gallery, config.run.seed)

    return Task(fitness, player, champion_files, lowest_note, pieces)


def _files(fitness: PleaseCritics, rolls: BoolArray, names: Sequence[str]) -> dict[str, bytes]:
    """Every piece as NAME.mid, and all in one picture."""
    from evo.analysis.plot import pieces_figure, png_bytes

    pieces = [
        Song(roll, usual_lowest_note(rolls.shape[2]), STEPS_PER_BEAT, 120.0, name)
        for roll, name in zip(rolls, names, strict=True)
    ]
    notes = [
        f"held-out critic {of['held_out_critic']:.2f}, above {of['held_out_percentile']:.0f} % of "
        f"songs; longest known run {of['longest_run']}"
        for of in fitness.figures_of(rolls)
    ]
    files = {f"{piece.name}.mid": piece.to_midi() for piece in pieces}
    return files | {"roll.png": png_bytes(pieces_figure(pieces, notes))}


def _pieces(
    critics: Panel,
    fitness: PleaseCritics,
    rolls: BoolArray,
    gallery: Gallery,
    seed: int,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """What a gallery leaves: files of its pieces, and figures of them together."""
    briefs: Sequence[str] = [""] * len(rolls)
    if fitness.briefs is not None:  # by total, a piece is bred to the first
        songs = fitness.briefs.songs
        briefs = songs if gallery.by_case else [songs[0]] * len(rolls)
    names = [f"piece-{number:02d}" for number in range(1, len(rolls) + 1)]
    corpus = Corpus.of(list(critics.songs))
    families = dict(zip(critics.names, corpus.families.tolist(), strict=True))
    known = critics.known_songs()
    records = []
    for place, figures in enumerate(fitness.figures_of(rolls)):
        measures = measure(rolls[place], known)
        records.append(
            {
                "name": names[place],
                "brief": briefs[place],
                "score": float(gallery.scores[place]),
                **figures,
                # Not held against the song that it was bred to.
                "outside": outside(measures, corpus.ranges(families.get(briefs[place], -1))),
                "measures": {k: v if np.isfinite(v) else None for k, v in measures.items()},
            }
        )
    described = roll_features(rolls, fitness.held_out.contexts)
    random = stream(seed, Role.TRAIN, 0, 1)
    of_songs = critics.described()
    auc = classifier_auc(of_songs, described, random)
    together = {
        "pieces": len(rolls),
        "pieces_above_quarter": sum(one["held_out_percentile"] >= 25 for one in records),
        "pieces_usual": sum(not one["outside"] for one in records),
        "songs_usual_share": _share_of_usual(corpus),
        "fresh_classifier_auc": round(auc, 2) if np.isfinite(auc) else None,
        "fresh_classifier_auc_of_songs": _among_songs(of_songs, len(rolls), random),
        "longest_known_run": max(one["longest_run"] for one in records),
    }
    document = {**together, "spread": spread(list(rolls)), "records": records}
    files = _files(fitness, rolls, names)
    files["pieces.json"] = json.dumps(document, indent=2).encode() + b"\n"
    files["pieces.txt"] = _table(records, together).encode()
    return files, together


def _share_of_usual(corpus: Corpus) -> float:
    """Which share of the songs is usual in every measure, each held against the others."""
    families = corpus.families.tolist()
    usual = [
        not outside(measures, corpus.ranges(family))
        for measures, family in zip(corpus.measures, families, strict=True)
    ]
    return round(float(np.mean(usual)), 2)


def _among_songs(songs: FloatArray, few: int, random: np.random.Generator) -> float | None:
    """How well the fresh classifier tells so few songs from the others, who are no different."""
    if not 2 <= few <= len(songs) - 2:
        return None
    areas = []
    for _ in range(SAMPLES):
        order = random.permutation(len(songs))
        areas.append(classifier_auc(songs[order[few:]], songs[order[:few]], random))
    return round(float(np.mean(areas)), 2)


def _table(records: Sequence[dict[str, Any]], together: dict[str, Any]) -> str:
    """The pieces for people: a line each, then all together."""
    lines = [
        "piece      score  critic  held-out  above % of songs  known run  nearest song            "
        "  unusual for the songs",
    ]
    for one in records:
        unusual = ", ".join(one["outside"]) or "-"
        lines.append(
            f"{one['name']}  {one['score']:6.2f}  {one['critic']:6.2f}  "
            f"{one['held_out_critic']:8.2f}  {one['held_out_percentile']:16.0f}  "
            f"{one['longest_run']:9d}  {one['nearest_song']:24}  {unusual}"
        )
    auc = together["fresh_classifier_auc"]
    told = (
        f"tells pieces from songs with an area under the curve of {auc} (1: always; as many songs "
        f"from the others: {together['fresh_classifier_auc_of_songs']})."
    )
    if auc is None:
        told = "has too few pieces to learn from."
    lines += [
        "",
        f"{together['pieces_above_quarter']} of {together['pieces']} pieces are above a quarter "
        "of the songs that the held-out critic never heard;",
        f"{together['pieces_usual']} are usual for songs in every measure, as "
        f"{together['songs_usual_share']:.0%} of the songs are, each held against the others;",
        f"a fresh classifier {told}",
    ]
    return "\n".join(lines) + "\n"


def resolution(config: Config) -> tuple[int, int]:
    """Return the keys, and the steps of a beat."""
    return config.task.keys, STEPS_PER_BEAT


EXPERIMENT = Experiment(
    name="critic",
    summary="Compose pieces that critics take for songs.",
    settings_type=CriticSettings,
    task=task,
    shape=shape,
    prepare=prepare,
    presets=PRESETS,
    default_genome="grid",
    resolution=resolution,
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("critic")
