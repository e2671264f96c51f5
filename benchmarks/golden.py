"""Check that a change of the code changes no run: record runs, compare two recordings.

    python benchmarks/golden.py record before.json     in the checkout before the change
    python benchmarks/golden.py record after.json      in the checkout after it
    python benchmarks/golden.py compare before.json after.json

Each run is made by the `evo` command of the Python that runs this script. So the same file works
in checkouts with different modules, and imports none of them. A recording has of each run the log
without `wall_seconds`, the champion's arrays, MIDI and network, and the figures of the result.
Recordings are equal only on the same platform with the same library versions.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

SEED = 12

# Name -> arguments of `evo run`. The first 13 have every engine and every kind of score; the others
# have settings that the first leave out.
RUNS: dict[str, str] = {
    "memorize-neat": "memorize --engine neat --generations 60",
    "memorize-neat-python": "memorize --engine neat-python --population 60 --generations 12",
    "memorize-ga": "memorize --genome grid --generations 25",
    "memorize-es": "memorize --genome history-user --generations 25",
    "critic": "critic --generations 60 --set critic.pieces=4 --population 128"
    " --set critic.rounds=1",
    "guess-gap-resolve": "guess --generations 25",
    "guess-coevolved": "guess --set guess.score=coevolved --generations 8",
    "guess-grid": "guess --genome grid --generations 40",
    "guess-history-user": "guess --genome history-user --generations 25",
    "copy": "copy --generations 120",
    "xor-neat": "xor --engine neat --population 100 --generations 40 --set stop.solved=false",
    "xor-random": "xor --engine random --population 100 --generations 20",
    "xor-one-plus-one": "xor --engine one-plus-one --generations 300",
    "xor-neat-python": "xor --engine neat-python --population 80 --generations 25",
    "memorize-species": "memorize --generations 20 --set neat.Modules.by_output=false",
    "memorize-likelihood": "memorize --genome history-user --generations 20"
    " --set memorize.mode=likelihood --song ode-to-joy",
    "memorize-nsga2": "memorize --genome grid --generations 20 --set ga.selection.kind=nsga2"
    " --set ga.population.survival=plus",
    "memorize-lexicase": "memorize --generations 15 --set neat.Modules.by_output=false"
    " --set neat.Selection.parents=lexicase",
    "memorize-snes": "memorize --genome history-user --generations 15 --set es.strategy.kind=snes",
    "memorize-sep-cma": "memorize --genome history-user --generations 15"
    " --set es.strategy.kind=sep-cma",
    "memorize-one-plus-one-grid": "memorize --genome grid --engine one-plus-one"
    " --set stop.generations=300",
    "memorize-random-history-user": "memorize --genome history-user --engine random"
    " --set stop.generations=5",
    "guess-workers": "guess --generations 10 --workers 2",
}


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def log_digest(path: Path) -> str:
    """Return the SHA-256 of a log without its wall-clock field."""
    total = hashlib.sha256()
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        record.pop("wall_seconds")
        total.update(json.dumps(record, sort_keys=True).encode() + b"\n")
    return total.hexdigest()


def facts(run: Path) -> dict[str, Any]:
    """Return the facts of a finished run that must not change."""
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    champion = run / "champion"
    with np.load(champion / "arrays.npz", allow_pickle=False) as arrays:
        shapes = {
            name: [str(arrays[name].dtype), list(arrays[name].shape), _sha(arrays[name].tobytes())]
            for name in sorted(arrays.files)
        }
    kept = [
        path
        for path in sorted([*champion.iterdir(), *run.glob("pieces/*")])
        if path.suffix in (".mid", ".json", ".csv")  # not tables for people
    ]
    return {
        "log": log_digest(run / "log.jsonl"),
        "figures": {k: v for k, v in result.items() if k not in ("wall_seconds", "digest")},
        "champion": shapes,
        "files": {str(path.relative_to(run)): _sha(path.read_bytes()) for path in kept},
    }


def make(name: str, folder: Path) -> dict[str, Any]:
    """Carry out one of `RUNS` and return its facts."""
    program = "from evo.cli.main import main; main()"
    command = [sys.executable, "-c", program, "run", *RUNS[name].split()]
    command += ["--seed", str(SEED), "--out", str(folder / name)]
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        return {"error": done.stderr.strip()[-400:]}
    print(f"{name:30} {time.monotonic() - started:5.1f} s", flush=True)
    return facts(folder / name)


def record(target: Path, names: list[str], folder: Path) -> int:
    """Write the facts of the runs to a file; return 1 if a run failed."""
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(names, pool.map(lambda name: make(name, folder), names), strict=True))
    target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    failed = {name: of["error"] for name, of in found.items() if "error" in of}
    for name, error in failed.items():
        print(f"{name}: {error}")
    return int(bool(failed))


def compare(before: Path, after: Path) -> int:
    """Print where two recordings differ; return 1 if they do."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    for found in (*old.values(), *new.values()):  # of recordings that have them
        found.get("files", {}).pop("pieces/pieces.txt", None)
    differing = 0
    for name in sorted(old.keys() & new.keys()):
        keys = sorted(old[name].keys() | new[name].keys())
        where = [key for key in keys if old[name].get(key) != new[name].get(key)]
        differing += bool(where)
        print(f"{name:30} {'differs: ' + ', '.join(where) if where else 'equal'}")
    for name in sorted(old.keys() ^ new.keys()):
        print(f"{name:30} only in one of the recordings")
    print(f"{len(old.keys() & new.keys()) - differing} equal, {differing} different")
    return int(bool(differing))


def main() -> int:
    """Record or compare, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="make the runs and write their facts")
    recording.add_argument("file", type=Path)
    recording.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    recording.add_argument("--runs", type=Path, help="keep the runs in this new folder")
    comparing = commands.add_parser("compare", help="compare two files of `record`")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    options = parser.parse_args()
    if options.command == "compare":
        return compare(options.before, options.after)
    if options.runs is not None:
        options.runs.mkdir(parents=True)
        return record(options.file, options.only, options.runs)
    with tempfile.TemporaryDirectory() as folder:
        return record(options.file, options.only, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
