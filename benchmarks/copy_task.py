"""Measure how reliably and how fast a HistoryUser learns the copy task.

    python benchmarks/copy_task.py                              the original's: 64 steps, 13 keys
    python benchmarks/copy_task.py --variable --workers 2       four delays, announced by a marker

Prints for each seed the seconds of evolution (after the kernels are compiled), the generations, the
sequence-evaluations (individuals x sequences), the champion's loss on 128 fresh sequences and the
lags it reads. Then prints how many seeds solved it, medians and maxima. For the original's task it
also prints the ratio of the original's 14,000 x 128 sequence-evaluations to the maximum.

A seed is the run of `evo run copy --seed N`, in memory.
"""

import common  # first: it arranges the import path

# isort: split
import statistics
from typing import Any

from evo.experiments.copy_task import VARIABLE

ORIGINAL = 14_000 * 128  # sequence-evaluations


def learn(every: float = 0.0, **options: Any) -> dict[str, Any]:
    """Return the figures of one run in memory.

    Args:
        every: Seconds between lines that show its course; 0 for none.
        options: Options of `evo run copy`.
    """
    config, copying = common.configured("copy", **options)
    fitness = copying.task(config, None).fitness
    shown = every
    for _, record in common.evolve(config, fitness):
        seconds, figures = record["wall_seconds"], record["figures"]
        if every and seconds >= shown:
            shown = seconds + every
            print(
                f"  {seconds:6.1f} s, generation {record['generation'] + 1}: "
                f"loss {figures['loss']:.4f}, median score {record['quartiles'][1]:.4f}, "
                f"reads {figures.get('read_lags')}",
                flush=True,
            )
    return {
        "seed": config.run.seed,
        "solved": figures["solved"],
        "seconds": seconds,
        "generations": record["generation"] + 1,
        "sequence_evaluations": record["evaluations"] * fitness.sequences,
        "loss": figures["loss"],
        "read_lags": figures.get("read_lags"),
    }


def main() -> None:
    """Learn and print."""
    parser = common.parser(__doc__, seeds=10)
    parser.add_argument("--variable", action="store_true", help="four delays and a marker")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds of a run")
    parser.add_argument("--every", type=float, default=0.0, help="seconds between lines of a run")
    options = parser.parse_args()
    settings = [*(VARIABLE if options.variable else ()), *options.set]
    learn(settings=settings, generations=1)  # compiles
    print("seed  solved  seconds  generations  sequence-evaluations      loss  reads", flush=True)
    runs = []
    for seed in common.seeds_of(options):
        run = learn(
            options.every,
            settings=settings,
            seed=seed,
            workers=options.workers,
            time_limit=options.limit,
        )
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
    common.report(figures, options.json, runs)


if __name__ == "__main__":
    main()
