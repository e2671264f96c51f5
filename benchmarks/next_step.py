"""Measure whether a history helps to predict songs: HistoryUsers with and without it.

    python benchmarks/next_step.py [FOLDER] [--folds 5] [--seconds 60] [--seed 0] [--lstm]
    python benchmarks/next_step.py [FOLDER] --architecture content-melody [--set NAME=VALUE]
    python benchmarks/next_step.py [FOLDER] --architecture content-melody [--set ...] [--alone]

FOLDER holds MIDI files; without it, the embedded tunes are used. The songs are split into folds.
Each fold is held out once, and two networks learn to predict the other songs, by the settings of
`evo run memorize --genome history-user --song FOLDER`:

    history   as the settings are
    without   the same network, but its only lag is longer than any song, so that it reads nothing.
              The layers that choose where to read have one unit. The units of the last LSTM are
              chosen to give about the same number of weights. With --lstm it is the plain LSTM, a
              sigmoid per key, with about as many weights

With --architecture, the second network is one of that architecture instead, with the settings of
--set; with --alone it is the only one. --first-folds N ends after N folds.

Both take turns, a generation at a time, until each has used the seconds of processor time. The
table has the cross-entropy of the last mean in bits per step, for learned and for held-out songs.
`equal` is that of the held-out songs after as many evaluations as the slower one made.

With --genome reader, readers by content learn alone, with the given prior. Files are read with
--steps-per-beat, and silent bars are added up to --steps.

Reading: the number of bars of the held-out songs in which the distance that is read most is one at
which the song repeats itself, by its autocorrelation (`evo.music.repetition`). By chance it is the
share of such distances among all that can be read.
"""

import common  # first: it arranges the import path

# isort: split
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evo.core.config import Config
from evo.engines import Engine
from evo.experiment import player_of
from evo.fitness.next_step import NextStep
from evo.music.repetition import peak_distances, repeat_distances
from evo.music.song import Song
from evo.runs.loop import Record
from genomes.history_user.networks import ARCHITECTURES, HistoryUsers, Shape
from genomes.reader.player import ReaderPlayer

BEYOND = 1 << 15  # steps: a lag longer than any song


@dataclass
class Learner:
    """A run that proceeds a generation at a time."""

    generations: Iterator[tuple[Engine[Any], Record]]
    champion: HistoryUsers | None = None  # the last mean
    seconds: float = 0.0  # of processor time
    evaluations: list[int] = field(default_factory=list)
    learned: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)

    def step(self) -> None:
        """Carry out one generation."""
        begin = time.process_time()
        engine, record = next(self.generations)
        self.seconds += time.process_time() - begin
        assert engine.champion is not None
        assert isinstance(engine.champion.performers, HistoryUsers)
        self.champion = engine.champion.performers
        self.evaluations.append(record["evaluations"])
        self.learned.append(record["figures"]["cross_entropy"])
        self.held_out.append(record["figures"]["held_out_cross_entropy"])

    def held_out_after(self, evaluations: int) -> float:
        """Return the held-out cross-entropy after a number of evaluations."""
        return self.held_out[int(np.searchsorted(self.evaluations, evaluations, "right")) - 1]


def configs_of(options: Any) -> dict[str, Config]:
    """Return the configuration of every network, by name."""
    settings = ["memorize.mode=likelihood", "stop.generations=0"]
    config, _ = common.configured("memorize", settings, genome="history-user")
    if options.architecture:
        own = f"es.network.architecture={options.architecture}"
        other, _ = common.configured(
            "memorize", [*settings, own, *options.set], genome="history-user"
        )
        return ({} if options.alone else {"history": config}) | {options.architecture: other}
    wanted = config.engine.shape.weights
    if options.lstm:
        sizes = [Shape(13, 0, (units,), (1,), "lstm").weights for units in range(1, 200)]
    else:
        sizes = [Shape(13, 0, (1,), (BEYOND,), "melody", last).weights for last in range(1, 200)]
    units = 1 + int(np.abs(np.array(sizes) - wanted).argmin())
    changes: dict[str, Any] = {"architecture": "lstm", "layers": [units]}
    if not options.lstm:
        changes = {"layers": [1], "lags": [BEYOND], "last": units}
    return {"history": config, "without": config.changed({"es": {"network": changes}})}


