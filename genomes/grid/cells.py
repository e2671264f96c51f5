"""The cells of one note grid: sizes, views, random notes.

Memory order: a grid is a bool array (steps * keys), step after step, so a range of steps is a
slice. A step of a grid with durations has the keys twice: the onsets, then the keys that sound.
"""

from typing import NamedTuple

from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import device
from genomes.randomness import Stream, below, uniform

_TRIES = 64  # random samples of cells before all notes are counted

Row = BoolArray  # (steps * keys,): one grid, or some steps of it


class GridRates(NamedTuple):
    """Parameters of the initialisation and variation of grids."""

    steps: int
    keys: int  # of all planes
    bar: int  # steps in a bar, at most `steps`
    voices: int  # voices of random material; 0 for noise, with independent keys
    most_voices: int  # maximum of simultaneous notes; 0 for no limit
    density_low: float  # probability of an onset, per voice and step or per cell of noise
    density_high: float
    crossover: float  # probability that a child has more than one parent
    crossovers: FloatArray  # (4,) cumulative probabilities of CROSSOVERS, up to 1
    mutation: float  # probability that a crossed child is also mutated
    another_edit: float  # probability of another edit
    mutations: FloatArray  # (13,) cumulative probabilities of MUTATIONS, up to 1
    variation: float  # probability that a repetition is varied
    planes: int = 1  # onsets; or onsets and sounding keys, of half the keys each


@device
def are_possible(rates: GridRates) -> bool:
    """Return whether the sizes in `rates` are valid."""
    chances = len(rates.crossovers) > 0 and len(rates.mutations) > 0
    chances &= 1 <= rates.planes <= 2 and rates.keys % rates.planes == 0
    return chances and rates.keys > 0 and 0 < rates.bar <= rates.steps and rates.voices >= 0


@device
def steps_of(rates: GridRates, grid: Row, first: int, last: int) -> Row:
    """Return the steps from `first` to before `last`, as a view.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,).
        first: First step.
        last: End of the steps.
    """
    return grid[first * rates.keys : last * rates.keys]


@device
def plane_of(rates: GridRates, grid: Row, step: int, plane: int) -> Row:
    """Return the keys of one plane at a step, as a view.

    Args:
        rates: Sizes of the grid.
        grid: Bool (steps * keys,).
        step: Index of the step.
        plane: 0 for onsets, 1 for sounding keys.
    """
    keys = rates.keys // rates.planes
    first = step * rates.keys + plane * keys
    return grid[first : first + keys]


@device
def copy_cells(source: Row, target: Row) -> None:
    """Copy cells to a target of the same length.

    Args:
        source: Bool (cells,).
        target: Bool (cells,), written to.
    """
    for i in range(len(target)):
        target[i] = source[i]


@device
def draw_kind(chances: FloatArray, stream: Stream) -> int:
    """Return an index drawn by cumulative probabilities.

    Args:
        chances: Float64 (kinds,), ascending up to 1.
        stream: Random stream.
    """
    chance = uniform(stream)
    for index in range(len(chances) - 1):
        if chance < chances[index]:
            return index
    return len(chances) - 1


@device
def random_step(rates: GridRates, grid: Row, step: int, density: float, stream: Stream) -> None:
    """Replace a step by random notes, or none.

    Args:
        rates: Parameters of the grid.
        grid: Bool (steps * keys,), written to.
        step: Index of the step.
        density: Probability of a note per voice, or per key without voices.
        stream: Random stream.
    """
    for plane in range(rates.planes):
        row = plane_of(rates, grid, step, plane)
        for key in range(len(row)):
            row[key] = rates.voices == 0 and uniform(stream) < density
        for _ in range(rates.voices):
            if uniform(stream) < density:
                row[below(stream, len(row))] = True
        if rates.most_voices > 0:
            for _ in range(sounding_cells(row) - rates.most_voices):
                row[note_of(row, stream)] = False


@device
def sounding_cells(cells: Row) -> int:
    """Return the number of notes in some cells."""
    count = 0
    for i in range(len(cells)):
        count += cells[i]
    return count


@device
def find_cell(cells: Row, index: int, value: bool) -> int:
    """Return the position of the `index`-th cell equal to `value`, or -1."""
    for i in range(len(cells)):
        if cells[i] == value:
            if index == 0:
                return i
            index -= 1
    return -1


@device
def note_of(cells: Row, stream: Stream) -> int:
    """Return the index of a random note, uniformly, or -1."""
    count = sounding_cells(cells)
    return find_cell(cells, below(stream, count), True) if count > 0 else -1


@device
def random_note(grid: Row, stream: Stream) -> int:
    """Return the cell of a random note, or -1. Try random cells before counting all notes."""
    for _ in range(_TRIES):
        cell = below(stream, len(grid))
        if grid[cell]:
            return cell
    return note_of(grid, stream)
