"""The piano rolls of several pieces, one below the other.

Time runs to the right, keys go up; the rows of black keys are shaded, a line stands at every beat
and a darker one at every bar. Only the first `ROW_STEPS` steps of a piece are drawn.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from evo.analysis.plot.rolls import ROW_STEPS, Window, draw_notes, draw_paper, keys_shown
from evo.analysis.plot.style import BLUE, INK, label, new_figure, style
from evo.music.song import Song


def pieces_figure(pieces: Sequence[Song], notes: Sequence[str], width: int = 0) -> Figure:
    """Draw pieces, each with its name and a note, a few words, above it.

    A row has room for `width` steps, or for 0 for those of its piece.

    Raises:
        ValueError: for no pieces, or another number of notes.
    """
    if not pieces or len(notes) != len(pieces):
        raise ValueError(f"notes: expected one for each of {len(pieces)} pieces, got {len(notes)}")
    shown = [keys_shown(piece.grid) for piece in pieces]
    heights = [float(np.clip(0.11 * (high - low), 0.8, 2.6)) for low, high in shown]
    with style():
        figure = new_figure(14, 0.1 + sum(heights) + 0.42 * len(pieces), head=0.0)
        panels = figure.subplots(len(pieces), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, piece, note, (low, high) in zip(panels, pieces, notes, shown, strict=True):
            steps = min(piece.steps, ROW_STEPS)
            window = Window(0, steps, width or steps, low, high, 0)
            draw_paper(axes, piece, window, "")
            draw_notes(axes, piece, piece.grid, window, "notes", BLUE)
            axes.set_title(f"{label(piece.name)}   {note}", loc="left", color=INK)
    return figure
