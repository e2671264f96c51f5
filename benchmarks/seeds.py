"""Measure `evo run EXPERIMENT --seeds` beside the seconds of its runs.

    python benchmarks/seeds.py --seeds 100 --first-seed 100 --workers 2 xor
    python benchmarks/seeds.py --seeds 3 --alone 3 memorize -- --engine ga

Prints the elapsed and processor seconds of the whole command, the sum of the runs' own seconds
(`wall_seconds` of their results), and their ratio. With --alone N, the first N seeds are also
carried out in a new process each, and all files compared but for times. Other options of `evo run`
follow the experiment, after `--`.
"""

import common  # first: it arranges the import path

# isort: split
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from batches import files_but_times

from evo.runs.batch import Batch
from evo.runs.batch_processes import NewProcesses


def alone(batch: Batch, seeds: list[int], script: str) -> dict[int, dict[str, Any]]:
    """Return the files of runs with a new process each, which replace those of the batch.

    Args:
        batch: The batch.
        seeds: The seeds.
        script: The script of the experiment, or "".
    """
    for seed in seeds:
        shutil.rmtree(batch.folder(seed))
        given = json.dumps({"script": script} if script else {})
        processes = NewProcesses(str(batch.path), given)
        processes.begin(seed)
        while processes.working:
            processes.ended()
    return {seed: files_but_times(batch.folder(seed)) for seed in seeds}


def main() -> None:
    """Carry out the seeds and print the figures."""
    parser = common.parser(__doc__, seeds=100)
    parser.set_defaults(workers=2)
    parser.add_argument("experiment", help="an experiment, or a script")
    parser.add_argument("--alone", type=int, default=0, help="seeds to compare")
    parser.add_argument("options", nargs="*", help="other options of evo run")
    options = parser.parse_args()
    seeds = list(common.seeds_of(options))
    settings = [part for value in options.set for part in ("--set", value)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "runs"
        command = [
            *common.EVO, "run", options.experiment, "--seeds", f"{seeds[0]}..{seeds[-1]}",
            "--workers", str(options.workers), "--out", str(out), *settings, *options.options,
        ]  # fmt: skip
        started, before = time.perf_counter(), os.times()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds, after = time.perf_counter() - started, os.times()
        batch = Batch.open(out)
        own = sum((batch.result(seed) or {"wall_seconds": 0.0})["wall_seconds"] for seed in seeds)
        figures = {
            "experiment": options.experiment,
            "seeds": len(seeds),
            "workers": options.workers,
            "elapsed_seconds": round(seconds, 1),
            "processor_seconds": round(sum(after[2:4]) - sum(before[2:4]), 1),
            "own_seconds": round(own, 1),
            "elapsed_to_own": round(seconds / own, 2),
        }
        if options.alone:
            chosen = seeds[: options.alone]
            batched = {seed: files_but_times(batch.folder(seed)) for seed in chosen}
            script = options.experiment if options.experiment.endswith(".py") else ""
            figures["files_as_alone"] = alone(batch, chosen, script) == batched
            figures["files_compared"] = sum(map(len, batched.values()))
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