def reading(users: HistoryUsers, songs: list[Song]) -> dict[str, float]:
    """Return the bars that read most where the song repeats itself, all bars, and by chance."""
    distances = np.array(users.read_distances, np.int64)
    figures = {"bars": 0.0, "true": 0.0, "chance": 0.0}
    for song in songs:
        repeats = repeat_distances(song, int(distances[-1]))
        weights = users.read_weights(song.onsets)
        peaks = peak_distances(weights, distances, song.bar)
        figures["bars"] += len(peaks)
        figures["true"] += int(np.isin(peaks, repeats).sum())
        figures["chance"] += len(peaks) * np.isin(distances, repeats).mean()
    return figures


def fold_figures(
    songs: list[Song], held: set[int], seconds: float, seed: int, configs: dict[str, Config]
) -> dict[str, Any]:
    """Return the figures of all networks on one fold.

    Args:
        songs: All songs.
        held: Indices of those that are held out.
        seconds: Processor time of a network.
        seed: Random seed.
        configs: Configurations by name.
    """
    train = [song for index, song in enumerate(songs) if index not in held]
    held_out = [song for index, song in enumerate(songs) if index in held]
    learners = []
    for config in configs.values():
        table = config.task
        fitness = NextStep(train, held_out, table.prompt_steps, min(table.batch, len(train)))
        learners.append(Learner(common.evolve(config.changed({"run": {"seed": seed}}), fitness)))
    for one in learners:
        one.step()
    while min(one.seconds for one in learners) < seconds:
        min(learners, key=lambda one: one.seconds).step()
    least = min(one.evaluations[-1] for one in learners)
    figures: dict[str, Any] = {"songs": len(train), "held_out_songs": len(held_out)}
    for name, one in zip(configs, learners, strict=True):
        figures[name] = {
            "weights": one.champion.shape.weights,
            "evaluations": one.evaluations[-1],
            "learned": one.learned[-1],
            "held_out": one.held_out[-1],
            "equal": one.held_out_after(least),
            "reading": reading(one.champion, held_out) if name != "without" else None,
        }
    return figures


def reader_figures(
    songs: list[Song], held: set[int], seconds: float, seed: int, settings: list[str]
) -> dict[str, Any]:
    """Return the cross-entropies of a reader on one fold.

    Args:
        songs: All songs.
        held: Indices of those that are held out.
        seconds: Processor time.
        seed: Random seed.
        settings: Further settings, as after --set.
    """
    train = [song for index, song in enumerate(songs) if index not in held]
    held_out = [song for index, song in enumerate(songs) if index in held]
    given = ["memorize.mode=likelihood", "stop.generations=0", *settings]
    config, _ = common.configured("memorize", given, songs=train, genome="reader", seed=seed)
    table = config.task
    fitness = NextStep(train, held_out, table.prompt_steps, min(table.batch, len(train)))
    player, begin = player_of(config, songs[0].keys), time.process_time()
    last: Any = None
    for _, record in common.evolve(config, fitness, player):
        last = record
        if time.process_time() - begin >= seconds:
            break
    assert isinstance(player, ReaderPlayer)
    return {
        "weights": player.weights,
        "evaluations": last["evaluations"],
        "learned": last["figures"]["cross_entropy"],
        "held_out": last["figures"]["held_out_cross_entropy"],
    }


