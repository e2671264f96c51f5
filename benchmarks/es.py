"""Compare the evolution strategies with the package `cma`: evaluations to 1e-8 on test functions.

    pip install cma && python benchmarks/es.py [--seeds 9] [--json FILE]

Every strategy and `cma` start at the same mean, 1 in every direction (0 on Rosenbrock's function),
with a sigma of 0.5 and a population of 4 + 3 ln(n), rounded up to an even number. They end when one
individual is at most 1e-8. `cma` has `CMA_diagonal=True` and otherwise its defaults. In many
dimensions it then controls its step size by two-point adaptation, so it runs once more with
cumulative step-size adaptation (CSA), as ours does. The table has medians over the seeds, the
number of seeds that reached the target, and the ratio of medians to `cma`'s with its defaults.
Where the median seed did not reach it, it has the median of the best value found.

OpenAI-ES and the weighted mean do not adapt a step size, and are shown for comparison. Their decays
reduce sigma and the learning rate to 1e-5 of the initial values at the last evaluation.
"""

import common  # first: it arranges the import path

# isort: split
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from evo.engines.es.noise import Noise
from evo.engines.es.openai import OpenAI
from evo.engines.es.sep_cma import SepCMA
from evo.engines.es.snes import SNES, default_sigma_rate
from evo.engines.es.strategy import Strategy
from evo.engines.es.weighted_mean import WeightedMean

TARGET = 1e-8
SIGMA = 0.5


def sphere(points: np.ndarray) -> np.ndarray:
    """Return the sum of squares of every row."""
    return np.square(points).sum(axis=1)


def ellipsoid(points: np.ndarray) -> np.ndarray:
    """Return the same with axes of lengths from 1 to 1,000: a condition of a million."""
    return np.square(points) @ np.logspace(0, 6, points.shape[1])


def rosenbrock(points: np.ndarray) -> np.ndarray:
    """Return a bent valley, in which neighbours depend on each other."""
    x, after = points[:, :-1], points[:, 1:]
    return (100.0 * np.square(after - np.square(x)) + np.square(1.0 - x)).sum(axis=1)


FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "sphere": (sphere, 1.0),
    "ellipsoid": (ellipsoid, 1.0),
    "rosenbrock": (rosenbrock, 0.0),
}
# Function and dimensions -> maximum number of evaluations.
TRIALS = {
    ("sphere", 10): 20_000,
    ("ellipsoid", 10): 20_000,
    ("rosenbrock", 10): 200_000,
    ("sphere", 1000): 400_000,
    ("ellipsoid", 1000): 1_000_000,
    ("rosenbrock", 1000): 200_000,
}


def openai(mean: np.ndarray, size: int, generations: int) -> Strategy:
    """Return OpenAI-ES with decays."""
    decay = 1e-5 ** (1 / generations)
    return OpenAI(
        mean,
        SIGMA,
        size,
        learning_rate=0.1,
        learning_rate_decay=decay,
        sigma_decay=decay,
        weight_decay=0.0,
    )


def weighted_mean(mean: np.ndarray, size: int, generations: int) -> Strategy:
    """Return the baseline, its sigma decaying as OpenAI-ES's does."""
    return WeightedMean(mean, SIGMA, size, sigma_decay=1e-5 ** (1 / generations))


def snes(mean: np.ndarray, size: int, generations: int, faster: float = 1.0) -> Strategy:
    """Return SNES, with a factor on the published learning rate of the deviations."""
    return SNES(mean, SIGMA, size, sigma_rate=faster * default_sigma_rate(len(mean)))


def sep_cma(mean: np.ndarray, size: int, generations: int) -> Strategy:
    """Return our separable CMA-ES."""
    return SepCMA(mean, SIGMA, size)


OURS: dict[str, Callable[[np.ndarray, int, int], Strategy]] = {
    "sep-cma": sep_cma,
    "snes": snes,
    "snes, 1.5 x sigma_rate": partial(snes, faster=1.5),
    "openai": openai,
    "weighted-mean": weighted_mean,
}


class Ours:
    """One of our strategies, as `ask` and `tell` of rows."""

    def __init__(self, strategy: Strategy, seed: int) -> None:
        self.strategy, self.seed, self.generation = strategy, seed, 0

    def ask(self) -> np.ndarray:
        """Return the population, a row each."""
        one = self.strategy
        self.noise = Noise.draw(
            self.seed, self.generation, one.individuals, len(one.mean), one.antithetic
        )
        return np.stack(list(one.points(self.noise)))

    def tell(self, values: np.ndarray) -> None:
        """Take the values of the function, lower is better."""
        self.strategy.update(self.noise, -values)
        self.generation += 1


