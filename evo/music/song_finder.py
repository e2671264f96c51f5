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
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.midi.reading import AUTO, Reading
from evo.music.midi.units import note_name
from evo.music.resolution import RESOLUTIONS
from evo.music.song import Song
from evo.music.tunes import KEYS, STEPS_PER_BEAT, tune, tune_names
from genomes.base import counted

SUFFIXES = (".mid", ".midi", ".kar")
MOST = 0.9  # share of a folder's songs that must fit automatic keys and resolution


class SongFinder:
    """Find the songs of a name, in whole bars; every name is read once.

    Songs of a folder get the same keys and resolution. If these are automatic, they are the fewest
    that `MOST` of the songs need. A file of a folder that cannot be learned is left out, with a
    message: it needs more, is damaged, hidden, or has the name of another. `strict` refuses the
    folder instead.
    """

    def __init__(
        self, show_message: Callable[[str], None] = lambda text: None, strict: bool = False
    ) -> None:
        self._show_message, self._strict = show_message, strict
        self._found: dict[tuple[str, Reading], list[Song]] = {}

    def __call__(self, name: str, reading: Reading) -> list[Song]:
        """Return the songs of a name.

        Args:
            name: An embedded tune, a MIDI file, or a folder of them.
            reading: Keys, resolution and parts; an embedded tune has 13 keys and 2 steps per beat
                if they are automatic.

        Raises:
            MidiError: If the name is unknown, a file or all files of a folder cannot be learned, or
                one of them cannot and `strict` is set.
        """
        if (name, reading) not in self._found:
            songs = self._read(name, reading)
            first = songs[0]
            known = replace(reading, keys=first.keys, steps_per_beat=first.steps_per_beat)
            self._found[name, reading] = self._found[name, known] = songs
        return self._found[name, reading]

    def _read(self, name: str, reading: Reading) -> list[Song]:
        embedded = _embedded(name, reading)
        if embedded is not None:
            if os.path.lexists(name):
                self._show_message(
                    f"{name} is the embedded tune; for the file or folder here, write ./{name}"
                )
            return [embedded]
        if not os.path.isdir(name):
            song, remarks = Song.read(name, reading)
            for remark in remarks:
                self._show_message(f"{name}: {remark}")
            if AUTO in (reading.keys, reading.steps_per_beat):
                self._show_message(f"{name}: {in_words(song)}")
            return [song.whole_bars()]
        return self._folder(name, reading)

    def _folder(self, name: str, reading: Reading) -> list[Song]:
        songs: dict[str, tuple[str, Song]] = {}
        refused: list[MidiError] = []
        for path in midi_files(name):
            try:
                song = _learnable(path, songs, reading)
                songs[song.name] = path, song
            except MidiError as error:
                if self._strict:
                    raise
                refused.append(error)
        learned = self._alike(songs.values(), reading, refused)
        if not learned:
            raise refused[0]
        for problem in refused:
            self._show_message(f"left out: {problem}")
        if AUTO in (reading.keys, reading.steps_per_beat):
            first = learned[0]
            self._show_message(
                f"{name}: {counted(len(learned), 'song')}, {counted(first.keys, 'key')}, "
                f"{counted(first.steps_per_beat, 'step')} per beat"
            )
        return learned

    def _alike(
        self, songs: Iterable[tuple[str, Song]], reading: Reading, refused: list[MidiError]
    ) -> list[Song]:
        """Return the songs with the same keys and resolution; the others are refused."""
        found = list(songs)
        if not found or AUTO not in (reading.keys, reading.steps_per_beat):
            return [song.whole_bars() for _, song in found]
        resolution = most_need([song.steps_per_beat for _, song in found], multiple=True)
        fitting = [(path, song) for path, song in found if resolution % song.steps_per_beat == 0]
        keys = most_need([song.keys for _, song in fitting])
        learned = []
        for path, song in found:
            problem = ""
            if resolution % song.steps_per_beat:
                problem = (
                    f"needs {song.steps_per_beat} steps per beat, and {resolution} serve most of "
                    "the folder"
                )
            elif song.keys > keys:
                problem = f"needs {song.keys} keys, and {keys} serve most of the folder"
            if not problem:
                known = replace(reading, keys=keys, steps_per_beat=resolution)
                learned.append(Song.read(path, known)[0].whole_bars())
            elif self._strict:
                raise MidiError(path, problem)
            else:
                refused.append(MidiError(path, problem))
        return learned


def most_need(numbers: Sequence[int], multiple: bool = False) -> int:
    """Return the smallest number that serves `MOST` of the numbers.

    Args:
        numbers: What each song needs, at least one.
        multiple: Whether it must be a multiple of what it serves, or else at least as large.
    """
    candidates = RESOLUTIONS if multiple else sorted(set(numbers))
    served = {
        candidate: sum(
            candidate % number == 0 if multiple else candidate >= number for number in numbers
        )
        for candidate in candidates
    }
    enough = [number for number, count in served.items() if count >= MOST * len(numbers)]
    return min(enough) if enough else max(served, key=lambda number: (served[number], -number))


def in_words(song: Song) -> str:
    """Return a song's instrument and metre in words.

    For example: "13 keys from G4, 4 steps per beat, 3/4, pickup of 1 beat".
    """
    words = [
        f"{counted(song.keys, 'key')} from {note_name(song.lowest_note)}",
        f"{counted(song.steps_per_beat, 'step')} per beat",
        str(song.metre),
    ]
    if song.pickup:
        beats = Fraction(song.pickup * song.metre.unit, 4 * song.steps_per_beat)
        words.append(f"pickup of {beats} beat{'' if beats <= 1 else 's'}")
    return ", ".join(words)


def _learnable(path: str, songs: Container[str], reading: Reading) -> Song:
    """Load a file of a folder.

    Args:
        path: The file.
        songs: Names of the folder's songs before it.
        reading: How to read it.

    Raises:
        MidiError: If it is hidden, has the name of another, or cannot be read.
    """
    if os.path.basename(path).startswith("."):
        raise MidiError(path, "is a hidden file")
    song = Song.read(path, reading)[0]
    if song.name in songs:
        raise MidiError(path, f"another song is called {song.name}, too")
    return song


def find_songs(name: str, reading: Reading = Reading()) -> list[Song]:  # noqa: B008  # immutable
    """Return the songs of a name, without those that cannot be learned; see `SongFinder`.

    Args:
        name: An embedded tune, a MIDI file, or a folder of them.
        reading: Keys, resolution and parts.

    Raises:
        MidiError: If there are none.
    """
    return SongFinder()(name, reading)


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


def _embedded(name: str, reading: Reading = Reading()) -> Song | None:  # noqa: B008
    """Return the tune of this name, or None for a path.

    Raises:
        MidiError: If the name is neither.
    """
    if name in tune_names():
        keys = KEYS if reading.keys == AUTO else reading.keys
        beat = STEPS_PER_BEAT if reading.steps_per_beat == AUTO else reading.steps_per_beat
        return tune(name, keys, beat)
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
