"""Join songs into one, such as a theme and its variations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from evo.core.errors import InputError
from evo.music.metre import Key
from evo.music.song import MAX_STEPS, Song
from genomes.arrays import BoolArray

T = TypeVar("T")


def joined(parts: Sequence[Song], name: str) -> Song:
    """Return songs one after another, each from a bar line or its own pickup on.

    Every part is filled up to whole bars. A part with a pickup, except the first, begins with a bar
    that has the pickup at its end. Metres, keys and tempos change where a part has others.

    Args:
        parts: At least one song, all with the same keys, lowest note and resolution.
        name: Name of the result.

    Raises:
        ValueError: If the parts have different instruments or resolutions.
        InputError: If the result is too long.
    """
    first = parts[0]
    grid = (first.keys, first.lowest_note, first.steps_per_beat)
    if any((part.keys, part.lowest_note, part.steps_per_beat) != grid for part in parts):
        raise ValueError("parts: expected the same keys, lowest note and steps per beat")
    onsets: list[BoolArray] = []
    sounding: list[BoolArray] = []
    metres: list[tuple[int, int, int]] = []
    keys: list[tuple[int, Key]] = []
    tempos: list[tuple[int, float]] = []
    start = 0
    for index, given in enumerate(parts):
        part = given.whole_bars(given.steps)
        silence = -part.metre.first_bar % part.bar if index and part.metre.first_bar else 0
        if silence:
            nothing = np.zeros((silence, part.keys), np.bool_)
            onsets.append(nothing)
            sounding.append(nothing)
        shift = start + silence
        metres += [(start, part.metre.beats, part.metre.unit)]
        metres += [(step + shift, beats, unit) for step, beats, unit in part.metre.changes]
        keys += [] if part.key is None else [(start, part.key)]
        keys += [(step + shift, key) for step, key in part.key_changes]
        tempos += [(start, part.tempo)]
        tempos += [(step + shift, tempo) for step, tempo in part.tempo_changes]
        onsets.append(part.onsets)
        sounding.append(part.sounding)
        start = shift + part.steps
    if start > MAX_STEPS:
        raise InputError(f"{name}: lasts {start:,} steps, more than {MAX_STEPS:,}")
    changes = tuple((step, *metre) for step, metre in _changes([(m[0], m[1:]) for m in metres]))
    return replace(
        first,
        onsets=np.concatenate(onsets),
        sounding=np.concatenate(sounding),
        name=name,
        metre=replace(first.metre, changes=changes),
        key_changes=() if first.key is None else tuple(_changes(keys)),
        tempo_changes=tuple(_changes(tempos)),
    )


def _changes(values: Sequence[tuple[int, T]]) -> list[tuple[int, T]]:
    """Return (step, value) without the first and without those equal to the one before."""
    return [now for before, now in pairwise(values) if now[1] != before[1]]
