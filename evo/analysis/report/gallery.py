"""The gallery of a composing run: its pieces, their figures and measures.

`pieces/pieces.json` has a record per piece: its name, figures, `measures` and those `outside` the
usual ranges of the corpus, which are in `ranges`. Everything in it is checked: it is a file of a
run.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evo.analysis.report.charts import finite, in_words
from evo.analysis.report.data import Fact, Gallery, Measure, Piece, Track
from evo.analysis.report.music import track_of
from evo.core.errors import MidiError, RunError
from evo.core.files import open_regular
from evo.music.song import Song
from evo.runs.description import read_description

MAX_PIECES = 400
MAX_DETAILED = 40  # pieces with all measures
FEW = 60  # up to this number, sounds are of better quality
_MAX_FACTS = 24
_SKIPPED = ("name", "measures", "outside", "records", "ranges", "spread")
# Parts of a record with a label of their own.
_LABELS = {
    "nearest_song": "nearest known song",
    "longest_run": "longest shared run",
    "held_out_critic": "held-out critic",
    "held_out_percentile": "above songs (%)",
}


def gallery_of(path: Path) -> tuple[Gallery | None, list[str]]:
    """Return the pieces of a run, and what could not be read; None without pieces.

    Args:
        path: The run's directory.
    """
    folder, problems = path / "pieces", list[str]()
    if folder.is_symlink():
        return None, ["pieces: is a link, which is not followed"]
    try:
        document = read_description(folder / "pieces.json")
    except RunError as error:
        return None, [str(error)]
    if document is None:
        return None, []
    records = document.get("records")
    records = records if isinstance(records, list) else []
    ranges = document.get("ranges")
    pieces: list[Piece] = []
    detailed, small = len(records) <= MAX_DETAILED, len(records) > FEW
    for record in records[:MAX_PIECES]:
        name = record.get("name") if isinstance(record, dict) else None
        song = _song(folder, name, problems)
        if song is not None:
            pieces.append(_piece(record, song, ranges, detailed, small))
    whole = [_extra(folder, name) for name in ("theme", "theme-and-variations")]
    gallery = Gallery(
        facts_of(document, _SKIPPED),
        tuple(track for track in whole if track is not None),
        tuple(pieces),
        max(0, len(records) - MAX_PIECES),
    )
    return gallery, problems


def _song(folder: Path, name: Any, problems: list[str]) -> Song | None:
    """Return a piece by its name, which must be that of a file in the folder."""
    if not isinstance(name, str) or not name or "/" in name or "\\" in name or "\0" in name:
        problems.append("pieces.json: a piece has no name")
        return None
    try:
        with open_regular(folder / f"{name}.mid", follow=False) as file:
            file.read(1)
        return Song.load(folder / f"{name}.mid")
    except (OSError, MidiError, ValueError) as error:
        problems.append(f"{name}.mid: {error}")
        return None


def _extra(folder: Path, name: str) -> Track | None:
    """Return the theme of variations, or theme and variations as one piece, if there is one."""
    if not os.path.lexists(folder / f"{name}.mid"):
        return None
    song = _song(folder, name, [])
    is_theme = name == "theme"  # the whole is long
    if song is None:
        return None
    return track_of(song, "", f"{name}.mid", small=not is_theme, sheet=is_theme)


def _piece(
    record: Mapping[str, Any], song: Song, ranges: Any, detailed: bool, small: bool
) -> Piece:
    measures = tuple(_measures(record, ranges))
    track = track_of(song, "", f"{song.name}.mid", small=small, sheet=detailed)
    unusual = tuple(measure for measure in measures if measure.place != "within")
    return Piece(track, facts_of(record, _SKIPPED), unusual, measures if detailed else ())


def facts_of(table: Mapping[str, Any], skipped: tuple[str, ...] = ()) -> tuple[Fact, ...]:
    """Return the numbers and texts of a table as facts.

    Args:
        table: The table.
        skipped: Names to leave out.
    """
    found = []
    for name, value in table.items():
        if name in skipped or value is None or value == "":
            continue
        if isinstance(value, bool):
            text = "yes" if value else "no"
        elif isinstance(value, int | float):
            text = in_words(value)
        elif isinstance(value, str):
            text = value
        else:
            continue
        label = _LABELS.get(name, str(name).replace("_", " "))
        found.append(Fact(label[:80], text[:300]))
    return tuple(found[:_MAX_FACTS])


def _measures(record: Mapping[str, Any], ranges: Any) -> list[Measure]:
    """Return the measures of a piece's record."""
    values, outside = record.get("measures"), record.get("outside")
    if not isinstance(values, dict):
        return []
    strange = set(map(str, outside)) if isinstance(outside, list) else set()
    found = []
    for name, value in list(values.items())[:100]:
        usual = ranges.get(name) if isinstance(ranges, dict) else None
        found.append(_measure(name, value, usual, name in strange))
    return found


def _measure(name: str, value: Any, usual: Any, is_strange: bool) -> Measure:
    label = name.replace("_", " ")[:80]
    number = finite(value)
    text = "none" if number is None else in_words(number)
    limits = _limits(usual)
    if limits is None:
        return Measure(label, text, "", "outside" if is_strange else "within", ())
    low, median, high = limits
    words = f"{in_words(low)} to {in_words(high)}"
    if number is None:
        return Measure(label, text, words, "outside" if is_strange else "within", ())
    place = "within"
    if is_strange:
        place = "above" if number > high else "below" if number < low else "outside"
    # The range has the middle of the scale; a value far outside is at its end.
    span = (high - low) or 1.0
    at = [
        round(min(max(25 + 50 * (one - low) / span, 0), 100), 1)
        for one in (low, median, high, number)
    ]
    return Measure(label, text, words, place, tuple(at))


def _limits(usual: Any) -> tuple[float, float, float] | None:
    """Return low, median and high of a range; None if it has none."""
    found = [usual.get(part) for part in ("low", "median", "high")] if type(usual) is dict else []
    numbers = [number for number in map(finite, found) if number is not None]
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None
