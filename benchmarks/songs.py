"""Measure how reliably and how fast `memorize` learns songs by heart.

    python benchmarks/songs.py tunes --seeds 3           every embedded tune
    python benchmarks/songs.py FOLDER --seeds 3          every MIDI file in a folder, each by itself
    python benchmarks/songs.py FOLDER --together         all of them in one network
    python benchmarks/songs.py FOLDER --together --transpositions --steps 128

For single songs it prints how many runs played every step exactly in closed loop, and the median
and longest seconds of evolution (after the kernels are compiled). For all songs together it prints,
for each seed, the seconds until some shares of the achievable steps were right with teacher
forcing, the size of the network, and the memory of the process. Not every step is achievable: the
same inputs may be followed by different steps. Seconds are processor time of this process, or wall
time with several workers.
"""

import common  # first: it arranges the import path

# isort: split
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evo.experiment import player_of
from evo.fitness.memorization import Memorization
from evo.music.song import Song
from evo.runs.loop import Record
from genomes.lessons import Lessons
from genomes.player import Player

MARKS = (0.9, 0.98, 0.99, 0.993, 0.998, 0.999, 1.0)
SIZES = ("mean_nodes", "mean_connections", "literals")


def achievable(songs: list[Song], player: Player | None, prompt_steps: int) -> tuple[int, int]:
    """Return the steps that a player can follow right at best, and all steps.

    Without a player, performers have the whole past as input, or none. Every step is achievable.
    """
    if player is None:
        total = sum(len(song.onsets) - prompt_steps for song in songs)
        return total, total
    if any(level % 1 for level in (player.off, player.on, player.before_start)):
        raise SystemExit("levels of inputs must be whole numbers: they are compared as such")
    windows = [player.input_rows(song.onsets)[:, prompt_steps:].astype(np.int8) for song in songs]
    wanted = np.concatenate([song.onsets[prompt_steps:].T for song in songs], axis=1)
    lessons = Lessons.of(np.concatenate(windows, axis=1), wanted)
    return lessons.achievable, lessons.steps


def course(
    songs: list[Song], settings: Sequence[str], **options: Any
) -> Iterator[tuple[float, float, Record]]:
    """Learn songs in memory until all achievable steps are right.

    Args:
        songs: Songs to learn.
        settings: As after --set.
        options: Other options of `evo run memorize`.

    Yields:
        Seconds, the share of the achievable steps that are right, and the log record.
    """
    config, _ = common.configured("memorize", settings, songs, **options)
    table, player = config.task, player_of(config, config.task.keys)
    if table.mode not in ("follow", "perform"):
        raise SystemExit("memorize.mode must be follow or perform: steps right are counted")
    best, _ = achievable(songs, player, table.prompt_steps)
    fitness = Memorization(songs, table.prompt_steps, table.mode)
    clock = time.perf_counter if config.workers.count > 1 else time.process_time
    began = clock()
    for _, record in common.evolve(config, fitness, player):
        share = record["figures"]["follow_correct"] / best
        yield clock() - began, share, record
        if share >= 1.0:
            return


def learn(songs: list[Song], settings: list[str], **options: Any) -> dict[str, float | bool]:
    """Return the figures of one run in memory.

    Args:
        songs: Songs to learn.
        settings: As after --set.
        options: Other options of `evo run memorize`.
    """
    settings = ["stop.generations=0", "stop.solved=false", *settings]
    until: dict[str, float] = {}
    for seconds, share, record in course(songs, settings, **options):  # noqa: B007
        for mark in MARKS:
            if share >= mark:
                until.setdefault(f"to {100 * mark:g} %", seconds)
    figures = record["figures"]
    return {
        "solved": figures["solved"],
        "seconds": seconds,
        "share": share,
        "steps": figures["steps_total"],
        "achievable": round(figures["follow_correct"] / share),
        "generations": record["generation"] + 1,
        "evaluations": record["evaluations"],
        **{name: record["engine"][name] for name in SIZES if name in record["engine"]},
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **until,
    }


def main() -> None:
    """Learn and print."""
    parser = common.parser(__doc__, seeds=3)
    parser.add_argument("songs", help="`tunes`, or a folder of MIDI files")
    parser.add_argument("--engine", default="neat")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of a run")
    parser.add_argument("--together", action="store_true", help="one network for all songs")
    parser.add_argument("--steps", type=int, default=1, help="repeat songs up to this length")
    parser.add_argument("--transpositions", action="store_true", help="in all positions that fit")
    options = parser.parse_args()
    songs = common.find_songs(options.songs, options.steps)
    if options.songs != "tunes":
        songs = [song for song in songs if song.keys == 13]
    if options.transpositions:
        songs = [moved for song in songs for moved in song.transpositions()]
    given = {"settings": options.set, "engine": options.engine, "workers": options.workers}
    given["time_limit"] = options.limit
    learn(songs[:1], **given | {"time_limit": 1e9, "workers": 1})  # compiles
    if options.together:
        together = [learn(songs, seed=seed, **given) for seed in common.seeds_of(options)]
        names = [name for name in together[0] if all(name in run for run in together)]
        spread = {name: [round(float(run[name]), 4) for run in together] for name in names}
        common.report({"songs": len(songs), **spread}, options.json)
        return
    runs = []
    for song in songs:
        for seed in common.seeds_of(options):
            run = learn([song], seed=seed, **given)
            runs.append(run)
            if not run["solved"]:
                print(f"not solved: {song.name}, seed {seed}, {100 * run['share']:.1f} %")
    figures = {
        "songs": len(songs),
        "runs": len(runs),
        "solved": sum(bool(run["solved"]) for run in runs),
        "median_seconds": statistics.median(run["seconds"] for run in runs),
        "longest_seconds": max(run["seconds"] for run in runs),
        "median_evaluations": statistics.median(run["evaluations"] for run in runs),
    }
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
