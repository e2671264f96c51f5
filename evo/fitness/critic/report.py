"""Judge composed pieces, one by one and together, against the songs of their critics."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.features import roll_features
from evo.fitness.critic.fresh_classifier import classifier_auc
from evo.fitness.critic.panel import Panel
from evo.music.measures import Corpus, measure, outside
from evo.music.measures.shared_bars import shares_of_pairs
from evo.music.melody import melody
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray

# Measures by which listeners tell pieces of a run from songs: motives that are altered instead of
# restated, and melodies without leaps or close.
TELLING = (
    "self_repetition", "rhythm_variety", "repeated_bars", "leaps", "thirds", "ends_on_tonic",
    "phrase_ends",
)  # fmt: skip
SAMPLES = 10  # random samples of songs that measure the fresh classifier's chance level


def share_of_usual(corpus: Corpus) -> float:
    """Return the share of songs without an unusual measure, leaving each song out."""
    families = corpus.families.tolist()
    usual = [
        not outside(measures, corpus.ranges(family))
        for measures, family in zip(corpus.measures, families, strict=True)
    ]
    return round(float(np.mean(usual)), 2)


def auc_among_songs(songs: FloatArray, count: int, random: np.random.Generator) -> float | None:
    """Return the fresh classifier's chance level: its AUC for random songs.

    Args:
        songs: float64 (n, features).
        count: Number of songs to tell from the others.
        random: Draws the songs.
    """
    if not 2 <= count <= len(songs) - 2:
        return None
    areas = []
    for _ in range(SAMPLES):
        order = random.permutation(len(songs))
        areas.append(classifier_auc(songs[order[count:]], songs[order[:count]], random))
    return round(float(np.mean(areas)), 2)


def piece_records(
    critics: Panel,
    fitness: PleaseCritics,
    rolls: BoolArray,
    pieces: Sequence[Song],
    briefs: Sequence[str],
    corpus: Corpus,
) -> list[dict[str, Any]]:
    """Return the figures and measures of each piece.

    Args:
        critics: The critics of the run.
        fitness: The fitness of the run.
        rolls: The pieces, as `PleaseCritics.play` returns them.
        pieces: The same as songs.
        briefs: The song of each piece's brief; "" for none.
        corpus: The songs of the critics, measured.
    """
    known = critics.known_songs()
    families = dict(zip(critics.names, corpus.families.tolist(), strict=True))
    records = []
    for piece, brief, figures in zip(pieces, briefs, fitness.figures_of(rolls), strict=True):
        measures = measure(piece, known)
        # The song of the piece's own brief is left out.
        unusual = outside(measures, corpus.ranges(families.get(brief, -1)))
        finite = {k: v if np.isfinite(v) else None for k, v in measures.items()}
        named = {"name": piece.name, "brief": brief}
        records.append(named | figures | {"outside": unusual, "measures": finite})
    return records


def summary(
    critics: Panel,
    fitness: PleaseCritics,
    rolls: BoolArray,
    pieces: Sequence[Song],
    records: Sequence[dict[str, Any]],
    random: np.random.Generator,
) -> dict[str, Any]:
    """Return the figures of all pieces of a run together.

    Args:
        critics: The critics of the run.
        fitness: The fitness of the run.
        rolls: The pieces, as `PleaseCritics.play` returns them.
        pieces: The same as songs.
        records: The figures of each piece; see `piece_records`.
        random: Draws the folds of the fresh classifier.
    """
    songs = critics.corpus()
    described = roll_features(fitness.onsets(rolls), fitness.held_out.contexts, critics.bars)
    of_songs = critics.described()
    auc = classifier_auc(of_songs, described, random)
    of_run, of_corpus = shares_of_pairs(pieces), shares_of_pairs(songs)
    return {
        "pieces": len(rolls),
        "pieces_above_quarter": sum(record["held_out_percentile"] >= 25 for record in records),
        "pieces_usual": sum(not record["outside"] for record in records),
        "songs_usual_share": share_of_usual(Corpus.of(songs)),
        "fresh_classifier_auc": round(auc, 2) if np.isfinite(auc) else None,
        "fresh_classifier_auc_of_songs": auc_among_songs(of_songs, len(rolls), random),
        "longest_known_run": max(record["longest_run"] for record in records),
        "pairs_sharing_a_bar": round(of_run[0], 3),
        "pairs_sharing_two_bars": round(of_run[1], 3),
        "songs_sharing_a_bar": round(of_corpus[0], 3),
        "songs_sharing_two_bars": round(of_corpus[1], 3),
    }


def thirds(song: Song) -> float:
    """Return the share of a melody's moves by three or four semitones; nan without moves."""
    moves = np.abs(np.diff(melody(song.onsets)[1]))
    return float(np.isin(moves, (3, 4)).mean()) if len(moves) else float("nan")


