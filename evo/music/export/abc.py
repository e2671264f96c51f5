"""Write a song as ABC.

The text is ABC 2.1. A comment line `%%kuznechik` has what the notation does not: the resolution,
the keys and the length, so that the song is read back as it was. Other programs ignore it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby

from evo.music.export.rhythm import Value
from evo.music.export.score import Bar, Score, score_of, step_of, title_of
from evo.music.export.spelling import Spelled, alterations, spell
from evo.music.export.tempo import beat_of, number_text
from evo.music.metre import Key
from evo.music.song import Song

BARS_PER_LINE = 4

_MARKS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


def abc_text(song: Song) -> str:
    """Return a song in ABC notation.

    Raises:
        InputError: if the music cannot be written.
    """
    return abc_of(score_of(song))


def abc_of(score: Score) -> str:
    """Return a score in ABC notation."""
    unit = _unit(score)
    lines = _header(score, unit)
    names = [
        (staff_index, voice_index)
        for staff_index, staff in enumerate(score.staves)
        for voice_index in range(len(staff.voices))
    ]
    writers = [_VoiceWriter(score, unit, *name) for name in names]
    for number, writer in enumerate(writers, 1):
        if len(writers) > 1:
            lines.append(f"V:{number} clef={score.staves[names[number - 1][0]].clef}")
        lines += writer.lines()
    return "\n".join(lines) + "\n"


def _header(score: Score, unit: Fraction) -> list[str]:
    song, first = score.song, score.bars[0]
    mark = {
        "steps_per_beat": song.steps_per_beat,
        "lowest_note": song.lowest_note,
        "keys": song.keys,
        "steps": song.steps,
        "lead": int(first.start) if first.start.denominator == 1 else 0,
        "first_bar": song.metre.first_bar,
        "key": int(song.key is not None),
    }
    lines = [
        "%abc-2.1",
        "X:1",
        "T:" + title_of(song).replace("%", "\\%"),
        f"M:{first.beats}/{first.unit}",
        f"L:{unit / 4}",
        f"Q:{_tempo(score.tempos[first.start], first)}",
        "%%kuznechik " + " ".join(f"{name}={number}" for name, number in mark.items()),
    ]
    if song.program:
        lines.append(f"%%MIDI program {song.program}")
    voices = [len(staff.voices) for staff in score.staves]
    clefs = [staff.clef for staff in score.staves for _ in staff.voices]
    if len(clefs) > 1:
        numbers = iter(range(1, len(clefs) + 1))
        groups = [
            "(" + " ".join(str(next(numbers)) for _ in range(count)) + ")" for count in voices
        ]
        lines.append(
            "%%score " + ("{" + " | ".join(groups) + "}" if len(groups) > 1 else groups[0])
        )
    clef = f" clef={clefs[0]}" if len(clefs) == 1 and clefs[0] != "treble" else ""
    return [*lines, f"K:{score.keys[first.start].name}{clef}"]


def _unit(score: Score) -> Fraction:
    """Return the unit note in quarter notes: an eighth, or a sixteenth if most notes need it."""
    values = [
        value.written
        for staff in score.voices
        for voice in staff
        for bar in voice
        for value in bar
        if value.sound.pitches
    ]
    short = sum(value.denominator > 2 for value in values)
    return Fraction(1, 4) if 3 * short > len(values) else Fraction(1, 2)


def _tempo(tempo: float, bar: Bar) -> str:
    beat = beat_of(bar)
    return f"{beat / 4}={number_text(tempo, beat)}"


class _VoiceWriter:
    """Writes the bars of a voice, with its key and accidentals."""

    def __init__(self, score: Score, unit: Fraction, staff: int, voice: int) -> None:
        self.score, self.unit = score, unit
        self.bars = score.voices[staff][voice]
        self.is_first = staff == voice == 0
        self.key: Key = score.keys[score.bars[0].start]
        self.has_new_key = False  # in the bar so far
        self.by_letter: dict[str, int] = {}
        self.by_octave: dict[tuple[str, int], int] = {}

    def lines(self) -> list[str]:
        """Return the lines of the voice."""
        bars = [self.bar(index) for index in range(len(self.bars))]
        first = 1 if self.score.bars[0].number == 0 else 0  # a pickup is on the first line
        rows = [bars[: first + BARS_PER_LINE]]
        rows += [
            bars[n : n + BARS_PER_LINE]
            for n in range(first + BARS_PER_LINE, len(bars), BARS_PER_LINE)
        ]
        text = "\n".join(" ".join(row) for row in rows)
        return [line.strip() for line in text.splitlines() if line.strip()]

    def bar(self, index: int) -> str:
        """Return a bar with the bar line after it; fields are lines of their own."""
        bar = self.score.bars[index]
        self.by_letter, self.by_octave = {}, {}
        self.has_new_key = False
        fields = f"\nM:{bar.beats}/{bar.unit}\n" if bar.shows_metre and index else ""
        values = self.bars[index]
        if not values:
            length = (bar.end - bar.start) / self.score.song.steps_per_beat
            music = self.changes(bar.start, bar) + "z" + self.length(length)
        else:
            music = self.values(values, bar)
        return fields + music + (" |]" if index + 1 == len(self.score.bars) else " |")

    def values(self, values: list[Value], bar: Bar) -> str:
        """Return the music of note values; those of a beam group are written together."""
        words: list[str] = []
        numbers = range(len(values))
        for group, indices in groupby(
            numbers, lambda n: (values[n].group, values[n].group is None and n)
        ):
            del group
            word = ""
            for index in indices:
                value = values[index]
                word += self.changes(step_of(value, bar, self.score.song), bar)
                if value.tuplet and (index == 0 or values[index - 1].tuplet != value.tuplet):
                    count = sum(other.tuplet == value.tuplet for other in values)
                    word += f"({value.tuplet.notes}:{value.tuplet.normal}:{count}"
                word += self.value(value)
            words.append(word)
        return " ".join(words)

    def changes(self, step: Fraction, bar: Bar) -> str:
        """Return the fields of key and tempo that begin at a step."""
        text = ""
        if step == self.score.bars[0].start:
            return text
        key = self.score.keys.get(step)
        if key is not None:
            self.key, self.has_new_key = key, True
            self.by_letter, self.by_octave = {}, {}
            text += f"\nK:{key.name}\n"
        tempo = self.score.tempos.get(step) if self.is_first else None
        return text + (f"\nQ:{_tempo(tempo, bar)}\n" if tempo is not None else "")

    def value(self, value: Value) -> str:
        """Return a note, chord or rest with its length and tie."""
        pitches = value.sound.pitches
        length = self.length(value.written)
        if not pitches:
            return "z" + length
        spelled = [spell(pitch, self.key) for pitch in pitches]
        places = [(note.letter, note.octave) for note in spelled]
        is_respelled = value.sound.tied_from and self.has_new_key
        notes = [self.note(note, is_respelled or places.count(note[::2]) > 1) for note in spelled]
        tie = "-" if value.sound.tied_to else ""
        return (f"[{''.join(notes)}]" if len(notes) > 1 else notes[0]) + length + tie

    def note(self, spelled: Spelled, is_explicit: bool) -> str:
        """Return a note, with an accidental if any reading of the bar needs one.

        By the standard an accidental holds for its letter in every octave; for some readers in its
        own octave only.

        Args:
            spelled: the note.
            is_explicit: whether an accidental is always needed: where a chord has a letter twice,
                as A and A sharp, or a tie reaches into another key.
        """
        letter, alter, octave = spelled
        usual = alterations(self.key)[letter]
        by_letter = self.by_letter.get(letter, usual)
        by_octave = self.by_octave.get((letter, octave), usual)
        mark = ""
        if is_explicit or alter != by_letter or alter != by_octave:
            mark = _MARKS[alter]
            self.by_letter[letter] = self.by_octave[letter, octave] = alter
        name = letter.lower() if octave >= 5 else letter
        return mark + name + "'" * (octave - 5) + "," * (4 - octave)

    def length(self, quarters: Fraction) -> str:
        """Return a length in unit notes."""
        units = quarters / self.unit
        number = str(units.numerator) if units.numerator > 1 else ""
        if units.denominator == 1:
            return number
        return number + ("/" if units.denominator == 2 else f"/{units.denominator}")
