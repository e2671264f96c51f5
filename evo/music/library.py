"""Find songs by name: an embedded tune, a MIDI file, or a folder of MIDI files.

    find_songs   load the songs of a name, for learning
    read_songs   load the songs of a name, for measuring, and report unreadable files
    load_songs   load the songs of a path
    midi_files   list the files of a path

A name without a suffix is a tune's, unless a file or folder has that name.
"""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

SUFFIXES = (".mid", ".midi")


def find_songs(name: str, keys: int, steps_per_beat: int) -> list[Song]:
    """Return the songs of a name, in whole bars.

    Args:
        name: an embedded tune, a MIDI file, or a folder of them.
        keys: number of keys; a tune always has 13.
        steps_per_beat: resolution; a tune always has 2.

    Raises:
        MidiError: if the name is unknown, the folder has no songs, or `Song.load` refuses a file.
    """
    embedded = _embedded(name)
    if embedded is not None:
        return [embedded]
    songs = load_songs(name, keys=keys, steps_per_beat=steps_per_beat)
    return [song.whole_bars() for song in songs]


def read_songs(
    name: str, watch: Callable[[list[str]], Iterable[str]] = iter, **options: Any
) -> tuple[list[Song], list[MidiError]]:
    """Return the songs of a name, and the errors of a folder's unreadable files.

    Args:
        name: an embedded tune, a MIDI file, or a folder of them.
        watch: wraps the iteration over a folder's files, to show progress.
        options: arguments of `Song.load`; ignored for a tune.

    Raises:
        MidiError: if the name is unknown, or a single file cannot be read.
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
    """Load a MIDI file, or all MIDI files of a folder sorted by name.

    Args:
        path: a file, or a folder with *.mid and *.midi files.
        options: arguments of `Song.load`.

    Raises:
        MidiError: if the folder has no songs, or `Song.load` refuses a file.
    """
    return [Song.load(file, **options) for file in midi_files(path)]


def midi_files(path: AnyPath, below: bool = False) -> list[str]:
    """Return a file, or the *.mid and *.midi files of a folder, sorted.

    Entries are listed by name alone. Unreadable subfolders are listed too, so that reading them
    reports the error.

    Args:
        path: a file or a folder.
        below: whether to search subfolders. Links are followed, each folder once.

    Raises:
        MidiError: if the path is neither a file nor a folder, or the folder has no MIDI file.
    """
    found = _listed(path, below)
    if not found:
        where = "in this folder or below it" if below else "in this folder"
        raise MidiError(path, f"no *.mid or *.midi file {where}")
    return found


def _embedded(name: str) -> Song | None:
    """Return the tune of this name, or None for a path.

    Raises:
        MidiError: if the name is neither.
    """
    path = Path(name)
    if path.exists() or path.suffix:
        return None
    if name not in tune_names():
        raise MidiError(name, "no file, no folder and no embedded tune; see `evo songs list`")
    return tune(name)


def _listed(path: AnyPath, below: bool = False) -> list[str]:
    """Return the result of `midi_files`, but an empty list if there are none."""
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
