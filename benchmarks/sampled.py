"""Measure melodies that readers play by chance: as songs are, and no copies.

    python benchmarks/sampled.py FOLDER --seeds 4 --melodies 20
    python benchmarks/sampled.py tunes --prompt 16

A reader learns the songs of a folder, once per seed. It then plays melodies from nothing, or after
the first steps of each of the songs in turn. A melody passes if it is within the songs' range (from
1 to 99 %) in density, range, scale, repeated notes, self-repetition and empty bars, in all at once.
`songs_pass` is the share of songs that pass, each by the range of the others. Printed are also the
longest run of tokens that a melody shares with a song, and the area under the curve of a forest
that tells melodies from songs by phrases, cadences, downbeats and motives (`metres.described`).
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import metres
import numpy as np

from evo.core.seeds import Role, stream
from evo.experiment import player_of
from evo.fitness.next_step import NextStep
from evo.music.measures import measure
from evo.music.measures.bars import bar_of, blocks
from evo.music.measures.similarity import KnownSongs
from evo.music.song import Song
from genomes.arrays import BoolArray

GATES = (
    "onset_density", "pitch_range", "scale_consistency", "repeated_notes", "self_repetition",
)  # fmt: skip
EMPTY = "empty_bars"


def numbers(song: Song) -> dict[str, float]:
    """Return what is compared with songs, by name."""
    measures = measure(song)
    bars = blocks(song.onsets, bar_of(song))
    return {name: measures[name] for name in GATES} | {EMPTY: float((~bars.any((1, 2))).mean())}


def failed(one: dict[str, float], others: Sequence[dict[str, float]]) -> list[str]:
    """Return the numbers outside the range of others, from 1 to 99 %."""
    found = []
    for name, value in one.items():
        low, high = np.nanquantile([other[name] for other in others], (0.01, 0.99))
        if not low <= value <= high:
            found.append(f"{name} {'low' if value < low else 'high'}")
    return found


def usual_metre(songs: Sequence[Song]) -> list[Song]:
    """Return the songs in the most frequent bar."""
    kinds = [(song.metre.beats, song.metre.unit, song.steps_per_beat) for song in songs]
    usual = Counter(kinds).most_common(1)[0][0]
    return [song for song, kind in zip(songs, kinds, strict=True) if kind == usual]


def learn(songs: Sequence[Song], seed: int, generations: int, settings: Sequence[str]) -> Any:
    """Return the champion of readers that learned songs, as a batch of one."""
    given = ["memorize.mode=likelihood", f"stop.generations={generations}", *settings]
    config, _ = common.configured("memorize", given, songs=songs, genome="reader", seed=seed)
    table = config.task
    fitness = NextStep(songs, [], table.prompt_steps, min(table.batch, len(songs)))
    player = player_of(config, songs[0].keys)
    for engine, _ in common.evolve(config, fitness, player):
        last = engine
    return last.champion.performers


def play(
    champion: Any, songs: Sequence[Song], seed: int, options: argparse.Namespace
) -> list[Song]:
    """Return melodies that a champion plays by chance."""
    melodies = []
    for number in range(options.melodies):
        like = songs[number % len(songs)]
        prompt: BoolArray = like.onsets[: options.prompt]
        played = champion.perform(
            prompt, options.steps, [stream(seed, Role.PLAY, number)], options.temperature
        )[0]
        metre = replace(like.metre, first_bar=0)
        melodies.append(replace(like.played(played), name=f"melody-{number}", metre=metre))
    return melodies


def judged(melodies: Sequence[Song], songs: Sequence[Song]) -> dict[str, Any]:
    """Return figures of melodies, compared with songs."""
    of_songs = [numbers(song) for song in songs]
    fails = [failed(numbers(melody), of_songs) for melody in melodies]
    known = KnownSongs.of(songs)
    runs = [int(measure(melody, known)["known_run"]) for melody in melodies]
    parts = np.array_split(metres.table(melodies), metres.FOLDS)
    return {
        "pass": sum(not names for names in fails),
        "fails": dict(Counter(name for names in fails for name in names)),
        "longest_known_run": max(runs),
        "median_known_run": float(np.median(runs)),
        "forest": metres.auc(metres.table(songs), parts, np.random.default_rng(0)),
    }


def main() -> None:
    """Learn, play and print."""
    parser = common.parser(__doc__, seeds=4, first_seed=5000)
    parser.add_argument("folder", help="MIDI files; `tunes` for the embedded tunes")
    parser.add_argument("--generations", type=int, default=300)
    parser.add_argument("--melodies", type=int, default=20, help="per seed")
    parser.add_argument("--steps", type=int, default=128, help="of a melody")
    parser.add_argument("--prompt", type=int, default=0, help="steps of the song to begin with")
    parser.add_argument("--temperature", type=float, default=0.9)
    options = parser.parse_args()
    songs = usual_metre(common.find_songs(options.folder))
    of_songs = [numbers(song) for song in songs]
    usual = [
        not failed(one, of_songs[:index] + of_songs[index + 1 :])
        for index, one in enumerate(of_songs)
    ]
    print(f"{len(songs)} songs, of which {sum(usual)} pass by the range of the others")
    rows = []
    for seed in common.seeds_of(options):
        begin = time.process_time()
        champion = learn(songs, seed, options.generations, options.set)
        row = {"seconds": round(time.process_time() - begin, 1)}
        row |= judged(play(champion, songs, seed, options), songs)
        rows.append(row)
        print(f"seed {seed}:", row, flush=True)
    figures = {
        "songs_pass": float(np.mean(usual)),
        "pass": [row["pass"] for row in rows],
        "longest_known_run": [row["longest_known_run"] for row in rows],
        "forest": [round(row["forest"], 2) for row in rows],
    }
    common.report(figures, options.json, rows)


if __name__ == "__main__":
    main()
