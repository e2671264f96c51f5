"""Print a piano roll as text: a line per key, highest first, a column per step."""

from evo.core.errors import printable
from evo.music.midi.units import note_name
from evo.music.song import Song

_COLUMNS = 64  # steps per row of text


def text_roll(song: Song) -> str:
    """Format the roll in rows of 64 steps, with a bar line every 4 beats.

    Keys that never sound are omitted.
    """
    bar = 4 * song.steps_per_beat
    keys = [key for key in reversed(range(song.keys)) if song.grid[:, key].any()]
    lines = [f"{printable(song.name)}: {song.steps} steps, {int(song.grid.sum())} notes"]
    for first in range(0, song.steps, _COLUMNS):
        part = song.grid[first : first + _COLUMNS]
        for key in keys:
            cells = "".join(
                ("|" if step % bar == 0 else "") + ("●" if on else "·")
                for step, on in enumerate(part[:, key])
            )
            lines.append(f"{note_name(song.lowest_note + key):>4} {cells}|")
        lines.append("")
    return "\n".join(lines)
