"""Import path, options, configurations and runs in memory, for all benchmarks.

Import this module before any other. A script's folder comes first on the import path, and the
`neat.py` of this one would hide neat-python. Importing moves the folder to the end of the path, and
the helpers of the tests after it.

Functions import modules on first use, because the worker processes of a script import the script
again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evo.core.config import Config
    from evo.engines import Engine
    from evo.experiment import Experiment
    from evo.fitness.base import Fitness
    from evo.music.song import Song
    from evo.runs.loop import Record
    from genomes.player import Player

_FOLDER = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if Path(place).resolve() != _FOLDER]
sys.path += [str(_FOLDER), str(_FOLDER.parent / "tests" / "helpers")]

# The command `evo`, in a process of its own.
EVO = (sys.executable, "-P", "-m", "evo")
CHUNK_SIZE = 64  # the default of a run
_OPTIONS = (
    "config", "genome", "engine", "neat_config", "seed", "population", "song", "generations",
    "time_limit", "target", "workers",
)  # fmt: skip


def parser(document: str | None, seeds: int = 0, first_seed: int = 0) -> argparse.ArgumentParser:
    """Return a parser with the options that benchmarks share.

    Args:
        document: Docstring of the script; its first line is the description.
        seeds: Default of --seeds; 0 for a benchmark without runs, which has only --json.
        first_seed: Default of --first-seed.
    """
    found = argparse.ArgumentParser(description=(document or "").split("\n")[0])
    found.add_argument("--json", type=Path, help="write the figures to this file")
    if seeds:
        found.add_argument("--seeds", type=int, default=seeds, help="number of runs")
        found.add_argument("--first-seed", type=int, default=first_seed)
        found.add_argument("--workers", type=int, default=1, help="processes at work")
        found.add_argument("--set", action="append", default=[], help="section.key=value")
    return found


def seeds_of(options: argparse.Namespace) -> range:
    """Return the seeds that --seeds and --first-seed ask for."""
    return range(options.first_seed, options.first_seed + options.seeds)


def report(figures: Mapping[str, Any], path: Path | None = None, details: Any = None) -> None:
    """Print figures, a line each, and write them to a JSON file.

    Args:
        figures: Value by name.
        path: The file; None for none.
        details: More values for the file, as `details`.
    """
    width = max(len(name) for name in figures)
    for name, value in figures.items():
        print(f"{name:{width}}  {f'{value:.5g}' if isinstance(value, float) else value}")
    if path is not None:
        whole = dict(figures) if details is None else {"details": details, **figures}
        path.write_text(json.dumps(whole, indent=2) + "\n")


def configured(
    name: str,
    settings: Sequence[str] = (),
    songs: Sequence[Song] | None = None,
    **options: Any,
) -> tuple[Config, Experiment]:
    """Return the configuration that `evo run` makes of its options, and the experiment.

    Args:
        name: Name of the experiment.
        settings: As after --set: section.key=value.
        songs: The songs of whatever name is given; None to look names up.
        options: Other options of `evo run`: engine, genome, seed, population, workers, ...
    """
    from evo.core.registry import experiment
    from evo.music.song_finder import SongFinder
    from evo.runs.configure import configuration

    given = dict.fromkeys(_OPTIONS) | options | {"settings": settings}
    find = SongFinder() if songs is None else lambda *names: list(songs)
    chosen = experiment(name)
    return configuration(chosen, given, find), chosen


def evolve(
    config: Config, fitness: Fitness, player: Player | None = None
) -> Iterator[tuple[Engine[Any], Record]]:
    """Carry out a run in memory, and yield engine and log record of every generation.

    It breeds what `evo run` breeds by the same configuration, and ends by the same criteria.

    Args:
        config: Configuration of the run.
        fitness: Scores the population.
        player: How performers play.
    """
    from evo.engines import engine_class
    from evo.fitness.base import teach
    from evo.runs.loop import Progress, generations
    from evo.runs.stop import stop_criteria
    from evo.workers.pool.pool import Pool
    from evo.workers.serial import Serial

    run, count, stop = config.run, config.workers.count, stop_criteria(config.stop)
    engine = engine_class(run.engine)(config.engine, seed=run.seed, player=player)
    teach(engine, fitness)
    size = run.chunk_size
    with Serial(run.seed, size) if count == 1 else Pool(count, run.seed, size) as evaluator:
        for record in generations(engine, fitness, evaluator, Progress()):
            yield engine, record
            if stop.reason(record) is not None:
                return


def find_songs(where: str | None, steps: int = 1, steps_per_beat: int | None = None) -> list[Song]:
    """Return the songs of a folder of MIDI files; all embedded tunes for None or "tunes".

    Files that do not fit the instrument are named and left out.

    Args:
        where: The folder.
        steps: Add silent bars up to this length.
        steps_per_beat: Steps per beat; None to choose them for each file.
    """
    from evo.core.errors import MidiError
    from evo.music.song import Song
    from evo.music.tunes import tune, tune_names

    if where in (None, "tunes"):
        return [tune(name) for name in tune_names()]
    songs = []
    more: dict[str, Any] = {} if steps_per_beat is None else {"steps_per_beat": steps_per_beat}
    for path in sorted(Path(where).glob("*.mid")):
        try:
            song = Song.load(path, keys=13, **more)
            songs.append(song.whole_bars(steps))
        except MidiError as error:
            print(f"left out: {error}")
    return songs


def compose(given: Sequence[str], seed: int, path: Path, options: argparse.Namespace) -> None:
    """Carry out `evo run critic` in a process of its own.

    Args:
        given: Options of the run besides those below.
        seed: Random seed.
        path: The run's directory.
        options: With `workers` and `set`.
    """
    command = [*EVO, "run", "critic", *given, "--seed", str(seed), "--out", str(path)]
    command += ["--workers", str(options.workers)]
    for change in options.set:
        command += ["--set", change]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
