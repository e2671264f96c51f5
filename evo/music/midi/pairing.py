"""Pair note-ons with note-offs.

The events of one track, channel and pitch belong together. The oldest note ends first. So voices
that meet on one pitch keep their lengths. A note-off without a sounding note is ignored.

Two kinds of odd files would lose notes, or let them ring to the end of their track:

- Some programs write the note-off of a note without length, such as a grace note, before its
  note-on. If that leaves a note without a note-off, note-ons come first among simultaneous events.
- If a note-on still never finds its note-off, a new note-on ends the note before, from there on. So
  a note struck twice and released once ends where it is struck again. Only a last note without a
  note-off rings to the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, IntArray


class _Paired(NamedTuple):
    """Result for sorted events.

    Attributes:
        starts: int64 (notes,), index of each note-on that is released.
        stops: int64 (notes,), index of its note-off.
        rest: bool (events,), events from the first note-on of a group that is never released.
        misplaced: bool (events,), events of groups with such a note-on and an ignored note-off.
    """

    starts: IntArray
    stops: IntArray
    rest: BoolArray
    misplaced: BoolArray


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
    paired = _oldest_first(group[order], on[order])
    if paired.misplaced.any():
        again = order[paired.misplaced]
        order[paired.misplaced] = again[np.lexsort((~on[again], tick[again], group[again]))]
        paired = _oldest_first(group[order], on[order])
    starts, stops = order[paired.starts], order[paired.stops]
    more = _struck_again(order[paired.rest], group, tick, on, end)
    return np.concatenate([starts, more[:, 0]]), np.concatenate([tick[stops], more[:, 1]])


def _oldest_first(group: IntArray, on: BoolArray) -> _Paired:
    """Pair events whose oldest note ends first.

    Args:
        group: int64 (events,), sorted, at least one.
        on: bool (events,), whether each event is a note-on.
    """
    is_first = np.diff(group, prepend=-1) != 0
    firsts = np.flatnonzero(is_first)
    number = np.cumsum(is_first) - 1  # of the group
    # The number of sounding notes: ups and downs, where a down at zero is ignored.
    change = np.where(on, 1, -1)
    level = np.cumsum(change)
    level -= (level - change)[firsts][number]
    # Lowest level so far within the group, by lowering each group below all before it.
    drop = (len(group) + 1) * number
    lowest = np.minimum.accumulate(np.minimum(level, 0) - drop) + drop
    ignored = lowest < np.where(is_first, 0, np.append(0, lowest[:-1]))
    # After its last silence, a group has a note that is never released.
    silent = np.where(level == lowest, np.arange(len(group)), -1)
    rest = np.arange(len(group)) > np.maximum.reduceat(silent, firsts)[number]
    misplaced = np.logical_or.reduceat(rest, firsts) & np.logical_or.reduceat(ignored, firsts)
    return _Paired(
        np.flatnonzero(on & ~rest),
        np.flatnonzero(~on & ~ignored & ~rest),
        rest,
        misplaced[number],
    )


def _struck_again(
    events: IntArray, group: IntArray, tick: IntArray, on: BoolArray, end: IntArray
) -> IntArray:
    """Return the notes of events where a new note-on ends the note before.

    Args:
        events: int64 (events,), indices of the events, sorted by group.
        group: group per index.
        tick: time per index.
        on: whether each index is a note-on.
        end: last tick of the track, per index.

    Returns:
        int64 (notes, 2): index of the note-on, and last tick.
    """
    notes: list[tuple[int, int]] = []
    owner, now, again = -1, -1, False  # `now`: the note-on that sounds, or -1
    for event in events.tolist():
        if group[event] != owner:
            if now >= 0:
                notes.append((now, end[now]))
            owner, now = group[event], -1
        time = tick[event]
        if on[event]:
            again = now >= 0
            if again and time > tick[now]:  # struck twice at once, it is one note
                notes.append((now, time))
            now = event
        elif now >= 0 and not (again and time == tick[now]):  # else it ended the note before
            notes.append((now, time))
            now = -1
    if now >= 0:
        notes.append((now, end[now]))
    return np.array(notes, np.int64).reshape(-1, 2)
