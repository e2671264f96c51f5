"""Lay out a song as a score: staves, voices, bars and note values.

Rests before the pickup, or before the first bar line, are dropped. The last bar is filled with
rests, or to a bar less the pickup if the music ends there. Bars after the last note are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from evo.music.export.rhythm import Sounding, Value, values_of
from evo.music.export.spelling import key_of
from evo.music.export.voices import Chord, Staff, staves_of
from evo.music.metre import Key, bar_steps
from evo.music.song import Song


@dataclass(frozen=True)
class Bar:
    """A bar.

    Attributes:
        number: 0 for the pickup, else from 1.
        start: its first step; a fraction if bar lines fall between steps.
        end: its end.
        beats: upper number of the time signature.
        unit: lower number.
        shows_metre: whether the time signature is written before it.
        offset: quarter notes missing at its beginning: above 0 in a pickup.
    """

    number: int
    start: Fraction
    end: Fraction
    beats: int
    unit: int
    shows_metre: bool
    offset: Fraction


@dataclass(frozen=True)
class Score:
    """A song laid out.

    Attributes:
        song: the song.
        bars: the bars, in order.
        keys: the keys, by the step from which they hold; the first at the first bar. It is found if
            the song has none.
        tempos: quarter notes per minute, in the same way.
        staves: the staves, from the top.
        voices: for every staff, voice and bar the note values; none where a voice but the first is
            silent.
    """

    song: Song
    bars: list[Bar]
    keys: dict[Fraction, Key]
    tempos: dict[Fraction, float]
    staves: list[Staff]
    voices: list[list[list[list[Value]]]]


def score_of(song: Song) -> Score:
    """Return the score of a song.

    Raises:
        InputError: if the music cannot be written: too many voices, or times too fine.
    """
    staves = staves_of(song.notes())
    bars = _bars(song)
    start = bars[0].start
    keys = {start: key_of(song)} | {
        max(Fraction(step), start): key for step, key in song.key_changes
    }
    tempos = {start: song.tempo} | {
        max(Fraction(step), start): to for step, to in song.tempo_changes
    }
    voices = [
        [
            _lay_out(
                chords,
                bars,
                song.steps_per_beat,
                cuts=set(keys) | (set(tempos) if staff is staves[0] and index == 0 else set()),
                is_first=index == 0,
            )
            for index, chords in enumerate(staff.voices)
        ]
        for staff in staves
    ]
    return Score(song, bars, keys, tempos, staves, voices)


def _bars(song: Song) -> list[Bar]:
    """Return the bars from the first bar line, or the pickup, to the last note."""
    notes, metre = song.notes(), song.metre
    first = notes[0][0] if notes else metre.first_bar
    last = max((release for _, release, _ in notes), default=metre.first_bar + 1)
    lines, closing = _bar_lines(song, first, last)
    has_pickup = lines[0][0] < first < metre.first_bar
    starts = [Fraction(first) if has_pickup else lines[0][0], *(line[0] for line in lines[1:])]
    ends = [*starts[1:], closing]
    if has_pickup and len(lines) > 1:
        pickup = ends[0] - starts[0]
        if starts[-1] < last <= closing - pickup:
            ends[-1] = closing - pickup
    bars: list[Bar] = []
    for index, (_, beats, unit) in enumerate(lines):
        shows_metre = not bars or (bars[-1].beats, bars[-1].unit) != (beats, unit)
        offset = (starts[index] - lines[index][0]) / song.steps_per_beat
        number = index if has_pickup else index + 1
        bars.append(Bar(number, starts[index], ends[index], beats, unit, shows_metre, offset))
    return bars


def _bar_lines(
    song: Song, first: int, last: int
) -> tuple[list[tuple[Fraction, int, int]], Fraction]:
    """Return (step, beats, unit) of the bar lines around the notes, and the step of the closing
    one.

    Args:
        song: the song.
        first: its first onset.
        last: its last release.
    """
    metre = song.metre
    segments = [(metre.first_bar, metre.beats, metre.unit), *metre.changes]
    ends = [step for step, _, _ in segments[1:]] + [last]
    bar = metre.bar(song.steps_per_beat)
    before = max(ceil((metre.first_bar - first) / bar), 0)  # bars that begin before the first full
    lines = [
        (metre.first_bar - number * bar, metre.beats, metre.unit) for number in range(before, 0, -1)
    ]
    closing = Fraction(metre.first_bar)
    for (step, beats, unit), end in zip(segments, ends, strict=True):
        start, bar = Fraction(step), bar_steps(beats, unit, song.steps_per_beat)
        while start < min(end, last):
            lines.append((start, beats, unit))
            start += bar
            closing = start
    return lines, closing


def _lay_out(
    voice: list[Chord],
    bars: list[Bar],
    steps_per_beat: int,
    cuts: set[Fraction],
    is_first: bool,
) -> list[list[Value]]:
    """Return the note values of a voice in every bar.

    Args:
        voice: its chords.
        bars: the bars.
        steps_per_beat: steps per quarter note.
        cuts: steps at which notes are cut.
        is_first: whether silent bars have a rest.
    """
    laid_out = []
    position = 0
    for bar in bars:
        while position < len(voice) and voice[position].release <= bar.start:
            position += 1
        sounds: list[Sounding] = []
        now = bar.start
        index = position
        while index < len(voice) and voice[index].first < bar.end:
            chord = voice[index]
            first, release = max(bar.start, chord.first), min(bar.end, chord.release)
            if first > now:
                sounds.append(Sounding(now, first))
            sounds.append(
                Sounding(
                    Fraction(first),
                    Fraction(release),
                    chord.pitches,
                    tied_from=chord.first < bar.start,
                    tied_to=chord.release > bar.end,
                )
            )
            now = Fraction(release)
            index += 1
        if not (sounds or is_first or any(bar.start < cut < bar.end for cut in cuts)):
            laid_out.append([])
            continue
        if now < bar.end:
            sounds.append(Sounding(now, bar.end))
        parts = [part for sound in sounds for part in sound.cut(cuts)]
        laid_out.append(
            values_of(
                [_in_quarters(part, bar, steps_per_beat) for part in parts], (bar.beats, bar.unit)
            )
        )
    return laid_out


def _in_quarters(sound: Sounding, bar: Bar, steps_per_beat: int) -> Sounding:
    """Return a sound with its times in quarter notes after the bar line."""
    start, end = (
        (time - bar.start) / steps_per_beat + bar.offset for time in (sound.start, sound.end)
    )
    return Sounding(start, end, sound.pitches, sound.tied_from, sound.tied_to)


def step_of(value: Value, bar: Bar, song: Song) -> Fraction:
    """Return the step at which a note value of a bar begins.

    Args:
        value: the note value.
        bar: its bar.
        song: the song.
    """
    return bar.start + (value.sound.start - bar.offset) * song.steps_per_beat
