"""Does the guessing game end in patterns, and not in one key or noise?

    python benchmarks/guess.py --seeds 20 --first-seed 1000 --seconds 60 --workers 2
    python benchmarks/guess.py --genome grid
    python benchmarks/guess.py --score gap                   ABAB is what it should end in
    python benchmarks/guess.py --score accuracy              control: one key
    python benchmarks/guess.py --score=-accuracy             control: no period
    python benchmarks/guess.py --score coevolved --seeds 5   late champions against early ones

Prints the figures of each seed's champion, then how many seeds have what is wished. `mlp` is the
share of all steps of the piece that scikit-learn's MLPClassifier guesses, learning by one
`partial_fit` a step from nothing; no search meets it. (pip install scikit-learn; nothing else of
this project needs it.) `held out` is the same of `evo.fitness.guessing.held_out`. Over the later
two thirds alone both of them see through most of what is bred.

With bred guessers, the first and the last sixth of the performers' hall of fame are compared: what
`gap-resolve` is by each of three predictors that were not met (MLPs on 4 and on 8 symbols, and the
held-out one), mean over predictors and pieces.

Every seed is its own run, as `evo run guess --seed N` makes it, without a directory.
"""

import argparse
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

import numpy as np
from evo.cli.configure import setting
from evo.experiments.guess import default_config, fitness_of, player_of, shape
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from evo.engines import GENOMES, engine_class
from evo.experiment import Config, merge
from evo.fitness.guessing.game import LONGER, MAX_GAP, gap, guided, resolve
from evo.fitness.guessing.held_out import held_out_hits
from evo.fitness.guessing.measures import measures
from evo.fitness.guessing.predictors import predict
from evo.fitness.guessing.symbols import Symbols, symbols_of
from evo.runs.loop import Progress, generations
from evo.runs.stop import Stop
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial


def mlp_hits(piece: Symbols, alphabet: int, heard: int = 8, seed: int = 0) -> NDArray[np.bool_]:
    """Which steps of a piece, int64 (steps,), the classifier guesses that hears so many symbols."""
    model = MLPClassifier((32,), learning_rate_init=0.01, random_state=seed)
    past = np.zeros((len(piece), heard * alphabet))
    for t in range(len(piece)):
        for lag in range(min(heard, t)):
            past[t, lag * alphabet + piece[t - 1 - lag]] = 1.0
    hits = np.zeros(len(piece), np.bool_)
    for t, symbol in enumerate(piece):
        hits[t] = t > 0 and model.predict(past[t : t + 1])[0] == symbol
        model.partial_fit(past[t : t + 1], [symbol], classes=np.arange(alphabet))
    return hits


def worth_to_strangers(pieces: Symbols, alphabet: int) -> float:
    """gap-resolve of pieces, int64 (n, steps), by predictors that no search met: mean over all."""
    order = gap(predict(pieces, alphabet)[0], MAX_GAP).mean(axis=0)
    strangers = (
        lambda piece: mlp_hits(piece, alphabet, 4),
        lambda piece: mlp_hits(piece, alphabet, 8),
        lambda piece: held_out_hits(piece, alphabet),
    )
    hits = np.array([[predictor(piece) for piece in pieces] for predictor in strangers])
    return float(guided(order, resolve(hits)).mean())


def config_of(genome: str, score: str, seed: int, settings: list[str]) -> Config:
    """The configuration of a run."""
    engine = GENOMES[genome][0]
    config = default_config(engine)
    for text in [f"guess.score={score}", f"run.seed={seed}", *settings]:
        config = merge(config, setting(text))
    return merge(config, {engine: engine_class(engine).shape_setting(*shape(config))})


