"""Measure whether the guessing game ends in patterns with a rhythm, and not in one key or noise.

    python benchmarks/guess.py --seeds 20 --first-seed 1000 --seconds 60 --workers 2
    python benchmarks/guess.py --genome grid
    python benchmarks/guess.py --score gap                   should end in ABAB
    python benchmarks/guess.py --score accuracy              control: one key
    python benchmarks/guess.py --score=-accuracy             control: no period
    python benchmarks/guess.py --score coevolved --seeds 5   late champions against early ones

Prints the figures of each seed's champion, then the number of seeds that meet each condition. `mlp`
is the share of the steps of a piece that scikit-learn's MLPClassifier predicts. It learns by one
`partial_fit` per step, from nothing, and no search uses it. (pip install scikit-learn; nothing else
of this project needs it.) `held out` is the same of `evo.fitness.guessing.held_out_predictor`. On
the last two thirds alone both predict most evolved pieces.

With coevolved guessers, the first and the last sixth of the performers' hall of fame are compared:
the mean `gap-resolve` by three predictors that no search used (MLPs on 4 and on 8 symbols, and the
held-out predictor).

A seed is the run of `evo run guess --seed N`, in memory.
"""

import common  # first: it arranges the import path

# isort: split
import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from evo.core.registry import GENOMES
from evo.fitness.guessing.game import LONGER, guided, order, resolve
from evo.fitness.guessing.held_out_predictor import held_out_hits
from evo.fitness.guessing.measures import measures
from evo.fitness.guessing.online_predictors import predict
from evo.fitness.guessing.symbols import Symbols, alphabet_of, symbols_of


def mlp_hits(piece: Symbols, alphabet: int, window: int = 8) -> NDArray[np.bool_]:
    """Return which steps of a piece an online MLPClassifier predicts.

    Args:
        piece: int64 (steps,).
        alphabet: Number of symbols.
        window: Number of past symbols that are its input.

    Returns:
        bool (steps,).
    """
    model = MLPClassifier((32,), learning_rate_init=0.01, random_state=0)
    past = np.zeros((len(piece), window * alphabet))
    for t in range(len(piece)):
        for lag in range(min(window, t)):
            past[t, lag * alphabet + piece[t - 1 - lag]] = 1.0
    hits = np.zeros(len(piece), np.bool_)
    for t, symbol in enumerate(piece):
        hits[t] = t > 0 and model.predict(past[t : t + 1])[0] == symbol
        model.partial_fit(past[t : t + 1], [symbol], classes=np.arange(alphabet))
    return hits


def independent_score(pieces: Symbols, keys: int) -> float:
    """Return the mean gap-resolve of pieces, int64 (n, steps), by independent predictors."""
    alphabet = alphabet_of(keys)
    shares = order(predict(pieces, alphabet)[0], pieces, keys).mean(axis=1, keepdims=True)
    predictors = (
        lambda piece: mlp_hits(piece, alphabet, 4),
        lambda piece: mlp_hits(piece, alphabet, 8),
        lambda piece: held_out_hits(piece, alphabet),
    )
    hits = np.array([[hits_of(piece) for piece in pieces] for hits_of in predictors])
    return float(guided(shares, resolve(hits)).mean())


