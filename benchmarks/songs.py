"""How reliably and how fast does `memorize` learn songs by heart?

    python benchmarks/songs.py tunes --seeds 3           every embedded tune
    python benchmarks/songs.py FOLDER --seeds 3          every MIDI file in a folder, each by itself
    python benchmarks/songs.py FOLDER --together         all of them in one network

Prints, for single songs, how many runs played every step exactly in closed loop, and the median and
longest seconds of evolution (kernels compiled before); for all together, the share of what can be
achieved (the same window may be followed by different steps) over time, while following.
"""

import argparse
import json
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

from evo.experiments.memorize import default_config, player_of

from evo.core.errors import MidiError
from evo.engines import engine_class
from evo.experiment import Config, merge
from evo.fitness.memorization import Memorization
from evo.music.song import Song
from evo.music.tunes import tune, tune_names
from evo.runs.configure import setting
from evo.runs.loop import Progress, generations
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial
from genomes.player import Player


def find(where: str) -> list[Song]:
    """The songs to learn; files that do not fit the instrument are named and left out."""
    if where == "tunes":
        return [tune(name) for name in tune_names()]
    songs = []
    for path in sorted(Path(where).glob("*.mid")):
        try:
            songs.append(Song.load(path).whole_bars())
        except MidiError as error:
            print(f"left out: {error}")
    return songs


def achievable(songs: list[Song], player: Player | None, prompt_steps: int) -> tuple[int, int]:
    """Steps that a player hearing this can follow right at best, and all steps.

    Without a player, performers hear the whole past, or play each step by itself.
    """
    if player is None:
        total = sum(len(song.grid) - prompt_steps for song in songs)
        return total, total
    following: defaultdict[bytes, Counter[bytes]] = defaultdict(Counter)
    for song in songs:
        windows = player.hear(song.grid)[:, prompt_steps:].T
        for window, row in zip(windows, song.grid[prompt_steps:], strict=True):
            following[window.tobytes()][row.tobytes()] += 1
    return (
        sum(max(rows.values()) for rows in following.values()),
        sum(rows.total() for rows in following.values()),
    )


def learn(
    songs: list[Song], config: Config, seed: int, limit: float, workers: int, every: float = 0.0
) -> dict[str, float | bool]:
    """One run in memory; prints its course every so many seconds, if at all."""
    player = player_of(config)
    name = config["run"]["engine"]
    prompt_steps = config["memorize"]["prompt_steps"]
    engine = engine_class(name)(config[name], seed=seed, player=player)
    best, total = achievable(songs, player, prompt_steps)
    if every:
        print(f"{len(songs)} songs, {total} steps, {best} achievable")
    size = config["run"]["chunk_size"]
    evaluator = Serial(seed, size) if workers == 1 else Pool(workers, seed, size)
    fitness = Memorization(songs, prompt_steps, config["memorize"]["mode"])
    shown = 0.0
    with evaluator:
        for record in generations(engine, fitness, evaluator, Progress()):
            seconds, figures = record["wall_seconds"], record["figures"]
            share = figures["follow_correct"] / best
            over = figures["solved"] or share >= 1.0 or seconds >= limit
            if every and (over or seconds >= shown):
                shown = seconds + every
                print(
                    f"{seconds:7.1f} s, generation {record['generation']}: "
                    f"{figures['follow_correct']} followed right, {100 * share:.1f} %",
                    flush=True,
                )
            if over:
                return {
                    "solved": figures["solved"],
                    "seconds": seconds,
                    "share": share,
                    "evaluations": record["evaluations"],
                }
    raise AssertionError("the loop has no end of its own")


def main() -> None:
    """Learn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", help="`tunes`, or a folder of MIDI files")
    parser.add_argument("--engine", default="neat")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds a run")
    parser.add_argument("--together", action="store_true", help="one network for all songs")
    parser.add_argument("--transpositions", action="store_true", help="in all positions that fit")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="table.key=value")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    songs = find(options.songs)
    config = default_config(options.engine)
    for text in options.set:
        config = merge(config, setting(text))
    config["memorize"]["mode"] = config["memorize"]["mode"] or "follow"
    if config["memorize"]["mode"] not in ("follow", "perform"):
        parser.error("memorize.mode must be follow or perform: steps right are counted")
    if options.transpositions:
        songs = [moved for song in songs for moved in song.transpositions()]
    if options.together:
        figures = learn(
            songs, config, options.first_seed, options.limit, options.workers, every=15.0
        )
    else:
        learn(songs[:1], config, 0, 1e9, 1)  # compiles
        runs = []
        for song in songs:
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                run = learn([song], config, seed, options.limit, options.workers)
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
    for name, value in figures.items():
        print(f"{name:20} {value}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
