"""Compare the MIDI reader with symusic, and measure its speed and that of `evo songs check`.

    python benchmarks/midi.py FOLDER... [--generated 500] [--from-music21 300] [--list]
    python benchmarks/midi.py --speed

The comparison reads every MIDI file below the folders with both readers. Compared are the multisets
of (onset, end, pitch) of all notes but percussion, in ticks. A file is valid if symusic reads it
and returns as many notes as there are note-ons, so that every note has its note-off.

--generated    also compares files with overlapping notes of one pitch, several channels, running
               status, and notes struck and released at one moment
--from-music21 also compares files that music21 writes from its corpus, so many of each collection

Some files have a note-on without a note-off: music21 writes the note-off of a grace note before its
note-on, and symusic then loses notes or lengthens them. Such files are counted apart. Those of
music21 are also compared with the scores they were written from.

Without symusic or music21, what needs them is skipped with a message.

Found (symusic 0.6): 100 % of the valid files agree, among them 427 written by music21 and 500
generated. With `--from-music21 24`, 28 of 115 files lack note-offs: all 28 have the notes of their
scores as the project reads them, none as symusic does.

--speed reads a file of 100 kB (`read_piece` and `Song.load`, best and median of 15), and checks
1,000 files in a process of its own: seconds and peak memory (see `song_check.py`).
"""

# isort: split
import common  # first: it arranges the import path

# isort: split
import contextlib
import importlib.util
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from evo.core.errors import MidiError
from evo.music.midi.read import read_piece

SUFFIXES = (".mid", ".midi", ".kar")
MUSIC21_COLLECTIONS = ("bach", "ryansMammoth", "essenFolksong", "oneills1850", "airdsAirs")
TICKS = 96
PERCUSSION = 9

Notes = Counter[tuple[int, int, int]]


class Difference(NamedTuple):
    """A file on which the readers differ, and how."""

    path: Path
    kind: str
    detail: str


def our_notes(path: Path) -> Notes:
    """Return (onset, end, pitch) of the notes, as the project reads them."""
    return Counter(map(tuple, read_piece(path).notes[:, :3].tolist()))


def their_notes(path: Path) -> Notes:
    """Return (onset, end, pitch) of the notes, as symusic reads them."""
    import symusic

    score = symusic.Score(path)
    tracks = [track for track in score.tracks if not track.is_drum]
    return Counter((n.time, n.end, n.pitch) for track in tracks for n in track.notes)


def note_ons(path: Path) -> int:
    """Return the number of note-ons of a file, without percussion."""
    import mido

    messages = (message for track in mido.MidiFile(path, clip=True).tracks for message in track)
    return sum(
        message.type == "note_on" and message.velocity > 0 and message.channel != PERCUSSION
        for message in messages
    )


def difference(path: Path) -> Difference | None:
    """Return how the readers differ on a file, or None."""
    try:
        theirs = their_notes(path)
    except (RuntimeError, ValueError) as error:  # of symusic
        return Difference(path, "refused by symusic", str(error).splitlines()[0][:80])
    try:
        ours = our_notes(path)
    except MidiError as error:
        return Difference(path, "refused by the project", error.reason[:80])
    if ours == theirs:
        return None
    if theirs.total() != note_ons(path):
        more = ours.total() - theirs.total()
        return Difference(path, "without note-offs", f"{more} notes not read by symusic")
    onsets = [Counter((on, key) for on, _, key in notes.elements()) for notes in (ours, theirs)]
    kind = "other ends" if onsets[0] == onsets[1] else "other onsets"
    more, fewer = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    return Difference(path, kind, f"{len(more)} more {more[:2]}, {len(fewer)} fewer {fewer[:2]}")


def compare(title: str, paths: Iterable[Path], every: bool) -> None:
    """Print the agreement on some files."""
    found = list(paths)
    differences = [one for one in map(difference, found) if one is not None]
    kinds = Counter(one.kind for one in differences)
    valid = len(found) - kinds["refused by symusic"] - kinds["without note-offs"]
    agree = len(found) - len(differences)
    print(f"{title}: {agree} of {valid} agree ({agree / max(1, valid):.2%}) {dict(kinds) or ''}")
    for one in differences if every else []:
        print(f"  {one.path}: {one.kind}: {one.detail}")


def write_generated(folder: Path, count: int) -> list[Path]:
    """Write files of notes that overlap on one pitch, each with its note-off."""
    import mido

    paths = []
    for seed in range(count):
        chance = random.Random(seed)
        midi = mido.MidiFile(type=1, ticks_per_beat=TICKS)
        for _ in range(chance.randrange(1, 4)):
            events = []
            # The note-off comes before (1) or after note-ons of the same moment.
            order = chance.choice((1, -1))
            shortest = max(0, order)
            for number in range(chance.randrange(5, 80)):
                onset = chance.randrange(0, 40 * TICKS, 12)
                end = onset + chance.choice((shortest, 1, 12, 24, 48, 96, 300))
                channel = chance.choice((0, 0, 1, 9))
                key = chance.randrange(60, 64)
                events += [(onset, number, 1, channel, key), (end, number, 0, channel, key)]
            events.sort(key=lambda event: (event[0], order * event[2], event[1]))
            midi.tracks.append(_track(events, chance.random() < 0.5))
        path = folder / f"generated-{seed:04d}.mid"
        midi.save(path)
        paths.append(path)
    return paths


