"""Write a song as MusicXML 4.0.

This is done with the standard library alone, instead of a library:

- music21 (10 MB of code, 2 s to import) writes MusicXML, but chooses beams, voices and note values
  itself. Its output would have to be corrected.
- partitura (with scipy, lxml and xmlschema, 1 s to import) writes what it is given; note values,
  ties, tuplets and beams must be worked out before all the same.

What is left is to name the elements in the order of the schema, some two hundred lines. The format
is stable: https://www.w3.org/2021/06/musicxml40/.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from xml.etree import ElementTree as ET

from evo import __version__
from evo.music.export.rhythm import Value
from evo.music.export.score import Bar, Score, score_of, step_of, title_of
from evo.music.export.spelling import Spelled, alterations, spell
from evo.music.export.tempo import beat_of, number_text
from evo.music.metre import Key
from evo.music.song import Song

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_TYPES = {
    Fraction(8): "breve", Fraction(4): "whole", Fraction(2): "half", Fraction(1): "quarter",
    Fraction(1, 2): "eighth", Fraction(1, 4): "16th", Fraction(1, 8): "32nd",
    Fraction(1, 16): "64th", Fraction(1, 32): "128th", Fraction(1, 64): "256th",
    Fraction(1, 128): "512th", Fraction(1, 256): "1024th",
}  # fmt: skip
_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_CLEFS = {"treble": ("G", "2"), "bass": ("F", "4")}


def musicxml_text(song: Song) -> str:
    """Return a song as MusicXML.

    Raises:
        InputError: if the music cannot be written.
    """
    return musicxml_of(score_of(song))


def musicxml_of(score: Score) -> str:
    """Return a score as MusicXML."""
    root = _Writer(score).root()
    ET.indent(root, " ")
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _add(parent: ET.Element, tag: str, text: object = None, **attributes: str) -> ET.Element:
    """Add an element with a text and return it."""
    element = ET.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = str(text)
    return element


class _Writer:
    """Writes a score; keeps the key, and the accidentals of each staff in the present bar."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.key = score.keys[score.bars[0].start]
        self.accidentals: list[dict[tuple[str, int], int]] = []
        counts = [len(staff.voices) for staff in score.staves]
        self.first_voices = {1, 1 + counts[0]}  # of the staves; of the others rests are not printed
        self.divisions = lcm(
            *(
                time.denominator
                for staff in score.voices
                for voice in staff
                for bar in voice
                for value in bar
                for time in (value.sound.start, value.sound.end)
            ),
            *(self.quarters(bar).denominator for bar in score.bars),
        )

    def quarters(self, bar: Bar) -> Fraction:
        """Return the length of a bar in quarter notes."""
        return (bar.end - bar.start) / self.score.song.steps_per_beat

    def duration(self, quarters: Fraction) -> int:
        """Return a length in divisions."""
        return int(quarters * self.divisions)

    def root(self) -> ET.Element:
        """Return the document."""
        song = self.score.song
        root = ET.Element("score-partwise", version="4.0")
        _add(_add(root, "work"), "work-title", title_of(song))
        encoding = _add(_add(root, "identification"), "encoding")
        _add(encoding, "software", f"kuznechik {__version__}")
        listed = _add(_add(root, "part-list"), "score-part", id="P1")
        _add(listed, "part-name", "Music", **{"print-object": "no"})
        _add(_add(listed, "score-instrument", id="P1-I1"), "instrument-name", "Music")
        instrument = _add(listed, "midi-instrument", id="P1-I1")
        _add(instrument, "midi-channel", 1)
        _add(instrument, "midi-program", song.program + 1)
        part = _add(root, "part", id="P1")
        for index in range(len(self.score.bars)):
            self.bar(part, index)
        return root

    def bar(self, part: ET.Element, index: int) -> None:
        """Add a bar."""
        bar = self.score.bars[index]
        measure = _add(part, "measure", number=str(bar.number))
        if bar.number == 0:
            measure.set("implicit", "yes")
        self.accidentals = [{} for _ in self.score.staves]
        self.attributes(measure, bar, is_first=index == 0)
        number = 0
        before: Fraction | None = None
        key = self.key
        for staff, voices in enumerate(self.score.voices):
            for voice in voices:
                number += 1
                if not voice[index]:
                    continue
                self.key = key
                if before is not None:
                    backup = _add(measure, "backup")
                    _add(backup, "duration", self.duration(before))
                self.voice(measure, bar, voice[index], staff, number)
                before = self.quarters(bar)
        if index + 1 == len(self.score.bars):
            _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")

    def attributes(self, measure: ET.Element, bar: Bar, is_first: bool) -> None:
        """Add the attributes at the beginning of a bar: key, metre, and in the first bar clefs."""
        key = self.score.keys.get(bar.start)
        self.key = key or self.key
        if not (is_first or key or bar.shows_metre):
            return
        attributes = _add(measure, "attributes")
        if is_first:
            _add(attributes, "divisions", self.divisions)
        if key:
            _add_key(attributes, key)
        if bar.shows_metre:
            time = _add(attributes, "time")
            _add(time, "beats", bar.beats)
            _add(time, "beat-type", bar.unit)
        if is_first:
            staves = self.score.staves
            if len(staves) > 1:
                _add(attributes, "staves", len(staves))
            for number, staff in enumerate(staves, 1):
                clef = _add(attributes, "clef", number=str(number))
                sign, line = _CLEFS[staff.clef]
                _add(clef, "sign", sign)
                _add(clef, "line", line)

    def voice(
        self, measure: ET.Element, bar: Bar, values: list[Value], staff: int, number: int
    ) -> None:
        """Add the notes of a voice."""
        beams = _beams(values)
        for index, value in enumerate(values):
            step = step_of(value, bar, self.score.song)
            key = self.score.keys.get(step)
            if key and step != bar.start:
                self.key = key
                if number == 1:
                    _add_key(_add(measure, "attributes"), key)
            tempo = self.score.tempos.get(step)
            if tempo is not None and number == 1:
                _add_tempo(measure, tempo, bar)
            self.value(measure, value, staff, number, beams[index])

    def value(
        self, measure: ET.Element, value: Value, staff: int, voice: int, beams: list[str]
    ) -> None:
        """Add a note, the notes of a chord, or a rest."""
        sound = value.sound
        spelled: list[Spelled | None] = [spell(pitch, self.key) for pitch in sound.pitches]
        for index, written in enumerate(spelled or [None]):
            note = _add(measure, "note")
            if written is None and voice not in self.first_voices:
                note.set("print-object", "no")
            if index:
                _add(note, "chord")
            if written is None:
                rest = _add(note, "rest")
                if value.whole_bar:
                    rest.set("measure", "yes")
            else:
                pitch = _add(note, "pitch")
                _add(pitch, "step", written.letter)
                if written.alter:
                    _add(pitch, "alter", written.alter)
                _add(pitch, "octave", written.octave)
            _add(note, "duration", self.duration(sound.end - sound.start))
            if written and sound.tied_from:
                _add(note, "tie", type="stop")
            if written and sound.tied_to:
                _add(note, "tie", type="start")
            _add(note, "voice", voice)
            if not value.whole_bar:
                _add(note, "type", _TYPES[value.base])
                for _ in range(value.dots):
                    _add(note, "dot")
            sign = self.sign(written, sound.tied_from, staff) if written else ""
            if sign:
                _add(note, "accidental", sign)
            if value.tuplet:
                modification = _add(note, "time-modification")
                _add(modification, "actual-notes", value.tuplet.notes)
                _add(modification, "normal-notes", value.tuplet.normal)
            if len(self.score.staves) > 1:
                _add(note, "staff", staff + 1)
            for level, beam in enumerate([] if index else beams, 1):
                _add(note, "beam", beam, number=str(level))
            self.notations(note, value, is_note=written is not None, is_first=index == 0)

    def notations(self, note: ET.Element, value: Value, is_note: bool, is_first: bool) -> None:
        """Add the ends of ties and tuplets."""
        sound, tuplet = value.sound, value.tuplet
        marks: list[tuple[str, str]] = []
        if is_note and sound.tied_from:
            marks.append(("tied", "stop"))
        if is_note and sound.tied_to:
            marks.append(("tied", "start"))
        if tuplet and is_first and sound.start == tuplet.start:
            marks.append(("tuplet", "start"))
        if tuplet and is_first and sound.end == tuplet.end:
            marks.append(("tuplet", "stop"))
        if marks:
            notations = _add(note, "notations")
            for tag, kind in marks:
                _add(notations, tag, type=kind)

    def sign(self, written: Spelled, tied_from: bool, staff: int) -> str:
        """Return the accidental to print, or "": it holds in its octave to the end of the bar."""
        place = written.letter, written.octave
        usual = alterations(self.key)[written.letter]
        if tied_from or written.alter == self.accidentals[staff].get(place, usual):
            return ""
        self.accidentals[staff][place] = written.alter
        return _SIGNS[written.alter]


