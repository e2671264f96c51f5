"""Read a MIDI file as the parts of a song: planes, metre, key, program and tempos.

Resolution and keys are those given, or follow from the notes (`AUTO`). A file that was saved from a
song has a mark with its resolution, keys and first bar, so that it is loaded again exactly.

A file has no pickup of its own. It is told by a first time signature that lasts less than a bar,
or by rests at the beginning of the first bar.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath
from evo.music.metre import Key, Metre, bar_steps, half_up, is_key, is_time_signature
from evo.music.midi.read import MidiPiece, read_piece
from evo.music.midi.reading import (
    AUTO,
    MARK,
    MAX_STEPS,
    MAX_STEPS_PER_BEAT,
    Reading,
    lowest_note_for,
)
from evo.music.midi.units import DEFAULT_TEMPO, MICROSECONDS, note_name
from evo.music.pickup import found_pickup
from evo.music.planes import planes_of
from evo.music.resolution import distinct, fitting, in_place, least_loss, other_beat, steps_of
from evo.music.timeline import timeline
from genomes.arrays import BoolArray, IntArray
from genomes.words import counted

_MARKED = {"keys": (1, 128), "lowest_note": (0, 127), "first_bar": (0, MAX_STEPS)} | {
    "steps_per_beat": (1, MAX_STEPS_PER_BEAT)
}


@dataclass(frozen=True, eq=False)
class ScoreOfFile:
    """A MIDI file on a grid; see `evo.music.song.Song` for the fields.

    Attributes:
        remarks: What a user should know: a beat found, onsets lost or moved.
    """

    onsets: BoolArray
    sounding: BoolArray
    lowest_note: int
    steps_per_beat: int
    tempo: float
    metre: Metre
    key: Key | None
    program: int
    tempo_changes: tuple[tuple[int, float], ...]
    key_changes: tuple[tuple[int, Key], ...]
    remarks: tuple[str, ...] = field(default=())


def read_score(path: AnyPath, reading: Reading, piece: MidiPiece | None = None) -> ScoreOfFile:
    """Read a MIDI file on a grid.

    Onsets and releases fall on the nearest step, halves up, and each note lasts at least one step.

    Args:
        path: MIDI file.
        reading: Keys, resolution and length.
        piece: The file, if it was read before.

    Raises:
        MidiError: if the file cannot be read, spans more than the keys, is too long, or has no
            note in these steps.
    """
    if piece is None:
        piece = read_piece(
            path, tracks=reading.tracks, channels=reading.channels, parts=reading.parts
        )
    if not len(piece.notes):
        raise MidiError(path, "no notes but percussion" if piece.percussion else "no notes")
    marked = _marked(piece)
    ticks = distinct(piece.notes[:, 0])
    beat, remarks = _beat_of(piece, ticks, reading, bool(marked))
    piece, scale = replace(piece, ticks_per_beat=beat), Fraction(piece.ticks_per_beat, beat)
    steps_per_beat = reading.steps_per_beat
    if steps_per_beat == AUTO:
        steps_per_beat = marked.get("steps_per_beat") or _resolution(piece, ticks)
    grid = _Grid(path, piece, steps_per_beat, reading.steps)
    lowest_note, keys, shift = _instrument(path, piece, reading, marked)
    rows = grid.notes + np.array([0, 0, shift - lowest_note])
    onsets, sounding = planes_of(rows, grid.steps, keys)
    remarks += _losses(piece, grid, int(onsets.sum()))
    if piece.percussion:
        remarks.append(f"{counted(piece.percussion, 'note')} of drums left out")
    tempo, tempo_changes = timeline(
        float(MICROSECONDS * scale / DEFAULT_TEMPO),
        [
            (grid.step(tick), float(MICROSECONDS * scale / microseconds))
            for tick, microseconds in piece.tempos
        ],
        grid.steps,
    )
    signatures = [
        (grid.step(tick), Key(fifths, bool(minor)))
        for tick, fifths, minor in piece.keys
        if is_key(fifths)
    ]
    key, key_changes = (
        timeline(signatures[0][1], signatures, grid.steps) if signatures else (None, ())
    )
    return ScoreOfFile(
        onsets,
        sounding,
        lowest_note,
        steps_per_beat,
        tempo,
        _metre(piece, grid, marked, onsets),
        key,
        piece.parts[int(piece.notes[0, 3])].programs[0],
        tempo_changes,
        key_changes,
        tuple(remarks),
    )


class _Grid:
    """The notes of a piece in steps, cut to a length."""

    def __init__(
        self, path: AnyPath, piece: MidiPiece, steps_per_beat: int, steps: int | None
    ) -> None:
        self._piece, self.steps_per_beat = piece, steps_per_beat
        # Python's integers, because a tick times a resolution may exceed 64 bits.
        last = max(self.step(piece.end_tick), self.step(int(piece.notes[:, 1].max())))
        if steps is None:
            last = max(last, self.step(int(piece.notes[:, 0].max())) + 1)
            steps = last
        if steps > MAX_STEPS:
            raise MidiError(
                path, f"lasts {steps} steps, at most {MAX_STEPS} are read: cut it with steps=N"
            )
        self.steps = steps
        end = -(-(steps + 1) * piece.ticks_per_beat // steps_per_beat)
        notes = piece.notes[piece.notes[:, 0] <= end, :3]
        first = steps_of(notes[:, 0], steps_per_beat, piece.ticks_per_beat)
        release = steps_of(np.minimum(notes[:, 1], end), steps_per_beat, piece.ticks_per_beat)
        rows = np.column_stack([first, np.maximum(release, first + 1), notes[:, 2]])
        self.notes: IntArray = rows[first < steps]
        if not len(self.notes):
            raise MidiError(path, f"no notes in the first {steps} steps")

    def step(self, tick: int) -> int:
        """Return the nearest step of a tick, halves up."""
        return steps_of(tick, self.steps_per_beat, self._piece.ticks_per_beat)


def _marked(piece: MidiPiece) -> dict[str, int]:
    """Return the values of a saved song's mark; none if it is missing or not as we write it."""
    if piece.mark is None:
        return {}
    try:
        values: Any = json.loads(piece.mark.removeprefix(MARK))
    except ValueError:
        return {}
    if not isinstance(values, dict) or set(values) != set(_MARKED):
        return {}
    for name, (low, high) in _MARKED.items():
        if type(values[name]) is not int or not low <= values[name] <= high:
            return {}
    pitches = piece.notes[:, 2]
    lowest, keys = values["lowest_note"], values["keys"]
    inside = lowest <= int(pitches.min()) and int(pitches.max()) < lowest + keys <= 128
    return values if inside else {}


