"""Compare a cluster of two local workers with serial evaluation: overhead and equal results.

    python benchmarks/cluster.py [--population 3000] [--rounds 7]

First the overhead per evaluation: populations of networks with nearly free scoring, in the
configuration's chunks, on `local:2` and serially, in turns. Medians over rounds are printed.

Then one small run of every genome kind (network, grid, history-user) serially, in pools of two and
four, and on one, two and four local workers of a cluster, in chunks of 1, 7 and 25. The digests of
their logs must be the same. Exits with 1 if they are not.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from evo.engines import engine_class
from evo.fitness.xor import Xor
from evo.workers.cluster.address import parse_address
from evo.workers.cluster.cluster import Cluster
from evo.workers.serial import Serial

RUNS = {
    "network": ["memorize", "--song", "ode-to-joy", "--population", "60", "--generations", "12"],
    "grid": ["memorize", "--genome", "grid", "--population", "60", "--generations", "12"],
    "history-user": ["copy", "--population", "40", "--generations", "6"],
}
PLACES = {
    "serial": ["--workers", "1"],
    "pool of 2": ["--workers", "2"],
    "local:2": ["--cluster", "local:2"],
    "pool of 4": ["--workers", "4"],
    "local:1": ["--cluster", "local:1"],
    "local:4": ["--cluster", "local:4"],
}
CHUNKS = {7: list(PLACES), 1: list(PLACES)[:3], 25: list(PLACES)[:3]}


def overhead(population: int, rounds: int) -> None:
    """Print the cost of an evaluation on `local:2` beyond its own work."""
    config, _ = common.configured("xor", engine="neat", population=population)
    performers = engine_class("neat")(config.engine, seed=1).ask()
    seconds: dict[str, list[float]] = {"serial": [], "cluster": []}
    with (
        Serial(1, common.CHUNK_SIZE) as serial,
        Cluster(parse_address("local:2"), 1, common.CHUNK_SIZE) as cluster,
    ):
        for generation in range(rounds + 3):
            scores = []
            for name, evaluator in (("serial", serial), ("cluster", cluster)):
                began = time.perf_counter()
                scores.append(evaluator.evaluate(Xor(), performers, generation))
                if generation >= 3:  # the first compile, and measure how long individuals take
                    seconds[name].append(time.perf_counter() - began)
            assert np.array_equal(scores[0].total, scores[1].total)
    alone, there = (statistics.median(seconds[name]) for name in ("serial", "cluster"))
    print(
        f"{population} networks, chunks of {common.CHUNK_SIZE}: serial "
        f"{1e3 * alone / population:.4f} ms per evaluation, local:2 "
        f"{1e3 * there / population:.4f} ms; overhead at most "
        f"{1e3 * (there - alone / 2) / population:.4f} ms (all of it but half the work)",
        flush=True,
    )


def digest(arguments: list[str], chunk: int, folder: Path) -> str:
    """Return the digest of a run in a process of its own."""
    command = [*common.EVO, "run", *arguments, "--seed", "3", "--out", str(folder)]
    command += ["--set", "stop.solved=false", "--set", f"run.chunk_size={chunk}"]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{' '.join(command)}: {ended.stdout}{ended.stderr}")
    return str(json.loads((folder / "result.json").read_bytes())["digest"])


def main() -> None:
    """Measure, compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--population", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    overhead(options.population, options.rounds)
    overhead(200, options.rounds)
    equal = True
    with tempfile.TemporaryDirectory() as folder:
        for kind, arguments in RUNS.items():
            found = {
                f"{name} in chunks of {chunk}": digest(
                    [*arguments, *PLACES[name]], chunk, Path(folder) / f"{kind}-{name}-{chunk}"
                )
                for chunk, names in CHUNKS.items()
                for name in names
            }
            same = len(set(found.values())) == 1
            equal &= same
            print(f"{kind}: {'the same digest' if same else found}: {', '.join(found)}", flush=True)
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
