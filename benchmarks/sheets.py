"""Compare sheets and the reader of ABC with music21, an independent reader.

    python benchmarks/sheets.py write FOLDER ...     sheets of songs (MIDI and ABC files)
    python benchmarks/sheets.py read FOLDER ...      ABC files [--every 10]

`write` writes every song as MusicXML and ABC, and opens both with music21. It compares notes
(onset, release, pitch), bar lines, time signatures, pickup, key signatures and tempos with the
song. It also reads the ABC back: the song must be the same. Songs without a key are compared
without it. In ABC only the first key is compared: music21 applies a later field K: to the notes,
but keeps no key signature, and ends the bar at a field within a bar.

`read` reads ABC tunes by both, in written order, and compares onsets, pitches and durations. Signs
without influence on notes are removed for both, where music21 misreads them: before a decoration
(H, T, u, v, ~, ...) it drops the note, and it does not apply > and < beside spaces, slurs and
staccato dots. Print what differs with --show.

music21 is the extra `corpus`; its folder `corpus` has ABC files: oneills1850, airdsAirs, ...
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import re
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import music21

from evo.core.errors import EvoError
from evo.music.abc.blocks import Block, Line, blocks
from evo.music.abc.items import Bar, Overlay, Sound
from evo.music.abc.playing import play
from evo.music.abc.reader import read_tune
from evo.music.abc.songs import songs_of_abc
from evo.music.export import abc_text, musicxml_text
from evo.music.export.score import score_of
from evo.music.midi.units import tempo_to_microseconds
from evo.music.song import Song

Facts = dict[str, list[Any]]

SUFFIXES = (".mid", ".midi", ".abc")


def quarters(value: Any) -> Fraction:
    """Return a time of music21 exactly, as it rounds to floats."""
    return Fraction(value).limit_denominator(10_000)


def facts_of_song(song: Song) -> Facts:
    """Return what a sheet must have, with times in steps."""
    score = score_of(song)
    bars = score.bars
    metres = [(bars[0].start, bars[0].beats, bars[0].unit)]
    metres += [(bar.start, bar.beats, bar.unit) for bar in bars[1:] if bar.shows_metre]
    keys = [(step, *key) for step, key in sorted(score.keys.items())]
    tempos = [(step, tempo_to_microseconds(to)) for step, to in sorted(score.tempos.items())]
    return {
        "notes": sorted((Fraction(on), Fraction(off), pitch) for on, off, pitch in song.notes()),
        "bars": [bar.start for bar in bars],
        "metre": metres,
        "pickup": [song.pickup],
        "key": keys if song.key is not None else [],
        "tempo": tempos,
    }


def facts_of_sheet(score: Any, song: Song) -> Facts:
    """Return the facts of a sheet as music21 reads it."""
    scale, lead = song.steps_per_beat, score_of(song).bars[0].start

    def step(value: Any) -> Fraction:
        return quarters(value) * scale + lead

    part = score.parts[0]
    measures = list(part.getElementsByClass(music21.stream.Measure))
    flat = part.flatten()
    first = measures[0]
    is_pickup = first.highestTime < first.barDuration.quarterLength
    keys, metres, tempos = [], [], []
    for key in flat.getElementsByClass(music21.key.KeySignature):
        mode = key.mode if isinstance(key, music21.key.Key) else key.asKey().mode
        keys.append((step(key.offset), key.sharps, mode == "minor"))
    for time in flat.getElementsByClass(music21.meter.TimeSignature):
        metres.append((step(time.offset), time.numerator, time.denominator))
    for mark in score.flatten().getElementsByClass(music21.tempo.MetronomeMark):
        tempos.append((step(mark.offset), tempo_to_microseconds(mark.getQuarterBPM())))
    return {
        "notes": notes_of(score, step),
        "bars": [step(measure.offset) for measure in measures],
        "metre": metres,
        "pickup": [quarters(first.highestTime) * scale if is_pickup else 0],
        "key": keys if song.key is not None else [],
        "tempo": sorted(set(tempos)),
    }


def notes_of(score: Any, step: Any) -> list[tuple[Fraction, Fraction, int]]:
    """Return (onset, release, pitch) of a score of music21, with ties joined."""
    rows = []
    for part in score.parts:
        for sound in part.flatten().notes:
            if isinstance(sound, music21.harmony.Harmony) or sound.duration.isGrace:
                continue
            for note in sound.notes if isinstance(sound, music21.chord.Chord) else [sound]:
                tie = (note.tie or sound.tie).type if note.tie or sound.tie else ""
                end = sound.offset + sound.quarterLength
                rows.append([step(sound.offset), step(end), note.pitch.midi, tie])
    joined: list[list[Any]] = []
    tied: dict[tuple[int, Fraction], list[Any]] = {}
    for row in sorted(rows):
        on, off, pitch, tie = row
        note = tied.pop((pitch, on), None) if tie in ("stop", "continue") else None
        if note is None:
            note = row
            joined.append(row)
        note[1] = off
        if tie in ("start", "continue"):
            tied[pitch, off] = note
    return sorted((on, off, pitch) for on, off, pitch, _ in joined)


def write(options: argparse.Namespace) -> None:
    """Write the sheets of songs, and compare."""
    counts: Counter[str] = Counter()
    for folder in options.folders:
        paths = sorted(str(path) for path in Path(folder).iterdir() if path.suffix in SUFFIXES)
        for path in paths[:: options.every]:
            try:
                songs = (
                    songs_of_abc(path, refuse=print) if path.endswith(".abc") else [Song.load(path)]
                )
            except EvoError as error:
                counts["not read"] += 1
                print(error)
                continue
            for song in songs:
                compare_song(song, counts, options.show)
    for name, count in sorted(counts.items()):
        print(f"{name:30} {count} of {counts['songs']}")


def compare_song(song: Song, counts: Counter[str], show: bool) -> None:
    """Compare both sheets of a song, and add to the counts."""
    counts["songs"] += 1
    wanted = facts_of_song(song)
    text = abc_text(song)
    counts["ABC read back: the same"] += songs_of_abc(text)[0] == song
    for form, sheet in (("musicxml", musicxml_text(song)), ("abc", text)):
        found = facts_of_sheet(music21.converter.parse(sheet, format=form), song)
        if form == "abc":
            wanted["key"], found["key"] = wanted["key"][:1], found["key"][:1]
        equal = [name for name in wanted if wanted[name] == found[name]]
        for name in equal:
            counts[f"{form}: {name}"] += 1
        counts[f"{form}: all"] += len(equal) == len(wanted)
        for name in wanted if show else ():
            if name not in equal:
                print(f"{song.name} {form} {name}: {wanted[name][:4]} {found[name][:4]}")


def read(options: argparse.Namespace) -> None:
    """Read ABC files by both readers, and compare."""
    for folder in options.folders:
        counts: Counter[str] = Counter()
        number = 0
        for path in sorted(Path(folder).glob("*.abc")):
            for block in blocks(path.read_text(encoding="utf-8", errors="replace")):
                number += 1
                if number % options.every == 0:
                    result = compare_tune(block)
                    counts[result] += 1
                    if options.show and result != "same":
                        print(path.name, block.lines[0].number, result)
        total = sum(counts.values())
        for name, count in sorted(counts.items()):
            print(f"{Path(folder).name:20} {name:28} {count} of {total}")


def compare_tune(block: Block) -> str:
    """Return how the readings of a tune compare, in written order."""
    plain = Block(block.shared, [Line(line.number, _plain(line.text)) for line in block.lines])
    try:
        _, voices = read_tune(plain)
    except EvoError:
        return "not read"
    ours = sorted(
        (4 * on, 4 * off, pitch)
        for voice in voices
        for on, off, pitch in play(
            item for item in voice.items if isinstance(item, Sound | Bar | Overlay)
        ).notes
    )
    text = "%abc-2.1\n" + "\n".join(line.text for line in plain.lines) + "\n"
    try:
        score = music21.converter.parse(text, format="abc")
    except Exception as error:  # noqa: BLE001 - of any kind
        return f"music21 fails: {type(error).__name__}"
    if not score.parts:
        return "music21 has no part"
    theirs = notes_of(score, quarters)
    if ours == theirs:
        return "same"
    if [(on, pitch) for on, _, pitch in ours] == [(on, pitch) for on, _, pitch in theirs]:
        return "other durations"
    return "other notes" if len(ours) == len(theirs) else "other number of notes"


def _plain(text: str) -> str:
    """Return a line of ABC without what music21 misreads."""
    if re.match(r"[A-Za-z]:", text) or text.startswith("%"):
        return text
    parts = re.split(r'("[^"]*"|![^!\s]*!)', text)
    text = "".join(part for part in parts if not part.startswith(('"', "!")))
    text = re.sub(r"\{[^{}]*\}|[~H-WYh-w](?![:\]])", "", text)
    text = re.sub(r"\((?!\d)|\)|\.(?![|:])", "", text)
    return re.sub(r"-?\s*([<>]+)\s*", r"\1", text)


def main() -> None:
    """Compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("mode", choices=("write", "read"))
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--every", type=int, default=1, help="take every Nth song or tune")
    parser.add_argument("--show", action="store_true", help="print what differs")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    (write if options.mode == "write" else read)(options)


if __name__ == "__main__":
    assert common.EVO
    main()
