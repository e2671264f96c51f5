"""Compare every genome kind under every musical fitness with simpler searches.

    python benchmarks/matrix.py --seeds 10 --first-seed 1000 --workers 2
    python benchmarks/matrix.py --budget 2000,20000 --others one-plus-one

A cell of the matrix is an experiment (memorize, critic, guess) and a genome kind. In each, the
default engine of the kind runs beside random search and the (1+1) EA, and networks also beside
neat-python: with the same fitness, seeds and evaluations (the last generation of an engine may
exceed them by less than a population). Where neat-python begins with full networks, 2,000
evaluations take it some minutes; there it runs only with --neat-python. Ours, random search and the
(1+1) EA begin and mutate by the same settings (`evo.engines.operators.Operators`).

With several budgets every run has the largest; its log has the best fitness at the others.

The output has the median over seeds of the best fitness, for ours also that of the first
generation. It has one-sided p-values of the Mann-Whitney test that ours is better than each other
search, and the table in Markdown. Unknown experiments are named and left out.

The critics are trained once, without hard negatives. Pieces are bred to one brief, chosen by the
seed. `--critics RUN` uses the critics of a run.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from evo.experiments.trained_critics import FILE

from evo.analysis.statistics import mann_whitney
from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.registry import EXPERIMENTS, GENOMES
from evo.engines import default_engine
from evo.music.song_finder import find_songs
from evo.runs.batch import Batch, cores
from evo.runs.description import read_log

NAMES = ("memorize", "critic", "guess")
BUDGETS = {"memorize": 3000, "critic": 2000, "guess": 6000}  # evaluations per run
SETTINGS = {
    "memorize": (),
    "critic": ("critic.pieces=1", "critic.rounds=0"),
    "guess": (),
}
# Fewer lags make smaller networks, which take a sixth of the time.
OF_CELLS = {("critic", "network"): ("network.lags=1,2,4,8,16,32",)}
# Individuals per generation instead of the default: for one brief, an island of the default.
SIZES = {("critic", "grid"): 64}
OTHERS = ("random", "one-plus-one", "neat-python")
QUICK_FOR_NEAT_PYTHON = ("memorize",)  # networks that begin unconnected
HEADS = {"random": "random search", "one-plus-one": "(1+1) EA", "neat-python": "neat-python"}


def config_of(name: str, genome: str, engine: str, evaluations: int, critics: str) -> Config:
    """Return the configuration of a search in a cell.

    Args:
        name: Name of the experiment.
        genome: Genome kind.
        engine: Name of the engine.
        evaluations: Number of evaluations.
        critics: Where the critics are.

    Raises:
        InputError: If the engine does not breed the genome kind.
    """
    settings = [*SETTINGS[name], "stop.generations=0", "stop.stagnation=0"]
    settings += [f"stop.evaluations={evaluations}", "checkpoints.every=0"]
    settings += [*OF_CELLS.get((name, genome), ())]
    if (name, engine) == ("memorize", "neat"):  # by scores alone, as the others
        settings.append("neat.Modules.rounds=0")
    if name == "critic":
        settings.append(f"critic.critics={critics}")
    size = SIZES.get((name, genome)) if engine != "one-plus-one" else None
    return common.configured(name, settings, genome=genome, engine=engine, population=size)[0]


def searched(
    folder: Path, config: Config, seeds: list[int], workers: int, budgets: list[int]
) -> list[list[float]]:
    """Return the best fitness of every seed: after generation 0, and at each budget.

    Args:
        folder: Where the runs go.
        config: Their configuration.
        seeds: Their seeds.
        workers: Runs at once.
        budgets: Numbers of evaluations, the last that of the runs. A run is at a budget after the
            generation that reaches it.
    """
    with Batch.create(folder, config.tables(), seeds) as batch:
        summary = batch.carry_out(workers, lambda seed, words: None)
    if summary.stopped_by is not None:
        sys.exit(128 + summary.stopped_by)
    if summary.failed:
        seed, words = min(summary.failed.items())
        sys.exit(f"{folder}: seed {seed} failed: {words}")
    found: list[list[float]] = [[] for _ in range(1 + len(budgets))]
    for seed in seeds:
        log = list(read_log(batch.folder(seed) / "log.jsonl"))
        found[0].append(log[0]["champion"])
        for best, budget in zip(found[1:], budgets, strict=True):
            reached = (one for one in log if one["evaluations"] >= budget)
            best.append(next(reached, log[-1])["champion"])
    return found


def number(value: float) -> str:
    """Return a score with four digits."""
    return f"{value:.4g}"


def chance(p: float) -> str:
    """Return a p-value as text."""
    return f"{p:.2g}" if p >= 1e-5 else "< 0.00001"


def main() -> None:
    """Run the matrix and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=cores(), help="runs at once")
    parser.add_argument("--budget", help="evaluations, such as 2000,20000; default by experiment")
    parser.add_argument("--others", default=",".join(OTHERS), help="searches to compare with")
    parser.add_argument("--experiments", default=",".join(NAMES))
    parser.add_argument("--genomes", default=",".join(GENOMES))
    parser.add_argument("--critics", help="a run whose critics to take; trained anew without")
    parser.add_argument("--neat-python", action="store_true", help="where it is slow, too")
    parser.add_argument("--out", help="where to keep the runs; nowhere without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        matrix(options, Path(options.out or scratch))


def matrix(options: Any, out: Path) -> None:
    """Run the cells that were asked for, and print the table."""
    seeds = list(common.seeds_of(options))
    rows = []
    for name in options.experiments.split(","):
        if name not in EXPERIMENTS:
            print(f"{name}: there is no such experiment; its cells are left out")
            continue
        critics = options.critics or ""
        if name == "critic" and not critics:
            critics = trained(out / "critics")
        for genome in options.genomes.split(","):
            rows += cell(name, genome, seeds, critics, options, out)
    print()
    print(f"{options.seeds} seeds from {options.first_seed}; medians of the best fitness, p-values")
    print("one-sided, of ours against each (Mann-Whitney).")
    print()
    heads = ["cell", "evaluations", "engine", "generation 0", "ours"]
    for other in options.others.split(","):
        heads += [HEADS[other], "p"]
    print("| " + " | ".join(heads) + " |")
    print("| " + " | ".join(["---"] * len(heads)) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def trained(folder: Path) -> str:
    """Train critics for all runs; return where they are."""
    began = time.perf_counter()
    folder.mkdir(parents=True)
    config, critic = common.configured("critic", SETTINGS["critic"])
    critic.prepare(config, folder, lambda text: None, find_songs)
    print(f"critics trained in {time.perf_counter() - began:.0f} s", flush=True)
    return str(folder / FILE)


def cell(
    name: str, genome: str, seeds: list[int], critics: str, options: Any, out: Path
) -> list[list[str]]:
    """Run one cell; return its rows of the table, one for each budget."""
    given = options.budget or str(BUDGETS[name])
    budgets = sorted(int(budget) for budget in given.split(","))
    engine, began = default_engine(genome), time.perf_counter()

    def search(by: str) -> list[list[float]]:
        config = config_of(name, genome, by, budgets[-1], critics)
        folder = out / f"{name}-{genome}-{by}"
        return searched(folder, config, seeds, options.workers, budgets)

    first, *ours = search(engine)
    rows = [
        [f"{name}, {genome}", f"{budget:,}", engine, number(median(first)), number(median(best))]
        for budget, best in zip(budgets, ours, strict=True)
    ]
    for other in options.others.split(","):
        slow = other == "neat-python" and name not in QUICK_FOR_NEAT_PYTHON
        try:
            theirs = [] if slow and not options.neat_python else search(other)[1:]
        except InputError:  # neat-python breeds networks
            theirs = []
        for index, row in enumerate(rows):
            row += ["", ""]
            if theirs:
                p = mann_whitney(ours[index], theirs[index], "greater")
                row[-2:] = [number(median(theirs[index])), chance(p)]
    for row in rows:
        print(f"{', '.join(row)}; {time.perf_counter() - began:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    main()
