"""Read the strict subset of ABC in which the embedded book is written.

The standard is ABC 2.1 (https://abcnotation.com/wiki/abc:standard:v2.1). A tune is a block of
lines, ended by an empty line. It has a header of fields, each once, `X:` first and `K:` last, and
then the melody.

    X: number    T: title    O: origin    C: composer, or "trad."    N: why it is public domain
    M: metre     L: the unit note length   Q: tempo, "1/4=120"       K: key, "G", "Am", "Ddor"

    C c C, c'    the octaves from middle C, from the C above, from the C below, two above
    ^F _B =B     sharp, flat, natural: to the end of the bar, on this letter in every octave
    C2 z3        a length in unit notes; z is a rest
    C4-|C2       a tie; an accidental held over a bar line is written again
    | || |]      bar lines
    |: ... :|    repeats, with endings as in  |: A |[1 B :|[2 C |]
    %            a comment to the end of the line

Reading has three steps. The body is split into tokens. Repeats are unfolded into playing order.
One walk over that order counts time, applies key and accidentals, joins tied notes, and checks
that every bar is full. Only an upbeat may be short, and then the last bar is shorter by as much. A
repeat sign or double bar may occur inside a bar, which the music after it fills.

Anything outside this subset raises `AbcError`. No character is skipped silently.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, NoReturn

from evo.core.errors import AbcError
from evo.music.abc.fields import CIRCLE, SEMITONES, signature_of


class Note(NamedTuple):
    """A note, with tied notes joined; onset and length are in unit notes (`L:`)."""

    onset: int
    length: int
    pitch: int  # MIDI: middle C is 60


@dataclass(frozen=True)
class Tune:
    """A melody in playing order, with repeats unfolded."""

    number: int
    title: str
    origin: str
    composer: str
    public_domain: str
    metre: tuple[int, int]
    tempo: int  # quarter notes a minute
    key: str
    notes: tuple[Note, ...]
    length: int  # unit notes from the first onset to the end of the last bar, rests included
    upbeat: int = 0  # unit notes before the first full bar


class _Token(NamedTuple):
    text: str
    line: int


_Fields = dict[str, tuple[str, int]]  # letter: value and line

_FIELD_ORDER = "XTOCNMLQK"
_FIELD = re.compile(r"([A-Za-z]):(.*)")
# Limit the digits, because Python refuses to convert thousands of them.
_TOKEN = re.compile(r"[_^=]?[A-Ga-g](?:,+|'+)?\d{0,6}-?|z\d{0,6}|\|:|:\||\|\||\|\]|\||\[[12]")
_SOUND = re.compile(r"([_^=]?)([A-Ga-gz])([,']*)(\d*)(-?)")
_KEY = r"([A-G])([#b]?)(maj|m|min|dor|)"
_BAR_LINES = {"|", "||", "|]", "|:", ":|"}
_SHIFT = {"^": 1, "_": -1, "=": 0, "#": 1, "b": -1, "": 0}
_MODE_FIFTHS = {"": 0, "maj": 0, "m": -3, "min": -3, "dor": -2}


def read_tunes(text: str) -> list[Tune]:
    """Return the tunes of an ABC file, in order.

    Raises:
        AbcError: if the text is outside the supported subset.
    """
    return [_read_tune(block) for block in _blocks(text)]


def read_melody(body: str, key: str) -> tuple[tuple[Note, ...], int]:
    """Read a melody without repeats; return its notes and its length.

    This is for collections without upbeats or with missing bar lines. Bars are not counted, and a
    bar line only ends accidentals. A tie carries its accidental over the bar line. A tie between
    two pitches is a slur.

    Args:
        body: the melody, in ABC.
        key: the field `K:`.

    Returns:
        The notes, and the length in unit notes.

    Raises:
        AbcError: if the melody cannot be read; it has the line number within `body`.
    """
    lines = [_Token(line, number) for number, line in enumerate(body.splitlines(), 1)]
    return _LooseWalk(_signature({"K": (key, 0)}), None).over(list(_tokens(lines)))


def _blocks(text: str) -> Iterator[list[_Token]]:
    """Yield each tune's lines with line numbers, without comments."""
    block: list[_Token] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.startswith("%%"):
            raise AbcError(number, "directives (%%) are not supported")
        line = raw.partition("%")[0].strip()
        if line:
            block.append(_Token(line, number))
        elif block and not raw.strip():
            yield block
            block = []
    if block:
        yield block


