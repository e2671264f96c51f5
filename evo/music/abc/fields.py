"""Parse the values of the fields that say how notes are read: `K:`, `M:`, `L:` and `Q:`."""

import re
from fractions import Fraction
from typing import NamedTuple

from evo.music.midi.units import MICROSECONDS

CIRCLE = "FCGDAEB"  # order of sharps from the left, of flats from the right
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
# Fifths that a mode adds to the major key of its tonic.
MODES = {
    "": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3,
    "mix": -1, "dor": -2, "phr": -4, "lyd": 1, "loc": -5,
}  # fmt: skip
MINOR = ("m", "min", "aeo")

_TONIC = re.compile(r"([A-G])([#b]?)")
_KEY_WORD = re.compile(
    r"""\s*(?:
      (?P<name>(?!maj|ion|min|aeo|mix|dor|phr|lyd|loc)[A-Za-z]{1,10})=(?P<value>"[^"]*"|[^\s"]+)
    | (?P<accidental>\^\^|__|[\^_=])(?P<letter>[A-Ga-g])
    | (?P<drawn>[+-]8(?:va|vb)?)\b
    | (?:treble|alto|tenor|bass|perc|soprano|mezzo|baritone|none)[1-5]?(?P<octave>[+-]8)?8?\b
    | (?P<mode>[A-Za-z]+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_FRACTION = re.compile(r"(\d{1,6})/(\d{1,6})")
_SUM = re.compile(r"\(?(\d{1,3}(?:\s*\+\s*\d{1,3})*)\)?\s*/\s*(\d{1,3})")
_TEMPO = re.compile(r"((?:\d{1,4}/\d{1,4}\s*)+|C\d{0,2}|)(?:=\s*)?(\d{1,8}(?:\.\d{1,15})?)")
_SHIFTING = {"octave": 12, "transpose": 1, "t": 1}  # semitones per unit
_PITCHED = ("score", "sound", "shift")  # change the pitch, by rules of a single program


class FieldError(Exception):
    """Raised for a value that cannot be read."""


class KeyField(NamedTuple):
    """The content of a field `K:`.

    Attributes:
        signature: semitones per changed letter, or None if the field names no key.
        fifths: accidentals of the signature, sharps positive.
        minor: whether the mode is minor or aeolian.
        shift: semitones from written to sounding pitch, or None if not given.
        old_octave: semitones of an old "-8va" or "+8va", which some programs only draw.
    """

    signature: dict[str, int] | None
    fifths: int
    minor: bool
    shift: int | None
    old_octave: int = 0


def signature_of(fifths: int) -> dict[str, int]:
    """Return the semitones per changed letter of a key signature of -7 to 7 fifths."""
    if fifths >= 0:
        return dict.fromkeys(CIRCLE[:fifths], 1)
    return dict.fromkeys(CIRCLE[fifths:], -1)


def read_key(value: str) -> KeyField:
    """Parse `K:`: tonic and mode, single accidentals, clef, octave and transposition.

    Raises:
        FieldError: if it cannot be read.
    """
    if value[:2] in ("HP", "Hp"):  # bagpipes; HP shows no signature, and its notes are as in C
        fifths = 2 if value[1] == "p" else 0
        return KeyField(signature_of(fifths), fifths, False, read_shift(value[2:]))
    if value == "" or value.split()[0].lower() == "none":
        return KeyField({}, 0, False, read_shift(value[4:]))
    tonic = _TONIC.match(value)
    words = _words(value[tonic.end() :] if tonic else value)
    shift = _shift(words)
    if not tonic:
        if any(word["mode"] or word["letter"] for word in words):
            raise FieldError
        return KeyField(None, 0, False, shift)
    modes = [word["mode"] for word in words if word["mode"]]
    explicit = "exp" in [mode.lower() for mode in modes]
    mode = _mode([mode for mode in modes if mode.lower() != "exp"])
    fifths = CIRCLE.index(tonic[1]) - 1 + 7 * {"": 0, "#": 1, "b": -1}[tonic[2]] + MODES[mode]
    if abs(fifths) > 7:
        raise FieldError
    signature = {} if explicit else signature_of(fifths)
    for word in words:
        if word["letter"]:
            signature[word["letter"].upper()] = ACCIDENTALS[word["accidental"]]
    if explicit:
        fifths = max(-7, min(7, sum(signature.values())))
    drawn = next((word["drawn"][0] for word in words if word["drawn"]), "")
    return KeyField(signature, fifths, mode in MINOR, shift, {"": 0, "+": 12, "-": -12}[drawn])


def read_shift(value: str) -> int | None:
    """Return the semitones that clef, octave and transposition add to the written notes.

    Args:
        value: the rest of a field `K:` or `V:`.

    Returns:
        The semitones, or None if the field gives none.

    Raises:
        FieldError: if it cannot be read.
    """
    return _shift(_words(value))


def _words(text: str) -> list[re.Match[str]]:
    words, position = [], 0
    text = text.rstrip()
    while position < len(text):
        found = _KEY_WORD.match(text, position)
        if found is None:
            raise FieldError
        words.append(found)
        position = found.end()
    return words


def _shift(words: list[re.Match[str]]) -> int | None:
    shifts = []
    for word in words:
        name = (word["name"] or "").lower()
        octave = word["octave"]
        if name == "clef":
            octave = word["value"].strip('"')[-2:]
        if octave in ("+8", "-8"):
            shifts.append(12 if octave == "+8" else -12)
        elif name in _SHIFTING:
            if not re.fullmatch(r"[+-]?\d{1,2}", word["value"]):
                raise FieldError
            shifts.append(_SHIFTING[name] * int(word["value"]))
        elif name in _PITCHED:
            raise FieldError
    return sum(shifts) if shifts else None


def _mode(words: list[str]) -> str:
    if not words:
        return ""
    (word, *others) = words
    if word == "M":  # of chord names: major
        word = "maj"
    mode = word.lower()[:3]
    if others or mode not in MODES or (len(word) < 3 and word != "m"):
        raise FieldError
    return mode


def read_metre(value: str) -> tuple[int, int] | None:
    """Parse `M:`; None is free metre.

    Raises:
        FieldError: if it cannot be read.
    """
    value = value.strip()
    if value in ("C", "C|"):
        return (4, 4) if value == "C" else (2, 2)
    if value.lower() in ("", "none"):
        return None
    found = _SUM.fullmatch(value)
    if found is None:
        raise FieldError
    beats, unit = sum(map(int, found[1].split("+"))), int(found[2])
    if not 1 <= beats <= 99 or unit not in (1, 2, 4, 8, 16, 32, 64):
        raise FieldError
    return beats, unit


def read_length(value: str) -> Fraction:
    """Parse `L:`, in whole notes.

    Raises:
        FieldError: if it cannot be read.
    """
    found = _FRACTION.fullmatch(value.strip() + ("/1" if value.strip() == "1" else ""))
    if found is None or not int(found[1]) or not int(found[2]):
        raise FieldError
    return Fraction(int(found[1]), int(found[2]))


def read_tempo(value: str, unit: Fraction) -> float | None:
    """Parse `Q:`, in quarter notes per minute; None if it has only words.

    Args:
        value: the field: `1/4=120`, `"Allegro" 3/8=100`, or the old `120` and `C3=40`.
        unit: the unit note length, in whole notes, which the old forms count in.

    Raises:
        FieldError: if it cannot be read.
    """
    text = re.sub(r'"[^"]*"', " ", value).strip()
    if not text:
        return None
    found = _TEMPO.fullmatch(text)
    if found is None:
        raise FieldError
    beat, number = found[1].strip(), float(found[2])
    if "/" in beat:
        length = sum((read_length(part) for part in beat.split()), Fraction(0))
    else:
        length = unit * int(beat.removeprefix("C") or 1)
    tempo = float(4 * length) * number
    if not 4 <= tempo <= MICROSECONDS:
        raise FieldError
    return tempo
