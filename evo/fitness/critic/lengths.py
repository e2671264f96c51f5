"""Lengths of notes: how likely each is in the songs, and what describes those of a piece.

A critic reads onsets alone. With `--durations` a piece has lengths of its own, and they are judged
beside it: the numbers of `NAMES` are compared with those of the brief's song, as a critic's
features are (`evo.fitness.critic.briefs`). A search that maximised the probability of lengths
would write the most common one everywhere; songs do not.

The surprise of a length (-log2 of its probability, in bits) depends on the wait until the next
onset, the position in the bar, and the note before: its length, and whether it ended before the
next onset, with it, or rang on. The probabilities are counts in songs. Each context is smoothed by
the next shorter one, as in `evo.fitness.critic.contexts`. Lengths and waits are in steps, the
longest all in one class.

In songs where no note rings on after the next onset, none does in a piece: a new onset ends all
notes (`settled`).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from evo.fitness.critic.contexts import Bars, smoothed
from genomes.arrays import BoolArray, FloatArray, IntArray, for_kernels
from genomes.kernels import device, kernel

NAMES = (
    "surprise of lengths",  # bits per note
    "rare lengths",  # share of notes with more than `RARE` bits
    "ends before the next onset",  # shares of notes
    "rings on",
    "steps that sound",  # share, from the first onset
    "voices",  # keys that sound together, where any does
    "length",  # mean and standard deviation, in beats
    "spread of lengths",
    "shorter than half a beat",  # shares of notes
    "half a beat or more",
    "a beat",
    "more than a beat",
    "two beats or more",
    "rest",  # mean silence after notes that end before the next onset, in beats
    "rests up to a bar line",  # share of these rests
    "last length",  # in bars
    "lengths as before",  # share of notes as long as the last one at its position with its wait
)
RARE = 4.0
# Classes of the note before: 5 of its length, each with 3 of its end; and none.
_PREVIOUS = 16
_BEFORE, _WITH, _BEYOND = range(3)
# A share of notes up to which songs count as those of an instrument on which no note rings on.
MOSTLY = 0.02


@dataclass(frozen=True, eq=False)
class LengthModel:
    """What songs say of the lengths of notes.

    Attributes:
        surprise: Float64 (waits, positions, previous, lengths), in bits.
        bars: The bars of the songs.
        is_ringing: Whether notes ring on after the next onset.
    """

    surprise: FloatArray
    bars: Bars
    is_ringing: bool

    @classmethod
    def of(cls, songs: BoolArray, bars: Bars, is_ringing: bool) -> Self:
        """Learn from songs.

        Args:
            songs: Bool (n, steps, 2 * keys).
            bars: Their bars.
            is_ringing: Whether notes ring on after the next onset.
        """
        classes = bars.durations
        counts = np.zeros((classes, bars.steps, _PREVIOUS, classes))
        _count(for_kernels(songs), bars, counts)
        alone = smoothed(counts.sum(axis=(0, 1, 2)), np.full(classes, 1 / classes))
        waits = smoothed(counts.sum(axis=(1, 2)), alone)
        positions = smoothed(counts.sum(axis=2), waits[:, None])
        return cls(-np.log2(smoothed(counts, positions[:, :, None])), bars, is_ringing)

    def describe(self, rolls: BoolArray) -> FloatArray:
        """Return the numbers of `NAMES` of rolls: float64 (n, names).

        Args:
            rolls: Bool (n, steps, 2 * keys), settled.
        """
        found = np.zeros((len(rolls), len(NAMES)))
        _describe(for_kernels(rolls), self.bars, self.surprise, found)
        return found


def settled(rolls: BoolArray, is_ringing: bool) -> BoolArray:
    """Return rolls whose notes sound from their onsets to their ends, without a gap.

    What sounds without an onset before is left out.

    Args:
        rolls: Bool (n, steps, 2 * keys).
        is_ringing: Whether notes ring on after the next onset of another key.
    """
    played = np.array(rolls, order="C")
    _settle(played, is_ringing)
    return played


def rings(songs: BoolArray) -> bool:
    """Return whether more than a few notes ring on after the next onset.

    Args:
        songs: Bool (n, steps, 2 * keys), settled.
    """
    notes = np.zeros(3, np.int64)
    _count_ends(for_kernels(songs), notes)
    return bool(notes[_BEYOND] > MOSTLY * max(notes.sum(), 1))


@device
def _end_of(roll: BoolArray, step: int, key: int) -> int:
    """Return the step at which a settled note ends: where its key is silent, or begins again."""
    keys = roll.shape[1] // 2
    end = step + 1
    while end < len(roll) and roll[end, keys + key] and not roll[end, key]:
        end += 1
    return end


@device
def _has_onset(roll: BoolArray, step: int) -> bool:
    """Return whether a note of any key begins at a step."""
    found = False
    for key in range(roll.shape[1] // 2):
        found |= roll[step, key]
    return found


@device
def _next_onset(roll: BoolArray, step: int) -> int:
    """Return the step of the next onset of any key, or the end."""
    end = step + 1
    while end < len(roll) and not _has_onset(roll, end):
        end += 1
    return end


@device
def _kind(length: int, wait: int) -> int:
    """Return whether a note ends before the next onset, with it, or beyond."""
    return _BEFORE if length < wait else _WITH if length == wait else _BEYOND


@device
def _size(length: int, beat: int) -> int:
    """Return the class of a length, 0 to 4, from less than half a beat to two beats or more."""
    if length >= 2 * beat:
        return 4
    return int(2 * length >= beat) + int(length >= beat) + int(length > beat)


@device
def _class(steps: int, classes: int) -> int:
    return min(steps, classes) - 1


@kernel
def _settle(rolls: BoolArray, is_ringing: bool) -> None:
    """Extend and cut the sounding planes of rolls; see `settled`."""
    keys = rolls.shape[2] // 2
    for n in range(len(rolls)):
        roll = rolls[n]
        for step in range(len(roll)):
            ends = not is_ringing and _has_onset(roll, step)
            for key in range(keys):
                goes_on = step > 0 and roll[step - 1, keys + key] and not ends
                roll[step, keys + key] = roll[step, key] or (roll[step, keys + key] and goes_on)


@kernel
def _count_ends(rolls: BoolArray, notes: IntArray) -> None:
    """Count notes that end before the next onset, with it, and beyond: int64 (3,)."""
    for n in range(len(rolls)):
        roll = rolls[n]
        for step in range(len(roll)):
            for key in range(roll.shape[1] // 2):
                if roll[step, key]:
                    length = _end_of(roll, step, key) - step
                    notes[_kind(length, _next_onset(roll, step) - step)] += 1


@kernel
def _count(rolls: BoolArray, bars: Bars, counts: FloatArray) -> None:
    """Count lengths in rolls: float64 (waits, positions, previous, lengths)."""
    classes = counts.shape[0]
    for n in range(len(rolls)):
        roll, previous = rolls[n], _PREVIOUS - 1
        for step in range(len(roll)):
            wait, top = 0, 0
            for key in range(roll.shape[1] // 2):
                if roll[step, key]:
                    wait = wait or _next_onset(roll, step) - step
                    top = _end_of(roll, step, key) - step
                    at = (_class(wait, classes), step % bars.steps, previous, _class(top, classes))
                    counts[at] += 1
            if wait:
                previous = 3 * _size(top, bars.beat) + _kind(top, wait)


@kernel
def _describe(rolls: BoolArray, bars: Bars, surprise: FloatArray, found: FloatArray) -> None:
    """Write the numbers of `NAMES` of settled rolls: float64 (n, names)."""
    classes, keys = surprise.shape[0], rolls.shape[2] // 2
    usual = np.zeros((bars.steps, classes), np.int64)
    for n in range(len(rolls)):
        roll, row = rolls[n], found[n]
        usual[:] = 0
        previous, notes, steps, sounding, voices = _PREVIOUS - 1, 0, 0, 0, 0
        squares, rests, silence, same, again, last = 0.0, 0, 0, 0, 0, 0
        for step in range(len(roll)):
            together = 0
            for key in range(keys):
                together += roll[step, keys + key]
            sounding += together > 0
            voices += together
            wait, top = 0, 0
            position = step % bars.steps
            for key in range(keys):
                if not roll[step, key]:
                    continue
                if wait == 0:
                    wait = _next_onset(roll, step) - step
                top = _end_of(roll, step, key) - step
                bits = surprise[_class(wait, classes), position, previous, _class(top, classes)]
                kind = _kind(top, wait)
                row[0] += bits
                row[1] += bits > RARE
                row[2] += kind == _BEFORE
                row[3] += kind == _BEYOND
                row[6] += top
                squares += top * top
                row[8 + _size(top, bars.beat)] += 1
                if kind == _BEFORE and step + wait < len(roll):
                    rests += 1
                    silence += wait - top
                    row[14] += (step + wait) % bars.steps == 0
                notes += 1
            if wait > 0:
                previous = 3 * _size(top, bars.beat) + _kind(top, wait)
                if usual[position, _class(wait, classes)] > 0:
                    again += 1
                    same += usual[position, _class(wait, classes)] == top
                usual[position, _class(wait, classes)] = top
                last = top
            steps += notes > 0
        _finish(row, notes, steps, sounding, voices, squares, rests, silence, bars.beat)
        row[15] = last / bars.steps
        row[16] = same / again if again > 0 else 1.0


@device
def _finish(
    row: FloatArray,
    notes: int,
    steps: int,
    sounding: int,
    voices: int,
    squares: float,
    rests: int,
    silence: int,
    beat: int,
) -> None:
    """Turn the sums of a roll into means."""
    if notes == 0:
        return
    for index in (0, 1, 2, 3, 6, 8, 9, 10, 11, 12):
        row[index] /= notes
    row[7] = np.sqrt(max(squares / notes - row[6] ** 2, 0.0)) / beat
    row[6] /= beat
    row[4] = sounding / steps
    row[5] = voices / sounding
    if rests > 0:
        row[13] = silence / rests / beat
        row[14] /= rests
