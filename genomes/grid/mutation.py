"""Musical edits of one note grid: single notes, steps and phrases.

Except for single notes, edits move whole steps (all simultaneous notes), so playable music stays
playable. A *phrase* is 1, 2 or 4 bars from a bar line, or fewer if the grid is short.

    pitch           move a note to another key: 1 or 2 semitones away or anywhere, equally likely
    time            move a note to another step: a neighbour or up to a bar away, equally likely
    add             add a note; at the maximum of simultaneous notes, replace one
    delete          remove a note
    replace         replace a step by new random notes, or none
    transpose       transpose a phrase, or (1 in 4) everything, within the keys
    repeat          copy a phrase over another; a variation is transposed or has a note edited per
                    bar, equally likely
    retrograde      reverse a phrase in time
    shift           rotate a phrase in time
    swap            exchange two phrases of equal length
    length          let the notes of a phrase last until the next onset (1 in 3), or change the
                    length of a note by a step or at random, equally likely, and half the time in
                    every bar that equals its bar; only with durations
    echo            edit a note (pitch, time, add or delete), and every bar that equals its bar
    restate         restate a motive elsewhere (`genomes.grid.motives`)

In a grid with durations an onset is moved or removed with its duration. Cells of both planes are
added, removed, moved and replaced, so durations change, too; a key that sounds without an onset
before has no meaning. If lengths are edited, see `genomes.grid.durations`.

Bars and phrases as units of variation are those of Biles, "GenJam: a genetic algorithm for
generating jazz solos" (1994). An edit without a possible target (no note, no room) does nothing.

Memory order: a grid is a bool array (steps * keys), step after step, so a range of steps is a
slice.
"""

import numpy as np

from genomes.grid.cells import (
    GridRates,
    Row,
    copy_cells,
    draw_kind,
    find_cell,
    note_of,
    plane_of,
    random_note,
    random_step,
    sounding_cells,
    steps_of,
)
from genomes.grid.durations import (
    change_length,
    endings,
    lay,
    lay_until_next,
    lift,
    mend,
    onset_of,
    onsets_first,
)
from genomes.grid.motives import restate
from genomes.kernels import device
from genomes.randomness import Stream, below, uniform

MUTATIONS = (
    "pitch",
    "time",
    "add",
    "delete",
    "replace",
    "transpose",
    "repeat",
    "retrograde",
    "shift",
    "swap",
    "length",
    "echo",
    "restate",
)
PITCH, TIME, ADD, DELETE, REPLACE, TRANSPOSE, REPEAT = range(7)
RETROGRADE, SHIFT, SWAP, LENGTH, ECHO, RESTATE = range(7, 13)


@device
def edits_lengths(rates: GridRates) -> bool:
    """Return whether lengths of notes are edited, so that other edits keep them connected."""
    return rates.planes > 1 and rates.mutations[LENGTH] > rates.mutations[LENGTH - 1]


@device
def _random_note(rates: GridRates, grid: Row, stream: Stream) -> int:
    """Return the cell of a random note, or -1: of its onset if lengths are edited."""
    cell = random_note(grid, stream)
    return onset_of(rates, grid, cell) if cell >= 0 and edits_lengths(rates) else cell


@device
def _move(index: int, distance: int, count: int, stream: Stream) -> int:
    """Return `index` moved by `distance` in a random direction that fits, or -1."""
    if below(stream, 2) == 0:
        distance = -distance
    if not 0 <= index + distance < count:
        distance = -distance
    return index + distance if 0 <= index + distance < count else -1


