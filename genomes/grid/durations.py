"""Notes of grids with durations: an onset, and the steps that its key sounds from there.

A note ends where its key is silent or begins again. All functions do nothing to a grid of onsets
alone.
"""

from genomes.grid.cells import GridRates, Row
from genomes.kernels import device


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
