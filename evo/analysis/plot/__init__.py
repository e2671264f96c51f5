"""Figures: how runs went, what champions play, what networks look like.

    fitness     scores, steps right, species and network sizes over the generations of runs
    comparison  success over evaluations, per group of runs
    overlay     several runs in one panel, and their median
    species     the sizes of the species over the generations
    rolls       piano rolls: a song over what was played of it, or several pieces
    history     where a network reads its past, over where songs repeat themselves
    guessing    how predictors fare over the time of a piece
    network     a network as a drawing
    layout      the positions of its nodes
    records     series read from a log, and how they are drawn
    style       colours, fonts, and PNG files that are reproducible to the byte

A figure is made by one of the functions below and written by `save_figure`. All of it is
matplotlib without pyplot: no display is needed and nothing has to be closed.
"""

from evo.analysis.plot.comparison import comparison_figure
from evo.analysis.plot.fitness import fitness_figure
from evo.analysis.plot.guessing import guessing_figure
from evo.analysis.plot.history import lags_figure, reading_figure
from evo.analysis.plot.network import network_figure
from evo.analysis.plot.rolls import pieces_figure, rolls_figure
from evo.analysis.plot.species import species_figure
from evo.analysis.plot.style import png_bytes, save_figure

__all__ = [
    "comparison_figure",
    "fitness_figure",
    "guessing_figure",
    "lags_figure",
    "network_figure",
    "pieces_figure",
    "png_bytes",
    "reading_figure",
    "rolls_figure",
    "save_figure",
    "species_figure",
]
