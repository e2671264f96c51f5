"""Does a history help to foresee songs? HistoryUsers with and without it on songs held out.

    python benchmarks/next_step.py [FOLDER] [--folds 5] [--seconds 60] [--seed 0] [--lstm]

FOLDER holds MIDI files; without it, the embedded tunes. The songs are dealt into folds; each fold
is held out once, and two networks learn to foresee the others, by the settings of `evo run memorize
--genome history-user --song FOLDER`:

    history   as it is there
    without   the same network, but what it can read lies before the start of every song: nothing.
              With nothing to address, the layers that say where to read are one unit, and the
              units of the ear are as many as give the number of weights closest to the other's.
              With --lstm it is the plain LSTM, a sigmoid a key, of about as many weights

Both take turns, a generation at a time, until each has used so many seconds of processor time. The
table has the cross-entropy in bits a step of the last mean, for the songs learned and those held
out; `equal` is that of the held-out songs after as many evaluations as the slower one made.

Reading: in how many bars of the held-out songs the distance that is read most, of all that can be
read, is one at which the song repeats itself by its autocorrelation (`evo.music.repetition`); by
chance it is the share that such distances have of all.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from evo.experiments.memorize import FORESEEING

from evo.core.registry import experiment
from evo.engines import Engine, engine_class
from evo.experiment import merge
from evo.fitness.next_step import NextStep
from evo.music.library import find_songs
from evo.music.melody import BEATS_A_BAR
from evo.music.repetition import peak_distances, repeat_distances
from evo.music.song import Song
from evo.music.tunes import tune, tune_names
from evo.runs.loop import Progress, Record, generations
from evo.workers.serial import Serial
from genomes.history_user.networks import HistoryUsers, Shape, hear

BEYOND = 1 << 15  # steps: a lag that is longer than any song here


@dataclass
class Learner:
    """A run that goes on a generation at a time."""

    engine: Engine
    records: Iterator[Record]
    seconds: float = 0.0  # of processor time
    evaluations: list[int] = field(default_factory=list)
    learned: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)

    def go_on(self) -> None:
        """One generation."""
        begin = time.process_time()
        record = next(self.records)
        self.seconds += time.process_time() - begin
        self.evaluations.append(record["evaluations"])
        self.learned.append(record["figures"]["cross_entropy"])
        self.held_out.append(record["figures"]["held_out_cross_entropy"])

    def held_out_after(self, evaluations: int) -> float:
        """The held-out cross-entropy after so many evaluations."""
        return self.held_out[int(np.searchsorted(self.evaluations, evaluations, "right")) - 1]


def settings_of(lstm: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The engine's settings with a history and without."""
    config = merge(experiment("memorize").default_config("es"), FORESEEING)
    settings = config["es"]
    network = settings["network"]
    lags = range(1, network["history"] + 1)
    wanted = Shape(13, 0, network["layers"], lags, "melody", network["last"])
    if lstm:
        sizes = [Shape(13, 0, (units,), (1,), "lstm").weights for units in range(1, 200)]
    else:
        sizes = [Shape(13, 0, (1,), (BEYOND,), "melody", last).weights for last in range(1, 200)]
    units = 1 + int(np.abs(np.array(sizes) - wanted.weights).argmin())
    changes: dict[str, Any] = {"architecture": "lstm", "layers": [units]}
    if not lstm:
        changes = {"layers": [1], "lags": [BEYOND], "last": units}
    return settings, merge(settings, {"network": changes})


def learner(settings: dict[str, Any], fitness: NextStep, seed: int) -> Learner:
    """A run at its start."""
    engine = engine_class("es")(settings, seed=seed)
    records = generations(engine, fitness, Serial(seed, 64), Progress())
    return Learner(engine, records)


def champion_of(learner: Learner) -> HistoryUsers:
    """The last mean."""
    assert learner.engine.champion is not None
    performers = learner.engine.champion.performers
    assert isinstance(performers, HistoryUsers)
    return performers


