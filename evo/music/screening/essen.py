"""Read folk songs from collections of other packages, as pieces and songs.

`essen`: the Essen folk song collection, 8,514 songs of Europe and China gathered under Helmut
Schaffrath (https://www.esac-data.org), in the ABC transcription by Seymour Shlien. It is read from
the user's own install of music21, and no part of it is copied into this project. Its terms apply
(`essenFolksong/license.txt` there: non-commercial use).

The files are plain text, so `evo.music.abc` reads them and music21 is not imported. music21 is
slower (15 ms per song). These files do not name an ABC version, so music21 ends an accidental with
its note. The standard holds it to the end of the bar, and so do the files. A note with the letter
of an earlier accidental never repeats it within a bar and a line (0 of 2,790). In the next bar,
four in five do. With a first line `%abc-2.1`, music21 reads the same notes.

A song becomes a piece of one voice at 480 ticks per beat and 120 beats per minute. A song that
needs sixteenths is written in doubled note values. It then fits eighths, the grid of the simplified
instrument, and sounds the same at twice the tempo.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evo.core.errors import AbcError, InputError, MidiError
from evo.core.user_files import user_file
from evo.music.abc import read_melody
from evo.music.midi.parts import Part
from evo.music.midi.read import MidiPiece
from evo.music.midi.reading import usual_lowest_note
from evo.music.midi.units import DEFAULT_TEMPO
from evo.music.screening.fingerprint import top_line
from evo.music.song import MAX_STEPS, Song
from evo.music.tunes import name_of

TICKS_PER_BEAT = 480

TITLE = 40  # maximum letters of a title in a file name

FOLDERS = {"essen": "essenFolksong"}  # in music21/corpus

_TUNE = re.compile(r"^X:", re.MULTILINE)
_FIELD = re.compile(r"([A-Za-z]):(.*)")
_FRACTION = re.compile(r"([1-9]\d*)/([1-9]\d*)")


@dataclass(frozen=True)
class FolkSong:
    """A song of a collection, not yet parsed.

    Attributes:
        name: file, number and title, valid as a file name: "han1-007-title".
        text: its ABC.
    """

    name: str
    text: str

    def read(self) -> MidiPiece:
        """Parse the song as a piece.

        Raises:
            MidiError: if the notation is invalid.
        """
        fields, body = _split(self.text)
        try:
            unit = _FRACTION.fullmatch(fields.get("L", ""))
            if unit is None:
                raise AbcError(0, f"cannot read L:{fields.get('L', '')}")
            # A tie between rests has no effect.
            notes, length = read_melody(re.sub(r"(z\d*)-", r"\1", body), fields.get("K", ""))
        except AbcError as error:
            raise MidiError(self.name, f"damaged: {error}") from None
        ticks = 4 * TICKS_PER_BEAT * int(unit[1]) // int(unit[2])  # per unit note; 60 for 1/32
        if not 1 <= ticks <= 1 << 20:
            raise MidiError(self.name, f"damaged: a unit note of {unit[0]}")
        if any(note.onset * ticks % (TICKS_PER_BEAT // 2) for note in notes):
            ticks *= 2
        rows = [
            (note.onset * ticks, (note.onset + note.length) * ticks, note.pitch, 0)
            for note in notes
        ]
        return MidiPiece(
            notes=np.array(rows, dtype=np.int64).reshape(len(rows), 4),
            parts=(Part(0, 0, (0,)),) if rows else (),
            percussion=0,
            tempos=((0, DEFAULT_TEMPO),),
            metres=_metre(fields.get("M", "")),
            ticks_per_beat=TICKS_PER_BEAT,
            end_tick=length * ticks,
        )


def folk_songs(collection: str) -> Iterator[FolkSong]:
    """Yield the songs of a collection as text, in the order of file names.

    The songs are not yet parsed: `FolkSong.read` does that, and refuses invalid ones.

    Args:
        collection: A name in `FOLDERS`, such as "essen".

    Raises:
        InputError: if music21 is not installed or lacks the collection.
    """
    for path in _files(collection):
        with user_file(path, "cannot be read"):
            text = path.read_text(encoding="utf-8", errors="replace")
        for tune in _TUNE.split(text)[1:]:
            number, _, rest = tune.partition("\n")
            fields, _ = _split(rest)
            title = name_of(fields.get("T", ""))[:TITLE].strip("-")
            count = number.strip().zfill(3)
            yield FolkSong("-".join(filter(None, (path.stem, count, title))), rest)


def to_song(piece: MidiPiece, name: str, keys: int, steps_per_beat: int) -> Song:
    """Convert the top line of a piece to a song centred on the keys.

    Args:
        piece: a piece with at least one note.
        name: name of the song.
        keys: number of keys.
        steps_per_beat: resolution; onsets fall on the nearest step.

    Raises:
        MidiError: if the melody spans more than the keys or is too long.
    """
    line = top_line(piece.notes)
    low, high = int(line[:, 2].min()), int(line[:, 2].max())
    lowest = usual_lowest_note(keys)
    shift = lowest + (keys - 1 - (high - low)) // 2 - low
    scale = steps_per_beat / piece.ticks_per_beat
    steps = max(1, round(piece.end_tick * scale))
    if high - low >= keys or steps > MAX_STEPS:
        raise MidiError(name, f"{high - low + 1} keys, {steps} steps are too many")
    grid = np.zeros((steps, keys), np.bool_)
    for onset, _, pitch, _ in line.tolist():
        grid[round(onset * scale), pitch + shift - lowest] = True
    return Song(grid, lowest, steps_per_beat, name=name)


def _files(collection: str) -> list[Path]:
    found = importlib.util.find_spec("music21")
    if found is None or not found.submodule_search_locations:
        raise InputError(
            f"the collection {collection!r} comes with music21, which is not installed: "
            "pip install 'kuznechik[corpus]'"
        )
    folder = Path(found.submodule_search_locations[0]) / "corpus" / FOLDERS[collection]
    files = sorted(folder.glob("*.abc"))
    if not files:
        raise InputError(f"{folder}: this install of music21 came without the collection")
    return files


def _split(text: str) -> tuple[dict[str, str], str]:
    """Split ABC into fields, the first per letter, and the melody after `K:`."""
    fields: dict[str, str] = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _FIELD.match(line)
        if found:  # a field may continue on lines without a letter
            fields.setdefault(found[1], found[2].strip())
            if found[1] == "K":
                return fields, "\n".join(lines[number + 1 :])
    return fields, ""


def _metre(field: str) -> tuple[tuple[int, int, int], ...]:
    """Return a metre field as (tick, numerator, denominator); 0/4 for a free or missing metre."""
    found = _FRACTION.match(field)
    return ((0, int(found[1]), int(found[2])),) if found else ((0, 0, 4),)
