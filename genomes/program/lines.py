"""A melody while it is varied: one note per step at most, its scale, and its cadences."""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, IntArray
from genomes.kernels import device
from genomes.program.operations import (
    EVEN_BARS,
    EVEN_BEATS,
    EVEN_PHRASES,
    EVERYWHERE,
    FIRST_HALF,
    FIRST_OF_BARS,
    FIRST_OF_PHRASES,
    MIDDLE_BARS,
    ODD_BARS,
    ODD_BEATS,
    ODD_PHRASES,
    PHRASE,
    SECOND_HALF,
    SECOND_OF_BARS,
    SECOND_OF_PHRASES,
)

DEGREES = 7
MAX_KEYS = 256


class Line(NamedTuple):
    """A melody, and buffers for its operations.

    Attributes:
        notes: Int64 (steps,), the key of the note at each step, -1 without a note.
        spare: Int64 (steps,), a buffer.
        free: Bool (steps,), steps that the present instruction may change.
        held: Bool (steps,), cadences: from the last note of a phrase to the phrase's end.
        scale: Int64 (`MAX_KEYS`,), keys of the scale in increasing order.
        about: Int64 (3,): number of keys of the scale, tonic, and 1 in minor.
        keys: Keys of the instrument.
        lead: Steps before the first full bar.
        bar: Steps of a bar.
        beat: Steps of a beat.
    """

    notes: IntArray
    spare: IntArray
    free: BoolArray
    held: BoolArray
    scale: IntArray
    about: IntArray
    keys: int
    lead: int
    bar: int
    beat: int


@device
def read_theme(line: Line, theme: BoolArray) -> None:
    """Take the highest key of every step.

    Args:
        line: Written to.
        theme: Bool (steps, keys).
    """
    for step in range(len(theme)):
        line.notes[step] = -1
        for key in range(line.keys - 1, -1, -1):
            if theme[step, key]:
                line.notes[step] = key
                break


@device
def find_scale(line: Line) -> None:
    """Find the keys of the scale: seven degrees, each in the form that the melody has most often.

    A degree that the melody lacks is that of the major or natural minor scale.
    """
    tonic, minor = line.about[1], line.about[2] == 1
    counts = np.zeros(12, np.int64)
    for key in line.notes:
        if key >= 0:
            counts[(key - tonic) % 12] += 1
    is_in = np.zeros(12, np.bool_)
    is_in[0] = is_in[7] = True
    for low in (1, 3, 5, 8, 10):
        usual_is_high = low == 1 or (low != 5 and not minor)
        high_wins = counts[low + 1] > counts[low]
        if counts[low + 1] == counts[low]:
            high_wins = usual_is_high
        is_in[low + 1 if high_wins else low] = True
    count = 0
    for key in range(line.keys):
        if is_in[(key - tonic) % 12]:
            line.scale[count] = key
            count += 1
    if count == 0:  # an instrument of one or two keys
        for key in range(line.keys):
            line.scale[key] = key
        count = line.keys
    line.about[0] = count


@device
def degree_of(line: Line, key: int) -> int:
    """Return the index of the scale's key that is nearest; the lower of two.

    Args:
        line: The melody.
        key: A key.
    """
    best = 0
    for index in range(1, line.about[0]):
        if abs(line.scale[index] - key) < abs(line.scale[best] - key):
            best = index
    return best


@device
def key_of(line: Line, degree: int) -> int:
    """Return the scale's key at an index, octaves away if that is beyond the instrument.

    Args:
        line: The melody.
        degree: Index in the scale; may be beyond its ends.
    """
    count = line.about[0]
    while degree < 0:
        degree += DEGREES
    while degree >= count and degree >= DEGREES:
        degree -= DEGREES
    return int(line.scale[min(degree, count - 1)])


@device
def hold_cadences(line: Line) -> None:
    """Mark the cadences: what follows the last note of each phrase, that note included.

    A phrase begins with its pickup, which is as long as the pickup of the melody.
    """
    steps = len(line.notes)
    pickup = 0
    for step in range(min(line.lead, steps)):
        if line.notes[step] >= 0:
            pickup = line.lead - step
            break
    pickup = min(pickup, line.bar - 1)
    line.held[:] = False
    end = line.lead - pickup
    while end < steps:
        start = end if end > line.lead - pickup else 0
        end = min(end + PHRASE * line.bar, steps)
        for step in range(end - 1, start - 1, -1):
            line.held[step] = True
            if line.notes[step] >= 0:
                break
        else:
            line.held[start:end] = False  # a silent phrase has no cadence


@device
def open_scope(line: Line, scope: int) -> None:
    """Mark the steps that an instruction may change: its scope, without cadences.

    Args:
        line: Written to.
        scope: Index in `SCOPES`.
    """
    steps = len(line.notes)
    for step in range(steps):
        bar, place = (step - line.lead) // line.bar, (step - line.lead) % line.bar
        line.free[step] = not line.held[step] and _is_within(
            line, scope, 2 * step >= steps, bar, place
        )


@device
def _is_within(line: Line, scope: int, late: bool, bar: int, place: int) -> bool:
    """Return whether a scope has a step, by its half of the melody, bar and place in the bar."""
    if scope == ODD_BARS or scope == EVEN_BARS:
        return bool((bar % 2 == 0) == (scope == ODD_BARS))
    if scope == MIDDLE_BARS:
        return bool(bar % PHRASE == 1 or bar % PHRASE == 2)
    if scope == FIRST_OF_PHRASES or scope == SECOND_OF_PHRASES:
        return bool((bar % PHRASE < PHRASE // 2) == (scope == FIRST_OF_PHRASES))
    if scope == ODD_PHRASES or scope == EVEN_PHRASES:
        return bool((bar // PHRASE % 2 == 0) == (scope == ODD_PHRASES))
    if scope == FIRST_HALF or scope == SECOND_HALF:
        return late == (scope == SECOND_HALF)
    if scope == FIRST_OF_BARS or scope == SECOND_OF_BARS:
        return bool((2 * place >= line.bar) == (scope == SECOND_OF_BARS))
    if scope == ODD_BEATS or scope == EVEN_BEATS:
        return bool((place // line.beat % 2 == 0) == (scope == ODD_BEATS))
    return scope == EVERYWHERE


@device
def is_free(line: Line, start: int, size: int) -> bool:
    """Return whether a range of steps is within the melody, and may all be changed.

    Args:
        line: The melody.
        start: First step.
        size: Number of steps.
    """
    if start < 0 or start + size > len(line.notes):
        return False
    free = True
    for step in range(start, start + size):
        free &= line.free[step]
    return free


@device
def next_note(line: Line, step: int) -> int:
    """Return the first step with a note from a step on, or the number of steps.

    Args:
        line: The melody.
        step: The first step looked at.
    """
    while step < len(line.notes) and line.notes[step] < 0:
        step += 1
    return step


@device
def restore_silent_bars(line: Line, theme: IntArray) -> None:
    """Give every bar that fell silent the theme's first note there.

    Args:
        line: The varied melody.
        theme: Int64 (steps,), the notes of the theme.
    """
    steps = len(theme)
    for start in range(line.lead, steps, line.bar):
        first, sounds = -1, False
        for step in range(start, min(start + line.bar, steps)):
            sounds |= line.notes[step] >= 0
            if first < 0 and theme[step] >= 0:
                first = step
        if first >= 0 and not sounds:
            line.notes[first] = theme[first]
