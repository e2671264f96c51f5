"""A MIDI file on the steps and keys of a piano roll."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import MidiError
from evo.music.files import AnyPath
from evo.music.midi.read import MidiNotes, read_notes
from evo.music.midi.units import note_name

MAX_STEPS = 65_536


def read_grid(
    path: AnyPath, keys: int, lowest_note: int, steps_per_beat: int, hold: bool, steps: int | None
) -> tuple[NDArray[np.bool_], float]:
    """Read a MIDI file as a grid and a tempo; see `evo.music.song.Song.load`.

    An onset falls on the nearest step, and so does a release, at least a step later. A song that
    leaves the keys is moved by the fewest semitones that bring it in.

    Returns:
        Bool (steps, keys), and quarter notes per minute.

    Raises:
        MidiError: for a file that cannot be read, spans more than the keys, or has no note in the
            steps asked for.
    """
    midi = read_notes(path)
    shift = _shift(path, midi, keys, lowest_note)

    def step(tick: int) -> int:
        return round(tick * steps_per_beat / midi.ticks_per_beat)

    # Python's integers: a tick times a resolution may pass 64 bits.
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
    """Return the fewest semitones that bring all notes onto the keys."""
    low, high = int(midi.notes[:, 2].min()), int(midi.notes[:, 2].max())
    if high - low >= keys:
        advice = "keys=88" if keys < 88 and high - low < 88 else "keys=128, lowest_note=0"
        raise MidiError(
            path,
            f"needs {high - low + 1} keys, {note_name(low)} to {note_name(high)}, "
            f"more than {keys}: load it with {advice}",
        )
    return max(lowest_note - low, 0) or min(lowest_note + keys - 1 - high, 0)


def _grid(
    notes: list[tuple[int, int, int]], steps: int, keys: int, hold: bool
) -> NDArray[np.bool_]:
    """Return the grid of notes (first step, step of the release, key)."""
    first, last, key = np.array(notes, dtype=np.int64).T
    grid = np.zeros((steps, keys), dtype=np.bool_)
    if hold:
        # Count the keys going down and up: the cost does not grow with the notes' lengths.
        down = np.zeros((steps + 1, keys), dtype=np.int32)
        np.add.at(down, (first, key), 1)
        np.subtract.at(down, (last, key), 1)
        np.greater(np.cumsum(down, axis=0, dtype=np.int32, out=down)[:-1], 0, out=grid)
    else:
        grid[first, key] = True
    return grid
