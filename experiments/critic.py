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
from typing import Any

import numpy as np
from evo.experiments.memorize import find_songs

from evo.core.errors import CheckpointError, InputError
from evo.core.files import write_synced
from evo.core.seeds import Role, stream
from evo.engines import Gallery, engine_class, genome_of
from evo.experiment import Config, Experiment, Say, Task, base_config, merge, player_file
from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.features import MIN_STEPS, roll_features
from evo.fitness.critic.fresh_classifier import classifier_auc
from evo.fitness.critic.hard_negatives import train
from evo.fitness.critic.melody import BAR
from evo.fitness.critic.panel import FOLDS, Panel
from evo.music.measures import Corpus, measure, outside
from evo.music.measures.similarity import spread
from evo.music.song import Song, usual_lowest_note
from evo.music.tunes import tune, tune_names
from evo.runs import checkpoint
from genomes.base import BoolArray, FloatArray
from genomes.player import Player

FILE = "critics.npz"
STEPS_PER_BEAT = 2  # critics read bars of 8 steps
SAMPLES = 10  # of songs, to say what a fresh classifier makes of no difference
# Networks hear every step of the last bar and every beat of the seven before, and nothing else:
# they have no prompt, and begin by themselves.
HEARING: dict[str, Any] = {"lags": [*range(1, 9), *range(10, 65, 2)], "off": 0.0, "on": 1.0}
BREEDING: dict[str, dict[str, dict[str, Any]]] = {
    # Every brief has an island of its own: where parents mix, all pieces share their bars.
    "ga": {
        "grid": {"most_voices": 1, "density": [0.2, 0.7]},
        "population": {"size": 512, "survival": "islands", "parents": 32},
        "selection": {"kind": "tournament", "tournament_size": 2},
    },
    "neat": {"NEAT": {"pop_size": "150"}},
    "neat-python": {"NEAT": {"pop_size": "150"}},
    "es": {"network": {"architecture": "united", "layers": [24], "last": 24}},
}
IDENTITY = {"DefaultGenome": {"activation_default": "identity", "activation_options": "identity"}}


def default_config(engine: str) -> Config:
    """The configuration of a run with this engine."""
    kind = genome_of(engine)
    table = {
        "song": "",  # a folder of MIDI files; all embedded tunes otherwise
        "keys": 13,
        "steps": 128,
        "pieces": 8 if kind == "grid" else 1,  # each with a brief of its own
        "free_run": 7,  # tokens of a known song that a piece may share in one run
        "critic_seed": 0,  # of what the critics are trained with
        "rounds": 2,  # of adding what searches find to what is no song (`hard_negatives`)
        "critics": "",  # critics.npz of another run, to train none
        **(HEARING if kind == "network" else {}),
    }
    inputs = {"grid": 128, "network": 13 * len(HEARING["lags"])}.get(kind, 13)
    settings = engine_class(engine).default_settings(inputs, 13)
    config = base_config("critic", engine) | {engine: settings, "critic": table}
    config = merge(config, {"stop": {"generations": 1500 if kind == "grid" else 300}})
    config = merge(config, {"checkpoints": {"every": 100, "keep_every": 0}})
    if kind == "network":
        config = merge(config, {engine: IDENTITY})
    return merge(config, {engine: BREEDING[engine]})


def player_of(config: Config) -> Player | None:
    """How networks of this configuration hear; None for other genome kinds."""
    table = config["critic"]
    if genome_of(config["run"]["engine"]) != "network":
        return None
    try:
        return Player(table["keys"], tuple(table["lags"]), off=table["off"], on=table["on"])
    except ValueError as error:
        raise InputError(f"critic: {error}") from None


