"""Load the embedded tunes: public-domain melodies in ABC notation (`data/tunes.abc`).

Each becomes a song of 13 keys and 128 steps of an eighth note. A tune's name is its title in lower
case, with words joined by hyphens.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np

import evo.data
from evo.music.abc import Tune, read_tunes
from evo.music.song import Song

KEYS = 13
LOWEST_NOTE = 60
STEPS = 128


def name_of(title: str) -> str:
    """Convert a title to a command-line name: "Ode to Joy" to "ode-to-joy"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "").lower()))


def book_text() -> str:
    """Return the tune book, in ABC notation."""
    return (Path(evo.data.__path__[0]) / "tunes.abc").read_text(encoding="utf-8")


@cache
def all_tunes() -> dict[str, Tune]:
    """Return all embedded tunes by name, in the order of the book."""
    return {name_of(tune.title): tune for tune in read_tunes(book_text())}


def tune_names() -> list[str]:
    """Return the names of the embedded tunes, in the order of the book."""
    return list(all_tunes())


def tune(name: str) -> Song:
    """Return an embedded tune as a song.

    It is transposed by the fewest semitones that fit the 13 keys.

    Raises:
        KeyError: if the name is not in `tune_names()`.
    """
    found = all_tunes()[name]
    pitches = [pitch for _, _, pitch in found.notes]
    highest_note = LOWEST_NOTE + KEYS - 1
    shift = max(LOWEST_NOTE - min(pitches), 0) or min(highest_note - max(pitches), 0)
    grid = np.zeros((STEPS, KEYS), np.bool_)
    for onset, _, pitch in found.notes:
        grid[onset, pitch + shift - LOWEST_NOTE] = True
    return Song(grid, LOWEST_NOTE, tempo=found.tempo, name=name)
