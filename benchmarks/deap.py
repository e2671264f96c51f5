"""Compare the engine deap with random search, in every musical task and genome kind it breeds.

    python benchmarks/deap.py --seeds 10 --workers 1

In each cell both get the same number of evaluations, the same seeds, and genomes of the same shape
with the same initial values. The output has the median
of the best fitness over seeds, and the one-sided p-value of the Mann-Whitney test that the engine
deap is better. The critics are trained once, without hard negatives; `--critics RUN` uses the
critics of a run. `--set` changes the settings of the engine deap, of one genome kind at a time.
"""

import common  # first: it arranges the import path

# isort: split
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import matrix

from evo.analysis.statistics import mann_whitney
from evo.core.registry import ENGINES, short_name
from evo.core.settings import tables
from evo.runs.configure import deep_update, setting

BUDGETS = {"memorize": 2000, "critic": 1500, "guess": 3000}  # evaluations per run
GENOMES = [entry.genome for name, entry in ENGINES.items() if short_name(name) == "deap"]


def cell(name: str, genome: str, options: Any, out: Path, critics: str) -> dict[str, Any]:
    """Return the figures of a cell, and print them.

    Args:
        name: Name of the experiment.
        genome: Genome kind.
        options: The script's options.
        out: Folder for the runs.
        critics: Where the critics are.
    """
    seeds = list(common.seeds_of(options))
    evaluations = options.evaluations or BUDGETS[name]
    best, spent = {}, {}
    shape: Any = {}
    for engine in ("deap", "random"):
        config = matrix.config_of(name, genome, engine, evaluations, critics)
        if engine == "deap":
            changes: dict[str, Any] = {}
            for text in options.set:
                changes = deep_update(changes, setting(text.replace("deap.", f"deap-{genome}.", 1)))
            config = config.changed(changes)
            shape = {k: v for k, v in tables(config.engine).items() if k in ("grid", "network")}
        else:
            config = config.changed({f"random-{genome}": shape})
        began = time.monotonic()
        folder = out / f"{name}-{genome}-{engine}"
        best[engine], first = matrix.searched(folder, config, seeds, options.workers)
        spent[engine] = time.monotonic() - began
        if engine == "deap":
            start = median(first)
    p = mann_whitney(best["deap"], best["random"], "greater")
    figures = {
        "cell": f"{name}, {genome}",
        "evaluations": evaluations,
        "generation 0": start,
        "deap": median(best["deap"]),
        "random": median(best["random"]),
        "p": p,
        "seconds of a run": spent["deap"] / len(seeds),
    }
    print(
        f"{figures['cell']:24} {evaluations:6} {matrix.number(start):>8} "
        f"{matrix.number(figures['deap']):>8} {matrix.number(figures['random']):>8} "
        f"{matrix.chance(p):>10} {figures['seconds of a run']:7.1f}",
        flush=True,
    )
    return figures


def main() -> None:
    """Run the cells and print them."""
    parser = common.parser(__doc__, seeds=10)
    parser.add_argument("--evaluations", type=int, help="per run; default by experiment")
    parser.add_argument("--experiments", default=",".join(BUDGETS))
    parser.add_argument("--genomes", default=",".join(GENOMES))
    parser.add_argument("--critics", help="a run whose critics to take; trained anew without")
    options = parser.parse_args()
    print(f"{'cell':24} {'evals':>6} {'start':>8} {'deap':>8} {'random':>8} {'p':>10} {'s/run':>7}")
    with tempfile.TemporaryDirectory() as scratch:
        out, critics = Path(scratch), options.critics or ""
        names = options.experiments.split(",")
        if "critic" in names and not critics:
            critics = matrix.trained(out / "critics")
        cells = [
            cell(name, genome, options, out, critics)
            for name in names
            for genome in options.genomes.split(",")
        ]
    worst = max(one["p"] for one in cells)
    common.report({"cells": len(cells), "highest p": worst}, options.json, cells)


if __name__ == "__main__":
    main()
