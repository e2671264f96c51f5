"""Measure music in every metre: ranges of real tunes, and pieces composed in the metre of a folder.

    python benchmarks/metres.py measure FOLDER ...             real tunes within the others' ranges
    python benchmarks/metres.py compose FOLDER [--seeds 3]     compose pieces, and tell them apart
    python benchmarks/metres.py judge RUN ...                  tell apart pieces of finished runs

Each folder has the MIDI files of tunes of one metre. `compose tunes` takes the embedded tunes.

`measure` prints the share of tunes that are within the range of the other tunes in every measure
of `evo songs measure`, for the same number of tunes in every folder.

`compose` runs `evo run critic --song FOLDER` once per seed. `judge` describes the pieces and the
songs by their phrases, cadences, downbeats and motives (`described`), which no search uses. A
random forest is trained to tell pieces from songs. It is judged *across* runs (on the pieces of a
run, trained on those of the other runs) and *within* runs (trained on other pieces of the same
run). An area under the ROC curve of 0.5 means that it cannot tell them apart. `songs` is the same
for songs drawn at random in place of the pieces. Of the pairs of pieces of one run, it prints the
share that has a bar in common, or two bars in any key. It also prints the means of the measures
that give pieces away, and the middle half of the songs.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evo.fitness.critic.fresh_classifier import area_under_curve
from evo.fitness.critic.panel import Panel
from evo.fitness.critic.report import against_songs
from evo.music.measures import Corpus, outside
from evo.music.measures.shared_bars import shares_of_pairs
from evo.music.melody import Bar, best_key, melody
from evo.music.song import Song
from evo.music.song_finder import load_songs
from evo.runs import checkpoint
from genomes.arrays import BoolArray, FloatArray, IntArray

TREES, LEAF, FOLDS, REPEATS = 200, 2, 5, 3


# Descriptions of a song


def described(song: Song) -> dict[str, float]:
    """Return numbers that describe phrases, cadences, downbeats and motives of a song."""
    steps, keys = melody(song.onsets)
    metre = song.metre
    bar = Bar.of(metre.beats, metre.unit, song.steps_per_beat)
    steps = steps - metre.first_bar
    end = -(-(int(steps[-1]) + 1) // bar.steps) * bar.steps
    waits = np.diff(steps, append=end)
    counts = np.bincount((keys + song.lowest_note) % 12, waits, minlength=12)
    degrees = (keys + song.lowest_note - best_key(counts)[0]) % 12
    return {
        **_phrases(steps, keys, waits, bar, end),
        **_cadences(steps, keys, waits, degrees, bar, end),
        **_downbeats(steps, keys, waits, degrees, bar, end),
        **_motives(steps, keys, bar, end),
    }


def _mean(values: Sequence[float] | FloatArray | BoolArray) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _last_before(steps: IntArray, ends: Sequence[int]) -> IntArray:
    """Return the index of the last note before each step, where there is one."""
    found = np.searchsorted(steps, ends) - 1
    return found[found >= 0]


def _phrases(
    steps: IntArray, keys: IntArray, waits: IntArray, bar: Bar, end: int
) -> dict[str, float]:
    """Describe lengths of notes, leaps and gaps at the ends of phrases of 2, 4 and 8 bars."""
    row: dict[str, float] = {}
    usual = float(np.mean(waits))
    intervals = np.abs(np.diff(keys))
    for bars in (2, 4, 8):
        size = bars * bar.steps
        last = _last_before(steps, range(size, end + 1, size))
        inside = last[last < len(intervals)]
        row[f"wait at ends of {bars}"] = _mean(waits[last]) / usual
        row[f"long waits at ends of {bars}"] = _mean(waits[last] >= 1.5 * usual)
        row[f"leap over ends of {bars}"] = _mean(intervals[inside]) - _mean(intervals)
        notes = [((steps >= at) & (steps < at + size)).sum() for at in range(0, end, size)]
        row[f"spread of notes in {bars}"] = float(np.std(notes)) / (_mean(notes) or 1.0)
        tops = [keys[(steps >= at) & (steps < at + size)] for at in range(0, end, size)]
        peaks = [float(part.max()) for part in tops if len(part)]
        row[f"spread of peaks of {bars}"] = float(np.std(peaks))
    return row


def _cadences(
    steps: IntArray, keys: IntArray, waits: IntArray, degrees: IntArray, bar: Bar, end: int
) -> dict[str, float]:
    """Describe the last note, and the last notes of the phrases."""
    row: dict[str, float] = {}
    for bars in (4, 8):
        size = bars * bar.steps
        # The last note of the phrase that begins at or before the last strong beat.
        last = _last_before(steps, [at - bar.steps + 1 for at in range(size, end + 1, size)])
        goal = degrees[last]
        row[f"tonic at {bars}"] = _mean(goal == 0)
        row[f"dominant at {bars}"] = _mean(goal == 7)
        row[f"triad at {bars}"] = _mean(np.isin(goal, (0, 3, 4, 7)))
        row[f"on the bar line at {bars}"] = _mean(steps[last] % bar.steps == 0)
        before = last[last > 0]
        row[f"step to {bars}"] = _mean(np.abs(keys[before] - keys[before - 1]) <= 2)
        row[f"down to {bars}"] = _mean(keys[before] < keys[before - 1])
        row[f"leading to {bars}"] = _mean(np.isin(degrees[before - 1], (2, 7, 11)))
        row[f"wait at {bars}"] = _mean(waits[last]) / bar.steps
    row["last tonic"] = float(degrees[-1] == 0)
    row["last triad"] = float(degrees[-1] in (0, 3, 4, 7))
    row["last wait"] = float(waits[-1]) / bar.steps
    row["last position"] = float(steps[-1] % bar.steps) / bar.steps
    row["notes in the last bar"] = float((steps >= end - bar.steps).sum())
    row["last interval"] = float(keys[-1] - keys[-2])
    row["last above the lowest"] = float(keys[-1] - keys.min())
    return row


def _downbeats(
    steps: IntArray, keys: IntArray, waits: IntArray, degrees: IntArray, bar: Bar, end: int
) -> dict[str, float]:
    """Describe the notes on bar lines and beats, against the others."""
    position = steps % bar.steps
    down, beat = position == 0, position % bar.beat == 0
    intervals = np.abs(np.diff(keys))
    row = {
        "onsets on downbeats": _mean(down),
        "onsets on beats": _mean(beat),
        "bars with a downbeat": len(np.unique(steps[down])) / max(end // bar.steps, 1),
        "wait on downbeats": _mean(waits[down]) / bar.beat,
        "wait on beats": _mean(waits[beat]) / bar.beat,
        "wait between beats": _mean(waits[~beat]) / bar.beat,
        "held over the bar line": _mean((steps + waits) // bar.steps > steps // bar.steps)
        - _mean((steps + waits) % bar.steps == 0),
        "held over a beat": _mean(waits[~beat] > bar.beat - position[~beat] % bar.beat),
        "tonic on downbeats": _mean(degrees[down] == 0),
        "triad on downbeats": _mean(np.isin(degrees[down], (0, 3, 4, 7))),
        "triad between": _mean(np.isin(degrees[~down], (0, 3, 4, 7))),
        "leap to downbeats": _mean(intervals[down[1:]]) - _mean(intervals[~down[1:]]),
        "leap to beats": _mean(intervals[beat[1:]]) - _mean(intervals[~beat[1:]]),
        "height of downbeats": _mean(keys[down]) - _mean(keys),
    }
    for number in range(bar.steps // bar.beat):
        row[f"beat {number}"] = _mean(position == number * bar.beat)
    return row


def _motives(steps: IntArray, keys: IntArray, bar: Bar, end: int) -> dict[str, float]:
    """Describe how bars return: exactly, in rhythm, in shape, or transposed."""
    bars = []
    for at in range(0, end, bar.steps):
        inside = (steps >= at) & (steps < at + bar.steps)
        bars.append((tuple(steps[inside] - at), tuple(keys[inside])))
    rhythms = [rhythm for rhythm, _ in bars]
    shapes = [(rhythm, tuple(np.sign(np.diff(line)))) for rhythm, line in bars]
    moves = [(rhythm, tuple(np.diff(line))) for rhythm, line in bars]
    row: dict[str, float] = {}
    for name, kinds in (
        ("rhythm", rhythms), ("shape", shapes), ("moves", moves), ("bar", bars),
    ):  # fmt: skip
        row[f"different {name}"] = len(set(kinds)) / len(kinds)
        for lag in (1, 2, 4, 8):
            same = [a == b for a, b in zip(kinds, kinds[lag:], strict=False)]
            row[f"{name} {lag} apart"] = _mean(same)
    sequence = [
        a != b and c == d for a, b, c, d in zip(bars, bars[1:], shapes, shapes[1:], strict=False)
    ]
    row["sequences"] = _mean(sequence)
    tokens = list(zip(np.diff(keys).tolist(), np.diff(steps).tolist(), strict=True))
    for length in (2, 3, 5, 8):
        runs = [tuple(tokens[i : i + length]) for i in range(len(tokens) - length + 1)]
        row[f"different motives of {length}"] = len(set(runs)) / max(len(runs), 1)
        most = max((runs.count(run) for run in set(runs)), default=0)
        row[f"commonest motive of {length}"] = most / max(len(runs), 1)
    return row


# A random forest: extremely randomised trees (Geurts et al. 2006)


def forest(
    rows: FloatArray, is_song: BoolArray, others: FloatArray, random: np.random.Generator
) -> FloatArray:
    """Return the chance that each of the others is a song, by trees grown on rows."""
    weight = np.where(is_song, 0.5 / is_song.sum(), 0.5 / (~is_song).sum())
    tries = max(int(np.sqrt(rows.shape[1])), 1)
    votes = np.zeros(len(others))
    for _ in range(TREES):
        _grow(rows, is_song, weight, others, np.arange(len(others)), votes, tries, random)
    return votes / TREES


def _grow(
    rows: FloatArray,
    is_song: BoolArray,
    weight: FloatArray,
    others: FloatArray,
    asked: IntArray,
    votes: FloatArray,
    tries: int,
    random: np.random.Generator,
) -> None:
    """Grow a tree, and add its votes for the rows of `others` that come to each leaf."""
    if not len(asked):
        return
    songs = weight[is_song].sum()
    share = songs / weight.sum()
    if len(rows) > LEAF and 0 < share < 1:
        columns = np.flatnonzero(rows.max(axis=0) > rows.min(axis=0))
        best, chosen = np.inf, None
        for column in random.permutation(columns)[:tries]:
            cut = random.uniform(rows[:, column].min(), rows[:, column].max())
            low = rows[:, column] <= cut
            impurity = 0.0
            for side in (low, ~low):
                whole = weight[side].sum()
                part = weight[side & is_song].sum()
                impurity += part * (whole - part) / whole if whole > 0 else 0.0
            if impurity < best:
                best, chosen = impurity, (column, cut, low)
        if chosen is not None:
            column, cut, low = chosen
            goes = others[asked, column] <= cut
            for side, part in ((low, asked[goes]), (~low, asked[~goes])):
                _grow(rows[side], is_song[side], weight[side], others, part, votes, tries, random)
            return
    votes[asked] += share


def auc(songs: FloatArray, parts: Sequence[FloatArray], random: np.random.Generator) -> float:
    """Return how well a forest tells pieces from songs, by parts that are held out in turn.

    Args:
        songs: float64 (n, numbers).
        parts: Rows of pieces, in parts that are held out together.
        random: Draws folds and trees.
    """
    pieces = np.concatenate(parts)
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    areas = []
    for _ in range(REPEATS):
        fold = random.permutation(len(songs)) % len(parts)
        of_songs, of_pieces = np.empty(len(songs)), np.empty(len(pieces))
        for part in range(len(parts)):
            known, mine = songs[fold != part], pieces[owner != part]
            rows = np.concatenate([known, mine])
            is_song = np.arange(len(rows)) < len(known)
            asked = np.concatenate([songs[fold == part], pieces[owner == part]])
            chance = forest(rows, is_song, asked, random)
            count = int((fold == part).sum())
            of_songs[fold == part], of_pieces[owner == part] = chance[:count], chance[count:]
        areas.append(area_under_curve(of_songs, of_pieces))
    return float(np.mean(areas))


def table(songs: Sequence[Song]) -> FloatArray:
    """Return the descriptions of songs, float64 (n, numbers)."""
    return np.array([list(described(song).values()) for song in songs])


def judge(runs: Sequence[Path]) -> dict[str, float | int]:
    """Return the figures of the pieces of runs with the same critics."""
    critics = Panel.from_arrays(checkpoint.read_arrays((runs[0] / "critics.npz").resolve()))
    songs = critics.corpus()
    pieces = [
        load_songs(run / "pieces", steps_per_beat=critics.style.steps_per_beat) for run in runs
    ]
    real, parts = table(songs), [table(found) for found in pieces]
    random = np.random.default_rng(0)
    count = sum(len(part) for part in parts)
    drawn = [random.permutation(len(real)) for _ in range(3)]
    chance = [
        auc(real[order[count:]], np.array_split(real[order[:count]], len(parts)), random)
        for order in drawn
    ]
    within = [auc(real, np.array_split(part, min(FOLDS, len(part))), random) for part in parts]
    column = list(described(songs[0])).index("onsets on downbeats")
    apart = [
        area_under_curve(real[:, i], np.concatenate(parts)[:, i]) for i in range(real.shape[1])
    ]
    order = np.argsort(-np.abs(np.array(apart) - 0.5))[:8]
    names = list(described(songs[0]))
    for name, (mean, low, high) in against_songs(
        [piece for found in pieces for piece in found], songs
    ).items():
        print(f"{name:16}  {mean:.3f}  songs {low:.3f} to {high:.3f}")
    shares = np.mean([shares_of_pairs(found) for found in pieces], axis=0)
    of_songs = shares_of_pairs(songs)
    print("most different:", ", ".join(f"{names[i]} {apart[i]:.2f}" for i in order))
    return {
        "songs": len(songs),
        "runs": len(runs),
        "pieces": count,
        "AUC across runs": auc(real, parts, random) if len(parts) > 1 else float("nan"),
        "AUC within runs": float(np.mean(within)),
        "AUC of as many songs": float(np.mean(chance)),
        "pairs of a run with a bar in common": float(shares[0]),
        "the same, of songs": of_songs[0],
        "pairs of a run with two bars in common, in any key": float(shares[1]),
        "the same, of all songs": of_songs[1],
        "onsets on downbeats, songs": float(real[:, column].mean()),
        "onsets on downbeats, pieces": float(np.concatenate(parts)[:, column].mean()),
    }


def compose(options: argparse.Namespace, folder: Path) -> list[Path]:
    """Compose pieces once per seed, and return the runs."""
    runs: list[Path] = []
    for seed in common.seeds_of(options):
        path = folder / f"seed{seed}"
        source = ["--song", options.paths[0]] if options.paths[0] != "tunes" else []
        common.compose(source, seed, path, options)
        runs.append(path)
    return runs


def within_ranges(songs: Sequence[Song], count: int) -> float:
    """Return the share of songs within every range of the others, of some songs at a time."""
    random = np.random.default_rng(0)
    shares = []
    for _ in range(10):
        some = [songs[i] for i in random.permutation(len(songs))[:count]]
        corpus = Corpus.of(some)
        families = corpus.families.tolist()
        usual = [
            not outside(measures, corpus.ranges(family))
            for measures, family in zip(corpus.measures, families, strict=True)
        ]
        shares.append(float(np.mean(usual)))
    return float(np.mean(shares))


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__, seeds=3, first_seed=1)
    parser.add_argument("what", choices=("measure", "compose", "judge"))
    parser.add_argument("paths", nargs="+", help="folders of MIDI files, or runs")
    parser.add_argument("--out", help="where the runs are kept")
    options = parser.parse_args()
    if options.what == "measure":
        folders = {path: [song.whole_bars() for song in load_songs(path)] for path in options.paths}
        count = min(len(songs) for songs in folders.values())
        figures: dict[str, float | int] = {"songs of each folder at a time": count}
        figures |= {path: within_ranges(songs, count) for path, songs in folders.items()}
        common.report(figures, options.json)
        return
    with tempfile.TemporaryDirectory() as folder:
        where = Path(options.out or folder)
        where.mkdir(parents=True, exist_ok=True)
        judged = options.what == "judge"
        runs = [Path(path) for path in options.paths] if judged else compose(options, where)
        common.report(judge(runs), options.json)


if __name__ == "__main__":
    main()