def shape(config: Config) -> tuple[int, int]:
    """Of a network every key at every lag and every key, of a grid the steps and keys.

    Of a HistoryUser the keys heard and the keys.
    """
    table = config["critic"]
    limits = {"steps": MIN_STEPS, "keys": 2, "pieces": 0, "free_run": 0}
    for name, least in (limits | {"critic_seed": 0, "rounds": 0}).items():
        if table[name] < least:
            raise InputError(f"critic.{name} must be at least {least}, got {table[name]}")
    if table["keys"] > 128:
        raise InputError(f"critic.keys must be at most 128, got {table['keys']}")
    population = config.get("ga", {}).get("population", {})
    if population.get("survival") == "islands" and population["size"] < table["pieces"]:
        raise InputError(
            f"{table['pieces']} pieces need a population of at least as many, there are "
            f"{population['size']}; give a larger --population or fewer critic.pieces"
        )
    if config.get("ga", {}).get("crossover", {}).get("credit"):
        raise InputError("ga.crossover.credit is for tasks with a case a step; here are none")
    player = player_of(config)
    if player is not None:
        return player.inputs, player.keys
    is_grid = genome_of(config["run"]["engine"]) == "grid"
    return (table["steps"] if is_grid else table["keys"]), table["keys"]


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


def corpus_of(table: dict[str, Any]) -> tuple[BoolArray, list[str]]:
    """The songs to learn from, and their names."""
    if table["song"]:
        songs = find_songs(table["song"], table["keys"], STEPS_PER_BEAT)
    elif table["keys"] != 13:
        raise InputError("the embedded tunes have 13 keys; for others give a --song FOLDER")
    else:
        songs = [tune(name) for name in tune_names()]
    rolls = np.array([of_length(song.grid, table["steps"]) for song in songs])
    return rolls, [song.name for song in songs]


def prepare(config: Config, folder: Path, say: Say) -> None:
    """Train the critics, or copy them, into the run."""
    table = config["critic"]
    if table["critics"]:
        if table["song"]:
            raise InputError(
                "critic.critics brings the songs it was trained on; leave --song or it out"
            )
        critics = _loaded(Path(table["critics"]), table)
    else:
        rolls, names = corpus_of(table)
        if table["pieces"] > max(len(rolls), 3 * FOLDS):  # fewer songs are refused in any case
            raise InputError(
                f"{table['pieces']} pieces need as many songs for their briefs, and there are "
                f"{len(rolls)}"
            )
        try:
            critics = train(rolls, names, table["critic_seed"], table["rounds"], say)
        except ValueError as error:
            raise InputError(str(error)) from None
    write_synced(folder / FILE, checkpoint.pack_arrays(critics.to_arrays()))


def _loaded(path: Path, table: dict[str, Any]) -> Panel:
    """Critics from a file, for rolls as the configuration has them."""
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
    if shaped != (table["steps"], table["keys"]):
        raise InputError(
            f"{path}: its critics know songs of {shaped[0]} steps and {shaped[1]} keys, not of "
            f"{table['steps']} and {table['keys']}"
        )
    return critics


def task(config: Config, folder: Path) -> Task:
    """Please the critics that were trained for the run."""
    table = config["critic"]
    critics = _loaded(folder / FILE, table)
    seed = config["run"]["seed"]
    try:
        fitness = critics.fitness(table["pieces"], seed, table["free_run"])
    except ValueError as error:
        raise InputError(f"critic: {error}") from None
    player, lowest_note = player_of(config), usual_lowest_note(table["keys"])

    def champion_files(performers: Any) -> dict[str, bytes]:
        files = _files(fitness, fitness.play(performers), ["song"])
        if player is not None:
            files |= player_file(player, lowest_note, STEPS_PER_BEAT)
        return files

    def pieces(gallery: Gallery) -> tuple[dict[str, bytes], dict[str, Any]]:
        rolls = fitness.play(gallery.performers)
        return _pieces(critics, fitness, rolls, gallery, seed)

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


EXPERIMENT = Experiment(
    name="critic",
    summary="Compose pieces that critics take for songs.",
    default_config=default_config,
    shape=shape,
    prepare=prepare,
    task=task,
    genomes=("grid", "network", "history-user"),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("critic")
