"""Read a MIDI file as a piano roll."""

from __future__ import annotations

import numpy as np

from evo.core.errors import MidiError
from evo.core.user_files import AnyPath
from evo.music.midi.read import MidiNotes, read_notes
from evo.music.midi.units import note_name
from genomes.arrays import BoolArray

MAX_STEPS = 65_536


def read_grid(
    path: AnyPath, keys: int, lowest_note: int, steps_per_beat: int, hold: bool, steps: int | None
) -> tuple[BoolArray, float]:
    """Read a MIDI file as a grid and a tempo.

    Onsets and releases fall on the nearest step, and each note lasts at least one step. If notes
    leave the keys, the song is transposed by the fewest semitones that bring them in.

    Args:
        path: MIDI file.
        keys: number of keys.
        lowest_note: MIDI note of key 0.
        steps_per_beat: steps per quarter note.
        hold: True marks held keys, False marks onsets only.
        steps: length to cut or fill up to; None for the file's own.

    Returns:
        Bool (steps, keys), and quarter notes per minute.

    Raises:
        MidiError: if the file cannot be read, spans more than the keys, is too long, or has no
            note in these steps.
    """
    midi = read_notes(path)
    shift = _shift(path, midi, keys, lowest_note)

    def step(tick: int) -> int:
        return round(tick * steps_per_beat / midi.ticks_per_beat)

    # Python integers, because a tick times a resolution may exceed 64 bits.
    notes = [
        (step(onset), max(step(end), step(onset) + 1), pitch + shift - lowest_note)
        for onset, end, pitch in midi.notes.tolist()
    ]
    if steps is None:
        steps = max(step(midi.end_tick), max(release for _, release, _ in notes))
    if steps > MAX_STEPS:
        raise MidiError(
            path, f"lasts {steps} steps, at most {MAX_STEPS} are read: cut it with steps=N"
        )
    notes = [(on, min(off, steps), key) for on, off, key in notes if on < steps]
    if not notes:
        raise MidiError(path, f"no notes in the first {steps} steps")
    return _grid(notes, steps, keys, hold), midi.tempo


def _shift(path: AnyPath, midi: MidiNotes, keys: int, lowest_note: int) -> int:
    """Return the smallest transposition in semitones that fits all notes."""
    low, high = int(midi.notes[:, 2].min()), int(midi.notes[:, 2].max())
    if high - low >= keys:
        advice = "keys=88" if keys < 88 and high - low < 88 else "keys=128, lowest_note=0"
        raise MidiError(
            path,
            f"needs {high - low + 1} keys, {note_name(low)} to {note_name(high)}, "
            f"more than {keys}: load it with {advice}",
        )
    return max(lowest_note - low, 0) or min(lowest_note + keys - 1 - high, 0)


def _grid(notes: list[tuple[int, int, int]], steps: int, keys: int, hold: bool) -> BoolArray:
    """Build the grid from (onset step, release step, key) triples."""
    first, last, key = np.array(notes, dtype=np.int64).T
    grid = np.zeros((steps, keys), dtype=np.bool_)
    if hold:
        # Sum key presses and releases, so that the cost does not grow with note length.
        down = np.zeros((steps + 1, keys), dtype=np.int32)
        np.add.at(down, (first, key), 1)
        np.subtract.at(down, (last, key), 1)
        np.greater(np.cumsum(down, axis=0, dtype=np.int32, out=down)[:-1], 0, out=grid)
    else:
        grid[first, key] = True
    return grid
