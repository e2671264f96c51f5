"""Values that change at steps of a song: tempos and key signatures."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from genomes.arrays import FloatArray

Value = TypeVar("Value")


def timeline(
    usual: Value, events: list[tuple[int, Value]], steps: int
) -> tuple[Value, tuple[tuple[int, Value], ...]]:
    """Return the value at the start, and its changes within the song.

    Args:
        usual: Value without events.
        events: (step, value), sorted by step. The last of a step counts, and the earliest of all
            also holds before it.
        steps: Length of the song.
    """
    by_step = dict(events)
    current = first = by_step.pop(0, events[0][1] if events else usual)
    changes = []
    for step, value in by_step.items():
        if value != current and step < steps:
            changes.append((step, value))
            current = value
    return first, tuple(changes)


def step_times(
    tempo: float, changes: Sequence[tuple[int, float]], steps: int, steps_per_beat: int
) -> FloatArray:
    """Return the time of every step and of the end: float64 (steps + 1,), in seconds.

    Args:
        tempo: Quarter notes per minute at the beginning.
        changes: (step, tempo) of later tempos, sorted.
        steps: Length of the song.
        steps_per_beat: Steps per quarter note.
    """
    times = np.zeros(steps + 1)
    for start, value in ((0, tempo), *changes):
        later = np.arange(steps + 1 - start, dtype=np.float64)
        times[start:] = times[start] + later * 60.0 / (value * steps_per_beat)
    return times