class Theirs:
    """`cma` with its diagonal option, as `ask` and `tell` of rows."""

    def __init__(self, mean: np.ndarray, size: int, seed: int, csa: bool = False) -> None:
        import cma

        options = {"CMA_diagonal": True, "popsize": size, "seed": seed + 1, "verbose": -9}
        if csa:
            options["AdaptSigma"] = cma.sigma_adaptation.CMAAdaptSigmaCSA
        self.strategy = cma.CMAEvolutionStrategy(mean, SIGMA, options)

    def ask(self) -> np.ndarray:
        """Return the population, a row each."""
        self.rows = self.strategy.ask()
        return np.array(self.rows)

    def tell(self, values: np.ndarray) -> None:
        """Take the values of the function, lower is better."""
        self.strategy.tell(self.rows, values.tolist())


def search(
    one: Ours | Theirs, function: Callable[[np.ndarray], np.ndarray], most: int
) -> tuple[float, float]:
    """Return the evaluations to the target (infinite without), and the best value found."""
    best, evaluations = math.inf, 0
    while evaluations < most:
        values = function(one.ask())
        evaluations += len(values)
        best = min(best, float(values.min()))
        if best <= TARGET:
            return evaluations, best
        one.tell(values)
    return math.inf, best


def compare(name: str, dimensions: int, most: int, seeds: int) -> list[dict[str, Any]]:
    """Return the rows of the table for one function."""
    function, start = FUNCTIONS[name]
    mean = np.full(dimensions, start)
    size = 4 + int(3 * math.log(dimensions))
    size += size % 2
    makers: dict[str, Callable[[int], Ours | Theirs]] = {
        "cma, diagonal": lambda seed: Theirs(mean, size, seed)
    }
    if dimensions >= 300:
        makers["cma, diagonal, CSA"] = lambda seed: Theirs(mean, size, seed, csa=True)
    for label, maker in OURS.items():
        makers[label] = lambda seed, maker=maker: Ours(maker(mean, size, most // size), seed)
    rows: list[dict[str, Any]] = []
    for label, maker in makers.items():
        started = time.perf_counter()
        found = [search(maker(seed), function, most) for seed in range(seeds)]
        needed = statistics.median(evaluations for evaluations, _ in found)
        rows.append(
            {
                "function": name,
                "dimensions": dimensions,
                "strategy": label,
                "solved": sum(math.isfinite(evaluations) for evaluations, _ in found),
                "evaluations": needed if math.isfinite(needed) else None,
                "best": statistics.median(best for _, best in found),
                "seconds": round(time.perf_counter() - started, 1),
            }
        )
        reference = rows[0]["evaluations"]
        row = rows[-1]
        known = row["evaluations"] and reference
        row["ratio"] = round(row["evaluations"] / reference, 2) if known else None
        show(row, seeds)
    return rows


def show(row: dict[str, Any], seeds: int) -> None:
    """Print one line of the table."""
    needed = row["evaluations"]
    reached = f"{needed:>11,.0f}" if needed else f"{row['best']:>11.1e}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    print(
        f"{row['function']:<11}{row['dimensions']:>5}  {row['strategy']:<24}{reached}"
        f"{row['solved']:>6}/{seeds}{ratio:>7}{row['seconds']:>8.1f}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=9)
    parser.add_argument("--dimensions", type=int, nargs="*", default=[10, 1000])
    parser.add_argument("--functions", default=",".join(FUNCTIONS))
    options = parser.parse_args()
    try:
        import cma
    except ImportError:
        sys.exit("benchmarks/es.py compares with the package cma: pip install cma")
    warnings.simplefilter("ignore")  # cma's, of its own step sizes
    print(f"evaluations to {TARGET:g}, or the best value found")
    print("function     dim  strategy                evaluations  solved  ratio seconds")
    rows = [
        row
        for (name, dimensions), most in TRIALS.items()
        if dimensions in options.dimensions and name in options.functions.split(",")
        for row in compare(name, dimensions, most, options.seeds)
    ]
    common.report({"cma": cma.__version__}, options.json, rows)


if __name__ == "__main__":
    main()
