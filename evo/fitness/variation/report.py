"""Report the chosen variations of a song: a record per variation, and a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evo.fitness.variation.choosing import APART, Chosen, for_critics
from evo.fitness.variation.fitness import Variation
from evo.fitness.variation.judging import Bounds, likeness_matrix
from evo.music.measures import measure, outside
from evo.music.measures.corpus import Ranges
from evo.music.measures.similarity import KnownSongs, spread
from evo.music.song import Song
from genomes.arrays import FloatArray
from genomes.program.programs import Programs
from genomes.program.text import program_text
from genomes.program.themes import Themes
from genomes.words import counted


def records_of(
    known: KnownSongs,
    ranges: Ranges,
    fitness: Variation,
    theme: Themes,
    chosen: Chosen,
    programs: Programs,
    scores: FloatArray,
    songs: Sequence[Song],
) -> list[dict[str, Any]]:
    """Return the figures of every variation, as JSON values.

    Args:
        known: The corpus.
        ranges: The usual range of each measure in the corpus.
        fitness: The fitness of the run.
        theme: The song.
        chosen: Its k variations.
        programs: Every program that was tried.
        scores: Float64 (n,), the score of each program.
        songs: The variations as k songs.

    Returns:
        For each variation the entries of a piece of the experiment `critic`, with `brief` always
        empty, and:

        likeness    to the theme
        density     in densities of the theme
        program     its text

        Scores of critics are None if they cannot judge the song, as its bars are not theirs.
    """
    read = for_critics(fitness.held_out.bars, theme, chosen.rolls)
    judged = np.full(len(chosen.programs), np.nan)
    if read is not None and len(read):
        judged = fitness.held_out.judge(read)
    better = np.searchsorted(fitness.songs_scores, judged) / len(fitness.songs_scores)
    text = programs.instructions()
    records = []
    for index, (song, program) in enumerate(zip(songs, chosen.programs.tolist(), strict=True)):
        runs, nearest, _ = known.compare_song(song)
        measures = measure(song, known)
        is_judged = bool(np.isfinite(judged[index]))
        records.append(
            {
                "name": song.name,
                "brief": "",
                "score": float(scores[program]),
                "critic": float(chosen.critic[index]) if is_judged else None,
                "held_out_critic": float(judged[index]) if is_judged else None,
                "held_out_percentile": round(100 * float(better[index]), 1) if is_judged else None,
                "nearest_song": known.names[nearest[0]] if nearest[0] >= 0 else "",
                "longest_run": int(runs[0]),
                "likeness": round(float(chosen.likeness[index]), 3),
                "density": round(float(chosen.density[index]), 3),
                "program": program_text(text[program]),
                "outside": outside(measures, ranges),
                "measures": {k: v if np.isfinite(v) else None for k, v in measures.items()},
            }
        )
    return records


def summary(records: Sequence[dict[str, Any]], chosen: Chosen, tried: int) -> dict[str, Any]:
    """Return figures of all variations, for the result.

    Args:
        records: Of `records_of`.
        chosen: The variations.
        tried: How many programs were tried.
    """
    judged = [record for record in records if record["held_out_percentile"] is not None]
    between = likeness_matrix(chosen.rolls)
    count = len(records)
    pairs = between[~np.eye(count, dtype=np.bool_)]
    return {
        "pieces": count,
        "pieces_above_quarter": (
            sum(record["held_out_percentile"] >= 25 for record in judged) if judged else None
        ),
        "programs": tried,
        "most_alike_pair": round(float(pairs.max()), 3) if count > 1 else None,
        "longest_known_run": max((record["longest_run"] for record in records), default=0),
    }


def document(
    records: Sequence[dict[str, Any]], together: Any, songs: Sequence[Song], ranges: Ranges
) -> Any:
    """Return the content of pieces.json.

    Args:
        records: Of `records_of`.
        together: Of `summary`.
        songs: The variations.
        ranges: The usual range of each measure in the corpus.
    """
    return {
        **together,
        "spread": spread(list(songs)) if len(songs) > 1 else {},
        "ranges": {name: usual._asdict() for name, usual in ranges.items()},
        "records": records,
    }


def variations_table(
    theme: str, records: Sequence[dict[str, Any]], together: dict[str, Any], bounds: Bounds
) -> str:
    """Return the variations as a text table: one line each, their programs, and a summary.

    Args:
        theme: Name of the song.
        records: Of `records_of`.
        together: Of `summary`.
        bounds: Limits of likeness and density.
    """
    lines = [f"{counted(len(records), 'variation')} of {theme}", ""]
    if not records:
        return "\n".join([
            *lines,
            f"Of {counted(together['programs'], 'program')} none varies it within likeness "
            f"{bounds.low:g} to {bounds.high:g} and density {bounds.thinnest:g} to "
            f"{bounds.densest:g}.",
            "Allow more: --set vary.likeness_low=0.1 --set vary.likeness_high=0.9",
            "",
        ])  # fmt: skip
    lines.append("variation  likeness  density  critic  held-out  above % of songs  program")
    for record in records:
        numbers = [record["critic"], record["held_out_critic"], record["held_out_percentile"]]
        critic, held_out, above = (
            "-" if number is None else f"{number:.{digits}f}"
            for number, digits in zip(numbers, (2, 2, 0), strict=True)
        )
        lines.append(
            f"{record['name']:9}  {record['likeness']:8.2f}  {record['density']:7.2f}  "
            f"{critic:>6}  {held_out:>8}  {above:>16}  "
            f"{'; '.join(record['program'].splitlines())}"
        )
    lines += ["", f"Chosen from those of {counted(together['programs'], 'program')}."]
    if together["most_alike_pair"] is not None:
        lines.append(
            f"The likeness of the two most alike is {together['most_alike_pair']:.2f}; below "
            f"{APART:g} was asked."
        )
    if together["pieces_above_quarter"] is None:
        lines.append(
            "The critics could not judge this song: its bars are not theirs, or fewer than 4."
        )
    else:
        lines.append(
            f"{together['pieces_above_quarter']} of {together['pieces']} are above a quarter of "
            "the songs that the held-out critic was not trained on."
        )
    return "\n".join(lines) + "\n"