def measure_readers(songs: list[Song], options: Any) -> None:
    """Learn with readers, and print.

    Args:
        songs: All songs.
        options: The options of the command line.
    """
    settings = [f"reader.prior={options.prior}", f"reader.transposed={options.transposed}".lower()]
    order = np.random.default_rng(options.seed).permutation(len(songs))
    reader_figures(songs, {0}, 0.0, 0, settings)  # compiles
    print("fold  weights  evaluations  learned  held out")
    folds = []
    for fold in range(options.folds):
        held = set(order[fold :: options.folds].tolist())
        one = reader_figures(songs, held, options.seconds, options.seed + fold, settings)
        folds.append(one)
        print(
            f"{fold:4}  {one['weights']:7}  {one['evaluations']:11}  {one['learned']:7.3f}  "
            f"{one['held_out']:8.3f}",
            flush=True,
        )
    mean = round(float(np.mean([one["held_out"] for one in folds])), 3)
    common.report({"folds": len(folds), "mean_held_out": mean}, options.json, folds)


def main() -> None:
    """Learn and print."""
    parser = common.parser(__doc__)
    parser.add_argument("folder", nargs="?", help="MIDI files; by default the embedded tunes")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time of a network")
    parser.add_argument("--seed", type=int, default=0, help="of the folds; a run adds its fold")
    parser.add_argument("--lstm", action="store_true", help="compare with the plain LSTM")
    parser.add_argument(
        "--architecture", choices=ARCHITECTURES, help="compare with this architecture"
    )
    parser.add_argument("--set", action="append", default=[], help="its settings, es.network...=")
    parser.add_argument("--alone", action="store_true", help="only the given architecture")
    parser.add_argument("--first-folds", type=int, help="measure only the first folds")
    parser.add_argument("--genome", choices=("history-user", "reader"), default="history-user")
    parser.add_argument("--prior", default="contexts", help="of readers")
    parser.add_argument("--transposed", action="store_true", help="readers transpose, too")
    parser.add_argument("--steps-per-beat", type=int, help="by default as each file needs")
    parser.add_argument("--steps", type=int, default=1, help="minimum length of a song")
    options = parser.parse_args()
    if options.folds < 2:
        parser.error("--folds must be at least 2: each fold is held out once")
    songs = common.find_songs(options.folder, options.steps, options.steps_per_beat)
    if options.genome == "reader":
        measure_readers(songs, options)
        return
    configs = configs_of(options)
    order = np.random.default_rng(options.seed).permutation(len(songs))
    fold_figures(songs, {0}, 0.0, 0, configs)  # compiles
    print(
        "fold  network         weights  evaluations  learned  held out  equal  "
        "bars that read repeats"
    )
    folds = []
    for fold in range(options.first_folds or options.folds):
        held = set(order[fold :: options.folds].tolist())
        figures = fold_figures(songs, held, options.seconds, options.seed + fold, configs)
        folds.append(figures)
        for name in configs:
            one, read = figures[name], figures[name]["reading"]
            where = f"{read['true']:.0f} of {read['bars']:.0f}" if read else ""
            print(
                f"{fold:4}  {name:14}  {one['weights']:7}  {one['evaluations']:11}  "
                f"{one['learned']:7.3f}  {one['held_out']:8.3f}  {one['equal']:5.3f}  {where}",
                flush=True,
            )
    common.report(summary(folds, list(configs)), options.json, folds)


def summary(folds: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    """Return means over folds, and the folds in which the first network is better.

    Args:
        folds: Figures of each fold.
        names: Names of the networks.
    """
    figures: dict[str, Any] = {"folds": len(folds)}
    if len(names) > 1:
        for what, name in (("seconds", "held_out"), ("evaluations", "equal")):
            wins = sum(one[names[0]][name] < one[names[1]][name] for one in folds)
            figures[f"{names[0]}_better_after_equal_{what}"] = wins
    for name in names:
        mean = np.mean([one[name]["held_out"] for one in folds])
        figures[f"mean_held_out_{name}"] = round(float(mean), 3)
        found = [one[name]["reading"] for one in folds]
        if found[0]:
            bars, true, chance = (
                sum(one[key] for one in found) for key in ("bars", "true", "chance")
            )
            figures[f"bars_read_where_the_song_repeats_{name}"] = round(true / bars, 3)
            figures[f"by_chance_{name}"] = round(chance / bars, 3)
    return figures


if __name__ == "__main__":
    main()
