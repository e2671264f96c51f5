"""Measure how fast `evo run memorize` learns a folder of real songs, with automatic settings.

    python benchmarks/real_songs.py FOLDER --seeds 3 --workers 2
    python benchmarks/real_songs.py FOLDER --only "chorale*" --durations --limit 120

Every run is the whole command in a process of its own, from start to the champion's files. A table
has a line per song: steps, keys, resolution, lags, and per seed the seconds to the solution by the
run's own clock, and the seconds of processor time of the whole command. The latter hardly depend on
what else the machine does; with one worker they are what an idle machine takes.
The exit code is 1 if a run was not solved in its limit.

Limits, seconds of a run by its own clock, by the file's name:

    chorale_* with --durations   120
    slip_jig_01                  120
    all others                    30
"""

import common  # first: it arranges the import path

# isort: split
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

LIMITS = {"slip_jig_01": 120.0}
LIMIT, DURATIONS_LIMIT = 30.0, 120.0


class Outcome(NamedTuple):
    """One run.

    Attributes:
        solved: Whether all steps were right in closed loop.
        seconds: Time of the run by its own clock.
        processor: Processor time of the command.
        generations: Number of generations.
        right: Right steps.
        total: Steps to play.
        settings: Settings of the run: keys, steps per beat, lags.
    """

    solved: bool
    seconds: float
    processor: float
    generations: int
    right: int
    total: int
    settings: dict[str, Any]


def learned(song: Path, seed: int, limit: float, options: Any) -> Outcome:
    """Return the outcome of one run.

    Args:
        song: A MIDI file.
        seed: Random seed.
        limit: Time limit in seconds.
        options: Options of this script.
    """
    import tomllib

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        command = [
            *common.EVO, "run", "memorize", "--song", str(song), "--seed", str(seed),
            "--workers", str(options.workers), "--time-limit", str(limit), "--out", str(path),
        ]  # fmt: skip
        command += ["--durations"] * options.durations
        command += [word for text in options.set for word in ("--set", text)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run(command, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if ended.returncode:
            raise SystemExit(f"{song}: {(ended.stderr or ended.stdout).strip()}")
        result = json.loads((path / "result.json").read_text())
        tables = tomllib.loads((path / "config.toml").read_text())
    settings = tables["memorize"] | {"lags": tables["network"]["lags"]}
    return Outcome(
        result["solved"],
        result["wall_seconds"],
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        result["generations"],
        result["steps_correct"],
        result["steps_total"],
        settings,
    )


def main() -> int:
    """Run every song with every seed, and print the table."""
    parser = common.parser(__doc__, seeds=3, first_seed=1)
    parser.add_argument("folder", type=Path, help="folder of MIDI files")
    parser.add_argument("--only", default="*", help="pattern of file names")
    parser.add_argument("--durations", action="store_true", help="learn durations, too")
    parser.add_argument("--limit", type=float, help="seconds per run instead of the usual limits")
    options = parser.parse_args()
    usual = DURATIONS_LIMIT if options.durations else LIMIT
    songs = [
        path for path in sorted(options.folder.glob("*.mid")) if fnmatch(path.stem, options.only)
    ]
    if not songs:
        raise SystemExit(f"{options.folder}: no MIDI file is called {options.only}")
    details: dict[str, list[dict[str, Any]]] = {}
    runs: list[Outcome] = []
    for song in songs:
        limit = options.limit or LIMITS.get(song.stem, usual)
        found = [learned(song, seed, limit, options) for seed in common.seeds_of(options)]
        runs += found
        details[song.stem] = [outcome._asdict() for outcome in found]
        given = found[0].settings
        seconds = "  ".join(
            f"{one.seconds:6.1f} ({one.processor:5.1f})"
            if one.solved
            else f"{one.right} of {one.total}!"
            for one in found
        )
        print(
            f"{song.stem:14} {found[0].total:5} steps {given['keys']:3} keys "
            f"{given['steps_per_beat']:2} per beat {len(given['lags']):3} lags  {seconds}",
            flush=True,
        )
    solved = [one for one in runs if one.solved]
    figures = {
        "songs": len(songs),
        "songs solved with every seed": sum(
            all(one["solved"] for one in found) for found in details.values()
        ),
        "runs": len(runs),
        "runs solved": len(solved),
        "median seconds": statistics.median(one.seconds for one in solved) if solved else None,
        "longest seconds": max((one.seconds for one in solved), default=None),
        "longest processor time": max((one.processor for one in solved), default=None),
        "runs over 10 s": sum(one.seconds > 10 or not one.solved for one in runs),
        "runs over 10 s of processor time": sum(
            one.processor > 10 or not one.solved for one in runs
        ),
    }
    common.report(figures, options.json, details)
    return len(solved) < len(runs)


if __name__ == "__main__":
    sys.exit(main())
