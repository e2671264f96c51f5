"""Can the critics be fooled, and what does a search that pleases them find?

    python benchmarks/critic.py critics [FOLDER] [--splits 2]      the critics, cross-validated
    python benchmarks/critic.py search [FOLDER] [--seeds 20] [--seconds 60] [--workers 2]

Songs are the embedded tunes, or the MIDI files of a folder.

`critics` prints, of songs that the critic never heard, Spearman's correlation between the number
of wrong notes (0 to 64) and the score, mean over songs, and for every kind of what is no song the
area under the ROC curve against songs; means over three folds.

`search` runs `evo run critic` once a seed, and judges the champions of all together: by the critic
that the search never met, by the descriptive measures, by a fresh classifier (on the critics'
numbers, and on the descriptive measures, which no search has seen), and by their variety beside
that of as many songs. The critics are trained once; the seconds are those of the search.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

import numpy as np
from evo.experiments.critic import FILE, corpus_of, default_config

from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP, corrupted, markov
from evo.fitness.critic.features import roll_features
from evo.fitness.critic.fresh_classifier import area_under_curve, classifier_auc
from evo.fitness.critic.hard_negatives import train
from evo.fitness.critic.model import Critic
from evo.fitness.critic.panel import FOLDS, Panel
from evo.music.measures import Corpus, measure, outside
from evo.music.measures.bars import form
from evo.music.measures.similarity import spread
from evo.music.song import Song
from evo.runs import checkpoint
from genomes.arrays import BoolArray, FloatArray

EVO = (sys.executable, "-P", "-c", "from evo.cli.main import main; main()")


def spearman(one: FloatArray, other: FloatArray) -> float:
    """Rank correlation; ties share their rank."""

    def ranks(values: FloatArray) -> FloatArray:
        below = (values[:, None] > values[None, :]).sum(axis=1)
        alike = (values[:, None] == values[None, :]).sum(axis=1)
        return below + (alike + 1) / 2

    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def judged(critic: Critic, songs: BoolArray, random: np.random.Generator) -> dict[str, float]:
    """What is measured of a critic on songs that it never heard."""
    steps, keys = songs.shape[1:]
    of_songs = critic.judge(songs)
    errors = np.arange(65)
    correlations = []
    for song in songs:
        wrong = np.array([corrupted(song, int(count), random) for count in errors])
        correlations.append(spearman(errors, critic.judge(wrong)))
    figures = {"Spearman, wrong notes": float(np.mean(correlations))}
    kinds = {
        name: np.array([make(steps, keys, random) for _ in range(200)])
        for name, make in MADE_UP.items()
    }
    kinds["markov"] = np.array([markov(critic.contexts, steps, keys, random) for _ in range(200)])
    for name, shuffle in FROM_SONGS.items():
        kinds[name] = np.array([shuffle(song, random) for song in songs for _ in range(8)])
    for name, rolls in kinds.items():
        figures[f"AUC, {name}"] = area_under_curve(of_songs, critic.judge(rolls))
    return figures


def measure_critics(rolls: BoolArray, names: list[str], splits: int) -> dict[str, float]:
    """Means over all folds of some splits."""
    found = []
    for split in range(splits):
        critics = Panel.train(rolls, names, split)
        for place, critic in enumerate(critics.critics):
            random = np.random.default_rng([9, split, place])
            found.append(judged(critic, rolls[critics.unknown(place)], random))
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def compose(arguments: argparse.Namespace, folder: Path) -> tuple[Panel, list[dict], BoolArray]:
    """The critics, and the results and champions of all seeds."""
    rolls, names = corpus_of(default_config("ga")["critic"] | {"song": arguments.folder})
    critics = train(rolls, names, arguments.critic_seed, arguments.rounds, print)
    (folder / FILE).write_bytes(checkpoint.pack_arrays(critics.to_arrays()))
    results, champions = [], []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        path = folder / f"seed{seed}"
        command = [*EVO, "run", "critic", "--seed", str(seed), "--out", str(path)]
        command += ["--time-limit", f"{arguments.seconds}s", "--workers", str(arguments.workers)]
        command += ["--generations", "1000000", "--set", f"critic.critics={folder / FILE}"]
        for change in arguments.set:
            command += ["--set", change]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        results.append(json.loads((path / "result.json").read_text()))
        song = Song.load(path / "champion" / "song.mid", steps=rolls.shape[1])
        champions.append(song.grid)
        print(json.dumps({"seed": seed, **results[-1], "form": form(song)}), flush=True)
    return critics, results, np.array(champions)


def of_champions(critics: Panel, results: list[dict], champions: BoolArray) -> dict:
    """The figures of all champions together."""
    known, corpus = critics.known_songs(), Corpus.of(list(critics.songs))
    ranges, families = corpus.ranges(), dict(zip(critics.names, corpus.families, strict=True))
    briefs = [critics.briefs(8, one["seed"]).songs[0] for one in results]
    measures = [measure(roll, known) for roll in champions]

    def table(rows: list) -> FloatArray:
        return np.nan_to_num(np.array([list(row.values()) for row in rows]))

    random = np.random.default_rng(1)
    seen = roll_features(champions, critics.critics[FOLDS - 1].contexts)
    # Half of the songs against the other half: what chance makes of so few.
    described = critics.described()
    halves = random.permutation(len(described))
    few = len(champions)
    alike = [
        classifier_auc(described[halves[few:]], described[halves[:few]], random),
    ]
    some = [
        spread(list(critics.songs[random.permutation(len(critics.songs))[:few]])) for _ in range(20)
    ]
    return {
        "champions": few,
        "at or above the 25th percentile, held-out critic": sum(
            one["held_out_percentile"] >= 25 for one in results
        ),
        "usual in every measure": sum(not outside(one, ranges) for one in measures),
        "the same, the brief's own song left out of the corpus": sum(
            not outside(one, corpus.ranges(int(families[brief])))
            for one, brief in zip(measures, briefs, strict=True)
        ),
        "unusual measures": sorted(name for one in measures for name in outside(one, ranges)),
        "fresh classifier, critics' numbers": classifier_auc(described, seen, random),
        "fresh classifier, descriptive measures": classifier_auc(
            table(corpus.measures), table(measures), random
        ),
        "fresh classifier, songs against songs": float(np.mean(alike)),
        "longest known run": max(one["longest_run"] for one in results),
        "variety": spread(list(champions)),
        "variety of as many songs": {
            name: float(np.mean([one[name] for one in some])) for name in some[0]
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("critics", "search"))
    parser.add_argument("folder", nargs="?", default="", help="MIDI files; the embedded tunes")
    parser.add_argument("--splits", type=int, default=2, help="ways to cut songs into three folds")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--critic-seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1, help="of hard negatives")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="as `evo run critic` takes it")
    parser.add_argument("--out", help="where the runs are kept")
    arguments = parser.parse_args()
    if arguments.what == "critics":
        rolls, names = corpus_of(default_config("ga")["critic"] | {"song": arguments.folder})
        figures = measure_critics(rolls, names, arguments.splits)
        print(f"{len(rolls)} songs, {arguments.splits} times {FOLDS} folds")
        for name, value in figures.items():
            print(f"{name:28} {value:7.3f}")
        return
    with tempfile.TemporaryDirectory() as folder:
        where = Path(arguments.out or folder)
        where.mkdir(parents=True, exist_ok=True)
        figures = of_champions(*compose(arguments, where))
    for name, value in figures.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
