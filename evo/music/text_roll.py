"""Print a piano roll as text: a line per key, highest first, a column per step."""

from evo.core.errors import printable
from evo.music.midi.units import note_name
from evo.music.song import Song
from genomes.arrays import IntArray

_COLUMNS = 64  # steps per row of text, if bars allow it


def text_roll(song: Song) -> str:
    """Format the roll in rows of whole bars, with a bar line before each.

    A note is a dot at its onset, and a line as long as it sounds. Keys that never sound are
    omitted.
    """
    bars = song.bar_starts()
    keys = [key for key in reversed(range(song.keys)) if song.onsets[:, key].any()]
    lines = [f"{printable(song.name)}: {song.steps} steps, {len(song.notes())} notes, {song.metre}"]
    rows = row_starts(song, _COLUMNS)
    for first, last in zip(rows, [*rows[1:], song.steps], strict=True):
        for key in keys:
            cells = "".join(
                ("|" if step in bars else "") + _cell(song, step, key)
                for step in range(first, last)
            )
            lines.append(f"{note_name(song.lowest_note + key):>4} {cells}|")
        lines.append("")
    return "\n".join(lines)


def _cell(song: Song, step: int, key: int) -> str:
    if song.onsets[step, key]:
        return "●"
    return "─" if song.sounding[step, key] else "·"


def row_starts(song: Song, longest: int) -> list[int]:
    """Return the first step of each row of a picture, at bar lines where possible.

    Args:
        song: The song.
        longest: Maximum steps per row.
    """
    bars: IntArray = song.bar_starts()
    starts = [0]
    while starts[-1] + longest < song.steps:
        inside = bars[(bars > starts[-1]) & (bars <= starts[-1] + longest)]
        starts.append(int(inside[-1]) if len(inside) else starts[-1] + longest)
    return starts
