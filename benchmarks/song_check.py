"""Measure `evo songs check` on a folder of 1,000 files, 65 of them damaged: time and memory.

    python benchmarks/song_check.py [--files 1000] [--damaged 65]

The generator of the tests writes the files into a temporary folder: every fault and a similar
harmless file, four times each, and melodies. The command runs in a process of its own. The number
of damaged files that it names is printed too.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import json
import resource
import subprocess
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from midi_files import DAMAGED, FAULTY, INNOCENT, Voice, melody, write_piece


def write_folder(folder: Path, files: int, damaged: int) -> set[str]:
    """Write the files; return the paths of the damaged ones."""
    bad = set()
    for number, write in enumerate(islice(cycle(DAMAGED.values()), damaged)):
        path = folder / f"damaged-{number:03d}.mid"
        write(path)
        bad.add(str(path))
    writers = [*(write for _, write in FAULTY.values()), *INNOCENT.values()]
    for number in range(files - damaged):
        path = folder / f"{number:04d}.mid"
        if number < 4 * len(writers):
            writers[number % len(writers)](path)
        else:
            write_piece(path, Voice(melody(1_000 + number, beats=128)))
    return bad


def main() -> None:
    """Write, check, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--damaged", type=int, default=65)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, records = Path(place) / "songs", Path(place) / "records.json"
        folder.mkdir()
        bad = write_folder(folder, options.files, options.damaged)
        started = time.monotonic()
        command = [*common.EVO, "songs", "check", str(folder), "--json", str(records)]
        ended = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        named = {
            record["path"]
            for record in json.loads(records.read_text())
            if {"damaged", "large"} & {fault["fault"] for fault in record["faults"]}
        }
        lines = {
            line.partition(": ")[0]
            for line in ended.stdout.splitlines()
            if ": dam" in line or ": too large" in line
        }
    print(ended.stdout[ended.stdout.rindex("\nfault") :])
    times = f"{seconds:.1f} s, {cpu:.1f} s of CPU"
    print(f"exit code {ended.returncode}, {times}, {memory:.0f} MB at the most")
    print(
        f"damaged: {len(bad)}, named in the records {len(named & bad)}, in lines {len(lines & bad)}"
    )
    print(f"others called damaged: {len(named - bad)}")


if __name__ == "__main__":
    main()
