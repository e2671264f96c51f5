"""Knowing a melody again: in another key, at another tempo, after another silence.

The melody is the top line: of the notes that begin together the highest, unless a higher note
still sounds over it. Its fingerprint hashes the intervals between its notes and the times between
their onsets in steps of the piece's own grid, both divided by what all times have in common, so
that a melody written in twice the note values is the same one. Two melodies with the same
fingerprint agree note for note.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from evo.music.screening.timing import Grid, steps_of

SHORTEST = 4  # notes: fewer are no melody to be known by
FINE = 24  # steps a beat for pieces without a grid


def fingerprint(notes: NDArray[np.int64], ticks_per_beat: int, grid: Grid) -> bytes | None:
    """16 bytes, equal for melodies that agree note for note; None for too few notes.

    Args:
        notes: int64 array (notes, 3 or more), rows (onset_tick, end_tick, pitch, ...), sorted.
    """
    line = top_line(notes)
    if len(line) < SHORTEST:
        return None
    known = grid if grid.fits else Grid("", FINE, 0.0, 0.0)
    times = np.diff(steps_of(line[:, 0] / ticks_per_beat, known))
    common = int(np.gcd.reduce(times)) or 1
    content = np.stack([times // common, np.diff(line[:, 2])]).astype("<i8")
    return blake2b(content.tobytes(), digest_size=16).digest()


def top_line(notes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of the notes that no higher note covers: the highest of those that begin together,
    where no higher one that began before still sounds in the middle of it."""
    sounding_until = np.zeros(128, dtype=np.int64)
    kept: list[int] = []
    last_onset = -1
    # By onset, then the highest first.
    for row in np.lexsort((-notes[:, 2], notes[:, 0])).tolist():
        onset, end, pitch = notes[row, :3].tolist()
        covered = (sounding_until[pitch + 1 :] > (onset + end) / 2).any()
        if not covered and onset != last_onset:
            kept.append(row)
            last_onset = onset
        sounding_until[pitch] = max(sounding_until[pitch], end)
    return notes[kept]
