"""Analyse runs: comparisons, statistics and figures.

compare        `evo compare`: groups of runs with equal configurations, and a table of them
statistics     success intervals, expected running time, and tests
tables         a log as columns, and as the logbook of DEAP
plot           figures
notebook       HTML of songs, figures and tables for notebooks
performances   a champion's performances of its songs, as MIDI files and figures
"""
