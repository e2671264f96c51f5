"""Recognise a melody in another key, at another tempo, or after a different silence.

The fingerprint hashes the top line (`top_line`): the intervals between its notes, and the times
between its onsets in steps of the piece's own grid. Times are divided by their greatest common
divisor, so doubled note values do not matter. Melodies with the same fingerprint agree note for
note.

This works on held notes, while `evo.music.melody` works on piano rolls. Loading that module's
kernels would double the memory of a check.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from evo.music.screening.timing import Grid, steps_of
from genomes.arrays import IntArray

MIN_NOTES = 4  # minimum number of notes
FINE = 24  # steps per beat for pieces without a grid


def fingerprint(notes: IntArray, ticks_per_beat: int, grid: Grid) -> bytes | None:
    """Return a 16-byte fingerprint of the melody, or None for too few notes.

    Args:
        notes: int64 (notes, 3 or more), sorted rows (onset_tick, end_tick, pitch, ...).
        ticks_per_beat: ticks per quarter note.
        grid: the best grid of the notes; a fine grid replaces it if they do not fit.
    """
    line = top_line(notes)
    if len(line) < MIN_NOTES:
        return None
    known = grid if grid.fits else Grid("", FINE, 0.0, 0.0)
    times = np.diff(steps_of(line[:, 0] / ticks_per_beat, known))
    common = int(np.gcd.reduce(times)) or 1
    content = np.stack([times // common, np.diff(line[:, 2])]).astype("<i8")
    return blake2b(content.tobytes(), digest_size=16).digest()


def top_line(notes: IntArray) -> IntArray:
    """Return the rows of the melody: notes that no higher note covers.

    Only the highest of simultaneous onsets counts. A note is covered if an earlier, higher note
    still sounds at its middle.

    Args:
        notes: int64 (notes, 3 or more), rows (onset, end, pitch, ...).
    """
    sounding_until = np.zeros(128, dtype=np.int64)
    kept: list[int] = []
    last_onset = -1
    # Sorted by onset, then from the highest pitch down.
    for row in np.lexsort((-notes[:, 2], notes[:, 0])).tolist():
        onset, end, pitch = notes[row, :3].tolist()
        covered = (sounding_until[pitch + 1 :] > (onset + end) / 2).any()
        if not covered and onset != last_onset:
            kept.append(row)
            last_onset = onset
        sounding_until[pitch] = max(sounding_until[pitch], end)
    return notes[kept]
