"""Read a tune of an ABC file: its header, and the items of its voices in written order.

Fields of the header may come in any order; the last is `K:`. `L:` is by default 1/16 for a metre
below 3/4, else 1/8. Without `M:` the metre is free. Lyrics, remarks and fields about the tune's
origin are skipped, as are directives (%%) except `%%MIDI program` and `%%MIDI transpose`.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from evo.core.errors import AbcError
from evo.music.abc.blocks import FIELD, Block, Line, header_length
from evo.music.abc.fields import FieldError, read_shift
from evo.music.abc.items import State
from evo.music.abc.voice import Signs, Voice, new_voice

_MIDI = re.compile(r"(?:%%|I:\s*)MIDI\s+(program|transpose)\s+(?:\d+\s+)?(-?\d{1,3})\s*")
_MARK = re.compile(r"%%kuznechik((?: [a-z_]+=-?\d{1,6})+)")
_VOICE = re.compile(r"\[V:([^\]]*)\]")
_NO_FIELD = re.compile(r"[A-G]:[|:]")  # a repeat that ends after a note at the start of a line
_MUSICAL = "KMLQPm"


@dataclass(frozen=True)
class Header:
    """The fields of a tune's header.

    Attributes:
        number: the field `X:`, or 1.
        title: the first field `T:`.
        parts: the order of the parts, the field `P:`.
        program: MIDI program, 0 to 127.
        mark: numbers that this project writes, to restore a song exactly.
    """

    number: int
    title: str
    parts: str
    program: int
    mark: dict[str, int]


def read_tune(block: Block) -> tuple[Header, list[Voice]]:
    """Return the header and the voices of a tune.

    Raises:
        AbcError: if the tune cannot be read.
    """
    return _Reader(block).result()


class _Reader:
    """The state of the reading of one tune: the voices, and which of them is written."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.fields: dict[str, str] = {}
        self.voices: dict[str, Voice] = {}
        self.program = 0
        self.mark: dict[str, int] = {}
        length = header_length(block)
        self.base = new_voice(_first_signs(block, length))
        self.current: Voice | None = None
        voice_fields = self.read_header(block.lines[:length])
        for line, value in voice_fields:
            self.choose(value, line)
        self.current = next(iter(self.voices.values()), None)
        self.read_body(block.lines[length:])

    def result(self) -> tuple[Header, list[Voice]]:
        """Return what was read, after the checks at the end of the tune."""
        voices = [voice for voice in self.voices.values() if voice.last is not None]
        if not voices:
            raise AbcError(self.block.lines[-1].number, "a tune without a melody")
        for voice in voices:
            voice.finish()
        number = re.match(r"\d{1,6}", self.fields.get("X", ""))
        header = Header(
            int(number[0]) if number else 1,
            self.fields.get("T", "").replace("\\%", "%"),
            self.fields.get("P", ""),
            self.program,
            self.mark,
        )
        return header, voices

    def read_header(self, lines: list[Line]) -> list[tuple[int, str]]:
        """Apply the header; return its voice fields with their lines."""
        voices = []
        for line in (*self.block.shared, *lines):
            if self.directive(line):
                continue
            found = FIELD.match(line.text)
            if found is None:
                raise AbcError(line.number, f"expected a field of the header, found {line.text!r}")
            letter, value = found[1], found[2].strip()
            self.base.line = line.number
            if letter == "V":
                voices.append((line.number, value))
            elif letter in "KMQm":  # L: has been read, as Q: may depend on it
                self.base.set_field(letter, value)
            elif letter not in self.fields:
                self.fields[letter] = value
        return voices

    def read_body(self, lines: list[Line]) -> None:
        """Read the lines after the header."""
        for line in lines:
            if self.directive(line):
                continue
            found = FIELD.match(line.text)
            if found and not _NO_FIELD.match(line.text):
                letter, value = found[1], found[2].strip()
                if letter == "V":
                    self.choose(value, line.number)
                elif letter in _MUSICAL:
                    self.at(line.number).set_field(letter, value)
                continue
            music, *others = _VOICE.split(line.text)
            if music.strip():
                self.at(line.number).read(music)
            for name, text in zip(others[::2], others[1::2], strict=True):
                self.choose(name, line.number)
                self.at(line.number).read(text)

    def at(self, line: int) -> Voice:
        """Return the voice that is written, at a line."""
        if self.current is None:
            self.current = self.voices.setdefault("1", new_voice(self.base.signs))
        self.current.line = line
        return self.current

    def choose(self, value: str, line: int) -> None:
        """Continue with the voice of a field `V:`, which may say its clef."""
        name, _, rest = value.strip().partition(" ")
        if name in ("", "*"):
            raise AbcError(line, f"cannot read V:{value}")
        if name not in self.voices:
            self.voices[name] = new_voice(self.base.signs)
        self.current = self.voices[name]
        self.current.line = line
        try:
            self.current.signs.shift += read_shift(rest) or 0
        except FieldError:
            raise AbcError(line, f"cannot read V:{value}") from None

    def directive(self, line: Line) -> bool:
        """Apply a directive; return whether the line is one."""
        found = _MIDI.fullmatch(line.text)
        if found and found[1] == "program":
            self.program = min(max(int(found[2]), 0), 127)
        elif found:
            (self.current or self.base).signs.directive = int(found[2])
        mark = _MARK.fullmatch(line.text)
        if mark:
            pairs = (pair.split("=") for pair in mark[1].split())
            self.mark = {name: int(number) for name, number in pairs}
        return line.text.startswith(("%%", "I:"))


def _first_signs(block: Block, length: int) -> Signs:
    """Return the settings before the header is applied, with its unit note length."""
    unit, metre = None, None
    for line in (*block.shared, *block.lines[:length]):
        found = FIELD.match(line.text)
        if found and found[1] in "LM":
            voice = Voice(Signs(Fraction(1, 8), State(0, False, None, None), {}), line=line.number)
            voice.set_field(found[1], found[2].strip())
            if found[1] == "L":
                unit = voice.signs.unit
            else:
                metre = voice.signs.state.metre
    usual = Fraction(1, 16) if metre and Fraction(*metre) < Fraction(3, 4) else Fraction(1, 8)
    return Signs(unit or usual, State(0, False, None, None), {})