def _read_tune(lines: list[_Token]) -> Tune:
    fields = _header(lines[: len(_FIELD_ORDER)])
    metre = _fraction(fields, "M")
    bar = Fraction(*metre) / Fraction(*_fraction(fields, "L"))
    if bar.denominator != 1:
        raise AbcError(fields["M"][1], "a bar is not a whole number of unit notes")
    tokens = _unfold(list(_tokens(lines[len(_FIELD_ORDER) :])))
    if not tokens:
        raise AbcError(lines[-1].line, "a tune without a melody")
    walk = _Walk(_signature(fields), int(bar))
    notes, length = walk.over(tokens)
    return Tune(
        number=int(_match(r"(\d{1,6})", fields, "X")[1]),
        title=fields["T"][0],
        origin=fields["O"][0],
        composer=fields["C"][0],
        public_domain=fields["N"][0],
        metre=metre,
        tempo=int(_match(r"1/4=([1-9]\d{0,5})", fields, "Q")[1]),
        key=fields["K"][0],
        notes=notes,
        length=length,
        upbeat=walk.upbeat or 0,
    )


def _header(lines: list[_Token]) -> _Fields:
    fields: _Fields = {}
    for text, line in lines:
        found = _FIELD.fullmatch(text)
        if found is None:
            raise AbcError(line, f"expected a field of the header, found {text!r}")
        letter, value = found[1], found[2].strip()
        if letter not in _FIELD_ORDER or letter in fields:
            raise AbcError(line, f"field {letter}: is unknown or repeated")
        if not value:
            raise AbcError(line, f"field {letter}: is empty")
        fields[letter] = value, line
    letters = list(fields)
    if len(letters) < len(_FIELD_ORDER) or letters[0] != "X" or letters[-1] != "K":
        raise AbcError(lines[0].line, f"a header has the fields {_FIELD_ORDER}, X first, K last")
    return fields


def _match(pattern: str, fields: _Fields, letter: str) -> re.Match[str]:
    value, line = fields[letter]
    found = re.fullmatch(pattern, value)
    if found is None:
        raise AbcError(line, f"cannot read {letter}:{value}")
    return found


def _fraction(fields: _Fields, letter: str) -> tuple[int, int]:
    found = _match(r"([1-9]\d{0,5})/([1-9]\d{0,5})", fields, letter)
    return int(found[1]), int(found[2])


def _signature(fields: _Fields) -> dict[str, int]:
    """Return the key signature: +1 or -1 semitone per changed letter."""
    found = _match(_KEY, fields, "K")
    fifths = CIRCLE.index(found[1]) - 1 + 7 * _SHIFT[found[2]] + _MODE_FIFTHS[found[3]]
    if abs(fifths) > 7:
        raise AbcError(fields["K"][1], f"no key has {abs(fifths)} accidentals")
    return signature_of(fifths)


def _tokens(lines: list[_Token]) -> Iterator[_Token]:
    for text, line in lines:
        position = 0
        while position < len(text):
            if text[position] == " ":
                position += 1
                continue
            found = _TOKEN.match(text, position)
            if found is None:
                raise AbcError(line, f"cannot read {text[position:]!r}")
            yield _Token(found[0], line)
            position = found.end()


