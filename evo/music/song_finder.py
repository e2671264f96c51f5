"""Find the songs of a name, and leave out files that cannot be learned.

A name is an embedded tune, a MIDI file, or a folder of MIDI files.

    SongFinder   load the songs of names, for learning
    find_songs   load the songs of one name, for learning
    read_songs   load the songs of a name, for measuring, and report unreadable files
    load_songs   load the songs of a path
    midi_files   list the files of a path

A name that is a tune's means the tune; `./NAME` means a file or folder of that name.
"""

import os
import stat
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Any

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

SUFFIXES = (".mid", ".midi")


class SongFinder:
    """Find the songs of a name, in whole bars; every name is read once.

    A file of a folder that cannot be learned is left out, with a message: it is damaged, hidden, or
    has the name of another. `strict` refuses the folder instead.
    """

    def __init__(
        self, show_message: Callable[[str], None] = lambda text: None, strict: bool = False
    ) -> None:
        self._show_message, self._strict = show_message, strict
        self._found: dict[tuple[str, int, int], list[Song]] = {}

    def __call__(self, name: str, keys: int, steps_per_beat: int) -> list[Song]:
        """Return the songs of a name.

        Args:
            name: An embedded tune, a MIDI file, or a folder of them.
            keys: Number of keys; a tune always has 13.
            steps_per_beat: Resolution; a tune always has 2.

        Raises:
            MidiError: If the name is unknown, a file or all files of a folder cannot be learned, or
                one of them cannot and `strict` is set.
        """
        given = (name, keys, steps_per_beat)
        if given not in self._found:
            self._found[given] = self._read(*given)
        return self._found[given]

    def _read(self, name: str, keys: int, steps_per_beat: int) -> list[Song]:
        options: dict[str, Any] = {"keys": keys, "steps_per_beat": steps_per_beat}
        embedded = _embedded(name)
        if embedded is not None:
            if os.path.lexists(name):
                self._show_message(
                    f"{name} is the embedded tune; for the file or folder here, write ./{name}"
                )
            return [embedded]
        if not os.path.isdir(name):
            return [Song.load(name, **options).whole_bars()]
        songs: dict[str, Song] = {}
        refused: list[MidiError] = []
        for path in midi_files(name):
            try:
                song = _learnable(path, songs, options)
                songs[song.name] = song.whole_bars()
            except MidiError as error:
                if self._strict:
                    raise
                refused.append(error)
        if not songs:
            raise refused[0]
        for problem in refused:
            self._show_message(f"left out: {problem}")
        return list(songs.values())


def _learnable(path: str, songs: Container[str], options: dict[str, Any]) -> Song:
    """Load a file of a folder.

    Args:
        path: The file.
        songs: Names of the folder's songs before it.
        options: Arguments of `Song.load`.

    Raises:
        MidiError: If it is hidden, has the name of another, or `Song.load` refuses it.
    """
    if os.path.basename(path).startswith("."):
        raise MidiError(path, "is a hidden file")
    song = Song.load(path, **options)
    if song.name in songs:
        raise MidiError(path, f"another song is called {song.name}, too")
    return song


def find_songs(name: str, keys: int, steps_per_beat: int) -> list[Song]:
    """Return the songs of a name, without those that cannot be learned; see `SongFinder`.

    Args:
        name: An embedded tune, a MIDI file, or a folder of them.
        keys: Number of keys; a tune always has 13.
        steps_per_beat: Resolution; a tune always has 2.

    Raises:
        MidiError: If there are none.
    """
    return SongFinder()(name, keys, steps_per_beat)


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
        MidiError: If the name is neither.
    """
    if name in tune_names():
        return tune(name)
    path = Path(name)
    if path.suffix or os.path.lexists(path):
        return None
    raise MidiError(name, "no file, no folder and no embedded tune; see `evo songs list`")


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
