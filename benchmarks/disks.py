"""Carry out runs on disks that are too small: for the run, for compiled kernels, for temporary
files.

    sudo python benchmarks/disks.py [--sizes 100k 200k 400k 1m]

Each disk is a file system in memory, which only the administrator can mount. A run that ends early
must say in one line which disk is full. It is resumed with more room (or begun again, if the disk
had no room for its configuration), and its end must equal that of a run on a large disk. Exits
with 1 if a promise was broken.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RUNS = {
    "memorize-neat": "memorize --generations 20 --set stop.solved=false",
    "memorize-ga": "memorize --genome grid --generations 30 --set stop.solved=false",
    "memorize-es": "memorize --genome history-user --generations 5",
    "xor-neat": "xor --generations 30 --set stop.solved=false",
}
FULL = "No space left on device"
UNITS = {"k": 1 << 10, "m": 1 << 20}
LEFT = 8192  # bytes that a nearly full disk for temporary files has left


def evo(words: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    """Carry out a command of `evo`."""
    return subprocess.run(
        [*common.EVO, *words], env=os.environ | environment, capture_output=True, text=True
    )


def digest(run: Path) -> Any:
    """Return the digest of a run's log, or None before its end."""
    result = run / "result.json"
    return json.loads(result.read_text())["digest"] if result.exists() else None


def tried(name: str, use: str, size: str, disk: Path, usual: Any) -> str:
    """Carry out a run with a small disk for one use; return the broken promise, or ""."""
    path = disk / "run" if use == "run" else disk.with_name("run")
    shutil.rmtree(path, ignore_errors=True)
    words = ["run", *RUNS[name].split(), "--seed", "5", "--set", "checkpoints.every=3"]
    words += ["--out", str(path)]
    environment = {}
    if use == "kernels":
        environment["NUMBA_CACHE_DIR"] = str(disk)
    elif use == "temporary":
        environment["TMPDIR"] = str(disk)
        (disk / "filling").write_bytes(bytes(int(size[:-1]) * UNITS[size[-1]] - LEFT))
    done = evo(words, **environment)
    message = done.stderr.strip()
    if "Traceback" in message or "\n" in message:
        return message
    if done.returncode:
        if FULL not in message or str(disk) not in message:
            return f"it does not name the full disk: {message}"
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        again = ["resume", str(path)] if (path / "config.toml").exists() else words
        done = evo(again)
        if done.returncode:
            return f"it cannot be resumed: {done.stderr}"
    return "" if digest(path) == usual else "it has another end"


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", nargs="*", default=["100k", "200k", "400k", "1m"])
    options = parser.parse_args()
    if os.geteuid():
        parser.error("only the administrator can mount file systems")
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder) / "disk"
        disk.mkdir()
        for name, words in RUNS.items():
            path = Path(folder) / name
            usual = [*words.split(), "--seed", "5", "--set", "checkpoints.every=3"]
            evo(["run", *usual, "--out", str(path)])
            for use in ("run", "kernels", "temporary"):
                for size in options.sizes:
                    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
                    subprocess.run(mount, check=True)
                    try:
                        problem = tried(name, use, size, disk, digest(path))
                    finally:
                        subprocess.run(["umount", str(disk)], check=True)
                    broken += bool(problem)
                    print(f"{name:14} {use:10} {size:>5}  {problem or 'equal'}", flush=True)
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()