def _beat_of(
    piece: MidiPiece, ticks: IntArray, reading: Reading, is_marked: bool
) -> tuple[int, list[str]]:
    """Return the ticks of a beat, and a remark if they are not as declared."""
    if reading.beat_ticks is not None:
        return reading.beat_ticks, []
    if is_marked:
        return piece.ticks_per_beat, []
    if fitting(ticks, piece.ticks_per_beat) is not None:
        return piece.ticks_per_beat, []
    beat = other_beat(ticks, piece.ticks_per_beat)
    if beat is None:
        return piece.ticks_per_beat, []
    return beat, [
        f"regular; the beat is {beat} ticks, not {piece.ticks_per_beat} as the file declares "
        f"(--beat-ticks {piece.ticks_per_beat} keeps the declared one)"
    ]


def _resolution(piece: MidiPiece, ticks: IntArray) -> int:
    """Return the coarsest resolution that keeps the onsets, with bars of whole steps if it can."""
    bars = {
        bar_steps(beats, unit, 1).denominator
        for _, beats, unit in piece.metres
        if is_time_signature(beats, unit)
    }
    beat = piece.ticks_per_beat
    return (
        fitting(ticks, beat, bars)
        or fitting(ticks, beat)
        or least_loss(piece.notes[:, 0], piece.notes[:, 2], beat)
    )


def _instrument(
    path: AnyPath, piece: MidiPiece, reading: Reading, marked: dict[str, int]
) -> tuple[int, int, int]:
    """Return the lowest note, the number of keys, and the transposition in semitones."""
    low, high = int(piece.notes[:, 2].min()), int(piece.notes[:, 2].max())
    keys, lowest = reading.keys, reading.lowest_note
    if keys == AUTO:
        if marked and lowest is None:
            return marked["lowest_note"], marked["keys"], 0
        keys = high - (low if lowest is None else min(low, lowest)) + 1
    if high - low >= keys:
        advice = 88 if keys < 88 and high - low < 88 else 128
        raise MidiError(
            path,
            f"needs {high - low + 1} keys, {note_name(low)} to {note_name(high)}, "
            f"more than {keys}: load it with --keys auto or --keys {advice}",
        )
    if lowest is None:
        return lowest_note_for(low, high, keys), keys, 0
    lowest = min(lowest, 128 - keys)
    return lowest, keys, max(lowest - low, 0) or min(lowest + keys - 1 - high, 0)


