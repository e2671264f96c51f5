"""Write lengths as note values: ties, dots, tuplets and beams.

Positions and lengths are in quarter notes, from the bar line before. A length that is no single
note value is cut, at the beats of the metre where it can be. A note that begins between beats is
cut at the next, unless it lasts as long before it as after (a syncopation).

Times that are no binary fraction of a beat make a tuplet: p notes in the time of q, where p is the
odd part of their denominators, and q the power of two below it. It spans a beat, or the half, the
quarter ... that holds these times, or two beats for three quarter notes in their time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import lcm

from evo.core.errors import InputError

_MAX_TUPLET = 63
_SHORTEST = Fraction(1, 256)  # of a quarter note: a 1024th
_LONGEST = 12  # quarter notes: a dotted breve


@dataclass(frozen=True)
class Sounding:
    """A chord or rest (no pitches) in a bar.

    Attributes:
        start: quarter notes after the bar line.
        end: its end.
        pitches: MIDI pitches, ascending.
        tied_from: whether it continues the note before.
        tied_to: whether the next note continues it.
    """

    start: Fraction
    end: Fraction
    pitches: tuple[int, ...] = ()
    tied_from: bool = False
    tied_to: bool = False

    def cut(self, at: Iterable[Fraction]) -> list[Sounding]:
        """Return the parts between positions, tied."""
        inner = sorted({position for position in at if self.start < position < self.end})
        parts = [
            replace(self, start=start, end=end, tied_from=True, tied_to=True)
            for start, end in pairwise([self.start, *inner, self.end])
        ]
        parts[0] = replace(parts[0], tied_from=self.tied_from)
        parts[-1] = replace(parts[-1], tied_to=self.tied_to)
        return parts


@dataclass(frozen=True)
class Tuplet:
    """A tuplet: `notes` written notes in the time of `normal`, from start to end."""

    start: Fraction
    end: Fraction
    notes: int
    normal: int


@dataclass(frozen=True)
class Value:
    """A note value: one written note, chord or rest.

    Attributes:
        sound: what it writes.
        written: the value in quarter notes, with dots, without the tuplet.
        tuplet: the tuplet that it is in, or None.
        group: index of its beam group in the bar; None if it has no beam.
        whole_bar: whether it is the rest of a whole bar.
    """

    sound: Sounding
    written: Fraction
    tuplet: Tuplet | None = None
    group: int | None = None
    whole_bar: bool = False

    @property
    def dots(self) -> int:
        """Number of dots."""
        return 1 if self.written.numerator % 3 == 0 else 0

    @property
    def base(self) -> Fraction:
        """The value without its dots, in quarter notes."""
        return self.written * 2 / 3 if self.dots else self.written


def beats_of(beats: int, unit: int) -> list[Fraction]:
    """Return the positions of a bar's beats and of its end, in quarter notes.

    In units of eighths and shorter a beat has three units in 6/8, 9/8 and 12/8, as in 3/8; in other
    metres two, and three where the number is odd: 3+2 in 5/8, 2+2+3 in 7/8.

    Args:
        beats: beats per bar, the upper number.
        unit: the note that is a beat, the lower number.
    """
    length = Fraction(4, unit)
    if unit < 8:
        sizes = [1] * beats
    elif beats % 3 == 0:
        sizes = [3] * (beats // 3)
    elif beats == 5:
        sizes = [3, 2]
    else:
        sizes = [2] * (beats // 2)
        if beats % 2:
            sizes[-1:] = [3] if sizes else [1]
    positions = [Fraction(0)]
    for size in sizes:
        positions.append(positions[-1] + size * length)
    return positions


def values_of(sounds: Sequence[Sounding], metre: tuple[int, int]) -> list[Value]:
    """Return the note values of a voice's bar.

    Args:
        sounds: chords and rests that fill the bar or a part of it, in order.
        metre: beats and unit.

    Raises:
        InputError: if a time cannot be written.
    """
    return list(_values_of(tuple(sounds), metre))


@lru_cache(maxsize=4096)  # bars come again, in a song and in what is written of it
def _values_of(sounds: tuple[Sounding, ...], metre: tuple[int, int]) -> list[Value]:
    beats = beats_of(*metre)
    start, end = sounds[0].start, sounds[-1].end
    if len(sounds) == 1 and not sounds[0].pitches and end - start == beats[-1]:
        return [Value(sounds[0], end - start, whole_bar=True)]
    tuplets = _tuplets({sound.start for sound in sounds} | {end}, metre)
    edges = [edge for tuplet in tuplets for edge in (tuplet.start, tuplet.end)]
    values: list[Value] = []
    for sound in sounds:
        for part in sound.cut(edges):
            inside = next((t for t in tuplets if t.start <= part.start < t.end), None)
            values += _in_tuplet(part, inside) if inside else _plain(part, beats)
    return _beamed(values, beats)


def _tuplets(times: set[Fraction], metre: tuple[int, int]) -> list[Tuplet]:
    """Return the tuplets that the times of a bar need."""
    cell = Fraction(4, max(metre[1], 4))
    first, last = min(times) // cell, -(-max(times) // cell)
    found: list[Tuplet] = []
    for index in range(int(first), int(last)):
        found += _within(index * cell, (index + 1) * cell, times)
    if cell != 1 or metre[0] * 4 // metre[1] % 2:
        return found
    wide: list[Tuplet] = []  # three quarter notes in the time of two, where no other time is needed
    for tuplet in found:
        start = tuplet.start // 2 * 2
        inner = [time - start for time in times if start < time < start + 2]
        if any(3 * time % 2 for time in inner) or not inner:
            wide.append(tuplet)
        elif not wide or wide[-1].start != start:
            wide.append(Tuplet(Fraction(start), Fraction(start + 2), 3, 2))
    return wide


def _within(start: Fraction, end: Fraction, times: set[Fraction]) -> list[Tuplet]:
    inner = [(time - start) / (end - start) for time in times if start < time < end]
    odd = lcm(*(time.denominator for time in inner))
    while odd % 2 == 0:
        odd //= 2
    if odd == 1:
        return []
    if odd > _MAX_TUPLET:
        raise InputError(f"a tuplet of {odd} notes cannot be written; use another resolution")
    middle = (start + end) / 2
    if middle in times:
        return _within(start, middle, times) + _within(middle, end, times)
    return [Tuplet(start, end, odd, 1 << (odd.bit_length() - 1))]


def _in_tuplet(sound: Sounding, tuplet: Tuplet) -> list[Value]:
    scale = Fraction(tuplet.notes, tuplet.normal)
    values = []
    start = sound.start
    while start < sound.end:
        written = _largest((sound.end - start) * scale)
        end = start + written / scale
        values.append((end, written))
        start = end
    parts = sound.cut(end for end, _ in values)
    return [Value(part, written, tuplet) for part, (_, written) in zip(parts, values, strict=True)]


def _plain(sound: Sounding, beats: list[Fraction]) -> list[Value]:
    cuts = []
    start = sound.start
    while start < sound.end:
        start = _end_of_value(start, sound.end, beats, bool(sound.pitches))
        cuts.append(start)
    return [Value(part, part.end - part.start) for part in sound.cut(cuts)]


def _end_of_value(start: Fraction, end: Fraction, beats: list[Fraction], is_note: bool) -> Fraction:
    """Return where the first value of a note or rest ends."""
    length = end - start
    following = next(beat for beat in [*beats, end] if beat > start)
    if start in beats:
        if is_note and _is_value(length) and (end <= following or not _is_compound(beats)):
            return end
        ends = [beat for beat in beats if start < beat <= end and _is_value(beat - start)]
        if not is_note:  # a rest begins on a multiple of its length
            ends = [beat for beat in ends if start % (beat - start) == 0] or ends[:1]
        return max(ends) if ends else start + _largest(length)
    if end <= following:
        return start + _largest(length)
    middle = beats[len(beats) // 2] if len(beats) == 5 else None
    is_syncopation = 2 * (following - start) == length and following != middle
    if is_note and is_syncopation and _is_value(length):
        return end
    return start + _largest(following - start)


def _is_compound(beats: list[Fraction]) -> bool:
    return beats[1].numerator % 3 == 0


def _is_value(length: Fraction) -> bool:
    return length == _largest(length)


def _largest(length: Fraction) -> Fraction:
    """Return the longest plain or dotted value up to a length.

    Raises:
        InputError: if the length is too short for any.
    """
    value = Fraction(_LONGEST * 2, 3)
    while value > length:
        value /= 2
        if value < _SHORTEST:
            raise InputError("a note is too short to be written; use a coarser resolution")
    return value * 3 / 2 if value * 3 / 2 <= length else value


def _beamed(values: list[Value], beats: list[Fraction]) -> list[Value]:
    """Return the values with beam groups: neighbours below a quarter note within a beat."""
    groups: list[int | None] = []
    count = 0
    before: tuple[int, Tuplet | None] | None = None
    for value in values:
        beat = sum(position <= value.sound.start for position in beats)
        place = (beat, None) if value.sound.pitches and value.base < 1 else None
        if place and place != before:
            count += 1
        groups.append(count if place else None)
        before = place
    sizes = {group: groups.count(group) for group in groups}
    return [
        replace(value, group=group if group is not None and sizes[group] > 1 else None)
        for value, group in zip(values, groups, strict=True)
    ]