@device
def _edit_pitch(rates: GridRates, grid: Row, step: int, key: int, stream: Stream) -> None:
    """Move a note of a step to another key of its plane, if that is free."""
    keys = rates.keys // rates.planes
    row, at = plane_of(rates, grid, step, key // keys), key % keys
    if keys < 2:
        return
    if below(stream, 2) == 0:
        to = _move(at, 1 + below(stream, 2), keys, stream)
    else:
        to = below(stream, keys - 1)
        to += to >= at
    if to >= 0 and not row[to]:
        length = lift(rates, grid, step, key)
        row[at] = False
        row[to] = True
        lay(rates, grid, step, key - at + to, length)


@device
def _edit_time(rates: GridRates, grid: Row, cell: int, stream: Stream) -> None:
    """Move the note in a cell to another step, if there is room."""
    distance = 1
    if below(stream, 2) == 0:
        distance += below(stream, rates.bar)
    step, key = cell // rates.keys, cell % rates.keys
    to = _move(step, distance, rates.steps, stream)
    if to < 0:
        return
    target = cell + (to - step) * rates.keys
    maximum = rates.most_voices
    row = plane_of(rates, grid, to, key // (rates.keys // rates.planes))
    full = maximum > 0 and sounding_cells(row) >= maximum
    if not full and not grid[target]:
        length = lift(rates, grid, step, key)
        grid[cell] = False
        grid[target] = True
        lay(rates, grid, to, key, length)


@device
def _add(rates: GridRates, grid: Row, step: int, stream: Stream) -> None:
    """Add a note to a step; at the maximum of simultaneous notes, replace one."""
    plane = below(stream, rates.planes) if rates.planes > 1 and not edits_lengths(rates) else 0
    row = plane_of(rates, grid, step, plane)
    count = sounding_cells(row)
    if count == len(row):
        return
    old = note_of(row, stream) if 0 < rates.most_voices <= count else -1
    new = find_cell(row, below(stream, len(row) - count), False)
    row[new] = True
    lay(rates, grid, step, plane * len(row) + new, 1)
    if old >= 0:
        row[old] = False


@device
def _bars(rates: GridRates) -> int:
    """Return the number of whole bars, at least 1."""
    return rates.steps // rates.bar


@device
def _phrase_length(max_length: int, stream: Stream) -> int:
    """Return a random phrase length of 1, 2 or 4 bars, at most `max_length`."""
    length = 1 << below(stream, 3)
    while length > max_length:
        length >>= 1
    return length


@device
def _transpose(rates: GridRates, grid: Row, first: int, last: int, stream: Stream) -> None:
    """Transpose the steps from `first` to before `last` by a random possible interval."""
    keys = rates.keys // rates.planes
    lowest, highest = keys, -1
    for step in range(first, last):
        row = steps_of(rates, grid, step, step + 1)
        for key in range(rates.keys):
            if row[key]:
                lowest = min(lowest, key % keys)
                highest = max(highest, key % keys)
    down, up = lowest, keys - 1 - highest
    if highest < 0 or down + up == 0:
        return
    choice = below(stream, down + up)
    by = choice - down if choice < down else choice - down + 1
    # No note leaves its plane and step, so the whole passage is shifted at once.
    cells = steps_of(rates, grid, first, last)
    moved = len(cells) - abs(by)
    if by > 0:
        for i in range(moved):
            cells[len(cells) - 1 - i] = cells[moved - 1 - i]
        cells[:by] = False
    else:
        for i in range(moved):
            cells[i] = cells[i - by]
        cells[moved:] = False


@device
def _two_phrases(rates: GridRates, stream: Stream) -> tuple[int, int, int]:
    """Return the first steps of two disjoint phrases, and their length.

    The length is 0 if there is only one bar.
    """
    bars = _bars(rates)
    if bars < 2:
        return 0, 0, 0
    length = _phrase_length(bars // 2, stream)
    first, second = 0, 0
    while abs(first - second) < length:
        first, second = below(stream, bars - length + 1), below(stream, bars - length + 1)
    return first * rates.bar, second * rates.bar, length * rates.bar


@device
def _repeat(rates: GridRates, grid: Row, stream: Stream) -> None:
    """Copy a phrase over another, and vary the copy."""
    source, target, length = _two_phrases(rates, stream)
    copied = steps_of(rates, grid, source, source + length)
    copy_cells(copied, steps_of(rates, grid, target, target + length))
    if length == 0 or uniform(stream) >= rates.variation:
        return
    if below(stream, 2) == 0:
        _transpose(rates, grid, target, target + length, stream)
        return
    for bar in range(target, target + length, rates.bar):
        step = bar + below(stream, rates.bar)
        key = note_of(steps_of(rates, grid, step, step + 1), stream)
        if key >= 0:
            _edit_pitch(rates, grid, step, key, stream)
        else:
            _add(rates, grid, step, stream)


@device
def _exchange(first: Row, second: Row) -> None:
    for i in range(len(first)):
        first[i], second[i] = second[i], first[i]


@device
def _retrograde(rates: GridRates, grid: Row, first: int, last: int) -> None:
    """Reverse the steps from `first` to before `last` in time."""
    for i in range((last - first) // 2):
        late = last - 1 - i
        _exchange(
            steps_of(rates, grid, first + i, first + i + 1), steps_of(rates, grid, late, late + 1)
        )


@device
def _shift(rates: GridRates, grid: Row, first: int, last: int, by: int) -> None:
    """Rotate the steps from `first` to before `last` in place, by three reversals."""
    _retrograde(rates, grid, first, last)
    _retrograde(rates, grid, first, first + by)
    _retrograde(rates, grid, first + by, last)


@device
def _swap(rates: GridRates, grid: Row, stream: Stream) -> None:
    """Exchange two phrases."""
    first, second, length = _two_phrases(rates, stream)
    _exchange(
        steps_of(rates, grid, first, first + length), steps_of(rates, grid, second, second + length)
    )


@device
def _edit_note(rates: GridRates, grid: Row, kind: int, stream: Stream) -> None:
    """Move a random note to another key or step, change its length, or remove it."""
    cell = _random_note(rates, grid, stream)
    if cell >= 0:
        _edit_cell(rates, grid, cell, kind, stream)


@device
def _edit_cell(rates: GridRates, grid: Row, cell: int, kind: int, stream: Stream) -> None:
    """Move the note in a cell to another key or step, change its length, or remove it."""
    if kind == PITCH:
        _edit_pitch(rates, grid, cell // rates.keys, cell % rates.keys, stream)
    elif kind == TIME:
        _edit_time(rates, grid, cell, stream)
    elif kind == LENGTH:
        change_length(rates, grid, cell, stream)
    else:
        lift(rates, grid, cell // rates.keys, cell % rates.keys)
        grid[cell] = False


@device
def _lengths(rates: GridRates, grid: Row, stream: Stream) -> None:
    """Change the length of a note, or of the notes of a phrase."""
    if rates.planes == 1:
        return
    if below(stream, 3) == 0:
        bars = _bars(rates)
        length = _phrase_length(bars, stream)
        first = below(stream, bars - length + 1) * rates.bar
        for step in range(first, first + length * rates.bar):
            lay_until_next(rates, grid, step)
    elif below(stream, 2) == 0:
        _edit_note(rates, grid, LENGTH, stream)
    else:
        _echo(rates, grid, LENGTH, stream)


@device
def _echo(rates: GridRates, grid: Row, kind: int, stream: Stream) -> None:
    """Edit a random note, by a random kind if it is `ECHO`, and copy its bar over equal bars."""
    cell = _random_note(rates, grid, stream)
    bar = cell // (rates.bar * rates.keys)
    if cell < 0 or bar >= _bars(rates):
        return
    edited = steps_of(rates, grid, bar * rates.bar, (bar + 1) * rates.bar)
    before = edited.copy()
    if kind == ECHO:
        kind = below(stream, DELETE + 1)
    if kind == ADD:
        _add(rates, grid, bar * rates.bar + below(stream, rates.bar), stream)
    else:
        _edit_cell(rates, grid, cell, kind, stream)
    for other in range(_bars(rates)):
        cells = steps_of(rates, grid, other * rates.bar, (other + 1) * rates.bar)
        if other != bar and np.array_equal(cells, before):
            copy_cells(edited, cells)


@device
def _edit_phrase(rates: GridRates, grid: Row, kind: int, stream: Stream) -> None:
    """Transpose, reverse or rotate a random phrase."""
    bars = _bars(rates)
    length = _phrase_length(bars, stream)
    first = below(stream, bars - length + 1) * rates.bar
    last = first + length * rates.bar
    if kind == TRANSPOSE:
        if below(stream, 4) == 0:
            first, last = 0, rates.steps
        _transpose(rates, grid, first, last, stream)
    elif kind == RETROGRADE:
        _retrograde(rates, grid, first, last)
        onsets_first(rates, grid, first, last)
    elif last - first > 1:
        by = 1 + below(stream, min(rates.bar, last - first - 1))
        _shift(rates, grid, first, last, by if below(stream, 2) == 0 else last - first - by)


@device
def mutate(rates: GridRates, grid: Row, stream: Stream) -> None:
    """Apply one random edit.

    Args:
        rates: Parameters of the grid.
        grid: Bool (steps * keys,), written to.
        stream: Random stream.
    """
    kind = draw_kind(rates.mutations, stream)
    if edits_lengths(rates) and (kind <= REPLACE or kind == ECHO):
        before = endings(rates, grid)
        _apply(rates, grid, kind, stream)
        mend(rates, grid, before)
    else:
        _apply(rates, grid, kind, stream)


@device
def _apply(rates: GridRates, grid: Row, kind: int, stream: Stream) -> None:
    """Apply a random edit of a kind."""
    if kind == ADD:
        _add(rates, grid, below(stream, rates.steps), stream)
    elif kind == REPLACE:
        density = rates.density_low + uniform(stream) * (rates.density_high - rates.density_low)
        random_step(rates, grid, below(stream, rates.steps), density, stream)
    elif kind == REPEAT:
        _repeat(rates, grid, stream)
    elif kind == SWAP:
        _swap(rates, grid, stream)
    elif kind == ECHO:
        _echo(rates, grid, kind, stream)
    elif kind == LENGTH:
        _lengths(rates, grid, stream)
    elif kind == RESTATE:
        restate(rates, grid, stream)
    elif kind < REPLACE:
        _edit_note(rates, grid, kind, stream)
    else:
        _edit_phrase(rates, grid, kind, stream)
