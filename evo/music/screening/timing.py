"""Which grid a piece was written on, and how far its notes are off it.

Notes entered by hand or from a score stand on a grid: eighths, sixteenths, triplets, swung eighths.
Notes recorded live stand anywhere. So the onsets are held against every grid that music uses, and
the piece is judged by the one that suits it best: a triplet or a swung eighth is no mistake.

An onset is *off* a grid when it misses it by more than a 24th of a beat (21 ms at 120 beats a
minute), or more than a sixth of a step where steps are closer than a quarter of a beat. Onsets
strewn at random are off every even grid two times in three; a grid cannot forgive more than it
tells apart. A piece whose best grid leaves more than `TOO_MANY_OFF` of its onsets off is no piece
on a grid.

Not counted are ornaments, which stand before their note by nature, and a delay that all notes
share: both leave the rhythm readable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1 / 24  # of a beat
TOO_MANY_OFF = 0.1
ORNAMENT = 1 / 8  # of a beat: a shorter time to the next onset makes an ornament of a note
PLAINER = 0.01  # the share of onsets that a less plain grid must bring home
LOOSE = 0.1  # what a mean deviation of the whole tolerance counts for, as a share of onsets

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
STRAIGHTEST_SWING, SHARPEST_SWING = 0.53, 0.72  # of two steps; 0.5 is straight, 2/3 a triplet


@dataclass(frozen=True)
class Grid:
    """The grid that suits a piece best.

    Attributes:
        name: what a musician calls it.
        steps_per_beat: the steps a beat that a piano roll needs to keep every note apart; swung
            notes become straight ones.
        off: the share of the onsets that are off it.
        deviation: how far the onsets are from it on average, in beats.
        shift: where the grid begins, in beats.
    """

    name: str
    steps_per_beat: int
    off: float
    deviation: float
    shift: float = 0.0

    @property
    def fits(self) -> bool:
        """Whether the piece stands on a grid at all."""
        return self.off <= TOO_MANY_OFF


def best_grid(onsets: NDArray[np.float64], ticks_per_beat: int) -> Grid:
    """Return the grid that suits the onsets best.

    Args:
        onsets: float array (onsets,), at least one, in beats, sorted.
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


def steps_of(onsets: NDArray[np.float64], grid: Grid) -> NDArray[np.int64]:
    """Return the step of each onset on a grid, int64 (onsets,); the first need not be 0."""
    steps = np.floor((onsets - grid.shift) * grid.steps_per_beat + 0.5)
    counted: NDArray[np.int64] = steps.astype(np.int64)
    return counted


def _cost(grid: Grid) -> float:
    """Return the share of onsets that are off, and a little for what is less plain or close."""
    rank = PLAINEST_FIRST.index(grid.name) + (0.5 if grid.shift else 0.0)
    return grid.off + PLAINER * rank + LOOSE * grid.deviation / TOLERANCE


def _without_ornaments(onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = np.append(np.diff(onsets) >= ORNAMENT - 1e-9, True)
    counted: NDArray[np.float64] = onsets[kept]
    return counted


def _even(onsets: NDArray[np.float64], steps: int, name: str) -> list[Grid]:
    """Return the grid from the beat on, and the one moved by a delay that all notes share."""
    angles = np.exp(2j * np.pi * onsets * steps)
    shift = float(np.angle(angles.mean()) / (2 * np.pi * steps))
    grids = []
    for begin in (0.0, shift):
        places = (onsets - begin) * steps
        distance = np.abs(places - np.round(places)) / steps
        grids.append(_grid(name, steps, distance, min(TOLERANCE, 1 / (6 * steps)), begin))
    return grids


def _swung(onsets: NDArray[np.float64], steps: int, name: str) -> Grid:
    """Return the grid of pairs, long and short, whose second begins where most of them do."""
    place = (onsets * steps / 2) % 1  # within a pair
    late = place[(place >= STRAIGHTEST_SWING) & (place <= SHARPEST_SWING)]
    second = float(np.median(late)) if len(late) else 0.5
    distance = np.minimum(np.minimum(place, 1 - place), np.abs(place - second)) * 2 / steps
    return _grid(name, steps, distance, TOLERANCE / (steps / 2), 0.0)


def _grid(
    name: str, steps: int, distance: NDArray[np.float64], tolerance: float, shift: float
) -> Grid:
    # A tick rounds: exact triplets are exact to half a tick only, which is far within.
    off = float((distance > tolerance + 1e-9).mean())
    return Grid(name, steps, off, float(distance.mean()), shift)
