"""Resume runs from checkpoints with one value changed and every hash right.

    python benchmarks/mutants.py [--count 5000] [--seed 0] [--only NAME ...]

A run directory may come from a stranger, who can compute hashes. For every engine and experiment a
run of few generations is made. Then its newest checkpoint is changed at random, the run is resumed
in a process of its own, and two more generations are bred. The checkpoint must be refused, or be
loaded as it is: what was restored has to be saved as the same values. Printed are, for each kind
of run, the mutants that were refused, loaded, loaded as something else, that ended in a traceback
or killed the process, and the longest processor time. Exits with 1 if a promise was broken.

With NUMBA_BOUNDSCHECK=1 (and a NUMBA_CACHE_DIR of its own) every index of a kernel is checked.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from changed_states import mutant
from disturbing import undrawn
from failing_disk import exit_code, in_child
from running import Watcher, start

from evo.core.config import Config
from evo.core.errors import EvoError
from evo.core.state import State
from evo.engines import engine_class
from evo.runs import checkpoint, session
from evo.runs.loading import load_run

# Name -> arguments of `evo run`.
RUNS = {
    "memorize-neat": "memorize --engine neat",
    "memorize-species": "memorize --engine neat --set neat.Modules.by_output=false",
    "memorize-lexicase": "memorize --engine neat --set neat.Modules.by_output=false"
    " --set neat.Selection.parents=lexicase",
    "memorize-neat-python": "memorize --engine neat-python",
    "memorize-ga": "memorize --genome grid",
    "memorize-nsga2": "memorize --genome grid --set ga.selection.kind=nsga2",
    "memorize-es": "memorize --genome history-user",
    "memorize-snes": "memorize --genome history-user --set es.strategy.kind=snes",
    "memorize-sep-cma": "memorize --genome history-user --set es.strategy.kind=sep-cma",
    "xor-neat": "xor --engine neat",
    "xor-neat-python": "xor --engine neat-python",
    "guess-neat": "guess",
    "guess-coevolved": "guess --set guess.score=coevolved",
    "guess-ga": "guess --genome grid",
    "guess-es": "guess --genome history-user",
    "critic-ga": "critic --genome grid --set critic.pieces=2 --set critic.rounds=0",
    "critic-neat": "critic --genome network --set critic.pieces=0 --set critic.rounds=0",
    "copy-es": "copy",
    "random-network": "memorize --engine random",
    "random-grid": "memorize --genome grid --engine random",
    "random-history-user": "memorize --genome history-user --engine random",
    "one-plus-one-network": "memorize --engine one-plus-one",
    "one-plus-one-grid": "memorize --genome grid --engine one-plus-one",
    "one-plus-one-history-user": "memorize --genome history-user --engine one-plus-one",
    "one-plus-one-xor": "xor --engine one-plus-one",
}
GENERATIONS, MORE = 4, 2
SLOW = 60  # seconds after which a mutant is killed
OUTCOMES = ("refused", "loaded", "wrong", "traceback", "crash", "slow")


def configured(arguments: str) -> Config:
    """Return the configuration of a small run."""
    name, *words = arguments.split()
    options = list(zip(words[::2], words[1::2], strict=True))
    given = {option.removeprefix("--"): value for option, value in options if option != "--set"}
    settings = [value for option, value in options if option == "--set"]
    changes = {
        "run": {"seed": 3},
        "stop": {"generations": GENERATIONS, "evaluations": 0, "solved": False},
        "checkpoints": {"every": GENERATIONS // 2},
    }
    population = None if given.get("engine") == "one-plus-one" else 12
    return common.configured(name, settings, population=population, changes=changes, **given)[0]


def same(one: State, other: State) -> bool:
    """Return whether two states have the same values and arrays, to the bit."""
    return (
        msgspec.json.encode(one.values, order="sorted")
        == msgspec.json.encode(other.values, order="sorted")
        and set(one.arrays) == set(other.arrays)
        and all(
            array.dtype == other.arrays[name].dtype
            and array.shape == other.arrays[name].shape
            and array.tobytes() == other.arrays[name].tobytes()
            for name, array in one.arrays.items()
        )
    )


def resumed(path: Path, state: State, stamp: checkpoint.Stamp) -> str:
    """Resume a run from a changed checkpoint and return the outcome."""
    newest = checkpoint.folders(path / "checkpoints")[-1]
    shutil.rmtree(newest)
    checkpoint.save(newest, state, stamp)
    config, chosen = load_run(path)
    watcher = Watcher()
    changes = {"stop": {"generations": GENERATIONS + MORE}}
    try:
        session.resume(chosen, path, changes, watcher)
    except EvoError:
        return "refused"
    if any("damaged" in text for text in watcher.messages):
        return "refused"
    engine = engine_class(config.run.engine).restore(
        config.engine,
        state.part("engine"),
        seed=config.run.seed,
        player=chosen.task(config, path).player,
    )
    return "loaded" if same(engine.state(), state.part("engine")) else "wrong"


def judged(path: Path, state: State, stamp: checkpoint.Stamp) -> tuple[str, float]:
    """Resume a copy of a run in a process of its own; return the outcome and the seconds."""
    copy = path.with_name(f"{path.name}-mutant")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path, copy)
    report = copy.with_suffix(".txt")
    report.unlink(missing_ok=True)

    def work() -> int:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        started = time.process_time()
        try:
            found = resumed(copy, state, stamp)
        except Exception:  # noqa: BLE001 - this is what is looked for
            found = f"traceback {traceback.format_exc()}"
        report.write_text(f"{time.process_time() - started}\n{found}")
        return 0

    child = in_child(work)
    deadline = time.monotonic() + SLOW
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if time.monotonic() > deadline:
            os.kill(child, 9)
            exit_code(child)
            return "slow", SLOW
        time.sleep(0.005)
    code = exit_code(child)
    if code:
        return f"crash {code}", 0.0
    seconds, _, found = report.read_text().partition("\n")
    return found, float(seconds)


def measured(name: str, folder: Path, count: int, seed: int) -> Counter[str]:
    """Resume the mutants of one run, print a line, and return the outcomes."""
    path = folder / name
    config = configured(RUNS[name])
    start(path, config)
    state, stamp = checkpoint.load(checkpoint.folders(path / "checkpoints")[-1])
    found, usual = judged(path, state, stamp)
    if found != "loaded":
        raise SystemExit(f"{name}: the unchanged checkpoint is not loaded: {found}")
    outcomes: Counter[str] = Counter()
    longest = 0.0
    chance = random.Random(f"{name} {seed}")
    for number in range(count):
        changed, words = mutant(state, chance)
        with np.errstate(all="ignore"):
            found, seconds = judged(path, changed, stamp)
        kind, _, details = found.partition(" ")
        outcomes[kind] += 1
        longest = max(longest, seconds - usual)
        if kind not in ("refused", "loaded") or seconds - usual > 1:
            print(f"  {name} {number}, {words}: {kind} {details} ({seconds:.1f} s)", flush=True)
    line = ", ".join(f"{outcomes[kind]} {kind}" for kind in OUTCOMES)
    print(
        f"{name:28} {line}; longest {longest:.2f} s above the {usual:.2f} s of the run", flush=True
    )
    return outcomes


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="mutants in all")
    parser.add_argument("--seed", type=int, default=0, help="seed of the changes")
    parser.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    options = parser.parse_args()
    undrawn()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only:
            each = -(-options.count // len(options.only))
            total += measured(name, Path(folder), each, options.seed)
    print(", ".join(f"{total[kind]} {kind}" for kind in OUTCOMES))
    sys.exit(any(total[kind] for kind in OUTCOMES[2:]))


if __name__ == "__main__":
    main()
