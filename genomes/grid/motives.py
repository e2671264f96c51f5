"""Edits of motives: restate half a bar, a bar or two bars elsewhere.

A restatement is, equally likely,

- exact;
- transposed by up to four degrees of the scale (a sequence, or an answer);
- the rhythm alone, with the keys that were there, where grids have onsets only.

Half the time it also replaces every motive that was equal to the replaced one. So a piece whose
phrases return keeps its form while they change. The scale is the major scale with the most notes of
the grid; its minor has the same notes.
"""

import numpy as np

from genomes.grid.cells import GridRates, Row, copy_cells, plane_of, steps_of
from genomes.kernels import device
from genomes.randomness import Stream, below

SEMITONES = (0, 2, 4, 5, 7, 9, 11)  # of each degree of a major scale
_DEGREE = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6)  # of each semitone, or of the one below
_FARTHEST = 4  # degrees of a transposition
EXACT, TRANSPOSED, RHYTHM = range(3)  # ways to restate a motive


@device
def scale_of(rates: GridRates, grid: Row) -> int:
    """Return the tonic, a key from 0 to 11, of the major scale with the most notes.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,).
    """
    counts = np.zeros(12, np.int64)
    for step in range(rates.steps):
        row = plane_of(rates, grid, step, 0)
        for key in range(len(row)):
            counts[key % 12] += row[key]
    best, tonic = -1, 0
    for candidate in range(12):
        inside = 0
        for semitones in SEMITONES:
            inside += counts[(candidate + semitones) % 12]
        if inside > best:
            best, tonic = inside, candidate
    return tonic


@device
def moved_by_degrees(key: int, degrees: int, tonic: int) -> int:
    """Return a key moved by degrees of a major scale.

    A key between two degrees stays as far above the lower one.

    Args:
        key: The key.
        degrees: Up, or down if negative.
        tonic: A key of the tonic.
    """
    octave, above = (key - tonic) // 12, (key - tonic) % 12
    degree = 7 * octave + _DEGREE[above] + degrees
    chromatic = above - SEMITONES[_DEGREE[above]]
    return tonic + 12 * (degree // 7) + SEMITONES[degree % 7] + chromatic


@device
def transpose_by_degrees(
    rates: GridRates, grid: Row, first: int, last: int, degrees: int, tonic: int
) -> None:
    """Transpose some steps within a scale, if every note stays within the keys.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,), written to.
        first: First step.
        last: End of the steps.
        degrees: Up, or down if negative.
        tonic: A key of the tonic of a major scale.
    """
    keys = rates.keys // rates.planes
    for step in range(first, last):
        row = steps_of(rates, grid, step, step + 1)
        for cell in range(rates.keys):
            if row[cell] and not 0 <= moved_by_degrees(cell % keys, degrees, tonic) < keys:
                return
    for step in range(first, last):
        for plane in range(rates.planes):
            row = plane_of(rates, grid, step, plane)
            before = row.copy()
            row[:] = False
            for key in range(keys):
                if before[key]:
                    row[moved_by_degrees(key, degrees, tonic)] = True


@device
def _take_rhythm(rates: GridRates, source: Row, target: Row) -> None:
    """Give the steps of `target` the rhythm of `source`, with the keys of `target` in order.

    Spread evenly if there are more or fewer. A target without notes takes those of the source.
    """
    keys, steps = rates.keys, len(target) // rates.keys
    chords, old = np.zeros(steps, np.int64), target.copy()
    count, onsets = 0, 0
    for step in range(steps):
        if old[step * keys : (step + 1) * keys].any():
            chords[count] = step
            count += 1
        onsets += int(source[step * keys : (step + 1) * keys].any())
    if count == 0 or onsets == 0:
        copy_cells(source, target)
        return
    index = 0
    for step in range(steps):
        cells = target[step * keys : (step + 1) * keys]
        if source[step * keys : (step + 1) * keys].any():
            chord = chords[index * count // onsets]
            copy_cells(old[chord * keys : (chord + 1) * keys], cells)
            index += 1
        else:
            cells[:] = False


@device
def restate(rates: GridRates, grid: Row, stream: Stream) -> None:
    """Restate a motive in place of another; see the module's docstring.

    Nothing happens if the chosen motive is silent, or the grid too short.

    Args:
        rates: Parameters of the grid.
        grid: Bool (steps * keys,), written to.
        stream: Random stream.
    """
    kind = below(stream, 3)  # half a bar, a bar, two bars
    unit = rates.bar // 2 if kind == 0 and rates.bar % 2 == 0 else rates.bar
    size = 2 * rates.bar if kind == 2 else unit
    places = (rates.steps - size) // unit + 1
    if (places - 1) * unit < size:
        return
    first, last = 0, 0
    while abs(last - first) < size:
        first, last = below(stream, places) * unit, below(stream, places) * unit
    source = steps_of(rates, grid, first, first + size)
    target = steps_of(rates, grid, last, last + size)
    if not source.any():
        return
    before = target.copy()
    way = below(stream, 3)
    if way == RHYTHM and rates.planes == 1:
        _take_rhythm(rates, source, target)
    else:
        copy_cells(source, target)
    if way == TRANSPOSED:
        degrees = 1 + below(stream, _FARTHEST)
        if below(stream, 2) == 0:
            degrees = -degrees
        transpose_by_degrees(rates, grid, last, last + size, degrees, scale_of(rates, grid))
    if below(stream, 2) == 0:
        after, place = target.copy(), 0
        while place + size <= rates.steps:
            cells = steps_of(rates, grid, place, place + size)
            if np.array_equal(cells, before):
                copy_cells(after, cells)
                place += size
            else:
                place += unit