def play(config: Config, seconds: float, workers: int) -> dict[str, Any]:
    """One run, of at most so many seconds; the figures of its champion."""
    table = config["run"]
    fitness = fitness_of(config)
    engine = engine_class(table["engine"])(
        config[table["engine"]], seed=table["seed"], player=player_of(config)
    )
    stop = Stop(
        generations=config["stop"]["generations"] or None,
        stagnation=config["stop"]["stagnation"] or None,
        time_limit=seconds,
    )
    size = table["chunk_size"]
    evaluator = Serial(table["seed"], size) if workers == 1 else Pool(workers, table["seed"], size)
    with evaluator:
        for record in generations(engine, fitness, evaluator, Progress()):
            if stop.reason(record) is not None:
                break
    assert engine.champion is not None
    longer = symbols_of(fitness.play(engine.champion.performers, LONGER))[0]
    piece = longer[: fitness.steps]
    random = np.random.default_rng(0)
    figures = measures(piece, random) | {
        "seed": table["seed"],
        "score": round(engine.champion.score, 3),
        "found": engine.champion.generation,
        "seconds": record["wall_seconds"],
        "generations": record["generation"] + 1,
        "mlp": round(float(mlp_hits(piece, fitness.keys + 1).mean()), 3),
        "held_out": round(float(held_out_hits(piece, fitness.keys + 1).mean()), 3),
        "longer": measures(longer, random),
    }
    pieces = getattr(fitness, "pieces", None)
    if pieces is not None:
        count = max(1, len(pieces) // 6)
        figures["early"] = round(worth_to_strangers(pieces[:count], fitness.keys + 1), 3)
        figures["late"] = round(worth_to_strangers(pieces[-count:], fitness.keys + 1), 3)
    return figures


def wishes(genome: str, score: str, one: dict[str, Any]) -> dict[str, bool]:
    """What a champion should be, by the score that it was bred by."""
    if score == "accuracy":
        return {"one key": one["keys"] == 1 and one["period"] == 1}
    if score == "-accuracy":
        return {"no period up to 32": not 1 <= one["period"] <= 32}
    if score == "gap":
        return {"ABAB": one["period"] == 2}
    between = 0.10 <= one["complexity_ratio"] <= 0.65
    found = {"two keys or more": one["keys"] >= 2, "LZ76 ratio 0.10 to 0.65": between}
    if genome != "grid":
        found["period 2 to 32 in the last 128 steps"] = 2 <= one["period"] <= 32
    found |= {
        "longest run at most 8": one["longest_run"] <= 8,
        "mlp guesses 0.6 to 0.95": 0.6 <= one["mlp"] <= 0.95,
        "held-out predictor guesses 0.6 to 0.95": 0.6 <= one["held_out"] <= 0.95,
    }
    if genome != "grid":  # which ends where it ends
        lasting = 2 <= one["longer"]["period"] <= 32 and one["longer"]["keys"] >= 2
        found[f"goes on for {LONGER} times the steps"] = lasting
    if "late" in one:
        found["late beats early by predictors not met"] = one["late"] > one["early"]
    return found


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--genome", choices=tuple(GENOMES), default="network")
    parser.add_argument("--score", default="gap-resolve")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0, help="a run, at most")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="table.key=value")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    runs, counts = [], dict[str, int]()
    print(
        "seed  seconds  gens   score  found  period  keys  run  LZ76 ratio    mlp  held out  "
        f"period of {LONGER}x"
    )
    began = time.monotonic()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        config = config_of(options.genome, options.score, seed, options.set)
        one = play(config, options.seconds, options.workers)
        runs.append(one)
        sides = f"  early {one['early']:.2f} late {one['late']:.2f}" if "late" in one else ""
        print(
            f"{seed:4}  {one['seconds']:7.1f}  {one['generations']:4}  {one['score']:6.3f}  "
            f"{one['found']:5}  {one['period']:6}  {one['keys']:4}  {one['longest_run']:3}  "
            f"{one['complexity_ratio']:10.2f}  {one['mlp']:5.2f}  {one['held_out']:8.2f}  "
            f"{one['longer']['period']:12}{sides}",
            flush=True,
        )
        for name, fulfilled in wishes(options.genome, options.score, one).items():
            counts[name] = counts.get(name, 0) + fulfilled
    print(f"{len(runs)} seeds, {time.monotonic() - began:.0f} s")
    for name, count in counts.items():
        print(f"{name:40} {count} of {len(runs)}")
    if options.json:
        Path(options.json).write_text(json.dumps({"runs": runs, "counts": counts}, indent=2))


if __name__ == "__main__":
    main()
