"""Convert pitches and tempos to and from MIDI numbers.

A pitch is a note number from 0 to 127. Middle C is 60. A tempo is stored in 24 bits, as
microseconds per beat.
"""

from collections.abc import Callable

MICROSECONDS = 60_000_000  # in a minute
DEFAULT_TEMPO = 500_000  # microseconds per beat of a file without a tempo: 120 beats per minute
MAX_MICROSECONDS = (1 << 24) - 1

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

# Each of eight programs.
FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive",
    "sound effects",
)  # fmt: skip


def program_name(program: int) -> str:
    """Return the name of a MIDI program: 40 is "program 41 (strings)"."""
    return f"program {program + 1} ({FAMILIES[program // 8]})"


def note_name(pitch: int) -> str:
    """Return the name of a MIDI note number: 60 is "C4", 61 is "C#4"."""
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"


def tempo_to_microseconds(tempo: float) -> int:
    """Convert a tempo in beats per minute to microseconds per beat.

    Raises:
        ValueError: if the tempo does not fit 24 bits.
    """
    microseconds = round(MICROSECONDS / tempo) if 1.0 <= tempo <= MICROSECONDS else 0
    if not 1 <= microseconds <= MAX_MICROSECONDS:
        raise ValueError(f"tempo: expected about 3.6 to 60,000,000 beats a minute, got {tempo}")
    return microseconds


def channel_names(span: int, lowest_note: int | None) -> Callable[[int], str]:
    """Return a function that names channels: "C5", and "C5 held" in the second plane.

    Args:
        span: Keys of a plane.
        lowest_note: MIDI note of key 0; None for numbers of keys.
    """

    def name(channel: int) -> str:
        held, key = divmod(channel, span)
        known = lowest_note is not None and lowest_note + key < 128
        note = note_name(lowest_note + key) if known and lowest_note is not None else f"key {key}"
        return f"{note} held" if held else note

    return name
