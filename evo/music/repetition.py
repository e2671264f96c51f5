"""Where a song repeats itself: its autocorrelation, and the distances that stand out in it.

The autocorrelation at distance d is the share of the notes from step d on that began d steps
before as well, on the same key. A song of which whole phrases come again has narrow peaks at the
distances of these phrases, above the broad low hills of its beat and its scale.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.music.melody import BEATS_A_BAR, onsets
from evo.music.song import Song

# So many steps to either side of a repeat distance have less.
_NEIGHBOURS = 2
# Least share of a repeat distance, of the song's highest and of its mean.
_OF_HIGHEST, _OF_MEAN = 0.5, 2.0


def autocorrelation(song: Song, longest: int) -> NDArray[np.float64]:
    """Return the share of notes that sounded d steps before as well, for every distance d.

    It is counted over the notes from step d on, so that a song that is played twice has 1 at its
    length; 0 where there is no note.

    Args:
        song: the song.
        longest: the greatest distance, in steps.

    Returns:
        float64 (longest,), distance d at index d - 1.
    """
    notes, again = _notes(song, longest)
    from_step = np.append(notes[::-1].cumsum()[::-1], 0)  # notes from each step on
    places = np.minimum(np.arange(1, longest + 1), song.steps)
    shares: NDArray[np.float64] = again.sum(axis=0) / np.maximum(from_step[places], 1)
    return shares


def repeat_shares(song: Song, longest: int, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the autocorrelation by section.

    It is the share of all notes of the section, from its start to the next, that began d steps
    before as well, be it in the section or before it. Before the song nothing began.

    Args:
        song: the song.
        longest: the greatest distance, in steps.
        starts: int64 (sections,), the first step of each section.

    Returns:
        float64 (sections, longest), distance d in column d - 1.
    """
    notes, again = _notes(song, longest)
    of_sections = np.maximum(np.add.reduceat(notes, starts), 1)
    shares: NDArray[np.float64] = np.add.reduceat(again, starts, axis=0) / of_sections[:, None]
    return shares


def _notes(song: Song, longest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the notes that begin at each step, and how many also did 1 to `longest` before."""
    begins = onsets(song)
    again = np.zeros((song.steps, longest), np.int64)
    for distance in range(1, min(longest, song.steps - 1) + 1):
        again[distance:, distance - 1] = (begins[distance:] & begins[:-distance]).sum(axis=1)
    return begins.sum(axis=1), again


def repeat_distances(song: Song, longest: int) -> NDArray[np.int64]:
    """Return the distances, from a bar to `longest` steps, at which the song repeats itself.

    A repeat distance has a higher share in the autocorrelation than the two to either side of it,
    at least half the highest from a bar on, and at least twice the mean. Bars have four beats.
    """
    shares = autocorrelation(song, longest + _NEIGHBOURS)
    bar = BEATS_A_BAR * song.steps_per_beat
    if longest < bar:
        return np.empty(0, np.int64)
    least = max(_OF_HIGHEST * shares[bar - 1 : longest].max(), _OF_MEAN * shares[:longest].mean())
    found = [
        distance
        for distance in range(bar, longest + 1)
        if shares[distance - 1] >= least and _stands_out(shares, distance - 1)
    ]
    return np.array(found, np.int64)


def _stands_out(shares: NDArray[np.float64], place: int) -> bool:
    beside = np.delete(shares[place - _NEIGHBOURS : place + _NEIGHBOURS + 1], _NEIGHBOURS)
    return bool(shares[place] > beside.max())


def peak_distances(
    weights: NDArray[np.floating[Any]], distances: NDArray[np.int64], bar: int
) -> NDArray[np.int64]:
    """Return the distance at which each bar of a song is read most.

    Args:
        weights: (steps, distances), how much each step reads at each distance.
        distances: int64 (distances,), in steps.
        bar: steps in a bar; the last bar is as long as it is.

    Returns:
        int64 (bars,).
    """
    starts = np.arange(0, len(weights), bar)
    if not len(starts):
        return np.empty(0, np.int64)
    sums = np.add.reduceat(weights.astype(np.float64), starts, axis=0)
    found: NDArray[np.int64] = distances[sums.argmax(axis=1)]
    return found
