"""Load the embedded tunes: public-domain melodies in ABC notation (`data/tunes.abc`).

Each becomes a song of 13 keys and 128 steps of an eighth note. A tune's name is its title in lower
case, with words joined by hyphens.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

import evo.data
from evo.core.errors import InputError
from evo.music.abc import Tune, read_tunes
from evo.music.metre import Metre
from evo.music.midi.reading import usual_lowest_note
from evo.music.planes import planes_of
from evo.music.song import MAX_STEPS, Song

KEYS = 13
STEPS, STEPS_PER_BEAT = 128, 2


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


def tune(name: str, keys: int = KEYS, steps_per_beat: int = STEPS_PER_BEAT) -> Song:
    """Return an embedded tune as a song.

    It is transposed by the fewest semitones that fit the keys.

    Args:
        name: one of `tune_names()`.
        keys: number of keys, 1 to 128; the lowest is that of `usual_lowest_note`.
        steps_per_beat: steps per quarter note, 1 to 32,767.

    Raises:
        KeyError: if the name is not in `tune_names()`.
        InputError: if the tune does not fit the keys, or has notes between the steps.
    """
    found = all_tunes()[name]
    pitches = [pitch for _, _, pitch in found.notes]
    lowest_note = usual_lowest_note(keys)
    highest_note = lowest_note + keys - 1
    if max(pitches) - min(pitches) >= keys:
        span = max(pitches) - min(pitches) + 1
        raise InputError(f"{name}: needs {span} keys, more than {keys}")
    shift = max(lowest_note - min(pitches), 0) or min(highest_note - max(pitches), 0)
    if any(onset * steps_per_beat % STEPS_PER_BEAT for onset, _, _ in found.notes):
        raise InputError(f"{name}: has eighth notes; use an even number of steps per beat")
    steps = STEPS * steps_per_beat // STEPS_PER_BEAT
    if steps > MAX_STEPS:
        raise InputError(f"{name}: lasts {steps:,} steps, more than {MAX_STEPS:,}")
    notes = [
        (
            onset * steps_per_beat // STEPS_PER_BEAT,
            (onset + length) * steps_per_beat // STEPS_PER_BEAT,
            pitch + shift - lowest_note,
        )
        for onset, length, pitch in found.notes
    ]
    onsets, sounding = planes_of(notes, steps, keys)
    metre = Metre(*found.metre, first_bar=found.upbeat * steps_per_beat // STEPS_PER_BEAT)
    return Song(onsets, lowest_note, steps_per_beat, found.tempo, name, sounding, metre)
