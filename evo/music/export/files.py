"""Export a song in a format by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evo.music.export.abc import abc_text
from evo.music.export.engraving import svg_text
from evo.music.export.musicxml import musicxml_text
from evo.music.export.sheets import sheets_of
from evo.music.song import Song
from evo.music.sound import SOUND_FORMATS, sound_of

# Each is also the suffix of the file.
FORMATS: dict[str, Callable[[Song], bytes]] = {
    "mid": Song.to_midi,
    "abc": lambda song: abc_text(song).encode(),
    "musicxml": lambda song: musicxml_text(song).encode(),
    "svg": lambda song: svg_text(song).encode(),
    **{kind: partial(sound_of, kind=kind) for kind in SOUND_FORMATS},
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


def song_files(song: Song, stem: str) -> dict[str, bytes]:
    """Return a song as MIDI and as sheets, ABC and MusicXML, by file name.

    Music that no sheet can hold, as too many notes sound at once, has no sheets.

    Args:
        song: the song.
        stem: name of the files, without suffix.
    """
    return {f"{stem}.mid": song.to_midi()} | sheets_of(song, stem)