def _unfold(tokens: list[_Token]) -> list[_Token]:
    """Return the tokens in playing order, with every repeat written out."""
    played: list[_Token] = []
    start: int | None = None  # of the open repeat
    first_ending: int | None = None
    second_due = False
    for index, token in enumerate(tokens):
        if second_due != (token.text == "[2"):
            raise AbcError(token.line, "a second ending must directly follow the :| of the first")
        second_due = False
        if token.text == "|:":
            if start is not None:
                raise AbcError(token.line, "a repeat inside a repeat")
            start = index + 1
        elif token.text == "[1":
            if start is None or tokens[index - 1].text not in _BAR_LINES:
                raise AbcError(token.line, "a first ending must be in a repeat, after a bar line")
            if first_ending is not None:
                raise AbcError(token.line, "a second first ending in one repeat")
            first_ending = index
        elif token.text == ":|":
            if start is None:
                raise AbcError(token.line, "a repeat end has no beginning")
            played += [token, *tokens[start : index if first_ending is None else first_ending]]
            second_due = first_ending is not None
            start = first_ending = None
        if token.text not in ("[1", "[2"):
            played.append(token)
    if start is not None or second_due:
        raise AbcError(tokens[-1].line, "a repeat is not closed")
    return played


class _Walk:
    """The walk over a tune in playing order: time, accidentals and open ties."""

    def __init__(self, signature: dict[str, int], bar: int | None) -> None:
        self.signature = signature
        self.bar = bar  # in unit notes; None: bars are not counted
        self.accidentals: dict[str, int] = {}
        self.notes: list[Note] = []
        self.now = 0
        self.filled = 0  # of the current bar
        self.upbeat: int | None = None  # unknown before the first bar line
        self.tied = False
        self.line = 0

    def over(self, tokens: list[_Token]) -> tuple[tuple[Note, ...], int]:
        for text, self.line in tokens:
            if text in _BAR_LINES:
                self.bar_line(text)
            else:
                self.sound(text)
        if self.tied:
            self.fail("a tie without a following note")
        if self.bar and (self.filled + (self.upbeat or 0)) % self.bar:
            self.fail(f"the last bar has {self.filled} unit notes, the upbeat {self.upbeat or 0}")
        return tuple(self.notes), self.now

    def fail(self, reason: str) -> NoReturn:
        raise AbcError(self.line, reason)

    def bar_line(self, text: str) -> None:
        self.accidentals = {}
        if self.bar is None or self.filled == self.bar:
            self.filled = 0
            self.upbeat = self.upbeat or 0
        elif text == "|" and self.upbeat is None:
            self.upbeat, self.filled = self.filled, 0
        elif text == "|":
            self.fail(f"a bar has {self.filled} of {self.bar} unit notes")

    def sound(self, text: str) -> None:
        found = _SOUND.fullmatch(text)
        if found is None:  # an ending in a melody whose repeats are not unfolded
            self.fail(f"{text!r} is not allowed here")
        accidental, letter, octaves, digits, tie = found.groups()
        length = int(digits or 1)
        if length == 0 or (self.bar and self.filled + length > self.bar):
            self.fail(f"{text!r} does not fit into a bar of {self.bar} unit notes")
        if letter != "z":
            self.note(self.pitch(accidental, letter, octaves), length)
        elif self.tied:
            self.fail("a tie to a rest")
        self.tied = bool(tie)
        self.now += length
        self.filled += length

    def note(self, pitch: int, length: int) -> None:
        if not self.tied:
            self.notes.append(Note(self.now, length, pitch))
        elif self.notes[-1].pitch == pitch:
            self.notes[-1] = self.notes[-1]._replace(length=self.notes[-1].length + length)
        else:
            self.fail("a tie joins two different pitches")

    def pitch(self, accidental: str, letter: str, octaves: str) -> int:
        name = letter.upper()
        if accidental:
            self.accidentals[name] = _SHIFT[accidental]
        shift = self.accidentals.get(name, self.signature.get(name, 0))
        octave = letter.islower() + octaves.count("'") - octaves.count(",")
        return 60 + 12 * octave + SEMITONES[name] + shift


class _LooseWalk(_Walk):
    """The walk for `read_melody`: bars are not counted, ties may be slurs."""

    before = ("", "")  # letter and octaves of the last note

    def note(self, pitch: int, length: int) -> None:
        self.tied = self.tied and self.notes[-1].pitch == pitch
        super().note(pitch, length)

    def pitch(self, accidental: str, letter: str, octaves: str) -> int:
        tied_over = self.tied and not accidental and self.before == (letter, octaves)
        self.before = letter, octaves
        return self.notes[-1].pitch if tied_over else super().pitch(accidental, letter, octaves)
