"""Find the rhythmic grid of a piece, and measure how far its notes are off it.

Notes entered by hand or from a score lie on a grid: eighths, sixteenths, triplets, swung eighths.
Notes recorded live do not. The onsets are compared with every grid in common use, and the best
grid decides. So triplets and swung eighths are not faults.

An onset is *off* a grid if it misses it by more than a 24th of a beat (21 ms at 120 beats per
minute), or by more than a sixth of a step on grids finer than a quarter of a beat. Random onsets
are off every even grid two times in three, however fine it is. A piece does not fit if its best
grid leaves more than `MAX_OFF_GRID` of its onsets off.

Two deviations are ignored because the rhythm stays readable: ornaments, which come before their
note, and a delay common to all notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genomes.arrays import FloatArray, IntArray

TOLERANCE = 1 / 24  # of a beat
MAX_OFF_GRID = 0.1
ORNAMENT = 1 / 8  # of a beat; a note this close before the next onset is an ornament
PLAINER = 0.01  # cost per rank in `PLAINEST_FIRST`, as a share of onsets
LOOSE = 0.1  # cost of a mean deviation of the whole tolerance, as a share of onsets

# Steps in a beat.
EVEN_GRIDS = {
    "eighths": 2,
    "sixteenths": 4,
    "triplets": 3,
    "sixteenth triplets": 6,
    "thirty-seconds": 8,
    "sixteenths and triplets": 12,
    "thirty-seconds and triplets": 24,
}
SWUNG_GRIDS = {"swung eighths": 2, "swung sixteenths": 4}
PLAINEST_FIRST = (
    "eighths", "sixteenths", "swung eighths", "triplets", "sixteenth triplets", "swung sixteenths",
    "thirty-seconds", "sixteenths and triplets", "thirty-seconds and triplets",
)  # fmt: skip
STRAIGHTEST_SWING, SHARPEST_SWING = (
    0.53,
    0.72,
)  # position in a pair of steps: 0.5 is straight, 2/3 a triplet


@dataclass(frozen=True)
class Grid:
    """The best grid of a piece.

    Attributes:
        name: musical name of the grid.
        steps_per_beat: resolution of a piano roll that keeps all notes apart; swung notes become
            straight.
        off: share of onsets off the grid.
        deviation: mean distance of the onsets from the grid, in beats.
        shift: start of the grid, in beats.
    """

    name: str
    steps_per_beat: int
    off: float
    deviation: float
    shift: float = 0.0

    @property
    def fits(self) -> bool:
        """Whether few enough onsets are off the grid."""
        return self.off <= MAX_OFF_GRID


def best_grid(onsets: FloatArray, ticks_per_beat: int) -> Grid:
    """Return the grid with the lowest cost for the onsets.

    Args:
        onsets: float (onsets,), at least one, in beats, sorted.
        ticks_per_beat: the file's resolution; grids finer than a quarter of it are not considered.
    """
    counted = _without_ornaments(np.unique(onsets))
    grids = [
        grid
        for name, steps in EVEN_GRIDS.items()
        if steps <= 4 or ticks_per_beat >= 4 * steps
        for grid in _even(counted, steps, name)
    ]
    grids += [_swung(counted, steps, name) for name, steps in SWUNG_GRIDS.items()]
    return min(grids, key=_cost)


def steps_of(onsets: FloatArray, grid: Grid) -> IntArray:
    """Round onsets to steps of a grid; the first may differ from 0.

    Args:
        onsets: float (onsets,), in beats.
        grid: the grid.

    Returns:
        int64 (onsets,).
    """
    steps = np.floor((onsets - grid.shift) * grid.steps_per_beat + 0.5)
    counted: IntArray = steps.astype(np.int64)
    return counted


def _cost(grid: Grid) -> float:
    """Return the share of onsets off, plus small penalties for complexity and deviation."""
    rank = PLAINEST_FIRST.index(grid.name) + (0.5 if grid.shift else 0.0)
    return grid.off + PLAINER * rank + LOOSE * grid.deviation / TOLERANCE


def _without_ornaments(onsets: FloatArray) -> FloatArray:
    kept = np.append(np.diff(onsets) >= ORNAMENT - 1e-9, True)
    counted: FloatArray = onsets[kept]
    return counted


def _even(onsets: FloatArray, steps: int, name: str) -> list[Grid]:
    """Return two grids: one from the beat on, one shifted by the common delay."""
    angles = np.exp(2j * np.pi * onsets * steps)
    shift = float(np.angle(angles.mean()) / (2 * np.pi * steps))
    grids = []
    for begin in (0.0, shift):
        positions = (onsets - begin) * steps
        distance = np.abs(positions - np.round(positions)) / steps
        grids.append(_grid(name, steps, distance, min(TOLERANCE, 1 / (6 * steps)), begin))
    return grids


def _swung(onsets: FloatArray, steps: int, name: str) -> Grid:
    """Return the swung grid, with the second note at the median late onset."""
    position = (onsets * steps / 2) % 1  # within a pair
    late = position[(position >= STRAIGHTEST_SWING) & (position <= SHARPEST_SWING)]
    second = float(np.median(late)) if len(late) else 0.5
    distance = np.minimum(np.minimum(position, 1 - position), np.abs(position - second)) * 2 / steps
    return _grid(name, steps, distance, TOLERANCE / (steps / 2), 0.0)


def _grid(name: str, steps: int, distance: FloatArray, tolerance: float, shift: float) -> Grid:
    # Ticks round triplets by up to half a tick, far below the tolerance.
    off = float((distance > tolerance + 1e-9).mean())
    return Grid(name, steps, off, float(distance.mean()), shift)
