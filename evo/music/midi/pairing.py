"""Pair note-ons with note-offs.

The events of one track, channel and pitch belong together. As long as every note-on finds its
note-off, the oldest note ends first. So voices that meet on one pitch keep their lengths. A
note-off without a sounding note is ignored.

From the point where a note-on never finds its note-off, a new note-on ends the note before. So a
note struck twice and released once does not ring to the end of its track. Only a last note without
a note-off does.
"""

from __future__ import annotations

import numpy as np

from genomes.arrays import BoolArray, IntArray


def pair(
    group: IntArray, tick: IntArray, on: BoolArray, end: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the notes of a file.

    Args:
        group: int64 (events,), a number per track, channel and pitch.
        tick: int64 (events,), time in the order of each track.
        on: bool (events,), whether the event is a note-on.
        end: int64 (events,), last tick of the event's track.

    Returns:
        int64 (notes,), index of the note-on of each note, and int64 (notes,), the note's last tick.
    """
    if not len(group):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    small = group.astype(np.uint16) if group.max() < 1 << 16 else group  # sorts faster
    order = np.argsort(small, kind="stable")
    group, on = group[order], on[order]
    is_first = np.diff(group, prepend=-1) != 0
    number = np.cumsum(is_first) - 1  # of the group
    # The number of sounding notes: ups and downs, where a down at zero is ignored.
    level = np.cumsum(np.where(on, 1, -1))
    level -= (level - np.where(on, 1, -1))[is_first][number]
    # Lowest level so far within the group, by lowering each group below all before it.
    drop = (len(group) + 1) * number
    lowest = np.minimum.accumulate(np.minimum(level, 0) - drop) + drop
    before = np.where(is_first, 0, np.append(0, lowest[:-1]))
    ignored = lowest < before
    sounding = level - lowest
    # Events after the last silence of a group, unless it ends in silence.
    index = np.arange(len(group))
    silent = np.where(sounding == 0, index, -1)
    paired = index <= np.maximum.reduceat(silent, np.flatnonzero(is_first))[number]
    starts, stops = order[paired & on], order[paired & ~on & ~ignored]
    hanging = _hanging(order[~paired].tolist(), group[~paired].tolist(), tick, on[~paired], end)
    more = np.array(hanging, np.int64).reshape(-1, 2)
    return np.concatenate([starts, more[:, 0]]), np.concatenate([tick[stops], more[:, 1]])


def _hanging(
    events: list[int], groups: list[int], tick: IntArray, on: BoolArray, end: IntArray
) -> list[tuple[int, int]]:
    """Return (note-on, last tick) of notes where a new note-on ends the one before.

    Args:
        events: indices of the events, sorted by group.
        groups: their groups.
        tick: time per index.
        on: whether each of `events` is a note-on.
        end: last tick of the track, per index.
    """
    notes: list[tuple[int, int]] = []
    group, now, again = -1, -1, False  # `now`: the note-on that sounds, or -1
    for event, owner, is_on in zip(events, groups, on.tolist(), strict=True):
        if owner != group:
            if now >= 0:
                notes.append((now, int(end[now])))
            group, now = owner, -1
        time = int(tick[event])
        if is_on:
            again = now >= 0
            if again and time > tick[now]:  # struck twice at once, it is one note
                notes.append((now, time))
            now = event
        elif now >= 0 and not (again and time == tick[now]):  # else it ended the note before
            notes.append((now, time))
            now = -1
    if now >= 0:
        notes.append((now, int(end[now])))
    return notes
