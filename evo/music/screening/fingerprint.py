"""Knowing a melody again: in another key, at another tempo, after another silence.

The fingerprint of a melody (`top_line`) hashes the intervals between its notes, and the times
between their onsets in steps of the piece's own grid. Both are divided by what all times have in
common, so that a melody written in twice the note values is the same one. Two melodies with the
same fingerprint agree note for note.

Notes are held here, where `evo.music.melody` reads piano rolls. Its kernels would make a check of
files take twice the memory.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from evo.music.screening.timing import Grid, steps_of

SHORTEST = 4  # notes: fewer are no melody to be known by
FINE = 24  # steps a beat for pieces without a grid


def fingerprint(notes: NDArray[np.int64], ticks_per_beat: int, grid: Grid) -> bytes | None:
    """Return 16 bytes, equal for melodies that agree note for note; None for too few notes.

    Args:
        notes: int64 array (notes, 3 or more), rows (onset_tick, end_tick, pitch, ...), sorted.
        ticks_per_beat: ticks in a quarter note.
        grid: the grid that the notes stand on; if they do not fit it, a fine one is taken.
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
    """Return the melody of notes that are held: the rows that no higher note covers.

    Of the notes that begin together it is the highest, unless a higher one that began before still
    sounds in the middle of it.

    Args:
        notes: int64 (notes, 3 or more), rows (onset, end, pitch, ...).
    """
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
