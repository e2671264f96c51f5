"""Draw the predictability of a piece: hit rates of predictors in a moving window.

A dotted line marks the evaluated length; after it, the performance continues.
"""

import numpy as np
from matplotlib.figure import Figure

from evo.analysis.plot.paper import draw_keys, keys_shown
from evo.analysis.plot.records import WIDTH
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
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray

WINDOW = 32  # steps
COLOURS = (PALE, BLUE, ORANGE)


def guessing_figure(song: Song, bred_steps: int) -> Figure:
    """Draw the hit rate of each predictor over a piece.

    Args:
        song: The piece.
        bred_steps: Number of steps evaluated during the search.

    Returns:
        The figure: the piece above, the hit rates below.
    """
    keys, alphabet = song.keys, alphabet_of(song.keys)
    symbols = symbols_of(song.roll(durations=True))
    melody = rolls_of(symbols, keys)
    _, hits = predict(symbols[None], alphabet)
    lines = [(name, hits[i, 0], COLOURS[i]) for i, name in enumerate(PREDICTORS)]
    lines.append(("held out", held_out_hits(symbols, alphabet), VERMILLION))
    with style():
        figure = new_figure(WIDTH, 5.0)
        piece, guessed = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1.6))
        low, high = keys_shown(song.onsets)
        draw_keys(piece, song, low, high, 0, song.steps)
        for plane, marker, size in ((melody[:, keys:], "_", 2.4), (melody[:, :keys], "s", 1.6)):
            step, key = np.nonzero(plane)
            piece.plot(step, key + 0.5, marker, color=INK, markersize=size)
        piece.set_ylabel("piece")
        for name, row, colour in lines:
            guessed.plot(_moving_mean(row), color=colour, linewidth=1.3, label=name)
        guessed.set_ylabel("guessed")
        guessed.set_ylim(-0.02, 1.04)
        guessed.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        guessed.set_xlabel(f"step, a mark at every bar of {song.metre} above")
        guessed.set_xlim(0, max(len(symbols) - 1, 1))
        # Hundreds of bars would be a grey area.
        piece.xaxis.remove_overlapping_locs = False
        piece.set_xticks(song.bar_starts(), minor=True)
        piece.tick_params(axis="x", which="minor", length=3)
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
