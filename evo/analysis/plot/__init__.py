"""Figures: how runs went, what champions play, what networks look like.

    fitness    scores, steps right, species and network sizes over the generations of runs
    comparison who succeeded when, of groups of runs
    overlay    the lines of several runs in one panel, and their median
    species    who shared the population: the sizes of the species
    rolls      a song and what was played of it, as piano rolls
    pieces     several pieces, as piano rolls
    reading    where a network reads its past, over where the song repeats itself
    lags       the same for many songs, a row each
    guessing   how guessers fare over the time of a piece
    network    a network as a drawing
    layout     where its nodes stand
    records    what the figures read from a log, and how they draw it
    style      colours and fonts, and pictures whose bytes are always the same

A figure is made by one of the functions below and written by `save_figure`. All of it is
matplotlib without pyplot: no display is needed and nothing has to be closed.
"""

from evo.analysis.plot.comparison import comparison_figure
from evo.analysis.plot.fitness import fitness_figure
from evo.analysis.plot.guessing import guessing_figure
from evo.analysis.plot.lags import lags_figure
from evo.analysis.plot.network import network_figure
from evo.analysis.plot.pieces import pieces_figure
from evo.analysis.plot.reading import reading_figure
from evo.analysis.plot.rolls import rolls_figure
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
