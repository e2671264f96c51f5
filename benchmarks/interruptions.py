"""Interrupt runs at random instants by signals, resume them, and compare the ends.

    python benchmarks/interruptions.py [--times 200] [--seed 0] [--at-once 2] [--only NAME ...]

Each trial starts `evo run` in a process of its own, with one worker or two, and sends it a signal
at a random instant of its life: SIGKILL, SIGTERM, SIGHUP, SIGINT or SIGUSR1 to the process alone or
to its whole group, or SIGSTOP followed by SIGCONT. If the run did not end by itself, it is resumed.
The end must equal that of an undisturbed run: log without times, champion and figures. No process
of the trial may be left after 10 s, and no temporary file. Prints a line for every broken promise,
and the counts. Exits with 1 if a promise was broken.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from disturbing import session_of
from golden import facts

# Name -> arguments of `evo run`: every engine and every experiment.
RUNS = {
    "memorize-neat": "memorize --generations 60",
    "memorize-neat-python": "memorize --engine neat-python --population 60 --generations 8",
    "memorize-ga": "memorize --genome grid --generations 60",
    "memorize-es": "memorize --genome history-user --generations 12",
    "critic-ga": "critic --generations 30 --set critic.pieces=4 --population 64"
    " --set critic.rounds=0",
    "guess-neat": "guess --generations 15",
    "guess-coevolved": "guess --set guess.score=coevolved --generations 5",
    "guess-ga": "guess --genome grid --generations 30",
    "guess-es": "guess --genome history-user --generations 15",
    "copy": "copy --generations 60",
    "xor-neat": "xor --population 100 --generations 80 --set stop.solved=false",
    "xor-random": "xor --engine random --population 100 --generations 60",
    "xor-one-plus-one": "xor --engine one-plus-one --generations 400",
}
SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1", "SIGSTOP")
LEFT = 10.0  # seconds in which the processes of a trial have to end


def command(name: str, path: Path, workers: int) -> list[str]:
    """Return the command line of a run."""
    words = [*common.EVO, "run", *RUNS[name].split(), "--seed", "4", "--out", str(path)]
    return [*words, "--workers", str(workers), "--set", "checkpoints.every=2"]


def started(words: list[str], report: Path) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own, with its output in a file."""
    with report.open("ab") as file:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )


def left(process: "subprocess.Popen[bytes]") -> list[int]:
    """Return the processes of a session that are still there after some seconds."""
    deadline = time.monotonic() + LEFT
    while time.monotonic() < deadline:
        if not session_of(process.pid):
            return []
        time.sleep(0.05)
    return session_of(process.pid)


def trial(folder: Path, name: str, number: int, seconds: float, wanted: Any, seed: int) -> str:
    """Interrupt and resume a run; return "" or the broken promise."""
    chance = random.Random(f"{seed} {number}")
    path, report = folder / f"{number}", folder / f"{number}.txt"
    workers, kind = chance.choice((1, 2)), SIGNALS[number % len(SIGNALS)]
    to_group = chance.random() < 0.5
    temporary = folder / f"{number}-tmp"
    temporary.mkdir()
    process = started(["env", f"TMPDIR={temporary}", *command(name, path, workers)], report)
    time.sleep(chance.uniform(0.2, seconds))
    words = f"{name} {number}, {kind} to {'all' if to_group else 'one'}, {workers} workers"
    send = os.killpg if to_group else os.kill
    with suppress(ProcessLookupError):
        send(process.pid, getattr(signal, kind))
        if kind == "SIGSTOP":
            time.sleep(chance.uniform(0.1, 2.0))
            send(process.pid, signal.SIGCONT)
    code = process.wait(120)
    if left(process):
        return f"{words}: processes are left: {left(process)}"
    done = path / "run.json"
    for _ in range(3):
        if (path / "config.toml").exists() and done.exists():
            if json.loads(done.read_text())["status"] == "finished":
                break
            again = started([*common.EVO, "resume", str(path)], report)
        else:
            again = started(command(name, path, workers), report)
        code = again.wait(300)
        if code or left(again):
            return f"{words}: resume ended with {code}: {report.read_text()[-300:]}"
    if "Traceback" in report.read_text():
        return f"{words}: a traceback: {report.read_text()[-600:]}"
    leftovers = [*path.rglob(".tmp-*"), *temporary.iterdir()]
    if leftovers:
        return f"{words}: temporary files are left: {leftovers}"
    found = facts(path)
    different = [what for what in wanted if found[what] != wanted[what]]
    return f"{words}: another end: {different}" if different else ""


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--times", type=int, default=200, help="trials in all")
    parser.add_argument("--seed", type=int, default=0, help="seed of the instants")
    parser.add_argument("--at-once", type=int, default=2, help="trials at work")
    parser.add_argument("--only", nargs="*", choices=list(RUNS), default=list(RUNS))
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(options.at_once) as pool:
        folder = Path(place)
        usual = {}
        for name in options.only:
            begin = time.monotonic()
            report = folder / f"{name}.txt"
            if started(command(name, folder / name, 1), report).wait():
                raise SystemExit(report.read_text())
            usual[name] = (time.monotonic() - begin, facts(folder / name))
            print(f"{name:24} {usual[name][0]:.1f} s undisturbed", flush=True)
        names = itertools.islice(itertools.cycle(options.only), options.times)
        trials = [
            pool.submit(trial, folder, name, number, *usual[name], options.seed)
            for number, name in enumerate(names)
        ]
        for one in trials:
            problem = one.result()
            outcomes["broken" if problem else "equal"] += 1
            if problem:
                print(problem, flush=True)
    print(f"{outcomes['equal']} of {options.times} ends equal the undisturbed run's")
    sys.exit(bool(outcomes["broken"]))


if __name__ == "__main__":
    main()
