"""Pairing note-ons with note-offs, against readable references."""

from __future__ import annotations

import random
from collections import defaultdict, deque

import numpy as np

from evo.music.midi.pairing import pair

Event = tuple[int, int, bool]  # group, tick, whether it is a note-on


def paired(events: list[Event], end: int = 1_000) -> list[tuple[int, int, int]]:
    """Return (onset, end, group) of the notes, sorted."""
    table = np.array(events, np.int64).reshape(-1, 3)
    group, tick, on = table[:, 0], table[:, 1], table[:, 2] > 0
    starts, ends = pair(group, tick, on, np.full(len(table), end))
    assert on[starts].all()
    return sorted(zip(tick[starts].tolist(), ends.tolist(), group[starts].tolist(), strict=True))


def oldest_first(events: list[Event]) -> tuple[list[tuple[int, int, int]], bool]:
    """Return notes whose oldest ends first, and whether all are released."""
    sounding: defaultdict[int, deque[int]] = defaultdict(deque)
    notes = []
    for group, tick, on in events:
        if on:
            sounding[group].append(tick)
        elif sounding[group]:
            notes.append((sounding[group].popleft(), tick, group))
    return sorted(notes), not any(sounding.values())


def random_events(seed: int, groups: int, count: int) -> list[Event]:
    chance = random.Random(seed)
    tick, events = 0, []
    for _ in range(count):
        tick += chance.choice((0, 1, 3))
        events.append((chance.randrange(groups), tick, chance.random() < 0.5))
    return events


def test_no_events_are_no_notes() -> None:
    assert paired([]) == []


def test_released_notes_end_oldest_first() -> None:
    compared = 0
    for seed in range(400):
        events = random_events(seed, groups=1 + seed % 3, count=seed % 14)
        expected, released = oldest_first(events)
        if released:
            compared += 1
            assert paired(events) == expected
    assert compared > 100


def test_every_note_on_counts_once_whatever_is_not_released() -> None:
    for seed in range(300):
        events = random_events(seed, groups=70_000, count=0) + random_events(seed, 3, 60)
        notes = paired(events)
        struck = {(tick, group) for group, tick, on in events if on}
        assert {(onset, group) for onset, _, group in notes} == struck
        assert all(onset <= end <= 1_000 for onset, end, _ in notes)
        balanced, _ = oldest_first(events)
        assert len(notes) >= len({(onset, group) for onset, _, group in balanced})


def test_from_a_lost_note_off_on_a_new_onset_ends_the_note_before() -> None:
    on, off = True, False
    lost = [(0, 0, on), (0, 16, on), (0, 32, off), (0, 50, on), (0, 60, off)]
    assert paired(lost) == [(0, 16, 0), (16, 32, 0), (50, 60, 0)]
    earlier = [(0, 0, on), (0, 8, on), (0, 10, off), (0, 12, off)]
    later = [(0, 100 + tick, kind) for _, tick, kind in lost]
    assert paired(earlier + later) == [
        (0, 10, 0), (8, 12, 0), (100, 116, 0), (116, 132, 0), (150, 160, 0),
    ]  # fmt: skip
    other = [(90_000, tick, kind) for _, tick, kind in earlier]
    assert paired(other + lost)[:2] == [(0, 10, 90_000), (0, 16, 0)]


def test_a_note_of_no_length_may_have_its_note_off_first() -> None:
    on, off = True, False
    grace = [(0, 50, off), (0, 50, on)]
    long = [(0, 0, on), (0, 40, off)]
    later = [(0, 60, on), (0, 90, off)]
    assert paired(long + grace + later) == [(0, 40, 0), (50, 50, 0), (60, 90, 0)]
    twice = [(0, tick + 100, kind) for _, tick, kind in grace]
    assert paired(grace + later + twice) == [(50, 50, 0), (60, 90, 0), (150, 150, 0)]
    # The note-off of the note before comes at the same moment.
    assert paired([(0, 0, on), (0, 50, off), *grace]) == [(0, 50, 0), (50, 50, 0)]
    # A note released twice is no note without length.
    assert paired([*long, (0, 60, off), *later]) == [(0, 40, 0), (60, 90, 0)]


def test_a_note_off_at_the_moment_of_a_new_onset_ends_the_old_note() -> None:
    events = [(0, 0, True), (0, 32, True), (0, 32, False)]
    assert paired(events, end=64) == [(0, 32, 0), (32, 64, 0)]
