"""Measure how reliably an engine solves XOR: generations to the solution over many seeds.

    python benchmarks/xor.py --engine neat-python --seeds 100

Prints the number of seeds that are solved, and the median and the largest number of generations to
the solution. A seed is the run of `evo run xor --seed N`, in memory. With --workers, as many runs
at once.
"""

import common  # first: it arranges the import path

# isort: split
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from evo.core.registry import ENGINES


def generations_to_solve(seed: int, **options: object) -> int | None:
    """Return the generations until XOR is solved; None if it is not solved.

    Args:
        seed: Random seed.
        options: Other options of `evo run xor`.
    """
    config, xor = common.configured("xor", seed=seed, **options)
    for _, record in common.evolve(config, xor.task(config, None).fitness):
        if record["figures"]["solved"]:
            return record["generation"] + 1
    return None


def main() -> None:
    """Run the seeds and print the figures."""
    parser = common.parser(__doc__, seeds=100)
    parser.set_defaults(workers=2)
    parser.add_argument("--engine", default="neat-python", choices=list(ENGINES))
    parser.add_argument("--population", type=int, default=150)
    parser.add_argument("--generations", type=int, default=300)
    options = parser.parse_args()
    one = partial(
        generations_to_solve,
        settings=options.set,
        engine=options.engine,
        population=options.population,
        generations=options.generations,
    )
    started = time.perf_counter()
    seeds = common.seeds_of(options)
    with ProcessPoolExecutor(options.workers) as pool:
        needed = list(pool.map(one, seeds))
    solved = sorted(n for n in needed if n is not None)
    figures = {
        "engine": options.engine,
        "population": options.population,
        "seeds": options.seeds,
        "solved": len(solved),
        "unsolved_seeds": [seed for seed, n in zip(seeds, needed, strict=True) if n is None],
        # A seed that is not solved counts as more than any that is.
        "median_generations": statistics.median(n or options.generations + 1 for n in needed),
        "worst_generations": solved[-1] if solved else None,
        "seconds": round(time.perf_counter() - started, 1),
    }
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
