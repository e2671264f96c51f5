"""What a user names as music: an embedded tune, a MIDI file, or a folder of MIDI files.

    find_songs   the songs of a name, to learn them
    read_songs   the songs of a name, to measure them, and what is wrong with a folder's other files
    load_songs   the songs of a path
    midi_files   the files of a path, to check them

A name with neither a file nor a folder of its own, and without a suffix, is a tune's.
"""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evo.core.errors import MidiError
from evo.music.files import AnyPath, user_file
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

SUFFIXES = (".mid", ".midi")


def find_songs(name: str, keys: int, steps_per_beat: int) -> list[Song]:
    """Return the songs of a name, in whole bars.

    Args:
        name: an embedded tune, a MIDI file, or a folder of them.
        keys: number of keys; a tune always has its 13.
        steps_per_beat: resolution; a tune always has its 2.

    Raises:
        MidiError: for a name of nothing, a folder without songs, and the first file that
            `Song.load` refuses.
    """
    embedded = _embedded(name)
    if embedded is not None:
        return [embedded]
    songs = load_songs(name, keys=keys, steps_per_beat=steps_per_beat)
    return [song.whole_bars() for song in songs]


def read_songs(
    name: str, watch: Callable[[list[str]], Iterable[str]] = iter, **options: Any
) -> tuple[list[Song], list[MidiError]]:
    """Return the songs of a name, and the errors of the files in a folder that are none.

    Args:
        name: an embedded tune, a MIDI file, or a folder of them.
        watch: iterates over a folder's files, to show how far the reading is.
        options: as `Song.load` takes them; a tune is as it is.

    Raises:
        MidiError: for a name of nothing, and a single file that cannot be read.
    """
    embedded = _embedded(name)
    if embedded is not None:
        return [embedded], []
    if not os.path.isdir(name):
        return [Song.load(name, **options)], []
    songs, refused = [], []
    for path in watch(_listed(name)):
        try:
            songs.append(Song.load(path, **options))
        except MidiError as error:
            refused.append(error)
    return songs, refused


def load_songs(path: AnyPath, **options: Any) -> list[Song]:
    """Return the song of a MIDI file, or those of a folder in the order of their names.

    Args:
        path: a file, or a folder with *.mid and *.midi files.
        options: as `Song.load` takes them.

    Raises:
        MidiError: for a folder without any, and the first file that `Song.load` refuses.
    """
    return [Song.load(one, **options) for one in midi_files(path)]


def midi_files(path: AnyPath, below: bool = False) -> list[str]:
    """Return a file, or the *.mid and *.midi files of a folder, sorted.

    Whatever has such a name is in the list, and so is a folder below that cannot be read: to read
    it says why it cannot be.

    Args:
        path: a file or a folder.
        below: whether to look into the folders below, too. Links are followed, each folder once.

    Raises:
        MidiError: for a path that is neither a file nor a folder, and a folder without any file.
    """
    found = _listed(path, below)
    if not found:
        where = "in this folder or below it" if below else "in this folder"
        raise MidiError(path, f"no *.mid or *.midi file {where}")
    return found


def _embedded(name: str) -> Song | None:
    """Return the tune of this name, None if it is a path; MidiError if it is neither."""
    path = Path(name)
    if path.exists() or path.suffix:
        return None
    if name not in tune_names():
        raise MidiError(name, "no file, no folder and no embedded tune; see `evo songs list`")
    return tune(name)


def _listed(path: AnyPath, below: bool = False) -> list[str]:
    """Return what `midi_files` does; nothing of a folder without any."""
    root = os.fspath(path)
    with user_file(root, "cannot be read", MidiError):
        mode = os.stat(root).st_mode
        if stat.S_ISREG(mode):
            return [root]
        if not stat.S_ISDIR(mode):
            raise MidiError(root, "neither a file nor a folder")
        names = os.listdir(root)
    if below:
        return sorted(_below(root))
    return sorted(os.path.join(root, name) for name in names if name.lower().endswith(SUFFIXES))


def _below(root: str) -> set[str]:
    found: set[str] = set()
    seen: set[tuple[int, int]] = set()

    def unreadable(error: OSError) -> None:
        found.add(str(error.filename))

    for folder, folders, files in os.walk(root, followlinks=True, onerror=unreadable):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        names = (name for name in (*folders, *files) if name.lower().endswith(SUFFIXES))
        found.update(os.path.join(folder, name) for name in names)
    return found