def _losses(piece: MidiPiece, grid: _Grid, kept: int) -> list[str]:
    """Return a remark on onsets that share a step with another, or lie between steps."""
    inside = piece.notes[
        piece.notes[:, 0] < grid.steps * piece.ticks_per_beat // grid.steps_per_beat
    ]
    different = len(distinct(inside[:, 0] * 128 + inside[:, 2]))
    lost = max(different - kept, 0)
    near = in_place(inside[:, 0], grid.steps_per_beat, piece.ticks_per_beat)
    moved = int((~near).sum())
    remarks, beat = [], f"{counted(grid.steps_per_beat, 'step')} per beat"
    if lost:
        remarks.append(
            f"{lost} of {different} onsets are lost at {beat}, as "
            "another of the same key is on their step"
        )
    if moved:
        remarks.append(
            f"{moved} of {different} onsets are between the steps at {beat}, and move to a step"
        )
    return remarks


def _metre(piece: MidiPiece, grid: _Grid, marked: dict[str, int], onsets: BoolArray) -> Metre:
    """Return the metre, with the first bar as marked, as written, or as found."""
    events: list[tuple[int, int, int]] = []
    for tick, beats, unit in piece.metres:
        if is_time_signature(beats, unit):
            if events and events[-1][0] == tick:
                events.pop()  # tracks repeat it; the last of a tick counts
            events.append((tick, beats, unit))
    if not events or events[0][0] > 0:
        events.insert(0, (0, 4, 4))
    first_bar = _written_pickup(events, piece.ticks_per_beat)
    steps = grid.step(first_bar) if first_bar is not None else None
    if marked:
        beat = Fraction(grid.steps_per_beat, marked["steps_per_beat"])
        steps = half_up(marked["first_bar"] * beat)
        first_bar = first_bar if steps == grid.step(first_bar or 0) else None
    if first_bar:
        events[0] = (0, *events[1][1:])
    _, beats, unit = events[0]
    if steps is None:
        bar = bar_steps(beats, unit, grid.steps_per_beat)
        # A later time signature tells where bars begin.
        aligned = len(events) > 1 and grid.step(events[1][0]) % bar == 0
        steps = 0 if aligned else found_pickup(onsets, bar)
    steps = min(steps, grid.steps)
    later = [(max(grid.step(tick), steps), (beats, unit)) for tick, beats, unit in events[1:]]
    (beats, unit), signatures = _timeline_of_bars((beats, unit), steps, later, grid)
    return Metre(beats, unit, steps, signatures)


def _written_pickup(events: list[tuple[int, int, int]], ticks_per_beat: int) -> int | None:
    """Return the tick of the first full bar if a short first signature tells it, or None."""
    if len(events) < 2:
        return None
    (_, *first), (tick, *second) = events[:2]
    bar, following = (bar_steps(beats, unit, ticks_per_beat) for beats, unit in (first, second))
    if tick < bar or (tick == bar < following):
        return tick
    return None


def _timeline_of_bars(
    metre: tuple[int, int], first_bar: int, later: list[tuple[int, tuple[int, int]]], grid: _Grid
) -> tuple[tuple[int, int], tuple[tuple[int, int, int], ...]]:
    """Return the first time signature, and those that change it or begin a bar off the bar lines.

    Args:
        metre: Beats and unit at the beginning.
        first_bar: First step of the first full bar.
        later: (step, (beats, unit)) of later time signatures, sorted, from the first bar on.
        grid: The resolution and the length.
    """
    start, current = first_bar, metre
    changes: list[tuple[int, int, int]] = []
    for step, signature in dict(later).items():
        if step == first_bar:
            metre = current = signature
            continue
        bar = bar_steps(*current, grid.steps_per_beat)
        on_line = half_up(half_up((step - start) / bar) * bar) == step - start
        if step < grid.steps and (signature != current or not on_line):
            changes.append((step, *signature))
            start, current = step, signature
    return metre, tuple(changes)
