"""Values that change at steps of a song: tempos and key signatures."""

from typing import TypeVar

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
