"""Notes of grids with durations: an onset, and the steps that its key sounds from there.

A note ends where its key is silent or begins again. All functions do nothing to a grid of onsets
alone.

Where lengths are edited (`edits_lengths`), a note that lasts until the next onset of any key goes
on doing so when notes near it are added, moved or removed. Otherwise every such edit would leave a
rest, or notes that overlap.
"""

import numpy as np

from genomes.arrays import IntArray
from genomes.grid.cells import GridRates, Row
from genomes.kernels import device
from genomes.randomness import Stream, below

NO_ONSET, LASTING, OTHER = 0, 1, 2  # of the notes at a step: none, all until the next onset, other


@device
def lift(rates: GridRates, grid: Row, step: int, key: int) -> int:
    """Silence the note that begins at a step; return its steps, at least 1.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,), written to.
        step: Step of the onset, which stays.
        key: Its key.
    """
    keys = rates.keys // 2
    if rates.planes == 1 or key >= keys:
        return 1
    end = step
    while end < rates.steps and grid[end * rates.keys + keys + key]:
        if end > step and grid[end * rates.keys + key]:
            break
        grid[end * rates.keys + keys + key] = False
        end += 1
    return max(end - step, 1)


@device
def lay(rates: GridRates, grid: Row, step: int, key: int, length: int) -> None:
    """Let a note sound, until its key begins again at the latest.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,), written to.
        step: Step of the onset.
        key: Its key.
        length: Steps of the note.
    """
    keys = rates.keys // 2
    if rates.planes == 1 or key >= keys:
        return
    for at in range(step, min(step + length, rates.steps)):
        if at > step and grid[at * rates.keys + key]:
            return
        grid[at * rates.keys + keys + key] = True


@device
def onsets_first(rates: GridRates, grid: Row, first: int, last: int) -> None:
    """Move the onsets of reversed notes from their ends to their beginnings.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,), written to.
        first: First step.
        last: End of the steps.
    """
    if rates.planes == 1:
        return
    keys = rates.keys // 2
    for key in range(keys):
        begin = first
        for step in range(first, last):
            cell = step * rates.keys + key
            if not grid[cell + keys]:
                begin = step + 1
            if grid[cell]:
                start = min(begin, step)
                grid[cell] = False
                grid[start * rates.keys + key] = True
                begin = step + 1


@device
def onset_of(rates: GridRates, grid: Row, cell: int) -> int:
    """Return the cell of the onset of the note that sounds in a cell, or the cell without one.

    Args:
        rates: Sizes of the grid, which has durations.
        grid: Bool (steps * keys,).
        cell: A cell of either plane.
    """
    keys = rates.keys // 2
    step, key = cell // rates.keys, cell % rates.keys % keys
    while step > 0 and not grid[step * rates.keys + key] and grid[step * rates.keys + keys + key]:
        step -= 1
    onset = step * rates.keys + key
    return onset if grid[onset] else cell


@device
def wait_from(rates: GridRates, grid: Row, step: int) -> int:
    """Return the steps until the next onset of any key, at most a bar or to the end.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,).
        step: Where the wait begins.
    """
    keys = rates.keys // 2
    last = min(step + rates.bar, rates.steps)
    for at in range(step + 1, last):
        for key in range(keys):
            if grid[at * rates.keys + key]:
                return at - step
    return last - step


@device
def relay(rates: GridRates, grid: Row, step: int, key: int, length: int) -> None:
    """Give a note another length, and clear what would prolong it.

    Args:
        rates: Sizes of the grid, which has durations.
        grid: Bool (steps * keys,), written to.
        step: Step of the onset.
        key: Its key.
        length: Steps of the note.
    """
    keys = rates.keys // 2
    lift(rates, grid, step, key)
    lay(rates, grid, step, key, length)
    for at in range(step + length, rates.steps):
        cell = at * rates.keys + key
        if grid[cell] or not grid[cell + keys]:
            return
        grid[cell + keys] = False


@device
def change_length(rates: GridRates, grid: Row, cell: int, stream: Stream) -> None:
    """Change the length of the note that begins in a cell, by a step or at random.

    Without an onset in the cell, it is silenced.

    Args:
        rates: Sizes of the grid, which has durations.
        grid: Bool (steps * keys,), written to.
        cell: A cell of either plane.
        stream: Random stream.
    """
    step, key = cell // rates.keys, cell % rates.keys
    if key >= rates.keys // 2:
        grid[cell] = False
        return
    length = lift(rates, grid, step, key)
    if below(stream, 2) == 0:
        length = max(length - 1 + 2 * below(stream, 2), 1)
    else:
        length = 1 + below(stream, rates.bar)
    relay(rates, grid, step, key, length)


@device
def lay_until_next(rates: GridRates, grid: Row, step: int) -> None:
    """Let the notes that begin at a step last until the next onset of any key.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,), written to.
        step: Their step.
    """
    if rates.planes == 1:
        return
    for key in range(rates.keys // 2):
        if grid[step * rates.keys + key]:
            relay(rates, grid, step, key, wait_from(rates, grid, step))


@device
def endings(rates: GridRates, grid: Row) -> IntArray:
    """Return how the notes at every step end: `NO_ONSET`, `LASTING` or `OTHER`.

    Args:
        rates: Sizes of the grid, which has durations.
        grid: Bool (steps * keys,).

    Returns:
        Int64 (steps,).
    """
    keys = rates.keys // 2
    found = np.zeros(rates.steps, np.int64)
    for step in range(rates.steps):
        for key in range(keys):
            if not grid[step * rates.keys + key]:
                continue
            end = step + wait_from(rates, grid, step)
            lasts = end == rates.steps or not grid[end * rates.keys + keys + key]
            lasts |= end < rates.steps and grid[end * rates.keys + key]
            for at in range(step, end):
                lasts &= grid[at * rates.keys + keys + key]
            found[step] = max(found[step], LASTING if lasts else OTHER)
    return found


@device
def mend(rates: GridRates, grid: Row, before: IntArray) -> None:
    """Let new notes, and those that did before, last until the next onset.

    Args:
        rates: Sizes of the grid, which has durations.
        grid: Bool (steps * keys,), written to.
        before: `endings` before an edit of onsets.
    """
    for step in range(rates.steps):
        if before[step] != OTHER:
            lay_until_next(rates, grid, step)
