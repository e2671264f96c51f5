"""Write tempos as musicians do: beats of the metre per minute."""

from __future__ import annotations

from fractions import Fraction

from evo.music.export.score import Bar
from evo.music.midi.units import tempo_to_microseconds


def beat_of(bar: Bar) -> Fraction:
    """Return the beat that a tempo counts, in quarter notes: dotted in compound metres."""
    if bar.unit >= 8 and bar.beats % 3 == 0 and bar.beats > 3:
        return Fraction(12, bar.unit)
    return Fraction(2) if (bar.beats, bar.unit) == (2, 2) else Fraction(1)


def number_text(tempo: float, beat: Fraction) -> str:
    """Return the beats per minute, with the fewest digits that MIDI does not tell apart.

    Args:
        tempo: quarter notes per minute.
        beat: the beat in quarter notes.
    """
    wanted = tempo_to_microseconds(tempo)
    for digits in range(9):
        text = f"{tempo / beat:.{digits}f}"
        rounded = float(text) * float(beat)
        if rounded >= 4 and tempo_to_microseconds(rounded) == wanted:
            return text
    return repr(float(tempo / float(beat)))
