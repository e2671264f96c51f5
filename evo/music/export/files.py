"""Export a song in a format by name."""

from __future__ import annotations

from evo.music.export.abc import abc_text
from evo.music.export.engraving import svg_text
from evo.music.export.musicxml import musicxml_text
from evo.music.song import Song
from evo.music.synth import wav_bytes

# Each is also the suffix of the file.
FORMATS = {
    "mid": Song.to_midi,
    "abc": lambda song: abc_text(song).encode(),
    "musicxml": lambda song: musicxml_text(song).encode(),
    "svg": lambda song: svg_text(song).encode(),
    "wav": wav_bytes,
}


def exported(song: Song, to: str) -> bytes:
    """Return the content of a file of a song.

    Args:
        song: the song.
        to: a name of `FORMATS`.

    Raises:
        InputError: if the song cannot be written in this format.
    """
    return FORMATS[to](song)


def sheet_files(song: Song, stem: str) -> dict[str, bytes]:
    """Return the sheets of a song: ABC and MusicXML, by file name.

    Args:
        song: the song.
        stem: name of the files, without suffix.

    Raises:
        InputError: if the music cannot be written.
    """
    return {f"{stem}.{to}": exported(song, to) for to in ("abc", "musicxml")}
