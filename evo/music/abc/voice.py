"""Read the notes of one voice, in written order.

A `Voice` is given pieces of music, a line or a part of one, and fields. It keeps what the notation
carries from note to note: key and unit note, the accidentals of the bar, broken rhythm, tuplets and
ties. Its `items` are what was read. An accidental holds to the end of the bar, on its letter in
every octave, and is carried over a bar line by a tie.

Without influence on notes are, and are skipped: chord symbols and annotations "...", decorations
!...! and their letters, slurs, beams, grace notes (they take no time, but their accidentals hold),
spaces, and characters that the standard reserves.
"""

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NoReturn

from evo.core.errors import AbcError
from evo.music.abc.fields import (
    ACCIDENTALS,
    SEMITONES,
    FieldError,
    read_key,
    read_length,
    read_metre,
    read_shift,
    read_tempo,
)  # fmt: skip
from evo.music.abc.items import Bar, Ending, Head, Item, Overlay, Part, Sound, State

_LENGTH = r"(\d{1,5})?(/+)?(\d{1,5})?"
_NOTE = r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)" + _LENGTH
_SOUND = re.compile(_NOTE)
_REST = re.compile("[zx]" + _LENGTH)
_TOKEN = re.compile(
    r"""
      (?P<skipped>
          [\s`\\]+ | [\#*;?@$]+ | y\d{0,5} | \((?!\d) | \) | \.(?![|:-])
        | "[^"]*" | [~H-WYh-w] | \+(?=[^+]*[h-z.<>])[^+\s|\[\]]+\+ )
    | (?P<decoration>![^!\s|\[\]]+!)
    | (?P<newline>!)
    | (?P<grace>\{[^{}]*\})
    | (?P<field>\[[A-Za-z]:[^\]]*\])
    | (?P<ending>\[?(?<=[|:\[])(?P<passes>\d{1,2}(?:[-,]\d{1,2}){0,9})(?![/\d]))
    | (?P<bar>\.?:*\[?[|:]*\|[|:]*\]? | ::+ | \])
    | (?P<chord>(?P<heads>\[[^\[\]|]*\])(?P<factor>\d{0,5}/*\d{0,5}))
    | (?P<tie>\.?-)
    | (?P<tuplet>\((?P<p>\d)(?::(?P<q>\d{0,2}))?(?::(?P<r>\d{0,2}))?)
    | (?P<broken><{1,3}|>{1,3})
    | (?P<bars_of_rest>[ZX]\d{0,4})
    | (?P<overlay>&+)
    """,
    re.VERBOSE,
)
_INSIDE = re.compile(r'"[^"]*"|![^!]*!|[\s().~H-Wh-w]|(?P<sound>' + _NOTE + r")(?P<tie>\.?-)?")
_ALTERED = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])")
_JUMPS = re.compile(r"d\.?[cs]\b|da(?:capo|coda)|dalsegno|tocoda", re.IGNORECASE)
_MAX_LENGTH = 4_096  # whole notes


@dataclass
class Signs:
    """The settings of a voice, which fields change."""

    unit: Fraction
    state: State
    signature: dict[str, int]
    shift: int = 0  # semitones, by octave, clef and transposition
    old_octave: int = 0  # semitones of an old "-8va"
    directive: int | None = None  # semitones of %%MIDI transpose, which replaces an old "-8va"

    @property
    def semitones(self) -> int:
        """Semitones from written to sounding pitch."""
        return self.shift + (self.old_octave if self.directive is None else self.directive)