def _add_key(attributes: ET.Element, key: Key) -> None:
    element = _add(attributes, "key")
    _add(element, "fifths", key.fifths)
    _add(element, "mode", "minor" if key.minor else "major")


def _add_tempo(measure: ET.Element, tempo: float, bar: Bar) -> None:
    beat = beat_of(bar)
    direction = _add(measure, "direction", placement="above")
    metronome = _add(_add(direction, "direction-type"), "metronome")
    dotted = beat.numerator % 3 == 0
    _add(metronome, "beat-unit", _TYPES[beat * 2 / 3 if dotted else beat])
    if dotted:
        _add(metronome, "beat-unit-dot")
    _add(metronome, "per-minute", number_text(tempo, beat))
    _add(direction, "sound", tempo=number_text(tempo, Fraction(1)))


def _beams(values: list[Value]) -> list[list[str]]:
    """Return the beams of every value by level: begin, continue, end, or hooks."""
    levels = [_flags(value) if value.group is not None else 0 for value in values]
    beams: list[list[str]] = []
    for index, value in enumerate(values):
        before = levels[index - 1] if index and values[index - 1].group == value.group else 0
        after = 0
        if index + 1 < len(values) and values[index + 1].group == value.group:
            after = levels[index + 1]
        kinds = []
        for level in range(1, levels[index] + 1):
            if before >= level and after >= level:
                kinds.append("continue")
            elif after >= level:
                kinds.append("begin")
            elif before >= level:
                kinds.append("end")
            else:
                kinds.append("backward hook" if before else "forward hook")
        beams.append(kinds)
    return beams


def _flags(value: Value) -> int:
    """Return the number of flags of a value: 1 for an eighth."""
    return int(1 / value.base).bit_length() - 1
