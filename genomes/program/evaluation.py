"""The kernel that applies programs to melodies."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, Codes, Indices
from genomes.errors import GenomeError
from genomes.kernels import device, kernel
from genomes.program.lines import (
    MAX_KEYS,
    Line,
    find_scale,
    hold_cadences,
    open_scope,
    read_theme,
    restore_silent_bars,
)
from genomes.program.operations import (
    ARPEGGIO,
    AUGMENT,
    DELAY,
    DIMINISH,
    DOTTED,
    INVERT,
    MODE,
    PASSING,
    REPEAT,
    RETROGRADE,
    RHYTHM,
    ROTATE,
    SEQUENCE,
    SIMPLIFY,
    SWAP,
    TRANSPOSE,
)
from genomes.program.pitches import exchange_mode, invert, retrograde, rotate, transpose
from genomes.program.rhythms import (
    add_notes,
    augment,
    delay,
    diminish,
    dot,
    repeat,
    simplify,
    swap,
    take_rhythm,
)
from genomes.program.themes import Themes

Amounts = NDArray[np.int8]


class Code(NamedTuple):
    """Programs as kernels read them, n of them.

    Attributes:
        lengths: Int64 (n,), instructions of each program.
        operations: Uint8 (n, `MAX_LENGTH`), indices in `OPERATIONS`; 0 beyond the length.
        scopes: Uint8 (n, `MAX_LENGTH`), indices in `SCOPES`; 0 beyond the length.
        amounts: Int8 (n, `MAX_LENGTH`), not 0; 0 beyond the length.
    """

    lengths: Indices
    operations: Codes
    scopes: Codes
    amounts: Amounts


@device
def _apply(line: Line, operation: int, amount: int) -> None:
    """Apply one operation to the free steps of a melody."""
    if operation == TRANSPOSE:
        transpose(line, amount)
    elif operation == INVERT:
        invert(line, amount)
    elif operation == RETROGRADE:
        retrograde(line, amount)
    elif operation == ROTATE:
        rotate(line, amount)
    elif operation == MODE:
        exchange_mode(line, amount)
    elif operation == SWAP:
        swap(line, amount)
    elif PASSING <= operation <= ARPEGGIO:
        add_notes(line, operation, amount)
    elif operation == SIMPLIFY:
        simplify(line, amount)
    elif operation == DOTTED:
        dot(line, amount)
    elif operation == DELAY:
        delay(line, amount)
    elif operation == DIMINISH:
        diminish(line, amount)
    elif operation == AUGMENT:
        augment(line, amount)
    elif operation == REPEAT or operation == SEQUENCE:
        repeat(line, amount, operation == SEQUENCE)
    elif operation == RHYTHM:
        take_rhythm(line, amount)


@kernel
def vary_themes(code: Code, themes: Themes) -> BoolArray:
    """Return the variation of every theme by every program.

    Args:
        code: The programs.
        themes: The melodies.

    Returns:
        Bool (n, m, steps, keys).

    Raises:
        GenomeError: If the instrument is too large.
    """
    count, steps, keys = themes.onsets.shape
    if keys > MAX_KEYS:
        raise GenomeError("themes must have at most 256 keys")
    varied = np.zeros((len(code.lengths), count, steps, keys), np.bool_)
    line = Line(
        np.empty(steps, np.int64), np.empty(max(steps, themes.bar), np.int64),
        np.zeros(steps, np.bool_), np.zeros(steps, np.bool_), np.zeros(MAX_KEYS, np.int64),
        np.zeros(3, np.int64), keys, themes.lead, themes.bar, themes.beat,
    )  # fmt: skip
    for m in range(count):
        line.about[1], line.about[2] = themes.tonic[m], themes.minor[m]
        read_theme(line, themes.onsets[m])
        theme = line.notes.copy()
        hold_cadences(line)
        for n in range(len(code.lengths)):
            line.notes[:] = theme
            line.about[2] = themes.minor[m]
            find_scale(line)
            for place in range(code.lengths[n]):
                open_scope(line, int(code.scopes[n, place]))
                _apply(line, int(code.operations[n, place]), int(code.amounts[n, place]))
            restore_silent_bars(line, theme)
            for step in range(steps):
                if line.notes[step] >= 0:
                    varied[n, m, step, line.notes[step]] = True
    return varied
