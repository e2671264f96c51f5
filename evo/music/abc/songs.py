"""Make songs of the tunes of an ABC file.

A song has the notes of all voices in playing order, with repeats written out. Its resolution is the
coarsest of `RESOLUTIONS` with every onset, release and bar line on a step; if none is, times are
rounded at the finest. Metre, pickup, key, tempo and program are those of the first voice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from math import ceil, lcm
from typing import TypeVar

from evo.core.errors import AbcError, MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.abc.bars import Bars, bars_of
from evo.music.abc.blocks import FIELD, Block, blocks
from evo.music.abc.playing import Played, play, playing_order
from evo.music.abc.reader import read_tune
from evo.music.metre import Key, Metre, half_up
from evo.music.midi.reading import AUTO, MAX_STEPS, MAX_STEPS_PER_BEAT, Auto, lowest_note_for
from evo.music.names import MAX_NAME, name_of
from evo.music.planes import planes_of
from evo.music.resolution import RESOLUTIONS
from evo.music.song import Song
from evo.music.timeline import timeline

MAX_BYTES = 16_000_000

_Value = TypeVar("_Value")


def songs_of_abc(
    source: AnyPath,
    *,
    steps_per_beat: int | Auto = AUTO,
    keys: int | Auto = AUTO,
    refuse: Callable[[MidiError], None] | None = None,
) -> list[Song]:
    """Read the tunes of an ABC file.

    The song of a file with one tune has the name of the file. With several, number and title are
    added.

    Args:
        source: path of a file, or the text of one (a str with several lines).
        steps_per_beat: resolution; times are rounded to it.
        keys: number of keys; "auto" is the range of the notes.
        refuse: called with the error of every tune that cannot be read. By default the first error
            is raised.

    Raises:
        MidiError: if the file or a tune cannot be read, or no tune.
    """
    if isinstance(source, str) and "\n" in source:
        text, path, stem = source, "ABC", ""
    else:
        text, path, stem = _text(source), str(source), name_of(source)
    found = list(blocks(text))
    if not found:
        raise MidiError(path, "no tune: expected fields of ABC, such as X:1 and K:G")
    songs: list[Song] = []
    error: MidiError | None = None
    for block in found:
        name = stem if len(found) == 1 and stem else None
        try:
            song = song_of_block(block, name, steps_per_beat=steps_per_beat, keys=keys)
        except AbcError as problem:
            error = MidiError(path, str(problem))
            if refuse is None:
                raise error from None
            refuse(error)
            continue
        if name is None and stem:
            song = replace(song, name=_name(stem, block))
        songs.append(song)
    if not songs and error:
        raise error
    return songs


def _name(stem: str, block: Block) -> str:
    """Return the name of a tune among others: file, number and title."""
    fields: dict[str, str] = {}
    for line in block.lines:
        if found := FIELD.match(line.text):
            fields.setdefault(found[1], found[2].strip())
    words = re.findall(r"[a-z0-9]+", fields.get("T", "").replace("'", "").lower())
    return "-".join([stem, fields.get("X", "1").zfill(3), *words])[:MAX_NAME]


def song_of_block(
    block: Block,
    name: str | None = None,
    *,
    steps_per_beat: int | Auto = AUTO,
    keys: int | Auto = AUTO,
) -> Song:
    """Return the song of one tune.

    Args:
        block: the lines of the tune.
        name: the song's name; by default the title.
        steps_per_beat: resolution; times are rounded to it.
        keys: number of keys; "auto" is the range of the notes.

    Raises:
        AbcError: if the tune cannot be read.
    """
    header, voices = read_tune(block)
    line = block.lines[0].number
    parts = [play(playing_order(voice.items, header.parts)) for voice in voices]
    bars = bars_of(parts[0])
    resolution = header.mark.get("steps_per_beat", 0) if steps_per_beat == AUTO else steps_per_beat
    resolution = resolution or _resolution(parts, bars)
    scale = 4 * resolution  # steps per whole note
    length = max(part.length for part in parts)
    lead = max(header.mark.get("lead", 0), 0)  # silent steps before the music
    notes = [note for part in parts for note in part.notes]
    if not notes:
        raise AbcError(line, "a tune without notes")
    steps = lead + max(1, ceil(length * scale))
    if "steps" in header.mark:  # the last bar may have rests that the song has not
        last = lead + ceil(max(release for _, release, _ in notes) * scale)
        steps = max(last, min(header.mark["steps"], MAX_STEPS))
    if steps > MAX_STEPS or resolution > MAX_STEPS_PER_BEAT:
        raise AbcError(line, f"a tune of {steps:,} steps; the limit is {MAX_STEPS:,}")
    lowest, count = _keys([pitch for _, _, pitch in notes], keys, header.mark, line)
    placed = [
        (lead + half_up(onset * scale), lead + half_up(release * scale), pitch - lowest)
        for onset, release, pitch in notes
    ]
    rows = [(min(first, steps - 1), max(release, first + 1), key) for first, release, key in placed]
    onsets, sounding = planes_of(rows, steps, count)
    states = parts[0].states
    times = [lead + time * scale for time, _ in states]
    times[0] = Fraction(0)
    timed = [(half_up(time), state) for time, (_, state) in zip(times, states, strict=True)]
    tempo, tempo_changes = timeline(
        120.0, [(step, state.tempo or 120.0) for step, state in timed], steps
    )
    signatures = [(step, Key(state.fifths, state.minor)) for step, state in timed]
    key, key_changes = timeline(signatures[0][1], signatures, steps)
    first_bar = lead + half_up(bars.first_bar * scale)
    marked = header.mark.get("first_bar", first_bar)
    if (marked - first_bar) % (Fraction(*bars.metre) * scale) == 0:  # the same bar lines
        first_bar = max(marked, 0)
    metres = [(lead + time * scale, (beats, unit)) for time, beats, unit in bars.changes]
    changes = [
        (step, *metre) for step, metre in _rounded(metres).items() if first_bar < step < steps
    ]
    return Song(
        onsets,
        lowest,
        resolution,
        tempo,
        (header.title or f"tune {header.number}") if name is None else name,
        sounding,
        Metre(*bars.metre, first_bar, tuple(changes)),
        None if header.mark.get("key", 1) == 0 else key,
        header.program,
        tempo_changes,
        key_changes,
    )


def _resolution(parts: list[Played], bars: Bars) -> int:
    """Return the coarsest resolution with every time on a step, or else the finest."""
    times = {
        time for part in parts for onset, release, _ in part.notes for time in (onset, release)
    }
    times |= {time for part in parts for time, _ in part.states}
    times |= {bars.first_bar, *(time for time, _, _ in bars.changes)}
    needed = lcm(*(Fraction(4 * time).denominator for time in times))
    return next((steps for steps in RESOLUTIONS if steps % needed == 0), RESOLUTIONS[-1])


def _keys(pitches: list[int], keys: int | Auto, mark: dict[str, int], line: int) -> tuple[int, int]:
    """Return the lowest note and the number of keys."""
    low, high = min(pitches), max(pitches)
    if keys == AUTO:
        lowest, count = mark.get("lowest_note", low), mark.get("keys", high - low + 1)
        fits = 0 <= lowest <= low and high < lowest + count <= 128
        return (lowest, count) if fits else (low, high - low + 1)
    if high - low >= keys:
        raise AbcError(line, f"the notes span {high - low + 1} keys, more than {keys}")
    return lowest_note_for(low, high, keys), keys


def _rounded(timed: Iterable[tuple[Fraction, _Value]]) -> dict[int, _Value]:
    """Return the values by the nearest step, sorted; of several on a step the last."""
    return dict(sorted((half_up(time), value) for time, value in timed))


def _text(path: AnyPath) -> str:
    """Return the text of a file: UTF-8, or else Latin-1.

    Raises:
        MidiError: if it cannot be read, or is too large or binary.
    """
    with user_file(path, "cannot be read", MidiError), open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise MidiError(path, f"too large: the limit is {MAX_BYTES:,} bytes")
    if b"\0" in content:
        raise MidiError(path, "is not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