def play(score: str, **options: Any) -> dict[str, Any]:
    """Return the figures of the champion of one run in memory.

    Args:
        score: Setting guess.score.
        options: Options of `evo run guess`.
    """
    options["settings"] = [f"guess.score={score}", *options["settings"]]
    config, game = common.configured("guess", **options)
    task = game.task(config, None)
    fitness: Any = task.fitness
    for engine, record in common.evolve(config, fitness, task.player):  # noqa: B007
        pass
    assert engine.champion is not None
    longer = symbols_of(fitness.play(engine.champion.performers, LONGER))[0]
    piece = longer[: fitness.steps]
    random, keys = np.random.default_rng(0), fitness.keys
    figures = measures(piece, keys, random) | {
        "seed": config.run.seed,
        "score": round(engine.champion.score, 3),
        "found": engine.champion.generation,
        "seconds": record["wall_seconds"],
        "generations": record["generation"] + 1,
        "mlp": round(float(mlp_hits(piece, alphabet_of(keys)).mean()), 3),
        "held_out": round(float(held_out_hits(piece, alphabet_of(keys)).mean()), 3),
        "longer": measures(longer, keys, random),
    }
    pieces = getattr(fitness, "pieces", None)
    if pieces is not None:
        count = max(1, len(pieces) // 6)
        figures["early"] = round(independent_score(pieces[:count], keys), 3)
        figures["late"] = round(independent_score(pieces[-count:], keys), 3)
    return figures


def conditions(genome: str, score: str, one: dict[str, Any]) -> dict[str, bool]:
    """Return which conditions a champion meets; they depend on the score that it evolved by."""
    if score == "accuracy":
        return {"one key": one["keys"] == 1 and one["period"] == 1}
    if score == "-accuracy":
        return {"no period up to 32": not 1 <= one["period"] <= 32}
    if score == "gap":
        return {"ABAB": one["period"] == 2}
    between = 0.10 <= one["complexity_ratio"] <= 0.65
    found = {
        "two keys or more": one["keys"] >= 2,
        "two durations or more": one["durations"] >= 2,
        "rests": one["rests"] > 0,
        "LZ76 ratio 0.10 to 0.65": between,
    }
    if genome != "grid":
        found["period 2 to 32 in the last 128 steps"] = 2 <= one["period"] <= 32
    found |= {
        "longest run at most 8": one["longest_run"] <= 8,
        "MLP predicts 0.6 to 0.95": 0.6 <= one["mlp"] <= 0.95,
        "held-out predictor 0.6 to 0.95": 0.6 <= one["held_out"] <= 0.95,
    }
    if genome != "grid":  # a grid has a fixed length
        lasting = 2 <= one["longer"]["period"] <= 32 and one["longer"]["keys"] >= 2
        found[f"goes on for {LONGER} times the steps"] = lasting
    with_rhythm = [one["durations"] >= 2, one["rests"] > 0]
    if genome != "grid":
        of_longer = one["longer"]["durations"] >= 2 and one["longer"]["rests"] > 0
        with_rhythm += [2 <= one["period"] <= 32, lasting and of_longer]
    found["a melody with rhythm: two durations, rests, period, goes on"] = all(with_rhythm)
    if "late" in one:
        found["late above early by predictors not used"] = one["late"] > one["early"]
    return found


def main() -> None:
    """Play and print."""
    parser = common.parser(__doc__, seeds=20, first_seed=1000)
    parser.add_argument("--genome", choices=list(GENOMES), default="network")
    parser.add_argument("--score", default="gap-resolve")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a run, at most")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    runs, counts = [], dict[str, int]()
    print(
        "seed  seconds  gens   score  found  period  keys  lengths  rests  run  LZ76 ratio    mlp  "
        "held out  "
        f"period of {LONGER}x"
    )
    began = time.monotonic()
    for seed in common.seeds_of(options):
        one = play(
            options.score,
            settings=options.set,
            genome=options.genome,
            seed=seed,
            workers=options.workers,
            time_limit=options.seconds,
        )
        runs.append(one)
        sides = f"  early {one['early']:.2f} late {one['late']:.2f}" if "late" in one else ""
        print(
            f"{seed:4}  {one['seconds']:7.1f}  {one['generations']:4}  {one['score']:6.3f}  "
            f"{one['found']:5}  {one['period']:6}  {one['keys']:4}  {one['durations']:7}  "
            f"{one['rests']:5.2f}  {one['longest_run']:3}  {one['complexity_ratio']:10.2f}  "
            f"{one['mlp']:5.2f}  {one['held_out']:8.2f}  {one['longer']['period']:12}{sides}",
            flush=True,
        )
        for name, met in conditions(options.genome, options.score, one).items():
            counts[name] = counts.get(name, 0) + met
    print(f"{len(runs)} seeds, {time.monotonic() - began:.0f} s")
    common.report(counts, options.json, runs)


if __name__ == "__main__":
    main()
