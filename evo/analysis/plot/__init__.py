"""Draw figures of runs, champions' performances, networks and formulas.

    fitness     scores, correct steps, species and network sizes over generations
    comparison  success over evaluations, per group of runs
    overlay     several runs in one panel, and their median
    species     species sizes over generations
    rolls       piano rolls: a song, a song above its performance, or several pieces
    paper       keys, bars and beats behind them
    history     read distances of a network, with the repeats of a song
    lags        the same of many songs
    guessing    predictors' hit rates over the course of a piece
    formula     a formula's rules
    network     a network's nodes and connections
    records     series read from a log, and their lines
    style       colours, fonts, and PNG and SVG files that are reproducible to the byte

Each function below returns a figure, and `save_figure` writes it. No part uses pyplot, so no
display is needed and no figure has to be closed.
"""

from evo.analysis.plot.comparison import comparison_figure
from evo.analysis.plot.fitness import fitness_figure, panels_of
from evo.analysis.plot.formula import formula_figure
from evo.analysis.plot.guessing import guessing_figure
from evo.analysis.plot.history import reading_figure
from evo.analysis.plot.lags import lags_figure
from evo.analysis.plot.network import network_figure
from evo.analysis.plot.rolls import pieces_figure, rolls_figure, song_figure
from evo.analysis.plot.species import species_figure
from evo.analysis.plot.style import picture_bytes, png_bytes, save_figure

__all__ = [
    "comparison_figure",
    "fitness_figure",
    "formula_figure",
    "guessing_figure",
    "lags_figure",
    "network_figure",
    "panels_of",
    "picture_bytes",
    "pieces_figure",
    "png_bytes",
    "reading_figure",
    "rolls_figure",
    "save_figure",
    "song_figure",
    "species_figure",
]
