"""Find the songs of a name, and leave out files that cannot be learned.

A name is an embedded tune, a MIDI or ABC file, or a folder of them.

    SongFinder   load the songs of names, for learning
    find_songs   load the songs of one name, for learning
    read_songs   load the songs of a name, for measuring, and report unreadable files
    load_songs   load the songs of a path
    midi_files   list the MIDI files of a path

A name that is a tune's means the tune; `./NAME` means a file or folder of that name.
"""

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from evo.core.errors import InputError, MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.abc.songs import songs_of_abc
from evo.music.midi.reading import AUTO, Reading
from evo.music.midi.units import note_name
from evo.music.regrid import regridded
from evo.music.resolution import RESOLUTIONS
from evo.music.song import Song
from evo.music.tunes import KEYS, STEPS_PER_BEAT, tune, tune_names
from genomes.words import counted

SUFFIXES = (".mid", ".midi", ".kar")
ABC = ".abc"
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
            name: An embedded tune, a MIDI or ABC file, or a folder of them.
            reading: Keys, resolution and parts; an embedded tune has 13 keys and 2 steps per beat
                if they are automatic.

        Raises:
            MidiError: If the name is unknown, a file or all files of a folder cannot be learned, or
                one of them cannot and `strict` is set.
        """
        chooses = reading.tracks or reading.channels or reading.parts or reading.beat_ticks
        if chooses and (name in tune_names() or name.lower().endswith(ABC)):
            raise InputError(
                f"{name}: only MIDI files have tracks, channels, parts and beat ticks; leave "
                "--track, --channel, --part and --beat-ticks out"
            )
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
        if os.path.isdir(name) or name.lower().endswith(ABC):
            return self._several(name, reading)
        song, remarks = Song.read(name, reading)
        for remark in remarks:
            self._show_message(f"{name}: {remark}")
        return self._told(name, [song.whole_bars()], reading)

    def _told(self, name: str, songs: list[Song], reading: Reading) -> list[Song]:
        """Return the songs, after a message on what was automatic."""
        first = songs[0]
        if AUTO in (reading.keys, reading.steps_per_beat):
            words = in_words(first)
            if len(songs) > 1:
                words = (
                    f"{len(songs)} songs, {counted(first.keys, 'key')}, "
                    f"{counted(first.steps_per_beat, 'step')} per beat"
                )
            self._show_message(f"{name}: {words}")
        return songs

    def _several(self, name: str, reading: Reading) -> list[Song]:
        songs: dict[str, tuple[str, Song]] = {}
        refused: list[MidiError] = []

        def refuse(error: MidiError) -> None:
            if self._strict:
                raise error
            refused.append(error)

        for path in midi_files(name, suffixes=(*SUFFIXES, ABC)):
            try:
                for song in _songs_in(path, reading, refuse):
                    if song.name in songs:
                        refuse(MidiError(path, f"another song is called {song.name}, too"))
                    else:
                        songs[song.name] = path, song
            except MidiError as error:
                refuse(error)
        learned = _alike(songs.values(), reading, refuse)
        if not learned:
            raise refused[0]
        for problem in refused:
            self._show_message(f"left out: {problem}")
        return self._told(name, learned, reading)


def _songs_in(path: str, reading: Reading, refuse: Callable[[MidiError], None]) -> list[Song]:
    """Return the songs of a MIDI or ABC file of a folder.

    Args:
        path: The file.
        reading: How to read it.
        refuse: Called with the error of every tune of an ABC file that cannot be read.

    Raises:
        MidiError: If it is hidden, or cannot be read.
    """
    if os.path.basename(path).startswith("."):
        raise MidiError(path, "is a hidden file")
    if path.lower().endswith(ABC):
        return songs_of_abc(
            path, steps_per_beat=reading.steps_per_beat, keys=reading.keys, refuse=refuse
        )
    return [Song.read(path, reading)[0]]


def _alike(
    songs: Iterable[tuple[str, Song]], reading: Reading, refuse: Callable[[MidiError], None]
) -> list[Song]:
    """Return the songs with the same keys and resolution.

    Args:
        songs: The path of each song, and the song.
        reading: Keys and resolution, given or automatic.
        refuse: Called for every song that needs more than most of them.
    """
    found = list(songs)
    if not found:
        return []
    if reading.steps_per_beat == AUTO:
        resolution = most_need([song.steps_per_beat for _, song in found], multiple=True)
    else:
        resolution = reading.steps_per_beat
    fitting = []
    for path, song in found:
        if resolution % song.steps_per_beat == 0:
            fitting.append((path, song))
        else:
            needs = f"needs {song.steps_per_beat} steps per beat, and {resolution} serve most songs"
            refuse(MidiError(path, needs))
    keys = most_need([song.keys for _, song in fitting]) if reading.keys == AUTO else reading.keys
    learned = []
    for path, song in fitting:
        if song.keys <= keys:
            learned.append(regridded(song, keys, resolution).whole_bars())
        else:
            refuse(MidiError(path, f"needs {song.keys} keys, and {keys} serve most songs"))
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


def find_songs(name: str, reading: Reading = Reading()) -> list[Song]:  # noqa: B008  # immutable
    """Return the songs of a name, without those that cannot be learned; see `SongFinder`.

    Args:
        name: An embedded tune, a MIDI or ABC file, or a folder of them.
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
    if not os.path.isdir(name) and not name.lower().endswith(ABC):
        return [Song.load(name, **options)], []
    songs: list[Song] = []
    refused: list[MidiError] = []
    for path in watch(_listed(name, suffixes=(*SUFFIXES, ABC))):
        try:
            songs += _songs_in(path, Reading(**options), refused.append)
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


def midi_files(
    path: AnyPath, below: bool = False, suffixes: tuple[str, ...] = SUFFIXES
) -> list[str]:
    """Return a file, or the MIDI files of a folder, sorted.

    Entries are listed by name alone. Unreadable subfolders are listed too, so that reading them
    reports the error.

    Args:
        path: a file or a folder.
        below: whether to search subfolders. Links are followed, each folder once.
        suffixes: of the files, in lower case.

    Raises:
        MidiError: if the path is neither a file nor a folder, or the folder has no MIDI file.
    """
    found = _listed(path, below, suffixes)
    if not found:
        where = "in this folder or below it" if below else "in this folder"
        raise MidiError(path, f"no *.mid, *.midi or *.kar file {where}")
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


def _listed(path: AnyPath, below: bool = False, suffixes: tuple[str, ...] = SUFFIXES) -> list[str]:
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
        return sorted(_below(root, suffixes))
    return sorted(os.path.join(root, name) for name in names if name.lower().endswith(suffixes))


def _below(root: str, suffixes: tuple[str, ...]) -> set[str]:
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
        names = (name for name in (*folders, *files) if name.lower().endswith(suffixes))
        found.update(os.path.join(folder, name) for name in names)
    return found