def against_songs(pieces: Sequence[Song], songs: Sequence[Song]) -> dict[str, list[float | None]]:
    """Compare the pieces of a run with songs, in the measures that give such pieces away.

    Args:
        pieces: The pieces.
        songs: The songs of the critics.

    Returns:
        By measure, the mean of the pieces, and the lower and upper quartile of the songs. Of
        endings on the tonic, which are 0 or 1, the means of both. None if undefined.
    """
    mine, others = ([measure(song) | {"thirds": thirds(song)} for song in some]
                    for some in (pieces, songs))  # fmt: skip
    compared: dict[str, list[float | None]] = {}
    for name in TELLING:
        of_pieces, of_songs = (
            np.array([row[name] for row in rows if np.isfinite(row[name])])
            for rows in (mine, others)
        )
        if not len(of_pieces) or not len(of_songs):
            compared[name] = [None, None, None]
            continue
        low, high = np.quantile(of_songs, (0.25, 0.75))
        if name == "ends_on_tonic":
            low = high = of_songs.mean()
        compared[name] = [round(float(x), 3) for x in (of_pieces.mean(), low, high)]
    return compared


def _compared_lines(compared: dict[str, list[float | None]]) -> list[str]:
    """Return the lines of `against_songs`."""
    lines = ["", "mean of the pieces, and the middle half of the songs:"]
    for name, (mean, low, high) in compared.items():
        if mean is None or low is None or high is None:
            continue
        range_of = f"{low:.2f} to {high:.2f}" if low < high else f"{low:.2f} in the mean"
        lines.append(f"  {name:16}  {mean:5.2f}  {range_of}")
    return lines


def pieces_table(
    records: Sequence[dict[str, Any]],
    together: dict[str, Any],
    compared: dict[str, list[float | None]],
) -> str:
    """Return the pieces as a text table: one line each, then a summary.

    Args:
        records: The figures of each piece.
        together: The figures of all pieces.
        compared: The measures that give pieces of one run away; see `against_songs`.
    """
    lines = [
        "piece      score  critic  held-out  above % of songs  known run  nearest song            "
        "  unusual for the songs",
    ]
    for record in records:
        unusual = ", ".join(record["outside"]) or "-"
        lines.append(
            f"{record['name']}  {record['score']:6.2f}  {record['critic']:6.2f}  "
            f"{record['held_out_critic']:8.2f}  {record['held_out_percentile']:16.0f}  "
            f"{record['longest_run']:9d}  {record['nearest_song']:24}  {unusual}"
        )
    auc = together["fresh_classifier_auc"]
    verdict = (
        f"separates pieces from songs with an AUC of {auc} (1: perfectly; as many songs "
        f"from the others: {together['fresh_classifier_auc_of_songs']})."
    )
    if auc is None:
        verdict = "has too few pieces to learn from."
    lines += [
        "",
        f"{together['pieces_above_quarter']} of {together['pieces']} pieces are above a quarter "
        "of the songs that the held-out critic was not trained on;",
        f"{together['pieces_usual']} are usual for songs in every measure, as "
        f"{together['songs_usual_share']:.0%} of the songs are, each held against the others;",
        f"a fresh classifier {verdict}",
        f"{together['pairs_sharing_a_bar']:.1%} of the pairs of pieces share a bar, and "
        f"{together['pairs_sharing_two_bars']:.1%} a pattern of two bars in any key (songs: "
        f"{together['songs_sharing_a_bar']:.1%} and {together['songs_sharing_two_bars']:.1%}).",
        *_compared_lines(compared),
    ]
    return "\n".join(lines) + "\n"
