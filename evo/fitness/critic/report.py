"""Compare composed pieces with the songs of their critics, in a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evo.fitness.critic.fresh_classifier import classifier_auc
from evo.music.measures import Corpus, outside
from genomes.arrays import FloatArray

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


def pieces_table(records: Sequence[dict[str, Any]], together: dict[str, Any]) -> str:
    """Return the pieces as a text table: one line each, then a summary.

    Args:
        records: The figures of each piece.
        together: The figures of all pieces.
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
    ]
    return "\n".join(lines) + "\n"
