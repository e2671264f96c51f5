"""How reliably and how fast does a HistoryUser learn the copy task?

    python benchmarks/copy_task.py                              the original's: 64 steps, 13 keys
    python benchmarks/copy_task.py --variable --workers 2       four delays, told by a marker

Prints for each seed the seconds of evolution (kernels compiled before), the generations, the
sequence-evaluations (individuals x sequences), the champion's loss on 128 fresh sequences and the
lags it reads; then how many seeds solved it, medians and worsts, and, for the original's task, how
many times fewer sequence-evaluations than its 14,000 x 128 the worst of them took. Every seed is
its own run, as `evo run copy --seed N` makes it, without a directory.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

from evo.experiments.copy_task import VARIABLE, default_config, fitness_of, shape

from evo.engines import engine_class
from evo.experiment import Config, merge
from evo.runs.loop import Progress, generations
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial

ORIGINAL = 14_000 * 128  # sequence-evaluations


def config_of(variable: bool, settings: list[str]) -> Config:
    """The configuration of a run with these settings, `table.key=value` each."""
    config = default_config("es")
    for text in [*(VARIABLE if variable else ()), *settings]:
        place, value = text.split("=")
        table, *more = place.split(".")
        change: Any = value
        for name in reversed(more):
            change = {name: change}
        config = merge(config, {table: change})
    return merge(config, {"es": engine_class("es").shape_setting(*shape(config))})


def learn(
    config: Config, seed: int, limit: float, workers: int, most: int = 0, every: float = 0.0
) -> dict[str, Any]:
    """One run in memory, of at most so many seconds and generations (0 for the configuration's)."""
    fitness = fitness_of(config)
    engine = engine_class("es")(config["es"], seed=seed)
    size = config["run"]["chunk_size"]
    evaluator = Serial(seed, size) if workers == 1 else Pool(workers, seed, size)
    most = most or config["stop"]["generations"]
    shown = every
    with evaluator:
        for record in generations(engine, fitness, evaluator, Progress()):
            seconds, figures = record["wall_seconds"], record["figures"]
            done = record["generation"] + 1
            if every and seconds >= shown:
                shown = seconds + every
                print(
                    f"  {seconds:6.1f} s, generation {done}: loss {figures['loss']:.4f}, median "
                    f"score {record['quartiles'][1]:.4f}, reads {figures.get('read_lags')}",
                    flush=True,
                )
            if figures["solved"] or seconds >= limit or done >= most:
                return {
                    "seed": seed,
                    "solved": figures["solved"],
                    "seconds": seconds,
                    "generations": done,
                    "sequence_evaluations": record["evaluations"] * fitness.sequences,
                    "loss": figures["loss"],
                    "read_lags": figures.get("read_lags"),
                }
    raise AssertionError("the loop has no end of its own")


def main() -> None:
    """Learn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variable", action="store_true", help="four delays and a marker")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a run")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="table.key=value")
    parser.add_argument("--every", type=float, default=0.0, help="seconds between lines of a run")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    config = config_of(options.variable, options.set)
    learn(config, 0, 1e9, 1, most=1)  # compiles
    print("seed  solved  seconds  generations  sequence-evaluations      loss  reads", flush=True)
    runs = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        run = learn(config, seed, options.limit, options.workers, every=options.every)
        runs.append(run)
        print(
            f"{seed:4}  {'yes' if run['solved'] else 'no':6}  {run['seconds']:7.1f}  "
            f"{run['generations']:11}  {run['sequence_evaluations']:20}  {run['loss']:8.5f}  "
            f"{run['read_lags']}",
            flush=True,
        )
    used = [run["sequence_evaluations"] for run in runs]
    figures = {
        "runs": len(runs),
        "solved": sum(run["solved"] for run in runs),
        "median_seconds": statistics.median(run["seconds"] for run in runs),
        "longest_seconds": max(run["seconds"] for run in runs),
        "median_sequence_evaluations": statistics.median(used),
        "most_sequence_evaluations": max(used),
    }
    if not options.variable:
        figures["fewer_than_the_original"] = round(ORIGINAL / max(used))
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if options.json:
        Path(options.json).write_text(json.dumps({"runs": runs, **figures}, indent=2))


if __name__ == "__main__":
    main()
