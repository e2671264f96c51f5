"""Measure whether critics can be fooled, and evaluate the pieces that they lead to.

    python benchmarks/critic.py critics [FOLDER] [--splits 2]      the critics, cross-validated
    python benchmarks/critic.py search [FOLDER] [--seeds 20] [--seconds 60] [--workers 2]

Songs are the embedded tunes, or the MIDI files of a folder.

`critics` prints means over three folds, for songs that the critic was not trained on. They are
Spearman's correlation between the number of wrong notes (0 to 64) and the score, and the area under
the ROC curve of songs against every kind of counterexample.

`search` runs `evo run critic` once per seed, and evaluates all champions together: by the held-out
critic, by the descriptive measures, by a fresh classifier (on the critics' features, and on the
descriptive measures, which no search uses), and by their variety, compared with that of as many
songs. The critics are trained once; the seconds are those of the search.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from evo.experiments.critic import corpus_of
from evo.experiments.trained_critics import FILE, trained_critics

from evo.fitness.critic.corpus import Rolls
from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP, corrupted, markov
from evo.fitness.critic.features import roll_features
from evo.fitness.critic.fresh_classifier import area_under_curve, classifier_auc
from evo.fitness.critic.model import Critic
from evo.fitness.critic.panel import FOLDS, Panel
from evo.fitness.critic.style import Style
from evo.music.measures import Corpus, measure, outside
from evo.music.measures.bars import form
from evo.music.measures.similarity import spread
from evo.music.song import Song
from evo.music.song_finder import find_songs
from evo.runs import checkpoint
from genomes.arrays import BoolArray, FloatArray


def spearman(one: FloatArray, other: FloatArray) -> float:
    """Rank correlation; ties share their rank."""

    def ranks(values: FloatArray) -> FloatArray:
        below = (values[:, None] > values[None, :]).sum(axis=1)
        alike = (values[:, None] == values[None, :]).sum(axis=1)
        return below + (alike + 1) / 2

    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def judged(critic: Critic, songs: BoolArray, random: np.random.Generator) -> dict[str, float]:
    """Return figures of a critic on songs that it was not trained on."""
    steps, keys = songs.shape[1:]
    of_songs, bar = critic.judge(songs), critic.bars.bar
    errors = np.arange(65)
    correlations = []
    for song in songs:
        wrong = np.array([corrupted(song, int(count), random) for count in errors])
        correlations.append(spearman(errors, critic.judge(wrong)))
    figures = {"Spearman, wrong notes": float(np.mean(correlations))}
    kinds = {
        name: np.array([make(steps, keys, random, bar) for _ in range(200)])
        for name, make in MADE_UP.items()
    }
    kinds["markov"] = np.array(
        [markov(critic.contexts, steps, keys, random, critic.bars) for _ in range(200)]
    )
    for name, shuffle in FROM_SONGS.items():
        kinds[name] = np.array([shuffle(song, random, bar) for song in songs for _ in range(8)])
    for name, rolls in kinds.items():
        figures[f"AUC, {name}"] = area_under_curve(of_songs, critic.judge(rolls))
    return figures


def measure_critics(
    rolls: BoolArray, names: list[str], style: Style, splits: int
) -> dict[str, float]:
    """Return means over all folds of some splits."""
    found = []
    for split in range(splits):
        critics = Panel.train(rolls, names, split, style=style)
        for fold, critic in enumerate(critics.critics):
            random = np.random.default_rng([9, split, fold])
            found.append(judged(critic, rolls[critics.unknown(fold)], random))
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def corpus(folder: str) -> Rolls:
    """Return rolls, names and style of the songs in a folder, "" for the embedded tunes."""
    options = {"song": folder} if folder else {}
    config, _ = common.configured("critic", **options)
    return corpus_of(config.task, find_songs)


def compose(options: argparse.Namespace, folder: Path) -> tuple[Panel, list[dict], BoolArray]:
    """Return the critics, and the results and champions of all seeds."""
    rolls, names, style = corpus(options.folder)
    critics = trained_critics(
        rolls, names, style, seed=options.critic_seed, rounds=options.rounds, show_message=print
    )
    (folder / FILE).write_bytes(checkpoint.pack_arrays(critics.to_arrays()))
    results, champions = [], []
    for seed in common.seeds_of(options):
        path = folder / f"seed{seed}"
        limits = ["--time-limit", f"{options.seconds}s", "--generations", "1000000"]
        critics_of = ["--set", f"critic.critics={folder / FILE}"]
        common.compose([*limits, *critics_of], seed, path, options)
        results.append(json.loads((path / "result.json").read_text()))
        with np.load(path / "champion" / "arrays.npz", allow_pickle=False) as arrays:
            champions.append(arrays["notes"][0])
        song = Song.load(path / "champion" / "song.mid")
        print(json.dumps({"seed": seed, **results[-1], "form": form(song)}), flush=True)
    return critics, results, np.array(champions)


def of_champions(critics: Panel, results: list[dict], champions: BoolArray) -> dict:
    """Return the figures of all champions together."""
    known, songs = critics.known_songs(), Corpus.of(critics.corpus())
    ranges, families = songs.ranges(), dict(zip(critics.names, songs.families, strict=True))
    briefs = [critics.briefs(8, one["seed"]).songs[0] for one in results]
    pieces = [critics.style.song(roll, "") for roll in champions]
    measures = [measure(piece, known) for piece in pieces]

    def table(rows: list) -> FloatArray:
        return np.nan_to_num(np.array([list(row.values()) for row in rows]))

    random = np.random.default_rng(1)
    seen = roll_features(champions, critics.critics[FOLDS - 1].contexts, critics.bars)
    # Songs against songs: the effect of chance on so few.
    described = critics.described()
    halves = random.permutation(len(described))
    few = len(champions)
    alike = [
        classifier_auc(described[halves[few:]], described[halves[:few]], random),
    ]
    rolls = critics.corpus()
    some = [spread([rolls[i] for i in random.permutation(len(rolls))[:few]]) for _ in range(20)]
    return {
        "champions": few,
        "at or above the 25th percentile, held-out critic": sum(
            one["held_out_percentile"] >= 25 for one in results
        ),
        "usual in every measure": sum(not outside(one, ranges) for one in measures),
        "the same, the brief's own song left out of the corpus": sum(
            not outside(one, songs.ranges(int(families[brief])))
            for one, brief in zip(measures, briefs, strict=True)
        ),
        "unusual measures": sorted(name for one in measures for name in outside(one, ranges)),
        "fresh classifier, critics' numbers": classifier_auc(described, seen, random),
        "fresh classifier, descriptive measures": classifier_auc(
            table(songs.measures), table(measures), random
        ),
        "fresh classifier, songs against songs": float(np.mean(alike)),
        "longest known run": max(one["longest_run"] for one in results),
        "variety": spread(pieces),
        "variety of as many songs": {
            name: float(np.mean([one[name] for one in some])) for name in some[0]
        },
    }


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__, seeds=20)
    parser.set_defaults(workers=2)
    parser.add_argument("what", choices=("critics", "search"))
    parser.add_argument("folder", nargs="?", default="", help="MIDI files; by default the tunes")
    parser.add_argument("--splits", type=int, default=2, help="ways to cut songs into three folds")
    parser.add_argument("--critic-seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1, help="of hard negatives")
    parser.add_argument("--seconds", type=float, default=60, help="of a search")
    parser.add_argument("--out", help="where the runs are kept")
    options = parser.parse_args()
    if options.what == "critics":
        rolls, names, style = corpus(options.folder)
        print(f"{len(rolls)} songs, {options.splits} times {FOLDS} folds")
        common.report(measure_critics(rolls, names, style, options.splits), options.json)
        return
    with tempfile.TemporaryDirectory() as folder:
        where = Path(options.out or folder)
        where.mkdir(parents=True, exist_ok=True)
        common.report(of_champions(*compose(options, where)), options.json)


if __name__ == "__main__":
    main()
