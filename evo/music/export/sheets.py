"""Write the sheets of a song, which is laid out once for all of them."""

from evo.core.errors import InputError
from evo.music.export.abc import abc_of
from evo.music.export.musicxml import musicxml_of
from evo.music.export.score import score_of
from evo.music.song import Song


def sheets_of(song: Song, stem: str) -> dict[str, bytes]:
    """Return a song's sheets, ABC and MusicXML, by file name; none if no sheet can hold it.

    Args:
        song: the song.
        stem: name of the files, without suffix.
    """
    try:
        score = score_of(song)
        sheets = {f"{stem}.abc": abc_of(score), f"{stem}.musicxml": musicxml_of(score)}
    except InputError:
        return {}
    return {name: sheet.encode() for name, sheet in sheets.items()}
