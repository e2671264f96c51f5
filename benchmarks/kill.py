"""Kill a run at random instants, resume it each time, and compare it with one left alone.

    python benchmarks/kill.py [--kills 20] [--engine neat-python]

Prints whether the logs (their wall-clock field left out) and the champion's files are the same.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

from evo.files import to_json
from evo.run import read_log

EVO = [sys.executable, "-c", "from evo.cli import main; main()"]


def log_of(run: Path) -> list[bytes]:
    """The records without their wall-clock field."""
    return [
        to_json({name: value for name, value in record.items() if name != "wall_seconds"})
        for record in read_log(run / "log.jsonl")
    ]


def champion_of(run: Path) -> dict[str, bytes]:
    """The champion's files."""
    return {path.name: path.read_bytes() for path in (run / "champion").iterdir()}


def main() -> None:
    """Run, kill, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--engine", default="neat-python")
    parser.add_argument("--generations", type=int, default=150)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds before a kill")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    command = ["memorize", "--engine", options.engine, "--seed", "5", "--set", "stop.solved=false"]
    command += ["--generations", str(options.generations), "--set", "checkpoints.every=3"]
    alone, killed = folder / "alone", folder / "killed"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*EVO, "run", *command, "--out", str(alone)], check=True, **quiet)
    chance = random.Random(1)
    process = subprocess.Popen([*EVO, "run", *command, "--out", str(killed)], **quiet)
    for number in range(options.kills):
        time.sleep(chance.uniform(0.0, options.longest))
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = len(log_of(killed)) if (killed / "log.jsonl").exists() else 0
        print(f"kill {number + 1}: {done} generations in the log", flush=True)
        verb = ["resume"] if (killed / "config.toml").exists() else ["run", *command, "--out"]
        process = subprocess.Popen([*EVO, *verb, str(killed)], **quiet)
    code = process.wait()
    same_log = log_of(alone) == log_of(killed)
    same_champion = champion_of(alone) == champion_of(killed)
    print(f"exit code {code}, logs equal: {same_log}, champions equal: {same_champion}")
    shutil.rmtree(folder)
    sys.exit(0 if same_log and same_champion and code == 0 else 1)


if __name__ == "__main__":
    main()
