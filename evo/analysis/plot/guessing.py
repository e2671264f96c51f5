"""Draw the predictability of a piece: hit rates of predictors in a moving window.

A dotted line marks the evaluated length; after it, the performance continues.
"""

import numpy as np
from matplotlib.figure import Figure

from evo.analysis.plot.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    VERMILLION,
    new_figure,
    style,
    title,
)
from evo.fitness.guessing.held_out_predictor import held_out_hits
from evo.fitness.guessing.online_predictors import PREDICTORS, predict
from evo.fitness.guessing.symbols import alphabet_of, rolls_of, symbols_of
from genomes.arrays import BoolArray, FloatArray

WINDOW = 32  # steps
COLOURS = (PALE, BLUE, ORANGE)


def guessing_figure(roll: BoolArray, bred_steps: int) -> Figure:
    """Draw the hit rate of each predictor over a piece.

    Args:
        roll: the piece, bool (steps, 2 * keys): the onsets, and then the keys that sound.
        bred_steps: number of steps evaluated during the search.

    Returns:
        The figure: the piece above, the hit rates below.
    """
    keys = roll.shape[1] // 2
    alphabet, symbols = alphabet_of(keys), symbols_of(roll)
    sounding = rolls_of(symbols, keys)[:, keys:]
    _, hits = predict(symbols[None], alphabet)
    lines = [(name, hits[i, 0], COLOURS[i]) for i, name in enumerate(PREDICTORS)]
    lines.append(("held out", held_out_hits(symbols, alphabet), VERMILLION))
    with style():
        figure = new_figure(10, 4.6)
        piece, guessed = figure.subplots(2, 1, sharex=True, height_ratios=(1.0, 1.6))
        piece.plot(*np.nonzero(sounding), "_", color=INK, markersize=2.4)
        piece.plot(*np.nonzero(roll[:, :keys] & sounding), "s", color=INK, markersize=1.6)
        piece.set_ylabel("key")
        piece.set_ylim(-0.7, keys - 0.3)
        for name, row, colour in lines:
            guessed.plot(_moving_mean(row), color=colour, linewidth=1.3, label=name)
        guessed.set_ylabel("guessed")
        guessed.set_ylim(-0.02, 1.04)
        guessed.set_xlabel("step")
        guessed.set_xlim(0, max(len(symbols) - 1, 1))
        for axes in (piece, guessed):
            axes.axvline(bred_steps, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
        guessed.legend(loc="lower right", ncols=len(lines))
        title(
            figure,
            "How the champion is guessed",
            f"share of the last {WINDOW} steps that each predictor guessed; dotted: bred on",
        )
    return figure


def _moving_mean(hits: BoolArray) -> FloatArray:
    """Return the share of hits in the last `WINDOW` steps: float64 (steps,)."""
    total = np.concatenate([[0], np.cumsum(hits)])
    end = np.arange(1, len(total))
    begin = np.maximum(end - WINDOW, 0)
    means: FloatArray = (total[end] - total[begin]) / (end - begin)
    return means
