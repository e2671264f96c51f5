"""Measure the lengths of notes in composed pieces against those of the songs.

    python benchmarks/lengths.py compose FOLDER --out RUNS     compose with durations and without
    python benchmarks/lengths.py judge RUNS                    measure finished runs again

`compose` runs `evo run critic --song FOLDER --durations` per seed, and again without durations, by
the same critics. Printed for the songs and for the pieces of either kind: the distribution of
lengths in steps, the share of steps that sound, the share of notes that last until the next onset,
that end before it, and that ring on. A random forest is trained to tell pieces from songs by the
lengths alone (`described`). An area under the ROC curve of 0.5 means that it cannot. `as many
songs` is the same for songs of the held-out fold in place of the pieces.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from metres import auc

from evo.fitness.critic.panel import FOLDS, Panel
from evo.music.song import Song
from evo.music.song_finder import load_songs
from evo.runs import checkpoint
from genomes.arrays import FloatArray, IntArray

DRAWS = 5
CLASSES = 8  # lengths in steps that have a share of their own


def notes_of(song: Song) -> IntArray:
    """Return step, length and wait until the next onset of the notes: int64 (notes, 3)."""
    notes = np.array(song.notes())
    onsets = np.append(np.unique(notes[:, 0]), song.steps)
    following = onsets[np.searchsorted(onsets, notes[:, 0], side="right")]
    return np.stack([notes[:, 0], notes[:, 1] - notes[:, 0], following - notes[:, 0]], axis=1)


def described(song: Song) -> dict[str, float]:
    """Return numbers that describe the lengths of the notes of a song."""
    step, length, wait = notes_of(song)[:-1].T  # the last note ends with the piece
    position = (step - song.metre.first_bar) % song.bar
    row = {f"length {n}": float(np.mean(length == n)) for n in range(1, CLASSES)}
    row["longer"] = float(np.mean(length >= CLASSES))
    row["mean"], row["spread"] = float(length.mean()), float(length.std())
    row["before"] = float(np.mean(length < wait))
    row["beyond"] = float(np.mean(length > wait))
    row["share of the wait"] = float(np.mean(length / wait))
    row["sounding"] = float(song.sounding.any(axis=1).mean())
    row["together"] = float(song.sounding.sum() / max(song.sounding.any(axis=1).sum(), 1))
    for at in range(song.bar):
        here = position == at
        row[f"length at {at}"] = float(length[here].mean()) if here.any() else 0.0
        row[f"before at {at}"] = float(np.mean(here & (length < wait)))
    changes = np.diff(length)
    row["same as the last"] = float(np.mean(changes == 0)) if len(changes) else 0.0
    row["change"] = float(np.abs(changes).mean()) if len(changes) else 0.0
    row["longest"] = float(length.max())
    return row


def table(songs: Sequence[Song]) -> FloatArray:
    """Return the descriptions of songs, float64 (n, numbers)."""
    return np.array([list(described(song).values()) for song in songs])


def summary(songs: Sequence[Song]) -> dict[str, object]:
    """Return the figures of all notes of songs."""
    notes = np.concatenate([notes_of(song)[:-1] for song in songs])
    _, length, wait = notes.T
    shares = Counter(length.tolist())
    steps = sum(song.steps for song in songs)
    return {
        "notes": len(notes),
        "lengths": " ".join(
            f"{n}:{count / len(notes):.1%}" for n, count in sorted(shares.items())[:14]
        ),
        "steps that sound": round(
            sum(int(song.sounding.any(axis=1).sum()) for song in songs) / steps, 3
        ),
        "until the next onset": round(float(np.mean(length == wait)), 3),
        "before it": round(float(np.mean(length < wait)), 3),
        "rings on": round(float(np.mean(length > wait)), 3),
    }


def compose(options: argparse.Namespace, folder: Path) -> None:
    """Compose pieces once per seed with durations, and once without."""
    first = folder / f"with-{common.seeds_of(options)[0]}"
    for seed in common.seeds_of(options):
        for kind in ("with", "without"):
            path = folder / f"{kind}-{seed}"
            source = ["--song", options.paths[0]]
            if path != first:
                source = ["--set", f"critic.critics={first}"]
            source += ["--durations"] if kind == "with" else []
            common.compose(source, seed, path, options)


def judge(folder: Path) -> dict[str, object]:
    """Return the figures of the pieces of finished runs."""
    runs = {kind: sorted(folder.glob(f"{kind}-*")) for kind in ("with", "without")}
    panel = Panel.from_arrays(checkpoint.read_arrays((runs["with"][0] / "critics.npz").resolve()))
    assert panel.sounding is not None
    rolls = np.concatenate([panel.songs, panel.sounding], axis=2)
    named = zip(rolls, panel.names, strict=True)
    songs = [panel.style.song(roll, name, True) for roll, name in named]
    figures: dict[str, object] = {"songs": len(songs)}
    figures |= {f"songs, {name}": value for name, value in summary(songs).items()}
    real, random = table(songs), np.random.default_rng(0)
    count = 0
    for kind, paths in runs.items():
        parts = [
            load_songs(path / "pieces", steps_per_beat=panel.style.steps_per_beat) for path in paths
        ]
        pieces = [piece for part in parts for piece in part]
        count = len(pieces)
        figures |= {f"{kind}, {name}": value for name, value in summary(pieces).items()}
        folds = np.array_split(table(pieces)[random.permutation(count)], min(5, count))
        figures[f"{kind}, AUC by lengths alone"] = round(auc(real, folds, random), 3)
    held_out = np.flatnonzero(panel.fold == FOLDS - 1)
    areas = []
    for _ in range(DRAWS):
        drawn = random.permutation(held_out)[:count]
        rest = np.setdiff1d(np.arange(len(real)), drawn)
        areas.append(auc(real[rest], np.array_split(real[drawn], min(5, count)), random))
    figures["as many songs, AUC by lengths alone"] = round(float(np.mean(areas)), 3)
    return figures


def main() -> None:
    """Compose, measure and print."""
    parser = common.parser(__doc__, seeds=1, first_seed=1)
    parser.add_argument("what", choices=("compose", "judge"))
    parser.add_argument("paths", nargs=1, help="a folder of MIDI files, or of runs")
    parser.add_argument("--out", type=Path, default=Path("lengths"), help="where the runs are kept")
    options = parser.parse_args()
    if options.what == "judge":
        common.report(judge(Path(options.paths[0])), options.json)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    compose(options, options.out)
    common.report(judge(options.out), options.json)


if __name__ == "__main__":
    main()