def reading(users: HistoryUsers, songs: list[Song]) -> dict[str, float]:
    """Bars of the songs that read most where the song repeats itself, of how many; by chance."""
    distances = np.array(users.shape.lags, np.int64) + 1  # it hears delayed by one step
    figures = {"bars": 0.0, "true": 0.0, "chance": 0.0}
    for song in songs:
        repeats = repeat_distances(song, int(distances[-1]))
        weights = users.attention(hear(song.grid))[0, 0]
        peaks = peak_distances(weights, distances, BEATS_A_BAR * song.steps_per_beat)
        figures["bars"] += len(peaks)
        figures["true"] += int(np.isin(peaks, repeats).sum())
        figures["chance"] += len(peaks) * np.isin(distances, repeats).mean()
    return figures


def fold_figures(
    songs: list[Song], held: set[int], seconds: float, seed: int, lstm: bool
) -> dict[str, Any]:
    """Both networks on one fold."""
    train = [song for place, song in enumerate(songs) if place not in held]
    held_out = [song for place, song in enumerate(songs) if place in held]
    batch = min(FORESEEING["memorize"]["batch"], len(train))
    fitness = NextStep(train, held_out, 8, batch)
    both = [learner(settings, fitness, seed) for settings in settings_of(lstm)]
    for one in both:
        one.go_on()
    while min(one.seconds for one in both) < seconds:
        min(both, key=lambda one: one.seconds).go_on()
    least = min(one.evaluations[-1] for one in both)
    figures: dict[str, Any] = {"songs": len(train), "held_out_songs": len(held_out)}
    for name, one in zip(("history", "without"), both, strict=True):
        figures[name] = {
            "weights": champion_of(one).shape.weights,
            "evaluations": one.evaluations[-1],
            "learned": one.learned[-1],
            "held_out": one.held_out[-1],
            "equal": one.held_out_after(least),
        }
    return figures | {"reading": reading(champion_of(both[0]), held_out)}


def main() -> None:
    """Learn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="MIDI files; by default the embedded tunes")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time of a network")
    parser.add_argument("--seed", type=int, default=0, help="of the folds; runs add the fold")
    parser.add_argument("--lstm", action="store_true", help="compare with the plain LSTM")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    if options.folder is None:
        songs = [tune(name) for name in tune_names()]
    else:
        songs = find_songs(options.folder, 13, 2)
    order = np.random.default_rng(options.seed).permutation(len(songs))
    fold_figures(songs, {0}, 0.0, 0, options.lstm)  # compiles
    print("fold  network  weights  evaluations  learned  held out  equal  bars that read repeats")
    folds = []
    for fold in range(options.folds):
        held = set(order[fold :: options.folds].tolist())
        figures = fold_figures(songs, held, options.seconds, options.seed + fold, options.lstm)
        folds.append(figures)
        for name in ("history", "without"):
            one, read = figures[name], figures["reading"]
            where = f"{read['true']:.0f} of {read['bars']:.0f}" if name == "history" else ""
            print(
                f"{fold:4}  {name:7}  {one['weights']:7}  {one['evaluations']:11}  "
                f"{one['learned']:7.3f}  {one['held_out']:8.3f}  {one['equal']:5.3f}  {where}",
                flush=True,
            )
    totals = {name: sum(one["reading"][name] for one in folds) for name in folds[0]["reading"]}
    summary = {
        "folds": len(folds),
        "better_after_equal_seconds": _wins(folds, "held_out"),
        "better_after_equal_evaluations": _wins(folds, "equal"),
        "mean_held_out_with_history": _mean(folds, "history"),
        "mean_held_out_without": _mean(folds, "without"),
        "bars_read_where_the_song_repeats": round(totals["true"] / totals["bars"], 3),
        "by_chance": round(totals["chance"] / totals["bars"], 3),
    }
    for name, value in summary.items():
        print(f"{name:34} {value}")
    if options.json:
        Path(options.json).write_text(json.dumps({"folds": folds, **summary}, indent=2))


def _wins(folds: list[dict[str, Any]], name: str) -> int:
    return sum(one["history"][name] < one["without"][name] for one in folds)


def _mean(folds: list[dict[str, Any]], name: str) -> float:
    return round(float(np.mean([one[name]["held_out"] for one in folds])), 3)


if __name__ == "__main__":
    main()
