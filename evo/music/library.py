"""Songs by what a user calls them: an embedded tune, a MIDI file, or a folder of them."""

from pathlib import Path

from evo.core.errors import InputError, MidiError
from evo.music.song import Song, load_songs
from evo.music.tunes import tune, tune_names


def find_songs(name: str, keys: int, steps_per_beat: int) -> list[Song]:
    """The songs of a MIDI file, a folder of them, or an embedded tune's name, in whole bars.

    Raises InputError in one line if there are none.
    """
    path = Path(name)
    if not path.exists() and not path.suffix:
        if name in tune_names():
            return [tune(name)]
        raise InputError(
            f"{name!r} is no file, no folder and no embedded tune; see `evo songs list`"
        )
    try:
        songs = load_songs(path, keys=keys, steps_per_beat=steps_per_beat)
    except MidiError as error:
        raise InputError(str(error)) from None
    return [song.whole_bars() for song in songs]