def _track(events: list[tuple[int, int, int, int, int]], as_velocity: bool) -> Any:
    import mido

    track, now = mido.MidiTrack(), 0
    for tick, _, on, channel, key in events:
        kind = "note_on" if on or as_velocity else "note_off"
        velocity = 64 if on else 0
        track.append(
            mido.Message(kind, channel=channel, note=key, velocity=velocity, time=tick - now)
        )
        now = tick
    return track


def score_notes(score: Any, ticks_per_beat: int) -> Notes:
    """Return (onset, end, pitch) of a score's notes, as music21 has them, from its first onset."""
    import music21

    with contextlib.suppress(music21.Music21Exception):  # then it is written without repeats
        score = score.expandRepeats()
    notes: Notes = Counter()
    for note in score.stripTies().flatten().notes:
        if not isinstance(note, music21.harmony.Harmony):
            onset = round(note.offset * ticks_per_beat)
            end = onset + round(note.quarterLength * ticks_per_beat)
            notes.update((onset, end, pitch.midi) for pitch in note.pitches)
    return from_first_onset(notes)


def from_first_onset(notes: Notes) -> Notes:
    """Return notes that begin at tick 0."""
    first = min(onset for onset, _, _ in notes)
    moved: Notes = Counter()
    for (onset, end, pitch), count in notes.items():
        moved[onset - first, end - first, pitch] += count
    return moved


def compare_with_scores(scores: dict[Path, Any]) -> None:
    """Print which reader has the notes of the score, for files on which they differ."""
    different = ours_right = theirs_right = 0
    for path, score in scores.items():
        ours, theirs = our_notes(path), their_notes(path)
        if ours != theirs:
            true = score_notes(score, read_piece(path).ticks_per_beat)
            different += 1
            ours_right += from_first_onset(ours) == true
            theirs_right += from_first_onset(theirs) == true
    print(
        f"of {different} files on which they differ, {ours_right} have the notes of the score as "
        f"the project reads them, {theirs_right} as symusic does"
    )


def write_music21(folder: Path, count: int) -> dict[Path, Any]:
    """Write MIDI files of pieces of music21's corpus, a sample of each collection.

    Returns:
        The score of each file.
    """
    import music21

    root = Path(music21.__file__).parent / "corpus"
    paths: dict[Path, Any] = {}
    for collection in MUSIC21_COLLECTIONS:
        files = sorted(
            path for path in (root / collection).rglob("*")
            if path.suffix in (".abc", ".mxl", ".xml", ".krn", ".musicxml")
        )  # fmt: skip
        before = len(paths)
        for source in random.Random(1).sample(files, len(files)):
            if len(paths) - before >= count:
                break
            try:
                parsed = music21.converter.parse(source)
                scores = parsed.scores if isinstance(parsed, music21.stream.Opus) else [parsed]
                for number, score in enumerate(list(scores)[: max(1, count // 8)]):
                    path = folder / f"{collection}-{source.stem}-{number}.mid"
                    score.write("midi", path)
                    paths[path] = score
            except (music21.Music21Exception, ValueError, TypeError, AttributeError) as error:
                print(f"music21 does not write {source.name}: {error!r}"[:100])
        print(f"music21 wrote {len(paths) - before} files of {collection}")
    return paths


def milliseconds(measured: Callable[[], object], times: int = 15) -> str:
    """Return the best and the median time of a call."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        measured()
        found.append(1e3 * (time.perf_counter() - started))
    return f"{min(found):.1f} ms, median {statistics.median(found):.1f} ms"


def measure_speed() -> None:
    """Print the time of reading 100 kB, and the time and memory of a check."""
    import mido

    from evo.music.song import Song

    with tempfile.TemporaryDirectory() as place:
        # Three notes a sixteenth: the texture of a piano piece.
        chance, events = random.Random(1), []
        for number in range(15_000):
            onset, key = number // 3 * 120, chance.randrange(36, 96)
            end = onset + chance.choice((120, 240, 480))
            events += [(onset, number, 1, 0, key), (end, number, 0, 0, key)]
        track = _track(sorted(events, key=lambda event: (event[0], event[2])), as_velocity=False)
        path = Path(place) / "large.mid"
        mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
        print(f"{path.stat().st_size / 1e3:.0f} kB, {len(track):,} events")
        print("read_piece:", milliseconds(lambda: read_piece(path)))
        print("Song.load: ", milliseconds(lambda: Song.load(path)))
    script = Path(__file__).with_name("song_check.py")
    subprocess.run([sys.executable, str(script)], check=True)


def main() -> None:
    """Compare or measure, and print."""
    parser = common.parser(__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--generated", type=int, default=0, metavar="N")
    parser.add_argument("--from-music21", type=int, default=0, metavar="N")
    parser.add_argument("--list", action="store_true", help="list the differences")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.speed:
        measure_speed()
    if importlib.util.find_spec("symusic") is None:
        print("no comparison: symusic is not installed")
        return
    for folder in options.folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        compare(str(folder), filter(Path.is_file, files), options.list)
    with tempfile.TemporaryDirectory() as place:
        if options.generated:
            compare("generated", write_generated(Path(place), options.generated), options.list)
        if options.from_music21 and importlib.util.find_spec("music21") is None:
            print("no files of music21: it is not installed")
        elif options.from_music21:
            written = write_music21(Path(place), options.from_music21)
            compare("written by music21", written, options.list)
            compare_with_scores(written)


if __name__ == "__main__":
    main()
