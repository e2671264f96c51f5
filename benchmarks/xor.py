"""How reliably does an engine solve XOR? Generations to the solution over many seeds.

    python benchmarks/xor.py --engine neat-python --seeds 100

Prints the number solved within the generations, and the median and worst generations to the
solution. Every seed is its own run, as `evo run xor --seed N` makes it, without a directory.
"""

import argparse
import json
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

from evo.core.registry import experiment
from evo.engines import ENGINES, engine_class
from evo.experiment import merge
from evo.runs.loop import Progress, generations
from evo.workers.serial import Serial


def generations_to_solve(seed: int, engine_name: str, population: int, limit: int) -> int | None:
    """Generations until XOR is solved, None if it is not within the limit."""
    xor = experiment("xor")
    kind = engine_class(engine_name)
    config = xor.default_config(engine_name)
    config = merge(config, {engine_name: kind.population_setting(population)})
    task = xor.task(config, None)
    engine = kind(config[engine_name], seed=seed)
    evaluator = Serial(seed, config["run"]["chunk_size"])
    for record in generations(engine, task.fitness, evaluator, Progress()):
        if record["figures"]["solved"]:
            return record["generation"] + 1
        if record["generation"] + 1 >= limit:
            return None
    return None


def main() -> None:
    """Run the seeds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="neat-python", choices=list(ENGINES))
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--population", type=int, default=150)
    parser.add_argument("--generations", type=int, default=300)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    one = partial(
        generations_to_solve,
        engine_name=options.engine,
        population=options.population,
        limit=options.generations,
    )
    started = time.perf_counter()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with ProcessPoolExecutor(options.processes) as pool:
        needed = list(pool.map(one, seeds))
    solved = sorted(n for n in needed if n is not None)
    unsolved = [seed for seed, n in zip(seeds, needed, strict=True) if n is None]
    figures = {
        "engine": options.engine,
        "population": options.population,
        "seeds": options.seeds,
        "solved": len(solved),
        "unsolved_seeds": unsolved,
        # A seed that is not solved counts as more than any that is.
        "median_generations": statistics.median(n or options.generations + 1 for n in needed),
        "worst_generations": solved[-1] if solved else None,
        "seconds": round(time.perf_counter() - started, 1),
    }
    for name, value in figures.items():
        print(f"{name:20} {value}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