@dataclass
class Voice:
    """A voice: its settings, its items so far, and what is open between two notes."""

    signs: Signs
    items: list[Item] = field(default_factory=list)
    accidentals: dict[str, int] = field(default_factory=dict)
    tied: dict[tuple[str, int], int] = field(default_factory=dict)  # staff position: pitch
    last: int | None = None  # index of the last sound
    positions: dict[tuple[str, int], int] = field(default_factory=dict)  # of the last sound
    next_factor: Fraction = Fraction(1)  # of broken rhythm
    tuplet: tuple[Fraction, int] = (Fraction(1), 0)  # factor, and sounds that remain
    line: int = 0

    def fail(self, reason: str) -> NoReturn:
        """Raise an AbcError at the present line."""
        raise AbcError(self.line, reason)

    def set_field(self, letter: str, value: str) -> None:
        """Apply a field of the header or the body; fields without influence do nothing."""
        signs = self.signs
        try:
            if letter == "K":
                key = read_key(value)
                if key.shift is not None:
                    signs.shift = key.shift
                signs.old_octave = key.old_octave or signs.old_octave
                if key.signature is not None:
                    signs.signature, self.accidentals = key.signature, {}
                    signs.state = signs.state._replace(fifths=key.fifths, minor=key.minor)
            elif letter == "M":
                signs.state = signs.state._replace(metre=read_metre(value))
            elif letter == "L":
                signs.unit = read_length(value)
            elif letter == "Q":
                tempo = read_tempo(value, signs.unit)
                if tempo is not None:
                    signs.state = signs.state._replace(tempo=tempo)
            elif letter == "V":
                signs.shift += read_shift(value) or 0
            elif letter == "P":
                self.items.append(Part(self.line, value.strip(" .\"'")))
            elif letter == "m":
                self.fail("macros (m:) are not supported; write the notes out")
        except FieldError:
            self.fail(f"cannot read {letter}:{value}")

    def read(self, text: str) -> None:
        """Read music: a line of the body, or the part of one between two voice fields."""
        position = 0
        while position < len(text):
            found = _SOUND.match(text, position)
            if found:
                self.note(found)
            elif found := _REST.match(text, position):
                self.sound(self.length(found.groups()), {}, ())
            elif found := _TOKEN.match(text, position):
                self.token(found)
            else:
                self.fail(f"cannot read {text[position : position + 20]!r}")
            position = found.end()

    def token(self, found: re.Match[str]) -> None:
        """Apply a token that is no note."""
        kind, text = found.lastgroup, found[0]
        if kind == "decoration" and _JUMPS.search(text):
            self.fail(f"{text} is not supported; write the music in playing order")
        elif kind == "grace":
            for accidental, letter in _ALTERED.findall(text):
                self.accidentals[letter.upper()] = ACCIDENTALS[accidental]
        elif kind == "field":
            self.set_field(text[1], text[3:-1].strip())
        elif kind == "bar":
            self.bar(text)
        elif kind == "ending":
            self.ending(found["passes"])
        elif kind == "chord":
            self.chord(found["heads"][1:-1], found["factor"])
        elif kind == "tie":
            self.tie()
        elif kind == "tuplet":
            self.start_tuplet(found)
        elif kind == "broken":
            self.break_rhythm(text)
        elif kind == "bars_of_rest":
            metre = self.signs.state.metre
            if metre is None:
                self.fail(f"{text!r} rests for bars, and the metre is free")
            self.sound(int(text[1:] or 1) * Fraction(*metre), {}, ())
        elif kind == "overlay":
            self.items.append(Overlay(self.line))

    def bar(self, text: str) -> None:
        """Add a bar line; a lone "]" ends an ending, and is none."""
        before, line, after = text.partition("|")
        after = after if line else before[1:]
        self.accidentals = {}
        self.items.append(
            Bar(
                self.line,
                repeats=before.count(":") if line else 1,
                starts=":" in after,
                double="||" in text or "]" in text or "[" in text,
            )
        )

    def ending(self, passes: str) -> None:
        """Begin a variant ending: 1, or 1,3, or 1-3."""
        numbers: set[int] = set()
        for part in passes.split(","):
            first, _, last = part.partition("-")
            numbers |= set(range(int(first), int(last or first) + 1))
        if not numbers or 0 in numbers:
            self.fail(f"cannot read the ending {passes!r}")
        self.items.append(Ending(self.line, frozenset(numbers)))

    def note(self, found: re.Match[str]) -> None:
        """Add a note."""
        accidental, letter, octaves, *length = found.groups()
        pitch, position = self.pitch(accidental, letter, octaves)
        time = self.length(tuple(length))
        self.sound(time, {position: pitch}, (Head(pitch, time, False),))

    def chord(self, content: str, factor: str) -> None:
        """Read a chord; its duration is that of its first note."""
        scale = re.fullmatch(_LENGTH, factor)
        if scale is None:
            self.fail(f"cannot read the length {factor!r} of a chord")
        times = self.length(scale.groups()) / self.signs.unit
        heads: list[Head] = []
        positions: dict[tuple[str, int], int] = {}
        tied: dict[tuple[str, int], int] = {}
        at = 0
        while at < len(content):
            inside = _INSIDE.match(content, at)
            if inside is None:
                self.fail(f"cannot read {content[at:]!r} in a chord")
            at = inside.end()
            if inside["sound"]:
                accidental, letter, octaves, *length = inside.groups()[1:7]
                pitch, position = self.pitch(accidental, letter or "", octaves or "")
                heads.append(Head(pitch, times * self.length(tuple(length)), bool(inside["tie"])))
                positions[position] = pitch
                if inside["tie"]:
                    tied[position] = pitch
        if not heads:
            self.fail(f"cannot read [{content}]")
        self.sound(heads[0].length, positions, tuple(heads))
        self.tied = tied

    def length(self, groups: tuple[str | None, ...]) -> Fraction:
        """Return the length that follows a note: 2, /, //, 3/2."""
        number, slashes, divisor = groups
        if divisor and not slashes:  # more digits than a length has
            self.fail("a length of too many digits")
        length = self.signs.unit * int(number or 1)
        if slashes:
            parts = int(divisor) if divisor else 2 ** len(slashes)
            if parts == 0 or len(slashes) > 8 or (divisor and len(slashes) > 1):
                self.fail("a length that cannot be read")
            length /= parts
        if not 0 < length <= _MAX_LENGTH:
            self.fail(f"a length of {length} whole notes")
        return length

    def pitch(
        self, accidental: str | None, letter: str, octaves: str
    ) -> tuple[int, tuple[str, int]]:
        """Return the MIDI pitch of a note, and its position: letter and octave."""
        name = letter.upper()
        octave = letter.islower() + octaves.count("'") - octaves.count(",")
        position = (name, octave)
        if accidental:
            self.accidentals[name] = ACCIDENTALS[accidental]
        elif position in self.tied and name not in self.accidentals:
            return self.tied[position], position
        shift = self.accidentals.get(name, self.signs.signature.get(name, 0))
        pitch = 60 + 12 * octave + SEMITONES[name] + shift + self.signs.semitones
        if not 0 <= pitch <= 127:
            self.fail(f"the note {letter}{octaves} is outside the range of MIDI")
        return pitch, position

    def sound(
        self, length: Fraction, positions: dict[tuple[str, int], int], heads: tuple[Head, ...]
    ) -> None:
        """Add a sound, in the tuplet and broken rhythm that it belongs to."""
        factor, remaining = self.tuplet
        if remaining:
            self.tuplet = factor, remaining - 1
        factor = (factor if remaining else Fraction(1)) * self.next_factor
        self.next_factor = Fraction(1)
        heads = tuple(head._replace(length=head.length * factor) for head in heads)
        self.last, self.positions, self.tied = len(self.items), positions, {}
        self.items.append(Sound(self.line, length * factor, heads, self.signs.state))

    def last_sound(self, sign: str) -> tuple[int, Sound]:
        """Return the index of the last sound, and the sound; fail if there is none."""
        item = self.items[self.last] if self.last is not None else None
        if self.last is None or not isinstance(item, Sound):
            self.fail(f"{sign} without a note before it")
        return self.last, item

    def tie(self) -> None:
        """Tie the last sound to the next; after a rest it has no effect."""
        index, sound = self.last_sound("a tie")
        heads = tuple(head._replace(tied=True) for head in sound.heads)
        self.items[index] = sound._replace(heads=heads)
        self.tied = dict(self.positions)

    def start_tuplet(self, found: re.Match[str]) -> None:
        """Begin a tuplet (p:q:r: the next r sounds take q/p of their time."""
        p = int(found["p"])
        if self.tuplet[1]:
            self.fail(f"{found[0]} inside a tuplet")
        beats, unit = self.signs.state.metre or (4, 4)
        compound = (beats % 3 == 0 and unit >= 8) or beats in (6, 9, 12)
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
        q, r = int(found["q"] or usual), int(found["r"] or p)
        if not p or not q or not r:
            self.fail(f"cannot read {found[0]!r}")
        self.tuplet = Fraction(q, p), r

    def break_rhythm(self, signs: str) -> None:
        """Lengthen the note on one side of > or <, and shorten the other."""
        index, sound = self.last_sound(signs)
        if self.next_factor != 1:
            self.fail(f"{signs} after {signs}")
        shorter = Fraction(1, 2 ** len(signs))
        first, self.next_factor = (
            (2 - shorter, shorter) if signs[0] == ">" else (shorter, 2 - shorter)
        )
        heads = tuple(head._replace(length=head.length * first) for head in sound.heads)
        self.items[index] = sound._replace(length=sound.length * first, heads=heads)

    def finish(self) -> None:
        """Check that nothing is open at the end of the tune."""
        if self.next_factor != 1:
            self.fail("broken rhythm without a note after it")
        if self.tuplet[1]:
            self.fail(f"a tuplet lacks {self.tuplet[1]} notes")


def new_voice(signs: Signs) -> Voice:
    """Return an empty voice with a copy of the settings."""
    return Voice(replace(signs, signature=dict(signs.signature)))
